"""Helpers of all pictures: figures outside pyplot's global state, colours for colour-blind people, files."""

import functools
import io
from pathlib import Path
from typing import Any

from neurona.core.errors import optional_import

# Okabe and Ito (2008), "Color universal design".
ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILLION, PURPLE = (
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#F0E442",
    "#0072B2",
    "#D55E00",
    "#CC79A7",
)
GRAY = "#7F7F7F"


def matplotlib_module(name: str, purpose: str) -> Any:
    """A module of matplotlib.

    Raises:
        MissingDependencyError: matplotlib is not installed; says how to install it.
    """
    return optional_import(f"matplotlib.{name}", extra="plot", purpose=purpose)


def new_figure(purpose: str, width: float, height: float, dpi: float) -> Any:
    """A `matplotlib.figure.Figure` that pyplot does not hold, so that it need not be closed.

    Args:
        purpose: the function that needs it, for the message when matplotlib is missing.
        width, height: in inches.
        dpi: dots per inch.
    """
    figure = matplotlib_module("figure", purpose).Figure(
        figsize=(width, height), dpi=dpi, layout="constrained"
    )
    matplotlib_module("backends.backend_agg", purpose).FigureCanvasAgg(figure)
    figure._repr_png_ = functools.partial(png, figure)  # notebooks show it
    return figure


def png(figure: Any) -> bytes:
    """A figure as the bytes of a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def finish(figure: Any, to_file: Any) -> Any:
    """Write the figure, if a file is named (a PNG where the name has no ending), and return it."""
    if to_file is not None:
        path = Path(to_file)
        figure.savefig(path if path.suffix else path.with_suffix(".png"))
    return figure


def plain_axes(axes: Any) -> None:
    """Remove the upper and the right line of the frame."""
    axes.spines[["top", "right"]].set_visible(False)


def shortened(text: str, length: int) -> str:
    """A text, cut to a number of characters.

    Example:

        >>> shortened("versicolor", 6)
        'versi…'
    """
    return text if len(text) <= length else text[: length - 1] + "…"
