"""plot_history: how training went, epoch by epoch."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError, suggestion
from neurona.plotting.figure import BLUE, ORANGE, finish, matplotlib_module, new_figure, plain_axes
from neurona.plotting.texts import metric_title, texts

_COLUMNS = 3
_LOWER_IS_BETTER = ("loss", "error", "mae", "mse", "msle", "mape", "rmse", "divergence", "entropy")


def plot_history(
    history: Any,
    metrics: Sequence[str] | None = None,
    *,
    title: str | None = None,
    language: str | None = None,
    dpi: float = 120,
    to_file: Any = None,
) -> Any:
    """Draw a curve per metric: training and, where there is one, validation with its best epoch marked.

    Args:
        history: what `fit` returned, or its `history` dictionary.
        metrics: which to show, without `val_`; all by default, the loss first.
        title: above all panels; "Training history" by default.
        language: `"en"`, `"es"`, or None for the user's.
        dpi: dots per inch.
        to_file: where to write the picture.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ArgumentError: there is nothing to show or a metric is unknown.
        MissingDependencyError: matplotlib is not installed.

    Example:

        >>> figure = plot_history({"loss": [2.0, 1.0], "val_loss": [2.1, 1.5]})
        >>> [axes.get_title() for axes in figure.axes]
        ['Loss']
    """
    logs: Mapping[str, Sequence[float]] = history if isinstance(history, Mapping) else history.history
    known = _names(logs)
    for name in metrics or ():
        if name not in known:
            raise ArgumentError(
                f"plot_history: there is no {name!r} in the history.{suggestion(name, known)} It has: "
                f"{', '.join(known)}."
            )
    chosen = list(metrics or known)
    if not chosen:
        raise ArgumentError("plot_history: the history is empty. Train at least one epoch.")
    table = texts(language)
    columns = min(len(chosen), _COLUMNS)
    rows = -(-len(chosen) // columns)
    figure = new_figure("plot_history", 0.8 + 4.6 * columns, 0.6 + 3.5 * rows, dpi)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for panel in panels[len(chosen) :]:
        panel.set_axis_off()
    for panel, name in zip(panels, chosen):
        _draw(panel, name, logs, language)
    figure.suptitle(title or table["history"], fontsize=13)
    return finish(figure, to_file)


def _names(logs: Mapping[str, Any]) -> list[str]:
    """The metrics, the loss first and the learning rate last."""
    names = list(
        dict.fromkeys(
            name.removeprefix("val_") for name in logs if np.ndim(logs[name]) == 1 and len(logs[name])
        )
    )
    return sorted(
        names,
        key=lambda name: (name in ("learning_rate", "lr"), name != "loss", not name.endswith("accuracy")),
    )


def _draw(axes: Any, name: str, logs: Mapping[str, Any], language: str | None) -> None:
    table = texts(language)
    for key, label, color, marker in (
        (name, table["training"], BLUE, "o"),
        (f"val_{name}", table["validation"], ORANGE, "s"),
    ):
        if key not in logs:
            continue
        values = np.asarray(logs[key], float)
        epochs = np.arange(1, len(values) + 1)
        dots = marker if len(values) <= 30 else None
        axes.plot(epochs, values, color=color, marker=dots, markersize=4, linewidth=1.8, label=label)
        if key.startswith("val_") and np.isfinite(values).any():
            best = int(np.nanargmin(values) if name.endswith(_LOWER_IS_BETTER) else np.nanargmax(values))
            axes.plot(
                epochs[best],
                values[best],
                linestyle="none",
                marker="*",
                markersize=12,
                color=color,
                markeredgecolor="black",
                label=table["best"].format(value=f"{values[best]:.4g}", epoch=epochs[best]),
            )
    axes.set_title(metric_title(name, language))
    axes.set_xlabel(table["epoch"])
    axes.xaxis.set_major_locator(
        matplotlib_module("ticker", "plot_history").MaxNLocator(integer=True, min_n_ticks=1)
    )
    axes.grid(alpha=0.3)
    plain_axes(axes)
    if len(axes.lines) > 1:
        axes.legend(fontsize=8)
