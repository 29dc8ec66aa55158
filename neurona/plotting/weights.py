"""plot_weights: the kernels of layers as images."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError, NotBuiltError, ShapeError
from neurona.plotting.figure import finish, matplotlib_module, new_figure
from neurona.plotting.texts import texts

_MOST_LAYERS = 12
_GAP, _GRAY = 1, 0.78  # pixels between the tiles of a grid, and their colour


def plot_weights(
    model: Any,
    *,
    image_shape: tuple[int, ...] | None = None,
    max_filters: int = 64,
    title: str | None = None,
    language: str | None = None,
    dpi: float = 120,
    to_file: Any = None,
) -> Any:
    """Draw the kernels of a layer, or of every layer of a model: matrices as images, filters of convolutions
    as a grid of tiles.

    Blue is negative, white 0, red positive, to the largest absolute value of the layer. Filters over three
    channels are shown as colour images, those over other numbers of channels as one row of tiles per input
    channel.

    Args:
        model: a model or a layer, with its weights.
        image_shape: `(height, width)`, when the rows of the first matrix are pixels: its columns are then
            shown as images.
        max_filters: how many filters (or columns) of a layer are shown.
        title, language, dpi, to_file: as in `plot_history`.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        NotBuiltError: there are no weights yet.
        ArgumentError: no layer has a kernel.
        ShapeError: image_shape does not fit.
        MissingDependencyError: matplotlib is not installed.

    Example:

        >>> from neurona.layers import Dense, Input
        >>> from neurona.models import Sequential
        >>> figure = plot_weights(Sequential([Input((4,)), Dense(3, name="hidden")]))
        >>> figure.axes[0].get_title()
        'hidden  (4, 3)'
    """
    if not model.built:
        raise NotBuiltError(
            f"plot_weights: {model.name!r} has no weights yet. Call it on data, or build(input_shape), first."
        )
    kernels = _kernels(model)
    if not kernels:
        raise ArgumentError(
            f"plot_weights: no layer of {model.name!r} has a kernel, that is a weight of two or more "
            "dimensions."
        )
    shown, more = kernels[:_MOST_LAYERS], len(kernels) - _MOST_LAYERS
    table = texts(language)
    columns = 1 if len(shown) == 1 else 2 if len(shown) <= 6 else 3
    rows = -(-len(shown) // columns)
    width, height = (6.4, 5.6) if columns == 1 else (4.4 * columns, 3.7 * rows + 0.5)
    figure = new_figure("plot_weights", width, height, dpi)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for panel in panels[len(shown) :]:
        panel.set_axis_off()
    for number, (panel, (name, values)) in enumerate(zip(panels, shown)):
        pixels = image_shape if number == 0 and values.ndim == 2 else None
        picture, is_matrix = _picture(values, pixels, max_filters)
        limit = float(np.max(np.abs(values), initial=0)) or 1.0
        _draw(figure, panel, picture, limit, is_matrix, table["value"] if columns == 1 else None)
        panel.set_title(f"{name}  {tuple(values.shape)}", fontsize=10)
        _label_axes(panel, is_matrix, table)
    rest = f" ({table['rest'].format(count=more)})" if more > 0 else ""
    figure.suptitle((title or table["weights"].format(name=model.name)) + rest, fontsize=13)
    return finish(figure, to_file)


def _draw(
    figure: Any, panel: Any, picture: np.ndarray, limit: float, is_matrix: bool, label: str | None
) -> None:
    """Draw a picture into a panel; numbers in blue, white and red from -limit to limit, with a colour bar."""
    if picture.ndim == 2:
        scale = matplotlib_module("cm", "plot_weights").ScalarMappable(cmap="RdBu_r")
        scale.set_clim(-limit, limit)
        figure.colorbar(scale, ax=panel, shrink=0.85, label=label)
        gaps = np.isnan(picture)
        picture = scale.to_rgba(picture)[..., :3]
        picture[gaps] = _GRAY
    wide = not 1 / 3 < picture.shape[0] / picture.shape[1] < 3
    panel.imshow(picture, aspect="auto" if is_matrix and wide else "equal", interpolation="nearest")


def _label_axes(panel: Any, is_matrix: bool, table: Mapping[str, str]) -> None:
    """Number the units and inputs of a matrix; take the numbers away from tiles."""
    if not is_matrix:
        panel.set_xticks([])
        panel.set_yticks([])
        return
    panel.tick_params(labelsize=8)
    panel.set_xlabel(table["unit"], fontsize=9)
    panel.set_ylabel(table["input"], fontsize=9)
    ticker = matplotlib_module("ticker", "plot_weights")
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_major_locator(ticker.MaxNLocator(6, integer=True, min_n_ticks=1))


def _kernels(model: Any) -> list[tuple[str, np.ndarray]]:
    """(layer's name, values) of every weight with two or more dimensions, in order."""
    found = []
    for layer in model._flatten_layers():
        own = [
            variable
            for variable in vars(layer).values()
            if hasattr(variable, "assign") and len(getattr(variable, "shape", ())) >= 2
        ]
        for variable in own:
            name = layer.name if len(own) == 1 else f"{layer.name}/{variable.name}"
            found.append((name, np.asarray(variable.value, np.float32)))
    return found


def _picture(values: np.ndarray, image_shape: tuple[int, ...] | None, most: int) -> tuple[np.ndarray, bool]:
    """The picture of a kernel, and whether it is the matrix itself (True) or a grid of tiles (False)."""
    if values.ndim == 2:
        if image_shape is None:
            return values, True
        if np.prod(image_shape) != values.shape[0] or len(image_shape) != 2:
            raise ShapeError(
                f"plot_weights: the first matrix has {values.shape[0]} rows. Received: "
                f"image_shape={image_shape}"
            )
        return _grid(values.T.reshape(-1, *image_shape)[:most]), False
    if values.ndim == 3:  # Conv1D: (width, channels, filters), a tile is (channels, width)
        return _grid(values.transpose(2, 1, 0)[:most]), False
    filters = (
        values.reshape(-1, *values.shape[-4:])[0] if values.ndim > 4 else values
    )  # of a volume, the first slice
    if filters.shape[2] == 3:
        limit = float(np.abs(filters).max()) or 1.0
        return _grid(filters.transpose(3, 0, 1, 2)[:most] / (2 * limit) + 0.5), False
    if filters.shape[2] == 1:
        return _grid(filters[:, :, 0].transpose(2, 0, 1)[:most]), False
    side = max(1, int(np.sqrt(most)))
    part = filters[:, :, :side, : 2 * side]
    return _grid(part.transpose(2, 3, 0, 1).reshape(-1, *part.shape[:2]), columns=part.shape[3]), False


def _grid(tiles: np.ndarray, columns: int | None = None) -> np.ndarray:
    """Tiles (count, height, width[, 3]) side by side, with gray lines (NaN where it is no colour image)
    around them.
    """
    count, height, width = tiles.shape[:3]
    if columns is None:
        columns = max(1, min(count, round(np.sqrt(1.4 * count * height / width))))
    rows = -(-count // columns)
    filler = np.nan if tiles.ndim == 3 else _GRAY
    sheet = np.full(
        (rows * (height + _GAP) + _GAP, columns * (width + _GAP) + _GAP, *tiles.shape[3:]), filler, np.float32
    )
    for number, tile in enumerate(tiles):
        top, left = _GAP + (number // columns) * (height + _GAP), _GAP + (number % columns) * (width + _GAP)
        sheet[top : top + height, left : left + width] = tile
    return sheet
