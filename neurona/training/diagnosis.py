"""Finding out where a NaN or an infinity came from, once there is one."""

from typing import Any, NoReturn

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.errors import DataError, NonFiniteError
from neurona.core.scope import Scope
from neurona.training.step import TrainingState, forward, positions_of


def bad_rows(tree: Any) -> list[int]:
    """The rows of a batch in which an array holds a NaN or an infinity."""
    rows: set[int] = set()
    for leaf in jax.tree.leaves(tree):
        array = np.asarray(leaf)
        if array.dtype.kind == "f" or array.dtype.name == "bfloat16":
            wrong = ~np.isfinite(array.astype(np.float32)).reshape(len(array), -1).all(axis=1)
            rows.update(int(row) for row in np.flatnonzero(wrong))
    return sorted(rows)


def _finite(tree: Any) -> bool:
    return all(
        bool(jnp.isfinite(leaf).all())
        for leaf in jax.tree.leaves(tree)
        if jnp.issubdtype(leaf.dtype, jnp.inexact)
    )


def raise_non_finite(
    trainer: Any, state: TrainingState, batch: Any, key: Any, step: Any, shown_step: int, numbers: Any = None
) -> NoReturn:
    """Say at which step, in which layer, and why training met a number that is not finite.

    Args:
        trainer: the model, whose weights are those before the step.
        state: the same, as arrays.
        batch: what the step was given.
        key, step: its randomness.
        shown_step: the step's number in the epoch, from 0.
        numbers: the batch's row numbers in the whole data, where it is known.

    Raises:
        DataError: the batch itself holds NaN or infinity.
        NonFiniteError: the numbers arose in a layer, in the loss or in a gradient.
    """
    x, y, sample_weight = batch
    for what, part in (("x", x), ("y", y), ("sample_weight", sample_weight)):
        rows = bad_rows(part)
        if rows:
            place = (
                f"row {rows[0]} of the batch of step {shown_step + 1}"
                if numbers is None
                else f"row {numbers[rows[0]]}"
            )
            raise DataError(
                f"{what} holds NaN or infinity: in "
                f"{place}{f', and {len(rows) - 1} more of its batch' if len(rows) > 1 else ''}. "
                "Fill or drop missing values before training (np.isfinite finds them)."
            )
    kept = "The weights are those before that step."
    found: list[str] = []

    def observe(layer: Any, inputs: Any, outputs: Any) -> None:
        if not found and not layer._sublayers and _finite(inputs) and not _finite(outputs):
            found.append(f"the output of layer {layer.name!r} ({type(layer).__name__}) is not finite")

    step_key = jax.random.fold_in(key, step)
    values = dict(
        zip(
            (*trainer.trainable_variables, *trainer.non_trainable_variables),
            (*state.trainable, *state.non_trainable),
        )
    )
    with Scope(values, step_key, step, True, positions_of(trainer)) as scope:
        scope.observer = observe
        trainer(x)
    if not found:
        (loss, _), gradients = jax.value_and_grad(
            lambda trainable: forward(
                trainer, state._replace(trainable=trainable), batch, step_key, step, True
            ),
            has_aux=True,
        )(state.trainable)
        if not _finite(loss):
            found.append(
                "the loss is not finite although the model's output is: targets or the loss function do not "
                "fit it"
            )
        for variable, gradient in zip(trainer.trainable_variables, gradients):
            if not found and not _finite(gradient):
                found.append(f"the gradient of weight {variable.path!r} is not finite")
    reason = found[0] if found else "the sum of the gradients overflows"
    raise NonFiniteError(
        f"Training stopped at step {shown_step + 1} of the epoch: {reason}. {kept} "
        "Usual mends: a smaller learning rate, inputs scaled to about -1..1, clipnorm=1.0 in the optimizer."
    )
