/** Pure functions of figures: messages, searches, values, scales and the points of lines. */
import type { Language } from "../i18n";

export type Axis = "epoch" | "step" | "time";
export type Pick = "last" | "lowest" | "highest";
export type Cell = string | number | boolean | null;
export type Series = { step: Float64Array; epoch: Float64Array; time: Float64Array; value: Float64Array };
export type Run = {
  number: number; key: string; kind: string; state: string; why: string; damaged: number; histograms: number; pictures: number;
  began: number | null; changed: number | null; hyperparameters: Record<string, Cell>; series: Map<string, Series>;
};
export type Head = {
  server: string; version: number; complete: boolean; folder: string; language: Language; members: number[];
  runs: (Omit<Run, "series"> & { series: Record<string, [number, number, number, number]> })[];
};

/** Reads a message: the header, and the numbers that it places. */
export function decode(bytes: ArrayBuffer): { head: Head; numbers: Float64Array } {
  const size = new DataView(bytes).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, size))) as Head;
  return { head, numbers: new Float64Array(bytes, 4 + size) };
}

const joined = (old: Float64Array | undefined, keep: number, more: Float64Array): Float64Array => {
  if (!keep || !old) return more;
  const all = new Float64Array(keep + more.length);
  all.set(old.subarray(0, keep));
  all.set(more, keep);
  return all;
};

/** Takes what is new into the runs that are known; those that are gone are dropped. */
export function merge(runs: Map<number, Run>, head: Head, numbers: Float64Array): void {
  for (const one of head.runs) {
    const series = runs.get(one.number)?.series ?? new Map<string, Series>();
    for (const [name, [from, count, clock, place]] of Object.entries(one.series)) {
      const old = series.get(name);
      const part = (at: number) => numbers.subarray(at, at + count);
      series.set(name, {
        step: joined(old?.step, from, part(clock)), epoch: joined(old?.epoch, from, part(clock + count)),
        time: joined(old?.time, from, part(clock + 2 * count)), value: joined(old?.value, from, part(place)),
      });
    }
    runs.set(one.number, { ...one, series });
  }
  const members = new Set(head.members);
  for (const number of runs.keys()) if (!members.has(number)) runs.delete(number);
}

/** The value of a figure that stands for its run; NaN where there is none. */
export function valueOf(run: Run, name: string, pick: Pick): number {
  const values = run.series.get(name)?.value;
  if (!values?.length) return NaN;
  if (pick === "last") return values[values.length - 1];
  let best = NaN;
  for (const one of values) if (!(pick === "lowest" ? one >= best : one <= best) && !Number.isNaN(one)) best = one;
  return best;
}

/** A function that tells whether a run has all words and conditions of a search. */
export function matcher(text: string): (run: Run) => boolean {
  const tests = text.trim().toLowerCase().split(/\s+/).filter(Boolean).map((token) => {
    const [, name, sign, wanted] = /^([^<>=]+)(<=|>=|<|>|=)(.+)$/.exec(token) ?? [];
    if (!name) return (run: Run) => `${run.key} ${run.state} ${run.kind} ${Object.values(run.hyperparameters).join(" ")}`.toLowerCase().includes(token);
    const limit = Number(wanted.replace(",", "."));
    return (run: Run) => {
      const key = Object.keys(run.hyperparameters).find((one) => one.toLowerCase() === name);
      const found = key !== undefined ? run.hyperparameters[key] : valueOf(run, [...run.series.keys()].find((one) => one.toLowerCase() === name) ?? "", "last");
      if (sign === "=") return String(found).toLowerCase() === wanted || Number(found) === limit;
      const value = typeof found === "number" ? found : NaN;
      return sign === "<" ? value < limit : sign === ">" ? value > limit : sign === "<=" ? value <= limit : value >= limit;
    };
  });
  return (run) => tests.every((test) => test(run));
}

/** The names of figures by the chart that they share: training and validation together. The loss comes first. */
export function groups(runs: Iterable<Run>, part: (name: string) => boolean): Map<string, string[]> {
  const names = new Set<string>();
  for (const run of runs) for (const name of run.series.keys()) if (part(name)) names.add(name);
  const found = new Map<string, string[]>();
  const base = (name: string) => name.replace(/^val_/, "");
  const weight = (name: string) => (base(name) === "loss" ? 0 : name.includes("/") ? 2 : 1);
  for (const name of [...names].sort((a, b) => weight(a) - weight(b) || (base(a) < base(b) ? -1 : base(a) > base(b) ? 1 : a.length - b.length))) {
    found.set(base(name), [...(found.get(base(name)) ?? []), name]);
  }
  return found;
}

/** The hyperparameters in which runs differ, or all of them. */
export function parameters(runs: Run[], onlyDiffering: boolean): string[] {
  const seen = new Map<string, Set<Cell>>();
  const counts = new Map<string, number>();
  for (const run of runs) {
    for (const [name, value] of Object.entries(run.hyperparameters)) {
      if (!seen.has(name)) seen.set(name, new Set());
      seen.get(name)!.add(value);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  const isMissing = (name: string) => Number(counts.get(name)! < runs.length); // in some runs: those come last
  return [...seen.keys()].filter((name) => !onlyDiffering || seen.get(name)!.size > 1 || isMissing(name)).sort((a, b) => isMissing(a) - isMissing(b));
}

/** A moving average whose weights fall off by `factor`, without the pull of its start. */
export function smooth(values: Float64Array, factor: number): Float64Array {
  if (factor <= 0) return values;
  const found = new Float64Array(values.length);
  let [sum, weight] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) {
      sum = sum * factor + values[i] * (1 - factor);
      weight = weight * factor + (1 - factor);
    }
    found[i] = Number.isFinite(values[i]) ? sum / weight : values[i];
  }
  return found;
}

/** Where a series lies along an axis: in seconds since its run began for time. Epochs stand for steps where those are unknown. */
export function along(series: Series, axis: Axis, began: number | null): Float64Array {
  if (axis === "time") return series.time.map((one) => one - (began ?? one));
  const [first, second] = axis === "epoch" ? [series.epoch, series.step] : [series.step, series.epoch];
  return Number.isNaN(first[0]) ? second : first;
}

export type Scale = { low: number; high: number; log: boolean };
/** Where a value lies between the ends of a scale: 0 to 1. */
export const place = (value: number, { low, high, log }: Scale): number =>
  log ? (Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low)) : (value - low) / (high - low);

/** A scale that holds values, with a little room; without the outermost 2 % at each end if wished. */
export function scaleOf(parts: Float64Array[], log: boolean, isTrimmed = false, room = 0.03): Scale {
  let [low, high] = [Infinity, -Infinity];
  const isKnown = (one: number) => Number.isFinite(one) && !(log && one <= 0);
  if (isTrimmed) {
    const count = parts.reduce((sum, one) => sum + one.length, 0);
    const stride = Math.max(1, Math.floor(count / 20000));
    const sample: number[] = [];
    let at = 0;
    for (const part of parts) for (const one of part) if (at++ % stride === 0 && isKnown(one)) sample.push(one);
    sample.sort((a, b) => a - b);
    if (sample.length) [low, high] = [sample[Math.floor(sample.length * 0.02)], sample[Math.ceil(sample.length * 0.98) - 1]];
  } else {
    for (const part of parts) {
      for (let i = 0; i < part.length; i++) {
        const one = part[i];
        if (!isKnown(one)) continue;
        if (one < low) low = one;
        if (one > high) high = one;
      }
    }
  }
  if (low > high) return log ? { low: 0.1, high: 1, log } : { low: 0, high: 1, log };
  if (low === high) return log ? { low: low / 2, high: high * 2, log } : { low: low - (Math.abs(low) || 1) / 2, high: high + (Math.abs(high) || 1) / 2, log };
  if (log) return { low: low / (high / low) ** room, high: high * (high / low) ** room, log };
  return { low: low - (high - low) * room, high: high + (high - low) * room, log };
}

/** Round numbers between the ends of a scale. */
export function ticks({ low, high, log }: Scale, most = 5): number[] {
  if (log && high / low >= 10) {
    const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
    const stride = Math.max(1, Math.ceil((last - first + 1) / most));
    const found: number[] = [];
    for (let power = first; power <= last; power += stride) found.push(10 ** power);
    return found;
  }
  const raw = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((one) => one * power >= raw * 0.999) ?? 10);
  const found: number[] = [];
  for (let one = Math.ceil(low / step - 1e-9) * step; one <= high + step * 1e-9; one += step) found.push(Math.abs(one) < step * 1e-9 ? 0 : Number(one.toPrecision(12)));
  return found;
}

/** The places of the points that draw the same line in so many pixel columns: of each column the first, lowest, highest and last. */
export function inColumns(xs: Float64Array, ys: Float64Array, x: Scale, width: number): number[] {
  const found: number[] = [];
  for (let start = 0; start < xs.length; ) {
    const column = Math.floor(place(xs[start], x) * width);
    let [low, high, end] = [start, start, start + 1];
    for (; end < xs.length && Math.floor(place(xs[end], x) * width) === column; end++) {
      if (!(ys[end] >= ys[low])) low = end; // a value that is no number stays, too: the line breaks there
      if (!(ys[end] <= ys[high])) high = end;
    }
    found.push(...new Set([start, low, high, end - 1].sort((a, b) => a - b)));
    start = end;
  }
  return found;
}

/** The corners of a line in pixels, x and y in turn, without points that lie within `tolerance` of the line that others make.
 * NaN separates pieces. */
export function corners(xs: Float64Array, ys: Float64Array, x: Scale, y: Scale, width: number, height: number, tolerance = 0.4): Float32Array {
  const found: number[] = [];
  const [ax, bx] = x.log ? [Math.log(x.low), width / (Math.log(x.high) - Math.log(x.low))] : [x.low, width / (x.high - x.low)];
  const [ay, by] = y.log ? [Math.log(y.low), height / (Math.log(y.high) - Math.log(y.low))] : [y.low, height / (y.high - y.low)];
  let [startX, startY, lowSlope, highSlope, heldX, heldY] = [NaN, NaN, -Infinity, Infinity, NaN, NaN];
  const put = (px: number, py: number) => { // a point stays while one line passes all since the last corner
    const dx = px - startX;
    if (dx > 0.75) {
      const [low, high] = [(py - tolerance - startY) / dx, (py + tolerance - startY) / dx];
      const slope = (py - startY) / dx;
      if (slope >= lowSlope && slope <= highSlope) {
        [lowSlope, highSlope] = [Math.max(lowSlope, low), Math.min(highSlope, high)];
        [heldX, heldY] = [px, py];
        return;
      }
    } else if (Math.abs(py - (Number.isNaN(heldY) ? startY : heldY)) < tolerance) return;
    if (!Number.isNaN(heldX)) {
      found.push(heldX, heldY);
      [startX, startY, heldX, heldY, lowSlope, highSlope] = [heldX, heldY, NaN, NaN, -Infinity, Infinity];
      put(px, py);
      return;
    }
    found.push(px, py);
    [startX, startY, lowSlope, highSlope] = [px, py, -Infinity, Infinity];
  };
  const end = () => {
    if (!Number.isNaN(heldX)) found.push(heldX, heldY);
    [startX, startY, heldX, heldY, lowSlope, highSlope] = [NaN, NaN, NaN, NaN, -Infinity, Infinity];
  };
  const places = xs.length > 4 * width ? inColumns(xs, ys, x, width) : xs.keys();
  for (const i of places) {
    const px = ((x.log ? Math.log(xs[i]) : xs[i]) - ax) * bx;
    const py = height - ((y.log ? Math.log(ys[i]) : ys[i]) - ay) * by;
    if (Number.isFinite(px) && Number.isFinite(py)) {
      if (Number.isNaN(startX)) {
        if (found.length) found.push(NaN, NaN);
        found.push(px, py);
        [startX, startY] = [px, py];
      } else put(px, py);
    } else end();
  }
  end();
  return Float32Array.from(found);
}

/** The place in ascending numbers that is nearest to one. */
export function nearest(xs: Float64Array, x: number): number {
  let [low, high] = [0, xs.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (xs[middle] < x) low = middle;
    else high = middle;
  }
  return Math.abs(xs[high] - x) < Math.abs(xs[low] - x) ? high : low;
}

/** A number as short as it can be told, for axes and cells. */
export function brief(value: number, language: Language): string {
  if (Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) {
    const [digits, power] = value.toExponential(2).split("e");
    return `${Number(digits).toLocaleString(language, { maximumSignificantDigits: 3 })}e${Number(power)}`;
  }
  return value.toLocaleString(language, { maximumSignificantDigits: 4, useGrouping: size >= 10000 });
}

/** A number with all its digits, as `float32` or `float64` holds it. */
export const exact = (value: number, language: Language): string =>
  Number.isFinite(value) ? value.toLocaleString(language, { maximumSignificantDigits: 9 }) : String(value);

/** Seconds as people read them. */
export function duration(seconds: number, language: Language): string {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 60) return `${seconds.toLocaleString(language, { maximumFractionDigits: seconds < 10 ? 1 : 0 })} s`;
  const [whole, two] = [Math.round(seconds), (one: number) => String(one).padStart(2, "0")];
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)} h` : `${minutes}:${two(whole % 60)} min`;
}

/** Bytes as people read them. */
export const bytes = (value: number, language: Language): string =>
  value >= 2 ** 29 ? `${brief(value / 2 ** 30, language)} GiB` : `${brief(value / 2 ** 20, language)} MiB`;

/** An axis of parallel coordinates: where each value lies, 0 to 1, and what to write beside it. */
export type Coordinate = { name: string; at: (run: Run) => number; labels: [number, string][]; read: (at: number) => string };
export function coordinate(name: string, runs: Run[], value: (run: Run) => Cell | undefined, language: Language): Coordinate {
  const values = runs.map(value).filter((one) => one !== undefined && one !== null) as Cell[];
  if (values.every((one) => typeof one === "number")) {
    const numbers = Float64Array.from(values as number[]).filter(Number.isFinite);
    const positive = numbers.length > 0 && numbers.every((one) => one > 0);
    const log = positive && numbers.reduce((a, b) => Math.max(a, b)) / numbers.reduce((a, b) => Math.min(a, b)) >= 50;
    const scale = scaleOf([numbers], log, false, 0);
    const back = (at: number) => (log ? scale.low * (scale.high / scale.low) ** at : scale.low + (scale.high - scale.low) * at);
    const at = (run: Run) => { const one = value(run); return typeof one === "number" ? place(one, scale) : NaN; };
    return { name, at, labels: ticks(scale).map((one) => [place(one, scale), brief(one, language)]), read: (one) => brief(back(one), language) };
  }
  const kinds = [...new Set(values.map(String))].sort();
  const position = (one: string) => (kinds.length > 1 ? kinds.indexOf(one) / (kinds.length - 1) : 0.5);
  const at = (run: Run) => { const one = value(run); return one === undefined || one === null ? NaN : position(String(one)); };
  return { name, at, labels: kinds.map((one) => [position(one), one]), read: (one) => kinds[Math.round(one * (kinds.length - 1))] ?? "" };
}
