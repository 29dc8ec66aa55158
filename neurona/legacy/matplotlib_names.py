"""Names and arguments that Matplotlib removed, for programs that were written when it had them."""

import functools
import importlib
import re
from typing import Any

_OLD = re.compile(
    r"normed|gca\(.*projection|seaborn|get_cmap|axisbg|axis_bgcolor|\bhold\(|cm\.spectral"
    r"|ticks\([^,()]+(?:\(.*?\))?[^,()]*,|ticklabels\("
    r"|savefig\(.*\b(?:color|frameon)\b|\.plot\(.*\baxes\s*="
)


def is_used(source: str) -> bool:
    """Whether a program's text has one of them."""
    return _OLD.search(source) is not None


def _renamed(method: Any, old: str, new: str) -> Any:
    @functools.wraps(method)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if old in kwargs:
            kwargs[new] = kwargs.pop(old)
        return method(*args, **kwargs)

    return wrapper


def _plotting(method: Any) -> Any:
    @functools.wraps(method)
    def wrapper(owner: Any, *args: Any, **kwargs: Any) -> Any:
        kwargs.pop("axes", None)  # lines could be told theirs, which are the owner
        return method(owner, *args, **kwargs)

    return wrapper


def _saving(method: Any) -> Any:
    @functools.wraps(method)
    def wrapper(figure: Any, *args: Any, **kwargs: Any) -> Any:
        kwargs.pop("color", None)  # Matplotlib ignored what it did not know
        if kwargs.pop("frameon", True) is False:
            kwargs.setdefault("facecolor", "none")
        return method(figure, *args, **kwargs)

    return wrapper


def _labelled(method: Any) -> Any:
    """Ticks beyond the last label had none."""

    @functools.wraps(method)
    def wrapper(axis: Any, labels: Any, *args: Any, **kwargs: Any) -> Any:
        locations = getattr(axis.get_major_locator(), "locs", ())
        labels = list(labels)
        return method(axis, labels + [""] * (len(locations) - len(labels)), *args, **kwargs)

    return wrapper


def _axes_of(figure: Any, current: Any, kwargs: Any) -> Any:
    """The current axes of a figure, or new ones of a projection."""
    kind = kwargs.get("projection")
    if kind is None or (figure.axes and current().name == kind):
        return current()
    return figure.add_subplot(1, 1, 1, **kwargs)


def restore() -> None:
    """Let Matplotlib have them again, in this process."""
    plt: Any = importlib.import_module("matplotlib.pyplot")
    cm: Any = importlib.import_module("matplotlib.cm")
    figures: Any = importlib.import_module("matplotlib.figure").Figure
    axes: Any = importlib.import_module("matplotlib.axes").Axes
    axes.hist = _renamed(axes.hist, "normed", "density")
    axes.plot = _plotting(axes.plot)
    axis: Any = importlib.import_module("matplotlib.axis").Axis
    axis.set_ticklabels = _labelled(axis.set_ticklabels)
    plt.hist = _renamed(plt.hist, "normed", "density")
    figures.add_subplot = _renamed(figures.add_subplot, "axisbg", "facecolor")
    figures.add_axes = _renamed(figures.add_axes, "axisbg", "facecolor")
    figures.savefig = _saving(figures.savefig)
    current = figures.gca
    figures.gca = lambda figure, **kwargs: _axes_of(figure, lambda: current(figure), kwargs)
    plt.gca = lambda **kwargs: plt.gcf().gca(**kwargs)
    for name, value in (("get_cmap", plt.get_cmap), ("spectral", cm.nipy_spectral)):
        if not hasattr(cm, name):
            setattr(cm, name, value)
    for owner in (axes, plt):
        if not hasattr(owner, "hold"):
            owner.hold = lambda *_: None  # figures hold what is drawn since Matplotlib 2
    if not hasattr(axes, "set_axis_bgcolor"):
        axes.set_axis_bgcolor = axes.set_facecolor
    styles = plt.style.library
    for name in [one for one in styles if one.startswith("seaborn-v0_8")]:
        styles.setdefault(name.replace("-v0_8", ""), styles[name])
