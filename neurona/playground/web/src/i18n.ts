/** The page's words: English, Spanish. */
export type Language = "en" | "es";

const WORDS = {
  title: ["Watch a network learn", "Vea aprender una red"],
  play: ["Play", "Iniciar"], pause: ["Pause", "Pausar"], step: ["One update", "Una actualización"],
  reset: ["Reset", "Reiniciar"], epoch: ["Epoch", "Época"], update: ["Updates", "Actualizaciones"],
  speed: ["Speed", "Velocidad"], fastest: ["no limit", "sin límite"],
  perSecond: ["a second", "por segundo"], data: ["Data", "Datos"], features: ["Features", "Entradas"],
  network: ["Network", "Red"], training: ["Training", "Entrenamiento"], output: ["Output", "Salida"],
  hidden: ["hidden layers", "capas ocultas"], parameters: ["parameters", "parámetros"],
  problem: ["Problem", "Problema"], classification: ["Classification", "Clasificación"],
  regression: ["Regression", "Regresión"], noise: ["Noise (%)", "Ruido (%)"],
  share: ["Training share (%)", "Parte de entrenamiento (%)"], batch: ["Batch size", "Tamaño de lote"],
  classes: ["Classes", "Clases"], regenerate: ["Regenerate", "Regenerar"], own: ["Own points", "Puntos propios"],
  draw: ["Click in the output to draw a point; with Shift, to remove the nearest", "Haga clic en la salida para dibujar un punto; con Mayús, para quitar el más cercano"],
  paste: ["Paste x, y, class (CSV)", "Pegue x, y, clase (CSV)"], use: ["Use these", "Usar estos"],
  badLine: ["Line {n} is not x, y, class", "La línea {n} no es x, y, clase"],
  formula: ["Formula", "Fórmula"], activation: ["Activation", "Activación"], dropout: ["Dropout", "Dropout"],
  normalization: ["Batch normalization", "Normalización por lotes"], units: ["Neurons", "Neuronas"],
  addLayer: ["Add a layer", "Añadir una capa"], removeLayer: ["Remove the layer", "Quitar la capa"],
  more: ["Add a neuron", "Añadir una neurona"], fewer: ["Remove a neuron", "Quitar una neurona"],
  layer: ["Layer", "Capa"], loss: ["Loss", "Pérdida"], optimizer: ["Optimizer", "Optimizador"],
  rate: ["Learning rate", "Tasa de aprendizaje"], regularization: ["Regularization", "Regularización"],
  none: ["None", "Ninguna"], regRate: ["Regularization rate", "Tasa de regularización"],
  seed: ["Seed", "Semilla"], skips: ["Skip connections", "Conexiones de salto"],
  from: ["From", "De"], to: ["To", "A"], add: ["Add", "Añadir"], remove: ["Remove", "Quitar"],
  trainLoss: ["Training loss", "Pérdida de entrenamiento"], testLoss: ["Test loss", "Pérdida de prueba"],
  accuracy: ["Test accuracy", "Exactitud de prueba"], test: ["Show test data", "Mostrar datos de prueba"],
  discretize: ["Discretize", "Discretizar"], rewind: ["Rewind", "Retroceder"],
  compare: ["Compare two networks", "Comparar dos redes"], weights: ["Weights as a table", "Pesos como tabla"],
  kernel: ["weight", "peso"], bias: ["bias", "sesgo"], set: ["Set", "Fijar"], value: ["Value", "Valor"],
  byHand: ["One step by hand", "Un paso a mano"], compute: ["Compute", "Calcular"], row: ["Point", "Punto"],
  surface: ["Loss surface", "Superficie de pérdida"], space: ["Space of a layer", "Espacio de una capa"],
  gauges: ["Gauges", "Indicadores"], gradient: ["Mean gradient", "Gradiente medio"],
  dead: ["Dead neurons", "Neuronas muertas"], overfit: ["Overfitting", "Sobreajuste"],
  export: ["Export", "Exportar"], notebook: ["Notebook", "Cuaderno"], model: ["Model file", "Archivo del modelo"],
  theme: ["Light or dark", "Claro u oscuro"], language: ["Español", "English"],
  lost: ["The engine does not answer. Trying again… If it was started again, open its new address.",
    "El motor no responde. Se intenta de nuevo… Si se reinició, abra su nueva dirección."],
  refused: ["Not understood in the address, default taken: ", "No se entendió en la dirección; se toma lo predeterminado: "],
  thisPanel: ["this panel, when the address is opened next", "este panel, la próxima vez que se abra la dirección"],
  between: ["{name} is a number from {low} to {high}. Received: {value}", "{name} es un número de {low} a {high}. Se recibió: {value}"],
  axes: ["Neuron 1 to the right, neuron 2 upwards", "Neurona 1 hacia la derecha, neurona 2 hacia arriba"],
  lesson: ["Lesson: hide panels", "Lección: ocultar paneles"], show: ["Show", "Mostrar"],
  classColours: ["Colours", "Colores"], low: ["negative", "negativo"], high: ["positive", "positivo"],
  circle: ["Circles", "Círculos"], xor: ["Exclusive or", "O exclusivo"], gauss: ["Two clouds", "Dos nubes"],
  spiral: ["Spirals", "Espirales"], plane: ["Plane", "Plano"], gaussians: ["Hills", "Colinas"],
  points: ["Own points", "Puntos propios"], outputLayer: ["Output", "Salida"],
  net: ["Neural network: neurons and connections", "Red neuronal: neuronas y conexiones"],
  picture: ["What the network answers for each point of the plane", "Lo que responde la red en cada punto del plano"],
  curve: ["Loss over updates, training and test", "Pérdida por actualización, entrenamiento y prueba"],
} satisfies Record<string, [string, string]>;

export type Word = keyof typeof WORDS;

/** The word in a language; an unknown key, such as a name of the engine, is shown as it is. */
export function word(key: string, language: Language): string {
  const found = (WORDS as Record<string, string[]>)[key];
  return found ? found[language === "es" ? 1 : 0] : key;
}

export const words = WORDS;

/** A number as the language writes it in a field: without groups, and no digit more than it has. */
export const written = (value: number, language: Language): string =>
  value.toLocaleString(language, { useGrouping: false, maximumSignificantDigits: 7 });

/** The number that a field holds, with a decimal point or comma. */
export const numberOf = (text: string): number => (text.trim() === "" ? NaN : Number(text.trim().replace(",", ".")));

/** A number as the language writes it. */
export function shown(value: number | null | undefined, language: Language, digits = 3): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "NaN";
  return value.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
