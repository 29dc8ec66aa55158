"""`tf.train`'s optimizers of TensorFlow 1, each a formula over steps that update variables."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from neurona import optimizers
from neurona.graph import Update
from neurona.legacy.tensorflow.dispatch import Hooks
from neurona.legacy.tensorflow.tape import GradientTape
from neurona.legacy.tensorflow.v1.building import gradients
from neurona.legacy.tensorflow.v1.graph import GraphKeys, get_default_graph
from neurona.legacy.tensorflow.v1.tensor import (
    GraphTensor,
    Operation,
    as_nodes,
    constant,
    convert,
    draw,
)
from neurona.legacy.tensorflow.v1.variables import GraphVariable


class Optimizer:
    """The base of the optimizers.

    A subclass says in `slots` what it keeps for each variable, as {name: first value}, in `scalars` which
    numbers it keeps, and in `step` the new values: from the variable's value, its gradient, the slots and the
    hyperparameters to {slot: new value}, with the variable's own under "value".
    """

    slots: dict[str, float] = {}
    GATE_NONE, GATE_OP, GATE_GRAPH = 0, 1, 2

    def __init__(self, learning_rate: Any, use_locking: bool = False, name: str = "Optimizer") -> None:
        self._lr, self._name = learning_rate, name
        self._slots: dict[str, dict[Any, GraphVariable]] = {}
        self._at_once: Any = None

    def get_name(self) -> str:
        """The name."""
        return self._name

    def hyperparameters(self) -> dict[str, Any]:
        """The numbers and tensors that `step` takes besides."""
        return {"lr": _value(self._lr)}

    def step(self, value: Any, gradient: Any, **numbers: Any) -> dict[str, Any]:
        """The new values of a variable and its slots."""
        raise NotImplementedError

    def minimize(
        self,
        loss: Any,
        global_step: Any = None,
        var_list: Any = None,
        gate_gradients: Any = 1,
        aggregation_method: Any = None,
        colocate_gradients_with_ops: bool = False,
        name: str | None = None,
        grad_loss: Any = None,
    ) -> Operation:
        """The operation that makes a loss smaller.

        Raises:
            ValueError: no variable leads to the loss.
        """
        pairs = self.compute_gradients(loss, var_list, grad_loss=grad_loss)
        if not any(gradient is not None for gradient, _ in pairs):
            raise ValueError(
                "No gradients provided for any variable, check your graph for ops that do not support "
                "gradients, "
                f"between variables {[str(variable) for _, variable in pairs]} and loss {loss}."
            )
        return self.apply_gradients(pairs, global_step, name)

    def compute_gradients(
        self,
        loss: Any,
        var_list: Any = None,
        gate_gradients: Any = 1,
        aggregation_method: Any = None,
        colocate_gradients_with_ops: bool = False,
        grad_loss: Any = None,
    ) -> list[tuple[Any, Any]]:
        """Pairs of a gradient and its variable."""
        if callable(loss) and not Hooks.draws():
            with GradientTape() as tape:
                value = loss()
            watched = list(var_list or tape.watched_variables())
            return list(zip(tape.gradient(value, watched), watched, strict=True))
        if callable(loss):
            loss = loss()
        variables = (
            get_default_graph().get_collection(GraphKeys.TRAINABLE_VARIABLES)
            if var_list is None
            else var_list
        )
        variables = list(variables) if isinstance(variables, (list, tuple, set)) else [variables]
        if not variables:
            raise ValueError("No variables to optimize.")
        found = gradients(loss, variables, grad_ys=None if grad_loss is None else [grad_loss])
        return list(zip(found, variables, strict=True))

    def apply_gradients(
        self, grads_and_vars: Any, global_step: Any = None, name: str | None = None
    ) -> Operation:
        """The operation that changes the variables by their gradients."""
        pairs = [(gradient, variable) for gradient, variable in grads_and_vars if gradient is not None]
        if not pairs:
            raise ValueError("No gradients provided for any variable.")
        if not Hooks.draws() and not any(isinstance(one, GraphVariable) for _, one in pairs):
            return self._apply_at_once(pairs, global_step)
        graph = get_default_graph()
        with graph.name_scope(None), graph.control_dependencies(None):
            self._make_slots([variable for _, variable in pairs])
        with graph.name_scope(name or self._name) as scope:
            numbers = as_nodes(self.hyperparameters())
            steps = [self._updated(convert(gradient), variable, numbers) for gradient, variable in pairs]
            steps += self._finish(steps)
            if global_step is not None:
                with graph.control_dependencies(steps):
                    steps.append(global_step.assign_add(1))
        nodes = [node for one in steps for node in one.graph_nodes]
        train = Operation(scope.rstrip("/"), "NoOp", nodes, (), graph)
        graph.add_to_collection(GraphKeys.TRAIN_OP, train)
        return train

    def todays(self) -> Any:
        """The same optimizer of Neurona, for variables that belong to no graph.

        Raises:
            NotImplementedError: it is of graphs only.
        """
        raise NotImplementedError(
            f"tf.train.{type(self).__name__} changes variables of graphs. Where functions compute at once, "
            "use tf.keras.optimizers."
        )

    def _apply_at_once(self, pairs: list[tuple[Any, Any]], global_step: Any) -> Any:
        if self._at_once is None:
            self._at_once = self.todays()
        self._at_once.apply_gradients(pairs)
        return None if global_step is None else global_step.assign_add(1)

    def _make_slots(self, variables: list[GraphVariable]) -> None:
        """Make what is not there yet: variables named after the optimizer, as TensorFlow names them."""
        for variable in variables:
            for number, (name, first) in enumerate(self.slots.items()):
                slots = self._slots.setdefault(name, {})
                if variable not in slots:
                    suffix = self._name if not number else f"{self._name}_{number}"
                    slots[variable] = _slot(variable, first, suffix)

    def _updated(self, gradient: GraphTensor, variable: GraphVariable, numbers: dict[str, Any]) -> Operation:
        """The operation that changes one variable and its slots."""
        graph = get_default_graph()
        slots = {name: self._slots[name][variable] for name in self.slots}
        state = {name: slot.graph_node for name, slot in slots.items()}
        node = draw(
            _stepped,
            (self._stepper(), variable, gradient, state, numbers, variable.constraint),
            name=f"update_{variable.op.name}/{self._name}",
        )
        keys = sorted({"value", *slots})
        new = dict(zip(keys, node, strict=True))
        updates = [Update(variable.graph_node, None, [new["value"].node], name=variable.op.name)]
        updates += [
            Update(slot.graph_node, None, [new[name].node], name=slot.op.name) for name, slot in slots.items()
        ]
        name = graph.unique_name(f"update_{variable.op.name}/Apply{type(self).__name__}")
        return Operation(name, "Apply", [*updates, *graph.before()], (), graph)

    def _stepper(self) -> Callable[..., Any]:
        return self.step

    def _finish(self, steps: list[Operation]) -> list[Any]:
        """Steps after all variables are changed."""
        return []

    def get_slot(self, var: GraphVariable, name: str) -> GraphVariable | None:
        """What is kept for a variable."""
        return self._slots.get(name, {}).get(var)

    def get_slot_names(self) -> list[str]:
        """The names of what is kept."""
        return sorted(self.slots)

    def variables(self) -> list[GraphVariable]:
        """The variables that the optimizer made."""
        return [slot for slots in self._slots.values() for slot in slots.values()]


def _value(number: Any) -> Any:
    """A hyperparameter: a number, a tensor, or a function of none."""
    number = number() if callable(number) else number
    return convert(number) if hasattr(number, "graph_nodes") else number


def _slot(variable: GraphVariable, first: float, suffix: str) -> GraphVariable:
    shape = variable.graph_node.shape
    begin = constant(first, variable.dtype, shape=[]) if shape is None else None
    return GraphVariable(
        begin if begin is not None else draw(_full, (tuple(shape or ()), first, variable.graph_node.dtype)),
        trainable=False,
        name=f"{variable.op.name}/{suffix}",
    )


def _full(shape: tuple[int, ...], value: float, dtype: str) -> Any:
    return jnp.full(shape, value, dtype)


def _stepped(
    step: Any, value: Any, gradient: Any, state: dict[str, Any], numbers: dict[str, Any], limit: Any
) -> Any:
    value, gradient = (jnp.asarray(one) for one in (value, gradient))
    numbers = {
        name: one if one is None else jnp.asarray(_as_float32(one), value.dtype)
        for name, one in numbers.items()
    }
    new = {**state, **step(value, gradient.astype(value.dtype), **state, **numbers)}
    return [jnp.asarray(new[name], value.dtype) for name in sorted(new)]


def _as_float32(number: Any) -> Any:
    """A hyperparameter, which TensorFlow keeps as float32 where it is one of Python's numbers."""
    return np.float32(number) if isinstance(number, float) else number


class GradientDescentOptimizer(Optimizer):
    """w <- w - rate * g."""

    def __init__(self, learning_rate: Any, use_locking: bool = False, name: str = "GradientDescent") -> None:
        super().__init__(learning_rate, use_locking, name)

    def todays(self) -> Any:
        return optimizers.SGD(self._lr)

    def step(self, value: Any, gradient: Any, **n: Any) -> dict[str, Any]:
        return {"value": value - n["lr"] * gradient}


class MomentumOptimizer(Optimizer):
    """a <- m a + g, w <- w - rate * a; with Nesterov's look ahead."""

    slots = {"momentum": 0.0}

    def __init__(
        self,
        learning_rate: Any,
        momentum: Any,
        use_locking: bool = False,
        name: str = "Momentum",
        use_nesterov: bool = False,
    ) -> None:
        super().__init__(learning_rate, use_locking, name)
        self._momentum, self._nesterov = momentum, use_nesterov

    def hyperparameters(self) -> dict[str, Any]:
        return {**super().hyperparameters(), "factor": _value(self._momentum)}

    def todays(self) -> Any:
        return optimizers.SGD(self._lr, self._momentum, self._nesterov)

    def step(self, value: Any, gradient: Any, **n: Any) -> dict[str, Any]:
        kept = n["factor"] * n["momentum"] + gradient
        change = gradient + n["factor"] * kept if self._nesterov else kept
        return {"value": value - n["lr"] * change, "momentum": kept}


class AdamOptimizer(Optimizer):
    """Adam (Kingma and Ba, 2015), with epsilon after the correction of the moments, as in TensorFlow."""

    slots = {"m": 0.0, "v": 0.0}

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta1: Any = 0.9,
        beta2: Any = 0.999,
        epsilon: Any = 1e-8,
        use_locking: bool = False,
        name: str = "Adam",
    ) -> None:
        super().__init__(learning_rate, use_locking, name)
        self._beta1, self._beta2, self._epsilon = beta1, beta2, epsilon
        self._powers: tuple[GraphVariable, GraphVariable] | None = None

    def _make_slots(self, variables: list[GraphVariable]) -> None:
        if self._powers is None:
            first, second = (_number(_value(one)) for one in (self._beta1, self._beta2))
            self._powers = (
                GraphVariable(first, trainable=False, name="beta1_power", dtype="float32"),
                GraphVariable(second, trainable=False, name="beta2_power", dtype="float32"),
            )
        super()._make_slots(variables)

    def hyperparameters(self) -> dict[str, Any]:
        assert self._powers is not None
        return {
            **super().hyperparameters(),
            "b1": _value(self._beta1),
            "b2": _value(self._beta2),
            "eps": _value(self._epsilon),
            "p1": self._powers[0],
            "p2": self._powers[1],
        }

    def todays(self) -> Any:
        return optimizers.Adam(self._lr, self._beta1, self._beta2, self._epsilon)

    def step(self, value: Any, gradient: Any, **n: Any) -> dict[str, Any]:
        rate = n["lr"] * jnp.sqrt(1 - n["p2"]) / (1 - n["p1"])
        m = n["b1"] * n["m"] + (1 - n["b1"]) * gradient
        v = n["b2"] * n["v"] + (1 - n["b2"]) * gradient**2
        return {"value": value - rate * m / (jnp.sqrt(v) + n["eps"]), "m": m, "v": v}

    def _finish(self, steps: list[Operation]) -> list[Any]:
        assert self._powers is not None
        with get_default_graph().control_dependencies(steps):
            return [
                power.assign(draw(_product, (power, _value(beta))), name="AssignPower")
                for power, beta in zip(self._powers, (self._beta1, self._beta2), strict=True)
            ]

    def variables(self) -> list[GraphVariable]:
        return [*(self._powers or ()), *super().variables()]


def _number(value: Any) -> Any:
    return value if isinstance(value, GraphTensor) else float(value)


def _product(power: Any, beta: Any) -> Any:
    return power * jnp.asarray(beta, power.dtype)


class AdagradOptimizer(Optimizer):
    """a <- a + g^2, w <- w - rate * g / sqrt(a) (Duchi et al., 2011)."""

    def __init__(
        self,
        learning_rate: Any,
        initial_accumulator_value: float = 0.1,
        use_locking: bool = False,
        name: str = "Adagrad",
    ) -> None:
        super().__init__(learning_rate, use_locking, name)
        self.slots = {"accumulator": initial_accumulator_value}

    def todays(self) -> Any:
        return optimizers.Adagrad(self._lr, self.slots["accumulator"], epsilon=0.0)

    def step(self, value: Any, gradient: Any, **n: Any) -> dict[str, Any]:
        total = n["accumulator"] + gradient**2
        return {"value": value - n["lr"] * gradient / jnp.sqrt(total), "accumulator": total}


class AdadeltaOptimizer(Optimizer):
    """Adadelta (Zeiler, 2012)."""

    slots = {"accum": 0.0, "accum_update": 0.0}

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: Any = 0.95,
        epsilon: Any = 1e-8,
        use_locking: bool = False,
        name: str = "Adadelta",
    ) -> None:
        super().__init__(learning_rate, use_locking, name)
        self._rho, self._epsilon = rho, epsilon

    def hyperparameters(self) -> dict[str, Any]:
        return {**super().hyperparameters(), "rho": _value(self._rho), "eps": _value(self._epsilon)}

    def todays(self) -> Any:
        return optimizers.Adadelta(self._lr, self._rho, self._epsilon)

    def step(self, value: Any, gradient: Any, **n: Any) -> dict[str, Any]:
        total = n["rho"] * n["accum"] + (1 - n["rho"]) * gradient**2
        change = jnp.sqrt(n["accum_update"] + n["eps"]) / jnp.sqrt(total + n["eps"]) * gradient
        changes = n["rho"] * n["accum_update"] + (1 - n["rho"]) * change**2
        return {"value": value - n["lr"] * change, "accum": total, "accum_update": changes}


class RMSPropOptimizer(Optimizer):
    """s <- d s + (1 - d) g^2, m <- k m + rate * g / sqrt(s + e), w <- w - m."""

    def __init__(
        self,
        learning_rate: Any,
        decay: Any = 0.9,
        momentum: Any = 0.0,
        epsilon: Any = 1e-10,
        use_locking: bool = False,
        centered: bool = False,
        name: str = "RMSProp",
    ) -> None:
        super().__init__(learning_rate, use_locking, name)
        self._decay, self._momentum, self._epsilon, self._centered = decay, momentum, epsilon, centered
        self.slots = {"rms": 1.0, **({"mg": 0.0} if centered else {}), "momentum": 0.0}

    def hyperparameters(self) -> dict[str, Any]:
        numbers = {"decay": self._decay, "factor": self._momentum, "eps": self._epsilon}
        return {**super().hyperparameters(), **{name: _value(one) for name, one in numbers.items()}}

    def todays(self) -> Any:
        return optimizers.RMSprop(self._lr, self._decay, self._momentum, self._epsilon, self._centered)

    def step(self, value: Any, gradient: Any, **n: Any) -> dict[str, Any]:
        new = {"rms": n["decay"] * n["rms"] + (1 - n["decay"]) * gradient**2}
        scale = new["rms"]
        if self._centered:
            new["mg"] = n["decay"] * n["mg"] + (1 - n["decay"]) * gradient
            scale = scale - new["mg"] ** 2
        new["momentum"] = n["factor"] * n["momentum"] + n["lr"] * gradient / jnp.sqrt(scale + n["eps"])
        return {"value": value - new["momentum"], **new}


class FtrlOptimizer(Optimizer):
    """Follow the regularized leader (McMahan et al., 2013)."""

    def __init__(
        self,
        learning_rate: Any,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "Ftrl",
        **_: Any,
    ) -> None:
        super().__init__(learning_rate, use_locking, name)
        self.slots = {"accum": initial_accumulator_value, "linear": 0.0}
        self._power, self._l1, self._l2 = (
            learning_rate_power,
            l1_regularization_strength,
            l2_regularization_strength,
        )

    def step(self, value: Any, gradient: Any, **n: Any) -> dict[str, Any]:
        total = n["accum"] + gradient**2
        before, after = n["accum"] ** -self._power, total**-self._power
        linear = n["linear"] + gradient - (after - before) / n["lr"] * value
        shrunk = jnp.clip(linear, -self._l1, self._l1) - linear
        scale = after / n["lr"] + 2 * self._l2
        return {"value": shrunk / scale, "accum": total, "linear": linear}


class ProximalGradientDescentOptimizer(Optimizer):
    """Gradient descent whose step also shrinks the values."""

    def __init__(
        self,
        learning_rate: Any,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "ProximalGradientDescent",
    ) -> None:
        super().__init__(learning_rate, use_locking, name)
        self._l1, self._l2 = l1_regularization_strength, l2_regularization_strength

    def step(self, value: Any, gradient: Any, **n: Any) -> dict[str, Any]:
        moved = value - n["lr"] * gradient
        shrunk = jnp.sign(moved) * jnp.maximum(jnp.abs(moved) - n["lr"] * self._l1, 0)
        return {"value": shrunk / (1 + n["lr"] * self._l2)}


class ProximalAdagradOptimizer(ProximalGradientDescentOptimizer):
    """Adagrad whose step also shrinks the values."""

    def __init__(
        self,
        learning_rate: Any,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "ProximalAdagrad",
    ) -> None:
        super().__init__(
            learning_rate, l1_regularization_strength, l2_regularization_strength, use_locking, name
        )
        self.slots = {"accumulator": initial_accumulator_value}

    def step(self, value: Any, gradient: Any, **n: Any) -> dict[str, Any]:
        total = n["accumulator"] + gradient**2
        rate = n["lr"] / jnp.sqrt(total)
        return {**super().step(value, gradient, lr=rate), "accumulator": total}
