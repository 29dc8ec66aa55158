"""The learning rate of older optimizers: a number that decays with the steps, and can be set."""

from typing import Any

from neurona.optimizers.schedules import InverseTimeDecay


class _DecayedRate(InverseTimeDecay):
    """rate / (1 + decay * step): the `decay=` of Keras 1 and 2. In files it is today's schedule."""

    @property
    def base(self) -> float:
        """The number that decays: what `lr` showed, and what callbacks set."""
        return float(self.initial_learning_rate)

    def restarted(self, rate: Any) -> "_DecayedRate":
        """With another number in the place of the rate: what assigning to `lr` meant."""
        return _DecayedRate(float(rate), 1, self.decay_rate)

    def _class_in_files(self) -> tuple[str, str]:
        return "keras.optimizers.schedules", "InverseTimeDecay"


def decayed_rate(rate: float, decay: float) -> _DecayedRate:
    """The older decay of a learning rate."""
    return _DecayedRate(float(rate), 1, float(decay))
