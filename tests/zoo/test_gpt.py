"""The small GPT: beside PyTorch's modules with equal weights; its writing beside a loop without caches."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurona import zoo
from neurona.datasets import reina_valera
from neurona.zoo.gpt import counted_bits
from neurona.zoo.sampling import draw, limited

TEXT = reina_valera.load_data()[0][:3000]


@pytest.fixture(scope="module")
def gpt():
    network = zoo.GPT(16, 2, 2, context=24, vocabulary_size=280, dropout=0.0, epochs=2, random_state=0)
    return network.fit(TEXT)


def logits_of(network, tokens):
    return np.asarray(network.model_.predict(np.array([tokens]), verbose=0))[0]


def test_the_network_is_that_of_pytorchs_modules(gpt):
    torch = pytest.importorskip("torch", reason="PyTorch is a test dependency where its wheel is small")
    layer = gpt.model_.layers[-1]
    tensor = lambda weight: torch.tensor(np.asarray(weight.value))
    tokens = np.array(gpt.tokenizer.tokenize(TEXT)[:24])
    words, places = (tensor(weight) for weight in layer.embedding.weights)
    x = (words[tokens] + places[: len(tokens)])[None]
    causal = torch.nn.Transformer.generate_square_subsequent_mask(len(tokens))
    with torch.no_grad():
        for block in layer.blocks:
            module = torch.nn.TransformerEncoderLayer(
                16, 2, 64, 0.0, lambda z: torch.nn.functional.gelu(z), 1e-5, batch_first=True, norm_first=True
            )
            attention = block.self_attention_layer
            parts = [attention.query_dense, attention.key_dense, attention.value_dense]
            module.self_attn.in_proj_weight.copy_(
                torch.cat([tensor(part.kernel).reshape(16, 16).T for part in parts])
            )
            module.self_attn.in_proj_bias.copy_(torch.cat([tensor(part.bias).ravel() for part in parts]))
            module.self_attn.out_proj.weight.copy_(tensor(attention.output_dense.kernel).reshape(16, 16).T)
            module.self_attn.out_proj.bias.copy_(tensor(attention.output_dense.bias))
            for theirs, mine in (
                (module.linear1, block.feedforward_intermediate_dense),
                (module.linear2, block.feedforward_output_dense),
            ):
                theirs.weight.copy_(tensor(mine.kernel).T)
                theirs.bias.copy_(tensor(mine.bias))
            for theirs, mine in (
                (module.norm1, block.self_attention_layer_norm),
                (module.norm2, block.feedforward_layer_norm),
            ):
                theirs.weight.copy_(tensor(mine.gamma))
                theirs.bias.copy_(tensor(mine.beta))
            x = module.train()(x, src_mask=causal, is_causal=True)
        norm = layer.norm
        x = torch.nn.functional.layer_norm(x, (16,), tensor(norm.gamma), tensor(norm.beta), 1e-5)
        wanted = (x @ words.T)[0].numpy()
    np.testing.assert_allclose(logits_of(gpt, tokens), wanted, atol=2e-5)


@pytest.mark.parametrize("prompt", ["Y", "Y dijo Dios: "])
def test_writing_is_that_of_a_loop_without_caches(gpt, prompt):
    tokens = gpt.tokenizer.tokenize(prompt)
    key = jax.random.key(7)
    for place in range(len(tokens), len(tokens) + 9):
        logits = jnp.asarray(logits_of(gpt, tokens)[-1:])
        tokens.append(int(draw(jax.random.fold_in(key, place), logits, 0.8, 50, 0.95)[0]))
    assert gpt.sample(prompt, 9, 0.8, 50, 0.95, seed=7) == gpt.tokenizer.detokenize(tokens)
    greedy = gpt.tokenizer.tokenize(prompt)
    for _ in range(5):
        greedy.append(int(logits_of(gpt, greedy)[-1].argmax()))
    assert gpt.sample(prompt, 5, temperature=0) == gpt.tokenizer.detokenize(greedy)
    assert gpt.sample(prompt, 0) == prompt


@pytest.mark.parametrize(("top_k", "top_p"), [(9, 2.0), (3, 2.0), (9, 0.7), (2, 0.9), (9, 1e-9)])
def test_only_the_likeliest_symbols_come(top_k, top_p):
    logits = np.random.default_rng(1).normal(size=(5, 9)) * 2
    found = np.asarray(limited(jnp.asarray(logits), top_k, top_p))
    for row, kept in zip(logits, found):
        shares = np.exp(row) / np.exp(row).sum()
        allowed, total = set(), 0.0
        for symbol in np.argsort(-row)[:top_k]:
            if total < top_p:
                allowed.add(symbol)
            total += shares[symbol]
        assert set(np.flatnonzero(np.isfinite(kept))) == allowed
        np.testing.assert_allclose(kept[list(allowed)], row[list(allowed)], rtol=1e-5)


def test_draws_have_the_probabilities_of_the_temperature():
    logits = jnp.log(jnp.array([[0.6, 0.3, 0.1]]))
    keys = jax.random.split(jax.random.key(0), 20_000)
    drawn = jax.vmap(lambda key: draw(key, logits, 2.0, 3, 2.0)[0])(keys)
    wanted = np.sqrt([0.6, 0.3, 0.1]) / np.sqrt([0.6, 0.3, 0.1]).sum()
    np.testing.assert_allclose(np.bincount(drawn) / 20_000, wanted, atol=0.015)
    assert int(draw(keys[0], logits, 0.0, 3, 2.0)[0]) == 0


@pytest.mark.parametrize("length", [1, 30, 55, 200])
def test_bits_are_those_of_the_probabilities(gpt, length):
    text = TEXT[100 : 100 + length]
    tokens, bits = gpt.token_bits(text)
    assert tokens == gpt.tokenizer.tokenize(text)
    assert len(bits) == len(tokens)
    assert bits[0] == pytest.approx(math.log2(280))
    for place in range(1, len(tokens)):
        # The windows begin every 12 tokens; the first that reaches the token's place predicts it.
        start = 0 if place <= 24 else -(-(place - 24) // 12) * 12
        logits = logits_of(gpt, tokens[start:place])[-1].astype(float)
        wanted = np.log2(np.exp(logits).sum()) - logits[tokens[place]] / math.log(2)
        assert bits[place] == pytest.approx(wanted, abs=1e-4)
    assert gpt.bits_per_character(text) == -gpt.score(text) == bits.sum() / length


def test_counts_are_those_of_witten_and_bell():
    # After "abab": a b in half of 4 places; "a" was followed by b twice, "b" by a once.
    share = lambda count, total, kinds, less: (count + kinds * less) / (total + kinds)
    first = share(2, 4, 2, 1 / 2)
    second = share(2, 2, 1, share(2, 4, 2, 1 / 2))
    assert counted_bits("abab", "ab", 1) == pytest.approx(-(math.log2(first) + math.log2(second)) / 2)


def test_the_text_is_whole():
    train, test = reina_valera.load_data()
    assert train.startswith("EN el principio crió Dios los cielos y la tierra.")
    assert test.endswith("y ayunaron siete días.\n")
    assert (train + test).count("\n") == 50 + 40 + 4 + 31  # chapters of the four books
    assert 0.08 < len(test) / len(train + test) <= 0.1
    assert reina_valera.load_data(0)[1] == ""


NUMBERS: Any = [1, 2]
WRONG = [
    (lambda gpt: zoo.GPT().sample("a"), "has not learned yet"),
    (lambda gpt: zoo.GPT().fit(NUMBERS), "X is a text, a str of 1 character or more"),
    (lambda gpt: zoo.GPT().fit(""), "X is a text"),
    (lambda gpt: zoo.GPT(context=64).fit("hola"), "a context of 64 needs one more than that"),
    (lambda gpt: gpt.sample("Y dijo", 22), "the context has 24 tokens, for the prompt and what follows"),
    (lambda gpt: gpt.sample(TEXT[:200], 1), "Received a prompt of "),
    (lambda gpt: gpt.sample(""), "X is a text"),
    (lambda gpt: gpt.sample("Y", 1, temperature=-1), "temperature is 0 or more"),
    (lambda gpt: gpt.sample("Y", 1, top_k=0), "top_k is how many may come"),
    (lambda gpt: gpt.sample("Y", 1, top_p=1.5), "top_p is a probability above 0"),
    (lambda gpt: gpt.sample("Y\ud800", 1), "half of a pair of surrogates"),
    (lambda gpt: reina_valera.load_data(1.5), "expected 0 <= test_split < 1"),
]


@pytest.mark.parametrize(("call", "words"), WRONG)
def test_what_does_not_fit_is_refused(gpt, call, words):
    with pytest.raises(ValueError, match=words):
        call(gpt)
