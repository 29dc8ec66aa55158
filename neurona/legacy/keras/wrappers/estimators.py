"""What the wrappers of Keras 1 and 2 and of scikeras share: a function that builds a model, and parameters by
name for it, for compile and for fit.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Self

import numpy as np

from neurona import losses, optimizers
from neurona.core.errors import ArgumentError, optional_import, suggestion
from neurona.core.random import set_random_seed
from neurona.models import Model, clone_model

_base = optional_import("sklearn.base", extra="sklearn", purpose="keras.wrappers")
_validation = optional_import("sklearn.utils.validation", extra="sklearn", purpose="keras.wrappers")

FIT = {*list(inspect.signature(Model.fit).parameters)[1:], "nb_epoch"}
PREDICT = {"batch_size", "steps", "verbose"}
COMPILE = {"optimizer", "loss", "metrics", "loss_weights", "weighted_metrics", "run_eagerly"}


class Estimator(_base.BaseEstimator):
    """A model that a function builds, with parameters that searches can set.

    Attributes:
        parameters: those of the constructor, by name.
    """

    builder_names: tuple[str, ...] = ()  # the constructor's arguments that may hold the function

    def __init__(self, *args: Any, **parameters: Any) -> None:
        given = dict(zip(self.builder_names, args))
        self.parameters: dict[str, Any] = {**given, **parameters}

    # scikit-learn's parameters.

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters of the constructor."""
        return dict(self.parameters)

    def set_params(self, **params: Any) -> Self:
        """Change parameters."""
        self.parameters |= params
        return self

    def __getattr__(self, name: str) -> Any:
        parameters = self.__dict__.get("parameters", {})
        if name in parameters:
            return parameters[name]
        raise AttributeError(
            f"{type(self).__name__!r} object has no attribute {name!r}.{suggestion(name, parameters)}",
            name=name,
        )

    def __repr__(self, *_: Any, **__: Any) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.parameters.items())})"

    def __sklearn_is_fitted__(self) -> bool:
        return "fitted" in self.__dict__

    # Building.

    def _routed(self, prefix: str, names: Any) -> dict[str, Any]:
        """The parameters for a function: those it has, and those that begin with "prefix__"."""
        routed = {name: value for name, value in self.parameters.items() if name in names}
        long = f"{prefix}__"
        return routed | {
            name.removeprefix(long): value for name, value in self.parameters.items() if name.startswith(long)
        }

    def build(self, meta: Mapping[str, Any]) -> Model:
        """A new compiled model.

        Args:
            meta: what is known of the data, for functions that ask for `meta`.
        """
        if self.parameters.get("random_state") is not None:
            set_random_seed(int(self.parameters["random_state"]))
        builder = next(
            (b for name in self.builder_names if (b := self.parameters.get(name)) is not None), None
        )
        builder = getattr(self, "_keras_build_fn", None) or self if builder is None else builder
        compile_kwargs = self._compile_arguments()
        if isinstance(builder, Model):
            model = clone_model(builder)
            if builder.compiled and not model.compiled:
                model.compile_from_config(builder.get_compile_config() or {})
        else:
            model = builder(**self._arguments_of(builder, meta, compile_kwargs))
        if not model.compiled:
            model.compile(**compile_kwargs)
        return model

    def _arguments_of(self, builder: Callable[..., Any], meta: Any, compile_kwargs: Any) -> dict[str, Any]:
        names = inspect.signature(builder.__call__ if builder is self else builder).parameters
        takes_all = any(one.kind is one.VAR_KEYWORD for one in names.values())
        arguments = self._routed("model", names)
        extra = {"meta": dict(meta), "compile_kwargs": compile_kwargs}
        arguments |= {name: value for name, value in extra.items() if name in names}
        unknown = set(arguments) - set(names)
        if unknown and not takes_all:
            name = sorted(unknown)[0]
            raise ArgumentError(
                f"{type(self).__name__}: the function that builds the model has no argument {name!r}."
                f"{suggestion(name, names)} It takes: {', '.join(names)}."
            )
        return arguments

    def _compile_arguments(self) -> dict[str, Any]:
        """The arguments of compile, with optimizer and loss as objects."""
        chosen = {name: value for name, value in self.parameters.items() if name in COMPILE}
        chosen = {name: value for name, value in chosen.items() if value is not None}
        made = {"optimizer": (optimizers.get, "rmsprop"), "loss": (losses.get, None)}
        for name, (get, default) in made.items():
            options = self._routed(name, ())
            value = chosen.get(name, default if options else None)
            if options and isinstance(value, str):
                value = type(get(value))
            if isinstance(value, type):
                value = value(**options)
            if value is not None:
                chosen[name] = value
        return chosen

    def _fit_model(self, x: Any, y: Any, options: dict[str, Any]) -> Any:
        """Train the model, and return its history."""
        given = {**self._routed("fit", FIT), **options}
        given["callbacks"] = [
            one() if isinstance(one, type) else one for one in _listed(given.get("callbacks"))
        ]
        return self.fitted.fit(x, y, **given)

    def _outputs(self, x: Any, options: dict[str, Any]) -> np.ndarray:
        _validation.check_is_fitted(self)
        given = {**self._routed("predict", PREDICT), **options}
        return np.asarray(self.fitted.predict(x, **{"verbose": 0, **given}))


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def with_columns(model: Model, numbers: np.ndarray, count: int) -> np.ndarray:
    """Class numbers as the model's loss takes them: as rows of 0 and 1, or as they are."""
    loss = model.loss
    name = loss if isinstance(loss, str) else getattr(loss, "name", getattr(loss, "__name__", ""))
    return np.eye(count, dtype="float32")[numbers] if name == "categorical_crossentropy" else numbers
