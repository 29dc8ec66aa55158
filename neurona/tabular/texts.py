"""What the report of a table says, a table per language."""

from collections.abc import Mapping

from neurona.language import in_language, in_spanish

_ENGLISH = {
    "at_point": "{value} ({point})",
    "class_share": "{name} ({share:.1%})",
    "title": "{target}, from {file}",
    "rows_and_columns": "{rows} rows, {used} of {columns} columns",
    "score_classes": "right",
    "score_numbers": "R2",
    "loss_classes": "log loss",
    "loss_numbers": "RMSE",
    "verdict_classes": "{target} is predicted right in {score:.1%} of the rows that were not learned from "
    "(95 %: {low:.1%} to {high:.1%}).",
    "verdict_numbers": "{score:.1%} of the variance of {target} is predicted, on rows that were not learned "
    "from "
    "(95 %: {low:.1%} to {high:.1%}).",
    "wins_alone": "The {simple} model alone predicts best: nothing that was joined with it makes it better.",
    "wins_clearly": "That is better than the best simple model, the {simple} one ({score}); the difference "
    "is "
    "more than chance (p = {p:.2g}).",
    "wins_unclearly": "The best simple model, the {simple} one, reaches {score}; the difference may be "
    "chance "
    "(p = {p:.2g}).",
    "no_doubt": "Nothing doubtful was found in the table.",
    "members": "{name} {share:.0%}",
    "columns": "Columns",
    "column": "column",
    "kind": "kind",
    "why": "why",
    "missing": "missing",
    "distinct": "different",
    "left_out": "{kind}, left out",
    "checks": "Checks",
    "check": "check",
    "result": "result",
    "passed": "passed",
    "models": "Models",
    "model": "model",
    "interval": "95 %",
    "weight": "weight in the join",
    "seconds": "seconds",
    "models_meaning": "Each model is judged by rows that it has not learned from; the join by rows on which "
    "its "
    "weights were not chosen either.",
    "per_class": "Per class",
    "class": "class",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "support": "rows",
    "figures": "Figures",
    "confusion_alternative": "Confusion matrix of {classes} classes.",
    "confusion_meaning": "Rows are what is true, columns what is predicted.",
    "residuals_alternative": "Predicted against true values, and the distribution of the errors.",
    "residuals_meaning": "On the diagonal a prediction is right.",
    "calibration": "Honest probabilities",
    "promised": "promised",
    "kept": "kept",
    "calibration_meaning": "Of the rows of which a probability was promised, so many were predicted right. "
    "The mean "
    "distance is {error:.3f}.",
    "worth": "What each column is worth",
    "worth_mean": "the loss grows by",
    "worth_spread": "spread",
    "worth_meaning": "How much worse the predictions of new rows get when the cells of the column are "
    "shuffled. "
    "Columns that say the same share what they are worth.",
    "worst": "Where it is most wrong",
    "row": "row",
    "truth": "true",
    "predicted": "predicted",
    "probability": "probability of what is true",
    "error": "error",
    "assessment_title": "{target}, examined with {file}",
    "assessed_classes": "{target} is predicted right in {score:.1%} of {rows} rows (95 %: {low:.1%} to "
    "{high:.1%}).",
    "assessed_numbers": "{score:.1%} of the variance of {target} is predicted in {rows} rows (95 %: "
    "{low:.1%} to "
    "{high:.1%}).",
    "as_expected": "That fits what the training promised: {score:.1%} ({low:.1%} to {high:.1%}).",
    "worse_than_expected": "That is less than the training promised: {score:.1%} ({low:.1%} to {high:.1%}).",
    "better_than_expected": "That is more than the training promised: {score:.1%} ({low:.1%} to {high:.1%}).",
    "nothing_expected": "What the training promised is not known here: its report.json lies in no folder "
    "beside it.",
    "no_doubt_rows": "Nothing doubtful was found in these rows.",
    "rows_used": "rows",
    "loss_interval": "{name}, 95 %",
    "drift": "How far the columns are from what was learned",
    "distance": "distance",
    "chance": "chance alone",
    "others_share": "none of the frequent texts, before → now",
    "missing_share": "missing, before → now",
    "drift_meaning": "The distance is the population stability index: above 0.2 a column is not what it "
    "was, if "
    "chance alone hardly explains it. Only columns of the model are compared.",
    "no_profile": "The model was made without counts of the rows that it learned from, so they can't be "
    "compared.",
    "explanation_title": "Why {target}, by the rows of {file}",
    "explained_loss": "{name} is worth most: without it the loss grows by {growth} (95 %: {low} to {high}).",
    "explained_moves": "{name} moves the predictions most: by {growth} (95 %: {low} to {high}). The table "
    "does not hold "
    "{target}, so nothing tells whether they are right.",
    "explained_several": "{columns} of {of} columns do more than chance.",
    "explained_none": "No column does more than chance.",
    "importance": "What each column is worth",
    "importance_loss": "the loss grows by",
    "importance_moves": "the predictions move by",
    "importance_alternative": "A bar for each column; the longest is {name}.",
    "importance_loss_meaning": "How much worse the predictions of {rows} rows get when the cells of a "
    "column are "
    "shuffled among them, five times; the intervals are over the rows (BCa, 95 %). Columns that say the "
    "same share "
    "what they are worth.",
    "importance_moves_meaning": "How far the predictions of {rows} rows move when the cells of a column are "
    "shuffled "
    "among them, five times; the intervals are over the rows (BCa, 95 %). Columns that say the same share "
    "what they "
    "do.",
    "dependence": "How the prediction moves along the columns",
    "dependence_alternative": "Curves of the mean prediction along {names}.",
    "dependence_numbers": "The mean prediction of rows that are alike but for this column. Half of the rows "
    "lie in the "
    "band. Where cells hardly occur together in real rows, the curve says little.",
    "dependence_classes": "The mean probability{of} of rows that are alike but for this column. Half of the "
    "rows lie in "
    "the band, where there is one. Where cells hardly occur together in real rows, the curve says little.",
    "of_class": " of {name}",
    "probability_of": "probability of {name}",
    "lowest": "lowest (at)",
    "highest": "highest (at)",
    "explained_row": "Row {row}",
    "explained_row_numbers": "The prediction is {prediction}; of the rows that it is compared with it is "
    "{mean} on "
    "average. The columns make the difference: what they add sums to it exactly.",
    "explained_row_classes": "The probability of {output} is {prediction}; of the rows that it is compared "
    "with it is "
    "{mean} on average. The columns make the difference: what they add sums to it exactly.",
    "explained_truth": "What is true: {truth}.",
    "explained_alternative": "A bar for each column: what it adds to the prediction of row {row}.",
    "cell": "cell",
    "added": "adds",
    "standard_error": "standard error",
    "explained_meaning": "The cells of the row take the place of those of another row, in a random order; "
    "what the "
    "prediction moves by is what each column adds, on average over {rows} rows (Shapley values by sampling).",
    "worst_rows": "Worst and most typical rows",
    "worst_row": "predicted worst",
    "typical_row": "typical",
    "what": "why it is here",
    "comparison_title": "Trainings that predict {target}",
    "best_run": "{name} predicts best: {score}.",
    "best_clearly": "It differs from each of the others by more than chance.",
    "best_by_chance": "What it has ahead of these may be chance: {names}.",
    "other_target": "{name} can't be compared with {best}: it predicts something else.",
    "other_rows": "{name} can't be compared with {best}: the data differ, since rows of one number have "
    "different "
    "targets.",
    "no_shared_rows": "{name} can't be compared with {best}: there are hardly rows that both were tested "
    "with.",
    "runs": "Runs",
    "run": "run",
    "score": "right, or R2",
    "loss": "log loss, or RMSE",
    "preset": "preset",
    "columns_left_out": "columns left out",
    "chance_beside": "chance alone, beside the first",
    "p_on_rows": "p = {p:.2g} ({rows} rows)",
    "not_comparable": "not comparable",
    "comparison_meaning": "Each score is of the rows that the run was tested with. The runs are compared "
    "with the first "
    "on the rows that both were tested with: by McNemar's exact test, or for numbers by their squared "
    "errors. Who "
    "compares many runs finds a difference by chance now and then.",
    "check_learned_rows": "rows that were learned from",
    "check_drifted": "columns as in the training",
    "check_few_rows": "rows enough",
    "reproduce": "Again",
    "check_telling": "one column tells nearly all",
    "check_repeated": "repeated rows",
    "check_rare": "rare classes",
    "check_imbalanced": "small classes",
    "kind_number": "number",
    "kind_boolean": "yes or no",
    "kind_date": "date",
    "kind_category": "category",
    "kind_text": "text",
    "kind_identifier": "names rows",
    "kind_constant": "constant",
    "kind_empty": "empty",
    "model_joined": "joined",
    "model_constant": "constant",
    "model_linear": "linear",
    "model_neighbours": "nearest rows",
    "model_trees": "boosted trees",
    "model_lightgbm": "LightGBM",
    "model_xgboost": "XGBoost",
    "model_catboost": "CatBoost",
    "model_network": "network",
    "model_searched": "searched network",
    "search_tried": "{trials} networks were tried on {rows} rows; {stopped} of them were stopped early.",
    "search_best": "The best is trial {number}: {values}.",
    "search_wins": "A linear model reaches {score}, with a greater loss.",
    "search_loses": "A linear model reaches {score}, with a loss that is no greater: prefer it, it is "
    "simpler.",
    "search_trials": "Trials",
    "search_trial": "trial",
    "search_epochs": "epochs",
    "search_state": "end",
    "search_complete": "complete",
    "search_stopped": "stopped early",
    "search_failed": "failed",
    "search_trials_meaning": "Of {trials} trials {stopped} were stopped early, since others were better "
    "after as "
    "many epochs, and {failed} failed. The figure is that of the rows of the folds, by which the best "
    "was chosen: "
    "that of the held-out rows above is the honest one.",
    "search_hyper": "hyperparameter",
    "search_share": "importance",
    "search_importance": "Importance of the hyperparameters",
    "search_importance_meaning": "How much of the differences between trials lies between the values of "
    "each.",
    "search_parallel": "Trials as lines",
    "search_parallel_meaning": "Each line is a trial, from the value of one hyperparameter to the next; "
    "dark ones "
    "are better. Where dark lines meet, good values are.",
    "search_code": "The network as code",
}
_SPANISH = {
    "at_point": "{value} ({point})",
    "class_share": "{name} ({share:.1%})",
    "title": "{target}, a partir de {file}",
    "rows_and_columns": "{rows} filas, {used} de {columns} columnas",
    "score_classes": "acierto",
    "score_numbers": "R2",
    "loss_classes": "pérdida logarítmica",
    "loss_numbers": "RMSE",
    "verdict_classes": "{target} se predice bien en el {score:.1%} de las filas de las que no se aprendió "
    "(95 %: de {low:.1%} a {high:.1%}).",
    "verdict_numbers": "Se predice el {score:.1%} de la varianza de {target}, en filas de las que no se "
    "aprendió "
    "(95 %: de {low:.1%} a {high:.1%}).",
    "wins_alone": "El modelo {simple} solo es el que mejor predice: nada de lo que se le unió lo mejora.",
    "wins_clearly": "Es mejor que el mejor modelo sencillo, el {simple} ({score}); la diferencia es más que "
    "azar "
    "(p = {p:.2g}).",
    "wins_unclearly": "El mejor modelo sencillo, el {simple}, alcanza {score}; la diferencia puede ser azar "
    "(p = {p:.2g}).",
    "no_doubt": "No se encontró nada dudoso en la tabla.",
    "members": "{name} {share:.0%}",
    "columns": "Columnas",
    "column": "columna",
    "kind": "tipo",
    "why": "por qué",
    "missing": "vacías",
    "distinct": "distintas",
    "left_out": "{kind}, se deja fuera",
    "checks": "Comprobaciones",
    "check": "comprobación",
    "result": "resultado",
    "passed": "superada",
    "models": "Modelos",
    "model": "modelo",
    "interval": "95 %",
    "weight": "peso en la unión",
    "seconds": "segundos",
    "models_meaning": "Cada modelo se juzga con filas de las que no aprendió; la unión, con filas con las "
    "que "
    "tampoco se eligieron sus pesos.",
    "per_class": "Por clase",
    "class": "clase",
    "precision": "precisión",
    "recall": "exhaustividad",
    "f1": "F1",
    "support": "filas",
    "figures": "Cifras",
    "confusion_alternative": "Matriz de confusión de {classes} clases.",
    "confusion_meaning": "Las filas son lo verdadero; las columnas, lo predicho.",
    "residuals_alternative": "Valores predichos frente a verdaderos, y la distribución de los errores.",
    "residuals_meaning": "En la diagonal la predicción es exacta.",
    "calibration": "Probabilidades honestas",
    "promised": "prometida",
    "kept": "cumplida",
    "calibration_meaning": "De las filas a las que se prometió una probabilidad, tantas se predijeron bien. "
    "La "
    "distancia media es {error:.3f}.",
    "worth": "Cuánto vale cada columna",
    "worth_mean": "la pérdida crece en",
    "worth_spread": "dispersión",
    "worth_meaning": "Cuánto empeoran las predicciones de filas nuevas si se barajan las celdas de la "
    "columna. Las "
    "columnas que dicen lo mismo se reparten su valor.",
    "worst": "Dónde se equivoca más",
    "row": "fila",
    "truth": "verdadero",
    "predicted": "predicho",
    "probability": "probabilidad de lo verdadero",
    "error": "error",
    "assessment_title": "{target}, examinado con {file}",
    "assessed_classes": "{target} se predice bien en el {score:.1%} de {rows} filas (95 %: de {low:.1%} a "
    "{high:.1%}).",
    "assessed_numbers": "Se predice el {score:.1%} de la varianza de {target} en {rows} filas (95 %: de "
    "{low:.1%} a "
    "{high:.1%}).",
    "as_expected": "Concuerda con lo que prometió el entrenamiento: {score:.1%} (de {low:.1%} a {high:.1%}).",
    "worse_than_expected": "Es menos de lo que prometió el entrenamiento: {score:.1%} (de {low:.1%} a "
    "{high:.1%}).",
    "better_than_expected": "Es más de lo que prometió el entrenamiento: {score:.1%} (de {low:.1%} a "
    "{high:.1%}).",
    "nothing_expected": "Aquí no se sabe qué prometió el entrenamiento: su report.json no está en la "
    "carpeta.",
    "no_doubt_rows": "No se encontró nada dudoso en estas filas.",
    "rows_used": "filas",
    "loss_interval": "{name}, 95 %",
    "drift": "Cuánto se alejan las columnas de lo aprendido",
    "distance": "distancia",
    "chance": "solo azar",
    "others_share": "ningún texto frecuente, antes → ahora",
    "missing_share": "vacías, antes → ahora",
    "drift_meaning": "La distancia es el índice de estabilidad poblacional: por encima de 0.2 una columna "
    "no es lo "
    "que era, si el azar apenas lo explica. Solo se comparan las columnas del modelo.",
    "no_profile": "El modelo se hizo sin contar las filas de las que aprendió, así que no se pueden "
    "comparar.",
    "explanation_title": "Por qué {target}, según las filas de {file}",
    "explained_loss": "{name} es la que más vale: sin ella la pérdida crece en {growth} (95 %: de {low} a "
    "{high}).",
    "explained_moves": "{name} es la que más mueve las predicciones: en {growth} (95 %: de {low} a {high}). "
    "La tabla no "
    "tiene {target}, así que nada dice si aciertan.",
    "explained_several": "{columns} de {of} columnas hacen más que el azar.",
    "explained_none": "Ninguna columna hace más que el azar.",
    "importance": "Cuánto vale cada columna",
    "importance_loss": "la pérdida crece en",
    "importance_moves": "las predicciones se mueven en",
    "importance_alternative": "Una barra por columna; la más larga es {name}.",
    "importance_loss_meaning": "Cuánto empeoran las predicciones de {rows} filas si se barajan entre ellas "
    "las celdas "
    "de una columna, cinco veces; los intervalos son sobre las filas (BCa, 95 %). Las columnas que dicen lo "
    "mismo se "
    "reparten su valor.",
    "importance_moves_meaning": "Cuánto se mueven las predicciones de {rows} filas si se barajan entre "
    "ellas las celdas "
    "de una columna, cinco veces; los intervalos son sobre las filas (BCa, 95 %). Las columnas que dicen lo "
    "mismo se "
    "reparten lo que hacen.",
    "dependence": "Cómo se mueve la predicción a lo largo de las columnas",
    "dependence_alternative": "Curvas de la predicción media a lo largo de {names}.",
    "dependence_numbers": "La predicción media de filas iguales salvo en esta columna. La mitad de las "
    "filas están en "
    "la banda. Donde las celdas apenas se dan juntas en filas reales, la curva dice poco.",
    "dependence_classes": "La probabilidad media{of} de filas iguales salvo en esta columna. La mitad de "
    "las filas "
    "están en la banda, donde la hay. Donde las celdas apenas se dan juntas en filas reales, la curva dice "
    "poco.",
    "of_class": " de {name}",
    "probability_of": "probabilidad de {name}",
    "lowest": "la menor (en)",
    "highest": "la mayor (en)",
    "explained_row": "Fila {row}",
    "explained_row_numbers": "La predicción es {prediction}; la de las filas con que se compara es {mean} "
    "de media. Las "
    "columnas hacen la diferencia: lo que añaden la suma exactamente.",
    "explained_row_classes": "La probabilidad de {output} es {prediction}; la de las filas con que se "
    "compara es {mean} "
    "de media. Las columnas hacen la diferencia: lo que añaden la suma exactamente.",
    "explained_truth": "Lo verdadero: {truth}.",
    "explained_alternative": "Una barra por columna: lo que añade a la predicción de la fila {row}.",
    "cell": "celda",
    "added": "añade",
    "standard_error": "error estándar",
    "explained_meaning": "Las celdas de la fila toman el lugar de las de otra, en un orden al azar; lo que "
    "se mueve la "
    "predicción es lo que añade cada columna, de media sobre {rows} filas (valores de Shapley por muestreo).",
    "worst_rows": "Filas peor predichas y más típicas",
    "worst_row": "la peor predicha",
    "typical_row": "típica",
    "what": "por qué está aquí",
    "comparison_title": "Entrenamientos que predicen {target}",
    "best_run": "{name} es el que mejor predice: {score}.",
    "best_clearly": "Se distingue de cada uno de los otros por más que azar.",
    "best_by_chance": "Lo que aventaja a estos puede ser azar: {names}.",
    "other_target": "{name} no se puede comparar con {best}: predice otra cosa.",
    "other_rows": "{name} no se puede comparar con {best}: los datos son otros, porque filas de un mismo "
    "número tienen "
    "objetivos distintos.",
    "no_shared_rows": "{name} no se puede comparar con {best}: apenas hay filas con las que se examinaron "
    "los dos.",
    "runs": "Ejecuciones",
    "run": "ejecución",
    "score": "acierto, o R2",
    "loss": "pérdida logarítmica, o RMSE",
    "preset": "preset",
    "columns_left_out": "columnas fuera",
    "chance_beside": "solo azar, frente a la primera",
    "p_on_rows": "p = {p:.2g} ({rows} filas)",
    "not_comparable": "no comparable",
    "comparison_meaning": "Cada cifra es de las filas con que se examinó la ejecución. Se comparan con la "
    "primera en las "
    "filas con que se examinaron ambas: con la prueba exacta de McNemar o, si son números, por sus errores "
    "al "
    "cuadrado. Quien compara muchas encuentra a veces una diferencia por azar.",
    "check_learned_rows": "filas de las que se aprendió",
    "check_drifted": "columnas como en el entrenamiento",
    "check_few_rows": "filas suficientes",
    "reproduce": "Otra vez",
    "check_telling": "una columna lo dice casi todo",
    "check_repeated": "filas repetidas",
    "check_rare": "clases raras",
    "check_imbalanced": "clases pequeñas",
    "kind_number": "número",
    "kind_boolean": "sí o no",
    "kind_date": "fecha",
    "kind_category": "categoría",
    "kind_text": "texto",
    "kind_identifier": "nombra filas",
    "kind_constant": "constante",
    "kind_empty": "vacía",
    "model_joined": "unión",
    "model_constant": "constante",
    "model_linear": "lineal",
    "model_neighbours": "de filas cercanas",
    "model_trees": "de árboles potenciados",
    "model_lightgbm": "de LightGBM",
    "model_xgboost": "de XGBoost",
    "model_catboost": "de CatBoost",
    "model_network": "red",
    "model_searched": "red buscada",
    "search_tried": "Se probaron {trials} redes con {rows} filas; {stopped} de ellas se detuvieron antes.",
    "search_best": "La mejor es la prueba {number}: {values}.",
    "search_wins": "Un modelo lineal llega al {score}, con una pérdida mayor.",
    "search_loses": "Un modelo lineal llega al {score}, con una pérdida que no es mayor: prefiéralo, es "
    "más simple.",
    "search_trials": "Pruebas",
    "search_trial": "prueba",
    "search_epochs": "épocas",
    "search_state": "fin",
    "search_complete": "completa",
    "search_stopped": "detenida antes",
    "search_failed": "fallida",
    "search_trials_meaning": "De {trials} pruebas, {stopped} se detuvieron antes, porque otras eran "
    "mejores tras las "
    "mismas épocas, y {failed} fallaron. La cifra es la de las filas de los pliegues, por la que se "
    "eligió la mejor: "
    "la honesta es la de las filas apartadas, arriba.",
    "search_hyper": "hiperparámetro",
    "search_share": "importancia",
    "search_importance": "Importancia de los hiperparámetros",
    "search_importance_meaning": "Cuánto de las diferencias entre pruebas está entre los valores de cada "
    "uno.",
    "search_parallel": "Las pruebas como líneas",
    "search_parallel_meaning": "Cada línea es una prueba, del valor de un hiperparámetro al siguiente; "
    "las oscuras "
    "son mejores. Donde se juntan líneas oscuras hay valores buenos.",
    "search_code": "La red como código",
}

_TABLES = {"en": _ENGLISH, "es": in_spanish(_SPANISH)}


def texts(language: str | None = None) -> Mapping[str, str]:
    """The table of a language, or of the user's."""
    return in_language(_TABLES, language)
