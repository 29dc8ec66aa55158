"""Pictures are drawn for real; what they show is asked of the figures themselves."""

import subprocess
import sys
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import neurona as nn
from neurona.core.errors import ArgumentError, DataError, MissingDependencyError, NotBuiltError, ShapeError
from neurona.plotting import (
    plot_confusion_matrix,
    plot_dependence,
    plot_history,
    plot_importance,
    plot_model,
    plot_predictions,
    plot_residuals,
    plot_weights,
    png,
)
from neurona.plotting.texts import _TEXTS

layers = nn.layers


def shown_texts(figure):
    return [
        text.get_text()
        for text in figure.findobj(lambda one: hasattr(one, "get_text"))
        if text.get_text() and text.get_visible()
    ]


def assert_nothing_is_cut(figure):
    """Everything that is drawn lies inside the picture."""
    figure.draw_without_rendering()
    drawn = figure.get_tightbbox(figure.canvas.get_renderer())
    width, height = figure.get_size_inches()
    assert min(drawn.x0, drawn.y0) >= -0.02
    assert drawn.x1 <= width + 0.02
    assert drawn.y1 <= height + 0.02


def sequential():
    return nn.Sequential(
        [
            nn.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu", name="filters"),
            layers.Flatten(),
            layers.Dense(3, activation="softmax", name="classes"),
        ]
    )


def branched():
    image, table = nn.Input((8, 8, 4), name="image"), nn.Input((5,), name="table")
    inner_input = nn.Input((8, 8, 4), name="inner_input")
    inner = nn.Model(
        inner_input,
        layers.Add(name="inner_add")([layers.Conv2D(4, 3, padding="same")(inner_input), inner_input]),
        name="block",
    )
    features = layers.GlobalAveragePooling2D()(inner(image))
    both = layers.Concatenate(name="both")([features, layers.Dense(4)(table)])
    return nn.Model([image, table], [layers.Dense(2, name="one")(both), layers.Dense(1, name="two")(both)])


def arrows(figure):
    return [patch for patch in figure.axes[0].patches if type(patch).__name__ == "FancyArrowPatch"]


def test_plot_model_of_a_chain(tmp_path):
    figure = plot_model(
        sequential(),
        tmp_path / "model.png",
        show_shapes=True,
        show_layer_names=True,
        show_layer_activations=True,
    )
    said = shown_texts(figure)
    assert "filters (Conv2D)" in said
    assert "Output shape: (None, 6, 6, 4)" in said
    assert "softmax" in said
    assert len(arrows(figure)) == 3
    assert_nothing_is_cut(figure)
    with Image.open(tmp_path / "model.png") as picture:
        assert picture.format == "PNG"
        assert picture.size[1] > picture.size[0] / 2


@pytest.mark.parametrize("rankdir", ["TB", "BT", "LR", "RL"])
@pytest.mark.parametrize("splines", ["ortho", "curved", "line"])
def test_plot_model_of_branches_in_every_direction(rankdir, splines):
    figure = plot_model(
        branched(), None, rankdir=rankdir, splines=splines, expand_nested=True, show_layer_names=True, dpi=50
    )
    said = shown_texts(figure)
    assert {"block (Functional)", "inner_add (Add)", "both (Concatenate)", "table (InputLayer)"} <= set(said)
    assert len(arrows(figure)) == 10  # 7 outside, 3 inside
    assert_nothing_is_cut(figure)
    places = {text.get_text(): text.get_position() for text in figure.axes[0].texts}
    axis = 0 if rankdir in ("LR", "RL") else 1
    step = places["one (Dense)"][axis] - places["both (Concatenate)"][axis]
    assert (step > 0) == (rankdir in ("TB", "LR"))


def test_plot_model_shows_dtype_trainable_and_spanish():
    model = sequential()
    model.get_layer("filters").trainable = False
    said = shown_texts(
        plot_model(model, None, show_dtype=True, show_trainable=True, show_shapes=True, language="es", dpi=50)
    )
    assert {"tipo: float32", "congelada", "entrenable", "Forma de salida: (None, 3)"} <= set(said)


def test_plot_model_of_a_nested_model_that_is_not_expanded():
    assert len(arrows(plot_model(branched(), None, dpi=50))) == 7


def test_plot_model_of_a_layer_called_twice():
    x = nn.Input((4,))
    shared = layers.Dense(4, name="shared")
    figure = plot_model(nn.Model(x, shared(layers.Dense(4, name="between")(shared(shared(x))))), None, dpi=50)
    assert len(arrows(figure)) == 4
    assert_nothing_is_cut(figure)


def test_plot_model_of_a_subclassed_model():
    class Own(nn.Model):
        def __init__(self):
            super().__init__()
            self.first, self.second = layers.Dense(3), layers.Dense(2)

        def call(self, inputs):
            return self.second(self.first(inputs))

    model = Own()
    with pytest.raises(NotBuiltError, match="no shapes yet"):
        plot_model(model, None)
    model(np.ones((1, 4), "float32"))
    assert "Own" in shown_texts(plot_model(model, None, dpi=50))
    assert shown_texts(plot_model(model, None, expand_nested=True, dpi=50)).count("Dense") == 2


def test_plot_model_of_a_deep_model_stays_within_what_can_be_drawn():
    model = nn.Sequential([nn.Input((2,)), *(layers.Dense(2) for _ in range(150))])
    figure = plot_model(model, None, dpi=1000)
    assert max(figure.get_size_inches()) * figure.dpi <= 30_001


def test_plot_model_says_what_is_wrong():
    with pytest.raises(ArgumentError, match="rankdir is one of 'TB', 'BT'"):
        plot_model(sequential(), None, rankdir="UP")
    with pytest.raises(ArgumentError, match="language"):
        plot_model(sequential(), None, language="fr")


def test_plot_history(tmp_path):
    logs = {
        "val_loss": [2.0, 1.5, 1.8],
        "loss": [2.0, 1.0, 0.5],
        "accuracy": [0.1, 0.5, 0.9],
        "learning_rate": [0.1, 0.1, 0.01],
    }
    figure = plot_history(logs, language="es", to_file=tmp_path / "history")
    assert (tmp_path / "history.png").read_bytes().startswith(b"\x89PNG")
    assert [axes.get_title() for axes in figure.axes] == ["Pérdida", "Exactitud", "Tasa de aprendizaje"]
    training, validation, best = figure.axes[0].lines
    np.testing.assert_array_equal(training.get_xydata(), [[1, 2.0], [2, 1.0], [3, 0.5]])
    np.testing.assert_array_equal(validation.get_ydata(), [2.0, 1.5, 1.8])
    np.testing.assert_array_equal(best.get_xydata(), [[2, 1.5]])
    assert_nothing_is_cut(figure)
    assert len(plot_history(logs, ["accuracy"]).axes) == 1
    with pytest.raises(ArgumentError, match="Did you mean 'accuracy'"):
        plot_history(logs, ["acuracy"])
    with pytest.raises(ArgumentError, match="empty"):
        plot_history({})


def test_plot_history_takes_what_fit_returns_and_survives_nan():
    model = nn.Sequential([nn.Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    history = model.fit(np.ones((8, 2), "float32"), np.ones((8, 1), "float32"), epochs=2, verbose=0)
    assert len(plot_history(history).axes[0].lines) == 1
    assert_nothing_is_cut(plot_history({"loss": [1.0, float("nan")], "val_loss": [float("nan")] * 2}))


@pytest.mark.parametrize("classes", [2, 3, 10, 25, 100])
def test_plot_confusion_matrix(classes):
    matrix = np.full((classes, classes), 7)
    names = [f"a rather long class name {number}" for number in range(classes)]
    figure = plot_confusion_matrix(matrix, names, language="es")
    assert figure.axes[0].get_ylabel() == "Clase real"
    assert len(figure.axes[0].texts) == (classes**2 if classes <= 20 else 0)
    assert_nothing_is_cut(figure)
    np.testing.assert_allclose(figure.axes[0].images[0].get_array(), 1 / classes)


def test_plot_confusion_matrix_says_what_is_wrong():
    with pytest.raises(ShapeError, match="square"):
        plot_confusion_matrix(np.ones((2, 3)))
    with pytest.raises(ShapeError, match="expected 2 class names"):
        plot_confusion_matrix(np.ones((2, 2)), ["one"])


def test_plot_importance():
    values = np.array([0.5, 0.2, -0.1])
    names = ["a long name of a column that goes on and on", "b", "c"]
    figure = plot_importance(
        names, values, low=values - 0.1, high=values + 0.1, label="growth", title="Worth"
    )
    (axes,) = figure.axes
    assert [round(bar.get_width(), 6) for bar in axes.patches] == values.tolist()
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the first is above
    assert len({bar.get_facecolor() for bar in axes.patches}) == 2
    assert {"growth", "Worth", "b"} <= set(shown_texts(figure))
    assert_nothing_is_cut(figure)
    with pytest.raises(ShapeError, match="2 values for 3 names"):
        plot_importance(names, values[:2])


def test_plot_dependence():
    means = np.array([[0.1, 0.9], [0.3, 0.7], [0.6, 0.4]])
    numbers = SimpleNamespace(
        name="size",
        points=[1.0, 2.0, 5.0],
        outputs=[""],
        means=means[:, :1],
        low=means[:, 0],
        high=means[:, 1],
    )
    kinds = SimpleNamespace(
        name="town",
        points=["A", "B", "a town of many letters"],
        outputs=["no", "yes"],
        means=means,
        low=0,
        high=0,
    )
    figure = plot_dependence([numbers, kinds, numbers], language="es", title="Curves")
    first, second, third = figure.axes
    assert first.lines[0].get_xydata().tolist() == [[1.0, 0.1], [2.0, 0.3], [5.0, 0.6]]
    assert [text.get_text() for text in second.get_legend().get_texts()] == ["no", "yes"]
    assert first.get_ylim() == third.get_ylim()
    assert "Valor predicho" in shown_texts(figure)
    assert_nothing_is_cut(figure)
    with pytest.raises(DataError, match="at least one curve"):
        plot_dependence([])


@pytest.mark.parametrize("count", [1, 50, 5000])
def test_plot_residuals(count):
    actual = np.random.default_rng(0).normal(size=count)
    figure = plot_residuals(actual, actual[:, None] + 0.1, name="price (EUR)")
    left, right = figure.axes[:2]
    assert left.get_xlabel() == "Actual value\nprice (EUR)"
    assert sum(patch.get_height() for patch in right.patches) == count
    assert_nothing_is_cut(figure)
    with pytest.raises(ShapeError, match="one length"):
        plot_residuals(actual, actual[:0])


def test_plot_weights_of_a_model():
    model = nn.Sequential(
        [
            nn.Input((8, 8, 3)),
            layers.Conv2D(6, 3, name="rgb"),
            layers.Conv2D(4, 3, name="deep"),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    figure = plot_weights(model)
    assert [axes.get_title() for axes in figure.axes if axes.get_title()][:2] == [
        "rgb  (3, 3, 3, 6)",
        "deep  (3, 3, 6, 4)",
    ]
    assert_nothing_is_cut(figure)


@pytest.mark.parametrize(
    ("shape", "layer"),
    [
        ((6,), lambda: layers.Dense(4)),
        ((9, 2), lambda: layers.Conv1D(5, 3)),
        ((5, 5, 5, 1), lambda: layers.Conv3D(2, 3)),
        ((7,), lambda: layers.Embedding(20, 4)),
        ((8, 8, 1), lambda: layers.SeparableConv2D(4, 3)),
    ],
)
def test_plot_weights_of_many_kinds_of_layers(shape, layer):
    assert_nothing_is_cut(plot_weights(nn.Sequential([nn.Input(shape), layer()]), dpi=60))


def test_plot_weights_as_images_of_the_input():
    model = nn.Sequential([nn.Input((12,)), layers.Dense(2)])
    kernel = np.zeros((12, 2), "float32")
    kernel[0, 0], kernel[11, 1] = 1, -1
    model.set_weights([kernel, np.zeros(2)])
    shown = plot_weights(model, image_shape=(3, 4)).axes[0].images[0].get_array()
    assert shown.shape == (5 if len(shown) == 5 else 9, 11 if len(shown) == 5 else 6, 3)
    assert shown[1, 1, 0] > shown[1, 1, 2]  # red: positive
    assert shown[-2, -2, 2] > shown[-2, -2, 0]  # blue: negative
    with pytest.raises(ShapeError, match="12 rows"):
        plot_weights(model, image_shape=(5, 5))
    with pytest.raises(ArgumentError, match="no layer of"):
        plot_weights(nn.Sequential([nn.Input((2,)), layers.ReLU()]))
    with pytest.raises(NotBuiltError, match="no weights yet"):
        plot_weights(nn.Sequential([layers.Dense(1)]))


def test_plot_predictions_of_images():
    probabilities = [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]]
    for images in (np.zeros((3, 8, 8), "uint8"), np.zeros((3, 8, 8, 1)), np.full((3, 8, 8, 3), 255)):
        figure = plot_predictions(
            [0, 1, 1], probabilities, images=images, class_names=["gato", "perro"], language="es"
        )
        assert [axes.get_title() for axes in figure.axes] == [
            "✓ gato 90%",
            "✗ gato 80%\n(perro)",
            "✓ perro 70%",
        ]
        assert_nothing_is_cut(figure)


def test_plot_predictions_of_rows_texts_and_numbers():
    figure = plot_predictions(
        [1, 0], [[0.8], [0.6]], examples=["good " * 60, "bad"], class_names=["negative", "positive"]
    )
    said = shown_texts(figure)
    assert {"✓ positive", "✗ positive (true: negative)", "80%", "bad"} <= set(said)
    assert_nothing_is_cut(figure)
    with warnings.catch_warnings(
        action="error"
    ):  # no letter that the font lacks, no formula between two dollars
        png(
            plot_predictions(
                [1], [[0.8]], examples=["\x96 costs $5_ or $6_"], class_names=["negative", "positive"]
            )
        )
    figure = plot_predictions([[1.0], [2.0]], [1.5, 1.0], name="price", count=1)
    assert figure.axes[0].get_xlabel() == "price"
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["Sample 1"]
    assert_nothing_is_cut(figure)
    with pytest.raises(ShapeError, match=r"\[1, 2\]"):
        plot_predictions([1], [[0.1, 0.9]] * 2)


def test_the_languages_say_the_same_things():
    assert _TEXTS["en"].keys() == _TEXTS["es"].keys()


def test_pyplot_is_not_touched_and_notebooks_get_a_picture():
    code = (
        "import sys; from neurona.plotting import plot_history, png;"
        "figure = plot_history({'loss': [1.0, 0.5]});"
        "assert figure._repr_png_() == png(figure) and png(figure)[:4] == b'\\x89PNG';"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert png(plot_history({"loss": [1.0]})).startswith(b"\x89PNG")


def test_without_matplotlib_the_message_says_what_to_install(monkeypatch):
    for name in ("matplotlib", "matplotlib.figure", "matplotlib.font_manager"):
        monkeypatch.setitem(sys.modules, name, None)
    for draw in (lambda: plot_history({"loss": [1.0]}), lambda: plot_model(sequential(), None)):
        with pytest.raises(
            MissingDependencyError, match=r"needs the package matplotlib: pip install .*\[plot\]"
        ):
            draw()
