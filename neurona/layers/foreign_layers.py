"""Layers of other libraries: JAX functions and Flax modules run as they are; TensorFlow's and PyTorch's are
told what to do instead.
"""

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.errors import ArgumentError, MissingDependencyError
from neurona.core.layer import Layer
from neurona.core.policy import is_float
from neurona.core.random import new_key
from neurona.core.variable import Variable

__all__ = [
    "FlaxLayer",
    "JaxLayer",
    "TFSMLayer",
    "TorchModuleWrapper",
]


def _arguments(function: Callable[..., Any], name: str, allowed: Iterable[str]) -> list[str]:
    """The names of a function's arguments.

    Raises:
        ArgumentError: it has others than those allowed, or takes no inputs.
    """
    names = list(inspect.signature(function).parameters)
    if "inputs" not in names or set(names) - set(allowed):
        raise ArgumentError(
            f"JaxLayer: {name} takes `inputs`, and of the others any: {', '.join(allowed)}. Its arguments "
            f"are {', '.join(names)}."
        )
    return names


class JaxLayer(Layer):
    """A layer that is a function of JAX.

    Args:
        call_fn: a function of `inputs` and any of `params`, `state`, `rng` (a key, in training; else None)
            and `training`; it returns the outputs, and with `state` also the new state.
        init_fn: a function of `inputs` and any of `rng` and `training` that returns the first params, and
            with `state` also the first state.
        params, state: the first ones, instead of `init_fn`: nested dictionaries, lists and arrays. Params are
            trained.
        seed: an integer that fixes the layer's random numbers.

    Shapes: those of the function.

    Raises:
        ArgumentError: a function has other arguments, or nothing says the first params.

    Example:

        >>> def scaled(params, inputs):
        ...     return params["factor"] * inputs
        >>> layer = JaxLayer(scaled, params={"factor": jnp.array(3.0)})
        >>> layer(jnp.ones(2)).tolist(), len(layer.trainable_weights)
        ([3.0, 3.0], 1)
    """

    def __init__(
        self,
        call_fn: Callable[..., Any],
        init_fn: Callable[..., Any] | None = None,
        params: Any = None,
        state: Any = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.call_fn, self.init_fn, self.seed = call_fn, init_fn, seed
        self._call_arguments = _arguments(
            call_fn, "call_fn", ("params", "state", "rng", "inputs", "training")
        )
        if init_fn is not None:
            self._init_arguments = _arguments(init_fn, "init_fn", ("rng", "inputs", "training"))
        needs = {"params", "state"} & set(self._call_arguments)
        self.built = not needs or params is not None or state is not None
        if not self.built and init_fn is None:
            raise ArgumentError(
                f"JaxLayer: call_fn takes {', '.join(sorted(needs))}. Give init_fn, or the first values "
                "themselves."
            )
        self.params, self.state = self._variables(params, True), self._variables(state, False)

    def _variables(self, tree: Any, trainable: bool) -> Any:
        def variable(leaf: Any) -> Variable:
            value = np.asarray(leaf)
            dtype = None if is_float(value.dtype) else value.dtype.name
            return self.add_weight(value.shape, lambda *_, **__: jnp.asarray(leaf), dtype, trainable)

        return jax.tree.map(variable, tree)

    def build(self, input_shape: Any) -> None:
        if self.init_fn is None:
            return
        is_shape = lambda one: isinstance(one, tuple) and all(isinstance(n, (int, type(None))) for n in one)
        ones = jax.tree.map(
            lambda shape: jnp.ones([size or 1 for size in shape]), input_shape, is_leaf=is_shape
        )
        given = {"rng": new_key(), "inputs": ones, "training": True}
        result = self.init_fn(**{name: given[name] for name in self._init_arguments})
        params, state = result if "state" in self._call_arguments else (result, None)
        self.params, self.state = self._variables(params, True), self._variables(state, False)

    def call(self, inputs: Any, training: bool = False) -> Any:
        def values(tree: Any) -> Any:
            return jax.tree.map(lambda one: one.value, tree, is_leaf=_is_variable)

        given = {"inputs": inputs, "training": training, "params": values(self.params)}
        if "rng" in self._call_arguments:
            given["rng"] = self._next_key() if training else None
        if "state" not in self._call_arguments:
            return self.call_fn(**{name: given[name] for name in self._call_arguments})
        given["state"] = values(self.state)
        outputs, state = self.call_fn(**{name: given[name] for name in self._call_arguments})
        jax.tree.map(lambda one, new: one.assign(new), self.state, state, is_leaf=_is_variable)
        return outputs


def _is_variable(value: Any) -> bool:
    return isinstance(value, Variable)


class FlaxLayer(JaxLayer):
    """A layer that is a Flax module (`flax.linen`).

    Args:
        module: the module.
        method: the name of its method to call; `__call__` by default.
        variables: its first variables, as `module.init` returns them.
        seed: an integer that fixes the layer's random numbers.

    Shapes: those of the module.

    Example:

        >>> class Double:  # as a module of Flax
        ...     def init(self, rngs, inputs, method=None):
        ...         return {"params": {"factor": jnp.array(2.0)}}
        ...     def apply(self, variables, inputs, rngs=None, method=None, mutable=False):
        ...         return variables["params"]["factor"] * inputs
        >>> FlaxLayer(Double())(jnp.ones(2)).tolist()
        [2.0, 2.0]
    """

    def __init__(
        self,
        module: Any,
        method: Any = None,
        variables: Any = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        self.module, self.method = module, method
        called = getattr(type(module), method or "__call__", None)
        self._takes_training = called is not None and "training" in inspect.signature(called).parameters
        super().__init__(self._applied, self._first, *self._parts(variables), seed, **kwargs)

    @staticmethod
    def _parts(variables: Any) -> tuple[Any, Any]:
        if variables is None:
            return None, None
        return variables.get("params"), {name: one for name, one in variables.items() if name != "params"}

    def _first(self, rng: Any, inputs: Any) -> Any:
        options = {"training": True} if self._takes_training else {}
        return self._parts(self.module.init(rng, inputs, method=self.method, **options))

    def _applied(self, params: Any, state: Any, rng: Any, inputs: Any, training: bool) -> Any:
        options: dict[str, Any] = {"training": training} if self._takes_training else {}
        names = list(state or {})
        changing = names if training and names else False
        variables = {**({} if params is None else {"params": params}), **(state or {})}
        rngs = None if rng is None else {"params": rng, "dropout": rng}
        outputs = self.module.apply(
            variables, inputs, rngs=rngs, method=self.method, mutable=changing, **options
        )
        if not changing:
            return outputs, state
        outputs, new = outputs
        return outputs, {name: new[name] for name in names}

    def get_config(self) -> dict[str, Any]:
        raise ArgumentError(
            f"Layer {self.name!r} (FlaxLayer): a Flax module is code, which a file can't hold. Save the "
            "weights, and build the model in Python."
        )


class _Elsewhere(Layer):
    """A layer that another library has to run."""

    _instead = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise MissingDependencyError(f"{type(self).__name__}: {self._instead}")


class TFSMLayer(_Elsewhere):
    """A TensorFlow SavedModel as a layer: Neurona can't run its graph, and says so.

    Raises:
        MissingDependencyError: always.

    Example:

        >>> TFSMLayer("folder")
        Traceback (most recent call last):
            ...
        neurona.core.errors.MissingDependencyError: TFSMLayer: a SavedModel is a graph that TensorFlow runs...
    """

    _instead = (
        "a SavedModel is a graph that TensorFlow runs, not layers. Load it with TensorFlow once, and write "
        'its model as `model.save("model.keras")` or its weights as `.weights.h5`, which Neurona reads.'
    )


class TorchModuleWrapper(_Elsewhere):
    """A PyTorch module as a layer: Neurona compiles with XLA, which can't run it, and says so.

    Raises:
        MissingDependencyError: always.

    Example:

        >>> TorchModuleWrapper(None)
        Traceback (most recent call last):
            ...
        neurona.core.errors.MissingDependencyError: TorchModuleWrapper: a PyTorch module runs in PyTorch...
    """

    _instead = (
        "a PyTorch module runs in PyTorch, not in a program of XLA. Write it with Neurona's layers, and "
        "copy the weights: `layer.set_weights([one.detach().numpy() for one in module.parameters()])`, with "
        "the kernel of a linear layer transposed."
    )
