"""Parts of Keras 1 and 2 that programs write their own layers with: inner methods, first values, metrics."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, matthews_corrcoef, precision_score, recall_score

from neurona import Model, Sequential, layers
from neurona.legacy.first_values import from_function
from neurona.legacy.keras import backend as K
from neurona.legacy.keras import metrics, older_metrics, older_names, utils
from neurona.legacy.keras.layers import Merge, Recurrent, merge


def test_first_values_from_functions_of_every_age():
    def of_keras_1(shape, scale=0.5, name=None):
        return K.variable(np.full(shape, scale), name=name)

    def of_shape_alone(shape):
        return list(range(shape[0]))

    def of_tf_keras(shape, dtype=None, partition_info=None):
        assert partition_info is None
        return np.ones(shape, dtype)

    for function, values in (
        (of_keras_1, [0.5, 0.5]),
        (of_shape_alone, [0, 1]),
        (lambda shape: np.zeros(shape), [0, 0]),
        (of_tf_keras, [1, 1]),
        (lambda shape, kind: np.full(shape, 3, kind), [3, 3]),
    ):
        made = from_function(function)((2,), "float32")
        assert made.dtype == "float32"
        np.testing.assert_array_equal(made, values)


def test_metrics_of_keras_1_are_those_of_scikit_learn():
    draw = np.random.default_rng(0)
    wanted, found = draw.integers(0, 2, (2, 200))
    scores = np.where(found, 0.8, 0.3)
    for ours, theirs in (
        (older_metrics.precision, precision_score),
        (older_metrics.recall, recall_score),
        (older_metrics.fmeasure, f1_score),
        (older_metrics.matthews_correlation, matthews_corrcoef),
    ):
        assert float(ours(wanted, scores)) == pytest.approx(theirs(wanted, found), abs=1e-5)
    assert float(older_metrics.fbeta_score(np.zeros(3), np.ones(3))) == 0


class Elman(Recurrent):
    def __init__(self, units, **kwargs):
        self.units = units
        super().__init__(**kwargs)

    def build(self, input_shape):
        self.states = [None]
        self.W = self.add_weight((input_shape[-1], self.units), "glorot_uniform", name="W")
        self.U = self.add_weight((self.units, self.units), "orthogonal", name="U")
        self.b = self.add_weight((self.units,), "zeros", name="b")
        self.built = True

    def preprocess_input(self, x, training=None):
        return K.dot(x, self.W) + self.b

    def get_constants(self, inputs, training=None):
        return [2.0]

    def step(self, x, states):
        state = K.tanh(x + K.dot(states[0], self.U))
        return states[1] * state, [state]


@pytest.mark.parametrize("return_sequences", [False, True])
def test_a_layer_derived_from_recurrent_is_run_step_by_step(return_sequences):
    x = np.random.default_rng(1).normal(size=(3, 5, 4)).astype("float32")
    mine, today = (
        cls(6, return_sequences=return_sequences, go_backwards=return_sequences)
        for cls in (Elman, layers.SimpleRNN)
    )
    y = layers.Input((5, 4))
    assert mine(y).shape == today(y).shape == ((None, 5, 6) if return_sequences else (None, 6))
    mine.set_weights(today.get_weights())
    np.testing.assert_allclose(mine(x), 2 * np.asarray(today(x)), atol=1e-6)


def test_layers_of_resnet_by_their_names_of_then():
    blocks = [
        f"conv{stage}_block{n}"
        for stage, count in ((2, 3), (3, 4), (4, 6), (5, 3))
        for n in range(1, count + 1)
    ]
    ends = ["conv1_relu", *(f"{block}_{end}" for block in blocks for end in ("1_relu", "2_relu", "out"))]
    assert [older_names._in_resnet(f"activation_{n}") for n in range(1, 50)] == ends
    assert [older_names._in_resnet(f"add_{n}") for n in range(1, 17)] == [f"{block}_add" for block in blocks]
    assert older_names._in_resnet("bn4f_branch2b") == "conv4_block6_2_bn"
    assert older_names._in_resnet("res3a_branch1") == "conv3_block1_0_conv"
    assert older_names._in_resnet("activation_50") is older_names._in_resnet("dense_1") is None


def test_cosine_proximity_is_minus_the_cosine():
    y, p = np.random.default_rng(0).normal(size=(2, 5, 3))
    cosines = [a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in zip(y, p)]
    np.testing.assert_allclose(older_metrics.cosine_proximity(y, p), np.negative(cosines), rtol=1e-5)


def test_metrics_of_tf_keras_2_are_its_numbers():
    # The numbers of tf-keras 2.21.
    tensor = metrics.MeanTensor()
    for values in ([0, 1, 2, 3], [4, 5, 6, 7]):
        tensor.update_state(values)
    tensor.update_state([12, 10, 8, 6], sample_weight=[0, 0.2, 0.5, 1])
    np.testing.assert_allclose(tensor.result(), [2, 3.6363635, 4.8, 5.3333335], rtol=1e-6)
    with pytest.raises(ValueError, match=r"Expected shape .*: \(4,\). Got: \(2,\)"):
        tensor.update_state([1, 2])
    relative = metrics.MeanRelativeError(normalizer=[1, 3, 2, 3])
    relative.update_state([1, 3, 2, 3], [2, 4, 6, 8])
    assert float(relative.result()) == 1.25
    assert utils.to_ordinal([[0], [1], [3]]).tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 1]]


def test_a_branch_that_several_merges_begin_with_has_one_input():
    def branch():
        return Sequential([layers.Input((2,)), layers.Dense(3)])

    a, b, c = branch(), branch(), branch()
    both = Sequential([Merge([a, b], mode="mul")])
    model = Sequential([Merge([Sequential([Merge([both, c], mode="sum")]), b], mode="concat")])
    x, y, z = np.random.default_rng(0).normal(size=(3, 5, 2))
    expected = np.concatenate([a(x) * b(y) + c(z), b(y)], -1)
    np.testing.assert_allclose(model.predict([x, y, z], verbose=0), expected, atol=1e-5)


@pytest.mark.parametrize("mode", ["dot", "cos"])
def test_a_product_over_axis_0_is_keras_1s_on_tensorflow(mode):
    a, b = np.random.default_rng(0).normal(size=(2, 4, 3, 1))
    inputs = [layers.Input((3, 1)), layers.Input((3, 1))]
    model = Model(inputs, merge(inputs, mode=mode, dot_axes=0))
    expected = np.sum(a * b, 1)
    if mode == "cos":
        expected = expected / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    np.testing.assert_allclose(model.predict([a, b], verbose=0)[:, 0], expected, atol=1e-5)
    branches = [Sequential([layers.Input((3,)), layers.Dense(3)]) for _ in range(2)]
    model = Sequential(
        [Merge(branches, mode=mode, dot_axes=0), layers.Dense(1)]
    )  # a sum over the batch: (3, 1)
    assert model.layers[0].layers[1] is branches[1]
