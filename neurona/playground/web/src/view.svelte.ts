/** How the page looks: its language and its colours. */
import type { Theme } from "./draw/colour";
import type { Language } from "./i18n";
import { page } from "./session.svelte";

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const system = $state({ dark: dark.matches });
dark.addEventListener("change", (event) => (system.dark = event.matches));

export const theme = (): Theme => page.view.theme || (system.dark ? "dark" : "light");
export const language = (): Language =>
  page.view.language || (navigator.language.startsWith("es") ? "es" : "en");
export const panels = ["data", "training", "weights", "byHand", "surface", "space", "gauges", "export", "lesson"];
/** The state that the controls change: the first network's, or the second's when it is chosen. */
export const edited = () => (page.active === "b" && page.other ? page.other : page.state);
