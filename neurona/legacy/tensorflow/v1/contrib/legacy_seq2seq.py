"""`tf.contrib.legacy_seq2seq`: sequences as lists of tensors, one for each step."""

from collections.abc import Callable
from typing import Any

from neurona.legacy.tensorflow import arrays, linalg, nest
from neurona.legacy.tensorflow import math as numbers
from neurona.legacy.tensorflow.v1 import nn
from neurona.legacy.tensorflow.v1.cells import EmbeddingWrapper, OutputProjectionWrapper
from neurona.legacy.tensorflow.v1.initializers import Zeros
from neurona.legacy.tensorflow.v1.rnn import static_rnn
from neurona.legacy.tensorflow.v1.scopes import get_variable, get_variable_scope, variable_scope

Loop = Callable[[Any, int], Any]  # of what comes before, and the number of the step


def sequence_loss_by_example(
    logits: Any,
    targets: Any,
    weights: Any,
    average_across_timesteps: bool = True,
    softmax_loss_function: Callable[..., Any] | None = None,
    name: str | None = None,
) -> Any:
    """The cross-entropy of the classes of all steps, one figure for each row of the batch."""
    measure = softmax_loss_function or nn.sparse_softmax_cross_entropy_with_logits
    losses = [
        measure(labels=arrays.reshape(target, [-1]), logits=logit) * weight
        for logit, target, weight in zip(logits, targets, weights, strict=True)
    ]
    total = numbers.add_n(losses)
    return total / (numbers.add_n(list(weights)) + 1e-12) if average_across_timesteps else total


def sequence_loss(
    logits: Any,
    targets: Any,
    weights: Any,
    average_across_timesteps: bool = True,
    average_across_batch: bool = True,
    softmax_loss_function: Callable[..., Any] | None = None,
    name: str | None = None,
) -> Any:
    """The same, averaged over the batch."""
    losses = sequence_loss_by_example(
        logits, targets, weights, average_across_timesteps, softmax_loss_function
    )
    return (numbers.reduce_mean if average_across_batch else numbers.reduce_sum)(losses)


def _decoded(decoder_inputs: Any, loop_function: Loop | None, step: Loop) -> list[Any]:
    """The outputs of all steps, with the same variables; `loop_function` makes the next input of each."""
    outputs: list[Any] = []
    for number, given in enumerate(decoder_inputs):
        if number:
            get_variable_scope().reuse_variables()
        if number and loop_function is not None:
            with variable_scope("loop_function", reuse=True):
                given = loop_function(outputs[-1], number)
        outputs.append(step(given, number))
    return outputs


def rnn_decoder(
    decoder_inputs: Any, initial_state: Any, cell: Any, loop_function: Loop | None = None, scope: Any = None
) -> tuple[list[Any], Any]:
    """The outputs of a cell over a sequence; with `loop_function`, each output makes the next input."""
    with variable_scope(scope or "rnn_decoder"):
        state = initial_state

        def step(given: Any, _: int) -> Any:
            nonlocal state
            output, state = cell(given, state)
            return output

        return _decoded(decoder_inputs, loop_function, step), state


def basic_rnn_seq2seq(
    encoder_inputs: Any, decoder_inputs: Any, cell: Any, dtype: Any = "float32", scope: Any = None
) -> tuple[list[Any], Any]:
    """A decoder that begins with an encoder's last state."""
    with variable_scope(scope or "basic_rnn_seq2seq"):
        _, state = static_rnn(cell, list(encoder_inputs), dtype=dtype)
        return rnn_decoder(decoder_inputs, state, cell)


def _embedded(given: Any, symbols: int, size: int, projection: Any) -> tuple[list[Any], Loop]:
    """The rows of a table for numbers, and a function that takes that of an output's likeliest number."""
    table = get_variable("embedding", [symbols, size])

    def again(before: Any, _: int) -> Any:
        if projection is not None:
            before = nn.xw_plus_b(before, *projection)
        return nn.embedding_lookup(table, numbers.argmax(before, 1))

    return [nn.embedding_lookup(table, one) for one in given], again


def embedding_rnn_decoder(
    decoder_inputs: Any,
    initial_state: Any,
    cell: Any,
    num_symbols: int,
    embedding_size: int,
    output_projection: Any = None,
    feed_previous: bool = False,
    update_embedding_for_previous: bool = True,
    scope: Any = None,
) -> tuple[list[Any], Any]:
    """`rnn_decoder` of numbers, whose rows in a table are the inputs."""
    with variable_scope(scope or "embedding_rnn_decoder"):
        inputs, again = _embedded(decoder_inputs, num_symbols, embedding_size, output_projection)
        return rnn_decoder(inputs, initial_state, cell, again if feed_previous else None)


def embedding_rnn_seq2seq(
    encoder_inputs: Any,
    decoder_inputs: Any,
    cell: Any,
    num_encoder_symbols: int,
    num_decoder_symbols: int,
    embedding_size: int,
    output_projection: Any = None,
    feed_previous: bool = False,
    dtype: Any = "float32",
    scope: Any = None,
) -> tuple[list[Any], Any]:
    """A decoder of numbers that begins with the last state of an encoder of numbers."""
    with variable_scope(scope or "embedding_rnn_seq2seq"):
        encoder = EmbeddingWrapper(cell, num_encoder_symbols, embedding_size)
        _, state = static_rnn(encoder, list(encoder_inputs), dtype=dtype)
        decoder = (
            cell if output_projection is not None else OutputProjectionWrapper(cell, num_decoder_symbols)
        )
        return embedding_rnn_decoder(
            decoder_inputs,
            state,
            decoder,
            num_decoder_symbols,
            embedding_size,
            output_projection,
            feed_previous,
        )


def _linear(parts: list[Any], size: int, scope: str | None = None) -> Any:
    """W [parts] + b."""
    joined = arrays.concat(parts, 1)
    with variable_scope(scope or "linear"):
        kernel = get_variable("kernel", [joined.shape[-1], size])
        return nn.xw_plus_b(joined, kernel, get_variable("bias", [size], initializer=Zeros()))


class _Heads:
    """Attention over an encoder's outputs, softmax(v tanh(W h + U s)) h, by several heads.

    Vinyals et al., Grammar as a foreign language, 2015, section 2.1.
    """

    def __init__(self, states: Any, heads: int) -> None:
        self.states, size = states, states.shape[-1]
        self.kernels = [get_variable(f"AttnW_{head}", [size, size]) for head in range(heads)]
        self.vectors = [get_variable(f"AttnV_{head}", [size]) for head in range(heads)]
        self.features = [linalg.tensordot(states, kernel, 1) for kernel in self.kernels]

    def none(self) -> list[Any]:
        """What is seen before there is a state."""
        return [numbers.reduce_sum(self.states, 1) * 0.0 for _ in self.kernels]

    def __call__(self, state: Any) -> list[Any]:
        """What each head sees, (batch, size)."""
        query, seen = nest.flatten(state), []
        for head, (vector, features) in enumerate(zip(self.vectors, self.features, strict=True)):
            asked = _linear(query, self.states.shape[-1], f"Attention_{head}")
            scores = numbers.reduce_sum(vector * numbers.tanh(features + arrays.expand_dims(asked, 1)), 2)
            shares = arrays.expand_dims(nn.softmax(scores), 2)
            seen.append(numbers.reduce_sum(shares * self.states, 1))
        return seen


def attention_decoder(
    decoder_inputs: Any,
    initial_state: Any,
    attention_states: Any,
    cell: Any,
    output_size: int | None = None,
    num_heads: int = 1,
    loop_function: Loop | None = None,
    dtype: Any = None,
    scope: Any = None,
    initial_state_attention: bool = False,
) -> tuple[list[Any], Any]:
    """`rnn_decoder` that sees an encoder's outputs, (batch, time, size), at each step."""
    with variable_scope(scope or "attention_decoder"):
        heads, size = _Heads(attention_states, num_heads), output_size or cell.output_size
        state = initial_state
        seen = heads(state) if initial_state_attention else heads.none()

        def step(given: Any, number: int) -> Any:
            nonlocal state, seen
            output, state = cell(_linear([given, *seen], given.shape[-1], "InputProjection"), state)
            with variable_scope(get_variable_scope(), reuse=bool(number) or initial_state_attention):
                seen = heads(state)
            return _linear([output, *seen], size, "AttnOutputProjection")

        return _decoded(decoder_inputs, loop_function, step), state


def embedding_attention_decoder(
    decoder_inputs: Any,
    initial_state: Any,
    attention_states: Any,
    cell: Any,
    num_symbols: int,
    embedding_size: int,
    num_heads: int = 1,
    output_size: int | None = None,
    output_projection: Any = None,
    feed_previous: bool = False,
    update_embedding_for_previous: bool = True,
    dtype: Any = None,
    scope: Any = None,
    initial_state_attention: bool = False,
) -> tuple[list[Any], Any]:
    """`attention_decoder` of numbers, whose rows in a table are the inputs."""
    with variable_scope(scope or "embedding_attention_decoder"):
        inputs, again = _embedded(decoder_inputs, num_symbols, embedding_size, output_projection)
        return attention_decoder(
            inputs,
            initial_state,
            attention_states,
            cell,
            output_size,
            num_heads,
            again if feed_previous else None,
            initial_state_attention=initial_state_attention,
        )


def embedding_attention_seq2seq(
    encoder_inputs: Any,
    decoder_inputs: Any,
    cell: Any,
    num_encoder_symbols: int,
    num_decoder_symbols: int,
    embedding_size: int,
    num_heads: int = 1,
    output_projection: Any = None,
    feed_previous: bool = False,
    dtype: Any = "float32",
    scope: Any = None,
    initial_state_attention: bool = False,
) -> tuple[list[Any], Any]:
    """A decoder of numbers that begins with an encoder's last state, and sees all of its outputs."""
    with variable_scope(scope or "embedding_attention_seq2seq"):
        encoder = EmbeddingWrapper(cell, num_encoder_symbols, embedding_size)
        encoded, state = static_rnn(encoder, list(encoder_inputs), dtype=dtype)
        projected = output_projection is not None
        decoder = cell if projected else OutputProjectionWrapper(cell, num_decoder_symbols)
        return embedding_attention_decoder(
            decoder_inputs,
            state,
            arrays.stack(encoded, 1),
            decoder,
            num_decoder_symbols,
            embedding_size,
            num_heads,
            None if projected else num_decoder_symbols,
            output_projection,
            feed_previous,
            initial_state_attention=initial_state_attention,
        )


def model_with_buckets(
    encoder_inputs: Any,
    decoder_inputs: Any,
    targets: Any,
    weights: Any,
    buckets: Any,
    seq2seq: Callable[[Any, Any], Any],
    softmax_loss_function: Any = None,
    per_example_loss: bool = False,
    name: str | None = None,
) -> tuple[list[Any], list[Any]]:
    """A model for each length of sequences, with the same variables: their outputs and losses."""
    outputs, losses = [], []
    measure = sequence_loss_by_example if per_example_loss else sequence_loss
    for number, (before, after) in enumerate(buckets):
        with variable_scope(get_variable_scope(), reuse=True if number else None):
            found, _ = seq2seq(encoder_inputs[:before], decoder_inputs[:after])
            outputs.append(found)
            losses.append(
                measure(found, targets[:after], weights[:after], softmax_loss_function=softmax_loss_function)
            )
    return outputs, losses


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(
        f"tf.contrib.legacy_seq2seq.{name} is not in Neurona: write embedding_rnn_seq2seq or "
        "embedding_attention_seq2seq.",
        name=name,
    )
