/** Points over the output, and the curves of the losses. */
import type { Point, Problem } from "../protocol";
import { CLASSES, css, diverging, type Theme } from "./colour";
import { EXTENT } from "./heat";

/** Sizes a canvas for the screen's density; gives its context in CSS pixels. */
export function prepare(canvas: HTMLCanvasElement): { context: CanvasRenderingContext2D; w: number; h: number } {
  const density = Math.min(2, window.devicePixelRatio || 1);
  const [w, h] = [canvas.clientWidth, canvas.clientHeight];
  if (canvas.width !== Math.round(w * density) || canvas.height !== Math.round(h * density)) {
    canvas.width = Math.round(w * density);
    canvas.height = Math.round(h * density);
  }
  const context = canvas.getContext("2d")!;
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, w, h);
  return { context, w, h };
}

/** Training points are discs; the test points, from `squaresFrom` on, are squares. */
export function drawPoints(canvas: HTMLCanvasElement, points: Point[], problem: Problem, theme: Theme, squaresFrom = Infinity): void {
  const { context, w } = prepare(canvas);
  const at = (value: number) => ((value + EXTENT) / (2 * EXTENT)) * w;
  const radius = Math.max(1.4, w / 110);
  context.lineWidth = 0.9;
  context.strokeStyle = theme === "dark" ? "#10141f" : "#fff";
  for (const [index, [x, y, target]] of points.entries()) {
    context.beginPath();
    if (index >= squaresFrom) context.rect(at(x) - radius, at(-y) - radius, 2 * radius, 2 * radius);
    else context.arc(at(x), at(-y), radius, 0, 7);
    context.fillStyle = css(problem === "regression" ? diverging(target, theme) : CLASSES[target % CLASSES.length]);
    context.fill();
    context.stroke();
  }
}

export function drawCurves(
  canvas: HTMLCanvasElement, series: { values: number[]; colour: string; dashed?: boolean }[],
): void {
  const { context, w, h } = prepare(canvas);
  const known = series.flatMap((one) => one.values.filter(Number.isFinite));
  const most = known.reduce((a, b) => Math.max(a, b), 1e-6);
  for (const { values, colour, dashed } of series) {
    context.beginPath();
    context.setLineDash(dashed ? [4, 3] : []);
    context.strokeStyle = colour;
    context.lineWidth = 1.8;
    values.forEach((value, i) => {
      if (!Number.isFinite(value)) return;
      const [x, y] = [(i / Math.max(1, values.length - 1)) * w, h - 2 - (value / most) * (h - 4)];
      if (i) context.lineTo(x, y);
      else context.moveTo(x, y);
    });
    context.stroke();
  }
}
