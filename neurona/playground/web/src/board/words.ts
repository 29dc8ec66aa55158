/** The words of the page of runs: English, Spanish. */
import type { Language } from "../i18n";

export const WORDS = {
  title: ["Runs", "Entrenamientos"], theme: ["Light or dark", "Claro u oscuro"], language: ["Español", "English"],
  skip: ["To the figures", "Ir a las cifras"],
  lost: ["The server does not answer. Trying again… If it was started again, open its new address.",
    "El servidor no responde. Se intenta de nuevo… Si se reinició, abra su nueva dirección."],
  reading: ["Reading…", "Leyendo…"], live: ["live", "en directo"],
  none: ["No runs in this folder yet. This page shows them as soon as a training writes:",
    "Aún no hay entrenamientos en esta carpeta. Esta página los muestra en cuanto uno escribe:"],
  search: ["Search", "Buscar"],
  searchHint: ["words, or conditions: optimizer=Adam learning_rate<0.01 val_loss<0.3",
    "palabras o condiciones: optimizer=Adam learning_rate<0.01 val_loss<0.3"],
  order: ["Order", "Orden"], newest: ["newest first", "más nuevos"], byName: ["by name", "por nombre"],
  all: ["All", "Todos"], nothing: ["None", "Ninguno"], only: ["Only {key}", "Solo {key}"],
  runs: ["runs", "entrenamientos"], shownRuns: ["{shown} of {all} shown", "{shown} de {all} a la vista"],
  running: ["running", "en curso"], finished: ["finished", "terminado"], stopped: ["stopped", "detenido"],
  failed: ["failed", "fallido"], lostRun: ["process gone", "proceso desaparecido"], silent: ["silent", "sin novedad"],
  damaged: ["{n} damaged lines left out", "{n} líneas dañadas omitidas"],
  curves: ["Curves", "Curvas"], compare: ["Comparison", "Comparación"], parallel: ["Hyperparameters", "Hiperparámetros"],
  histograms: ["Histograms", "Histogramas"], pictures: ["Images", "Imágenes"], system: ["System", "Sistema"],
  smoothing: ["Smoothing", "Suavizado"], axis: ["Horizontal axis", "Eje horizontal"],
  epoch: ["epoch", "época"], step: ["step", "paso"], time: ["time", "tiempo"], logScale: ["Log scale", "Escala log."],
  outliers: ["Leave out outliers", "Sin extremos"], figures: ["Figures", "Cifras"],
  filterFigures: ["Filter by name", "Filtrar por nombre"], enlarge: ["Enlarge", "Ampliar"],
  training: ["training", "entrenamiento"], validation: ["validation", "validación"],
  chart: ["{name}: {lines} curves of {runs} runs. Arrow keys read the values.",
    "{name}: {lines} curvas de {runs} entrenamientos. Las flechas leen los valores."],
  noFigures: ["The chosen runs have no such figures.", "Los entrenamientos elegidos no tienen esas cifras."],
  value: ["Value", "Valor"], last: ["last", "último"], lowest: ["lowest", "mínimo"], highest: ["highest", "máximo"],
  run: ["Run", "Entrenamiento"], state: ["State", "Estado"], seconds: ["Duration", "Duración"],
  showAll: ["Show all {n}", "Mostrar los {n}"], differing: ["Only what differs", "Solo lo que difiere"],
  metric: ["Figure", "Cifra"], kept: ["{n} of {all} runs in the ranges", "{n} de {all} entrenamientos en los rangos"],
  keep: ["Show only these", "Mostrar solo estos"], clear: ["Clear the ranges", "Quitar los rangos"],
  ranges: ["Ranges, by keyboard", "Rangos, con el teclado"], from: ["from", "desde"], to: ["to", "hasta"],
  brushHint: ["Drag along an axis to choose a range.", "Arrastre sobre un eje para elegir un rango."],
  fewAxes: ["The chosen runs do not differ in any hyperparameter.", "Los entrenamientos elegidos no difieren en ningún hiperparámetro."],
  histogramHint: ["Board(histogram_freq=1, gradient_freq=1) writes them.", "Board(histogram_freq=1, gradient_freq=1) los escribe."],
  pictureHint: ["Board(images=function) writes them.", "Board(images=función) las escribe."],
  noHistograms: ["No chosen run has histograms.", "Ningún entrenamiento elegido tiene histogramas."],
  noPictures: ["No chosen run has images.", "Ningún entrenamiento elegido tiene imágenes."],
  noSystem: ["No chosen run tells the load of its machine.", "Ningún entrenamiento elegido dice la carga de su equipo."],
  histogramOf: ["{name}: {count} histograms, from {low} to {high}", "{name}: {count} histogramas, de {low} a {high}"],
  newestAbove: ["The newest is in front.", "El más reciente está delante."],
  cpu: ["CPU of the process (% of a core)", "CPU del proceso (% de un núcleo)"],
  machine_cpu: ["CPU of the machine (%)", "CPU del equipo (%)"], memory: ["Memory of the process", "Memoria del proceso"],
  memory_available: ["Memory available", "Memoria disponible"], device_memory: ["Memory of the device", "Memoria del dispositivo"],
  firstRuns: ["Of {all} runs with images, the first {n}.", "De {all} entrenamientos con imágenes, los primeros {n}."],
} satisfies Record<string, [string, string]>;

export type Word = keyof typeof WORDS;

/** The word in a language, with its fields filled in; an unknown key is shown as it is. */
export function say(key: string, language: Language, fields: Record<string, string | number> = {}): string {
  const found = (WORDS as Record<string, string[]>)[key]?.[language === "es" ? 1 : 0] ?? key;
  return found.replace(/\{(\w+)\}/g, (_, name: string) =>
    typeof fields[name] === "number" ? (fields[name] as number).toLocaleString(language) : String(fields[name] ?? ""));
}
