"""How a model was compiled, as tf-keras 2 wrote it."""

from collections.abc import Mapping
from typing import Any

from neurona.core.errors import ArgumentError, SavingError
from neurona.core.registry import built_in, lookup, snake_case

Config = dict[str, Any]

_COMPILE = ("loss", "metrics", "weighted_metrics", "loss_weights")
# The optimizers of tf-keras, and those that it had from its beginning, in another form.
_OPTIMIZERS = ("Adafactor", "AdamW", "Lion")
_FOUND_BY_PACKAGE = ("Adafactor", "Lion")  # in .h5 files
_FIRST_OPTIMIZERS = ("Adadelta", "Adagrad", "Adam", "Adamax", "Ftrl", "Nadam", "RMSprop", "SGD")
_FIRST_OPTIONS = ("weight_decay", "use_ema", "ema_momentum", "ema_overwrite_frequency")
_NEWER_OPTIONS = ("gradient_accumulation_steps", "loss_scale_factor")


def is_first_form(optimizer: Any) -> bool:
    """Whether an optimizer is one that every tf-keras 2 has: those of `.h5` files are written so."""
    return type(optimizer).__name__ in _FIRST_OPTIMIZERS and not (
        optimizer.use_ema or optimizer.weight_decay is not None
    )


def older_compilation(config: Mapping[str, Any], first_form: bool) -> Config:
    """What compile was given, as the `training_config` of an `.h5` file.

    Args:
        config: what compile was given, as today's files have it.
        first_form: what `is_first_form` said of the optimizer.

    Raises:
        SavingError: tf-keras 2 has no such optimizer.
    """
    kept = {key: _plain(value) for key, value in _compiled(config).items()}
    optimizer = _plain(_optimizer(config["optimizer"], first_form))
    if optimizer["class_name"] in _FOUND_BY_PACKAGE:
        optimizer["class_name"] = f"Custom>{optimizer['class_name']}"
    return {**kept, "optimizer_config": optimizer}


def older_compile_config(config: Mapping[str, Any]) -> Config:
    """What compile was given, as the `compile_config` of a `.keras` file.

    Raises:
        SavingError: tf-keras 2 has no such optimizer.
    """
    optimizer = _optimizer(config["optimizer"], first_form=False)
    return {**_without_dtypes(_compiled(config)), "optimizer": optimizer}


def _compiled(config: Mapping[str, Any]) -> Config:
    """Losses and metrics by their whole names."""
    kept = {key: config.get(key) for key in _COMPILE}
    kept["loss"] = _whole(kept["loss"], "losses")
    for key in ("metrics", "weighted_metrics"):
        kept[key] = _whole(kept[key] or None, "metrics")
    return kept


def _optimizer(description: Mapping[str, Any], first_form: bool) -> Config:
    name, config = description["class_name"], description.get("config", {})
    if name == "LossScaleOptimizer":
        inner = _optimizer(config["inner_optimizer"], first_form=False)
        options = {key: config[key] for key in ("initial_scale", "dynamic_growth_steps") if key in config}
        return {
            "module": "tf_keras.src.mixed_precision.loss_scale_optimizer",
            "class_name": "LossScaleOptimizerV3",
            "config": {"inner_optimizer": inner, "dynamic": True, **options},
            "registered_name": "LossScaleOptimizerV3",
        }
    if name not in (*_OPTIMIZERS, *_FIRST_OPTIMIZERS):
        raise SavingError(
            f"tf-keras 2 has no optimizer {name}: its files have no form for it. Save as .keras, or with "
            "include_optimizer=False."
        )
    for key in _NEWER_OPTIONS:
        if config.get(key) is not None:
            raise SavingError(
                f"tf-keras 2 has no {key} of an optimizer. Received: {config[key]!r}. Save as .keras, or "
                "with include_optimizer=False."
            )
    left_out = (*_NEWER_OPTIONS, *(_FIRST_OPTIONS if first_form else ()))
    kept = {key: value for key, value in config.items() if key not in left_out}
    if first_form:
        kept = {key: value for key, value in kept.items() if value is not None and value is not False}
    else:
        kept["is_legacy_optimizer"] = False
    return {"module": "keras.optimizers", "class_name": name, "config": kept, "registered_name": None}


def _without_dtypes(value: Any) -> Any:
    """Losses of tf-keras have no dtype."""
    if isinstance(value, Mapping):
        config = value.get("config")
        if isinstance(config, Mapping) and value.get("module") == "keras.losses":
            return {**value, "config": {key: item for key, item in config.items() if key != "dtype"}}
        return {key: _without_dtypes(item) for key, item in value.items()}
    return [_without_dtypes(item) for item in value] if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        if value.get("class_name") == "function":
            return value["config"]
        if "class_name" in value:
            return {"class_name": value["class_name"], "config": _plain(value.get("config") or {})}
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _whole(value: Any, kind: str) -> Any:
    """A loss or metric by its whole name: "mse" gives "mean_squared_error"."""
    if isinstance(value, Mapping) and "class_name" not in value:
        return {key: _whole(item, kind) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item, kind) for item in value]
    if not isinstance(value, str) or value in ("accuracy", "acc", "crossentropy", "ce"):
        return value
    try:
        name = snake_case(lookup(kind, value).__name__)
    except ArgumentError:  # a function of the program
        return value
    return name if name in built_in(kind) else value
