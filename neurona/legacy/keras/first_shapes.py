"""The shapes of inputs in configs, as Keras 1 and 2 wrote them: `batch_input_shape`.

Programs read it, or change it and build the model again with `from_config`.
"""

import functools
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from neurona.core.layer import Layer
from neurona.layers import InputLayer
from neurona.models import Model, Sequential

_is_saving = ContextVar("_is_saving", default=False)  # files have today's configs


def install() -> None:
    """Let `get_config` tell the shapes under the name of then, in this process."""
    if not hasattr(Model.save, "_with_todays_configs"):
        Layer.get_config = _with_given_shape(Layer.get_config)
        InputLayer.get_config = _with_older_name(InputLayer.get_config)
        for cls in (Model, Sequential):
            cls.get_config = _without_built_shapes(cls.get_config)
        Model.save = _with_todays_configs(Model.save)


def _with_given_shape(get_config: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    @functools.wraps(get_config)
    def run(self: Any) -> dict[str, Any]:
        config = get_config(self)
        if self._given_batch_shape is not None and not _is_saving.get():
            config["batch_input_shape"] = self._given_batch_shape
        return config

    return run


def _with_older_name(get_config: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    @functools.wraps(get_config)
    def run(self: Any) -> dict[str, Any]:
        config = get_config(self)
        if not _is_saving.get():
            config["batch_input_shape"] = tuple(config.pop("batch_shape"))
        return config

    return run


def _without_built_shapes(get_config: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """A model's config without the shapes that its layers were built with: a program may change the first."""

    @functools.wraps(get_config)
    def run(self: Any) -> dict[str, Any]:
        config = get_config(self)
        if _is_saving.get() or "layers" not in config:
            return config
        layers = [
            {key: value for key, value in entry.items() if key != "build_config"}
            for entry in config["layers"]
        ]
        return {**config, "layers": layers} | (
            {"build_input_shape": None} if "build_input_shape" in config else {}
        )

    return run


def _with_todays_configs(save: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(save)
    def run(*args: Any, **kwargs: Any) -> Any:
        token = _is_saving.set(True)
        try:
            return save(*args, **kwargs)
        finally:
            _is_saving.reset(token)

    run._with_todays_configs = True  # pyright: ignore[reportAttributeAccessIssue]
    return run
