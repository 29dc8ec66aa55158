"""CTC losses and decoding of `keras.backend`: of probabilities, with the last class as the blank."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from neurona import ops
from neurona.core.policy import epsilon
from neurona.legacy.keras.backend.expressions import backend_function
from neurona.ops.registry import to_array


def _scores(y_pred: Any) -> Any:
    return jnp.log(to_array(y_pred) + epsilon())


@backend_function
def ctc_batch_cost(y_true: Any, y_pred: Any, input_length: Any, label_length: Any) -> Any:
    """-log of the probability of the labels, (batch, 1).

    Args:
        y_true: labels (batch, labels).
        y_pred: probabilities (batch, time, classes).
        input_length, label_length: how many steps and labels of each row count, (batch, 1).
    """
    scores = _scores(y_pred)
    lengths = [jnp.reshape(to_array(one), (-1,)).astype("int32") for one in (label_length, input_length)]
    return ops.ctc_loss(to_array(y_true).astype("int32"), scores, *lengths, mask_index=scores.shape[-1] - 1)[
        :, None
    ]


@backend_function
def ctc_decode(
    y_pred: Any, input_length: Any, greedy: bool = True, beam_width: int = 100, top_paths: int = 1
) -> tuple[list[Any], Any]:
    """The likeliest labels, filled up with -1, and the logarithms of their probabilities.

    Args:
        y_pred: probabilities (batch, time, classes).
        input_length: how many steps of each row count, (batch,).
        greedy: take the likeliest class at each step; else search with a beam.
        beam_width, top_paths: of the search.
    """
    labels, chances = ops.ctc_decode(
        _scores(y_pred),
        jnp.reshape(to_array(input_length), (-1,)).astype("int32"),
        "greedy" if greedy else "beam_search",
        beam_width=beam_width,
        top_paths=1 if greedy else top_paths,
        mask_index=None,
    )
    return list(labels), chances


def ctc_label_dense_to_sparse(labels: Any, label_lengths: Any) -> Any:
    """The labels that count, in one row: what TensorFlow keeps as a sparse tensor."""
    labels, lengths = np.asarray(labels), np.ravel(np.asarray(label_lengths))
    return np.concatenate([row[:length] for row, length in zip(labels, lengths)])


__all__ = ["ctc_batch_cost", "ctc_decode", "ctc_label_dense_to_sparse"]
