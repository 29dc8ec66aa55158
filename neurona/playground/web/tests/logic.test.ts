import { describe, expect, it } from "vitest";
import { diverging } from "../src/draw/colour";
import { layout } from "../src/draw/layout";
import { shown, words } from "../src/i18n";
import { decodeFrame } from "../src/protocol";
import { decode, defaultState, defaultView, encode, layer, readPoints } from "../src/state";

function frame(header: object, ...arrays: ArrayBufferView[]): ArrayBuffer {
  let text = JSON.stringify(header);
  text += " ".repeat((4 - (new TextEncoder().encode(text).length % 4)) % 4);
  const head = new TextEncoder().encode(text);
  const size = arrays.reduce((sum, one) => sum + one.byteLength, 0);
  const bytes = new Uint8Array(4 + head.length + size);
  new DataView(bytes.buffer).setUint32(0, head.length, true);
  bytes.set(head, 4);
  let at = 4 + head.length;
  for (const one of arrays) {
    bytes.set(new Uint8Array(one.buffer, one.byteOffset, one.byteLength), at);
    at += one.byteLength;
  }
  return bytes.buffer;
}

describe("decodeFrame", () => {
  const header = {
    type: "frame",
    buffers: [
      { name: "units0", dtype: "u8", shape: [1, 3], offset: 0 },
      { name: "kernel0", dtype: "f32", shape: [2], offset: 3 },
    ],
  };
  it("reads arrays, aligned or not", () => {
    const { values } = decodeFrame(frame(header, Uint8Array.of(1, 2, 255), Float32Array.of(0.5, -2)));
    expect([...values.units0.data]).toEqual([1, 2, 255]);
    expect([...values.kernel0.data]).toEqual([0.5, -2]);
  });
  it("refuses a frame that is cut", () => {
    expect(() => decodeFrame(frame(header, Uint8Array.of(1, 2, 255)))).toThrow("kernel0");
    expect(() => decodeFrame(new ArrayBuffer(2))).toThrow("4 bytes");
  });
});

describe("the address", () => {
  it("holds a whole state and gives it back", () => {
    const state = defaultState();
    state.data = { ...state.data, name: "points", points: [[1, 2, 0], [-1, 0.5, 2]], classes: 3 };
    state.layers = [layer(8), { units: 3, activation: "leaky_relu", dropout: 0.2, normalization: true }];
    state.skips = [[0, 2]];
    state.regularization = { kind: "l2", rate: 0.01 };
    const view = { ...defaultView(), discretize: true, hidden: ["data"] };
    const saved = { state, view, other: defaultState() };
    expect(decode(encode(saved))).toEqual({ ...saved, refused: [] });
  });
  it("is short for the defaults", () => {
    expect(encode({ state: defaultState(), view: defaultView(), other: null }).length).toBeLessThan(80);
  });
  it("names what it does not understand", () => {
    const text = `v=1&q=1&s=${encodeURIComponent('{"batch":"x","data":3,"layers":["?"]}')}&p={"colour":1}`;
    const { state, refused } = decode(text);
    expect(refused).toEqual(["q", "colour", "batch", "data", "layers"]);
    expect(state).toEqual(defaultState());
  });
});

describe("readPoints", () => {
  it("reads a heading, classes by name and decimal commas", () => {
    const { points, labels, bad } = readPoints("x;y;class\n1,5;2;cat\n-1;0;dog\n");
    expect(points).toEqual([[1.5, 2, 0], [-1, 0, 1]]);
    expect(labels).toEqual(["cat", "dog"]);
    expect(bad).toBeNull();
  });
  it("tells the line that is wrong", () => {
    expect(readPoints("1,2,0\n3,4\n").bad).toBe(2);
  });
});

describe("drawing", () => {
  it("runs from orange over neutral to blue", () => {
    expect(diverging(-5, "light")).toEqual(diverging(-1, "light"));
    expect(diverging(0, "light")).toEqual([246, 246, 243]);
    expect(diverging(1, "light")[2]).toBeGreaterThan(200);
    expect(diverging(NaN, "dark")).toEqual([128, 128, 128]);
  });
  it("has an edge for every weight, skips first", () => {
    const info = (units: number, inputs: number[]) => ({ name: "", units, inputs, activation: "", parameters: 0 });
    const { edges, columns } = layout(2, [info(3, [0]), info(1, [0, 1])], 400);
    expect(columns.map((one) => one.length)).toEqual([2, 3, 1]);
    expect(edges).toHaveLength(2 * 3 + 5);
    expect(edges.filter((one) => one.layer === 1).map((one) => one.from.layer)).toEqual([0, 0, 1, 1, 1]);
  });
});

describe("words", () => {
  it("are there in both languages", () => {
    for (const [english, spanish] of Object.values(words)) expect(english && spanish).toBeTruthy();
    expect(shown(1.5, "es", 2)).toBe("1,50");
    expect(shown(1.5, "en", 2)).toBe("1.50");
  });
});
