"""Cells with an external memory: a controller that writes to and reads from a matrix of locations.

Both are cells of `RNN`. The controller is a cell itself, which sees the inputs and what was read a step
before; the output is what it gives, beside what is read now, for a Dense layer after the recurrence.

    model = Sequential([
        Input((None, 9)),
        RNN(NTMCell(LSTMCell(100)), return_sequences=True),
        Dense(8, "sigmoid"),
    ])
"""

import math
from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.layer import Layer
from neurona.layers.arguments import positive
from neurona.layers.rnn_cells import check_cell, initial_state, output_size, step_of

__all__ = ["DNCCell", "NTMCell"]

_EMPTY = 1e-6  # what the memory holds at first (Collier and Beel, 2018)
_LEAST = 1e-6  # under roots and logarithms, where slopes would be infinite


def content_weighting(memory: jax.Array, keys: jax.Array, strengths: jax.Array) -> jax.Array:
    """How much each location is like a key: softmax over locations of strength * cosine.

    Shapes: memory (batch, N, W), keys (batch, heads, W), strengths (batch, heads) -> (batch, heads, N).
    """
    dots = jnp.einsum("bnw,bhw->bhn", memory, keys)
    lengths = jnp.einsum("bn,bh->bhn", _length(memory), _length(keys))
    return jax.nn.softmax(strengths[..., None] * dots / lengths)


def _length(vectors: jax.Array) -> jax.Array:
    return jnp.sqrt(jnp.sum(vectors**2, axis=-1) + _LEAST)


def _read(memory: jax.Array, weightings: jax.Array) -> jax.Array:
    """What heads read, (batch, heads, W)."""
    return jnp.einsum("bhn,bnw->bhw", weightings, memory)


class _MemoryCell(Layer):
    """What both cells share: a controller, the memory, and a product that says what the heads do."""

    read_heads: int

    def __init__(self, controller: Any, locations: int, width: int, read_heads: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        owner = type(self).__name__
        check_cell(controller, f"{owner}: the controller")
        self.controller: Any = controller
        self.locations = positive(locations, "locations", owner)
        self.width = positive(width, "width", owner)
        self.read_heads = positive(read_heads, "read_heads", owner)
        self.output_size = output_size(controller) + self.read_heads * self.width

    @property
    def state_size(self) -> list[Any]:
        """The sizes of the states: the output, those of the memory, and those of the controller."""
        size = self.controller.state_size
        return [self.output_size, *self._memory_sizes(), *([size] if isinstance(size, int) else size)]

    def _memory_sizes(self) -> list[tuple[int, ...]]:
        """The sizes of the states that are of the memory, itself the first."""
        raise NotImplementedError

    def _emitted(self) -> int:
        """How many numbers say what the heads do at a step."""
        raise NotImplementedError

    def _access(self, emitted: jax.Array, memory: list[jax.Array]) -> tuple[jax.Array, list[jax.Array]]:
        """What is read, (batch, heads, width), and the memory's new states."""
        raise NotImplementedError

    def build(self, input_shape: Any) -> None:
        features = input_shape[-1] + self.read_heads * self.width
        if isinstance(self.controller, Layer) and not self.controller.built:
            self.controller.build((input_shape[0], features))
        units = output_size(self.controller)
        self.heads_kernel = self.add_weight((units, self._emitted()), name="heads_kernel")
        self.heads_bias = self.add_weight((self._emitted(),), "zeros", name="heads_bias")

    def _initial_memory(self, batch: int, dtype: Any) -> list[jax.Array]:
        """The memory's states before the first step."""
        empty, *others = self._memory_sizes()
        return [
            jnp.full((batch, *empty), _EMPTY, dtype),
            *(jnp.zeros((batch, *size), dtype) for size in others),
        ]

    def get_initial_state(self, batch_size: int | None = None) -> list[Any]:
        """An output of zeros, a memory of 0.000001 throughout, and the states of the controller."""
        batch, dtype = batch_size or 1, self.compute_dtype
        output = jnp.zeros((batch, self.output_size), dtype)
        controller = initial_state(self.controller, batch, dtype)
        return [output, *self._initial_memory(batch, dtype), *controller]

    def call(self, inputs: Any, states: Any) -> tuple[jax.Array, list[Any]]:
        output, *others = states
        count = len(self._memory_sizes())
        memory, inner = others[:count], others[count:]
        units = output_size(self.controller)
        hidden, inner = step_of(self.controller)(jnp.concatenate([inputs, output[:, units:]], axis=-1), inner)
        emitted = hidden @ self.heads_kernel.value + self.heads_bias.value
        # Weightings are products and powers along many steps: with fewer bits they would drift.
        precise = jnp.promote_types(emitted.dtype, "float32")
        # The slopes compute a step again from its states: to keep all that is between takes longer.
        access = jax.checkpoint(self._access, prevent_cse=False)
        reads, memory = access(emitted.astype(precise), [state.astype(precise) for state in memory])
        reads = reads.reshape(reads.shape[0], -1).astype(hidden.dtype)
        output = jnp.concatenate([hidden, reads], axis=-1)
        return output, [output, *memory, *jax.tree.leaves(inner)]


def _split(emitted: jax.Array, *sizes: tuple[int, ...]) -> list[jax.Array]:
    """The numbers that heads are given, in parts of these shapes."""
    parts, begin = [], 0
    for size in sizes:
        end = begin + math.prod(size)
        parts.append(emitted[:, begin:end].reshape(-1, *size))
        begin = end
    return parts


class NTMCell(_MemoryCell):
    """One step of a neural Turing machine: heads find locations by content and by place.

    A head has a key k, a strength b, a gate g, a shift s, and a sharpness c, all computed from the
    controller's output. Its weighting w of the locations of the memory M is

        v(i) = softmax over i of b cosine(k, M(i)),         v = g v + (1 - g) w before,
        v(i) = sum over j of v(j) s(i - j), in a circle,    w(i) = v(i)^c / sum over j of v(j)^c.

    Write heads, which come first, erase and add: M(i) = M(i) (1 - w(i) e) + w(i) a. Read heads then read the
    sum over i of w(i) M(i). At first all heads are at location 0.

    Args:
        controller: a cell of `RNN`.
        locations: N, how many the memory has. No weight depends on it.
        width: M, how many numbers a location holds.
        read_heads, write_heads: how many.
        shifts: how many locations a head moves in a step at most, either way.

    Shapes: x (batch, features), the states [y, M (batch, locations, width), the weightings of write heads
        and then of read heads (batch, heads, locations), those of the controller] -> y, the states. y is the
        controller's output and what is read, (batch, units + read_heads * width). heads_kernel (units,
        emitted), heads_bias (emitted,): for each head, write heads first, width + 3 + 2 * shifts + 1 numbers,
        and for each write head 2 * width more.

    Raises:
        ArgumentError: the controller is no cell, or a number is not a positive integer.

    Source: Graves, Wayne and Danihelka, Neural Turing Machines, 2014; how it begins, Collier and Beel,
        Implementing Neural Turing Machines, 2018.

    Example:

        >>> from neurona.layers import RNN, LSTMCell
        >>> layer = RNN(NTMCell(LSTMCell(16), locations=10, width=4), return_sequences=True)
        >>> layer(jnp.ones((2, 7, 3))).shape
        (2, 7, 20)
    """

    def __init__(
        self,
        controller: Any,
        locations: int = 128,
        width: int = 20,
        read_heads: int = 1,
        write_heads: int = 1,
        shifts: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(controller, locations, width, read_heads, **kwargs)
        self.write_heads = positive(write_heads, "write_heads", "NTMCell")
        self.shifts = positive(shifts, "shifts", "NTMCell")

    def _memory_sizes(self) -> list[tuple[int, ...]]:
        heads = self.write_heads + self.read_heads
        return [(self.locations, self.width), (heads, self.locations)]

    def _emitted(self) -> int:
        heads = self.write_heads + self.read_heads
        return heads * (self.width + 4 + 2 * self.shifts) + 2 * self.write_heads * self.width

    def _initial_memory(self, batch: int, dtype: Any) -> list[jax.Array]:
        memory, weightings = super()._initial_memory(batch, dtype)
        return [memory, weightings.at[..., 0].set(1)]

    def _parts(self, emitted: jax.Array) -> list[jax.Array]:
        """Keys, strengths, gates, shifts and sharpnesses of all heads, and what is erased and added."""
        heads, width = self.write_heads + self.read_heads, self.width
        keys, strengths, gates, shifts, sharp, erased, added = _split(
            emitted,
            (heads, width),
            (heads,),
            (heads,),
            (heads, 2 * self.shifts + 1),
            (heads,),
            (self.write_heads, width),
            (self.write_heads, width),
        )
        return [
            jnp.tanh(keys),
            jax.nn.softplus(strengths),
            jax.nn.sigmoid(gates),
            jax.nn.softmax(shifts),
            1 + jax.nn.softplus(sharp),
            jax.nn.sigmoid(erased),
            jnp.tanh(added),
        ]

    def _weightings(self, memory: jax.Array, before: jax.Array, heads: list[jax.Array]) -> jax.Array:
        """Where heads are, (batch, heads, locations), from where they were."""
        keys, strengths, gates, shifts, sharp = heads
        found = content_weighting(memory, keys, strengths)
        found = before + gates[..., None] * (found - before)
        found = sum(
            shifts[..., place, None] * jnp.roll(found, place - self.shifts, axis=-1)
            for place in range(2 * self.shifts + 1)
        )
        return jax.nn.softmax(sharp[..., None] * jnp.log(found + _LEAST))  # v^c over its sum

    def _access(self, emitted: jax.Array, memory: list[jax.Array]) -> tuple[jax.Array, list[jax.Array]]:
        (memory_, before), write = memory, self.write_heads
        *heads, erased, added = self._parts(emitted)
        writing = self._weightings(memory_, before[:, :write], [part[:, :write] for part in heads])
        for head in range(write):
            where = writing[:, head, :, None]
            memory_ = memory_ * (1 - where * erased[:, head, None]) + where * added[:, head, None]
        reading = self._weightings(memory_, before[:, write:], [part[:, write:] for part in heads])
        return _read(memory_, reading), [memory_, jnp.concatenate([writing, reading], axis=1)]


class DNCCell(_MemoryCell):
    """One step of a differentiable neural computer: it writes where memory is free, and reads by content or
    along the order of writing.

    Usage u grows where it writes, and falls where a read head frees what it has read. The allocation
    weighting a goes to the least used location. Links L(i, j) are how much i was written next after j. In a
    step

        u = (u + w - u w) times the product over read heads of (1 - free gate * where it read),
        w = write gate (allocation gate a + (1 - allocation gate) C(M, k, b)),    M = M (1 - w e') + w v',
        L(i, j) = (1 - w(i) - w(j)) L(i, j) + w(i) p(j),    p = (1 - sum of w) p + w,
        r = m1 L' r + m2 C(M, k, b) + m3 L r for each read head, which reads M' r.

    C(M, k, b) is softmax over i of b cosine(k, M(i)); modes m are a softmax.

    Args:
        controller: a cell of `RNN`.
        locations: N, how many the memory has. No weight depends on it.
        width: W, how many numbers a location holds.
        read_heads: R, how many. There is one write head.

    Shapes: x (batch, features), the states [y, M (batch, locations, width), u, p, w (batch, locations), L
        (batch, locations, locations), r (batch, read_heads, locations), those of the controller] -> y, the
        states. y is the controller's output and what is read, (batch, units + read_heads * width).
        heads_kernel (units, emitted), heads_bias (emitted,) of width * read_heads + 3 width + 5 read_heads +
        3 numbers.

    Raises:
        ArgumentError: the controller is no cell, or a number is not a positive integer.

    Source: Graves et al., Hybrid computing using a neural network with dynamic external memory, 2016.

    Example:

        >>> from neurona.layers import RNN, LSTMCell
        >>> layer = RNN(DNCCell(LSTMCell(16), locations=10, width=4), return_sequences=True)
        >>> layer(jnp.ones((2, 7, 3))).shape
        (2, 7, 20)
    """

    def __init__(
        self, controller: Any, locations: int = 32, width: int = 16, read_heads: int = 1, **kwargs: Any
    ) -> None:
        super().__init__(controller, locations, width, read_heads, **kwargs)

    def _memory_sizes(self) -> list[tuple[int, ...]]:
        places = self.locations
        return [
            (places, self.width),
            *[(places,)] * 3,
            (places, places),
            (self.read_heads, places),
        ]

    def _emitted(self) -> int:
        return self.width * self.read_heads + 3 * self.width + 5 * self.read_heads + 3

    def _parts(self, emitted: jax.Array) -> tuple[jax.Array, ...]:
        """The interface vector: read keys, read strengths, write key and strength, what is erased and
        written, free gates, allocation gate, write gate, read modes.
        """
        heads, width = self.read_heads, self.width
        keys, strengths, key, strength, erased, written, free, allocation, gate, modes = _split(
            emitted,
            *((heads, width), (heads,)),
            *((1, width), (1,), (width,), (width,)),
            *((heads,), (1,), (1,), (heads, 3)),
        )
        return (
            keys,
            1 + jax.nn.softplus(strengths),
            key,
            1 + jax.nn.softplus(strength),
            jax.nn.sigmoid(erased),
            written,
            jax.nn.sigmoid(free),
            jax.nn.sigmoid(allocation),
            jax.nn.sigmoid(gate),
            jax.nn.softmax(modes),
        )

    def _access(self, emitted: jax.Array, memory: list[jax.Array]) -> tuple[jax.Array, list[jax.Array]]:
        matrix, usage, order, writing, links, reading = memory
        keys, strengths, key, strength, erased, written, free, allocation, gate, modes = self._parts(emitted)
        usage = (usage + writing - usage * writing) * jnp.prod(1 - free[..., None] * reading, axis=1)
        alike = content_weighting(matrix, key, strength)[:, 0]
        writing = gate * (alike + allocation * (allocation_weighting(usage) - alike))
        where = writing[..., None]
        matrix = matrix * (1 - where * erased[:, None]) + where * written[:, None]
        links = (1 - where - writing[:, None]) * links + where * order[:, None]
        links = links * (1 - jnp.eye(self.locations, dtype=links.dtype))
        order = (1 - jnp.sum(writing, axis=-1, keepdims=True)) * order + writing
        backward = jnp.einsum("bhi,bij->bhj", reading, links)
        forward = jnp.einsum("bhj,bij->bhi", reading, links)
        alike = content_weighting(matrix, keys, strengths)
        reading = modes[..., :1] * backward + modes[..., 1:2] * alike + modes[..., 2:] * forward
        return _read(matrix, reading), [matrix, usage, order, writing, links, reading]


def allocation_weighting(usage: jax.Array) -> jax.Array:
    """Where there is room: a(j) = (1 - u(j)) times the product of u(i) of all locations i that are used less.

    Of two that are used alike, the first counts as used less. It is the paper's formula without sorting.

    Shapes: (..., N) -> (..., N).
    """
    places = jnp.arange(usage.shape[-1])
    mine, other = usage[..., :, None], usage[..., None, :]
    first = (other < mine) | ((other == mine) & (places[None, :] < places[:, None]))
    logs = jnp.log(usage + _LEAST)
    return (1 - usage) * jnp.exp(jnp.sum(jnp.where(first, logs[..., None, :], 0), axis=-1))
