/** The state that the address holds: its defaults, and its compact form. */
import type { Layer, Point, State } from "./protocol";

export const FEATURES = ["x", "y", "x^2", "y^2", "x*y", "sin(x)", "sin(y)"];
export type View = {
  test: boolean;
  discretize: boolean;
  hidden: string[]; // panels that a lesson hides
  theme: "" | "light" | "dark";
  language: "" | "en" | "es";
  speed: number | null;
};
export type Saved = { state: State; view: View; other: State | null };

export const layer = (units = 4): Layer => ({ units, activation: "tanh", dropout: 0, normalization: false });

export const defaultState = (): State => ({
  v: 1,
  problem: "classification",
  data: { name: "circle", noise: 0, train: 50, seed: 0, classes: 2 },
  features: ["x", "y"],
  layers: [layer(4), layer(2)],
  skips: [],
  loss: null,
  optimizer: "sgd",
  learning_rate: 0.03,
  regularization: { kind: null, rate: 0 },
  batch: 10,
  seed: 0,
});

export const defaultView = (): View => ({
  test: false, discretize: false, hidden: [], theme: "", language: "", speed: null,
});

type Plain = Record<string, unknown>;
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const isPlain = (value: unknown): value is Plain =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What differs from the defaults. */
export function difference(value: Plain, defaults: Plain): Plain {
  const kept: Plain = {};
  for (const [name, one] of Object.entries(value)) {
    const normal = defaults[name];
    if (same(one, normal) || one === undefined) continue;
    kept[name] = isPlain(one) && isPlain(normal) ? difference(one, normal) : one;
  }
  return kept;
}

function merged(kept: Plain, defaults: Plain, path: string, refused: string[], open: boolean): Plain {
  const result = structuredClone(defaults);
  for (const [name, one] of Object.entries(kept)) {
    const normal = defaults[name];
    if (!(name in defaults) && !open) refused.push(path + name);
    else if (isPlain(normal)) {
      if (isPlain(one)) result[name] = merged(one, normal, `${path}${name}.`, refused, name === "data");
      else refused.push(path + name);
    } else if (Array.isArray(normal) !== Array.isArray(one) && normal !== undefined) refused.push(path + name);
    else if (typeof normal === "number" && typeof one !== "number") refused.push(path + name);
    else if (typeof normal === "boolean" && typeof one !== "boolean") refused.push(path + name);
    else result[name] = one;
  }
  return result;
}

/** The fragment of an address, without `#`. Layers are short: 4tanh, 4tanh~0.2 (dropout), 4tanh! (normalization). */
export function encode({ state, view, other }: Saved): string {
  const text = (one: State) =>
    JSON.stringify({ ...difference(one, defaultState()), layers: one.layers.map(encodeLayer) });
  const parts = ["v=1", `s=${encodeURIComponent(text(state))}`];
  const seen = difference(view, defaultView());
  if (Object.keys(seen).length) parts.push(`p=${encodeURIComponent(JSON.stringify(seen))}`);
  if (other) parts.push(`b=${encodeURIComponent(text(other))}`);
  return parts.join("&");
}

const encodeLayer = (one: Layer): string =>
  one.units + one.activation + (one.dropout ? `~${one.dropout}` : "") + (one.normalization ? "!" : "");

function decodeLayer(text: unknown): Layer | null {
  const found = /^(\d+)([a-z_0-9]*?)(?:~([\d.]+))?(!?)$/.exec(String(text));
  if (!found) return null;
  const [, units, activation, dropout, normalization] = found;
  return {
    units: Number(units), activation: activation || "tanh",
    dropout: Number(dropout ?? 0), normalization: normalization === "!",
  };
}

/** Reads a fragment. What is not understood has its default, and its name is in `refused`. */
export function decode(fragment: string): Saved & { refused: string[] } {
  const refused: string[] = [];
  const fields = new URLSearchParams(fragment);
  for (const name of fields.keys()) if (!["v", "s", "p", "b"].includes(name)) refused.push(name);
  if (fields.has("v") && fields.get("v") !== "1") refused.push(`v=${fields.get("v")}`);
  const read = (name: string): Plain => {
    try {
      const value: unknown = JSON.parse(fields.get(name) ?? "{}");
      if (isPlain(value)) return value;
    } catch { /* refused below */ }
    refused.push(name);
    return {};
  };
  const stateOf = (name: string): State => {
    const { layers, ...rest } = read(name);
    const state = merged(rest, defaultState(), "", refused, true) as unknown as State;
    if (layers !== undefined) {
      const known = Array.isArray(layers) ? layers.map(decodeLayer) : [null];
      if (known.includes(null)) refused.push("layers");
      else state.layers = known as Layer[];
    }
    return state;
  };
  const view = merged(read("p"), defaultView(), "", refused, false) as unknown as View;
  return { state: stateOf("s"), view, other: fields.has("b") ? stateOf("b") : null, refused };
}

/** Points from text: x, y, class or value a line; commas, semicolons or tabs; a first line of names is skipped. */
export function readPoints(text: string): { points: Point[]; labels: string[]; bad: number | null } {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const points: Point[] = [];
  const labels: string[] = [];
  const separator = text.includes("\t") ? "\t" : text.includes(";") ? ";" : ",";
  const number = (cell: string) =>
    cell === "" ? NaN : Number(separator === "," ? cell : cell.replace(",", "."));
  for (const [index, line] of lines.entries()) {
    if (!line) continue;
    const cells = line.split(separator).map((cell) => cell.trim());
    const [x, y] = [number(cells[0] ?? ""), number(cells[1] ?? "")];
    if (cells.length !== 3 || !cells[2] || !Number.isFinite(x) || !Number.isFinite(y)) {
      if (points.length === 0 && index === 0) continue;
      return { points, labels, bad: index + 1 };
    }
    if (!labels.includes(cells[2])) labels.push(cells[2]);
    const value = number(cells[2]);
    points.push([x, y, Number.isFinite(value) ? value : labels.indexOf(cells[2])]);
  }
  return { points, labels, bad: null };
}
