"""The byte-pair tokenizer beside the algorithm of its paper, written out, and every text beside itself."""

import itertools
import json
import re
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neurona as nn
from neurona.layers import BytePairTokenizer, Embedding, GlobalAveragePooling1D, Input

TEXT = """En un lugar de la Mancha, de cuyo nombre no quiero acordarme, no ha mucho tiempo que vivía un
hidalgo de los de lanza en astillero, adarga antigua, rocín flaco y galgo corredor.
¡Olé!  3 x 14 = 42; ½ m²."""


def learned(size=275, text=TEXT, **options):
    tokenizer = BytePairTokenizer(vocabulary_size=size, **options)
    tokenizer.adapt([text])
    return tokenizer


def sennrich(words, merges):
    """Algorithm 1 of Sennrich, Haddow and Birch: symbols apart by spaces, merged by a regular expression."""
    vocabulary = {" ".join(f"{byte:02x}" for byte in word.encode()): n for word, n in words.items()}
    found = []
    for _ in range(merges):
        pairs = Counter()
        for word, n in vocabulary.items():
            symbols = word.split()
            for pair in itertools.pairwise(symbols):
                pairs[pair] += n
        best = min(pairs, key=lambda pair: (-pairs[pair], bytes.fromhex(pair[0]), bytes.fromhex(pair[1])))
        pattern = re.compile(r"(?<!\S)" + re.escape(" ".join(best)) + r"(?!\S)")
        vocabulary = {pattern.sub("".join(best), word): n for word, n in vocabulary.items()}
        found.append(tuple(bytes.fromhex(part) for part in best))
    return found, vocabulary


def test_merges_and_tokens_are_those_of_the_paper():
    tokenizer = learned()
    words = Counter(re.findall(r" ?[^\W\d_]+| ?[\d½²]+| ?[^\s\w½²]+|\s+(?!\S)|\s+", TEXT))
    merges, vocabulary = sennrich(words, len(tokenizer.merges))
    texts = [b"", *(bytes([byte]) for byte in range(256)), *(left + right for left, right in merges)]
    numbers = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    assert tokenizer.vocabulary_size() == len(numbers) == 275
    assert [tokenizer.detokenize([number]) for number in (258, 270, 274)] == [
        list(numbers)[number].decode() for number in (258, 270, 274)
    ]
    for cut in vocabulary:
        parts = [bytes.fromhex(part) for part in cut.split()]
        assert tokenizer.tokenize(b"".join(parts).decode()) == [numbers[part] for part in parts]


@given(st.text(st.characters(exclude_categories=["Cs"])))
@settings(max_examples=200, deadline=None)
def test_every_text_comes_back(text):
    for tokenizer in TOKENIZERS:
        numbers = tokenizer.tokenize(text)
        assert tokenizer.detokenize(numbers) == text
        assert 0 not in numbers


TOKENIZERS = [learned(257), learned(400), learned(text="ああ 日本語 ñandú 😀😀 \r\n\t  x")]


def test_no_token_spans_two_words():
    for token in learned(400).get_vocabulary()[257:]:
        assert "Ġ" not in token[1:]
        assert len(re.findall(r"[^\W\d_]+|\d+", token)) <= 1


def test_a_file_of_a_vocabulary_gives_the_same(tmp_path):
    tokenizer = learned()
    vocabulary = {token: number for number, token in enumerate(tokenizer.get_vocabulary())}
    (tmp_path / "vocab.json").write_text(json.dumps(vocabulary), "utf-8")
    (tmp_path / "merges.txt").write_text("\n".join(["#version: 0.2", *tokenizer.merges, ""]), "utf-8")
    for again in (
        BytePairTokenizer(str(tmp_path / "vocab.json"), tmp_path / "merges.txt"),
        BytePairTokenizer(vocabulary, [tuple(one.split()) for one in tokenizer.merges]),
        BytePairTokenizer.from_config(tokenizer.get_config()),
    ):
        assert again.tokenize(TEXT) == tokenizer.tokenize(TEXT)
        assert again.get_vocabulary() == tokenizer.get_vocabulary()


def test_rows_are_padded_and_cut():
    tokenizer = learned()
    rows = [tokenizer.tokenize(text) for text in ("lanza", "de la Mancha")]
    numbers = np.asarray(tokenizer(["lanza", "de la Mancha"]))
    for line, row in zip(numbers, rows):
        assert line.tolist() == row + [0] * (numbers.shape[1] - len(row))
        assert tokenizer.detokenize(line) == tokenizer.detokenize(row)
    assert np.asarray(learned(sequence_length=2)(np.array([["de la Mancha"]]))).tolist() == [rows[1][:2]]


def test_a_tokenizer_is_part_of_a_model_and_of_its_file(tmp_path):
    inputs = Input((1,), dtype="string")
    numbers = learned(sequence_length=8)(inputs)
    model = nn.Model(inputs, GlobalAveragePooling1D()(Embedding(275, 2)(numbers)))
    texts = np.array([["lanza en ristre"], ["ñandú"]], object)
    model.save(tmp_path / "model.keras")
    again = nn.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict(texts, verbose=0), model.predict(texts, verbose=0))


LIST = learned().get_vocabulary()
UNPADDED = LIST[1:]
HALF: Any = 300.5
WRONG = [
    (lambda: BytePairTokenizer()("hola"), "has no vocabulary yet"),
    (lambda: BytePairTokenizer(vocabulary_size=256), "vocabulary_size is 257 or more. Received: vocab"),
    (lambda: BytePairTokenizer(vocabulary_size=HALF), "BytePairTokenizer: vocabulary_size"),
    (lambda: BytePairTokenizer(LIST), "vocabulary and merges go together"),
    (lambda: BytePairTokenizer(["a", "b"], []), r"The given one lacks the bytes \[0, 1, 2, 3, 4\]"),
    (lambda: BytePairTokenizer([*LIST, "a"], []), "the vocabulary holds the token 'a' twice"),
    (lambda: BytePairTokenizer(LIST, ["x q"]), "the vocabulary lacks 'xq', which 'x' and 'q' are merged to"),
    (lambda: BytePairTokenizer(LIST, ["d e s"]), "a merge is a pair of tokens, 'a b'. Received: "),
    (lambda: BytePairTokenizer({"a": 1}, []), "the numbers of 1 tokens are 0 to n - 1"),
    (lambda: BytePairTokenizer(UNPADDED, [])(["a", "ab"]), "no token for padding"),
    (lambda: learned().tokenize("a\ud800b"), "half of a pair of surrogates is no Unicode text"),
    (lambda: learned().detokenize([5, 275]), "has 275 tokens, 0 to 274. Received: 275"),
    (lambda: learned(text=""), "adapt received no text in 1 texts"),
    (lambda: learned()([["a", "b"]]), r"takes texts \(batch,\) or \(batch, 1\)"),
    (lambda: learned()([None]), "None"),
    (
        lambda: BytePairTokenizer.from_config({"vocabulary": "/etc/passwd", "merges": []}),
        "names a file, outside of what is being loaded",
    ),
]


@pytest.mark.parametrize(("call", "words"), WRONG)
def test_what_does_not_fit_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_bytes_that_are_no_text_are_shown_as_such():
    tokenizer = learned()
    first, _ = tokenizer.tokenize("ü")
    assert tokenizer.detokenize([first]) == "�"
