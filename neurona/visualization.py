"""Pictures with what is found in them: boxes, masks, galleries. Names are those of `keras.visualization`."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError, ShapeError, optional_import
from neurona.core.lazy import suggest_names
from neurona.core.policy import standardize_data_format
from neurona.layers.bounding_boxes import convert_format
from neurona.plotting.figure import matplotlib_module

__all__ = [
    "draw_bounding_boxes",
    "draw_segmentation_masks",
    "plot_bounding_box_gallery",
    "plot_image_gallery",
    "plot_segmentation_mask_gallery",
]

Color = Sequence[int]


def draw_bounding_boxes(
    images: Any,
    bounding_boxes: Mapping[str, Any],
    bounding_box_format: str,
    class_mapping: Mapping[int, str] | None = None,
    color: Color = (128, 128, 128),
    line_thickness: int = 2,
    text_thickness: int = 1,
    font_scale: float = 1.0,
    data_format: str | None = None,
) -> np.ndarray:
    """Pictures with boxes drawn on them, and the names of the boxes' classes.

    Args:
        images: pixels in 0..255, or floats in 0..1.
        bounding_boxes: "boxes", "labels" (-1 for no box) and perhaps "confidences".
        bounding_box_format: such as "xyxy", "xywh" or "rel_yxyx".
        class_mapping: names by class number; a class without one gets no text.
        color: red, green and blue in 0..255.
        line_thickness: of the boxes, in pixels.
        text_thickness: of the letters.
        font_scale: size of the letters; 1 is 22 pixels high.
        data_format: of the images.

    Shapes: images (batch, height, width, 3) -> the same, uint8; boxes (batch, n, 4); labels and confidences
        (batch, n).

    Raises:
        ShapeError: images are not a batch of pictures.
        TypeError: bounding_boxes is no dictionary.
        ArgumentError: it lacks "boxes" or "labels", or the format is unknown.
        MissingDependencyError: names are to be written, and Pillow is not installed.

    Example:

        >>> boxes = {"boxes": np.array([[[1, 1, 3, 2]]]), "labels": np.array([[0]])}
        >>> image = np.zeros((1, 4, 5, 3))
        >>> draw_bounding_boxes(image, boxes, "xyxy", color=(9, 9, 9), line_thickness=1)[0, :, :, 0]
        array([[0, 0, 0, 0, 0],
               [0, 9, 9, 9, 0],
               [0, 9, 9, 9, 0],
               [0, 0, 0, 0, 0]], dtype=uint8)
    """
    pictures = _pixels(_last(_batch(images, "draw_bounding_boxes"), data_format))
    if not isinstance(bounding_boxes, Mapping):
        raise TypeError(
            f"draw_bounding_boxes: bounding_boxes is a dictionary. Received: {type(bounding_boxes).__name__}"
        )
    if not {"boxes", "labels"} <= bounding_boxes.keys():
        raise ArgumentError(
            f"draw_bounding_boxes: bounding_boxes has 'boxes' and 'labels'. Received: {list(bounding_boxes)}"
        )
    height, width = pictures.shape[1:3]
    boxes = np.asarray(convert_format(bounding_boxes["boxes"], bounding_box_format, "xyxy", height, width))
    labels = np.asarray(bounding_boxes["labels"])
    confidences = bounding_boxes.get("confidences")
    for number, picture in enumerate(pictures):
        for place, (box, label) in enumerate(zip(boxes[number].astype(int), labels[number].astype(int))):
            if label == -1:
                continue
            _draw_box(picture, box, color, line_thickness)
            if class_mapping and int(label) in class_mapping:
                text = class_mapping[int(label)]
                if confidences is not None:
                    text += f" | {confidences[number][place]:.2f}"
                _write(picture, text, (int(box[0]), int(box[1])), color, font_scale, text_thickness)
    return pictures


def _draw_box(picture: np.ndarray, box: np.ndarray, color: Color, thickness: int) -> None:
    """Draw the outline of a box on a picture; lines lie half inside and half outside."""
    before, after = thickness // 2, (thickness + 1) // 2
    left, top, right, bottom = (int(side) for side in box)

    def part(start: int, end: int) -> slice:
        return slice(max(0, start - before), max(0, end + after))

    for rows, columns in (
        (part(top, top), part(left, right)),
        (part(bottom, bottom), part(left, right)),
        (part(top, bottom), part(left, left)),
        (part(top, bottom), part(right, right)),
    ):
        picture[rows, columns] = color


def _write(
    picture: np.ndarray, text: str, corner: tuple[int, int], color: Color, scale: float, thickness: int
) -> None:
    """Write a text above a box, or inside it where there is no room above."""
    pillow = optional_import("PIL.Image", extra="image", purpose="draw_bounding_boxes with class_mapping")
    drawing = optional_import("PIL.ImageDraw", extra="image", purpose="draw_bounding_boxes")
    fonts = optional_import("PIL.ImageFont", extra="image", purpose="draw_bounding_boxes")
    size = max(6, round(22 * scale))
    left, top = corner
    place = (left, top - 8 - size if top > size + 8 else top + thickness + 3)
    canvas = pillow.fromarray(picture)
    font = fonts.load_default(size)
    drawing.Draw(canvas).text(place, text, tuple(color), font=font, stroke_width=thickness - 1)
    picture[:] = np.asarray(canvas)


def draw_segmentation_masks(
    images: Any,
    segmentation_masks: Any,
    num_classes: int | None = None,
    color_mapping: Mapping[int, Color] | None = None,
    alpha: float = 0.8,
    blend: bool = True,
    ignore_index: int = -1,
    data_format: str | None = None,
) -> np.ndarray:
    """Pictures with the class of each pixel as a colour over them.

    Args:
        images: pixels in 0..255.
        segmentation_masks: the number of each pixel's class.
        num_classes: how many classes have a colour; by default as many as the largest number.
        color_mapping: red, green and blue by class number; by default colours that differ.
        alpha: how much of the colour there is, from 0 to 1.
        blend: whether the picture shines through; otherwise the result is the colours as floats.
        ignore_index: the class that stays as it is.
        data_format: of the images and masks.

    Shapes: images (batch, height, width, channels), masks (batch, height, width, 1) -> as the images.

    Raises:
        ShapeError: images are not a batch of pictures.
        TypeError: the masks are not integers.

    Example:

        >>> masks = np.array([[[[0], [1]]]])
        >>> draw_segmentation_masks(np.zeros((1, 1, 2, 3)), masks, 2, {0: (0, 0, 0), 1: (100, 0, 50)})[0, 0]
        array([[ 0,  0,  0],
               [80,  0, 40]], dtype=uint8)
    """
    pictures = _last(_batch(images, "draw_segmentation_masks"), data_format).astype("float32")
    masks = np.asarray(segmentation_masks)
    if not np.issubdtype(masks.dtype, np.integer):
        raise TypeError(f"draw_segmentation_masks: masks are integers. Received dtype: {masks.dtype}")
    masks = _last(masks, data_format)[..., 0] if masks.ndim == 4 else masks
    count = int(masks.max()) if num_classes is None else num_classes
    colored = pictures.copy()
    for number in range(count):
        # Multiples of three large numbers: neighbouring classes get colours far apart.
        steps = np.array([2**25 - 1, 2**15 - 1, 2**21 - 1])
        color = color_mapping[number] if color_mapping is not None else (number * steps) % 255
        colored[masks == number] = np.asarray(color, "float32")
    if not blend:
        return colored
    mixed = pictures * (1 - alpha) + colored * alpha
    return np.where((masks != ignore_index)[..., None], mixed, pictures).astype("uint8")


def plot_image_gallery(
    images: Any,
    y_true: Any = None,
    y_pred: Any = None,
    label_map: Mapping[int, str] | None = None,
    rows: int | None = None,
    cols: int | None = None,
    value_range: tuple[float, float] = (0, 255),
    scale: float = 2,
    path: Any = None,
    show: bool | None = None,
    transparent: bool = True,
    dpi: int = 60,
    legend_handles: Any = None,
    data_format: str | None = None,
) -> None:
    """Show pictures side by side, with the names of their classes.

    Args:
        images: a batch.
        y_true, y_pred: the number of each picture's class, true and predicted.
        label_map: the names of the classes.
        rows, cols: of the gallery; by default about as many of each.
        value_range: of the pixels.
        scale: width and height of a picture, in inches.
        path: a file to write instead of showing.
        show: whether to show; by default where there is no path.
        transparent, dpi: of the file.
        legend_handles: matplotlib's, for a legend below.
        data_format: of the images.

    Raises:
        ArgumentError: there is a path and show=True, or there are labels and no label_map.
        ShapeError: images are not a batch of pictures.
        MissingDependencyError: matplotlib is not installed.
    """
    if path is not None and show:
        raise ArgumentError("plot_image_gallery: either path= to write a file, or show=True. Received both.")
    if (y_true is not None or y_pred is not None) and label_map is None:
        raise ArgumentError("plot_image_gallery: y_true and y_pred need label_map={number: name}.")
    pictures = _last(_batch(images, "plot_image_gallery"), data_format).astype("float64")
    rows = rows or math.ceil(math.sqrt(len(pictures)))
    cols = cols or math.ceil(len(pictures) / rows)
    low, high = value_range
    pictures = (255 * (pictures - low) / (high - low)).clip(0, 255).astype("uint8")
    pictures = pictures[..., 0] if pictures.shape[-1] == 1 else pictures
    pyplot = matplotlib_module("pyplot", "plot_image_gallery")
    size = (cols * scale, rows * scale)
    figure, axes = pyplot.subplots(rows, cols, figsize=size, frameon=False, layout="tight", squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for number, (axis, picture) in enumerate(zip(axes.flat, pictures)):
        axis.imshow(picture, cmap="gray", vmin=0, vmax=255)
        axis.set_title(_title(number, label_map or {}, Label=y_true, Pred=y_pred), fontsize=8)
    if legend_handles is not None:
        figure.legend(handles=legend_handles, loc="lower center")
    if path is not None:
        figure.savefig(path, pad_inches=0, bbox_inches="tight", transparent=transparent, dpi=dpi)
    elif show is not False:
        pyplot.show()
    pyplot.close(figure)


def _title(number: int, names: Mapping[int, str], **labels: Any) -> str:
    """What stands above a picture: the names of its classes."""
    return "  ".join(
        f"{title}: {names.get(int(numbers[number]), 'Unknown')}"
        for title, numbers in labels.items()
        if numbers is not None and number < len(numbers)
    )


def plot_bounding_box_gallery(
    images: Any,
    bounding_box_format: str,
    y_true: Mapping[str, Any] | None = None,
    y_pred: Mapping[str, Any] | None = None,
    value_range: tuple[float, float] = (0, 255),
    true_color: Color = (0, 188, 212),
    pred_color: Color = (255, 235, 59),
    line_thickness: int = 2,
    font_scale: float = 1.0,
    text_thickness: int | None = None,
    class_mapping: Mapping[int, str] | None = None,
    ground_truth_mapping: Mapping[int, str] | None = None,
    prediction_mapping: Mapping[int, str] | None = None,
    legend: bool = False,
    legend_handles: Any = None,
    rows: int | None = None,
    cols: int | None = None,
    data_format: str | None = None,
    **kwargs: Any,
) -> None:
    """Show pictures side by side, with their true boxes and the predicted ones.

    Args:
        images, value_range, rows, cols, data_format, kwargs: as of `plot_image_gallery`.
        bounding_box_format, line_thickness, font_scale, text_thickness: as of `draw_bounding_boxes`.
        y_true, y_pred: boxes as of `draw_bounding_boxes`.
        true_color, pred_color: their colours.
        class_mapping: names by class number; `ground_truth_mapping` and `prediction_mapping` for one of both.
        legend: whether a legend says which colour is which.
        legend_handles: matplotlib's, for another legend.

    Raises:
        ArgumentError: there is a legend and legend_handles.
    """
    pictures = _last(_batch(images, "plot_bounding_box_gallery"), data_format)
    for boxes, color, names in (
        (y_true, true_color, ground_truth_mapping or class_mapping),
        (y_pred, pred_color, prediction_mapping or class_mapping),
    ):
        if boxes is not None:
            style = (names, color, line_thickness, text_thickness or line_thickness, font_scale)
            pictures = draw_bounding_boxes(pictures, boxes, bounding_box_format, *style, "channels_last")
    if legend:
        if legend_handles:
            raise ArgumentError(
                "plot_bounding_box_gallery: either legend=True or legend_handles. Received both."
            )
        patch = matplotlib_module("patches", "plot_bounding_box_gallery").Patch
        legend_handles = [
            patch(color=np.asarray(color) / 255, label=label)
            for color, label in ((true_color, "Ground Truth"), (pred_color, "Prediction"))
        ]
    kwargs.update(rows=rows, cols=cols, legend_handles=legend_handles, data_format="channels_last")
    plot_image_gallery(pictures, value_range=value_range, **kwargs)


def plot_segmentation_mask_gallery(
    images: Any,
    num_classes: int | None,
    value_range: tuple[float, float] = (0, 255),
    y_true: Any = None,
    y_pred: Any = None,
    color_mapping: Mapping[int, Color] | None = None,
    blend: bool = True,
    alpha: float = 0.8,
    ignore_index: int = -1,
    data_format: str | None = None,
    **kwargs: Any,
) -> None:
    """Show each picture in a row with its true mask and the predicted one.

    Args:
        images, value_range, data_format, kwargs: as of `plot_image_gallery`.
        num_classes, color_mapping, blend, alpha, ignore_index: as of `draw_segmentation_masks`.
        y_true, y_pred: masks as of `draw_segmentation_masks`.
    """
    pictures = _last(_batch(images, "plot_segmentation_mask_gallery"), data_format)
    columns = [pictures]
    for masks in (y_true, y_pred):
        if masks is not None:
            masks = _last(np.asarray(masks), data_format).astype("int32")
            style = (num_classes, color_mapping, alpha, blend, ignore_index)
            columns.append(draw_segmentation_masks(pictures, masks, *style, "channels_last"))
    gallery = np.stack(columns, 1).reshape(-1, *pictures.shape[1:])
    kwargs = {"rows": len(pictures), "cols": len(columns), **kwargs}
    plot_image_gallery(gallery, value_range=value_range, data_format="channels_last", **kwargs)


def _batch(images: Any, who: str) -> np.ndarray:
    pictures = np.asarray(images)
    if pictures.ndim != 4:
        raise ShapeError(
            f"{who}: images are a batch, (n, height, width, channels). Received: {pictures.shape}"
        )
    return pictures


def _last(images: np.ndarray, data_format: str | None) -> np.ndarray:
    """The images with their channels on the last axis."""
    first = standardize_data_format(data_format) == "channels_first"
    return np.moveaxis(images, 1, -1) if first else images


def _pixels(images: np.ndarray) -> np.ndarray:
    """The images as new integers in 0..255."""
    if images.dtype.kind == "f" and images.size:
        images = np.clip(images, 0, 1) * 255 if images.max() <= 1 else np.clip(images, 0, 255)
    return images.astype("uint8", copy=True)


suggest_names(__name__)
