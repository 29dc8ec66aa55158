import { describe, expect, it } from "vitest";
import { brief, coordinate, corners, decode, duration, groups, matcher, merge, nearest, parameters, type Run, scaleOf, type Series, smooth, ticks, valueOf } from "../src/board/figures";
import { say, WORDS } from "../src/board/words";

const series = (value: number[]): Series => {
  const count = Float64Array.from(value, (_, i) => i + 1);
  return { step: count.map((one) => one * 10), epoch: count, time: count.map((one) => one + 1e9), value: Float64Array.from(value) };
};
const run = (number: number, hyperparameters: Run["hyperparameters"], figures: Record<string, number[]>): Run => ({
  number, key: `run-${number}`, kind: "board", state: "finished", why: "", damaged: 0, histograms: 0, pictures: 0, began: 1e9, changed: 1e9,
  hyperparameters, series: new Map(Object.entries(figures).map(([name, values]) => [name, series(values)])),
});

function message(members: number[], runs: object[], ...numbers: number[]): ArrayBuffer {
  let text = JSON.stringify({ server: "a", version: 1, complete: true, folder: "", language: "en", members, runs });
  text += " ".repeat((8 - ((text.length + 4) % 8)) % 8);
  const bytes = new Uint8Array(4 + text.length + 8 * numbers.length);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(new TextEncoder().encode(text), 4);
  bytes.set(new Uint8Array(Float64Array.from(numbers).buffer), 4 + text.length);
  return bytes.buffer;
}

describe("news", () => {
  it("are appended, replace what was thinned, and drop what is gone", () => {
    const runs = new Map<number, Run>();
    const take = (...news: Parameters<typeof message>) => { const { head, numbers } = decode(message(...news)); merge(runs, head, numbers); };
    const one = { ...run(0, {}, {}), series: { loss: [0, 2, 0, 6] } };
    take([0, 1], [one, { ...one, number: 1, series: {} }], 10, 20, 1, 2, NaN, NaN, 0.5, 0.25); // steps, epochs, times, values
    expect([...runs.get(0)!.series.get("loss")!.value]).toEqual([0.5, 0.25]);
    expect([...runs.get(0)!.series.get("loss")!.epoch]).toEqual([1, 2]);
    take([0, 1], [{ ...one, state: "failed", series: { loss: [2, 1, 0, 3] } }], 30, 3, NaN, 0.125);
    expect([...runs.get(0)!.series.get("loss")!.value]).toEqual([0.5, 0.25, 0.125]);
    expect(runs.get(0)!.state).toBe("failed");
    take([0], [{ ...one, series: { loss: [0, 1, 0, 3] } }], 30, 3, NaN, 0.125);
    expect([...runs.get(0)!.series.get("loss")!.step]).toEqual([30]);
    expect([...runs.keys()]).toEqual([0]);
  });
});

describe("a search", () => {
  const one = run(3, { optimizer: "Adam", learning_rate: 0.001 }, { val_loss: [0.5, 0.2] });
  it.each([
    ["", true], ["run-3", true], ["adam", true], ["sgd", false], ["optimizer=adam", true], ["optimizer=sgd", false],
    ["learning_rate<0.01", true], ["learning_rate<=0,001 val_loss<0.3", true], ["val_loss>0.3", false], ["missing<1", false], ["learning_rate=1e-3", true],
  ])("%s", (text, isFound) => expect(matcher(text)(one)).toBe(isFound));
});

describe("figures", () => {
  it("stand for a run by the last, lowest or highest value", () => {
    const one = run(0, {}, { loss: [3, NaN, 1, 2] });
    expect([valueOf(one, "loss", "last"), valueOf(one, "loss", "lowest"), valueOf(one, "loss", "highest")]).toEqual([2, 1, 3]);
    expect(valueOf(one, "other", "last")).toBeNaN();
  });
  it("share a chart with those of validation, the loss first", () => {
    const found = groups([run(0, {}, { accuracy: [1], "batch/loss": [1], loss: [1], val_accuracy: [1], val_loss: [1] })], () => true);
    expect([...found]).toEqual([["loss", ["loss", "val_loss"]], ["accuracy", ["accuracy", "val_accuracy"]], ["batch/loss", ["batch/loss"]]]);
  });
  it("are compared by what differs", () => {
    const two = [run(0, { a: 1, b: 2, c: 3 }, {}), run(1, { a: 1, b: 3 }, {})];
    expect(parameters(two, true)).toEqual(["b", "c"]);
    expect(parameters(two, false)).toEqual(["a", "b", "c"]);
  });
  it("are smoothed without the pull of the start, past what is no number", () => {
    expect([...smooth(Float64Array.of(2, 2, NaN, 2), 0.9)]).toEqual([2, 2, NaN, 2]);
    expect(smooth(Float64Array.of(0, 1), 0.5)[1]).toBeCloseTo(2 / 3);
  });
});

describe("scales", () => {
  it("hold all values, leave out what a logarithm does not know, and outliers if wished", () => {
    expect(scaleOf([Float64Array.of(1, 3), Float64Array.of(NaN, 5)], false, false, 0)).toEqual({ low: 1, high: 5, log: false });
    expect(scaleOf([Float64Array.of(0, 0.1, 10)], true, false, 0)).toEqual({ low: 0.1, high: 10, log: true });
    const far = Float64Array.from({ length: 1000 }, (_, i) => (i === 500 ? 1e9 : i / 1000));
    expect(scaleOf([far], false, true).high).toBeLessThan(1.1);
    expect(scaleOf([Float64Array.of(2)], false)).toEqual({ low: 1, high: 3, log: false });
  });
  it("have round marks", () => {
    expect(ticks({ low: 0.13, high: 1.04, log: false }, 5)).toEqual([0.2, 0.4, 0.6, 0.8, 1]);
    expect(ticks({ low: 0.0005, high: 2, log: true }, 5)).toEqual([0.001, 0.01, 0.1, 1]);
    expect(ticks({ low: -0.3, high: 0.3, log: false }, 3)).toEqual([-0.2, 0, 0.2]);
  });
  it("have axes for numbers, logarithms and names", () => {
    const all = [0.001, 0.1].map((rate, i) => run(i, { rate, kind: i ? "wide" : "deep" }, {}));
    const rate = coordinate("rate", all, (one) => one.hyperparameters.rate, "en");
    expect(rate.at(all[0])).toBe(0);
    expect(rate.read(0.5)).toBe("0.01");
    const kind = coordinate("kind", all, (one) => one.hyperparameters.kind, "en");
    expect(kind.labels).toEqual([[0, "deep"], [1, "wide"]]);
    expect(kind.at(run(9, {}, {}))).toBeNaN();
  });
});

describe("lines", () => {
  const x = { low: 0, high: 1000, log: false };
  const y = { low: 0, high: 1, log: false };
  const at = (count: number) => Float64Array.from({ length: count }, (_, i) => (i * 1000) / (count - 1));
  it("keep their ends and corners, and nothing between", () => {
    expect([...corners(at(1001), at(1001).map((one) => one / 1000), x, y, 1000, 100)]).toEqual([0, 100, 1000, 0]);
    const bent = corners(at(101), at(101).map((one) => (one < 500 ? 0 : 1)), x, y, 1000, 100);
    expect([...bent]).toEqual([0, 100, 490, 100, 500, 0, 1000, 0]);
  });
  it("never stray from the points by more than the tolerance", () => {
    const xs = at(2000);
    const ys = xs.map((one) => 0.5 + 0.4 * Math.sin(one / 60) * Math.cos(one / 17));
    const path = corners(xs, ys, x, y, 500, 200, 0.4);
    for (let i = 0; i < xs.length; i++) {
      const [px, py] = [xs[i] / 2, 200 * (1 - ys[i])];
      let k = 0;
      while (k + 2 < path.length - 2 && path[k + 2] < px) k += 2;
      const part = (px - path[k]) / (path[k + 2] - path[k] || 1);
      expect(Math.abs(path[k + 1] + part * (path[k + 3] - path[k + 1]) - py)).toBeLessThan(2);
    }
  });
  it("have at most four points in a pixel column, the peaks among them", () => {
    const ys = Float64Array.from({ length: 8000 }, (_, i) => (i === 4321 ? 1 : ((i * 7919) % 100) / 200));
    const path = corners(at(8000), ys, x, y, 400, 100);
    expect(path.length / 2).toBeLessThanOrEqual(4 * 401);
    expect(Math.min(...path.filter((_, i) => i % 2 === 1))).toBe(0);
  });
  it("break where a value is no number", () => {
    expect([...corners(at(5), Float64Array.of(0, 0, NaN, 0, 0), x, y, 4, 100)]).toEqual([0, 100, 1, 100, NaN, NaN, 3, 100, 4, 100]);
  });
  it("are read at the nearest point", () => {
    expect([-5, 0.4, 0.6, 9].map((one) => nearest(Float64Array.of(0, 1, 2), one))).toEqual([0, 0, 1, 2]);
  });
});

describe("words and numbers", () => {
  it("are there in both languages", () => {
    for (const [english, spanish] of Object.values(WORDS)) {
      expect(english && spanish).toBeTruthy();
      expect(english.match(/\{\w+\}/g)?.sort()).toEqual(spanish.match(/\{\w+\}/g)?.sort());
    }
    expect(say("shownRuns", "es", { shown: 3, all: 12000 })).toBe("3 de 12.000 a la vista");
    expect([brief(1234.5, "en"), brief(0.00001234, "es"), brief(NaN, "en")]).toEqual(["1235", "1,23e-5", "–"]);
    expect([duration(4.25, "es"), duration(75, "en"), duration(3725, "en")]).toEqual(["4,3 s", "1:15 min", "1:02:05 h"]);
  });
});
