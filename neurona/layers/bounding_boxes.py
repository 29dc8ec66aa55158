"""Bounding boxes of pictures: their formats, and what cropping, moving and turning a picture does to them.

A box is four numbers. "xyxy" holds left, top, right, bottom in pixels; "xywh" left, top, width, height;
"center_xywh" the centre, width, height; "yxyx" and "center_yxhw" the same with y first. "rel_" before a name
means shares of the picture's width and height, from 0 to 1.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import jax.numpy as jnp

from neurona.core.errors import ArgumentError, ShapeError, suggestion
from neurona.core.policy import epsilon

__all__ = [
    "affine_transform",
    "clip_to_image_size",
    "compute_ciou",
    "compute_iou",
    "convert_format",
    "crop",
    "decode_deltas_to_boxes",
    "encode_box_to_deltas",
    "pad",
]

_Corners = tuple[Any, Any, Any, Any]
_TO_CORNERS: dict[str, Callable[..., _Corners]] = {
    "xyxy": lambda x1, y1, x2, y2: (x1, y1, x2, y2),
    "yxyx": lambda y1, x1, y2, x2: (x1, y1, x2, y2),
    "xywh": lambda x, y, w, h: (x, y, x + w, y + h),
    "center_xywh": lambda x, y, w, h: (x - w / 2, y - h / 2, x + w / 2, y + h / 2),
    "center_yxhw": lambda y, x, h, w: (x - w / 2, y - h / 2, x + w / 2, y + h / 2),
}
_FROM_CORNERS: dict[str, Callable[..., _Corners]] = {
    "xyxy": lambda x1, y1, x2, y2: (x1, y1, x2, y2),
    "yxyx": lambda x1, y1, x2, y2: (y1, x1, y2, x2),
    "xywh": lambda x1, y1, x2, y2: (x1, y1, x2 - x1, y2 - y1),
    "center_xywh": lambda x1, y1, x2, y2: ((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1),
    "center_yxhw": lambda x1, y1, x2, y2: ((y1 + y2) / 2, (x1 + x2) / 2, y2 - y1, x2 - x1),
}
FORMATS = (*_TO_CORNERS, "rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh")


def _sides(boxes: Any) -> list[Any]:
    if boxes.shape[-1] != 4:
        raise ShapeError(f"A bounding box is four numbers, on the last axis. Received shape {boxes.shape}.")
    return [boxes[..., number] for number in range(4)]


def _with_boxes(boxes: Any, change: Callable[[Any], Any]) -> Any:
    """The change of an array of boxes, or of those in a dictionary, which keeps its other entries."""
    if isinstance(boxes, Mapping):
        return {**boxes, "boxes": change(boxes["boxes"])}
    return change(boxes)


def convert_format(
    boxes: Any, source: str, target: str, height: Any = None, width: Any = None, dtype: Any = "float32"
) -> Any:
    """Boxes in another format.

    Args:
        boxes: an array, or a dictionary with one under "boxes".
        source, target: formats, such as "xyxy" and "rel_xywh".
        height, width: of the picture; needed from or to a "rel_" format.
        dtype: of the result.

    Shapes: boxes (..., 4) -> the same.

    Raises:
        ArgumentError: a format is unknown, or the picture's size is missing.
        ShapeError: the last axis has not four numbers.

    Example:

        >>> convert_format(jnp.array([[10.0, 20.0, 30.0, 60.0]]), "xyxy", "center_xywh").tolist()
        [[20.0, 40.0, 20.0, 40.0]]
    """
    source, target = source.lower(), target.lower()
    for name in (source, target):
        if name not in FORMATS:
            raise ArgumentError(
                f"A format of bounding boxes is one of {', '.join(FORMATS)}. Received: "
                f"{name!r}.{suggestion(name, FORMATS)}"
            )
    relative = source.startswith("rel_"), target.startswith("rel_")
    if any(relative) and source != target and (height is None or width is None):
        raise ArgumentError(
            f"Converting boxes from {source!r} to {target!r} needs the picture's height and width. Received: "
            f"height={height}, width={width}"
        )

    def converted(array: Any) -> Any:
        array = jnp.asarray(array, dtype)
        if source == target:
            _sides(array)
            return array
        corners = _TO_CORNERS[source.removeprefix("rel_")](*_sides(array))
        if relative[0] != relative[1]:
            sizes = [jnp.asarray(size, array.dtype) for size in (width, height, width, height)]
            factors = sizes if relative[0] else [1 / size for size in sizes]
            corners = [side * factor for side, factor in zip(corners, factors)]
        return jnp.stack(_FROM_CORNERS[target.removeprefix("rel_")](*corners), -1)

    return _with_boxes(boxes, converted)


def clip_to_image_size(
    bounding_boxes: Any, height: Any = None, width: Any = None, bounding_box_format: str = "xyxy"
) -> dict[str, Any]:
    """Boxes cut at the picture's border; a box of which nothing is left gets the label -1.

    Args:
        bounding_boxes: a dictionary with "boxes" and perhaps "labels".
        height, width: of the picture, for "xyxy".
        bounding_box_format: "xyxy" or "rel_xyxy".

    Raises:
        ArgumentError: the format is another one, or the size is missing.

    Example:

        >>> boxes = {"boxes": jnp.array([[-5.0, 2.0, 5.0, 20.0], [11.0, 0.0, 12.0, 4.0]]),
        ...          "labels": jnp.array([3, 4])}
        >>> clipped = clip_to_image_size(boxes, height=10, width=10)
        >>> clipped["boxes"].tolist(), clipped["labels"].tolist()
        ([[0.0, 2.0, 5.0, 10.0], [10.0, 0.0, 10.0, 4.0]], [3, -1])
    """
    if bounding_box_format not in ("xyxy", "rel_xyxy"):
        raise ArgumentError(
            f"clip_to_image_size: boxes are 'xyxy' or 'rel_xyxy'. Received: {bounding_box_format!r}. "
            "Convert them first, by convert_format."
        )
    if bounding_box_format == "rel_xyxy":
        height = width = 1
    elif height is None or width is None:
        raise ArgumentError("clip_to_image_size needs height and width for boxes in pixels ('xyxy').")
    x1, y1, x2, y2 = _sides(bounding_boxes["boxes"])
    x1, x2 = jnp.clip(x1, 0, width), jnp.clip(x2, 0, width)
    y1, y2 = jnp.clip(y1, 0, height), jnp.clip(y2, 0, height)
    result = {**bounding_boxes, "boxes": jnp.stack([x1, y1, x2, y2], -1)}
    if bounding_boxes.get("labels") is not None:
        result["labels"] = jnp.where((x2 - x1) * (y2 - y1) > 0, bounding_boxes["labels"], -1)
    return result


def _only_corners(bounding_box_format: str, function: str) -> None:
    if bounding_box_format != "xyxy":
        raise ArgumentError(
            f"{function}: boxes are 'xyxy'. Received: {bounding_box_format!r}. Convert them first, by "
            "convert_format."
        )


def crop(boxes: Any, top: Any, left: Any, height: Any, width: Any, bounding_box_format: str = "xyxy") -> Any:
    """Boxes in a window of a picture, cut at its border.

    Args:
        boxes: (..., 4), "xyxy".
        top, left, height, width: of the window, in pixels.
        bounding_box_format: must be "xyxy".

    Example:

        >>> crop(jnp.array([[10.0, 20.0, 90.0, 95.0]]), top=15, left=15, height=70, width=70).tolist()
        [[0.0, 5.0, 70.0, 70.0]]
    """
    _only_corners(bounding_box_format, "crop")
    x1, y1, x2, y2 = _sides(pad(boxes, -top, -left))
    return jnp.stack(
        [jnp.clip(x1, 0, width), jnp.clip(y1, 0, height), jnp.clip(x2, 0, width), jnp.clip(y2, 0, height)], -1
    )


def pad(
    boxes: Any,
    top: Any,
    left: Any,
    height: Any = None,
    width: Any = None,
    bounding_box_format: str = "xyxy",
) -> Any:
    """Boxes in a picture with a margin above and to the left.

    Args:
        boxes: (..., 4), "xyxy".
        top, left: the margins, in pixels.
        height, width: not needed.
        bounding_box_format: must be "xyxy".

    Example:

        >>> pad(jnp.array([[1.0, 2.0, 3.0, 4.0]]), top=10, left=20).tolist()
        [[21.0, 12.0, 23.0, 14.0]]
    """
    _only_corners(bounding_box_format, "pad")
    x1, y1, x2, y2 = _sides(jnp.asarray(boxes))
    return jnp.stack([x1 + left, y1 + top, x2 + left, y2 + top], -1)


def moved(boxes: Any, transform: Any) -> Any:
    """The smallest upright boxes around what boxes become where a picture is transformed.

    Args:
        boxes: (n, boxes, 4), "xyxy".
        transform: (n, 8), as of `neurona.ops.image.affine_transform`: it says where in the input each point
            of the output is read, so that points of the input move by its inverse.
    """
    rows = jnp.concatenate([transform, jnp.ones((transform.shape[0], 1), transform.dtype)], -1)
    inverse = jnp.linalg.inv(rows.reshape(-1, 3, 3))
    x1, y1, x2, y2 = _sides(boxes)
    corners = jnp.stack(
        [jnp.stack([x, y, jnp.ones_like(x)], -1) for x, y in ((x1, y1), (x2, y1), (x2, y2), (x1, y2))], -2
    )
    points = jnp.einsum("nij,nbcj->nbci", inverse, corners)
    points = points[..., :2] / points[..., 2:]
    return jnp.concatenate([points.min(-2), points.max(-2)], -1)


def affine_transform(
    boxes: Any,
    angle: Any,
    translate_x: Any,
    translate_y: Any,
    scale: Any,
    shear_x: Any,
    shear_y: Any,
    height: Any,
    width: Any,
    center_x: Any = None,
    center_y: Any = None,
    bounding_box_format: str = "xyxy",
) -> Any:
    """The smallest upright boxes around boxes that are turned, moved, scaled and sheared with their picture.

    Args:
        boxes: (n, boxes, 4), "xyxy".
        angle: degrees, one number for each picture; positive turns from x to y in the picture's memory.
        translate_x, translate_y: shares of width and height.
        scale: a factor.
        shear_x, shear_y: degrees.
        height, width: of the pictures.
        center_x, center_y: the point that stays, as shares of width and height; the middle by default.
        bounding_box_format: must be "xyxy".

    Example:

        >>> one, zero = jnp.ones(1), jnp.zeros(1)
        >>> box = jnp.array([[[2.0, 1.0, 4.0, 2.0]]])
        >>> affine_transform(box, zero, zero, zero, 2 * one, zero, zero, height=11, width=11).tolist()
        [[[-1.0, -3.0, 3.0, -1.0]]]
    """
    _only_corners(bounding_box_format, "affine_transform")
    angle, shear_x, shear_y = (-jnp.asarray(one) * (math.pi / 180) for one in (angle, shear_x, shear_y))
    center = jnp.stack(
        [
            (0.5 if center_x is None else center_x) * (width - 1) * jnp.ones_like(angle),
            (0.5 if center_y is None else center_y) * (height - 1) * jnp.ones_like(angle),
        ],
        -1,
    )
    shift = jnp.stack([-translate_x * (width - 1), -translate_y * (height - 1)], -1) * jnp.ones_like(center)
    a = jnp.cos(angle - shear_y) / jnp.cos(shear_y)
    c = -jnp.sin(angle - shear_y) / jnp.cos(shear_y)
    b = a * jnp.tan(shear_x) + jnp.sin(angle)
    d = jnp.cos(angle) - c * jnp.tan(shear_x)
    factors = jnp.asarray(scale)[..., None, None]
    matrix = factors * jnp.stack([jnp.stack([d, -b], -1), jnp.stack([-c, a], -1)], -2)
    offset = center - jnp.einsum("nij,nj->ni", matrix, center + shift)
    x1, y1, x2, y2 = _sides(jnp.asarray(boxes, matrix.dtype))
    corners = jnp.stack([jnp.stack(point, -1) for point in ((x1, y1), (x2, y1), (x2, y2), (x1, y2))], -2)
    points = jnp.einsum("nij,nbcj->nbci", matrix, corners) + offset[:, None, None]
    return jnp.concatenate([points.min(-2), points.max(-2)], -1)


def _size(image_shape: Any) -> tuple[Any, Any]:
    return (None, None) if image_shape is None else tuple(image_shape[:2])


def encode_box_to_deltas(
    anchors: Any,
    boxes: Any,
    anchor_format: str,
    box_format: str,
    encoding_format: str = "center_yxhw",
    variance: Any = None,
    image_shape: Any = None,
) -> Any:
    """How boxes differ from anchors: the way of the centre in sizes of the anchor, and the log of the ratio
    of the sizes; each divided by its variance. `decode_deltas_to_boxes` is the inverse.

    Args:
        anchors, boxes: (..., 4).
        anchor_format, box_format: their formats.
        encoding_format: "center_yxhw" or "center_xywh".
        variance: four numbers.
        image_shape: (height, width, channels), for "rel_" formats.

    Source: Girshick et al., Rich Feature Hierarchies for Accurate Object Detection, 2014, appendix C.

    Example:

        >>> anchor, box = jnp.array([[0.0, 0.0, 2.0, 2.0]]), jnp.array([[1.0, 1.0, 3.0, 3.0]])
        >>> encode_box_to_deltas(anchor, box, "xyxy", "xyxy").tolist()
        [[0.5, 0.5, 0.0, 0.0]]
    """
    height, width = _size(image_shape)
    _check_encoding(encoding_format, variance)
    anchors = convert_format(anchors, anchor_format, encoding_format, height, width)
    boxes = convert_format(boxes, box_format, encoding_format, height, width)
    anchor_sizes, sizes = (jnp.maximum(one[..., 2:], epsilon()) for one in (anchors, boxes))
    centers = (boxes[..., :2] - anchors[..., :2]) / anchor_sizes
    deltas = jnp.concatenate([centers, jnp.log(sizes / anchor_sizes)], -1)
    return deltas if variance is None else deltas / jnp.asarray(variance, deltas.dtype)


def decode_deltas_to_boxes(
    anchors: Any,
    boxes_delta: Any,
    anchor_format: str,
    box_format: str,
    encoded_format: str = "center_yxhw",
    variance: Any = None,
    image_shape: Any = None,
) -> Any:
    """The boxes that `encode_box_to_deltas` encoded; of dictionaries, level by level.

    Args:
        anchors, boxes_delta: (..., 4), or dictionaries of such arrays.
        anchor_format, box_format: the formats of the anchors and of the result.
        encoded_format, variance, image_shape: as of `encode_box_to_deltas`.

    Example:

        >>> anchor = jnp.array([[0.0, 0.0, 2.0, 2.0]])
        >>> decode_deltas_to_boxes(anchor, jnp.array([[0.5, 0.5, 0.0, 0.0]]), "xyxy", "xyxy").tolist()
        [[1.0, 1.0, 3.0, 3.0]]
    """
    height, width = _size(image_shape)
    _check_encoding(encoded_format, variance)

    def decoded(anchor: Any, delta: Any) -> Any:
        anchor = convert_format(anchor, anchor_format, encoded_format, height, width)
        delta = delta if variance is None else delta * jnp.asarray(variance, anchor.dtype)
        sizes = anchor[..., 2:]
        box = jnp.concatenate([delta[..., :2] * sizes + anchor[..., :2], jnp.exp(delta[..., 2:]) * sizes], -1)
        return convert_format(box, encoded_format, box_format, height, width)

    if isinstance(anchors, Mapping) and isinstance(boxes_delta, Mapping):
        return {level: decoded(anchor, boxes_delta[level]) for level, anchor in anchors.items()}
    return decoded(anchors, boxes_delta)


def _check_encoding(encoding_format: str, variance: Any) -> None:
    if encoding_format not in ("center_xywh", "center_yxhw"):
        raise ArgumentError(
            f"Deltas are encoded as 'center_xywh' or 'center_yxhw'. Received: {encoding_format!r}"
        )
    if variance is not None and len(variance) != 4:
        raise ArgumentError(f"variance is four numbers, one for each of a box. Received: {variance!r}")


def compute_iou(
    boxes1: Any,
    boxes2: Any,
    bounding_box_format: str,
    use_masking: bool = False,
    mask_val: float = -1,
    image_shape: Any = None,
) -> Any:
    """Intersection over union of each of some boxes with each of others.

    Args:
        boxes1, boxes2: (m, 4) and (n, 4), either perhaps with a batch before it.
        bounding_box_format: the format of both.
        use_masking: whether pairs with a box of negative numbers (padding) get `mask_val`.
        mask_val: what they get.
        image_shape: (height, width, channels), for "rel_" formats.

    Shapes: -> (m, n), or (batch, m, n).

    Raises:
        ShapeError: boxes have another rank.

    Example:

        >>> one, other = jnp.array([[0.0, 0.0, 2.0, 2.0]]), jnp.array([[1.0, 0.0, 3.0, 2.0]])
        >>> round(float(compute_iou(one, other, "xyxy")[0, 0]), 3)
        0.333
    """
    for boxes in (boxes1, boxes2):
        if jnp.ndim(boxes) not in (2, 3):
            raise ShapeError(
                f"compute_iou takes boxes (n, 4) or (batch, n, 4). Received shape {jnp.shape(boxes)}."
            )
    height, width = _size(image_shape)
    boxes1, boxes2 = (
        convert_format(boxes, bounding_box_format, "xyxy", height, width) for boxes in (boxes1, boxes2)
    )
    one, other = boxes1[..., :, None, :], boxes2[..., None, :, :]
    sizes = jnp.minimum(one[..., 2:], other[..., 2:]) - jnp.maximum(one[..., :2], other[..., :2])
    shared = jnp.prod(jnp.maximum(sizes, 0), -1)
    areas = [jnp.prod(boxes[..., 2:] - boxes[..., :2], -1) for boxes in (one, other)]
    iou = shared / (areas[0] + areas[1] - shared + epsilon())
    if not use_masking:
        return iou
    return jnp.where((one.max(-1) < 0) | (other.max(-1) < 0), mask_val, iou)


def compute_ciou(boxes1: Any, boxes2: Any, bounding_box_format: str, image_shape: Any = None) -> Any:
    """Complete intersection over union of boxes with as many others: IoU, less the squared distance of the
    centres by that of the enclosing box's corners, less a term for the difference of the proportions.

    Args:
        boxes1, boxes2: (..., 4).
        bounding_box_format: the format of both.
        image_shape: (height, width, channels), for "rel_" formats.

    Source: Zheng et al., Distance-IoU Loss, 2020.

    Example:

        >>> box = jnp.array([[0.0, 0.0, 2.0, 2.0]])
        >>> round(float(compute_ciou(box, box, "xyxy")[0]), 3)
        1.0
    """
    height, width = _size(image_shape)
    one, other = (
        convert_format(boxes, bounding_box_format, "xyxy", height, width) for boxes in (boxes1, boxes2)
    )
    sizes1, sizes2 = (boxes[..., 2:] - boxes[..., :2] + jnp.array([0, epsilon()]) for boxes in (one, other))
    overlap = jnp.minimum(one[..., 2:], other[..., 2:]) - jnp.maximum(one[..., :2], other[..., :2])
    shared = jnp.prod(jnp.maximum(overlap, 0), -1)
    union = jnp.prod(sizes1, -1) + jnp.prod(sizes2, -1) - shared + epsilon()
    iou = shared / (union + epsilon())
    enclosing = jnp.maximum(one[..., 2:], other[..., 2:]) - jnp.minimum(one[..., :2], other[..., :2])
    between = (one[..., :2] + one[..., 2:] - other[..., :2] - other[..., 2:]) / 2
    distance = jnp.sum(between**2, -1) / (jnp.sum(enclosing**2, -1) + epsilon())
    angles = [jnp.arctan(sizes[..., 0] / sizes[..., 1]) for sizes in (sizes2, sizes1)]
    v = 4 / math.pi**2 * (angles[0] - angles[1]) ** 2
    return iou - distance - v / (v - iou + 1 + epsilon()) * v
