"""Attention and EinsumDense beside Keras."""

import itertools

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from neurona.core.annotations import MASK
from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.symbolic import SymbolicTensor
from neurona.layers import (
    AdditiveAttention,
    Attention,
    EinsumDense,
    Embedding,
    GroupQueryAttention,
    MultiHeadAttention,
)
from tests.layers.beside_keras import close, finite_differences, parity, round_trip

RNG = np.random.default_rng(0)
Q, V, KEY = (RNG.normal(size=(2, n, 4)).astype("float32") for n in (3, 5, 5))
QUERY_MASK = np.array([[1, 1, 0], [1, 1, 1]], bool)
VALUE_MASK = np.array([[1, 1, 1, 0, 0], [0, 1, 1, 1, 1]], bool)
ALLOWED = RNG.integers(0, 2, (2, 3, 5)).astype(bool)
ALLOWED[..., 0] = True
K = keras.layers


@pytest.mark.parametrize(
    ("ours", "theirs", "inputs", "call"),
    [
        (
            Attention(use_scale=True),
            K.Attention(use_scale=True),
            [Q, V, KEY],
            {"return_attention_scores": True},
        ),
        (
            Attention(score_mode="concat", use_scale=True),
            K.Attention(score_mode="concat", use_scale=True),
            [Q, V, KEY],
            {},
        ),
        (
            Attention(score_mode="concat"),
            K.Attention(score_mode="concat"),
            [Q, V],
            {"mask": [QUERY_MASK, VALUE_MASK]},
        ),
        (
            Attention(),
            K.Attention(),
            [Q, V],
            {"mask": [None, VALUE_MASK], "use_causal_mask": True, "return_attention_scores": True},
        ),
        (
            AdditiveAttention(),
            K.AdditiveAttention(),
            [Q, V, KEY],
            {"mask": [QUERY_MASK, VALUE_MASK], "use_causal_mask": True},
        ),
        (
            AdditiveAttention(use_scale=False),
            K.AdditiveAttention(use_scale=False),
            [Q, V],
            {"return_attention_scores": True},
        ),
    ],
)
def test_attention_equals_keras(ours, theirs, inputs, call):
    # Keras's masks are lists whose entries may be None, which its symbolic build refuses.
    for layer in (ours, theirs):
        layer.build([a.shape for a in inputs])
    parity(ours, theirs, inputs, **call)


# Keras's fused computation on JAX refuses values of another size than the keys; with dropout or scores it
# takes another way.
@pytest.mark.parametrize(
    ("options", "call"),
    [
        ({}, {}),
        ({"value_dim": 5, "use_bias": False, "output_shape": 6, "dropout": 0.1}, {}),
        ({"output_shape": (2, 3)}, {"attention_mask": ALLOWED}),
        ({"dropout": 0.3}, {"attention_mask": ALLOWED, "use_causal_mask": True}),
        ({"sliding_window": 2, "use_gate": True}, {"use_causal_mask": True}),
        ({"use_gate": True, "value_dim": 2}, {"return_attention_scores": True, "value_mask": VALUE_MASK}),
        ({}, {"use_causal_mask": True, "return_attention_scores": True}),
        ({"attention_axes": 1}, {"attention_mask": np.broadcast_to(ALLOWED[:, None], (2, 2, 3, 5))}),
    ],
)
def test_multi_head_attention_equals_keras(options, call):
    parity(MultiHeadAttention(2, 3, **options), K.MultiHeadAttention(2, 3, **options), Q, V, KEY, **call)


@pytest.mark.parametrize("axes", [None, (1, 2), 2, (-2,)])
def test_attention_along_several_axes(axes):
    grid = RNG.normal(size=(2, 3, 4, 5)).astype("float32")
    parity(
        MultiHeadAttention(2, 3, attention_axes=axes),
        K.MultiHeadAttention(2, 3, attention_axes=axes),
        grid,
        grid,
    )


@pytest.mark.parametrize(
    ("options", "call"),
    [
        ({}, {"value_mask": VALUE_MASK}),
        ({"use_bias": False, "use_gate": True}, {"use_causal_mask": True}),
        ({"sliding_window": 2}, {"return_attention_scores": True, "attention_mask": ALLOWED}),
    ],
)
def test_group_query_attention_equals_keras(options, call):
    parity(
        GroupQueryAttention(3, 4, 2, **options), K.GroupQueryAttention(3, 4, 2, **options), Q, V, KEY, **call
    )


@pytest.mark.parametrize("scores", [False, True])
def test_masks_come_by_themselves(scores):
    ids = np.array([[1, 2, 0, 0], [3, 4, 5, 0]])
    ours, theirs = Embedding(6, 4, mask_zero=True), K.Embedding(6, 4, mask_zero=True)
    x, keras_x = ours(ids), theirs(ids)
    theirs.set_weights(ours.get_weights())
    x, keras_x = ours(ids), theirs(ids)
    layer, keras_layer = MultiHeadAttention(2, 3), K.MultiHeadAttention(2, 3)
    keras_layer.build(x.shape, x.shape)
    layer.build(x.shape, x.shape)
    layer.set_weights(keras_layer.get_weights())
    y = layer(x, x, return_attention_scores=scores)
    keras_y = keras_layer(keras_x, theirs(ids), return_attention_scores=scores)
    for one, other in zip(jax.tree.leaves(y), jax.tree.leaves(keras_y)):
        close(one, other)
    np.testing.assert_array_equal(MASK.get(jax.tree.leaves(y)[0]), ids != 0)
    x, keras_x = ours(ids), theirs(ids)
    close(Attention()([x, x]), K.Attention()([keras_x, keras_x]))
    assert (MASK.get(Attention()([x, x])) == (ids != 0)).all()


def test_causal_attention_does_not_see_the_future():
    layer = MultiHeadAttention(2, 3)
    x = RNG.normal(size=(1, 6, 4)).astype("float32")
    whole = layer(x, x, use_causal_mask=True)
    changed = x.copy()
    changed[:, 4:] += 1
    close(layer(changed, changed, use_causal_mask=True)[:, :4], whole[:, :4])


def test_dropout():
    ones = jnp.ones((20, 8, 4))
    layer = MultiHeadAttention(2, 3, dropout=0.25, seed=3)
    still, scores = layer(ones, ones, return_attention_scores=True)
    moved, same = layer(ones, ones, return_attention_scores=True, training=True)
    close(scores, same)  # the scores are those before dropout
    assert np.abs(np.asarray(still - moved)).max() > 1e-3
    plain = Attention(dropout=0.25)
    weights = np.asarray(plain([ones, ones], return_attention_scores=True, training=True)[1])
    assert np.allclose(np.unique(weights), [0, 1 / 8 / 0.75])
    assert abs((weights == 0).mean() - 0.25) < 0.04
    assert (Attention(dropout=1.0)([ones, ones], training=True) == 0).all()


def test_projections_of_equal_shape_begin_differently():
    layer = MultiHeadAttention(2, 3, kernel_initializer="glorot_uniform")
    layer.build((2, 3, 4), (2, 5, 4))
    kernels = [w for w in layer.get_weights() if w.shape == (4, 2, 3)]
    assert len(kernels) == 3
    assert all(np.abs(a - b).max() > 0.01 for a, b in itertools.combinations(kernels, 2))
    limit = np.sqrt(6 / (4 + 6))  # fans 4 and 2 * 3
    assert 0.5 * limit < np.abs(kernels[0]).max() <= limit


def test_configs_travel_both_ways():
    options = {
        "kernel_regularizer": "l2",
        "bias_initializer": "ones",
        "activity_regularizer": "l1",
        "seed": 3,
        "use_gate": True,
    }
    layer = MultiHeadAttention(2, 3, value_dim=5, output_shape=(2, 3), dropout=0.1, **options)
    theirs = round_trip(layer, Q, V)
    assert layer.get_config().keys() - {"flash_attention"} == theirs.get_config().keys()
    assert len(layer.losses) == 5 + 5  # of the kernels and of the activities
    close(sum(layer.losses), sum(theirs.losses))
    round_trip(GroupQueryAttention(3, 4, 2, sliding_window=2, **options), Q, V)
    round_trip(Attention(use_scale=True, score_mode="concat", dropout=0.1), [Q, V])
    round_trip(AdditiveAttention(dropout=0.1), [Q, V])
    round_trip(EinsumDense("abc,cd->abd", (None, 6), bias_axes="d", activation="relu"), Q)
    built = MultiHeadAttention.from_config(layer.get_config())
    built.build_from_config(layer.get_build_config())
    assert [w.shape for w in built.weights] == [w.shape for w in layer.weights]
    assert (
        K.serialize(theirs)["build_config"]["shapes_dict"].keys()
        == layer.get_build_config()["shapes_dict"].keys()
    )


@pytest.mark.parametrize(
    ("equation", "shape", "bias"),
    [
        ("abc,cd->abd", (None, 6), "d"),
        ("abc,cde->abde", (None, 2, 3), "de"),
        ("abc,cde->abde", (None, 2, 3), "d"),
        ("...x,xy->...y", 6, "y"),
        ("...bc,cd->...bd", (None, 6), None),
        ("ab...,bc->ac...", 6, "c"),
        ("abc,bde->acde", (None, 2, 3), "e"),
    ],
)
def test_einsum_dense_equals_keras(equation, shape, bias):
    parity(EinsumDense(equation, shape, bias_axes=bias), K.EinsumDense(equation, shape, bias_axes=bias), Q)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (MultiHeadAttention, {"num_heads": 2, "key_dim": 3, "use_gate": True}),
        (GroupQueryAttention, {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2}),
    ],
)
@pytest.mark.usefixtures("in_double_precision")
def test_gradients_by_finite_differences(kind, options):
    layer = kind(**options, dtype="float64")
    query, value = jnp.asarray(Q, "float64"), jnp.asarray(V, "float64")
    layer.build(query.shape, value.shape)

    def loss(arrays):
        return jnp.sum(jnp.sin(layer.apply(arrays[2:], *arrays[:2], attention_mask=ALLOWED)[0]))

    finite_differences(loss, [query, value, *[v.value for v in layer.variables]])


@pytest.mark.parametrize(
    "layer", [MultiHeadAttention(2, 3), GroupQueryAttention(3, 4, 2)], ids=["multi-head", "grouped"]
)
def test_pure_equals_stateful_and_vmap_equals_three(layer):
    y = layer(Q, V, attention_mask=ALLOWED)
    values = [v.value for v in layer.variables]
    run = jax.jit(lambda values: layer.apply(values, Q, V, attention_mask=ALLOWED)[0])
    close(run(values), y)
    stacked = [jnp.stack([v, 2 * v, -v]) for v in values]
    three = jax.jit(jax.vmap(lambda values: layer.apply(values, Q, V, attention_mask=ALLOWED)[0]))(stacked)
    for i in range(3):
        close(three[i], run([v[i] for v in stacked]))


def test_symbolic_shapes():
    query, value = SymbolicTensor((None, None, 4)), SymbolicTensor((None, 5, 4))
    assert MultiHeadAttention(2, 3)(query, value).shape == (None, None, 4)
    outputs = MultiHeadAttention(2, 3, output_shape=7)(query, value, return_attention_scores=True)
    assert [t.shape for t in outputs] == [(None, None, 7), (None, 2, None, 5)]
    assert GroupQueryAttention(3, 4, 2)(query, query).shape == (None, None, 4)
    assert Attention()([query, value]).shape == (None, None, 4)
    assert EinsumDense("abc,cd->abd", (None, 6))(query).shape == (None, None, 6)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: MultiHeadAttention(0, 3), ArgumentError, "num_heads"),
        (lambda: MultiHeadAttention(2, 0), ArgumentError, "key_dim"),
        (lambda: MultiHeadAttention(2, 3, value_dim=-1), ArgumentError, "value_dim"),
        (lambda: MultiHeadAttention(2, 3, attention_axes="x"), ArgumentError, "attention_axes"),
        (lambda: MultiHeadAttention(2, 3, sliding_window=0), ArgumentError, "sliding_window"),
        (lambda: MultiHeadAttention(2, 3, dropout=2), ArgumentError, "dropout"),
        (lambda: MultiHeadAttention(2, 3, flash_attention=True, dropout=0.1), ArgumentError, "flash"),
        (
            lambda: MultiHeadAttention(2, 3, flash_attention=True)(Q, V, return_attention_scores=True),
            ArgumentError,
            "flash",
        ),
        (lambda: MultiHeadAttention(2, 3)(Q, V, Q), ShapeError, "value and key"),
        (lambda: GroupQueryAttention(3, 4, 3), ArgumentError, "divides"),
        (lambda: GroupQueryAttention(3, 4, 2)(Q[0], V[0]), ShapeError, "features"),
        (lambda: Attention()(Q), ArgumentError, "query, value"),
        (lambda: Attention()([Q]), ArgumentError, "query, value"),
        (lambda: Attention(score_mode="dott"), ArgumentError, "dot"),
        (lambda: Attention()([Q, V], mask=QUERY_MASK), ArgumentError, "mask is a list"),
        (lambda: EinsumDense("abc,cd", 3), ArgumentError, "equation"),
        (lambda: EinsumDense("abc,cd->abe", (None, 3)), ArgumentError, "one term"),
        (lambda: EinsumDense("abc,cd->abd", (None, 3), bias_axes="x"), ArgumentError, "bias_axes"),
        (lambda: EinsumDense("abc,cd->abd", (7, 3))(Q), ShapeError, "output_shape"),
        (lambda: EinsumDense("abc,cd->abd", 3)(Q), ShapeError, "as many"),
    ],
)
def test_bad_inputs_are_explained(make, error, words):
    with pytest.raises(error, match=words):
        make()
