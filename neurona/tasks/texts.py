"""What tasks say to people, a table per language: choices, files of examples, the report."""

from collections.abc import Mapping

from neurona.language import in_language, in_spanish

Say = Mapping[str, str]

_ENGLISH = {
    # choice of data set and network
    "did_you_mean": "Did you mean",
    "unknown_dataset": "The data sets are {datasets}. Received: {dataset}.{hint}",
    "unknown_network": "{dataset} can be learned by {networks}. Received: --model {network}.{hint}",
    # files of examples
    "cannot_read": "{file}: expected an image, a .csv or .npy table, or a .txt file of texts.",
    "columns_by_name": "Columns are taken by name; not used: {unused}.",
    "columns_twice": "{file}: the column {name} is there twice; which one is meant is not known.",
    "columns_missing": "{file}: the model needs the columns {features}. Missing: {missing}.",
    "digit_centred": "{file}: the digit is cropped and centred like those that the model learned from.",
    "incomplete_example": "{file}, {name}: a number is missing or not finite; it is not predicted.",
    "incomplete_row": "{file}, line {line}: a cell is empty or not a finite number; it is not predicted.",
    "images_inverted": "{file}: bright background, so dark and bright are swapped (--no-invert keeps them).",
    "no_images": "{file}: this model does not take images; `neurona train` made it for other data.",
    "no_texts": "{file}: the file is empty.",
    "nothing_drawn": "{file}: nothing is drawn: the image is of one brightness.",
    "no_words": (
        "{file}: this model was not trained on texts by `neurona train`: words.json is missing in its folder."
    ),
    "row": "row",
    "rows_do_not_fit": "{file}: the model takes {expected} numbers per row. Received {received}.",
    "table_not_numbers": "{file}, line {line}: expected numbers. Received: {cell!r}",
    # one's own folders and tables of pixels
    "class_too_small": (
        "The class {name} has {count} examples. Each has {fewest} at least: to learn from, to watch the "
        "training, and for the test."
    ),
    "data": "The data",
    "folder_classes": (
        "{folder}: expected a folder for each class, with images or .txt files in it, two at least. Found: "
        "{found}; {loose} files lie beside them."
    ),
    "folder_damaged": "Files that can't be read as images are left out ({count}): {names}",
    "folder_mixed": "The folder holds images and texts; the {count} files of the rarer kind are left out.",
    "folder_part_empty": "{folder}: no file is left for the part {part}.",
    "folder_known": "Files of the test that equal files to learn from: {count}. They flatter the figures.",
    "folder_size": "Images are resized to {height} x {width} pixels (--images 96x96 sets another size).",
    "majority": "Always saying {name}, the most frequent class, is right for {share:.1%} of the test.",
    "one_class": "There is one class only: {name}. Two are needed at least.",
    "pixels_columns": "{file}: {columns} columns beside the target are no images of {shape} pixels, grey or "
    "in colour.",
    "pixels_numbers": "{file}: a pixel is no number: {error}",
    "pixels_range": "{file}: pixels are numbers from 0 to 255, and none is missing.",
    "pixels_target": "{file}: there is no column {target!r}.{hint}",
    # report
    "accuracy": "Accuracy",
    "average_macro": "mean",
    "average_weighted": "weighted mean",
    "class": "Class",
    "confusion": "Confusion matrix",
    "confusion_alternative": "Confusion matrix of {classes} classes. Most frequent mistake: {worst}.",
    "confusion_meaning": (
        "Rows are the true classes, columns what the model said: the diagonal counts what is right, "
        "{right:.1%} of {count} test examples. Most frequent mistake: {worst}."
    ),
    "confusion_perfect": "none",
    "curves": "Learning curves",
    "curves_alternative": "Curves of {metrics} over {epochs} epochs. Last training loss {last:.4g}.",
    "curves_meaning": (
        "The figures after every epoch. The loss of the validation examples was lowest in epoch {best} of "
        "{epochs}; where it rises while that of the training examples falls, the network learns them by rote."
    ),
    "f1": "F1",
    "figure_mae": "Mean absolute error",
    "figure_parameters": "Parameters",
    "figure_r2": "R²",
    "figure_rmse": "Root mean squared error",
    "figure_seconds": "Training time",
    "interrupted_at": (
        "Training was interrupted in epoch {epoch} of {epochs}; figures are those of the model so far."
    ),
    "layer": "Layer",
    "mistakes": "Worst mistakes",
    "mistakes_alternative": "The {count} test examples, at most, that the model is most wrong about.",
    "mistakes_meaning": "The test examples that the model is most wrong about, the worst first.",
    "model": "Model",
    "model_alternative": "Diagram of the layers, from input to output: {layers}.",
    "model_meaning": "The way of an example through the layers, with the shapes that each takes and gives.",
    "per_class": "Figures of every class",
    "precision": "Precision",
    "predicted_as": "{true} taken for {predicted} ({count} of {total})",
    "predictions": "Sample predictions",
    "predictions_alternative": "{count} test examples with what the model predicts and the truth.",
    "predictions_meaning": (
        "Test examples that the model has not learned from, drawn at random: what it says, and what is true."
    ),
    "recall": "Recall",
    "report_lead": (
        "A network ({network}) trained on {dataset}: {train} training, {validation} validation and {test} "
        "test examples."
    ),
    "report_title": "{dataset}: training report",
    "reproduce": "How this was made",
    "residuals": "Residuals",
    "residuals_alternative": (
        "Predicted against actual values of {count} test examples, and the distribution of the errors; R² "
        "{r2:.3f}."
    ),
    "residuals_meaning": (
        "Every point is a test example: on the diagonal the prediction is exact. The model explains {r2:.1%} "
        "of the variance and is wrong by {mae:.3g} on average."
    ),
    "shape": "Output shape",
    "support": "Examples",
}
_SPANISH = {
    # choice of data set and network
    "did_you_mean": "¿Quiso decir",
    "unknown_dataset": "Los conjuntos de datos son {datasets}. Se recibió: {dataset}.{hint}",
    "unknown_network": "{dataset} se puede aprender con {networks}. Se recibió: --model {network}.{hint}",
    # files of examples
    "cannot_read": "{file}: se esperaba una imagen, una tabla .csv o .npy, o un archivo .txt de textos.",
    "columns_by_name": "Las columnas se toman por su nombre; sin usar: {unused}.",
    "columns_twice": "{file}: la columna {name} está dos veces; no se sabe cuál vale.",
    "columns_missing": "{file}: el modelo necesita las columnas {features}. Faltan: {missing}.",
    "digit_centred": "{file}: la cifra se recorta y se centra como aquellas con las que aprendió el modelo.",
    "incomplete_example": "{file}, {name}: falta un número o no es finito; no se predice.",
    "incomplete_row": ("{file}, línea {line}: una celda está vacía o no es un número finito; no se predice."),
    "images_inverted": (
        "{file}: fondo claro, así que se intercambian claro y oscuro (--no-invert los deja como están)."
    ),
    "no_images": "{file}: este modelo no toma imágenes; `neurona train` lo hizo para otros datos.",
    "no_texts": "{file}: el archivo está vacío.",
    "nothing_drawn": "{file}: no hay nada dibujado: la imagen tiene un solo brillo.",
    "no_words": (
        "{file}: este modelo no se entrenó con textos mediante `neurona train`: falta words.json en su "
        "carpeta."
    ),
    "row": "fila",
    "rows_do_not_fit": "{file}: el modelo toma {expected} números por fila. Se recibieron {received}.",
    "table_not_numbers": "{file}, línea {line}: se esperaban números. Se recibió: {cell!r}",
    # carpetas y tablas de píxeles propias
    "class_too_small": (
        "La clase {name} tiene {count} ejemplos. Cada una tiene al menos {fewest}: para aprender, para "
        "vigilar el entrenamiento y para la prueba."
    ),
    "data": "Los datos",
    "folder_classes": (
        "{folder}: se esperaba una carpeta por clase, con imágenes o archivos .txt, y al menos dos. Se "
        "encontró: {found}; junto a ellas hay {loose} archivos."
    ),
    "folder_damaged": "Los archivos que no se pueden leer como imágenes se dejan fuera ({count}): {names}",
    "folder_mixed": "La carpeta guarda imágenes y textos; se dejan fuera los {count} del tipo más raro.",
    "folder_part_empty": "{folder}: no queda ningún archivo para la parte {part}.",
    "folder_known": "Archivos de la prueba iguales a otros que se aprenden: {count}. Halagan las cifras.",
    "folder_size": "Las imágenes pasan a {height} x {width} píxeles (--images 96x96 fija otro tamaño).",
    "majority": "Quien dice siempre {name}, la clase más frecuente, acierta el {share:.1%} de la prueba.",
    "one_class": "Hay una sola clase: {name}. Hacen falta al menos dos.",
    "pixels_columns": (
        "{file}: {columns} columnas además del objetivo no forman imágenes de {shape} píxeles, en gris o en "
        "color."
    ),
    "pixels_numbers": "{file}: un píxel no es un número: {error}",
    "pixels_range": "{file}: los píxeles son números de 0 a 255 y no falta ninguno.",
    "pixels_target": "{file}: no hay ninguna columna {target!r}.{hint}",
    # report
    "accuracy": "Exactitud",
    "average_macro": "media",
    "average_weighted": "media ponderada",
    "class": "Clase",
    "confusion": "Matriz de confusión",
    "confusion_alternative": "Matriz de confusión de {classes} clases. Error más frecuente: {worst}.",
    "confusion_meaning": (
        "Las filas son las clases reales y las columnas lo que dijo el modelo: la diagonal cuenta los "
        "aciertos, el {right:.1%} de {count} ejemplos de prueba. Error más frecuente: {worst}."
    ),
    "confusion_perfect": "ninguno",
    "curves": "Curvas de aprendizaje",
    "curves_alternative": (
        "Curvas de {metrics} a lo largo de {epochs} épocas. Última pérdida de entrenamiento {last:.4g}."
    ),
    "curves_meaning": (
        "Las cifras tras cada época. La pérdida de los ejemplos de validación fue mínima en la época {best} "
        "de {epochs}; donde sube mientras baja la de los de entrenamiento, la red se los aprende de memoria."
    ),
    "f1": "F1",
    "figure_mae": "Error absoluto medio",
    "figure_parameters": "Parámetros",
    "figure_r2": "R²",
    "figure_rmse": "Raíz del error cuadrático medio",
    "figure_seconds": "Tiempo de entrenamiento",
    "interrupted_at": (
        "El entrenamiento se interrumpió en la época {epoch} de {epochs}; las cifras son las del modelo "
        "hasta ahí."
    ),
    "layer": "Capa",
    "mistakes": "Peores errores",
    "mistakes_alternative": "Hasta {count} ejemplos de prueba, los que el modelo más equivoca.",
    "mistakes_meaning": "Los ejemplos de prueba en los que el modelo más se equivoca; primero el peor.",
    "model": "Modelo",
    "model_alternative": "Diagrama de las capas, de la entrada a la salida: {layers}.",
    "model_meaning": "El camino de un ejemplo por las capas, con las formas que cada una recibe y devuelve.",
    "per_class": "Cifras de cada clase",
    "precision": "Precisión",
    "predicted_as": "{true} tomada por {predicted} ({count} de {total})",
    "predictions": "Predicciones de ejemplo",
    "predictions_alternative": "{count} ejemplos de prueba con lo que el modelo predice y lo real.",
    "predictions_meaning": (
        "Ejemplos de prueba con los que el modelo no aprendió, tomados al azar: lo que dice y lo que es "
        "cierto."
    ),
    "recall": "Exhaustividad",
    "report_lead": (
        "Una red ({network}) entrenada con {dataset}: {train} ejemplos de entrenamiento, {validation} de "
        "validación y {test} de prueba."
    ),
    "report_title": "{dataset}: informe del entrenamiento",
    "reproduce": "Cómo se hizo",
    "residuals": "Residuos",
    "residuals_alternative": (
        "Valores predichos frente a reales de {count} ejemplos de prueba, y distribución de los errores; R² "
        "{r2:.3f}."
    ),
    "residuals_meaning": (
        "Cada punto es un ejemplo de prueba: en la diagonal la predicción es exacta. El modelo explica el "
        "{r2:.1%} de la varianza y se equivoca en {mae:.3g} de media."
    ),
    "shape": "Forma de salida",
    "support": "Ejemplos",
}
TABLES: dict[str, Say] = {"en": _ENGLISH, "es": in_spanish(_SPANISH)}


def texts(language: str) -> Say:
    """The table of a language.

    Raises:
        ArgumentError: there is no table for the language.
    """
    return in_language(TABLES, language)
