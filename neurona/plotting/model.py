"""plot_model: the architecture of a model as boxes and arrows."""

from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError
from neurona.plotting.diagram import Box, Details, Diagram, diagram_of
from neurona.plotting.figure import finish, matplotlib_module, new_figure
from neurona.plotting.layout import Point, layered_layout

_TITLE_SIZE, _ROW_SIZE, _LINE_HEIGHT = 10.0, 9.0, 1.45
_PADDING, _ACROSS, _ALONG, _MARGIN = 9.0, 22.0, 26.0, 12.0
_BACK = 12.0  # distance between the boxes and an arrow to an earlier box
_FRAME = 12.0  # around the boxes of an expanded model, and the height of its title
_MOST_PIXELS = 30_000
_DIRECTIONS = ("TB", "BT", "LR", "RL")
_SPLINES = ("ortho", "curved", "spline", "line", "polyline", "true", "false")


def plot_model(
    model: Any,
    to_file: Any = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: float = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    *,
    language: str | None = None,
) -> Any:
    """Draw the architecture of a model: a box for each layer, an arrow for each tensor.

    Needs matplotlib, but no Graphviz. Colours tell families of layers apart (convolution, pooling,
    recurrence...).

    Args:
        model: a Sequential or functional model; of a subclassed one only its box, or its layers without
            arrows, can be shown.
        to_file: the file to write, a PNG unless its ending says otherwise; None writes none.
        show_shapes: show the shapes of inputs and outputs.
        show_dtype: show the outputs' dtype.
        show_layer_names: show the layers' names and their classes.
        rankdir: where the arrows lead: `"TB"` down, `"BT"` up, `"LR"` right, `"RL"` left.
        expand_nested: show the layers inside nested models, in a frame.
        dpi: dots per inch; less for models so large that the picture would be too big.
        show_layer_activations: show the activation function of layers that have one.
        show_trainable: show which layers with weights are trained.
        splines: the arrows' form: `"ortho"` right angles, `"curved"`, or `"line"`.
        language: `"en"`, `"es"`, or None for the user's.

    Returns:
        A `matplotlib.figure.Figure`, which notebooks show.

    Raises:
        NotBuiltError: the model has no shapes yet.
        ArgumentError: the direction or the form of the arrows is unknown.
        MissingDependencyError: matplotlib is not installed.

    Example:

        >>> from neurona.layers import Dense, Input
        >>> from neurona.models import Sequential
        >>> figure = plot_model(Sequential([Input((4,)), Dense(3)]), to_file=None, show_shapes=True)
        >>> [text.get_text() for text in figure.axes[0].texts][-1]
        'Output shape: (None, 3)'
    """
    if rankdir not in _DIRECTIONS:
        raise ArgumentError(
            f"plot_model: rankdir is one of {', '.join(map(repr, _DIRECTIONS))}. Received: {rankdir!r}"
        )
    if str(splines).lower() not in _SPLINES:
        raise ArgumentError(
            f"plot_model: splines is one of {', '.join(map(repr, _SPLINES))}. Received: {splines!r}"
        )
    details = Details(
        show_shapes,
        show_dtype,
        show_layer_names,
        show_layer_activations,
        show_trainable,
        expand_nested,
        language,
    )
    diagram = diagram_of(model, details)
    return plot_diagram(diagram, to_file, rankdir=rankdir, dpi=dpi, splines=str(splines).lower())


def plot_diagram(
    diagram: Diagram,
    to_file: Any,
    *,
    rankdir: str = "TB",
    dpi: float = 200,
    splines: str = "ortho",
    who: str = "plot_model",
) -> Any:
    """Draw boxes and arrows; the arguments are those of `plot_model`, and `who` is the caller's name."""
    sheet = _Sheet(rankdir, splines)
    block = sheet.measure(diagram)
    width, height = block.size[0] + 2 * _MARGIN, block.size[1] + 2 * _MARGIN
    dots = min(dpi, 72 * _MOST_PIXELS / max(width, height))
    figure = new_figure(who, width / 72, height / 72, dots)
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    sheet.draw(axes, block, (_MARGIN, _MARGIN))
    return finish(figure, to_file)


class _Block:
    """A diagram with sizes and places, in points.

    Attributes:
        sizes, corners: of the boxes, within the block.
        lines: the points between the ends of every arrow.
        inner: the blocks of expanded boxes, by the boxes' numbers.
    """

    def __init__(self, diagram: Diagram) -> None:
        self.diagram = diagram
        self.sizes: list[Point] = []
        self.corners: list[Point] = []
        self.lines: dict[tuple[int, int], list[Point]] = {}
        self.inner: dict[int, _Block] = {}
        self.size: Point = (0.0, 0.0)


class _Sheet:
    """Measures and draws blocks in one direction."""

    def __init__(self, rankdir: str, splines: str) -> None:
        self.rankdir, self.splines = rankdir, splines
        self.sideways = rankdir in ("LR", "RL")
        fonts = matplotlib_module("font_manager", "plot_model")
        self._paths = matplotlib_module("textpath", "plot_model").TextToPath()
        self._patches = matplotlib_module("patches", "plot_model")
        self._path = matplotlib_module("path", "plot_model").Path
        self._title_font, self._row_font = (
            fonts.FontProperties(size=_TITLE_SIZE, weight="bold"),
            fonts.FontProperties(size=_ROW_SIZE),
        )

    # measuring

    def measure(self, diagram: Diagram) -> _Block:
        """Find the size and place of everything in a diagram."""
        block = _Block(diagram)
        for number, box in enumerate(diagram.boxes):
            if box.inside is not None:
                inner = block.inner[number] = self.measure(box.inside)
                title = self._width(box.title, self._title_font)
                wide = max(inner.size[0], title) + 2 * _FRAME
                block.sizes.append((wide, inner.size[1] + 2 * _FRAME + _TITLE_SIZE * _LINE_HEIGHT))
            else:
                block.sizes.append(self._box_size(box))
        sizes = [(height, width) if self.sideways else (width, height) for width, height in block.sizes]
        edges = list(dict.fromkeys((first, second) for first, second, _, _ in diagram.arrows))
        if not edges and len(sizes) > 1:  # nothing is known to follow anything: a column
            column = [(index, index + 1) for index in range(len(sizes) - 1)]
            layout = layered_layout(sizes, column, _ACROSS, _ALONG / 2)
        else:
            layout = layered_layout(sizes, edges, _ACROSS, _ALONG)
        backwards = self.rankdir in ("BT", "RL")

        def place(x: float, y: float, length: float = 0.0) -> Point:
            y = layout.height - y - length if backwards else y
            return (y, x) if self.sideways else (x, y)

        block.corners = [place(x, y, size[1]) for (x, y), size in zip(layout.corners, sizes)]
        block.lines = {edge: [place(x, y) for x, y in points] for edge, points in layout.bends.items()}
        block.size = (layout.height, layout.width) if self.sideways else (layout.width, layout.height)
        return block

    def _width(self, text: str, font: Any) -> float:
        return self._paths.get_text_width_height_descent(text, font, ismath=False)[0]

    def _box_size(self, box: Box) -> Point:
        widths = [
            self._width(box.title, self._title_font),
            *(self._width(row, self._row_font) for row in box.rows),
        ]
        header = _TITLE_SIZE * _LINE_HEIGHT + _PADDING
        rows = len(box.rows) * _ROW_SIZE * _LINE_HEIGHT + (_PADDING if box.rows else 0)
        return max(60.0, *(width + 2 * _PADDING for width in widths)), header + rows

    # drawing

    def draw(self, axes: Any, block: _Block, origin: Point) -> None:
        """Draw a block with its upper left corner at a place."""
        for number, box in enumerate(block.diagram.boxes):
            corner = self._absolute(block.corners[number], origin)
            if number in block.inner:
                self._draw_frame(axes, box, block.sizes[number], corner)
                self.draw(axes, block.inner[number], self._inner_origin(block, number, origin))
            else:
                self._draw_box(axes, box, block.sizes[number], corner)
        for first, second, output, place in block.diagram.arrows:
            self._draw_arrow(axes, block, origin, (first, second), output, place)

    @staticmethod
    def _absolute(point: Point, origin: Point) -> Point:
        return point[0] + origin[0], point[1] + origin[1]

    def _inner_origin(self, block: _Block, number: int, origin: Point) -> Point:
        corner = self._absolute(block.corners[number], origin)
        spare = block.sizes[number][0] - block.inner[number].size[0]
        return corner[0] + spare / 2, corner[1] + _FRAME + _TITLE_SIZE * _LINE_HEIGHT

    def _draw_frame(self, axes: Any, box: Box, size: Point, corner: Point) -> None:
        frame = self._patches.FancyBboxPatch(
            corner,
            *size,
            boxstyle="round,pad=0,rounding_size=6",
            facecolor="#7F7F7F18",
            edgecolor="#7F7F7F",
            linestyle="--",
            linewidth=1,
        )
        axes.add_patch(frame)
        axes.text(
            corner[0] + _FRAME,
            corner[1] + _FRAME * 0.8,
            box.title,
            va="top",
            ha="left",
            fontproperties=self._title_font,
        )

    def _draw_box(self, axes: Any, box: Box, size: Point, corner: Point) -> None:
        x, y = corner
        header = _TITLE_SIZE * _LINE_HEIGHT + _PADDING
        style = {"boxstyle": "round,pad=0,rounding_size=4", "linewidth": 0.9}
        axes.add_patch(
            self._patches.FancyBboxPatch(corner, *size, facecolor="white", edgecolor="none", **style)
        )
        top = self._patches.Rectangle(corner, size[0], header, facecolor=box.tint, edgecolor="none")
        axes.add_patch(top)
        outline = self._patches.FancyBboxPatch(corner, *size, facecolor="none", edgecolor="#404040", **style)
        axes.add_patch(outline)
        top.set_clip_path(outline)
        middle = x + size[0] / 2
        style = {"ha": "center", "va": "center_baseline", "color": "black"}
        axes.text(middle, y + header / 2, box.title, fontproperties=self._title_font, **style)
        for number, row in enumerate(box.rows):
            line = y + header + _PADDING / 2 + (number + 0.5) * _ROW_SIZE * _LINE_HEIGHT
            axes.text(middle, line, row, fontproperties=self._row_font, **style)

    def _end(self, block: _Block, number: int, origin: Point, entering: bool, port: int) -> Point:
        """Where an arrow touches a box; of an expanded model, the box inside that takes this input or gives
        this output.
        """
        inner = block.inner.get(number)
        if inner is not None:
            inside = inner.diagram.entrances if entering else inner.diagram.exits
            if inside:
                return self._end(
                    inner,
                    inside[min(port, len(inside) - 1)],
                    self._inner_origin(block, number, origin),
                    entering,
                    port,
                )
        (x, y), (width, height) = self._absolute(block.corners[number], origin), block.sizes[number]
        first_side = entering == (self.rankdir in ("TB", "LR"))
        if self.sideways:
            return (x if first_side else x + width), y + height / 2
        return x + width / 2, (y if first_side else y + height)

    def _draw_arrow(
        self, axes: Any, block: _Block, origin: Point, edge: tuple[int, int], output: int, place: int
    ) -> None:
        first, second = edge
        back = second <= first  # a layer that is called again on its own later output
        if first == second:
            points = self._loop(block, first, origin)
        else:
            start = self._end(block, first, origin, back, output)
            stop = self._end(block, second, origin, not back, place)
            between = [self._absolute(point, origin) for point in block.lines[edge]]
            axis = 1 if self.sideways else 0
            between[0] = _with(between[0], axis, start[axis])
            between[-1] = _with(between[-1], axis, stop[axis])
            points = [start, *between, stop]
            if back:  # to the side of the lines that lead forward
                shift = (_BACK / 3, _BACK) if self.sideways else (_BACK, _BACK / 3)
                points = [self._absolute(point, shift) for point in points]
                points[0], points[-1] = (
                    _with(points[end], 1 - axis, (start, stop)[end][1 - axis]) for end in (0, -1)
                )
        axes.add_patch(
            self._patches.FancyArrowPatch(
                path=self._line(points),
                arrowstyle="-|>",
                mutation_scale=9,
                color="#555555",
                linewidth=1.2,
                shrinkA=0,
                shrinkB=0,
            )
        )

    def _loop(self, block: _Block, number: int, origin: Point) -> list[Point]:
        (x, y), (width, height) = self._absolute(block.corners[number], origin), block.sizes[number]
        right, reach = x + width, 10.0
        return [
            (right, y + 0.7 * height),
            (right + reach, y + 0.7 * height),
            (right + reach, y + 0.3 * height),
            (right, y + 0.3 * height),
        ]

    def _line(self, points: list[Point]) -> Any:
        """The points joined in the form that `splines` asks for."""
        path = self._path
        if self.splines in ("line", "polyline", "false"):
            kept = [
                points[0],
                *((np.add(a, b) / 2) for a, b in zip(points[2:-2:2], points[3:-2:2])),
                points[-1],
            ]
            return path(kept)
        if self.splines != "ortho":
            vertices, codes = [points[0]], [path.MOVETO]
            ends = [
                points[0],
                *(tuple(np.add(points[i], points[i + 1]) / 2) for i in range(2, len(points) - 3, 2)),
                points[-1],
            ]
            for number, stop in enumerate(ends[1:]):
                vertices += [points[1 + 2 * number], points[2 + 2 * number], stop]
                codes += [path.CURVE4] * 3
            return path(vertices, codes)
        vertices, codes = [points[0]], [path.MOVETO]
        for before, corner, after in zip(points, points[1:], points[2:]):
            radius = min(
                5.0, np.hypot(*np.subtract(corner, before)) / 2, np.hypot(*np.subtract(after, corner)) / 2
            )
            if radius > 0.3:
                vertices += [_toward(corner, before, radius), corner, _toward(corner, after, radius)]
                codes += [path.LINETO, path.CURVE3, path.CURVE3]
        return path([*vertices, points[-1]], [*codes, path.LINETO])


def _with(point: Point, axis: int, value: float) -> Point:
    return (value, point[1]) if axis == 0 else (point[0], value)


def _toward(start: Point, stop: Point, distance: float) -> Point:
    direction = np.subtract(stop, start)
    moved = np.add(start, direction / np.hypot(*direction) * distance)
    return float(moved[0]), float(moved[1])
