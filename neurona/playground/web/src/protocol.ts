/** What page and server say to each other. */

export type Text = { en: string; es: string };
export type Layer = { units: number; activation: string; dropout: number; normalization: boolean };
export type Problem = "classification" | "regression";
export type Point = [x: number, y: number, target: number];
export type DataState = {
  name: string;
  noise: number;
  train: number;
  seed: number;
  classes: number;
  points?: Point[];
  formula?: string;
};
export type State = {
  v: 1;
  problem: Problem;
  data: DataState;
  features: string[];
  layers: Layer[];
  skips: [from: number, to: number][];
  loss: string | null;
  optimizer: string;
  learning_rate: number;
  regularization: { kind: null | "l1" | "l2"; rate: number };
  batch: number;
  seed: number;
};
export type LayerInfo = { name: string; units: number; activation: string; parameters: number; inputs: number[] };
export type Configured = {
  type: "configured";
  network: Name;
  state: State;
  structure: { layers: LayerInfo[]; parameters: number };
  data: { train: Point[]; test: Point[]; classes?: number[] };
  notes: Text[];
};
export type Name = "a" | "b";
export type Buffer = { name: string; dtype: "f32" | "u8"; shape: number[]; offset: number; scale?: [number, number][] };
export type Header = {
  type: "frame";
  network: Name;
  update: number;
  epoch: number;
  losses: { train: number | null; test: number | null };
  metrics: { accuracy: { train: number; test: number } } | null;
  playing: boolean;
  updates_per_second: number;
  finite: boolean;
  message?: Text;
  gauges?: { gradient: (number | null)[]; dead: (number | null)[] };
  buffers: Buffer[];
};
export type Values = { data: Float32Array | Uint8Array; shape: number[]; scale?: [number, number][] };
export type Frame = { header: Header; values: Record<string, Values> };

/** Decodes a binary frame; the arrays are views where they are aligned. Throws where it does not fit its header. */
export function decodeFrame(bytes: ArrayBuffer): Frame {
  if (bytes.byteLength < 4) throw new RangeError(`A frame has 4 bytes or more, not ${bytes.byteLength}`);
  const length = new DataView(bytes).getUint32(0, true);
  if (length > bytes.byteLength - 4) throw new RangeError(`The header has ${length} bytes of ${bytes.byteLength - 4}`);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length))) as Header;
  const start = 4 + length;
  const values: Record<string, Values> = {};
  for (const { name, dtype, shape, offset, scale } of header.buffers) {
    const size = shape.reduce((product, side) => product * side, 1);
    const kind = dtype === "f32" ? Float32Array : Uint8Array;
    if (start + offset + size * kind.BYTES_PER_ELEMENT > bytes.byteLength) {
      throw new RangeError(`Buffer ${name} ends after the frame`);
    }
    const at = start + offset;
    const aligned = at % kind.BYTES_PER_ELEMENT === 0;
    const data = aligned ? new kind(bytes, at, size) : new kind(bytes.slice(at, at + size * 4));
    values[name] = { data, shape, scale };
  }
  return { header, values };
}

export type Hello = {
  type: "hello";
  version: string;
  language: "en" | "es";
  catalog: {
    activations: string[];
    optimizers: Record<string, Record<string, number>>;
    losses: Record<string, string[]>;
    data: Record<string, string[]> | string[];
    features: string[];
  };
  limits: { layers: number; units: number; points: number; classes: number; batch: number };
};
