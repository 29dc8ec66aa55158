"""`keras.preprocessing.image`: ImageDataGenerator and what programs take beside it."""

from collections.abc import Callable
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.policy import floatx, standardize_data_format
from neurona.legacy.keras.preprocessing.affine import (
    apply_affine_transform,
    apply_brightness_shift,
    apply_channel_shift,
    flip_axis,
    pair,
    random_brightness,
    random_channel_shift,
    random_rotation,
    random_shear,
    random_shift,
    random_zoom,
)
from neurona.legacy.keras.preprocessing.iterators import (
    DataFrameIterator,
    DirectoryIterator,
    Iterator,
    NumpyArrayIterator,
)
from neurona.legacy.keras.utils.loaders import image_dataset_from_directory
from neurona.preprocessing.image import array_to_img, img_to_array, load_img, save_img, smart_resize
from neurona.tracebacks import warn

_ORDERINGS = {"tf": "channels_last", "th": "channels_first"}  # Keras 1's


class ImageDataGenerator:
    """Batches of images that are changed at random and standardized. The arguments are Keras's.

    The random numbers are those of Keras: NumPy's global generator, in the same order. Neurona's layers
    RandomFlip, RandomRotation and their like do the same within a model, and faster.
    """

    def __init__(
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        zca_whitening: bool = False,
        zca_epsilon: float = 1e-6,
        rotation_range: float = 0,
        width_shift_range: Any = 0.0,
        height_shift_range: Any = 0.0,
        brightness_range: Any = None,
        shear_range: float = 0.0,
        zoom_range: Any = 0.0,
        channel_shift_range: float = 0.0,
        fill_mode: str = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: float | None = None,
        preprocessing_function: Callable[[Any], Any] | None = None,
        data_format: str | None = None,
        validation_split: float = 0.0,
        interpolation_order: int = 1,
        dtype: Any = None,
        dim_ordering: str | None = None,
    ) -> None:
        if validation_split and not 0 < validation_split < 1:
            raise ArgumentError(
                f"ImageDataGenerator: validation_split is between 0 and 1. Received: {validation_split}"
            )
        self.featurewise_center = featurewise_center or featurewise_std_normalization or zca_whitening
        self.samplewise_center = samplewise_center or samplewise_std_normalization
        self.featurewise_std_normalization = featurewise_std_normalization and not zca_whitening
        self.samplewise_std_normalization = samplewise_std_normalization
        self.zca_whitening, self.zca_epsilon = zca_whitening, zca_epsilon
        self.rotation_range, self.shear_range = rotation_range, shear_range
        self.width_shift_range, self.height_shift_range = width_shift_range, height_shift_range
        self.zoom_range, self.brightness_range = _zoom_range(zoom_range), brightness_range
        if brightness_range is not None:
            pair("brightness_range", brightness_range)
        self.channel_shift_range, self.fill_mode, self.cval = channel_shift_range, fill_mode, cval
        self.horizontal_flip, self.vertical_flip = horizontal_flip, vertical_flip
        self.rescale, self.preprocessing_function = rescale, preprocessing_function
        self.data_format = standardize_data_format(_ORDERINGS.get(dim_ordering or "", data_format))
        is_first = self.data_format == "channels_first"
        self.channel_axis, self.row_axis, self.col_axis = (1, 2, 3) if is_first else (3, 1, 2)
        self._validation_split, self.interpolation_order = validation_split, interpolation_order
        self.dtype = dtype or floatx()
        self.mean = self.std = self.zca_whitening_matrix = None

    # Batches.

    def flow(
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 32,
        shuffle: bool = True,
        sample_weight: Any = None,
        seed: int | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        ignore_class_split: bool = False,
        subset: str | None = None,
    ) -> NumpyArrayIterator:
        """Batches of the images in an array."""
        return NumpyArrayIterator(
            x,
            y,
            self,
            batch_size,
            shuffle,
            sample_weight,
            seed,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            ignore_class_split=ignore_class_split,
            subset=subset,
        )

    def flow_from_directory(
        self,
        directory: Any,
        target_size: Any = (256, 256),
        color_mode: str = "rgb",
        classes: Any = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
    ) -> DirectoryIterator:
        """Batches of the images in the sub-folders of a folder, each a class."""
        return DirectoryIterator(
            directory,
            self,
            classes,
            follow_links,
            subset,
            target_size=target_size,
            color_mode=color_mode,
            class_mode=class_mode,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            interpolation=interpolation,
            keep_aspect_ratio=keep_aspect_ratio,
        )

    def flow_from_dataframe(
        self,
        dataframe: Any,
        directory: Any = None,
        x_col: str = "filename",
        y_col: Any = "class",
        weight_col: str | None = None,
        target_size: Any = (256, 256),
        color_mode: str = "rgb",
        classes: Any = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        interpolation: str = "nearest",
        validate_filenames: bool = True,
        **old: Any,
    ) -> DataFrameIterator:
        """Batches of the images that a table of pandas names, one a row."""
        for name in old:
            if name not in ("has_ext", "sort", "drop_duplicates"):
                raise TypeError(f"flow_from_dataframe() got an unexpected keyword argument {name!r}")
            warn(
                f"flow_from_dataframe: {name}= has no effect. The table names the files as they are, in "
                "their order."
            )
        return DataFrameIterator(
            dataframe,
            directory,
            self,
            x_col,
            y_col,
            weight_col,
            classes,
            subset,
            validate_filenames,
            target_size=target_size,
            color_mode=color_mode,
            class_mode="raw" if class_mode == "other" else class_mode,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            interpolation=interpolation,
        )

    # One image.

    def augmented(self, x: np.ndarray) -> np.ndarray:
        """An image, changed at random and standardized."""
        x = self.apply_transform(x.astype(self.dtype), self.get_random_transform(x.shape))
        return self.standardize(x)

    def standardize(self, x: Any) -> Any:
        """An image, or a batch, as the constructor says: preprocessed, rescaled, centred and so on."""
        if self.preprocessing_function:
            x = self.preprocessing_function(x)
        if self.rescale:
            x = x * self.rescale
        if self.samplewise_center:
            x = x - np.mean(x, keepdims=True)
        if self.samplewise_std_normalization:
            x = x / (np.std(x, keepdims=True) + 1e-6)
        wanted = {
            "mean": self.featurewise_center,
            "std": self.featurewise_std_normalization,
            "zca_whitening_matrix": self.zca_whitening,
        }
        if any(is_wanted and getattr(self, name) is None for name, is_wanted in wanted.items()):
            warn("ImageDataGenerator: statistics of all images are asked for. Call fit(images) first.")
        if self.featurewise_center and self.mean is not None:
            x = x - self.mean
        if self.featurewise_std_normalization and self.std is not None:
            x = x / (self.std + 1e-6)
        if self.zca_whitening and self.zca_whitening_matrix is not None:
            x = (x.reshape(-1, len(self.zca_whitening_matrix)) @ self.zca_whitening_matrix).reshape(x.shape)
        return x

    def get_random_transform(self, img_shape: Any, seed: int | None = None) -> dict[str, Any]:
        """Random parameters for `apply_transform`."""
        if seed is not None:
            np.random.seed(seed)
        rotation, shear = self.rotation_range, self.shear_range
        theta = np.random.uniform(-rotation, rotation) if rotation else 0
        tx = _random_shift(self.height_shift_range, img_shape[self.row_axis - 1])
        ty = _random_shift(self.width_shift_range, img_shape[self.col_axis - 1])
        shear = np.random.uniform(-shear, shear) if shear else 0
        zx, zy = (
            (1, 1)
            if self.zoom_range == [1, 1]
            else np.random.uniform(self.zoom_range[0], self.zoom_range[1], 2)
        )
        flip_horizontal = (np.random.random() < 0.5) * self.horizontal_flip
        flip_vertical = (np.random.random() < 0.5) * self.vertical_flip
        channels, brightness = self.channel_shift_range, self.brightness_range
        return {
            "theta": theta,
            "tx": tx,
            "ty": ty,
            "shear": shear,
            "zx": zx,
            "zy": zy,
            "flip_horizontal": flip_horizontal,
            "flip_vertical": flip_vertical,
            "channel_shift_intensity": np.random.uniform(-channels, channels) if channels else None,
            "brightness": None if brightness is None else np.random.uniform(*brightness),
        }

    def apply_transform(self, x: np.ndarray, transform_parameters: dict[str, Any]) -> np.ndarray:
        """An image, changed by the parameters of `get_random_transform`; those left out change nothing."""
        row, column, channel = self.row_axis - 1, self.col_axis - 1, self.channel_axis - 1
        given = transform_parameters
        x = apply_affine_transform(
            x,
            **{name: given[name] for name in ("theta", "tx", "ty", "shear", "zx", "zy") if name in given},
            row_axis=row,
            col_axis=column,
            channel_axis=channel,
            fill_mode=self.fill_mode,
            cval=self.cval,
            order=self.interpolation_order,
        )
        if given.get("channel_shift_intensity") is not None:
            x = apply_channel_shift(x, given["channel_shift_intensity"], channel)
        if given.get("flip_horizontal"):
            x = flip_axis(x, column)
        if given.get("flip_vertical"):
            x = flip_axis(x, row)
        if given.get("brightness") is not None:
            x = apply_brightness_shift(x, given["brightness"], False)
        return x

    def random_transform(self, x: np.ndarray, seed: int | None = None) -> np.ndarray:
        """An image, changed at random."""
        return self.apply_transform(x, self.get_random_transform(x.shape, seed))

    # All images.

    def fit(self, x: Any, augment: bool = False, rounds: int = 1, seed: int | None = None) -> None:
        """Find the mean, the standard deviation and the whitening matrix of images."""
        x = np.array(x, self.dtype)
        if x.ndim != 4:
            raise ShapeError(
                "ImageDataGenerator.fit: images are (count, height, width, channels). Received: shape "
                f"{x.shape}"
            )
        if seed is not None:
            np.random.seed(seed)
        if self.rescale:
            x = x * self.rescale
        if augment:
            x = np.stack([self.random_transform(image) for _ in range(rounds) for image in x])
        axes = (self.row_axis, self.col_axis)
        if self.featurewise_center:
            self.mean = np.mean(x, axis=(0, *axes), keepdims=True)[0]
            x = x - self.mean
        if self.featurewise_std_normalization:
            self.std = np.std(x, axis=(0, *axes), keepdims=True)[0]
            x = x / (self.std + 1e-6)
        if self.zca_whitening:
            vectors, values, _ = np.linalg.svd(x.reshape(len(x), -1).T, full_matrices=False)
            self.zca_whitening_matrix = (
                vectors * (np.sqrt(len(x)) / (values + self.zca_epsilon))
            ) @ vectors.T


def _zoom_range(value: Any) -> list[float]:
    """The smallest and the largest factor."""
    if isinstance(value, (float, int)):
        return [1 - value, 1 + value]
    return list(pair("zoom_range", value))


def _random_shift(shift_range: Any, size: int) -> float:
    """A shift in pixels: up to a share of the size, up to a number of pixels, or one of a list."""
    if not np.any(shift_range):
        return 0
    if np.ndim(shift_range) == 1 or isinstance(shift_range, (int, np.integer)):
        shift = np.random.choice(shift_range) * np.random.choice([-1, 1])
    else:
        shift = np.random.uniform(-shift_range, shift_range)
    return shift * size if np.max(shift_range) < 1 else shift


# fmt: off
__all__ = [
    "DataFrameIterator", "DirectoryIterator", "ImageDataGenerator", "Iterator", "NumpyArrayIterator",
    "apply_affine_transform", "apply_brightness_shift", "apply_channel_shift", "array_to_img", "flip_axis",
    "image_dataset_from_directory", "img_to_array", "load_img", "random_brightness", "random_channel_shift",
    "random_rotation", "random_shear", "random_shift", "random_zoom", "save_img", "smart_resize",
]
