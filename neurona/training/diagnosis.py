"""Find where a NaN or an infinity came from, once there is one."""

from typing import Any, NoReturn

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.errors import DataError, NonFiniteError
from neurona.training.conversion import Batch
from neurona.training.step import StateScope, TrainingState, loss_and_gradients


def bad_rows(tree: Any) -> list[int]:
    """The rows of a batch in which an array holds a NaN or an infinity."""
    rows: set[int] = set()
    for leaf in jax.tree.leaves(tree):
        array = np.asarray(leaf)
        if array.dtype.kind == "f" or array.dtype.name == "bfloat16":
            wrong = ~np.isfinite(array.astype(np.float32)).reshape(len(array), -1).all(axis=1)
            rows.update(int(row) for row in np.flatnonzero(wrong))
    return sorted(rows)


def where_not_finite(batch: Batch | None) -> str:
    """A sentence that names the rows of validation data which hold NaN or infinity."""
    for name, part in batch._asdict().items() if batch else ():
        rows = bad_rows(part)
        if rows:
            more = f" and {len(rows) - 1:,} more" if len(rows) > 1 else ""
            return f"{name} holds NaN or infinity in row {rows[0]}{more}. Fill or drop missing values first."
    return "the model's outputs for it are not finite, or its later batches hold NaN."


def _finite(tree: Any) -> bool:
    return all(
        bool(jnp.isfinite(leaf).all())
        for leaf in jax.tree.leaves(tree)
        if jnp.issubdtype(leaf.dtype, jnp.inexact)
    )


def raise_non_finite(
    model: Any,
    state: TrainingState,
    batch: Batch,
    key: Any,
    number: Any,
    shown_step: int,
    row_numbers: np.ndarray | None = None,
) -> NoReturn:
    """Say at which step, in which layer, and why training met a number that is not finite.

    Args:
        model: its weights are those before the step.
        state: the same, as arrays.
        batch: what the step was given.
        key, number: the random key of the training, and the step's number.
        shown_step: the step's number in the epoch, from 0.
        row_numbers: the numbers of the batch's rows in the whole data, where they are known.

    Raises:
        DataError: the batch itself holds NaN or infinity.
        NonFiniteError: the numbers arose in a layer, in the loss, in a gradient or in the learning rule.
    """
    _check_rows(batch, shown_step, row_numbers)
    key = jax.random.fold_in(key, number)
    reason = _bad_layer(model, state, batch, key, number)
    if reason is None and model._learns_by_gradients:
        reason = _bad_gradient(model, state, batch, key, number)
    if reason is None:
        after = model._rule.step(model, state, batch, key, number).state
        bad = [
            v.path for v, new in zip(model._variable_groups().trainable, after.trainable) if not _finite(new)
        ]
        learned = (
            f"{type(model._rule).__name__} gave weight {bad[0]!r} a value that is not finite" if bad else ""
        )
        reason = learned or "a figure of the step, or the sum of the gradients, overflows"
    raise NonFiniteError(
        f"Training stopped at step {shown_step + 1} of the epoch: {reason}. The weights are those before "
        "that "
        "step. Usual mends: a smaller learning rate, inputs scaled to about -1..1, clipnorm=1.0 in the "
        "optimizer."
    )


def _check_rows(batch: Batch, shown_step: int, row_numbers: np.ndarray | None) -> None:
    """Raise `DataError` where the batch itself holds NaN or infinity."""
    for name, part in batch._asdict().items():
        rows = bad_rows(part)
        if rows:
            place = f"row {rows[0]} of the batch of step {shown_step + 1}"
            if row_numbers is not None:
                place = f"row {row_numbers[rows[0]]}"
            more = f", and {len(rows) - 1} more of its batch" if len(rows) > 1 else ""
            raise DataError(
                f"{name} holds NaN or infinity: in {place}{more}. Fill or drop missing values before "
                "training "
                "(np.isfinite finds them)."
            )


def _bad_layer(model: Any, state: TrainingState, batch: Batch, key: Any, number: Any) -> str | None:
    """The first layer whose inputs are finite and whose output is not."""
    found: list[str] = []

    def observe(layer: Any, inputs: Any, outputs: Any) -> None:
        if not found and not layer._sublayers and _finite(inputs) and not _finite(outputs):
            found.append(f"the output of layer {layer.name!r} ({type(layer).__name__}) is not finite")

    with StateScope(model, state, key, number, training=True) as scope:
        scope.scope.observer = observe
        model(batch.x)
    return found[0] if found else None


def _bad_gradient(model: Any, state: TrainingState, batch: Batch, key: Any, number: Any) -> str | None:
    """The loss, or the first weight whose gradient is not finite."""
    loss, gradients = loss_and_gradients(model, state, batch, key, number)
    if not _finite(loss):
        return (
            "the loss is not finite although the model's output is: the targets or the loss function do not "
            "fit it"
        )
    for variable, gradient in zip(model._variable_groups().trainable, gradients):
        if not _finite(gradient):
            return f"the gradient of weight {variable.path!r} is not finite"
    return None
