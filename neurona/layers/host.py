"""What layers share that work on texts: they run on the host, not in a compiled program."""

from typing import Any

import numpy as np

from neurona.core.checks import check_texts
from neurona.core.errors import ArgumentError
from neurona.core.layer import Layer
from neurona.core.scope import Scope
from neurona.core.texts import on_host


class _HostLayer(Layer):
    """A layer whose `call` works on the host. In a model it runs on the data before the compiled program."""

    _on_host = True
    _only_texts = False  # whether it takes no numbers

    def _output_spec(self, inputs: Any) -> Any:
        """The symbolic outputs for inputs that have a shape and a dtype."""
        raise NotImplementedError

    def compute_output_spec(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The symbolic outputs for symbolic inputs.

        Raises:
            ArgumentError: the layer takes texts, and the inputs are numbers.
        """
        if self._only_texts and inputs.dtype != "string":
            raise ArgumentError(
                f"{self._who} takes texts. Received a tensor of dtype {inputs.dtype}: give the model "
                f'Input({inputs.shape[1:]}, dtype="string").'
            )
        return self._output_spec(inputs)

    def _note_host(self, args: tuple, kwargs: dict[str, Any]) -> None:
        self(*args, **kwargs)

    def _call_in_scope(self, scope: Scope, args: tuple, kwargs: dict[str, Any]) -> Any:
        return on_host(self.call, self._output_spec, self._who, args[0] if args else kwargs["inputs"])

    @property
    def _who(self) -> str:
        return f"Layer {self.name!r} ({type(self).__name__})"


def texts_of(inputs: Any, encoding: str, who: str) -> np.ndarray:
    """Texts in an array of objects, bytes decoded.

    Raises:
        DataError: one is None, NaN or another missing value.
    """
    # NumPy would write the NaN of a list of texts as the text "nan".
    array = np.asarray(inputs, object if isinstance(inputs, (list, tuple)) else None)
    values = array.ravel().tolist()
    if array.dtype.kind not in "SU":
        check_texts(values, who)
    decoded = np.empty(len(values), object)
    decoded[:] = [one.decode(encoding) if isinstance(one, bytes) else str(one) for one in values]
    return decoded.reshape(array.shape)
