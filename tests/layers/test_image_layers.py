"""Layers that change pictures: with a seed, Keras's very pictures; labels, boxes and masks go along."""

import json
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona.errors import ArgumentError, ShapeError

FIRST = {"data_format": "channels_first"}
RNG = np.random.default_rng(0)
BATCH = (RNG.random((3, 6, 8, 3)) * 255).astype("float32")  # channels last
CASES: dict[str, list[dict[str, Any]]] = {
    "RandomFlip": [{}, {"mode": "horizontal", **FIRST}, {"mode": "vertical"}],
    "RandomRotation": [
        {"factor": 0.2},
        {
            "factor": (0.1, 0.2),
            "fill_mode": "constant",
            "fill_value": 9.0,
            "interpolation": "nearest",
            **FIRST,
        },
    ],
    "RandomZoom": [
        {"height_factor": 0.3},
        {"height_factor": (-0.3, -0.1), "width_factor": (0.1, 0.4), "fill_mode": "wrap", **FIRST},
    ],
    "RandomTranslation": [
        {"height_factor": 0.2, "width_factor": (-0.3, 0.1)},
        {"height_factor": 0.2, "width_factor": 0.2, "fill_mode": "nearest", "interpolation": "nearest"},
    ],
    "RandomShear": [{"x_factor": 0.3, "y_factor": 0.2}, {"x_factor": (0.1, 0.2), "fill_mode": "constant"}],
    "RandomPerspective": [{"scale": 0.5}, {"factor": (0.3, 0.6), "scale": 0.3, "fill_value": 3.0, **FIRST}],
    "RandomElasticTransform": [
        {"scale": 0.9},
        {"factor": 0.8, "scale": (0.4, 0.8), "interpolation": "nearest"},
    ],
    "Resizing": [
        {"height": 4, "width": 5},
        {"height": 9, "width": 4, "interpolation": "bicubic", "antialias": True},
        {"height": 4, "width": 4, "crop_to_aspect_ratio": True, "interpolation": "nearest"},
        {"height": 7, "width": 4, "pad_to_aspect_ratio": True, "fill_value": 2.0, **FIRST},
    ],
    "CenterCrop": [{"height": 3, "width": 4}, {"height": 7, "width": 4}, {"height": 4, "width": 3, **FIRST}],
    "RandomCrop": [{"height": 3, "width": 4}, {"height": 4, "width": 3, **FIRST}, {"height": 6, "width": 4}],
    "RandomBrightness": [{"factor": 0.4}, {"factor": (0.1, 0.3), "value_range": (0, 200), **FIRST}],
    "RandomContrast": [{"factor": 0.5}, {"factor": (0.2, 0.4), **FIRST}],
    "RandomColorDegeneration": [{"factor": 0.5}, {"factor": (0.2, 0.4), **FIRST}],
    "RandomGrayscale": [{}, {"factor": 0.4, **FIRST}],
    "RandomInvert": [{}, {"factor": (0.4, 0.6), "value_range": (0, 100)}],
    "RandomHue": [{"factor": 0.5}, {"factor": (0.2, 0.4), **FIRST}],
    "RandomSaturation": [{"factor": 0.5}, {"factor": (0.2, 0.4), **FIRST}],
    "RandomColorJitter": [
        {"brightness_factor": 0.2, "contrast_factor": 0.2, "saturation_factor": 0.2, "hue_factor": 0.2},
        {"contrast_factor": (0.1, 0.3)},
    ],
    "RandomSharpness": [{"factor": 0.7}, {"factor": (0.8, 0.9)}],
    "RandomGaussianBlur": [{}, {"factor": (0.4, 0.6), "kernel_size": (5, 3), "sigma": (0.5, 0.9), **FIRST}],
    "RandomErasing": [{}, {"factor": (0.3, 0.9), "scale": (0.2, 0.5), "fill_value": 7.0, **FIRST}],
    "RandomPosterization": [{"factor": 5}, {"factor": (3, 3), **FIRST}],
    "Solarization": [{}, {"addition_factor": 0.3, "threshold_factor": (0.2, 0.9), "value_range": (0, 200)}],
    "AutoContrast": [{}, {"value_range": (0, 300)}],
    "Equalization": [{}, {"bins": 16, **FIRST}],
    "ContrastLimitedAdaptiveHistogramEqualization": [
        {},
        {"tile_grid_size": (2, 3), "clip_limit": 1.5, **FIRST},
    ],
    "MixUp": [{}, {"alpha": 0.6}],
    "CutMix": [{}, {"factor": (0.3, 0.5), **FIRST}],
    "RandAugment": [{}, {"num_ops": 3, "factor": 0.3}],
}
WITHOUT_SEED = {"Resizing", "CenterCrop", "AutoContrast", "Equalization"} | {
    "ContrastLimitedAdaptiveHistogramEqualization"
}
TABLE = [(name, options) for name, several in CASES.items() for options in several]
LAYERS_OF_ONE_KIND = [(name, several[0]) for name, several in CASES.items()]


def pair(name: str, options: dict[str, Any], **more: Any) -> tuple[Any, Any]:
    """Our layer and Keras's, with one seed."""
    seed = {} if name in WITHOUT_SEED else {"seed": 7}
    return tuple(getattr(library, name)(**options, **seed, **more) for library in (layers, keras.layers))


def of_format(options: dict[str, Any], images: np.ndarray) -> np.ndarray:
    return np.moveaxis(images, -1, -3) if "data_format" in options else images


def close(mine: Any, theirs: Any, what: str, tolerance: float = 2e-3) -> None:
    mine, theirs = np.asarray(mine, np.float64), np.asarray(theirs, np.float64)
    assert mine.shape == theirs.shape, what
    np.testing.assert_allclose(mine, theirs, atol=tolerance, rtol=1e-4, err_msg=what)


@pytest.mark.parametrize(("name", "options"), TABLE, ids=str)
def test_pictures_are_those_of_keras(name: str, options: dict[str, Any]) -> None:
    """Two draws of a batch, and one of a single picture."""
    images = of_format(options, BATCH)
    mine, theirs = pair(name, options)
    close(mine(images, training=True), theirs(images, training=True), "first draw")
    close(mine(images, training=True), theirs(images, training=True), "second draw")
    close(mine(images[0], training=True), theirs(images[0], training=True), "one picture")
