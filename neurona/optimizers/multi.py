"""Several optimizers for one model: each variable is moved by the one that a map or a function chooses."""

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any, NoReturn, Self

import jax
import numpy as np

from neurona.core.arrays import zeros
from neurona.core.errors import ArgumentError, NotBuiltError
from neurona.core.registry import Serializable, deserialize, serialize, snake_case
from neurona.messages import translated
from neurona.optimizers.base import Optimizer
from neurona.optimizers.loss_scale import LossScaleOptimizer
from neurona.optimizers.state import Entry
from neurona.optimizers.variables import path_of

__all__ = ["MultiOptimizer", "OptimizerMap"]


class OptimizerMap(Serializable, MutableMapping[str, Optimizer]):
    """A dictionary from paths of variables to optimizers, with one optimizer for all other variables.

    A key is a whole path, such as `"encoder/dense/kernel"`, or a regular expression that fits a whole path,
    such as `"encoder/.*"`. An equal path comes before the expressions.

    Args:
        default_optimizer: for the variables that no key fits.
        optimizer_map: a dictionary of optimizers to begin with.

    Raises:
        TypeError: default_optimizer is no optimizer, or optimizer_map no dictionary.
        ArgumentError: a key is no text or is taken; what it stands for is no optimizer, or one that contains
            others; two expressions fit one path.

    Example:

        >>> from neurona.optimizers import SGD, Adam
        >>> chosen = OptimizerMap(SGD(0.1, name="slow"), {"encoder/.*": Adam(name="fast")})
        >>> chosen["encoder/dense/kernel"].name, chosen["head/kernel"].name
        ('fast', 'slow')
    """

    _kind = "optimizers"

    def __init__(self, default_optimizer: Any, optimizer_map: dict[str, Any] | None = None) -> None:
        if not isinstance(default_optimizer, Optimizer):
            raise TypeError(
                translated(
                    "OptimizerMap takes an optimizer, such as Adam(), as default_optimizer. Received: "
                    f"{default_optimizer!r}"
                )
            )
        if optimizer_map is not None and not isinstance(optimizer_map, dict):
            raise TypeError(
                translated(
                    "OptimizerMap takes a dictionary from paths to optimizers as optimizer_map. Received: "
                    f"{optimizer_map!r}"
                )
            )
        self.default_optimizer = default_optimizer
        self._optimizers: dict[str, Optimizer] = {}
        self.update(optimizer_map or {})

    def __getitem__(self, key: str) -> Optimizer:
        if key in self._optimizers:
            return self._optimizers[key]
        fitting = [pattern for pattern in self._optimizers if re.fullmatch(pattern, key)]
        if len(fitting) > 1:
            raise ArgumentError(
                f"Variable {key!r} has several optimizers: {', '.join(map(repr, fitting))} all fit its path. "
                "Write expressions of which one fits."
            )
        return self._optimizers[fitting[0]] if fitting else self.default_optimizer

    def __setitem__(self, key: str, optimizer: Optimizer) -> None:
        if not isinstance(key, str):
            raise ArgumentError(f"A key of an OptimizerMap is a text, a path of variables. Received: {key!r}")
        if key in self._optimizers:
            raise ArgumentError(f"OptimizerMap has {key!r} already: delete it first.")
        _check_single(optimizer, f"OptimizerMap[{key!r}]")
        self._optimizers[key] = optimizer

    def __delitem__(self, key: str) -> None:
        del self._optimizers[key]

    def __len__(self) -> int:
        return len(self._optimizers)

    def __iter__(self) -> Iterator[str]:
        return iter(self._optimizers)

    def __call__(self, variable: Any) -> Optimizer:
        """The optimizer of a variable."""
        return self[path_of(variable)]

    def get_config(self) -> dict[str, Any]:
        """The optimizers, described."""
        return {
            "default_optimizer": serialize(self.default_optimizer),
            "optimizer_map": serialize(self._optimizers),
        }


class MultiOptimizer(Optimizer):
    """Move each variable by one of several optimizers, each with its own learning rate and state.

    Callbacks that set the learning rate set it in each of them. An optimizer that has no variables stays as
    it is.

    Args:
        optimizer_map: an `OptimizerMap`, or a function that returns the optimizer of a variable; it is asked
            once for each variable.
        loss_scale_factor: what the loss was multiplied by; it replaces that of the optimizers.
        name: made from the class's name if not given.

    Raises:
        ArgumentError: optimizer_map is none of these; it gives a variable no optimizer, or one that contains
            others.

    Example:

        >>> from neurona import Variable
        >>> from neurona.optimizers import SGD
        >>> fast, slow = Variable(np.ones(1), path="head/bias"), Variable(np.ones(1), path="body/bias")
        >>> optimizer = MultiOptimizer(OptimizerMap(SGD(0.125), {"head/.*": SGD(0.5)}))
        >>> optimizer.apply([np.ones(1), np.ones(1)], [fast, slow])
        >>> fast.numpy().tolist(), slow.numpy().tolist()
        ([0.5], [0.875])
    """

    def __init__(
        self,
        optimizer_map: OptimizerMap | Callable[[Any], Optimizer],
        loss_scale_factor: float | None = None,
        name: str | None = None,
    ) -> None:
        if not callable(optimizer_map):
            raise ArgumentError(
                "MultiOptimizer takes an OptimizerMap, or a function that returns the optimizer of a "
                f"variable. Received: {optimizer_map!r}"
            )
        self._shared_state: dict[str, Any] | None = None
        self._chosen: list[tuple[Any, Optimizer]] = []  # each variable met so far, and its optimizer
        self._places: list[list[int]] = []  # for each optimizer, which variables are its own
        self.optimizers: list[Optimizer] = []
        super().__init__(0.0, loss_scale_factor=loss_scale_factor, name=name)
        self.optimizer_map = optimizer_map
        if isinstance(optimizer_map, OptimizerMap):
            for optimizer in (*optimizer_map._optimizers.values(), optimizer_map.default_optimizer):
                self._number_of(optimizer)

    def _number_of(self, optimizer: Optimizer) -> int:
        """The place of an optimizer among `optimizers`, at the end where it is new."""
        for number, known in enumerate(self.optimizers):
            if known is optimizer:
                return number
        _check_single(optimizer, type(self).__name__)
        optimizer.loss_scale_factor = self.loss_scale_factor
        self.optimizers.append(optimizer)
        return len(self.optimizers) - 1

    # Each optimizer holds its own state, so that it shows its own learning rate and variables.

    @property
    def state(self) -> Any:
        if self._shared_state is None:
            return None
        return {**self._shared_state, "inner": [optimizer.state for optimizer in self.optimizers]}

    @state.setter
    def state(self, state: Any) -> None:
        inner = [None] * len(self.optimizers) if state is None else state["inner"]
        for optimizer, one in zip(self.optimizers, inner, strict=True):
            optimizer.state = one
        self._shared_state = state and {key: value for key, value in state.items() if key != "inner"}

    @property
    def loss_scale_factor(self) -> float | None:
        """What the loss was multiplied by, for all of the optimizers."""
        return self._loss_scale_factor

    @loss_scale_factor.setter
    def loss_scale_factor(self, factor: float | None) -> None:
        self._loss_scale_factor = factor
        for optimizer in self.optimizers:
            optimizer.loss_scale_factor = factor

    @property
    def learning_rate(self) -> NoReturn:
        """Each optimizer has its own.

        Raises:
            AttributeError: always.
        """
        raise AttributeError(
            translated(
                f"{type(self).__name__} has a learning rate for each of its optimizers: read and set those "
                "of `optimizer.optimizers`."
            )
        )

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        _ = self.learning_rate

    @property
    def _with_rates(self) -> list[Optimizer]:
        return self.optimizers

    def build(self, variables: Iterable[Any]) -> None:
        """Choose the optimizer of each variable, and create or adapt their states."""
        self._variables = list(variables)
        numbers = [self._number_of(self._optimizer_of(variable)) for variable in self._variables]
        self._places = [
            [place for place, own in enumerate(numbers) if own == number]
            for number in range(len(self.optimizers))
        ]
        for optimizer, places in zip(self.optimizers, self._places):
            optimizer._exclusion = optimizer._exclusion or self._exclusion
            optimizer._adapt_to([self._variables[place] for place in places])
        self._shared_state = self._shared_state or self._first()

    def _adapt_to(self, variables: Iterable[Any]) -> None:
        self.build(variables)

    def _optimizer_of(self, variable: Any) -> Optimizer:
        for known, optimizer in self._chosen:
            if known is variable:
                return optimizer
        optimizer = self.optimizer_map(variable)
        _check_single(optimizer, f"{type(self).__name__}: optimizer_map({path_of(variable)!r})")
        self._chosen.append((variable, optimizer))
        return optimizer

    def _first(self) -> dict[str, Any]:
        return {"iteration": zeros((), np.int32), "learning_rate": self._rate_at(0)}

    def init(self, parameters: Sequence[jax.Array]) -> dict[str, Any]:
        """The state before the first step: that of each optimizer under "inner"."""
        self._check_places(parameters)
        inner = [
            optimizer.init([parameters[place] for place in places])
            for optimizer, places in zip(self.optimizers, self._places)
        ]
        return {**self._first(), "inner": inner}

    def update(
        self, gradients: Sequence[jax.Array | None], state: dict[str, Any], parameters: Sequence[jax.Array]
    ) -> tuple[list[jax.Array], dict[str, Any]]:
        """One step of every optimizer that has gradients."""
        gradients, parameters = self._paired(gradients, parameters)
        self._check_places(parameters)
        inner = list(state["inner"])
        for number, (optimizer, places) in enumerate(zip(self.optimizers, self._places)):
            own = [gradients[place] for place in places]
            if any(gradient is not None for gradient in own):
                moved, inner[number] = optimizer.update(
                    own, inner[number], [parameters[place] for place in places]
                )
                for place, value in zip(places, moved):
                    parameters[place] = value
        return parameters, {**state, "iteration": state["iteration"] + 1, "inner": inner}

    def _check_places(self, parameters: Sequence[Any]) -> None:
        if sum(map(len, self._places)) != len(parameters):
            raise NotBuiltError(
                f"{type(self).__name__} chooses optimizers by the variables' paths: call build(variables) "
                "first."
            )

    def finalize_variable_values(self, var_list: Iterable[Any]) -> None:
        """Give the variables of optimizers with `use_ema` their moving averages."""
        variables = list(var_list)
        for optimizer, places in zip(self.optimizers, self._places):
            optimizer.finalize_variable_values([variables[place] for place in places])

    def _averages(self) -> list[Any] | None:
        averages: list[Any] = [None] * len(self._variables)
        for optimizer, places in zip(self.optimizers, self._places):
            for place, average in zip(places, optimizer._averages() or ()):
                averages[place] = average
        return averages if any(average is not None for average in averages) else None

    @property
    def _structure(self) -> Hashable:
        inner = tuple(optimizer._structure for optimizer in self.optimizers)
        return MultiOptimizer, inner, tuple(map(tuple, self._places))

    @property
    def _options(self) -> list[Any]:
        return [self, self._places, *(one for optimizer in self.optimizers for one in optimizer._options)]

    # Files.

    def _entries(self) -> list[Entry]:
        self._check_built()
        own = [Entry(f"{self.name}/{key}", (key,)) for key in ("iteration", "learning_rate")]
        return own + [
            Entry(entry.path, ("inner", number, *entry.keys) if entry.keys else ())
            for number, optimizer in enumerate(self.optimizers)
            for entry in optimizer._entries()
        ]

    def _saved_parts(self) -> list[tuple[str, Any]]:
        names: list[str] = []
        parts: list[tuple[str, Any]] = []
        for optimizer in self.optimizers:
            name = snake_case(type(optimizer).__name__)
            same = names.count(name)
            names.append(name)
            parts.append((f"optimizers/{name}_{same}" if same else f"optimizers/{name}", optimizer))
        return parts

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Take over the values of `variables`."""
        super().set_weights(weights)
        for optimizer in self.optimizers:
            if callable(optimizer._rate):
                optimizer.learning_rate = optimizer._rate

    def get_config(self) -> dict[str, Any]:
        """The arguments that rebuild this optimizer, the others within."""
        return {
            "optimizer_map": serialize(self.optimizer_map),
            "loss_scale_factor": self.loss_scale_factor,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Build it from what `get_config` returned."""
        return cls(**{**config, "optimizer_map": deserialize(config["optimizer_map"], kind="optimizers")})

    def _argument_names(self) -> list[str]:
        return ["optimizer_map", "loss_scale_factor", "name"]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name!r} optimizers={self.optimizers!r}>"


def _check_single(optimizer: Any, where: str) -> None:
    """Refuse what is no optimizer, or contains others."""
    if not isinstance(optimizer, Optimizer):
        raise ArgumentError(f"{where} must be an optimizer, such as Adam(). Received: {optimizer!r}")
    if isinstance(optimizer, (MultiOptimizer, LossScaleOptimizer)):
        raise ArgumentError(
            f"{where} must be one optimizer. Received a {type(optimizer).__name__}, which contains others."
        )
