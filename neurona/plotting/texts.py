"""The texts of pictures, a table per language."""

from collections.abc import Mapping

from neurona.language import in_language

_TEXTS = {
    "en": {
        "accuracy": "Accuracy",
        "actual": "actual",
        "actual_value": "Actual value",
        "best": "best: {value} (epoch {epoch})",
        "confusion": "Confusion matrix",
        "count": "Count",
        "dark_is_better": "Dark lines are better",
        "dtype": "dtype",
        "epoch": "Epoch",
        "error": "Error (predicted − actual)",
        "error_distribution": "Distribution of the errors",
        "frozen": "frozen",
        "history": "Training history",
        "input": "input",
        "input_shape": "Input shape",
        "learning_rate": "Learning rate",
        "loss": "Loss",
        "mae": "Mean absolute error",
        "mse": "Mean squared error",
        "output_shape": "Output shape",
        "perfect": "perfect prediction",
        "predicted": "predicted",
        "predicted_class": "Predicted class",
        "predicted_value": "Predicted value",
        "predictions": "Sample predictions",
        "probability": "Probability",
        "rest": "and {count} more",
        "root_mean_squared_error": "Root mean squared error",
        "row_share": "Share of the true class",
        "sample": "Sample",
        "trainable": "trainable",
        "training": "training",
        "true": "true",
        "true_class": "True class",
        "unit": "unit",
        "validation": "validation",
        "value": "Value",
        "weights": "Weights of {name}",
    },
    "es": {
        "accuracy": "Exactitud",
        "actual": "real",
        "actual_value": "Valor real",
        "best": "mejor: {value} (época {epoch})",
        "confusion": "Matriz de confusión",
        "count": "Cantidad",
        "dark_is_better": "Las líneas oscuras son mejores",
        "dtype": "tipo",
        "epoch": "Época",
        "error": "Error (predicho − real)",
        "error_distribution": "Distribución de los errores",
        "frozen": "congelada",
        "history": "Historia del entrenamiento",
        "input": "entrada",
        "input_shape": "Forma de entrada",
        "learning_rate": "Tasa de aprendizaje",
        "loss": "Pérdida",
        "mae": "Error absoluto medio",
        "mse": "Error cuadrático medio",
        "output_shape": "Forma de salida",
        "perfect": "predicción perfecta",
        "predicted": "predicho",
        "predicted_class": "Clase predicha",
        "predicted_value": "Valor predicho",
        "predictions": "Predicciones de ejemplo",
        "probability": "Probabilidad",
        "rest": "y {count} más",
        "root_mean_squared_error": "Raíz del error cuadrático medio",
        "row_share": "Proporción de la clase real",
        "sample": "Ejemplo",
        "trainable": "entrenable",
        "training": "entrenamiento",
        "true": "real",
        "true_class": "Clase real",
        "unit": "neurona",
        "validation": "validación",
        "value": "Valor",
        "weights": "Pesos de {name}",
    },
}


def texts(language: str | None) -> Mapping[str, str]:
    """The table of a language; None is the user's.

    Raises:
        ArgumentError: there is none.
    """
    return in_language(_TEXTS, language)


def metric_title(name: str, language: str | None) -> str:
    """A metric's name as a title.

    Example:

        >>> metric_title("accuracy", "es"), metric_title("sparse_top_k_accuracy", "en")
        ('Exactitud', 'Sparse top k accuracy')
    """
    known = {
        "acc": "accuracy",
        "mean_absolute_error": "mae",
        "mean_squared_error": "mse",
        "lr": "learning_rate",
    }
    table = texts(language)
    return table.get(known.get(name, name)) or name.replace("_", " ").capitalize()
