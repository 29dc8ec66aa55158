"""Layers that mix pictures with each other, or apply chains of random changes."""

from typing import Any

import jax
import jax.numpy as jnp
from jax.core import Tracer

from neurona.core.errors import ArgumentError
from neurona.layers.arguments import positive
from neurona.layers.image_color import RandomBrightness, RandomColorDegeneration, RandomContrast
from neurona.layers.image_filters import (
    AutoContrast,
    Equalization,
    RandomPosterization,
    RandomSharpness,
    Solarization,
    boxes_mask,
)
from neurona.layers.image_geometry import RandomRotation, RandomShear, RandomTranslation
from neurona.layers.image_layer import ImageLayer, count_of, images_of, limits

__all__ = [
    "AugMix",
    "CutMix",
    "MaxNumBoundingBoxes",
    "MixUp",
    "RandAugment",
]


def _mixed_labels(labels: Any, transformation: Any, owner: str) -> Any:
    """weight * labels + (1 - weight) * labels of the partner."""
    if labels.ndim == 1 and jnp.issubdtype(labels.dtype, jnp.integer):
        raise ArgumentError(
            f"{owner} mixes labels, and the mean of two class numbers is a third class. Received labels of "
            f"shape {labels.shape} and dtype {labels.dtype}. Give them one-hot, as by to_categorical."
        )
    partners = jnp.take(labels, jnp.asarray(transformation["permutation_order"]), axis=0)
    weight = jnp.asarray(transformation["mix_weight"], "float32").reshape(-1, *(1,) * (labels.ndim - 1))
    return weight * labels + (1.0 - weight) * partners


class MixUp(ImageLayer):
    """In training, y = w x + (1 - w) x' with a random other picture x' of the batch, and so for the labels;
    otherwise y = x.

    Args:
        alpha: w is drawn from Beta(alpha, alpha).
        data_format: "channels_last" or "channels_first".
        seed: an integer that fixes the layer's random numbers.
        bounding_box_format: the format of boxes, which are those of both pictures.

    Shapes: (batch, height, width, channels) -> the same; labels (batch, classes).

    Raises:
        ArgumentError: labels are class numbers, which have no mean.

    Source: Zhang et al., mixup: Beyond Empirical Risk Minimization, 2018.

    Example:

        >>> data = {"images": jnp.ones((2, 2, 2, 1)), "labels": jnp.eye(2)}
        >>> MixUp(seed=1)(data)["labels"].sum(1).tolist()
        [1.0, 1.0]
    """

    def __init__(
        self, alpha: float = 0.2, data_format: str | None = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.alpha, self.seed = alpha, seed

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        if not training:
            return None
        count = count_of(data)
        order = jax.random.permutation(self._key(seed), jnp.arange(count), independent=True)
        weight = jax.random.beta(self._key(seed), self.alpha, self.alpha, (count,))
        return {"mix_weight": weight, "permutation_order": order}

    def _transform_images(self, images: Any, transformation: Any, interpolation: str) -> Any:
        weight = self._cast(transformation["mix_weight"]).reshape(-1, 1, 1, 1)
        partners = jnp.take(images, jnp.asarray(transformation["permutation_order"]), axis=0)
        return weight * images + (1.0 - weight) * partners

    def transform_labels(self, labels: Any, transformation: Any, training: bool = True) -> Any:
        return _mixed_labels(labels, transformation, "MixUp") if training else labels

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        return self.transform_images(segmentation_masks, transformation, training)

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        if not training:
            return bounding_boxes
        order = jnp.asarray(transformation["permutation_order"])

        def both(part: Any) -> Any:
            return jnp.concatenate([part, jnp.take(part, order, axis=0)], min(1, part.ndim - 1))

        return {name: both(jnp.asarray(bounding_boxes[name])) for name in ("boxes", "labels")}


class CutMix(ImageLayer):
    """In training, puts a random box of another picture of the batch into each one, and mixes the labels by
    the areas; otherwise y = x.

    Args:
        factor: the share w of the old area is drawn from Beta(a, a), and a from 0 to this number, or from two
            limits.
        seed: an integer that fixes the layer's random numbers.
        data_format: "channels_last" or "channels_first".

    Shapes: (batch, height, width, channels) -> the same; labels (batch, classes).

    Raises:
        ArgumentError: the factor is not from 0 to 1, labels are class numbers, or boxes come.

    Source: Yun et al., CutMix: Regularization Strategy to Train Strong Classifiers, 2019.

    Example:

        >>> data = {"images": jnp.arange(2.0)[:, None, None, None] * jnp.ones((2, 4, 4, 1)),
        ...         "labels": jnp.eye(2)}
        >>> mixed = CutMix(seed=2)(data)
        >>> sorted(set(mixed["images"].ravel().tolist())), mixed["labels"].sum(1).round(3).tolist()
        ([0.0, 1.0], [1.0, 1.0])
    """

    def __init__(
        self, factor: Any = 1.0, seed: int | None = None, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor, self.seed = limits(factor, "factor", "CutMix", 0), seed

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        shape = images_of(data).shape
        if not training or len(shape) == 3:
            return None
        count, (height, width) = shape[0], self._height_and_width(shape)
        alpha = self._uniform(seed, (), *self.factor) + 1e-6
        share = jnp.sqrt(1.0 - jax.random.beta(self._key(seed), alpha, alpha, (count,)))
        w, h = share * width, share * height
        x = self._uniform(seed, (count,)) * (width - w)
        y = self._uniform(seed, (count,)) * (height - h)
        return {
            "permutation_order": jax.random.permutation(self._key(seed), jnp.arange(count), independent=True),
            "batch_masks": boxes_mask((x, y), (w, h), height, width, self.data_format),
            "mix_weight": 1.0 - w * h / (width * height),
        }

    def _transform_images(self, images: Any, transformation: Any, interpolation: str) -> Any:
        partners = jnp.take(images, jnp.asarray(transformation["permutation_order"]), axis=0)
        return jnp.where(jnp.asarray(transformation["batch_masks"]), partners, images)

    def transform_labels(self, labels: Any, transformation: Any, training: bool = True) -> Any:
        if not training or transformation is None:
            return labels
        return _mixed_labels(labels, transformation, "CutMix")

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        return self.transform_images(segmentation_masks, transformation, training)

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        raise ArgumentError(
            "CutMix has no bounding boxes for parts of pictures. Leave 'bounding_boxes' out, or choose "
            "MixUp, which keeps the boxes of both."
        )


def _all_changes(layer: ImageLayer, factor: Any, value_range: Any, options: dict[str, Any]) -> dict[str, Any]:
    """The random changes that RandAugment and AugMix choose from, by Keras's names."""
    shared = {"data_format": layer.data_format, "dtype": layer.dtype_policy}
    values, moves = {"value_range": value_range, **shared}, {**options, **shared}
    return {
        "random_shear": RandomShear(factor, factor, **moves),
        "random_translation": RandomTranslation(factor, factor, **moves),
        "random_rotation": RandomRotation(factor, **moves),
        "random_brightness": RandomBrightness(factor, **values),
        "random_color_degeneration": RandomColorDegeneration(factor, **values),
        "random_contrast": RandomContrast(factor, **values),
        "random_sharpness": RandomSharpness(factor, **values),
        "random_posterization": RandomPosterization(max(1, int(8 * factor[1])), **values),
        "solarization": Solarization(factor, factor, **values),
        "auto_contrast": AutoContrast(**values),
        "equalization": Equalization(**values),
    }


class _Chooser(ImageLayer):
    """A layer that applies random changes; which ones is drawn as numbers of `self._changes`."""

    _changes: list[Any]

    def _drawn(self, data: Any, seed: Any) -> list[Any]:
        """What each change would do."""
        source = self._next_key if seed is None else seed
        return [
            change.get_random_transformation(data, training=True, seed=source) for change in self._changes
        ]

    def _applied(self, number: Any, method: str, drawn: Any, value: Any) -> Any:
        """What a change makes of a value; only this one is computed."""
        steps = [
            lambda given, change=change, one=one: getattr(change, method)(given, one)
            for change, one in zip(self._changes, drawn, strict=True)
        ]
        steps += [lambda given: given]  # one more number leaves all as it is
        if not isinstance(number, Tracer):
            return steps[int(number)](value)
        kinds = jax.tree.map(lambda leaf: leaf.dtype, value)

        def cast(result: Any) -> Any:
            return jax.tree.map(lambda leaf, dtype: leaf.astype(dtype), result, kinds)

        return jax.lax.switch(number, [lambda given, step=step: cast(step(given)) for step in steps], value)


class RandAugment(_Chooser):
    """In training, changes a batch by a few operations of eleven, drawn anew each time; otherwise y = x.

    They are shears, shifts, turns, brightness, grey, contrast, sharpness, posters, solarization, stretched
    contrast and equalization.

    Args:
        value_range: the least and the greatest value of the pictures.
        num_ops: how many, one after the other.
        factor: their strength, from 0 to 1, or two limits.
        interpolation: "bilinear" or "nearest".
        seed: an integer that fixes the layer's random numbers.
        data_format: "channels_last" or "channels_first".

    Shapes: (batch, height, width, 3), or one picture without the batch -> the same.

    Raises:
        ArgumentError: an option is out of its range.

    Source: Cubuk et al., RandAugment: Practical Automated Data Augmentation, 2020.

    Example:

        >>> RandAugment(seed=1)(jnp.ones((2, 4, 4, 3))).shape
        (2, 4, 4, 3)
    """

    def __init__(
        self,
        value_range: Any = (0, 255),
        num_ops: int = 2,
        factor: Any = 0.5,
        interpolation: str = "bilinear",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.value_range, self.num_ops = value_range, positive(num_ops, "num_ops", "RandAugment")
        self.factor, self.interpolation = limits(factor, "factor", "RandAugment", 0), interpolation
        self.seed = seed
        moves = {"interpolation": interpolation, "bounding_box_format": self.bounding_box_format}
        self._changes = list(_all_changes(self, self.factor, value_range, moves).values())

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        if not training:
            return None
        numbers = jax.random.randint(self._key(seed), (self.num_ops,), 0, len(self._changes))
        return {"layer_idxes": numbers, "transforms": self._drawn(data, seed)}

    def _in_turn(self, method: str, transformation: Any, value: Any) -> Any:
        for place in range(self.num_ops):
            number = transformation["layer_idxes"][place]
            value = self._applied(number, method, transformation["transforms"], value)
        return value

    def _transform_images(self, images: Any, transformation: Any, interpolation: str) -> Any:
        return self._in_turn("transform_images", transformation, images)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        if not training:
            return segmentation_masks
        return self._in_turn("transform_segmentation_masks", transformation, segmentation_masks)

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        if not training:
            return bounding_boxes
        return self._in_turn("transform_bounding_boxes", transformation, bounding_boxes)


class AugMix(_Chooser):
    """In training, mixes each picture with several chains of random changes of it; otherwise y = x.

    y = m x + (1 - m) sum_k w_k chain_k(x), with m from Beta(alpha, alpha) and w from Dirichlet(alpha).

    Args:
        value_range: the least and the greatest value of the pictures; the result is cut to it.
        num_chains: how many chains.
        chain_depth: how many changes in each, of which some may be none.
        factor: the strength of the changes, from 0 to 1, or two limits.
        alpha: the shape of both distributions.
        all_ops: whether brightness, grey, contrast and sharpness are among the changes.
        interpolation: "bilinear" or "nearest".
        seed: an integer that fixes the layer's random numbers.
        data_format: "channels_last" or "channels_first".

    Shapes: (batch, height, width, 3), or one picture without the batch -> the same.

    Raises:
        ArgumentError: an option is out of its range.

    Source: Hendrycks et al., AugMix: A Simple Data Processing Method, 2020.

    Example:

        >>> AugMix(seed=1)(jnp.ones((2, 4, 4, 3))).shape
        (2, 4, 4, 3)
    """

    def __init__(
        self,
        value_range: Any = (0, 255),
        num_chains: int = 3,
        chain_depth: int = 3,
        factor: Any = 0.3,
        alpha: float = 1.0,
        all_ops: bool = True,
        interpolation: str = "bilinear",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.value_range, self.alpha, self.all_ops = value_range, alpha, all_ops
        self.num_chains = positive(num_chains, "num_chains", "AugMix")
        self.chain_depth = positive(chain_depth, "chain_depth", "AugMix")
        self.factor, self.interpolation = limits(factor, "factor", "AugMix", 0), interpolation
        self.seed = seed
        changes = _all_changes(self, self.factor, value_range, {"interpolation": interpolation})
        extra = (RandomBrightness, RandomColorDegeneration, RandomContrast, RandomSharpness)
        self._changes = [one for one in changes.values() if all_ops or not isinstance(one, extra)]

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        if not training:
            return None
        weights = jax.random.gamma(self._key(seed), self.alpha, (self.num_chains,))
        own = jax.random.beta(self._key(seed), self.alpha, self.alpha, ())
        size = (self.num_chains, self.chain_depth)
        numbers = jax.random.randint(self._key(seed), size, 0, len(self._changes) + 1)
        drawn = [[self._drawn(data, seed) for _ in range(self.chain_depth)] for _ in range(self.num_chains)]
        return {
            "chain_mixing_weights": weights / weights.sum(),
            "weight_sample": own,
            "numbers": numbers,
            "transforms": drawn,
        }

    def _mixed(self, method: str, transformation: Any, value: Any) -> Any:
        total = jnp.zeros(value.shape, self.compute_dtype)
        for chain, weight in enumerate(self._cast(transformation["chain_mixing_weights"])):
            changed = value
            for depth in range(self.chain_depth):
                number, drawn = transformation["numbers"][chain, depth], transformation["transforms"]
                changed = self._applied(number, method, drawn[chain][depth], changed)
            total = total + weight * changed
        own = self._cast(transformation["weight_sample"])
        return own * value + (1 - own) * total

    def _transform_images(self, images: Any, transformation: Any, interpolation: str) -> Any:
        return jnp.clip(self._mixed("transform_images", transformation, images), *self.value_range)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        if not training:
            return segmentation_masks
        return self._mixed("transform_segmentation_masks", transformation, segmentation_masks)


class MaxNumBoundingBoxes(ImageLayer):
    """Boxes cut or filled to a number, the same for each picture; pictures stay.

    Args:
        max_number: how many boxes.
        fill_value: what boxes and labels that are added hold.
        bounding_box_format: the format of the boxes.

    Shapes: boxes (batch, boxes, 4), labels (batch, boxes) -> (batch, max_number, 4), (batch, max_number).

    Raises:
        ArgumentError: max_number is not a positive integer.

    Example:

        >>> boxes = {"boxes": jnp.ones((1, 1, 4)), "labels": jnp.ones((1, 1))}
        >>> layer = MaxNumBoundingBoxes(2, bounding_box_format="xyxy")
        >>> layer({"images": jnp.ones((1, 2, 2, 1)), "bounding_boxes": boxes})["bounding_boxes"]["labels"]
        Array([[ 1., -1.]], dtype=float32)
    """

    def __init__(self, max_number: int, fill_value: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_number = positive(max_number, "max_number", "MaxNumBoundingBoxes")
        self.fill_value = int(fill_value)

    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        return images

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        def sized(part: Any) -> Any:
            part = jnp.asarray(part)[:, : self.max_number]
            margins = [(0, 0), (0, self.max_number - part.shape[1]), *[(0, 0)] * (part.ndim - 2)]
            return jnp.pad(part, margins, constant_values=self.fill_value)

        return {**bounding_boxes, **{name: sized(bounding_boxes[name]) for name in ("boxes", "labels")}}
