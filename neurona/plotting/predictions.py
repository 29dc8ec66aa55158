"""plot_predictions: predictions for some examples, with the truth."""

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np

from neurona.core.errors import ShapeError
from neurona.plotting.figure import BLUE, GRAY, ORANGE, VERMILLION, finish, new_figure, plain_axes, shortened
from neurona.plotting.texts import texts


def plot_predictions(
    y_true: Any,
    y_pred: Any,
    *,
    images: Any = None,
    examples: Sequence[str] | None = None,
    class_names: Sequence[str] | None = None,
    name: str | None = None,
    count: int = 16,
    title: str | None = None,
    language: str | None = None,
    dpi: float = 120,
    to_file: Any = None,
) -> Any:
    """Draw predictions with the truth.

    Images get their predicted class and its probability as a title (✓ or ✗, and the true class). Without
    images, the probabilities of the classes are bars, a row per example; and numbers, when they are no
    probabilities, are pairs of points on a line.

    Args:
        y_true: labels 0..classes-1, or actual values.
        y_pred: probabilities, or predicted values.
        images: the examples as images.
        examples: the examples as texts, where they are no images.
        class_names: the classes' names; None with one column of predictions means that they are numbers.
        name: what is predicted, with its unit, for the axis of numbers.
        count: how many examples are shown, the first ones.
        title, language, dpi, to_file: as in `plot_history`.

    Shapes: y_true (n,) or (n, 1); y_pred (n, classes), or (n,) or (n, 1) for two classes and for values;
        images (n, height, width[, 1 or 3]) of any range.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ShapeError: the lengths differ.
        MissingDependencyError: matplotlib is not installed.

    Example:

        >>> figure = plot_predictions([0, 1], [[0.9, 0.1], [0.2, 0.8]], class_names=["cat", "dog"])
        >>> figure.axes[0].get_xlabel()
        'Probability'
    """
    truth, predictions = np.asarray(y_true).reshape(-1), np.asarray(y_pred, float)
    predictions = predictions.reshape(len(predictions), -1)
    lengths = {len(part) for part in (truth, predictions, images, examples) if part is not None}
    if len(lengths) != 1 or not len(truth):
        raise ShapeError(
            f"plot_predictions: expected examples of one number in all arguments. Received: {sorted(lengths)}"
        )
    truth, predictions = truth[:count], predictions[:count]
    if predictions.shape[1] == 1 and class_names is None:
        figure = _values(truth, predictions[:, 0], examples, name, language, dpi)
    else:
        if predictions.shape[1] == 1:
            predictions = np.concatenate([1 - predictions, predictions], axis=1)
        names = (
            list(class_names)
            if class_names is not None
            else [str(number) for number in range(predictions.shape[1])]
        )
        if images is not None:
            figure = _images(np.asarray(images)[:count], truth.astype(int), predictions, names, dpi)
        else:
            figure = _bars(truth.astype(int), predictions, examples, names, language, dpi)
    figure.suptitle(title or texts(language)["predictions"], fontsize=13)
    return finish(figure, to_file)


def _printable(text: str) -> str:
    """A text without control characters, which fonts lack, and with `$` that is no formula."""
    return "".join(letter if letter.isprintable() else " " for letter in text).replace("$", r"\$")


def _images(
    images: np.ndarray, truth: np.ndarray, predictions: np.ndarray, names: list[str], dpi: float
) -> Any:
    columns = min(len(images), 6)
    rows = -(-len(images) // columns)
    side = 1.9 if max(map(len, names)) > 6 else 1.5
    figure = new_figure("plot_predictions", side * columns + 0.3, (side + 0.5) * rows + 0.5, dpi)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for panel in panels:
        panel.set_axis_off()
    for panel, image, label, row in zip(panels, images, truth, predictions):
        image = image[..., 0] if image.ndim == 3 and image.shape[-1] == 1 else image
        if image.ndim == 3:
            top = 255 if image.max() > 1 else 1
            panel.imshow(np.clip(image / top, 0, 1))
        else:
            panel.imshow(image, cmap="gray")
        guess = int(row.argmax())
        right = guess == label
        mark = "✓" if right else "✗"
        said = f"{mark} {shortened(names[guess], 16)} {row[guess]:.0%}" + (
            "" if right else f"\n({shortened(names[label], 18)})"
        )
        panel.set_title(said, fontsize=9, color=BLUE if right else VERMILLION)
    return figure


def _bars(
    truth: np.ndarray,
    predictions: np.ndarray,
    examples: Sequence[str] | None,
    names: list[str],
    language: str | None,
    dpi: float,
) -> Any:
    table = texts(language)
    shown = [textwrap.fill(shortened(_printable(text), 150), 60) for text in (examples or [])[: len(truth)]]
    tall = max((text.count("\n") + 1 for text in shown), default=1)
    figure = new_figure(
        "plot_predictions", 11 if shown else 8.5, 1.6 + len(truth) * max(0.36, 0.17 * tall), dpi
    )
    axes = figure.subplots()
    places = np.arange(len(truth))
    guesses = predictions.argmax(axis=1)
    right = guesses == truth
    colors = [BLUE if good else VERMILLION for good in right]
    axes.barh(places, predictions[places, guesses], color=colors, height=0.66)
    for place, (guess, label, color) in enumerate(zip(guesses, truth, colors)):
        name, other = shortened(names[guess], 20), shortened(names[label], 20)
        said = f"✓ {name}" if guess == label else f"✗ {name} ({table['true']}: {other})"
        axes.text(1.12, place, said, va="center", ha="left", fontsize=9, color=color)
        axes.text(
            predictions[place, guess] + 0.01,
            place,
            f"{predictions[place, guess]:.0%}",
            va="center",
            fontsize=9,
        )
    axes.set_yticks(
        places, shown or [f"{table['sample']} {place + 1}" for place in places], fontsize=8 if shown else 9
    )
    axes.set_ylim(len(truth) - 0.4, -0.6)
    axes.set_xlim(0, 1.1)
    axes.set_xticks(np.linspace(0, 1, 6), [f"{share:.0%}" for share in np.linspace(0, 1, 6)])
    axes.set_xlabel(table["probability"])
    plain_axes(axes)
    return figure


def _values(
    truth: np.ndarray,
    predictions: np.ndarray,
    examples: Sequence[str] | None,
    name: str | None,
    language: str | None,
    dpi: float,
) -> Any:
    table = texts(language)
    figure = new_figure("plot_predictions", 8, 1.5 + 0.34 * len(truth), dpi)
    axes = figure.subplots()
    places = np.arange(len(truth))
    axes.hlines(
        places,
        np.minimum(truth, predictions),
        np.maximum(truth, predictions),
        color=GRAY,
        linewidth=2,
        zorder=1,
    )
    axes.scatter(truth, places, color=BLUE, s=46, label=table["actual"], zorder=2)
    axes.scatter(
        predictions,
        places,
        color=ORANGE,
        s=46,
        marker="D",
        edgecolors="black",
        linewidths=0.6,
        label=table["predicted"],
        zorder=2,
    )
    labels = (
        [shortened(_printable(text), 60) for text in examples[: len(truth)]]
        if examples
        else [f"{table['sample']} {n + 1}" for n in places]
    )
    axes.set_yticks(places, labels, fontsize=9)
    axes.set_ylim(len(truth) - 0.4, -0.6)
    axes.set_xlabel(name or table["value"])
    axes.grid(axis="x", alpha=0.3)
    axes.legend(fontsize=9, loc="upper left", bbox_to_anchor=(1.01, 1))
    plain_axes(axes)
    return figure
