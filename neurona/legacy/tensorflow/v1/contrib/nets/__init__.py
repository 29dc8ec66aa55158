"""`tf.contrib.slim.nets`: networks for images, drawn with slim's layers."""

import importlib
from typing import Any

from neurona.messages import translated

_NETWORKS = ("alexnet", "overfeat", "resnet_utils", "resnet_v1", "resnet_v2", "vgg")


def __getattr__(name: str) -> Any:
    if name in _NETWORKS:
        return importlib.import_module(f"{__name__}.{name}")
    if name.startswith("__"):
        raise AttributeError(name)
    networks = ", ".join(_NETWORKS)
    raise AttributeError(
        translated(
            f"tf.contrib.slim.nets has no {name!r} here: {networks}. tf.keras.applications has InceptionV3, "
            "MobileNet and others."
        ),
        name=name,
    )
