/** Histograms and pictures of runs, which are asked for when they are looked at. */
import { type Run } from "./figures";

export type Moment = { step: number | null; epoch: number | null; time: number | null };
export type Histogram = Moment & { edges: number[]; counts: number[] };
export type Details = { histograms: Record<string, Histogram[]>; pictures: Record<string, Moment[]> };
const kept = new Map<number, { count: string; details: Promise<Details> }>();

/** The details of a run as it is now; they are asked for again once there are others. */
export function detailsOf(run: Run): Promise<Details> {
  const known = kept.get(run.number);
  const count = `${run.histograms} ${run.pictures}`;
  if (known?.count === count) return known.details;
  const details = fetch(`/details?run=${run.number}`).then((answer) => {
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json() as Promise<Details>;
  });
  details.catch(() => kept.delete(run.number));
  kept.set(run.number, { count, details });
  return details;
}
