"""Where the values of trials come from: at random, or from Optuna."""

from collections.abc import Callable
from typing import Any, Protocol

from neurona.core.errors import ArgumentError, optional_import
from neurona.search.space import Dimension, HyperParameters, random_draw
from neurona.search.trials import SearchTrial


class Sampler(Protocol):
    """Gives trials their values."""

    def ask(self, number: int) -> HyperParameters:
        """What trial `number` asks for its values."""
        ...

    def tell(self, trial: SearchTrial) -> None:
        """A trial is over."""
        ...

    def past(self) -> list[SearchTrial] | None:
        """The trials of earlier processes; None where the journal keeps them."""
        ...


class RandomSampler:
    """Values at random, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def ask(self, number: int) -> HyperParameters:
        return HyperParameters(random_draw(self.seed, number))

    def tell(self, trial: SearchTrial) -> None:
        pass

    def past(self) -> None:
        return None


class OptunaSampler:
    """Values from an Optuna study: many are asked for at a time, and told when they are over.

    Args:
        sampler: an Optuna sampler; None for its TPE.
        storage: an address such as `"sqlite:///search.db"`, in which the study is kept; None for memory.
        name: of the study.
        less: whether less is better.
        seed: of the sampler, if none is given.
    """

    def __init__(self, sampler: Any, storage: str | None, name: str, less: bool, seed: int) -> None:
        optuna: Any = optional_import("optuna", extra="search", purpose="a search with Optuna")
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._optuna = optuna
        self.study = optuna.create_study(
            storage=storage,
            study_name=name,
            load_if_exists=True,
            direction="minimize" if less else "maximize",
            sampler=sampler or optuna.samplers.TPESampler(seed=seed),
        )
        self._asked: dict[int, Any] = {}

    def ask(self, number: int) -> HyperParameters:
        trial = self._asked[number] = self.study.ask()
        return HyperParameters(_draw_of(trial))

    def tell(self, trial: SearchTrial) -> None:
        asked, states = self._asked.pop(trial.number), self._optuna.trial.TrialState
        for epochs, value in trial.rungs.items():
            asked.report(value, epochs)
        asked.set_user_attr(
            "neurona", {"values": trial.values, "figures": trial.figures, "epochs": trial.epochs}
        )
        if trial.state == "failed":
            self.study.tell(asked, state=states.FAIL)
        elif trial.state == "stopped":
            self.study.tell(asked, state=states.PRUNED)
        else:
            self.study.tell(asked, trial.value)

    def past(self) -> list[SearchTrial]:
        found = []
        states = {"COMPLETE": "complete", "PRUNED": "stopped", "FAIL": "failed"}
        for one in self.study.get_trials(deepcopy=False):
            kept = one.user_attrs.get("neurona")
            if kept is None or one.state.name not in states:
                continue
            rungs = dict(one.intermediate_values)
            value = next(reversed(rungs.values())) if one.value is None and rungs else one.value
            found.append(
                SearchTrial(
                    len(found),
                    kept["values"],
                    states[one.state.name],
                    float("nan") if value is None else value,
                    kept["figures"],
                    kept["epochs"],
                    rungs,
                )
            )
        return found


def _draw_of(trial: Any) -> Callable[[str, Dimension], Any]:
    def draw(name: str, dimension: Dimension) -> Any:
        if dimension.kind == "choice":
            return trial.suggest_categorical(name, list(dimension.values))
        if dimension.kind == "int":
            step = 1 if dimension.log else int(dimension.step or 1)
            return trial.suggest_int(
                name, int(dimension.low), int(dimension.high), step=step, log=dimension.log
            )
        step = None if dimension.log else dimension.step
        return trial.suggest_float(name, dimension.low, dimension.high, step=step, log=dimension.log)

    return draw


def sampler_of(given: Any, storage: Any, name: str, less: bool, seed: int) -> Sampler:
    """The sampler that a search asks for.

    Raises:
        ArgumentError: there is none of this name.
        MissingDependencyError: Optuna is not installed.
    """
    if given == "random":
        return RandomSampler(seed)
    if isinstance(given, str) and given != "optuna":
        raise ArgumentError(
            f"search: sampler is 'random', 'optuna' or a sampler of Optuna. Received: {given!r}"
        )
    address = str(storage) if storage is not None and "://" in str(storage) else None
    return OptunaSampler(None if given == "optuna" else given, address, name, less, seed)
