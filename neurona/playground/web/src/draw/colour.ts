/** Colours: one diverging scale for numbers, one list for classes. Both are told apart by the colour-blind. */

type Rgb = [number, number, number];
const LOW: Rgb = [232, 119, 34]; // negative: orange
const HIGH: Rgb = [38, 110, 222]; // positive: blue
const MIDDLE: Record<"light" | "dark", Rgb> = { light: [246, 246, 243], dark: [28, 33, 45] };
export const CLASSES: Rgb[] = [
  LOW, HIGH, [20, 150, 110], [200, 70, 160], [150, 110, 20],
  [110, 80, 200], [0, 150, 190], [190, 50, 60], [110, 120, 130], [90, 150, 30],
];
export type Theme = "light" | "dark";

const mix = (a: Rgb, b: Rgb, t: number): Rgb =>
  [0, 1, 2].map((i) => Math.round(a[i] + (b[i] - a[i]) * t)) as Rgb;

/** The colour of a number in [-1, 1]; beyond, the end of the scale; NaN is grey. */
export function diverging(value: number, theme: Theme): Rgb {
  if (Number.isNaN(value)) return [128, 128, 128];
  const t = Math.min(1, Math.abs(value));
  return mix(MIDDLE[theme], value < 0 ? LOW : HIGH, t);
}

export const css = ([r, g, b]: Rgb): string => `rgb(${r} ${g} ${b})`;

/** 256 colours as the pixels of a canvas hold them (little-endian ABGR). */
export function palette(theme: Theme): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, i) => {
    const [r, g, b] = diverging((i - 127.5) / 127.5, theme);
    return (255 << 24) | (b << 16) | (g << 8) | r;
  });
}

/** The colour of a region: a class's, the paler the less sure. */
export const region = (kind: number, sure: number, theme: Theme): Rgb =>
  mix(MIDDLE[theme], CLASSES[kind % CLASSES.length], 0.15 + 0.65 * sure);
