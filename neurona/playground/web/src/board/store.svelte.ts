/** What the page knows of the runs, and how it shows them. */
import { CLASSES, css, type Theme } from "../draw/colour";
import type { Language } from "../i18n";
import { type Axis, decode, matcher, merge, type Pick, type Run } from "./figures";
import { say } from "./words";

export type Tab = "curves" | "compare" | "parallel" | "histograms" | "pictures" | "system";
export const TABS: Tab[] = ["curves", "compare", "parallel", "histograms", "pictures", "system"];
const defaults = {
  language: "" as "" | Language, theme: "" as "" | Theme, tab: "curves" as Tab, axis: "epoch" as Axis, pick: "last" as Pick,
  smoothing: 0, log: false, trimmed: false, search: "", figures: "", order: "newest" as "newest" | "byName", differing: true,
};

function remembered(): typeof defaults {
  const found = { ...defaults };
  try {
    const saved = JSON.parse(decodeURIComponent(location.hash.slice(1)) || "{}") as Record<string, unknown>;
    for (const key of Object.keys(defaults) as (keyof typeof defaults)[]) {
      if (typeof saved[key] === typeof defaults[key]) (found as Record<string, unknown>)[key] = saved[key];
    }
    if (!TABS.includes(found.tab)) found.tab = "curves";
  } catch { /* an address of something else */ }
  return found;
}

export const view = $state(remembered());
/** Writes what differs from the defaults into the address. */
export function remember(): void {
  const kept = Object.fromEntries(Object.entries(view).filter(([key, value]) => value !== defaults[key as keyof typeof defaults]));
  history.replaceState(null, "", Object.keys(kept).length ? `#${encodeURIComponent(JSON.stringify(kept))}` : location.pathname);
}

/** The runs are plain objects, many and large: `tick` tells when they change. */
const known = new Map<number, Run>();
export const store = $state({
  tick: 0, connected: true, complete: false, folder: "", language: "en" as Language,
  hidden: new Set<number>(), hovered: null as number | null,
});

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const system = $state({ dark: dark.matches });
dark.addEventListener("change", (event) => (system.dark = event.matches));
export const theme = (): Theme => view.theme || (system.dark ? "dark" : "light");
export const language = (): Language => view.language
  || (navigator.language.startsWith("es") ? "es" : navigator.language.startsWith("en") ? "en" : store.language);
export const t = (key: string, fields?: Record<string, string | number>): string => say(key, language(), fields);

const all = $derived.by(() => { void store.tick; return [...known.values()]; });
const listed = $derived.by(() => {
  const found = all.filter(matcher(view.search));
  const newest = (a: Run, b: Run) => (b.began ?? 0) - (a.began ?? 0) || b.number - a.number;
  return found.sort(view.order === "newest" ? newest : (a, b) => a.key.localeCompare(b.key, undefined, { numeric: true }));
});
const chosen = $derived(listed.filter((one) => !store.hidden.has(one.number)));
/** All runs; those that the search finds; those of them that are ticked. */
export const runs = () => all;
export const found = () => listed;
export const shown = () => chosen;
export const runOf = (number: number): Run | undefined => known.get(number);

/** Ticks runs, or takes their ticks away. */
export function tickRuns(numbers: number[], isShown: boolean): void {
  const hidden = new Set(store.hidden);
  for (const one of numbers) if (isShown) hidden.delete(one); else hidden.add(one);
  store.hidden = hidden;
}
export function showOnly(numbers: number[]): void {
  const kept = new Set(numbers);
  store.hidden = new Set(all.map((one) => one.number).filter((one) => !kept.has(one)));
}

/** The colour of a run: ten that are told apart, then hues as far from their neighbours as can be. */
export function colourOf(number: number): string {
  if (number < CLASSES.length) return css(CLASSES[[1, 0, 2, 3, 5, 4, 6, 7, 8, 9][number]]);
  return `hsl(${Math.round(number * 137.508) % 360} 62% ${theme() === "dark" ? 62 : 46}%)`;
}

let server = "";
let version = 0;
/** Asks for what is new, once a second; at once where the server has more to read, less often where nobody looks. */
export async function follow(): Promise<void> {
  let pause = 1000;
  try {
    const answer = await fetch(`/data?since=${version}`);
    if (!answer.ok) throw new Error(String(answer.status));
    const { head, numbers } = decode(await answer.arrayBuffer());
    if (server && head.server !== server) {
      [server, version] = ["", 0];
      known.clear();
      return await follow();
    }
    const isNew = head.version !== version || head.members.length !== known.size;
    [server, version] = [head.server, head.version];
    merge(known, head, numbers);
    store.connected = true;
    store.folder = head.folder;
    store.language = head.language;
    store.complete = head.complete;
    if (isNew) store.tick++;
    pause = !head.complete ? 30 : document.hidden ? 5000 : 1000;
  } catch {
    store.connected = false;
    pause = 3000;
  }
  setTimeout(follow, pause);
}
