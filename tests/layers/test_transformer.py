"""Blocks of Transformers and their positions: beside PyTorch's modules with equal weights, the papers'
formulas in NumPy in double precision, and the same sequence without a cache.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neurona as nn
from neurona.layers import (
    CachedMultiHeadAttention,
    Dense,
    Embedding,
    Input,
    MultiHeadAttention,
    PositionEmbedding,
    RotaryEmbedding,
    SinePositionEncoding,
    TokenAndPositionEmbedding,
    TransformerDecoder,
    TransformerEncoder,
)

rng = np.random.default_rng(5)
B, T, S, D, HEADS, INNER = 2, 6, 5, 8, 4, 12
X, MEMORY = rng.normal(size=(B, T, D)), rng.normal(size=(B, S, D))
PADDING = np.arange(T) < np.array([[4], [6]])
MODERN: dict[str, Any] = {
    "activation": "silu",
    "normalize_first": True,
    "normalization": "rms",
    "gated": True,
    "num_key_value_heads": 2,
    "rope_max_wavelength": 100.0,
    "use_bias": False,
}
HALF: Any = 1.5


def randomize(layer, seed=0):
    draw = np.random.default_rng(seed)
    layer.set_weights([0.5 * draw.normal(size=weight.shape) for weight in layer.weights])
    return layer


def built(kind, *inputs, **options):
    layer = kind(INNER, HEADS, **options)
    layer(*[jnp.asarray(one) for one in inputs])
    return randomize(layer)


# PyTorch's modules with equal weights.


def give_attention(torch, module, layer):
    """Put a layer's weights into torch.nn.MultiheadAttention, which has (out, in) matrices."""
    with torch.no_grad():
        parts = [layer.query_dense, layer.key_dense, layer.value_dense]
        kernels = [np.asarray(part.kernel.value).reshape(D, D).T for part in parts]
        module.in_proj_weight.copy_(torch.tensor(np.concatenate(kernels)))
        module.in_proj_bias.copy_(
            torch.tensor(np.concatenate([np.asarray(part.bias.value).ravel() for part in parts]))
        )
        module.out_proj.weight.copy_(
            torch.tensor(np.asarray(layer.output_dense.kernel.value).reshape(D, D).T)
        )
        module.out_proj.bias.copy_(torch.tensor(np.asarray(layer.output_dense.bias.value)))


def give_block(torch, module, layer):
    """Put a block's weights into the module of PyTorch."""
    give_attention(torch, module.self_attn, layer.self_attention_layer)
    norms = [layer.self_attention_layer_norm]
    if getattr(layer, "cross_attention_layer", None) is not None:
        give_attention(torch, module.multihead_attn, layer.cross_attention_layer)
        norms.append(layer.cross_attention_layer_norm)
    norms.append(layer.feedforward_layer_norm)
    with torch.no_grad():
        for number, norm in enumerate(norms, 1):
            theirs = getattr(module, f"norm{number}")
            theirs.weight.copy_(torch.tensor(np.asarray(norm.gamma.value)))
            theirs.bias.copy_(torch.tensor(np.asarray(norm.beta.value)))
        for name in ("intermediate", "output"):
            mine = getattr(layer, f"feedforward_{name}_dense")
            theirs = module.linear1 if name == "intermediate" else module.linear2
            theirs.weight.copy_(torch.tensor(np.asarray(mine.kernel.value).T))
            theirs.bias.copy_(torch.tensor(np.asarray(mine.bias.value)))


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="PyTorch is a test dependency where its wheel is small")


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.usefixtures("in_double_precision")
def test_blocks_are_those_of_pytorch(torch, first):
    options: Any = {"dtype": torch.float64, "batch_first": True, "norm_first": first, "dropout": 0.0}
    x, memory = torch.tensor(X), torch.tensor(MEMORY)
    hidden = torch.tensor(~PADDING)
    layer = built(TransformerEncoder, X, normalize_first=first, dtype="float64")
    module = torch.nn.TransformerEncoderLayer(D, HEADS, INNER, **options)
    give_block(torch, module, layer)
    module.train()  # as in training PyTorch leaves masked places as they are
    theirs = module(x, src_key_padding_mask=hidden).detach().numpy()
    np.testing.assert_allclose(layer(X, padding_mask=PADDING)[PADDING], theirs[PADDING], atol=1e-10)

    decoder = built(TransformerDecoder, X, MEMORY, normalize_first=first, dtype="float64")
    module = torch.nn.TransformerDecoderLayer(D, HEADS, INNER, **options)
    give_block(torch, module, decoder)
    causal = torch.nn.Transformer.generate_square_subsequent_mask(T, dtype=torch.float64)
    seen = np.arange(S) < np.array([[3], [5]])
    theirs = module(x, memory, tgt_mask=causal, memory_key_padding_mask=torch.tensor(~seen))
    mine = decoder(X, MEMORY, encoder_padding_mask=seen)
    np.testing.assert_allclose(mine, theirs.detach().numpy(), atol=1e-10)


# The formulas of the papers.


def rms(x, scale, epsilon):
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + epsilon) * scale


def turned(x, wavelength):
    """Rotary positions as products of complex numbers: a pair (a, b) is a + ib (RoFormer, equation 13)."""
    half = x.shape[-1] // 2
    angles = np.arange(x.shape[1])[:, None] * wavelength ** (-np.arange(half) / half)
    pairs = (x[..., :half] + 1j * x[..., half:]) * np.exp(1j * angles)[None, :, None]
    return np.concatenate([pairs.real, pairs.imag], axis=-1)


def modern_block(weights, x, wavelength=100.0):
    """A pre-norm block with grouped queries, rotary positions, RMS norms and a gated network, causal."""
    q_kernel, k_kernel, v_kernel, out = (
        weights[name] for name in ("query", "key", "value", "attention_output")
    )
    h = rms(x, weights["self_attention_layer_norm"], 1e-5)
    queries, keys = (
        turned(np.einsum("btd,dnh->btnh", h, kernel), wavelength) for kernel in (q_kernel, k_kernel)
    )
    values, found = np.einsum("btd,dnh->btnh", h, v_kernel), np.zeros_like(x)
    for head in range(HEADS):
        shared = head // 2  # two queries to a head of keys and values
        for b in range(B):
            for t in range(T):
                scores = keys[b, : t + 1, shared] @ queries[b, t, head] / np.sqrt(D // HEADS)
                softmax = np.exp(scores) / np.exp(scores).sum()
                found[b, t] += softmax @ values[b, : t + 1, shared] @ out[head]
    x = x + found
    h = rms(x, weights["feedforward_layer_norm"], 1e-5)
    gate = h @ weights["feedforward_gate_dense"]
    return (
        x
        + (gate / (1 + np.exp(-gate)) * (h @ weights["feedforward_intermediate_dense"]))
        @ weights["feedforward_output_dense"]
    )


@pytest.mark.usefixtures("in_double_precision")
def test_the_modern_block_is_that_of_the_formulas():
    layer = built(TransformerDecoder, X, dtype="float64", **MODERN)
    weights = {weight.path.split("/")[-2]: np.asarray(weight.value) for weight in layer.weights}
    assert len(weights) == len(layer.weights) == 9
    np.testing.assert_allclose(layer(X), modern_block(weights, X), atol=1e-10)


@pytest.mark.usefixtures("in_double_precision")
def test_without_options_attention_is_multi_head_attention():
    layer, other = (
        CachedMultiHeadAttention(HEADS, 3, dtype="float64"),
        MultiHeadAttention(HEADS, 3, dtype="float64"),
    )
    for one in (layer, other):
        one(X, MEMORY)
    randomize(layer)
    other.set_weights(layer.get_weights())
    np.testing.assert_allclose(
        layer(X, X, use_causal_mask=True), other(X, X, use_causal_mask=True), atol=1e-12
    )
    mine, theirs = (one(X, MEMORY, return_attention_scores=True) for one in (layer, other))
    np.testing.assert_allclose(mine[1], theirs[1], atol=1e-12)


def test_rotary_products_depend_on_the_distance_alone():
    layer = RotaryEmbedding(max_wavelength=50.0)
    q, k = rng.normal(size=(1, 1, 2, D)), rng.normal(size=(1, 1, 2, D))
    products = [np.sum(layer(q, start_index=p + 3) * layer(k, start_index=p), axis=-1) for p in (0, 4, 11)]
    np.testing.assert_allclose(products[1:], [products[0]] * 2, atol=1e-5)
    x = rng.normal(size=(2, T, 3, D))
    np.testing.assert_allclose(layer(x), turned(x, 50.0), atol=1e-5)
    axes = RotaryEmbedding(50.0, sequence_axis=2, feature_axis=1)
    np.testing.assert_allclose(
        axes(x.transpose(0, 3, 1, 2)), turned(x, 50.0).transpose(0, 3, 1, 2), atol=1e-5
    )
    places = np.array([[0, 1, 2, 3, 4, 5], [3, 3, 0, 1, 2, 9]])
    given = layer(x, positions=places)
    for b, t in np.ndindex(2, T):
        alone = layer(x[b : b + 1, t : t + 1], start_index=int(places[b, t]))
        np.testing.assert_allclose(given[b, t], alone[0, 0], atol=1e-5)
    np.testing.assert_allclose(RotaryEmbedding(50.0, 2.0)(x), layer(x, positions=np.arange(T) / 2), atol=1e-6)


def test_positions_are_vectors_of_places():
    layer = PositionEmbedding(9)
    x = jnp.zeros((2, T, D))
    layer(x)
    vectors = layer.embeddings.numpy()
    np.testing.assert_array_equal(layer(x), np.broadcast_to(vectors[:T], x.shape))
    np.testing.assert_array_equal(layer(x, start_index=3)[1], vectors[3:])
    np.testing.assert_array_equal(layer(x, positions=[[5] * T, [0] * T])[0, 2], vectors[5])
    later = jax.jit(lambda start: layer(x, start_index=start))
    np.testing.assert_array_equal(later(3), layer(x, start_index=3))
    assert np.isnan(later(4)[:, -1]).all()
    assert np.isnan(layer(x, positions=[-1] * T)).all()
    waves = np.asarray(SinePositionEncoding(100.0)(x, start_index=2))[0]
    for p, i in np.ndindex(T, D // 2):
        angle = (p + 2) / 100 ** (2 * i / D)
        np.testing.assert_allclose(waves[p, 2 * i : 2 * i + 2], [np.sin(angle), np.cos(angle)], atol=1e-5)


def test_tokens_and_positions_are_added_and_masked():
    layer = TokenAndPositionEmbedding(20, 10, D, mask_zero=True)
    tokens = np.array([[3, 1, 0], [7, 0, 0]])
    y = layer(tokens)
    words, places = (weight.numpy() for weight in layer.weights)
    np.testing.assert_allclose(y, words[tokens] + places[:3], atol=1e-7)
    np.testing.assert_array_equal(layer.compute_mask(tokens), tokens > 0)
    assert layer(nn.Input((None,), dtype="int32")).shape == (None, None, D)


# With a cache.


def stepped(layer, caches, memory=None, sizes=(2, 1, 3), compiled=True):
    """The outputs of a block for parts of a sequence, one after another."""
    found, place, fill = [], 0, 0
    for size in sizes:
        options: Any = {} if memory is None else {"cross_attention_cache_update_index": fill}

        def step(x, own, cross, start, options=options):
            given: Any = None if memory is None else jnp.asarray(memory, "float32")
            return layer(
                x,
                given,
                self_attention_cache=own,
                self_attention_cache_update_index=start,
                cross_attention_cache=cross,
                **options,
            )

        run: Any = jax.jit(step) if compiled else step
        y, *caches = run(jnp.asarray(X[:, place : place + size], "float32"), *caches, place)
        caches = caches if memory is not None else [*caches, None]
        found.append(y)
        place, fill = place + size, None
    return np.concatenate(found, axis=1)


@pytest.mark.parametrize("options", [{}, {"normalize_first": True}, MODERN])
@pytest.mark.parametrize("compiled", [False, True])
def test_a_cache_changes_nothing(options, compiled):
    layer = built(TransformerDecoder, X, **options)
    caches = layer.initial_caches(B, 9)
    np.testing.assert_allclose(stepped(layer, caches, compiled=compiled), layer(X), atol=1e-5)
    layer = built(TransformerDecoder, X, MEMORY, **options)
    caches = layer.initial_caches(B, T, S)
    assert caches[1].shape == (B, 2, S, options.get("num_key_value_heads", HEADS), D // HEADS)
    found = stepped(layer, caches, MEMORY, compiled=compiled)
    np.testing.assert_allclose(found, layer(X, MEMORY), atol=1e-5)


def test_a_place_beyond_the_cache_is_never_silent():
    layer = built(TransformerDecoder, X)
    cache, _ = layer.initial_caches(B, 4)

    def call(start, x=X):
        return layer(x, self_attention_cache=cache, self_attention_cache_update_index=start)

    with pytest.raises(nn.errors.ShapeError, match=r"has room for 4 places\. Received 6 places from place 0"):
        call(0)
    with pytest.raises(nn.errors.ShapeError, match="Received 1 places from place 4"):
        call(np.int32(4), X[:, :1])
    assert np.isnan(jax.jit(lambda start: call(start, X[:, :2])[0])(3)).any()
    with pytest.raises(nn.errors.ShapeError, match=r"tells of all its places, \(batch, 4\)"):
        layer(
            X[:, :1],
            decoder_padding_mask=np.ones((B, 1), bool),
            self_attention_cache=cache,
            self_attention_cache_update_index=0,
        )


# In models.


def language_model(**options):
    inputs = Input((None,), dtype="int32")
    x = TokenAndPositionEmbedding(11, 12, D)(inputs)
    x = TransformerDecoder(INNER, HEADS, dropout=0.1, **options)(x)
    return nn.Model(inputs, Dense(11)(x))


@pytest.mark.parametrize("options", [{}, MODERN])
def test_blocks_learn_and_travel_in_a_file(options, tmp_path):
    nn.utils.set_random_seed(0)
    model = language_model(**options)
    tokens = np.random.default_rng(0).integers(0, 11, (16, 1)) + np.arange(9)
    tokens %= 11
    model.compile(nn.optimizers.Adam(0.01), nn.losses.SparseCategoricalCrossentropy(from_logits=True))
    losses = model.fit(tokens[:, :-1], tokens[:, 1:], epochs=60, verbose=0).history["loss"]
    assert losses[-1] < 0.2 * losses[0]
    model.save(tmp_path / "model.keras")
    again = nn.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict(tokens, verbose=0), model.predict(tokens, verbose=0))


def test_masks_come_by_themselves_and_padding_changes_nothing():
    tokens = np.array([[4, 2, 7, 1]])
    padded = np.pad(tokens, ((0, 0), (0, 3)))
    embed = Embedding(9, D, mask_zero=True)
    encoder, decoder = TransformerEncoder(INNER, HEADS), TransformerDecoder(INNER, HEADS)
    outputs = decoder(embed(tokens), encoder(embed(tokens)))
    again = decoder(embed(padded), encoder(embed(padded)))
    np.testing.assert_allclose(again[:, :4], outputs, atol=1e-5)
    scores = encoder(embed(padded), return_attention_scores=True)[1]
    assert scores.shape == (1, HEADS, 7, 7)
    np.testing.assert_array_equal(scores[..., 4:], np.zeros((1, HEADS, 7, 3)))


@pytest.mark.parametrize("options", [{}, MODERN])
def test_half_precision_gives_nearly_the_same(options):
    exact = built(TransformerDecoder, X, MEMORY, **options)
    half = built(TransformerDecoder, X, MEMORY, dtype="mixed_bfloat16", **options)
    outputs, wanted = half(X, MEMORY), np.asarray(exact(X, MEMORY))
    assert outputs.dtype == half.initial_caches(1, 2)[0].dtype == "bfloat16"
    assert np.abs(np.asarray(outputs, float) - wanted).mean() < 0.02 * np.abs(wanted).max()


def test_dropout_acts_in_training_alone():
    layer = built(TransformerEncoder, X, dropout=0.5)
    np.testing.assert_array_equal(layer(X), layer(X, training=False))
    assert not np.allclose(layer(X, training=True), layer(X))


WRONG = [
    (lambda: TransformerEncoder(0, 2), "TransformerEncoder: intermediate_dim"),
    (
        lambda: TransformerEncoder(4, 3)(X),
        "num_heads divides the number of features. Received num_heads=3 and",
    ),
    (
        lambda: TransformerDecoder(4, 4, num_key_value_heads=3)(X),
        "num_key_value_heads divides num_query_heads",
    ),
    (lambda: TransformerEncoder(4, 2, normalization="batch"), "normalization is one of layer, rms"),
    (lambda: TransformerEncoder(4, 2, dropout=2), "dropout is a number from 0 to 1"),
    (lambda: built(TransformerDecoder, X)(X, MEMORY), "was built without an encoder_sequence"),
    (lambda: built(TransformerDecoder, X, MEMORY)(X), "was built on an encoder_sequence: call it with"),
    (
        lambda: built(TransformerDecoder, X, MEMORY)(
            X, MEMORY, self_attention_cache=np.zeros((B, 2, T, 4, 2))
        ),
        "go together where there is an encoder_sequence",
    ),
    (lambda: built(TransformerDecoder, X)(X, self_attention_cache_update_index=0), "a place of a cache"),
    (lambda: PositionEmbedding(3)(X), "has room for 3 places. Received 6 places from place 0"),
    (lambda: PositionEmbedding(HALF), "PositionEmbedding: sequence_length"),
    (lambda: RotaryEmbedding()(X[..., :7]), "so that their number is even. Received 7 features"),
    (lambda: RotaryEmbedding(0), "RotaryEmbedding: max_wavelength is a number above 0"),
    (lambda: RotaryEmbedding(scaling_factor=0), "scaling_factor is above 0"),
    (
        lambda: RotaryEmbedding(feature_axis=1)(X),
        "sequence_axis and feature_axis are two axes after the batch",
    ),
    (lambda: TokenAndPositionEmbedding(5, 9, D)(np.array([[5]])), "for the integers 0 to 4"),
]


@pytest.mark.parametrize(("call", "words"), WRONG)
def test_what_does_not_fit_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
