"""Distillation: losses, training and files equal Keras's; what does not fit is refused."""

import keras
import numpy as np
import pytest

import neurona as nn
from neurona import distillation
from neurona.core.errors import ArgumentError, ShapeError

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(8, 3)).astype("float32"), np.arange(8) % 4


def network(k, seed, name):
    model = k.Sequential(
        [k.Input((3,)), k.layers.Dense(5, "relu", name="hidden"), k.layers.Dense(4, "softmax", name="last")],
        name=name,
    )
    values = np.random.default_rng(seed)
    model.set_weights([values.normal(size=weight.shape) for weight in model.weights])
    return model


def distiller(k, **options):
    of = k.distillation
    taught = [of.LogitsDistillation(2.0), of.FeatureDistillation("mse", "hidden", "hidden")]
    made = of.Distiller(
        network(k, 1, "teacher"), network(k, 2, "student"), taught, [0.7, 0.3], 0.4, **options
    )
    made.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return made


@pytest.mark.filterwarnings("ignore:LogitsDistillation", "ignore:.compile... was not called")
def test_training_and_files_equal_keras(tmp_path):
    theirs, ours = distiller(keras), distiller(nn)
    options = {"epochs": 2, "batch_size": 4, "verbose": 0, "shuffle": False}
    expected, history = theirs.fit(X, Y, **options).history, ours.fit(X, Y, **options).history
    assert list(history) == list(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(history[name], values, rtol=1e-5, atol=1e-7, err_msg=name)
    figures = theirs.evaluate(X, Y, verbose=0)
    np.testing.assert_allclose(ours.evaluate(X, Y, verbose=0), figures, rtol=1e-5, atol=1e-7)
    assert ours.get_config()["distillation_losses"] == theirs.get_config()["distillation_losses"]
    theirs.save(tmp_path / "theirs.keras")
    ours.save(tmp_path / "ours.keras")
    loaded = nn.models.load_model(tmp_path / "ours.keras")
    with pytest.warns(UserWarning, match="does not say the student's loss"):
        read = nn.models.load_model(tmp_path / "theirs.keras")
    for model in (loaded, read, keras.models.load_model(tmp_path / "ours.keras")):
        np.testing.assert_allclose(model(X), theirs.student(X), atol=1e-6)
    goes_on = [model.fit(X, Y, **options).history["loss"] for model in (ours, loaded)]
    assert goes_on[0] == goes_on[1]
    assert not ours.teacher.trainable
    assert len(ours.trainable_variables) == 4


def both_losses():
    """Losses of Keras and ours, over one or two outputs."""
    for k in (keras, nn):
        of, divergence = k.distillation, k.losses.KLDivergence()
        one = [of.LogitsDistillation(3.0, divergence), of.FeatureDistillation(k.losses.CosineSimilarity())]
        yield one, of.LogitsDistillation(2.0, [divergence, "mae"]), of.FeatureDistillation([None, "mse"])


def test_losses_equal_keras():
    theirs, ours = both_losses()
    teacher, student = [X, X[:, :2]], [X[::-1], X[::-1, :2]]
    pairs = [(*pair, X, X[::-1]) for pair in zip(theirs[0], ours[0])]
    pairs += [(*pair, teacher, student) for pair in zip(theirs[1:], ours[1:])]
    for their_loss, loss, taught, learned in pairs:
        loss.validate_outputs(taught, learned)
        found, expected = loss.compute_loss(taught, learned), their_loss.compute_loss(taught, learned)
        np.testing.assert_allclose(found, expected, rtol=1e-5)
        again = type(loss).from_config(their_loss.get_config())
        np.testing.assert_allclose(again.compute_loss(taught, learned), expected, rtol=1e-5)
        with pytest.raises(ArgumentError):
            loss.validate_outputs(taught, {"a": learned})


def test_only_the_students_loss_counts_sample_weights():
    teacher, student = network(nn, 1, "teacher"), network(nn, 2, "student")
    model = distillation.Distiller(teacher, student, distillation.FeatureDistillation(), None, 1.0)
    model.compile("sgd", "sparse_categorical_crossentropy")
    weights = np.arange(8.0)
    before = student.get_weights()
    loss = model.fit(X, Y, sample_weight=weights, batch_size=8, verbose=0).history["student_loss"][0]
    student.set_weights(before)
    rows = nn.losses.sparse_categorical_crossentropy(Y, student(X))
    np.testing.assert_allclose(loss, np.mean(rows * weights), rtol=1e-5)


def test_a_loss_of_ones_own_must_give_a_scalar():
    class Gap(distillation.DistillationLoss):
        def __init__(self, reduce):
            self.reduce = reduce

        def compute_loss(self, teacher_outputs, student_outputs, **kwargs):
            gap = abs(teacher_outputs - student_outputs)
            return gap.max() if self.reduce else gap

    teacher, student = network(nn, 1, "teacher"), network(nn, 2, "student")
    wanted = np.abs(np.asarray(teacher(X)) - np.asarray(student(X))).max()
    model = distillation.Distiller(teacher, student, Gap(True), student_loss_weight=0.0)
    model.compile("sgd", "mse")
    np.testing.assert_allclose(model.compute_loss(X, training=False), wanted, rtol=1e-5)
    model.distillation_losses = [Gap(False)]
    with pytest.raises(ShapeError, match=r"must return a scalar. It returned shape \(8, 4\)"):
        model.compute_loss(X, training=False)
    with pytest.raises(NotImplementedError, match="needs a method compute_loss"):
        distillation.DistillationLoss().compute_loss(X, X)


def test_what_does_not_fit_is_refused():
    teacher, student = network(nn, 1, "teacher"), network(nn, 2, "student")
    logits, make = distillation.LogitsDistillation(loss="mse"), distillation.Distiller
    wide = nn.Sequential([nn.Input((3,)), nn.layers.Dense(5)])
    hidden = distillation.FeatureDistillation("mse", "hidden", "none")
    refused = {
        "takes a model as teacher. Received: 'none'": lambda: make("none", student, logits),
        "must have outputs of the same shapes": lambda: make(teacher, wide, logits),
        "has no layer 'none'": lambda: make(teacher, student, hidden),
        "student_loss_weight=2": lambda: make(teacher, student, logits, None, 2),
        "has 1 distillation_losses. Received 2": lambda: make(teacher, student, [logits], [1.0, 2.0]),
        "or a DistillationLoss. Received: 'mse'": lambda: make(teacher, student, "mse"),
        "needs the student's loss": lambda: make(teacher, student, logits).compile("sgd"),
        "temperature above 0": lambda: distillation.LogitsDistillation(0.0),
        "a loss for at least one output": lambda: distillation.FeatureDistillation([None, None]),
    }
    for said, call in refused.items():
        with pytest.raises((ArgumentError, ShapeError)) as raised:
            call()
        assert said in str(raised.value)
