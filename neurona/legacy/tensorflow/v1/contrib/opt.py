"""`tf.contrib.opt`: SciPy's optimizers for graphs, and relatives of Adam."""

import importlib
from collections.abc import Callable, Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from neurona.legacy.tensorflow.v1.building import gradients
from neurona.legacy.tensorflow.v1.logs import info
from neurona.legacy.tensorflow.v1.optimizers import AdamOptimizer
from neurona.legacy.tensorflow.v1.tensor import default_session
from neurona.legacy.tensorflow.v1.variables import trainable_variables

LazyAdamOptimizer = AdamOptimizer


class NadamOptimizer(AdamOptimizer):
    """Adam with Nesterov's momentum (Dozat, 2016), as TensorFlow's kernel computes it."""

    def step(self, value: Any, gradient: Any, **n: Any) -> dict[str, Any]:
        rate = n["lr"] * jnp.sqrt(1 - n["p2"]) / (1 - n["p1"])
        new = super().step(value, gradient, **n)
        ahead = (1 - n["b1"]) * gradient + n["b1"] * new["m"]
        return {**new, "value": value - rate * ahead / (jnp.sqrt(new["v"]) + n["eps"])}


class AdamWOptimizer(AdamOptimizer):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019): each step also takes away
    weight_decay * variable, without the learning rate.
    """

    def __init__(self, weight_decay: Any, *args: Any, name: str = "AdamW", **options: Any) -> None:
        super().__init__(*args, name=name, **options)
        self._decay = weight_decay

    def hyperparameters(self) -> dict[str, Any]:
        return super().hyperparameters() | {"decay": self._decay}

    def step(self, value: Any, gradient: Any, **n: Any) -> dict[str, Any]:
        new = super().step(value, gradient, **n)
        return {**new, "value": new["value"] - n["decay"] * value}


class ScipyOptimizerInterface:
    """An optimizer of SciPy, which takes all variables as one vector.

    Args:
        loss: the scalar that is made small.
        var_list: the variables; by default all that are trainable.
        equalities, inequalities: tensors that stay 0, or stay at least 0.
        var_to_bounds: the least and greatest value of variables, None for none.
        optimizer_kwargs: those of `scipy.optimize.minimize`, such as `method` and `options`.
    """

    def __init__(
        self,
        loss: Any,
        var_list: Any = None,
        equalities: Any = None,
        inequalities: Any = None,
        var_to_bounds: Mapping[Any, Any] | None = None,
        **optimizer_kwargs: Any,
    ) -> None:
        self._loss = loss
        self._vars = list(trainable_variables() if var_list is None else var_list)
        self._gradients = gradients(loss, self._vars)
        self._limits: list[tuple[str, Any, list[Any]]] = [
            (kind, one, gradients(one, self._vars))
            for kind, tensors in (("eq", equalities), ("ineq", inequalities))
            for one in tensors or ()
        ]
        self._bounds = None if var_to_bounds is None else self._packed_bounds(var_to_bounds)
        self.optimizer_kwargs = {"method": "SLSQP" if self._limits else "L-BFGS-B"} | optimizer_kwargs

    def _packed_bounds(self, given: Mapping[Any, Any]) -> list[tuple[float, float]]:
        bounds: list[tuple[float, float]] = []
        for variable in self._vars:
            shape = tuple(variable.shape.as_list())
            low, high = given.get(variable, (-np.inf, np.inf))
            lows, highs = np.broadcast_to(low, shape).ravel(), np.broadcast_to(high, shape).ravel()
            bounds += zip(lows.tolist(), highs.tolist(), strict=True)
        return bounds

    def minimize(
        self,
        session: Any = None,
        feed_dict: Any = None,
        fetches: Any = None,
        step_callback: Callable[..., Any] | None = None,
        loss_callback: Callable[..., Any] | None = None,
        **run_kwargs: Any,
    ) -> None:
        """Leave in the variables the values that SciPy finds.

        Args:
            session: the one with the values.
            feed_dict: values for placeholders.
            fetches: tensors whose values `loss_callback` takes.
            step_callback: takes the vector of all variables after each step.
            loss_callback: called after each evaluation.
        """
        session = default_session(session)
        self._begin(session)

        def evaluate(tensor: Any, slopes: list[Any]) -> Callable[[np.ndarray], Any]:
            def function(x: np.ndarray) -> tuple[float, np.ndarray]:
                self._set(x, session)
                known = [one for one in slopes if one is not None]
                value, more, *parts = session.run(
                    [tensor, list(fetches or ()), *known], feed_dict, **run_kwargs
                )
                if loss_callback is not None and tensor is self._loss:
                    loss_callback(*more)
                return float(value), self._packed(slopes, parts)

            return function

        limits = []
        for kind, tensor, slopes in self._limits:
            both = evaluate(tensor, slopes)
            limits.append({"type": kind, "fun": lambda x, f=both: f(x)[0], "jac": lambda x, f=both: f(x)[1]})
        scipy: Any = importlib.import_module("scipy.optimize")
        start = self._packed(self._vars, session.run(self._vars))
        found = scipy.minimize(
            evaluate(self._loss, self._gradients), start, jac=True, bounds=self._bounds, constraints=limits,
            callback=step_callback, **self.optimizer_kwargs,
        )  # fmt: skip
        self._set(found.x, session)
        info("Optimization terminated: %s Objective function value: %f", found.message, found.fun)

    def _begin(self, session: Any) -> None:
        self._shapes = [np.shape(value) for value in session.run(self._vars)]

    def _packed(self, slopes: list[Any], parts: list[Any]) -> np.ndarray:
        """One vector of all parts; zeros where a variable does not lead to the tensor."""
        rest = iter(parts)
        flat = [
            np.zeros(int(np.prod(shape))) if slope is None else np.ravel(next(rest))
            for slope, shape in zip(slopes, self._shapes, strict=True)
        ]
        return np.concatenate(flat).astype(np.float64)

    def _set(self, x: np.ndarray, session: Any) -> None:
        ends = np.cumsum([int(np.prod(shape)) for shape in self._shapes])
        for variable, part, shape in zip(self._vars, np.split(x, ends[:-1]), self._shapes, strict=True):
            variable.load(part.reshape(shape).astype(variable.dtype.as_numpy_dtype), session)
