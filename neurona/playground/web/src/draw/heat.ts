/** Heat maps of units, features and of the output. */
import type { Values } from "../protocol";
import { palette, region, type Theme } from "./colour";

const palettes = { light: palette("light"), dark: palette("dark") };
export const EXTENT = 6;
export const MAP = 32;

function put(canvas: HTMLCanvasElement, side: number, fill: (pixels: Uint32Array) => void): void {
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(side, side);
  fill(new Uint32Array(image.data.buffer));
  context.putImageData(image, 0, 0);
}

/** One unit's map: bytes from its lowest to its highest value, shown symmetrically around zero. */
export function drawUnit(canvas: HTMLCanvasElement, maps: Values, unit: number, theme: Theme): void {
  const side = maps.shape[1];
  const [low, high] = maps.scale?.[unit] ?? [-1, 1];
  const most = Math.max(Math.abs(low), Math.abs(high), 1e-9);
  const colours = palettes[theme];
  const table = Uint32Array.from({ length: 256 }, (_, byte) => {
    const value = (low + (byte / 255) * (high - low)) / most;
    return colours[Math.round(Math.max(0, Math.min(255, value * 127.5 + 127.5)))];
  });
  put(canvas, side, (pixels) => {
    const start = unit * side * side;
    for (let i = 0; i < pixels.length; i++) pixels[i] = table[maps.data[start + i]];
  });
}

/** The formulas of the features. */
export const FEATURE: Record<string, (x: number, y: number) => number> = {
  x: (x) => x, y: (_, y) => y, "x^2": (x) => x * x, "y^2": (_, y) => y * y,
  "x*y": (x, y) => x * y, "sin(x)": (x) => Math.sin(x), "sin(y)": (_, y) => Math.sin(y),
};

export function drawFeature(canvas: HTMLCanvasElement, name: string, theme: Theme): void {
  const values = new Float32Array(MAP * MAP);
  for (let row = 0; row < MAP; row++)
    for (let column = 0; column < MAP; column++) {
      const at = (i: number) => ((i + 0.5) / MAP) * 2 * EXTENT - EXTENT;
      values[row * MAP + column] = FEATURE[name](at(column), -at(row));
    }
  const most = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  put(canvas, MAP, (pixels) => {
    for (let i = 0; i < pixels.length; i++)
      pixels[i] = palettes[theme][Math.round((values[i] / most) * 127.5 + 127.5)];
  });
}

/** One unit of the output: its value, or its class's share. */
export function drawOutputUnit(canvas: HTMLCanvasElement, output: Values, unit: number, theme: Theme): void {
  const [kinds, side] = output.shape;
  if (unit >= kinds) return;
  put(canvas, side, (pixels) => {
    for (let i = 0; i < pixels.length; i++) {
      const value = output.data[unit * side * side + i];
      if (kinds === 1) pixels[i] = tint(value, theme);
      else {
        const [r, g, b] = region(unit, Math.max(0, Math.min(1, value)), theme);
        pixels[i] = (255 << 24) | (b << 16) | (g << 8) | r;
      }
    }
  });
}

const tint = (value: number, theme: Theme): number =>
  Number.isNaN(value) ? 0xff808080 : palettes[theme][Math.round(Math.max(-0.8, Math.min(0.8, value * 0.8)) * 127.5 + 127.5)];

/** The output: one map in [-1, 1], or a map of each class's share. */
export function drawOutput(
  canvas: HTMLCanvasElement, output: Values, theme: Theme, discretize: boolean,
): void {
  const [kinds, side] = output.shape;
  const { data } = output;
  put(canvas, side, (pixels) => {
    const size = side * side;
    for (let i = 0; i < size; i++) {
      if (kinds === 1) {
        let value = data[i];
        if (discretize && !Number.isNaN(value)) value = value >= 0 ? 1 : -1;
        pixels[i] = tint(value, theme);
        continue;
      }
      let best = 0;
      let total = 0;
      for (let k = 0; k < kinds; k++) {
        if (data[k * size + i] > data[best * size + i]) best = k;
        total += Math.max(0, data[k * size + i]);
      }
      const share = Math.max(0, data[best * size + i]) / (total || 1);
      const sure = discretize ? 1 : Math.max(0, (share - 1 / kinds) / (1 - 1 / kinds));
      const [r, g, b] = region(best, sure, theme);
      pixels[i] = (255 << 24) | (b << 16) | (g << 8) | r;
    }
  });
}
