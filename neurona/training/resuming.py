"""Where a fit stands, so that another process can go on from there and end with the same bits."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.callbacks.callback import Callback, CallbackList
from neurona.core.errors import SavingError
from neurona.training.batches import ArrayBatches
from neurona.training.step import TrainingState
from neurona.training.streams import RowBatches, StreamBatches


class Place:
    """Where a fit stands: the epoch, the steps done in it, and where the data stood when it began.

    Args:
        trainer: what is trained.
        batches: what it is trained on.
        watchers: the callbacks.
        epoch: the number of the first epoch.
    """

    def __init__(
        self,
        trainer: Any,
        batches: ArrayBatches | RowBatches | StreamBatches,
        watchers: CallbackList,
        epoch: int,
    ) -> None:
        self.trainer, self.batches, self.watchers = trainer, batches, watchers
        self._resumed: TrainingState | None = None
        self.epoch, self.step, self._data = epoch, 0, batches.position()

    def begin_epoch(self) -> None:
        """To be called after the callbacks' `on_epoch_begin`, whose changes a state from the middle of the
        epoch holds already.
        """
        if self._resumed is not None and self.step:
            self.trainer.take_training_state(self._resumed)
        self._resumed = None

    def end_epoch(self) -> None:
        """The epoch's steps are done; the next one begins where the data stand now."""
        self.epoch, self.step, self._data = self.epoch + 1, 0, self.batches.position()

    def checkpoint(self, step: int) -> dict[str, Any]:
        """Everything that `resume` needs, as plain values and NumPy arrays; `step` counts the epoch's steps
        so far.
        """
        trainer = self.trainer
        return {
            "epoch": self.epoch,
            "step": step,
            "steps_trained": trainer.steps_trained,
            "data": self._data,
            "key": np.asarray(jax.random.key_data(trainer._random_key)),
            "state": [np.asarray(leaf) for leaf in jax.tree.leaves(trainer.training_state())],
            "callbacks": [[name, callback.get_state()] for name, callback in _named(self.watchers.callbacks)],
        }

    def resume(self, checkpoint: dict[str, Any]) -> None:
        """Go back to where a checkpoint was made.

        Raises:
            SavingError: it was made with another model, optimizer, metrics or data.
        """
        trainer = self.trainer
        state = trainer.training_state()
        old, structure = jax.tree.flatten(state)
        new = checkpoint["state"]
        if [(leaf.shape, leaf.dtype) for leaf in old] != [(leaf.shape, leaf.dtype) for leaf in new]:
            raise SavingError("The checkpoint was made with another model, optimizer or other metrics.")
        self.batches.restore(checkpoint["data"])
        self._resumed = jax.tree.unflatten(structure, [jnp.asarray(leaf) for leaf in new])
        trainer.take_training_state(self._resumed)
        trainer._random_key = jax.random.wrap_key_data(jnp.asarray(checkpoint["key"]))
        trainer.steps_trained = checkpoint["steps_trained"]
        self.epoch, self.step, self._data = checkpoint["epoch"], checkpoint["step"], checkpoint["data"]
        kept = dict(checkpoint["callbacks"])
        for name, callback in _named(self.watchers.callbacks):
            if name in kept:
                callback.set_state(kept[name])


def _named(callbacks: list[Callback]) -> list[tuple[str, Callback]]:
    """The callbacks by the names of their classes, numbered."""
    count: dict[str, int] = {}
    named = []
    for callback in callbacks:
        name = type(callback).__name__
        count[name] = count.get(name, 0) + 1
        named.append((f"{name}_{count[name]}", callback))
    return named
