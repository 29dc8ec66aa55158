"""Weights as integers, and their low-rank adaptation: the numbers, variables and files of Keras."""

import jax
import keras
import numpy as np
import pytest

import neurona
from neurona.core.errors import ArgumentError, NotBuiltError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 3, 6)).astype("float32")
WORDS = np.array([[1, 2, 0], [6, 5, 3]])
LAYERS = {
    "Dense": (lambda k: k.layers.Dense(5, activation="relu"), X),
    "EinsumDense": (lambda k: k.layers.EinsumDense("abc,cde->abde", (None, 2, 5), bias_axes="de"), X),
    "EinsumDense with summed axes": (
        lambda k: k.layers.EinsumDense("abcd,cde->abe", (None, 4), "tanh"),
        X.reshape(4, 3, 2, 3),
    ),
    "EinsumDense, turned": (lambda k: k.layers.EinsumDense("abx,yx->aby", (None, 5), bias_axes="y"), X),
    "Embedding": (lambda k: k.layers.Embedding(7, 5), WORDS),
    "ReversibleEmbedding": (lambda k: k.layers.ReversibleEmbedding(7, 5, tie_weights=False), WORDS),
}
CONFIGS = {
    "int8": lambda k: {"mode": "int8"},
    "int8, weights only": lambda k: {
        "config": k.quantizers.Int8QuantizationConfig(activation_quantizer=None)
    },
    "int4": lambda k: {"mode": "int4"},
    "int4, blocks of 2": lambda k: {"config": k.quantizers.Int4QuantizationConfig(block_size=2)},
    "int4, no blocks": lambda k: {"config": k.quantizers.Int4QuantizationConfig(block_size=None)},
}


def same(theirs, mine, tolerance=1e-5):
    np.testing.assert_allclose(np.asarray(mine, "float32"), np.asarray(theirs, "float32"), atol=tolerance)


def run(layer, inputs, **options):
    """What a layer gives, as one program: single operations take longer to compile."""
    return jax.jit(lambda x: layer(x, **options))(inputs)


def both(build, inputs):
    """Keras's layer and Neurona's, with the same weights."""
    theirs, mine = build(keras), build(neurona)
    theirs.build(inputs.shape), mine.build(inputs.shape)
    mine.set_weights(theirs.get_weights())
    return theirs, mine


def stored(layer):
    store = {}
    layer.save_own_variables(store)
    return {name: np.asarray(value) for name, value in store.items()}


GRID = [
    *(("Dense", config) for config in CONFIGS),
    ("EinsumDense", "int4, blocks of 2"),
    ("EinsumDense with summed axes", "int8"),
    *((name, config) for name in list(LAYERS)[3:] for config in ("int8", "int4, blocks of 2")),
]


@pytest.mark.parametrize(("name", "config"), GRID)
def test_numbers_variables_and_files_are_those_of_keras(name, config):
    build, inputs = LAYERS[name]
    theirs, mine = both(build, inputs)
    floats = np.asarray(run(mine, inputs))
    theirs.quantize(**CONFIGS[config](keras))
    mine.quantize(**CONFIGS[config](neurona))
    same(run(theirs, inputs), run(mine, inputs))
    if "blocks of" not in config:  # where no block has 0 in its range, it is rounded badly
        assert np.abs(np.asarray(run(mine, inputs)) - floats).max() < (0.02 if "int8" in config else 0.4)
    if name == "ReversibleEmbedding":
        same(run(theirs, X[..., :5], reverse=True), run(mine, X[..., :5], reverse=True))
    assert mine.dtype_policy.name == theirs.dtype_policy.name
    assert mine.quantization_mode == theirs.quantization_mode
    for my, their in zip(mine.variables, theirs.variables, strict=True):
        if my.name != "reverse_embeddings_zero":  # whose small integers Keras keeps as floats
            assert my.dtype == their.dtype
        assert (my.name, my.trainable) == (their.name, their.trainable)
        same(their, my)
    theirs.enable_lora(2, lora_alpha=3), mine.enable_lora(2, lora_alpha=3)
    for my, their in zip(mine.trainable_variables[-2:], theirs.trainable_variables[-2:]):
        assert my.name == their.name
        my.assign(RNG.normal(size=my.shape))
        their.assign(my.numpy())
    if name != "EinsumDense, turned":  # where Keras multiplies other axes
        same(run(theirs, inputs), run(mine, inputs))
    for my, their in zip(stored(mine).values(), stored(theirs).values(), strict=True):
        same(their, my, 1 if my.dtype == np.int8 and "4" not in config else 1e-5)


@pytest.mark.parametrize(
    ("build", "inputs"),
    [
        *(LAYERS[name] for name in ("Dense", "EinsumDense with summed axes", "Embedding")),
        (lambda k: k.layers.Conv2D(4, 2, groups=2, padding="same"), RNG.normal(size=(2, 4, 4, 6))),
        (lambda k: k.layers.Conv1D(4, 3, dilation_rate=2, padding="causal", use_bias=False), X),
    ],
)
def test_an_adapted_layer_trains_two_small_matrices(build, inputs):
    theirs, mine = both(build, inputs)
    theirs.enable_lora(2, lora_alpha=4), mine.enable_lora(2, lora_alpha=4)
    names = [variable.name for variable in theirs.trainable_variables]
    assert [variable.name for variable in mine.trainable_variables] == names
    for my, their in zip(mine.trainable_variables, theirs.trainable_variables):
        my.assign(RNG.normal(size=my.shape))
        their.assign(my.numpy())
    same(run(theirs, inputs), run(mine, inputs))
    same(getattr(theirs, theirs.variables[0].name), getattr(mine, mine.variables[0].name).numpy())
    for my, their in zip(stored(mine).values(), stored(theirs).values(), strict=True):
        same(their, my)
    mine.trainable = False
    mine.trainable = True
    assert [variable.name for variable in mine.trainable_variables] == names
    before = run(mine, inputs)
    mine.load_own_variables(stored(mine))
    same(before, run(mine, inputs))
    assert not mine.trainable_variables[-1].numpy().any()


def attentive(k):
    words = k.Input((3,), dtype="int32")
    x = k.layers.Embedding(7, 6, name="words")(words)
    x = k.layers.MultiHeadAttention(2, 3, name="attention")(x, x)
    return k.Model(words, k.layers.EinsumDense("abc,cd->abd", (None, 4), bias_axes="d", name="last")(x))


def plain(k):
    return k.Sequential([k.Input((6,)), k.layers.Dense(5), k.layers.Dense(3, name="last")])


@pytest.mark.parametrize(
    ("build", "inputs", "mode"),
    [(attentive, WORDS, "int8"), (plain, X[:, 0], "int4")],
)
def test_quantized_models_travel_in_files(build, inputs, mode, tmp_path):
    mine = build(neurona)
    floats = mine.predict(inputs, verbose=0)
    mine.quantize(mode)
    found = mine.predict(inputs, verbose=0)
    assert 0 < np.abs(found - floats).max() < 0.3
    mine.save(tmp_path / "mine.keras")
    same(found, neurona.saving.load_model(tmp_path / "mine.keras").predict(inputs, verbose=0))
    theirs = keras.saving.load_model(tmp_path / "mine.keras")
    same(found, run(theirs, inputs))
    if build is attentive:  # Keras forgets in its own files that parts of the attention are quantized
        return
    theirs.get_layer("last").bias.assign(np.ones(3))
    theirs.save_weights(tmp_path / "theirs.weights.h5")
    mine.load_weights(tmp_path / "theirs.weights.h5")
    same(run(theirs, inputs), mine.predict(inputs, verbose=0))
    theirs.save(tmp_path / "theirs.keras")
    loaded = neurona.saving.load_model(tmp_path / "theirs.keras")
    same(run(theirs, inputs), loaded.predict(inputs, verbose=0))
    assert loaded.layers[0].get_config()["dtype"] == theirs.layers[0].get_config()["dtype"]


def test_an_adapted_model_learns_and_is_merged_in_its_file(tmp_path):
    layers = [neurona.layers.Dense(5, lora_rank=2, name="adapted"), neurona.layers.Dense(1)]
    model = neurona.Sequential([neurona.Input((6,)), *layers])
    frozen, before = layers[0]._kernel.numpy(), layers[0].lora_kernel_b.numpy()
    model.compile("sgd", "mse")
    model.fit(X[:, 0], np.ones((4, 1)), epochs=2, verbose=0)
    same(frozen, layers[0]._kernel.numpy(), 0)
    assert np.abs(layers[0].lora_kernel_b.numpy() - before).max() > 0
    model.save(tmp_path / "a.keras")
    for library in (neurona, keras):
        loaded = library.saving.load_model(tmp_path / "a.keras")
        same(model.predict(X[:, 0], verbose=0), loaded.predict(X[:, 0], verbose=0))
        assert loaded.layers[0].lora_enabled
        same(np.zeros((2, 5)), loaded.layers[0].lora_kernel_b.numpy())
    layers[0].quantize("int8")
    model.compile("sgd", "mse")
    model.fit(X[:, 0], np.ones((4, 1)), verbose=0)


def test_filters_choose_layers_and_others_are_named():
    model = neurona.Sequential(
        [
            neurona.Input((6, 6)),
            neurona.layers.Conv1D(4, 2, name="convolution"),
            neurona.layers.Dense(5, name="first"),
            neurona.layers.Dense(3, name="second"),
        ]
    )
    model.quantize("int8", filters=["^sec"])
    assert [layer.quantization_mode for layer in model.layers] == [None, None, "int8"]
    with pytest.warns(UserWarning, match=r"keep their weights as floats: convolution \(Conv1D\)"):
        model.quantize("int4", filters=lambda layer: layer.name != "second")
    with pytest.raises(ArgumentError, match="filters is a regular expression"):
        model.quantize("int8", filters=3)


def test_a_dtype_quantizes():
    layer = neurona.layers.Dense(2, dtype="int4/4_from_float32")
    layer.build((None, 6))
    assert (layer._kernel.shape, layer.kernel_scale.shape, layer.kernel.shape) == ((6, 1), (2, 2), (6, 2))
    layer = neurona.layers.Dense(2)
    layer.build((None, 6))
    layer.dtype_policy = "int8_from_mixed_bfloat16"
    assert (layer.kernel.dtype, layer(X).dtype.name) == ("int8", "bfloat16")
    layer = neurona.layers.Embedding(5, 4)
    layer.build()
    layer.dtype_policy = "int4/-1_from_float32"
    assert (layer._embeddings.shape, layer.embeddings_scale.shape) == ((5, 2), (5,))
    with pytest.raises(ArgumentError, match="LSTMCell keeps its weights as floats"):
        neurona.layers.LSTM(2, dtype="int8_from_float32")


def test_an_ellipsis_stands_for_axes():
    layers = [neurona.layers.EinsumDense(equation, 5) for equation in ("...x,yx->...y", "ax,yx->ay")]
    for layer in layers:
        layer.build((12, 6)) if layer is layers[1] else layer(X)
        layer.set_weights([np.arange(30).reshape(5, 6)])
        layer.quantize("int8")
    same(np.asarray(layers[1](X.reshape(12, 6))).reshape(4, 3, 5), layers[0](X))
    assert layers[0].kernel_scale.shape == (1, 1, 5)


def test_gradients_pass_the_rounding():
    _, mine = both(LAYERS["Dense"][0], X)
    mine.quantize("int8")
    kernel = mine._quantized["kernel"].numbers()
    active = np.asarray(mine(X)) > 0
    found = jax.grad(lambda x: mine(x).sum())(jax.numpy.asarray(X))
    same(active.astype("float32") @ np.asarray(kernel).T, found)


class Subclass(neurona.layers.Dense):
    pass


@pytest.mark.parametrize(
    ("layer", "act", "error", "message"),
    [
        (neurona.layers.Dense(2), lambda one: one.quantize("int8"), NotBuiltError, "no weights yet"),
        (neurona.layers.Dense(2), lambda one: one.enable_lora(2), NotBuiltError, "no weights yet"),
        (neurona.layers.Dense(2), lambda one: one(X) is one or one.quantize("float8"), ArgumentError, "int4"),
        (neurona.layers.Dense(2), lambda one: one(X) is one or one.enable_lora(0), ArgumentError, "rank"),
        (
            neurona.layers.Dense(2, lora_rank=1),
            lambda one: one(X) is one or one.enable_lora(1),
            ArgumentError,
            "adapted already",
        ),
        (
            neurona.layers.Dense(2, dtype="int8_from_float32"),
            lambda one: one(X) is one or one.quantize("int8"),
            ArgumentError,
            "quantized already",
        ),
        (
            neurona.layers.Dense(2, kernel_constraint="non_neg", lora_rank=1),
            lambda one: one(X),
            ArgumentError,
            "constraint",
        ),
        (Subclass(2), lambda one: one(X) is one or one.quantize("int8"), NotImplementedError, "subclass"),
    ],
)
def test_what_can_not_be_says_why(layer, act, error, message):
    with pytest.raises(error, match=message):
        act(layer)


def test_older_files_have_no_form_for_integers(tmp_path):
    model = plain(neurona)
    model.quantize("int8")
    with pytest.raises(neurona.errors.SavingError, match=r"no form in tf-keras 2, which \.h5"):
        model.save(tmp_path / "a.h5")
