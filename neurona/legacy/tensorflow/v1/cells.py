"""`tf.nn.rnn_cell`: one step of a recurrent network."""

from collections import namedtuple
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from neurona.legacy.tensorflow import arrays, choosing, nn
from neurona.legacy.tensorflow import math as numbers
from neurona.legacy.tensorflow.dtypes import as_dtype, float32
from neurona.legacy.tensorflow.v1.initializers import Constant, Zeros
from neurona.legacy.tensorflow.v1.scopes import VariableScope, get_variable, variable_scope
from neurona.legacy.tensorflow.v1.tensor import draw
from neurona.messages import translated

LSTMStateTuple = namedtuple("LSTMStateTuple", ("c", "h"))


def refuse_options(cell: Any, options: dict[str, Any]) -> None:
    """Refuse what a cell would leave out, so that nothing is without effect.

    Raises:
        TypeError: an option is given that the cell does not have here.
    """
    for name, value in options.items():
        if value is not None and not (name == "trainable" and value is True):
            raise TypeError(
                translated(f"{type(cell).__name__} has no option {name!r} here. Received: {value!r}.")
            )


class RNNCell:
    """The base of the cells: `output, state = cell(inputs, state)`.

    Attributes:
        state_size, output_size: the units of the state, or a structure of them, and of the output.
    """

    state_size: Any = 0
    output_size: Any = 0
    _default_name = "rnn_cell"

    def __init__(self, reuse: Any = None, name: str | None = None, dtype: Any = None, **options: Any) -> None:
        reuse = options.pop("_reuse", reuse)
        refuse_options(self, options)
        self._reuse, self._name = reuse, name or self._default_name
        self._variables: dict[str, Any] = {}

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Any, Any]:
        if self._variables:
            return self.call(inputs, state)
        with variable_scope(scope or self._name, reuse=self._reuse) as opened:
            self._scope: VariableScope = opened
            return self.call(inputs, state)

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        """The output and the next state."""
        raise NotImplementedError

    def variable(self, name: str, shape: Sequence[int], initializer: Any = None) -> Any:
        """The cell's variable of a name, made at the first call."""
        if name not in self._variables:
            self._variables[name] = get_variable(name, shape, float32, initializer)
        return self._variables[name]

    @property
    def variables(self) -> list[Any]:
        """The variables, once there are any."""
        return list(self._variables.values())

    weights = trainable_weights = trainable_variables = variables

    @property
    def name(self) -> str:
        """The name of its scope."""
        return self._name

    def zero_state(self, batch_size: Any, dtype: Any = float32) -> Any:
        """A state of zeros."""
        name = f"{type(self).__name__}ZeroState/zeros"
        return jax.tree.map(
            lambda size: arrays.zeros([batch_size, size], as_dtype(dtype), name=name), self.state_size
        )

    def get_initial_state(self, inputs: Any = None, batch_size: Any = None, dtype: Any = float32) -> Any:
        """A state of zeros."""
        return self.zero_state(inputs.shape[0] if batch_size is None else batch_size, dtype)


def _activation(given: Any) -> Any:
    return getattr(nn, given) if isinstance(given, str) else given


class BasicRNNCell(RNNCell):
    """h <- tanh([x, h] W + b)."""

    _default_name = "basic_rnn_cell"

    def __init__(
        self,
        num_units: int,
        activation: Any = None,
        reuse: Any = None,
        name: Any = None,
        dtype: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(reuse, name, dtype, **options)
        self.state_size = self.output_size = int(num_units)
        self._activation = _activation(activation) or numbers.tanh

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        joined = arrays.concat([inputs, state], 1)
        kernel = self.variable("kernel", [int(inputs.shape[-1]) + self.output_size, self.output_size])
        bias = self.variable("bias", [self.output_size], Zeros())
        output = self._activation(draw(affine, (joined, kernel, bias), default="BiasAdd"))
        return output, output


def affine(x: Any, kernel: Any, bias: Any) -> Any:
    """x W + b."""
    return x @ kernel + bias


class GRUCell(RNNCell):
    """The gated recurrent unit (Cho et al., 2014), with the reset gate before the product."""

    _default_name = "gru_cell"

    def __init__(
        self,
        num_units: int,
        activation: Any = None,
        reuse: Any = None,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        name: Any = None,
        dtype: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(reuse, name, dtype, **options)
        self.state_size = self.output_size = int(num_units)
        self._activation = _activation(activation) or numbers.tanh
        self._kernel, self._bias = kernel_initializer, bias_initializer

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        units, size = self.output_size, int(inputs.shape[-1]) + self.output_size
        gates = self.variable("gates/kernel", [size, 2 * units], self._kernel)
        gates_bias = self.variable("gates/bias", [2 * units], self._bias or Constant(1.0))
        candidate = self.variable("candidate/kernel", [size, units], self._kernel)
        candidate_bias = self.variable("candidate/bias", [units], self._bias or Zeros())
        both = numbers.sigmoid(
            draw(affine, (arrays.concat([inputs, state], 1), gates, gates_bias), default="BiasAdd")
        )
        reset, update = arrays.split(both, 2, 1)
        joined = arrays.concat([inputs, reset * state], 1)
        new = self._activation(draw(affine, (joined, candidate, candidate_bias), default="BiasAdd"))
        output = update * state + (1 - update) * new
        return output, output


class LSTMCell(RNNCell):
    """Long short-term memory (Hochreiter and Schmidhuber, 1997), with gates in the order i, j, f, o."""

    _default_name = "lstm_cell"

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        cell_clip: float | None = None,
        initializer: Any = None,
        num_proj: int | None = None,
        proj_clip: float | None = None,
        num_unit_shards: Any = None,
        num_proj_shards: Any = None,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Any = None,
        reuse: Any = None,
        name: Any = None,
        dtype: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(reuse, name, dtype, **options)
        self._units, self._peepholes, self._initializer = int(num_units), use_peepholes, initializer
        self._clip, self._projected, self._projection_clip = cell_clip, num_proj, proj_clip
        self._forget_bias, self._is_tuple = forget_bias, state_is_tuple
        self._activation = _activation(activation) or numbers.tanh
        self.output_size = int(num_proj or num_units)
        self.state_size = (
            LSTMStateTuple(self._units, self.output_size)
            if state_is_tuple
            else self._units + self.output_size
        )

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        c, h = state if self._is_tuple else arrays.split(state, [self._units, self.output_size], 1)
        size = int(inputs.shape[-1]) + self.output_size
        kernel = self.variable("kernel", [size, 4 * self._units], self._initializer)
        bias = self.variable("bias", [4 * self._units], Zeros())
        parts = draw(affine, (arrays.concat([inputs, h], 1), kernel, bias), default="BiasAdd")
        i, j, f, o = arrays.split(parts, 4, 1)
        if self._peepholes:
            f = f + self.variable("w_f_diag", [self._units], self._initializer) * c
            i = i + self.variable("w_i_diag", [self._units], self._initializer) * c
        new = numbers.sigmoid(f + self._forget_bias) * c + numbers.sigmoid(i) * self._activation(j)
        if self._clip is not None:
            new = choosing.clip_by_value(new, -self._clip, self._clip)
        if self._peepholes:
            o = o + self.variable("w_o_diag", [self._units], self._initializer) * new
        output = numbers.sigmoid(o) * self._activation(new)
        if self._projected:
            output = draw(
                jnp.matmul,
                (
                    output,
                    self.variable("projection/kernel", [self._units, self._projected], self._initializer),
                ),
            )
            if self._projection_clip is not None:
                output = choosing.clip_by_value(output, -self._projection_clip, self._projection_clip)
        return output, LSTMStateTuple(new, output) if self._is_tuple else arrays.concat([new, output], 1)


class BasicLSTMCell(LSTMCell):
    """`LSTMCell` without its options."""

    _default_name = "basic_lstm_cell"

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Any = None,
        reuse: Any = None,
        name: Any = None,
        dtype: Any = None,
        input_size: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(
            num_units,
            forget_bias=forget_bias,
            state_is_tuple=state_is_tuple,
            activation=activation,
            reuse=reuse,
            name=name,
        )


class LSTMBlockCell(BasicLSTMCell):
    """`BasicLSTMCell`, in one kernel of TensorFlow's."""

    _default_name = "lstm_cell"


class LayerNormBasicLSTMCell(BasicLSTMCell):
    """`BasicLSTMCell` with normalized gates (Ba et al., 2016)."""

    _default_name = "layer_norm_basic_lstm_cell"

    def __init__(self, num_units: int, forget_bias: float = 1.0, **options: Any) -> None:
        super().__init__(
            num_units, forget_bias, activation=options.get("activation"), reuse=options.get("reuse")
        )
        self._keep = options.get("dropout_keep_prob", 1.0)
        self._normalizes = options.get("layer_norm", True)

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        c, h = state
        size = int(inputs.shape[-1]) + self._units
        kernel = self.variable("kernel", [size, 4 * self._units])
        parts = arrays.split(draw(jnp.matmul, (arrays.concat([inputs, h], 1), kernel)), 4, 1)
        named = zip(("input", "transform", "forget", "output"), parts, strict=True)
        i, j, f, o = (self._normed(name, part) for name, part in named)
        j = self._activation(j)
        if not isinstance(self._keep, (int, float)) or self._keep < 1:
            j = nn.dropout(j, 1 - self._keep)
        new = self._normed("state", c * numbers.sigmoid(f + self._forget_bias) + numbers.sigmoid(i) * j)
        output = self._activation(new) * numbers.sigmoid(o)
        return output, LSTMStateTuple(new, output)

    def _normed(self, name: str, x: Any) -> Any:
        if not self._normalizes:
            return x
        gamma = self.variable(f"{name}/gamma", [self._units], Constant(1.0))
        beta = self.variable(f"{name}/beta", [self._units], Zeros())
        return draw(_normalized, (x, gamma, beta), default="layer_norm")


def _normalized(x: Any, gamma: Any, beta: Any) -> Any:
    centred = x - x.mean(-1, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12) * gamma + beta


class MultiRNNCell(RNNCell):
    """Cells one upon the other."""

    _default_name = "multi_rnn_cell"

    def __init__(self, cells: Sequence[RNNCell], state_is_tuple: bool = True) -> None:
        super().__init__()
        if not isinstance(cells, (list, tuple)) or not cells:
            raise TypeError(f"MultiRNNCell takes a list of cells. Received: {cells!r}")
        self._cells = list(cells)
        if not state_is_tuple:
            raise NotImplementedError(
                "MultiRNNCell(state_is_tuple=False) is not here: leave the argument out."
            )
        self.state_size = tuple(cell.state_size for cell in cells)
        self.output_size = cells[-1].output_size

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Any, Any]:
        with variable_scope(scope or self._name, reuse=self._reuse):
            return self.call(inputs, state)

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        new = []
        for number, (cell, one) in enumerate(zip(self._cells, state, strict=True)):
            with variable_scope(f"cell_{number}"):
                inputs, after = cell(inputs, one)
            new.append(after)
        return inputs, tuple(new)

    def zero_state(self, batch_size: Any, dtype: Any = float32) -> Any:
        return tuple(cell.zero_state(batch_size, dtype) for cell in self._cells)

    @property
    def variables(self) -> list[Any]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The variables of all cells."""
        return [variable for cell in self._cells for variable in cell.variables]

    trainable_variables = variables


class _Wrapper(RNNCell):
    """A cell around another."""

    def __init__(self, cell: RNNCell) -> None:
        super().__init__()
        self._cell = cell
        self.state_size, self.output_size = cell.state_size, cell.output_size

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Any, Any]:
        return self.call(inputs, state)

    def zero_state(self, batch_size: Any, dtype: Any = float32) -> Any:
        return self._cell.zero_state(batch_size, dtype)

    @property
    def variables(self) -> list[Any]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The inner cell's variables."""
        return self._cell.variables


class DropoutWrapper(_Wrapper):
    """Dropout of a cell's inputs, outputs and state."""

    def __init__(
        self,
        cell: RNNCell,
        input_keep_prob: Any = 1.0,
        output_keep_prob: Any = 1.0,
        state_keep_prob: Any = 1.0,
        variational_recurrent: bool = False,
        input_size: Any = None,
        dtype: Any = None,
        seed: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(cell)
        refuse_options(self, options)
        if variational_recurrent:
            raise NotImplementedError(
                "DropoutWrapper(variational_recurrent=True) is not here: use "
                "tf.keras.layers.LSTM(recurrent_dropout=)."
            )
        self._keeps, self._seed = (input_keep_prob, output_keep_prob, state_keep_prob), seed

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        output, new = self._cell(self._dropped(inputs, 0), state)
        if not _is_one(self._keeps[2]):
            kept = LSTMStateTuple(new.c, self._dropped(new.h, 2)) if isinstance(new, LSTMStateTuple) else None
            new = kept if kept is not None else jax.tree.map(lambda one: self._dropped(one, 2), new)
        return self._dropped(output, 1), new

    def _dropped(self, x: Any, which: int) -> Any:
        keep = self._keeps[which]
        seed = None if self._seed is None else self._seed + which
        return x if _is_one(keep) else nn.dropout(x, 1 - keep, seed=seed)


def _is_one(keep: Any) -> bool:
    return isinstance(keep, (int, float)) and keep >= 1


class ResidualWrapper(_Wrapper):
    """A cell whose inputs are added to its outputs."""

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        output, new = self._cell(inputs, state)
        return inputs + output, new


class DeviceWrapper(_Wrapper):
    """A cell on a device; XLA runs the whole program on one."""

    def __init__(self, cell: RNNCell, device: Any) -> None:
        super().__init__(cell)

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        return self._cell(inputs, state)


class OutputProjectionWrapper(_Wrapper):
    """A cell with a dense layer over its outputs."""

    def __init__(self, cell: RNNCell, output_size: int, activation: Any = None, reuse: Any = None) -> None:
        super().__init__(cell)
        self.output_size, self._activation = output_size, activation

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        output, new = self._cell(inputs, state)
        with variable_scope("output_projection_wrapper"):
            kernel = self.variable("kernel", [self._cell.output_size, self.output_size])
            bias = self.variable("bias", [self.output_size], Zeros())
        made = draw(affine, (output, kernel, bias), default="BiasAdd")
        return (self._activation(made) if self._activation else made), new


class InputProjectionWrapper(_Wrapper):
    """A cell with a dense layer before its inputs."""

    def __init__(self, cell: RNNCell, num_proj: int, activation: Any = None, input_size: Any = None) -> None:
        super().__init__(cell)
        self._size, self._activation = num_proj, activation

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        with variable_scope("input_projection_wrapper"):
            kernel = self.variable("kernel", [int(inputs.shape[-1]), self._size])
            bias = self.variable("bias", [self._size], Zeros())
        made = draw(affine, (inputs, kernel, bias), default="BiasAdd")
        return self._cell(self._activation(made) if self._activation else made, state)


class EmbeddingWrapper(_Wrapper):
    """A cell whose inputs are numbers of rows of a table."""

    def __init__(
        self,
        cell: RNNCell,
        embedding_classes: int,
        embedding_size: int,
        initializer: Any = None,
        reuse: Any = None,
    ) -> None:
        super().__init__(cell)
        self._shape, self._initializer = [embedding_classes, embedding_size], initializer

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        with variable_scope("embedding_wrapper"):
            table = self.variable("embedding", self._shape, self._initializer)
        return self._cell(nn.embedding_lookup(table, arrays.reshape(inputs, [-1])), state)
