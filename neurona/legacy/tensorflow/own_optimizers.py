"""Optimizers that programs write for `tf.keras` of TensorFlow 2.0 to 2.10, by `_resource_apply_dense`.

Such a class names its hyperparameters with `_set_hyper`, makes what it keeps of each weight in
`_create_slots`, and moves one weight in `_resource_apply_dense`. Here that runs while a step is traced: the
weights and slots it assigns to are parts of the pure step, as for `update_step`. Gradients are always dense,
so `_resource_apply_sparse` is not called.
"""

import functools
import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax.numpy as jnp

from neurona import initializers
from neurona.core.registry import serialize
from neurona.core.scope import Scope
from neurona.core.variable import Variable
from neurona.legacy.tensorflow import math as numbers
from neurona.legacy.tensorflow import operators
from neurona.legacy.tensorflow.arrays import cast
from neurona.legacy.tensorflow.dispatch import tensor_of, variable_dtype
from neurona.legacy.tensorflow.dtypes import DType, as_dtype
from neurona.legacy.tensorflow.tensor import DEVICE, Reference, Tensor
from neurona.legacy.tensorflow.tensor_shape import TensorShape
from neurona.messages import translated
from neurona.optimizers import Adam, Optimizer
from neurona.optimizers.arguments import Options
from neurona.optimizers.extension import ExtensionPoints
from neurona.optimizers.state import Entry, StateVariable
from neurona.optimizers.variables import name_of, path_of

_RATE = 0.01  # until the program names one
_OPTIONS = ("clipnorm", "clipvalue", "global_clipnorm")
# What TensorFlow 2 called what is kept of a weight.
_SLOTS = {
    "m": "momentum",
    "v": "velocity",
    "vhat": "velocity_hat",
    "rms": "velocity",
    "mg": "average_gradient",
    "accum_grad": "accumulated_grad",
    "accum_var": "accumulated_delta_var",
}


class Held:
    """A weight, or what is kept of it, as the steps of such an optimizer see it."""

    def __init__(self, variable: Any) -> None:
        self._variable = variable

    @property
    def dtype(self) -> DType:
        """The dtype of its numbers."""
        return variable_dtype(self._variable)

    @property
    def shape(self) -> TensorShape:
        """The sizes."""
        return TensorShape(self._variable.value.shape)

    def get_shape(self) -> TensorShape:
        """The sizes."""
        return self.shape

    @property
    def name(self) -> str:
        """The name that the program sees."""
        return name_of(self._variable)

    device, trainable = DEVICE, True

    @property
    def op(self) -> "Held":
        """The object that carries the name."""
        return self

    handle = op

    def ref(self) -> Reference:
        """An object that stands for it in sets and dictionaries."""
        return Reference(self)

    def __hash__(self) -> int:
        return id(self._variable)

    def _as_tensor(self) -> Tensor:
        return Tensor(self._variable.value)

    def read_value(self) -> Tensor:
        """The value now."""
        return self._as_tensor()

    value = read_value

    def __getitem__(self, index: Any) -> Any:
        return operators.item(self._as_tensor(), index)

    def assign(self, value: Any, use_locking: Any = None, name: Any = None, read_value: Any = True) -> "Held":
        """Replace the value."""
        self._variable.assign(tensor_of(value, hint=self.dtype)._array)
        return self

    def assign_add(
        self, delta: Any, use_locking: Any = None, name: Any = None, read_value: Any = True
    ) -> "Held":
        """Add to the value."""
        return self.assign(numbers.add(self, tensor_of(delta, hint=self.dtype)))

    def assign_sub(
        self, delta: Any, use_locking: Any = None, name: Any = None, read_value: Any = True
    ) -> "Held":
        """Subtract from the value."""
        return self.assign(numbers.subtract(self, tensor_of(delta, hint=self.dtype)))


_hash = Held.__hash__
operators.install(Held, indexing=False)
Held.__hash__ = _hash


class OlderPoints:
    """The methods that such optimizers call and extend; `install` gives them to `Optimizer`."""

    _use_locking = False
    _initial_decay = 0.0
    _rate_of_step: Any = None  # while a step is traced
    _is_called = False  # whether the program has called `apply_gradients` itself

    def _set_hyper(self: Any, name: str, value: Any) -> None:
        """Name a hyperparameter: a number or a function that gives one, or the schedule of the rate."""
        setattr(self, name, value)

    def _get_hyper(self: Any, name: str, dtype: Any = None) -> Any:
        """A hyperparameter as a tensor, or the schedule of the learning rate."""
        value = self._rate if name == "learning_rate" and callable(self._rate) else getattr(self, name)
        if name == "learning_rate" and callable(value):
            return value
        value = tensor_of(value() if callable(value) else value)
        return value if dtype is None else cast(value, as_dtype(dtype))

    def _serialize_hyperparameter(self: Any, name: str) -> Any:
        """A hyperparameter as a config holds it."""
        if name == "learning_rate" and callable(self._rate):
            return serialize(self._rate)
        value = getattr(self, name)
        value = value() if callable(value) else value
        return value if isinstance(value, (int, str, type(None))) else float(value)

    def _decayed_lr(self: Any, var_dtype: Any) -> Tensor:
        """The learning rate of this step: the schedule's, divided by 1 + decay * iterations."""
        rate = self.learning_rate if self._rate_of_step is None else Tensor(self._rate_of_step)
        rate = cast(tensor_of(rate), as_dtype(var_dtype))
        decay = getattr(self, "decay", None) or self._initial_decay
        return rate / (1.0 + decay * cast(tensor_of(self.iterations), rate.dtype)) if decay else rate

    def _call_if_callable(self: Any, value: Any) -> Any:
        """What a function gives, or the value itself."""
        return value() if callable(value) else value

    def _create_hypers(self: Any) -> None:
        """Nothing: hyperparameters are there when they are named."""

    def _create_slots(self: Any, var_list: Sequence[Any]) -> None:
        """Nothing: what built-in optimizers keep is in their state."""

    def _create_all_weights(self: Any, var_list: Iterable[Any]) -> None:
        """Make what is kept of the weights."""
        self.build([one._variable if isinstance(one, Held) else one for one in var_list])

    def add_slot(self: Any, var: Any, slot_name: str, initializer: Any = "zeros", shape: Any = None) -> Held:
        """What is kept of a weight under a name, made the first time."""
        weight = var._variable if isinstance(var, Held) else var
        key = id(weight), slot_name
        if key not in self._slots_made:
            dtype = weight.value.dtype
            sizes = tuple(weight.value.shape) if shape is None else tuple(shape)
            path = f"{self.name}/{path_of(weight).replace('/', '_')}_{slot_name}"
            variable = self._added(path, _first(initializer, sizes, dtype), weight)
            self._slots_made[key] = Held(variable)
        return self._slots_made[key]

    def get_slot(self: Any, var: Any, slot_name: str) -> Held:
        """What is kept of a weight under a name.

        Raises:
            KeyError: nothing is.
        """
        weight = var._variable if isinstance(var, Held) else var
        made = self._slots_made.get((id(weight), slot_name))
        if made is not None:
            return made
        kept = next((one for one in (slot_name, _SLOTS.get(slot_name)) if one in self.state["slots"]), None)
        if kept is None:
            raise KeyError(
                translated(f"{type(self).__name__} keeps no {slot_name!r} of {name_of(weight)!r}.")
            )
        keys = ("slots", kept, self._get_variable_index(weight))
        return Held(StateVariable(self, Entry(f"{self.name}/{slot_name}", keys)))

    def get_slot_names(self: Any) -> list[str]:
        """The names of what is kept of weights."""
        return sorted({name for _, name in self._slots_made})

    def add_weight(
        self: Any, name: str, shape: Any, dtype: Any = None, initializer: Any = "zeros", *_: Any, **__: Any
    ) -> Held:
        """Make a variable that belongs to no weight."""
        first = _first(initializer, tuple(shape), as_dtype(dtype or "float32").held)
        return Held(self._added(f"{self.name}/{name}", first, None))

    def _prepare(self: Any, var_list: Iterable[Any]) -> dict[Any, Any]:
        """What a step needs that is the same for all weights of a dtype."""
        state: dict[Any, Any] = {}
        for device, dtype in {(one.device, one.dtype.base_dtype) for one in var_list}:
            state[device, dtype] = {}
            self._prepare_local(device, dtype, state)
        return state

    def _prepare_local(self: Any, var_device: Any, var_dtype: Any, apply_state: dict[Any, Any]) -> None:
        """Put the coefficients of a dtype into `apply_state`."""
        apply_state.setdefault((var_device, var_dtype), {}).update(self._coefficients(var_dtype))

    def _coefficients(self: Any, dtype: Any) -> dict[str, Any]:
        rate = self._decayed_lr(dtype)
        if not issubclass(type(self), Adam):
            return {"lr_t": rate}
        step = cast(tensor_of(self.iterations), dtype) + 1.0
        first, second = (self._get_hyper(name, dtype) for name in ("beta_1", "beta_2"))
        powers = first**step, second**step
        return {
            "lr_t": rate,
            "lr": rate * (1.0 - powers[1]) ** 0.5 / (1.0 - powers[0]),
            "epsilon": self._get_hyper("epsilon", dtype),
            "beta_1_t": first,
            "beta_1_power": powers[0],
            "one_minus_beta_1_t": 1.0 - first,
            "beta_2_t": second,
            "beta_2_power": powers[1],
            "one_minus_beta_2_t": 1.0 - second,
        }

    def _fallback_apply_state(self: Any, var_device: Any, var_dtype: Any) -> dict[str, Any]:
        """The coefficients of one dtype alone."""
        state: dict[Any, Any] = {(var_device, var_dtype): {}}
        self._prepare_local(var_device, var_dtype, state)
        return state[var_device, var_dtype]

    def _resource_apply_dense(self: Any, grad: Any, var: Any, apply_state: Any = None) -> None:
        """The step of a built-in optimizer, which such a class extends."""
        known = (apply_state or {}).get((var.device, var.dtype.base_dtype)) or self._coefficients(var.dtype)
        ExtensionPoints.update_step(self, tensor_of(grad)._array, var._variable, known["lr_t"]._array)

    def _resource_scatter_add(self: Any, x: Held, i: Any, v: Any) -> Held:
        """Add to rows."""
        rows, places = tensor_of(v)._array, tensor_of(i)._array
        return x.assign(Tensor(x._as_tensor()._array.at[places].add(rows)))

    def _step_of_all(self: Any, pairs: list[tuple[Any, Any]]) -> None:
        state = self._prepare([one for _, one in pairs])
        takes = "apply_state" in inspect.signature(self._resource_apply_dense).parameters
        for gradient, weight in pairs:
            if gradient is not None:
                options = {"apply_state": state} if takes else {}
                self._resource_apply_dense(gradient, weight, **options)


def install() -> None:
    """Let such optimizers train, in this process."""
    for name, value in vars(OlderPoints).items():
        if not name.startswith("__"):
            setattr(Optimizer, name, value)
    Optimizer.__init__ = _with_name_first(Optimizer.__init__)
    Optimizer.get_config = _of_its_age(Optimizer.get_config)
    Optimizer.apply_gradients = _within_steps(Optimizer.apply_gradients)
    Optimizer.__init_subclass__ = classmethod(_noticing(Optimizer.__init_subclass__.__func__))  # pyright: ignore[reportAttributeAccessIssue, reportFunctionMemberAccess]


def _is_of_this_kind(cls: type) -> bool:
    own = {name for base in cls.__mro__ if not base.__module__.startswith("neurona.") for name in vars(base)}
    return "_resource_apply_dense" in own


def _noticing(hook: Callable[..., None]) -> Callable[..., None]:
    def init_subclass(cls: Any, **kwargs: Any) -> None:
        hook(cls, **kwargs)
        if "_resource_apply_dense" in vars(cls):
            cls.update_step, cls.build, cls._run_update_steps = _not_called, _build, _run

    return init_subclass


def _not_called(optimizer: Any, *_: Any) -> None:
    """All weights move at once."""


def _with_name_first(init: Callable[..., None]) -> Callable[..., None]:
    """`Optimizer.__init__` that may be given the name alone, and the options of those years."""

    @functools.wraps(init)
    def run(self: Any, *args: Any, **kwargs: Any) -> None:
        if _is_of_this_kind(type(self)):
            object.__setattr__(self, "_slots_made", {})
            if args and isinstance(args[0], str):
                kwargs["name"], args = args[0], args[1:]
            if isinstance(kwargs.get("weight_decay"), str):  # the place of `name` then
                kwargs["name"] = kwargs.pop("weight_decay")
            rate = kwargs.pop("lr", _RATE)
            if not args:
                kwargs.setdefault("learning_rate", rate)
            for name in ("gradient_aggregator", "gradient_transformers"):
                kwargs.pop(name, None)
            self._initial_decay = kwargs.pop("decay", None) or 0.0
        init(self, *args, **kwargs)
        self._name = self.name

    return run


def _of_its_age(get_config: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """`get_config` with the entries that the constructors of then took."""

    @functools.wraps(get_config)
    def run(self: Any) -> dict[str, Any]:
        if not _is_of_this_kind(type(self)):
            return get_config(self)
        limits = {name: getattr(self, name) for name in _OPTIONS if getattr(self, name) is not None}
        family = next(base for base in type(self).__mro__ if base.__module__.startswith("neurona.optimizers"))
        own = inspect.signature(family.__init__).parameters if family is not Optimizer else {}
        taken = [name for name, one in own.items() if one.kind is not one.VAR_KEYWORD and name != "self"]
        names = [name for name in taken if name not in Options.__annotations__]
        return {"name": self.name, **limits, **{name: self._serialize_hyperparameter(name) for name in names}}

    return run


def _within_steps(apply: Callable[..., Any]) -> Callable[..., Any]:
    """`apply_gradients` that takes the step while one is traced: the program's own method ends in it."""

    @functools.wraps(apply)
    def run(self: Any, grads_and_vars: Any, *args: Any, **kwargs: Any) -> Any:
        pairs = list(grads_and_vars)
        if self._rate_of_step is not None:
            return self._step_of_all(pairs)
        self._is_called = True
        try:
            return apply(self, pairs, *args, **kwargs)
        finally:
            self._is_called = False

    return run


def _build(optimizer: Any, variables: Iterable[Any]) -> None:
    variables = list(variables)
    Optimizer.build(optimizer, variables)
    for name, value in list(vars(optimizer).items()):  # the program's own: parts of the step from now on
        if isinstance(value, Variable) and not isinstance(value, StateVariable):
            setattr(optimizer, name, Held(optimizer._added(f"{optimizer.name}/{name}", value.value, None)))
    optimizer._create_slots([Held(one) for one in variables])


def _run(
    optimizer: Any,
    gradients: Sequence[Any],
    state: dict[str, Any],
    parameters: Sequence[Any],
    rate: Any,
    decays: Sequence[float],
) -> tuple[list[Any], dict[str, Any]]:
    """A step as a pure function."""
    values = dict(zip(optimizer._variables, parameters, strict=True))
    kept, optimizer.state, optimizer._rate_of_step = optimizer.state, state, rate
    gradients_of = zip(gradients, optimizer._variables, strict=True)
    pairs = [(Tensor(one), Held(variable)) for one, variable in gradients_of if one is not None]
    try:
        with Scope(values):
            (optimizer._step_of_all if optimizer._is_called else optimizer.apply_gradients)(pairs)
        return [values[variable] for variable in optimizer._variables], optimizer.state
    finally:
        optimizer.state, optimizer._rate_of_step = kept, None


def _first(initializer: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """The first value of a slot: of an initializer, or that of a variable or an array."""
    if not callable(initializer) and not isinstance(initializer, (str, dict)):
        return jnp.asarray(tensor_of(initializer)._array, dtype)
    made = initializers.get(initializer)(shape, dtype)
    return jnp.broadcast_to(jnp.asarray(tensor_of(made)._array, dtype), shape)
