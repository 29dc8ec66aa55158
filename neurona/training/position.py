"""FitPosition: where a fit stands, so that another process can go on from there with the same bits."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.callbacks.callback import Callback, CallbackList
from neurona.core.errors import SavingError
from neurona.training.batches import Batches
from neurona.training.learner import Learner
from neurona.training.step import TrainingState


class FitPosition:
    """The epoch, the steps done in it, and the position of the data when it began.

    Args:
        learner: what is trained.
        batches: what it is trained on.
        callbacks: those of the fit.
        epoch: the number of the first epoch.
    """

    def __init__(self, learner: Learner, batches: Batches, callbacks: CallbackList, epoch: int) -> None:
        self.learner, self.batches, self.callbacks = learner, batches, callbacks
        self.epoch, self.step, self._data = epoch, 0, batches.position()
        self._resumed: TrainingState | None = None

    def begin_epoch(self) -> None:
        """Put back a state from the middle of the epoch, if the fit was resumed there.

        It has the changes of the callbacks' `on_epoch_begin`, so this comes after they were called again.
        """
        if self._resumed is not None and self.step > 0:
            self.learner.load_training_state(self._resumed)
        self._resumed = None

    def end_epoch(self) -> None:
        """Note that the epoch's steps are done."""
        self.epoch, self.step, self._data = self.epoch + 1, 0, self.batches.position()

    def checkpoint(self, step: int) -> dict[str, Any]:
        """All that `resume` needs, as plain values and NumPy arrays; `step` counts the epoch's steps so
        far.
        """
        learner = self.learner
        return {
            "epoch": self.epoch,
            "step": step,
            "steps_trained": learner.steps_trained,
            "data": self._data,
            "key": np.asarray(jax.random.key_data(learner.random_key)),
            "state": [np.asarray(leaf) for leaf in jax.tree.leaves(learner.training_state())],
            "callbacks": [[name, one._get_state()] for name, one in _named(self.callbacks.callbacks)],
        }

    def resume(self, checkpoint: dict[str, Any]) -> None:
        """Go back to where a checkpoint was made.

        Raises:
            SavingError: it was made with another model, optimizer, metrics or data.
        """
        learner = self.learner
        old, structure = jax.tree.flatten(learner.training_state())
        new = checkpoint["state"]
        if [(leaf.shape, leaf.dtype) for leaf in old] != [(leaf.shape, leaf.dtype) for leaf in new]:
            raise SavingError("The checkpoint was made with another model, optimizer or other metrics.")
        self.batches.restore(checkpoint["data"])
        state = jax.tree.unflatten(structure, [jnp.asarray(leaf) for leaf in new])
        self._resumed = state
        learner.load_training_state(state)
        learner.random_key = jax.random.wrap_key_data(jnp.asarray(checkpoint["key"]))
        learner.steps_trained = checkpoint["steps_trained"]
        self.epoch, self.step, self._data = checkpoint["epoch"], checkpoint["step"], checkpoint["data"]
        kept = dict(checkpoint["callbacks"])
        for name, callback in _named(self.callbacks.callbacks):
            if name in kept:
                callback._set_state(kept[name])


def _named(callbacks: list[Callback]) -> list[tuple[str, Callback]]:
    """The callbacks by the names of their classes, numbered."""
    count: dict[str, int] = {}
    named = []
    for callback in callbacks:
        name = type(callback).__name__
        count[name] = count.get(name, 0) + 1
        named.append((f"{name}_{count[name]}", callback))
    return named
