"""What layers share that work on texts: texts live on the host, not in a compiled model."""

from typing import Any

import numpy as np
from jax.core import Tracer

from neurona.core.checks import check_texts
from neurona.core.errors import TracingError
from neurona.core.symbolic import is_symbolic


def refuse_compiled(inputs: Any, who: str, call: str) -> None:
    """Refuse inputs without numbers: a symbolic tensor, or an array that is being traced.

    Args:
        inputs: what the layer was called with.
        who: such as "Layer 'words' (StringLookup)".
        call: the name of the layer in an example, such as "lookup".

    Raises:
        TracingError: they are such.
    """
    if any(is_symbolic(one) or isinstance(one, Tracer) for one in _each(inputs)):
        raise TracingError(
            f"{who} works on texts, which can't enter a compiled model. Map them first, "
            f"`x = {call}(texts)`, and give the model the numbers: `model.fit(x, y)`."
        )


def _each(inputs: Any) -> Any:
    return inputs if isinstance(inputs, (list, tuple)) else [inputs]


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
