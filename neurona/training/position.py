"""FitPosition: where a fit stands, so that another process can go on from there with the same bits."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.callbacks import Callback, CallbackList
from neurona.core.errors import SavingError
from neurona.training.data import TrainingData
from neurona.training.learner import Learner
from neurona.training.step import TrainingState


class FitPosition:
    """The epoch, the steps done in it, and the position of the data when it began.

    Args:
        learner: what is trained.
        data: what it is trained and validated on.
        callbacks: those of the fit.
        epoch: the number of the first epoch.
    """

    def __init__(self, learner: Learner, data: TrainingData, callbacks: CallbackList, epoch: int) -> None:
        self.learner, self.data, self.callbacks = learner, data, callbacks
        self.epoch, self.step, self._data = epoch, 0, data.train.position()
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
        self.epoch, self.step, self._data = self.epoch + 1, 0, self.data.train.position()

    def checkpoint(self, step: int) -> dict[str, Any]:
        """All that `resume` needs, as plain values and NumPy arrays; `step` counts the epoch's steps so
        far.
        """
        learner = self.learner
        return {
            "identity": self.identity,
            "stopped": learner.stop_training,
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
            SavingError: it was made with another model, compilation or data.
        """
        learner = self.learner
        self._refuse_others(checkpoint.get("identity", {}))
        old, structure = jax.tree.flatten(learner.training_state())
        new = checkpoint["state"]
        if [(leaf.shape, leaf.dtype) for leaf in old] != [(leaf.shape, leaf.dtype) for leaf in new]:
            raise SavingError("The checkpoint was made with another model, optimizer or other metrics.")
        self.data.train.restore(checkpoint["data"])
        state = jax.tree.unflatten(structure, [jnp.asarray(leaf) for leaf in new])
        self._resumed = state
        learner.load_training_state(state)
        learner.random_key = jax.random.wrap_key_data(jnp.asarray(checkpoint["key"]))
        learner.steps_trained = checkpoint["steps_trained"]
        learner.stop_training = checkpoint["stopped"]
        self.epoch, self.step, self._data = checkpoint["epoch"], checkpoint["step"], checkpoint["data"]
        kept = dict(checkpoint["callbacks"])
        for name, callback in _named(self.callbacks.callbacks):
            if name in kept:
                callback._set_state(kept[name])

    @functools.cached_property
    def identity(self) -> dict[str, str]:
        """Texts that tell this training from others. Read it before callbacks change the model."""
        validation = self.data.validation
        digests = {"the data": self.data.train.digest()}
        if validation is not None:
            digests["the validation data"] = validation.digest()
        return {**self.learner.identity(), **digests}

    def _refuse_others(self, identity: dict[str, str]) -> None:
        """Raise SavingError where a checkpoint is of another training."""
        for what, own in self.identity.items():
            other = identity.get(what)
            if own != other:
                is_shown = what.startswith("compile") and other is not None and len(own + other) < 120
                values = f": it was {other}, and is {own}" if is_shown else ""
                raise SavingError(f"The checkpoint was made with another training: {what} differs{values}.")


def _named(callbacks: list[Callback]) -> list[tuple[str, Callback]]:
    """The callbacks by the names of their classes, numbered."""
    count: dict[str, int] = {}
    named = []
    for callback in callbacks:
        name = type(callback).__name__
        count[name] = count.get(name, 0) + 1
        named.append((f"{name}_{count[name]}", callback))
    return named
