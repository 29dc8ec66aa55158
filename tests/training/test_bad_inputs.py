"""What people get wrong, and the message that each mistake gets. Nothing is trained, and nothing is lost."""

import numpy as np
import pytest

import neurona as nn
from neurona.core.errors import (
    ArgumentError,
    DataError,
    NonFiniteError,
    NotBuiltError,
    ShapeError,
    UnexpectedArgument,
)

X = np.random.default_rng(0).normal(size=(40, 6)).astype("float32")
Y = np.arange(40) % 3
L = nn.layers


def model(loss="sparse_categorical_crossentropy", optimizer="sgd", **options):
    built = nn.Sequential([nn.Input((6,)), L.Dense(3, activation="softmax", name="out")])
    built.compile(optimizer, loss, **options)
    return built


def pictures(loss):
    built = nn.Sequential([nn.Input((2, 3)), L.Dense(3, activation="softmax")])
    built.compile("sgd", loss)
    return built


def with_nan():
    x = X.copy()
    x[17, 2] = np.nan
    return x


TABLE = [
    ("labels from 1", lambda: model().fit(X, Y + 1, verbose=0), DataError, "label 3.*0..2.*subtract 1"),
    ("negative labels", lambda: model().fit(X, Y - 1, verbose=0), DataError, "label -1"),
    (
        "one-hot with the sparse loss",
        lambda: model().fit(X, np.eye(3)[Y], verbose=0),
        DataError,
        "categorical_crossentropy",
    ),
    (
        "integers with the dense loss",
        lambda: model("categorical_crossentropy").fit(X, Y, verbose=0),
        (DataError, ShapeError),
        "sparse",
    ),
    (
        "NaN in x",
        lambda: model().fit(with_nan(), Y, verbose=0),
        DataError,
        "x holds NaN or infinity: in row 17",
    ),
    ("unequal lengths", lambda: model().fit(X, Y[:30], verbose=0), DataError, "equally many rows"),
    ("no rows", lambda: model().fit(X[:0], Y[:0], verbose=0), DataError, "no rows"),
    ("empty generator", lambda: model().fit(iter([]), verbose=0), DataError, "no batches"),
    (
        "too few features",
        lambda: model().fit(X[:, :5], Y, verbose=0),
        ShapeError,
        r"expects input .* \(None, 6\)",
    ),
    (
        "predict with too many axes",
        lambda: model().predict(X[:, None, :], verbose=0),
        ShapeError,
        r"\(None, 6\)",
    ),
    ("text", lambda: model().fit(np.array([["a"] * 6] * 40), Y, verbose=0), DataError, "text"),
    ("ragged rows", lambda: model().fit([[1.0, 2.0], [3.0]], [0, 1], verbose=0), DataError, "pad_sequences"),
    ("no targets", lambda: model().fit(X, verbose=0), DataError, "no targets"),
    (
        "misspelt loss",
        lambda: model("sparse_categorical_crossentopy"),
        ArgumentError,
        "Did you mean 'sparse_categorical_crossentropy'",
    ),
    ("misspelt optimizer", lambda: model(optimizer="adamm"), ArgumentError, "Did you mean '[aA]dam"),
    ("misspelt metric", lambda: model(metrics=["acuracy"]), ArgumentError, "Did you mean '[aA]ccuracy"),
    ("misspelt activation", lambda: L.Dense(3, activation="rellu"), ArgumentError, "Did you mean 'relu'"),
    (
        "misspelt argument of compile",
        lambda: model(metric=["accuracy"]),
        UnexpectedArgument,
        "Did you mean 'metrics'",
    ),
    (
        "misspelt argument of fit",
        lambda: model().fit(X, Y, epoch=3),
        UnexpectedArgument,
        "Did you mean 'epochs'",
    ),
    (
        "misspelt argument of a layer",
        lambda: L.Dense(3, activaton="relu"),
        UnexpectedArgument,
        "Did you mean 'activation'",
    ),
    ("units that are no number", lambda: L.Dense("3"), ArgumentError, "units"),
    ("fit before compile", lambda: nn.Sequential([L.Dense(3)]).fit(X, Y), NotBuiltError, "compile"),
    ("summary before weights", lambda: nn.Sequential([]).summary(), NotBuiltError, "build"),
    ("batch size 0", lambda: model().fit(X, Y, batch_size=0, verbose=0), DataError, "batch_size"),
    (
        "validation split of 1",
        lambda: model().fit(X, Y, validation_split=1.0, verbose=0),
        DataError,
        "between 0 and 1",
    ),
    (
        "y beside a source of batches",
        lambda: model().fit(iter([(X, Y)]), Y, verbose=0),
        DataError,
        "bring their own targets",
    ),
    (
        "one row",
        lambda: model().predict(X[0], verbose=0),
        ShapeError,
        r"x has shape \(6,\), which is one row of input .* x\[None\]",
    ),
    (
        "a list of many rows",
        lambda: model().predict(list(np.repeat(X, 125, 0)), verbose=0),
        ShapeError,
        r"^x is a list of 5,000 arrays, the first of shape \(6,\), .{,70} np.array\(x\)\.$",
    ),
    (
        "a list of many rows with targets",
        lambda: model().fit(list(np.repeat(X, 125, 0)), np.repeat(Y, 125), verbose=0),
        DataError,
        r"^.{,150} and 4,995 more\. .{,80}np.array\(x\) makes one of them\.$",
    ),
    (
        "validation data without targets",
        lambda: model().fit(X, Y, validation_data=X, verbose=0),
        DataError,
        r"validation_data is a pair .* pass validation_data=\(x, y\)",
    ),
    (
        "labels that are names",
        lambda: model().fit(X, ["red"] * 40, verbose=0),
        DataError,
        r"y holds text, such as 'red'.* names, y = np.unique\(y, return_inverse=True\)",
    ),
    (
        "a forgotten Flatten",
        lambda: pictures("sparse_categorical_crossentropy").fit(X.reshape(40, 2, 3), Y, verbose=0),
        DataError,
        r"predictions of shape \('n', 2, 3\), and the targets have shape \(40,\).* Flatten\(\)",
    ),
    (
        "a forgotten Flatten with one-hot labels",
        lambda: pictures("categorical_crossentropy").fit(X.reshape(40, 2, 3), np.eye(3)[Y], verbose=0),
        DataError,
        r"targets have shape \(40, 3\).* Flatten\(\)",
    ),
    ("unknown layer", lambda: model().get_layer("outt"), ArgumentError, "Did you mean 'out'"),
    ("no layer at all", lambda: nn.Sequential([np.ones(3)]), ArgumentError, "made of layers"),
    (
        "two layers of one name",
        lambda: nn.Sequential([L.Dense(2, name="a"), L.Dense(2, name="a")]),
        ArgumentError,
        "already has a layer",
    ),
    ("a name with a slash", lambda: L.Dense(2, name="a/b"), ArgumentError, "without '/'"),
    (
        "weights of another shape",
        lambda: model().set_weights([np.ones((6, 4)), np.ones(3)]),
        ShapeError,
        r"out/kernel.*\(6, 3\).*\(6, 4\)",
    ),
    ("too few weights", lambda: model().set_weights([np.ones((6, 3))]), ShapeError, "2 weights"),
    (
        "an output that is not there",
        lambda: model({"outt": "mse"}).fit(X, Y, verbose=0),
        DataError,
        "Did you mean 'out'",
    ),
    (
        "class weights that are no dictionary",
        lambda: model().fit(X, Y, class_weight=[1, 2], verbose=0),
        DataError,
        "dictionary",
    ),
    (
        "an output of another model",
        lambda: nn.Model(nn.Input((3,)), L.Dense(2)(nn.Input((3,)))),
        ArgumentError,
        "not among the model's inputs",
    ),
    ("arrays instead of symbolic tensors", lambda: nn.Model(X, X), ArgumentError, "symbolic tensors"),
]


@pytest.mark.parametrize(
    ("mistake", "error", "message"), [case[1:] for case in TABLE], ids=[case[0] for case in TABLE]
)
def test_mistakes_are_told(mistake, error, message):
    with pytest.raises(error, match=message):
        mistake()


def test_a_step_that_overflows_is_named_and_undone():
    net = nn.Sequential(
        [nn.Input((6,)), L.Dense(4, name="first"), L.Dense(3, activation="exponential", name="boom")]
    )
    net.compile(nn.optimizers.SGD(1e3), "mse")
    with pytest.raises(
        NonFiniteError,
        match=r"step \d+ of the epoch: the output of layer 'boom' \(Dense\).*smaller learning rate",
    ):
        net.fit(X, np.eye(3)[Y], batch_size=4, epochs=20, verbose=0)
    assert all(np.isfinite(weights).all() for weights in net.get_weights())


def test_a_layer_that_forgot_its_base_says_so():
    class Forgetful(L.Layer):
        def __init__(self):
            self.units = 3

        def call(self, x):
            return x

    with pytest.raises(ArgumentError, match="super"):
        Forgetful()(X)


def test_errors_inside_a_layer_name_it():
    class Broken(L.Layer):
        def call(self, x):
            return x @ np.ones((7, 2), "float32")

    with pytest.raises(Exception) as caught:  # noqa: PT011 - the type is JAX's; the note is ours
        Broken(name="broken")(X)
    assert any(
        "layer 'broken' (Broken)" in note and "float32[40, 6]" in note for note in caught.value.__notes__
    )
