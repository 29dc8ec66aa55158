/** Where the network's nodes stand, and how its connections run. */
import type { LayerInfo } from "../protocol";

export const NODE = 38;
export type Spot = { layer: number; unit: number; x: number; y: number };
export type Edge = { layer: number; row: number; unit: number; from: Spot; to: Spot; path: string };
export type Layout = { width: number; height: number; columns: Spot[][]; edges: Edge[] };

/** Column 0 holds the features, column k the k-th layer. Kernel rows follow the inputs' order. */
export function layout(features: number, layers: LayerInfo[], width: number): Layout {
  const sizes = [features, ...layers.map((one) => one.units)];
  const gap = Math.max(92, (width - NODE - 16) / layers.length);
  const height = Math.max(...sizes) * (NODE + 16) + 8;
  const columns = sizes.map((units, layer) =>
    Array.from({ length: units }, (_, unit) => ({
      layer, unit, x: 8 + layer * gap, y: 4 + (unit + 0.5) * (height / units) - NODE / 2,
    })),
  );
  const edges: Edge[] = [];
  layers.forEach((one, index) => {
    const sources = one.inputs.flatMap((input) => columns[input]);
    for (const to of columns[index + 1])
      sources.forEach((from, row) => edges.push({ layer: index, row, unit: to.unit, from, to, path: curve(from, to) }));
  });
  return { width: 16 + NODE + layers.length * gap, height, columns, edges };
}

function curve(from: Spot, to: Spot): string {
  const [x0, y0, x1, y1] = [from.x + NODE, from.y + NODE / 2, to.x, to.y + NODE / 2];
  const bend = (x1 - x0) * 0.45;
  return `M${x0} ${y0}C${x0 + bend} ${y0} ${x1 - bend} ${y1} ${x1} ${y1}`;
}

/** The width of a connection. */
export const thickness = (weight: number): number => Math.min(9, 0.6 + 2.4 * Math.abs(weight || 0));
