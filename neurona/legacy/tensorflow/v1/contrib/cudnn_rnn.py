"""`tf.contrib.cudnn_rnn`: recurrent layers over (steps, batch, features)."""

from typing import Any

from neurona.legacy.tensorflow import arrays, nn
from neurona.legacy.tensorflow.dtypes import float32
from neurona.legacy.tensorflow.v1.cells import BasicLSTMCell, BasicRNNCell, GRUCell
from neurona.legacy.tensorflow.v1.rnn import bidirectional_dynamic_rnn, dynamic_rnn
from neurona.legacy.tensorflow.v1.scopes import variable_scope

__all__ = ["CudnnCompatibleGRUCell", "CudnnCompatibleLSTMCell", "CudnnGRU", "CudnnLSTM", "CudnnRNNTanh"]
CUDNN_RNN_UNIDIRECTION, CUDNN_RNN_BIDIRECTION = "unidirectional", "bidirectional"
CudnnCompatibleLSTMCell, CudnnCompatibleGRUCell = BasicLSTMCell, GRUCell


class _Layers:
    """Layers of one kind of cell, each over the outputs of the one before.

    Args:
        num_layers, num_units: how many, and their units.
        direction: `"unidirectional"` or `"bidirectional"`.
        dropout: the share that is dropped between layers while `training`.
    """

    cell: Any
    _name = "cudnn_rnn"

    def __init__(
        self,
        num_layers: int,
        num_units: int,
        input_mode: str = "linear_input",
        direction: str = "unidirectional",
        dropout: float = 0.0,
        seed: int | None = None,
        dtype: Any = float32,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        name: str | None = None,
    ) -> None:
        if kernel_initializer is not None or bias_initializer is not None:
            raise NotImplementedError(f"{type(self).__name__} takes no initializers here.")
        self._both, self._dropout = direction == "bidirectional", float(dropout)
        self._scope, self._dtype = name or self._name, dtype
        count = 2 if self._both else 1
        self._cells = [[self.cell(num_units) for _ in range(count)] for _ in range(num_layers)]

    def __call__(
        self, inputs: Any, initial_state: Any = None, training: Any = True, **_: Any
    ) -> tuple[Any, Any]:
        """The outputs of the last layer, and the last states of all, one above the other."""
        if initial_state is not None:
            raise NotImplementedError(
                f"{type(self).__name__} begins with zeros here. Use tf.nn.dynamic_rnn(cell, "
                "inputs, initial_state=state, time_major=True)."
            )
        outputs, states = inputs, []
        with variable_scope(self._scope):
            for number, cells in enumerate(self._cells):
                if number and self._dropout and training:
                    outputs = nn.dropout(outputs, self._dropout)
                with variable_scope(f"layer_{number}"):
                    outputs, state = self._layer(cells, outputs)
                states += state
        return outputs, self._joined(states)

    def _layer(self, cells: list[Any], inputs: Any) -> tuple[Any, list[Any]]:
        if not self._both:
            outputs, state = dynamic_rnn(cells[0], inputs, dtype=self._dtype, time_major=True)
            return outputs, [state]
        cell_fw, cell_bw = cells
        both, states = bidirectional_dynamic_rnn(cell_fw, cell_bw, inputs, dtype=self._dtype, time_major=True)
        return arrays.concat(list(both), 2), list(states)

    def _joined(self, states: list[Any]) -> tuple[Any, ...]:
        return (arrays.stack(states),)


class CudnnLSTM(_Layers):
    """Layers of LSTM; the states are (h, c)."""

    cell, _name = BasicLSTMCell, "cudnn_lstm"

    def _joined(self, states: list[Any]) -> tuple[Any, ...]:
        return arrays.stack([one.h for one in states]), arrays.stack([one.c for one in states])


class CudnnGRU(_Layers):
    """Layers of gated recurrent units."""

    cell, _name = GRUCell, "cudnn_gru"


class CudnnRNNTanh(_Layers):
    """Layers of tanh cells."""

    cell, _name = BasicRNNCell, "cudnn_rnn_tanh"
