/** Drawings in slices, so that many lines never hold up a screen refresh. */
const SLICE = 7; // milliseconds of each refresh
const jobs = new Map<object, Generator<void>>();
let isAsked = false;

function work(): void {
  isAsked = false;
  const end = performance.now() + SLICE;
  for (const [owner, job] of jobs) {
    while (!job.next().done) if (performance.now() > end) return ask();
    jobs.delete(owner);
  }
}
function ask(): void {
  if (!isAsked) requestAnimationFrame(work);
  isAsked = true;
}

/** Draws in the next refreshes; a newer drawing of the same owner takes an older one's place. */
export function draw(owner: object, job: Generator<void>): void {
  jobs.delete(owner);
  jobs.set(owner, job);
  ask();
}
export const isIdle = (): boolean => jobs.size === 0;
export const cancel = (owner: object): void => void jobs.delete(owner);
