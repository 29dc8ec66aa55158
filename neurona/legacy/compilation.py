"""How Keras 1, 2 and tf-keras compiled a model, as today's compile takes it."""

from collections.abc import Mapping
from typing import Any

from neurona.core.errors import SavingError
from neurona.legacy.nodes import plain_name
from neurona.legacy.parts import modern_part
from neurona.tracebacks import warn

Config = dict[str, Any]

_LOSSES = {
    "cosine_proximity": "cosine_similarity",
    "cosine": "cosine_similarity",
    "kullback_leibler_divergence": "kl_divergence",
    "kld": "kl_divergence",
    "logcosh": "log_cosh",
}
# The names that logs give the figures of some functions, beside that of the function.
_SHORT = {
    "mean_absolute_error": "mae",
    "mean_absolute_percentage_error": "mape",
    "mean_squared_error": "mse",
    "mean_squared_logarithmic_error": "msle",
}
_OPTIONS = {"lr": "learning_rate"}
_WITHOUT_EFFECT = ("is_legacy_optimizer", "jit_compile", "schedule_decay", "initial_decay")
_COMPILE = ("loss", "loss_weights", "metrics", "weighted_metrics", "run_eagerly")


def modern_compilation(config: Mapping[str, Any]) -> Config:
    """The arguments of compile, from a `training_config` or `compile_config`.

    Raises:
        SavingError: the optimizer is not to be had.
    """
    modern = {key: config[key] for key in _COMPILE if config.get(key) is not None}
    if isinstance(modern.get("loss_weights"), Mapping):
        modern["loss_weights"] = {plain_name(str(key)): one for key, one in modern["loss_weights"].items()}
    for key in ("loss", "metrics", "weighted_metrics"):
        if key in modern:
            modern[key] = _each(modern[key], _loss if key == "loss" else _metric)
    for key in ("metrics", "weighted_metrics"):
        if isinstance(modern.get(key), list) and len(modern[key]) == 1 and isinstance(modern[key][0], list):
            modern[key] = modern[key][0]
    optimizer = config.get("optimizer_config") or config.get("optimizer")
    if optimizer is None:
        return {}
    return {"optimizer": modern_optimizer(optimizer), **modern}


def _each(value: Any, convert: Any) -> Any:
    if isinstance(value, Mapping) and "class_name" not in value:
        return {plain_name(str(key)): _each(item, convert) for key, item in value.items()}
    return [_each(item, convert) for item in value] if isinstance(value, list) else convert(value)


def _loss(value: Any) -> Any:
    if isinstance(value, str):
        return _LOSSES.get(value, value)
    if isinstance(value, Mapping):
        config = value.get("config")
        if value.get("class_name") == "function":
            return _loss(config)
        if isinstance(config, Mapping):
            if value.get("class_name") == "LossFunctionWrapper":
                return _loss(config.get("fn"))
            kept = {
                key: item for key, item in config.items() if key not in ("fn", "ragged") and item != "auto"
            }
            return {**value, "module": "keras.losses", "config": kept}
    return value


def _metric(value: Any) -> Any:
    if isinstance(value, Mapping) and isinstance(value.get("config"), Mapping):
        name, config = value.get("class_name"), value["config"]
        if name in ("MeanMetricWrapper", "SumOverBatchSizeMetricWrapper") or "fn" in config:
            return _named(str(config.get("name")), _loss(config.get("fn") or config.get("name")))
        return {**value, "module": "keras.metrics"}
    return _loss(value)


def _named(shown: str, function: Any) -> Any:
    """A function as a metric, by the name that logs give it; tf-keras put the output's before it."""
    names = [function, _SHORT.get(function), "accuracy", "acc"] if isinstance(function, str) else []
    return next((name for name in names if name and f"_{shown}".endswith(f"_{name}")), function)


def modern_optimizer(value: Any) -> Any:
    """An optimizer's description; a decay of the rate becomes its schedule."""
    if isinstance(value, str) or not isinstance(value, Mapping):
        return value
    name = str(value.get("class_name") or value.get("name")).rpartition(">")[2]
    given = value.get("config") if "class_name" in value else {k: v for k, v in value.items() if k != "name"}
    if not isinstance(given, Mapping):
        raise SavingError(
            f"The config of optimizer {name!r} is a dictionary. Received: {type(given).__name__}."
        )
    if name == "TFOptimizer":
        raise SavingError(
            "The model was trained by an optimizer of TensorFlow, which its file does not describe."
        )
    if name.startswith("LossScaleOptimizer"):
        return _loss_scale(given)
    _tell_of_schedule(given)
    config: Config = {
        _OPTIONS.get(str(key), str(key)): modern_part(item)
        for key, item in given.items()
        if key not in _WITHOUT_EFFECT and item is not None
    }
    decay = config.pop("decay", 0.0)
    if decay:
        schedule = {"initial_learning_rate": config["learning_rate"], "decay_steps": 1, "decay_rate": decay}
        config["learning_rate"] = {
            "module": "keras.optimizers.schedules",
            "class_name": "InverseTimeDecay",
            "config": schedule,
            "registered_name": None,
        }
    if config.get("amsgrad") is False:
        config.pop("amsgrad")
    return _described(name, config)


def _tell_of_schedule(given: Mapping[str, Any]) -> None:
    if given.get("schedule_decay"):
        warn(
            f"Nadam of Keras 2 weighed its momentum by schedule_decay={given['schedule_decay']}, which "
            "today's has not: training goes on a little otherwise."
        )


def _loss_scale(given: Mapping[str, Any]) -> Config:
    """An optimizer for gradients of float16; one with a scale that stays is the optimizer with that scale."""
    inner = modern_optimizer(given.get("inner_optimizer") or given.get("optimizer"))
    if given.get("dynamic", True):
        options = {key: given[key] for key in ("initial_scale", "dynamic_growth_steps") if given.get(key)}
        return _described("LossScaleOptimizer", {"inner_optimizer": inner, **options})
    return {**inner, "config": {**inner["config"], "loss_scale_factor": given.get("initial_scale")}}


def _described(name: str, config: Config) -> Config:
    return {"module": "keras.optimizers", "class_name": name, "config": config, "registered_name": None}
