"""Boxes in images: cut out, chosen, drawn."""

from typing import Any, NamedTuple

import numpy as np

from neurona.core.errors import ArgumentError
from neurona.graph import Spec
from neurona.legacy.tensorflow.dispatch import S, T, function
from neurona.legacy.tensorflow.hosts import host
from neurona.legacy.tensorflow.image.resizing import namespace
from neurona.legacy.tensorflow.on_host import Given, like, on_host, shape_of
from neurona.legacy.tensorflow.tensor import Tensor

_COLORS = np.array(
    [[1, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0], [0.5, 0, 0.5], [0.5, 0.5, 0], [0.5, 0, 0], [0, 0, 0.5],
     [0, 1, 1], [1, 0, 1]],
    np.float32,
)  # fmt: skip


@function
def crop_and_resize(
    image: T, boxes: T, box_indices: T, crop_size: S, method: str = "bilinear", extrapolation_value: S = 0.0
) -> Any:
    """Boxes (y1, x1, y2, x2), as fractions of the sides, cut out of images and resized."""
    if method not in ("bilinear", "nearest"):
        raise ArgumentError(f"crop_and_resize: method is 'bilinear' or 'nearest'. Received: {method!r}")
    xp = namespace(image, boxes, box_indices)
    height, width = image.shape[1:3]
    rows = _samples(boxes[:, 0], boxes[:, 2], height, crop_size[0])
    columns = _samples(boxes[:, 1], boxes[:, 3], width, crop_size[1])
    inside = _within(rows, height)[:, :, None] & _within(columns, width)[:, None, :]
    which = box_indices.astype(np.int32)[:, None, None]

    def read(y: Any, x: Any) -> Any:
        y = xp.clip(y, 0, height - 1).astype(np.int32)[:, :, None]
        x = xp.clip(x, 0, width - 1).astype(np.int32)[:, None, :]
        return image[which, y, x].astype(np.float32)

    if method == "nearest":
        found = read(xp.floor(rows + 0.5), xp.floor(columns + 0.5))
    else:
        top, left = xp.floor(rows), xp.floor(columns)
        down, across = (rows - top)[:, :, None, None], (columns - left)[:, None, :, None]
        upper = read(top, left) + (read(top, left + 1) - read(top, left)) * across
        lower = read(top + 1, left) + (read(top + 1, left + 1) - read(top + 1, left)) * across
        found = upper + (lower - upper) * down
    return xp.where(inside[..., None], found, extrapolation_value).astype(np.float32)


def _samples(start: Any, stop: Any, size: int, count: int) -> Any:
    """Where boxes are read, (boxes, count)."""
    if count == 1:
        return (0.5 * (start + stop) * (size - 1))[:, None]
    step = (stop - start) * (size - 1) / (count - 1)
    return start[:, None] * (size - 1) + np.arange(count, dtype=np.float32) * step[:, None]


def _within(places: Any, size: int) -> Any:
    return (places >= 0) & (places <= size - 1)


def _overlaps(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Intersection over union of a box with others; corners may come in any order."""
    box, boxes = np.sort(box.reshape(2, 2), 0), np.sort(boxes.reshape(-1, 2, 2), 1)
    shared = np.clip(np.minimum(box[1], boxes[:, 1]) - np.maximum(box[0], boxes[:, 0]), 0, None).prod(1)
    union = (box[1] - box[0]).prod() + (boxes[:, 1] - boxes[:, 0]).prod(1) - shared
    return np.where(union > 0, shared / np.where(union > 0, union, 1), 0)


def suppressed(
    boxes: np.ndarray, scores: np.ndarray, most: int, iou: float, least: float, sigma: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """The numbers of the boxes that stay, best first, with their scores (Bodla et al. 2017 where sigma >
    0).
    """
    left = [number for number in np.argsort(-scores, kind="stable").tolist() if scores[number] > least]
    now = scores.astype(np.float32).copy()
    kept: list[int] = []
    while left and len(kept) < most:
        best = max(left, key=lambda number: now[number])
        left.remove(best)
        kept.append(best)
        if not left:
            break
        overlaps = _overlaps(boxes[best], boxes[left])
        now[left] *= np.exp(-0.5 * overlaps**2 / sigma) if sigma > 0 else overlaps <= iou
        left = [number for number in left if now[number] > least and now[number] != 0]
    return np.array(kept, np.int32), now[kept]


def _suppression(boxes: Any, scores: Any, most: Any, iou: Any, least: Any, sigma: Any = 0.0) -> Any:
    numbers = (float(host(value)) for value in (iou, least, sigma))
    return suppressed(host(boxes), host(scores), int(host(most)), *numbers)


def _number(value: Any) -> int | None:
    """A count, where it is a number and no tensor of a graph."""
    return int(value) if isinstance(value, (int, np.integer)) else None


def _padded_told(given: Given) -> tuple[Spec, Spec]:
    count = _number(given["max_output_size"]) if given["pad_to_max_output_size"] else None
    return Spec((count,), "int32"), Spec((), "int32")


def _combined_told(given: Given) -> "Detections":
    rows = (shape_of(given["boxes"]) or (None,))[0]
    count = None if given["pad_per_class"] else _number(given["max_total_size"])
    numbers = Spec((rows, count), "float32")
    return Detections(Spec((rows, count, 4), "float32"), numbers, numbers, Spec((rows,), "int32"))


@on_host(lambda _: Spec((None,), "int32"))
def non_max_suppression(
    boxes: Any,
    scores: Any,
    max_output_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = float("-inf"),
    name: Any = None,
) -> Any:
    """The numbers of the best boxes that overlap no better one by more than `iou_threshold`."""
    return Tensor(_suppression(boxes, scores, max_output_size, iou_threshold, score_threshold)[0])


@on_host(lambda _: (Spec((None,), "int32"), Spec((None,), "float32")))
def non_max_suppression_with_scores(
    boxes: Any,
    scores: Any,
    max_output_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = float("-inf"),
    soft_nms_sigma: Any = 0.0,
    name: Any = None,
) -> Any:
    """The same with the boxes' scores, which fall with their overlap where soft_nms_sigma > 0."""
    found = _suppression(boxes, scores, max_output_size, iou_threshold, score_threshold, soft_nms_sigma)
    return Tensor(found[0]), Tensor(found[1])


@on_host(_padded_told)
def non_max_suppression_padded(
    boxes: Any,
    scores: Any,
    max_output_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = float("-inf"),
    pad_to_max_output_size: bool = False,
    name: Any = None,
    **_: Any,
) -> Any:
    """The same with zeros up to the largest number, and how many there are."""
    chosen = _suppression(boxes, scores, max_output_size, iou_threshold, score_threshold)[0]
    count = len(chosen)
    if pad_to_max_output_size:
        chosen = np.pad(chosen, (0, int(host(max_output_size)) - count))
    return Tensor(chosen), Tensor(np.array(count, np.int32))


class Detections(NamedTuple):
    """The best boxes of each image, their scores and classes, and how many they are."""

    nmsed_boxes: Any
    nmsed_scores: Any
    nmsed_classes: Any
    valid_detections: Any


@on_host(_combined_told)
def combined_non_max_suppression(
    boxes: Any,
    scores: Any,
    max_output_size_per_class: Any,
    max_total_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = float("-inf"),
    pad_per_class: bool = False,
    clip_boxes: bool = True,
    name: Any = None,
) -> Any:
    """The best boxes of all classes: (boxes, scores, classes, counts), filled up with zeros."""
    boxes, scores = host(boxes), host(scores)
    each, total = int(host(max_output_size_per_class)), int(host(max_total_size))
    total = min(total, each * scores.shape[2]) if pad_per_class else total
    shape = (len(boxes), total)
    out_boxes, out_scores = np.zeros((*shape, 4), np.float32), np.zeros(shape, np.float32)
    out_classes, counts = np.zeros(shape, np.float32), np.zeros(len(boxes), np.int32)
    for number in range(len(boxes)):
        found = []
        for label in range(scores.shape[2]):
            own = boxes[number, :, label if boxes.shape[2] > 1 else 0]
            limits = float(host(iou_threshold)), float(host(score_threshold))
            kept, values = suppressed(own, scores[number, :, label], each, *limits)
            found += [(value, label, own[place]) for place, value in zip(kept, values)]
        found = sorted(found, key=lambda one: -one[0])[:total]
        counts[number] = len(found)
        for place, (value, label, box) in enumerate(found):
            out_scores[number, place], out_classes[number, place] = value, label
            out_boxes[number, place] = np.clip(box, 0, 1) if clip_boxes else box
    return Detections(*map(Tensor, (out_boxes, out_scores, out_classes, counts)))


@on_host(like("float32"))
def draw_bounding_boxes(images: Any, boxes: Any, colors: Any = None, name: Any = None) -> Any:
    """Images with the outlines of boxes (y1, x1, y2, x2), as fractions of the sides."""
    drawn, boxes = host(images).copy(), host(boxes)
    palette = _COLORS if colors is None else host(colors).astype(np.float32)
    height, width, channels = drawn.shape[1:]
    for image, own in zip(drawn, boxes):
        for number, box in enumerate(own):
            top, left, bottom, right = (
                int(fraction * (size - 1)) for fraction, size in zip(box, (height, width, height, width))
            )
            if top > bottom or left > right or top >= height or left >= width or bottom < 0 or right < 0:
                continue
            rows = slice(max(top, 0), min(bottom, height - 1) + 1)
            columns = slice(max(left, 0), min(right, width - 1) + 1)
            color = np.ones(channels, drawn.dtype)
            color[:] = np.resize(np.append(palette[number % len(palette)], 1), channels)
            for place in (top, bottom):
                if 0 <= place < height:
                    image[place, columns] = color
            for place in (left, right):
                if 0 <= place < width:
                    image[rows, place] = color
    return Tensor(drawn)
