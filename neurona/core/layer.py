"""Layer: an object that owns variables, and at the same time a pure function of them."""

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from operator import itemgetter
from typing import Any, TypeGuard

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.calling import (
    READS,
    annotate_masks,
    as_arrays,
    call_parameters,
    fill_masks,
    note_call,
    reading_error,
)
from neurona.core.drawing import Drawable
from neurona.core.errors import ArgumentError, ShapeError, TracingError, unexpected
from neurona.core.owner import Owner
from neurona.core.policy import DTypePolicy, dtype_policy_of, is_float, standardize_dtype
from neurona.core.pure import Pure
from neurona.core.random import SeedGenerator, as_key, check_not_traced, key_of, new_key
from neurona.core.registry import (
    Serializable,
    constructor_arguments,
    is_built_in,
    resolve,
    serialize,
    serialize_object,
    without_names,
)
from neurona.core.scope import Scope, current_scope
from neurona.core.shapes import given_batch_shape
from neurona.core.symbolic import snake_case, symbolic_leaves, unique_name
from neurona.core.texts import holds_texts, of_empty_texts, on_host
from neurona.core.variable import Variable
from neurona.messages import translated
from neurona.tensorflow_graph import in_tensorflow_graph
from neurona.tracebacks import ends_at_users_line

_ACCEPTED_BY_ADD_WEIGHT = ("aggregation", "synchronization", "layout", "overwrite_with_gradient")


class Layer(Drawable["Layer"], Pure["Layer"], Serializable):
    """The base of all layers and models.

    Define `call(self, inputs)`; create weights in `build(self, input_shape)` with `add_weight`. Shapes are
    found by evaluation, and the config is recorded from the constructor, so a layer needs nothing else.

    Args:
        activity_regularizer: a function of the output that is added to the loss, divided by the batch size.
        trainable: whether its weights may be trained.
        dtype: a dtype or a `DTypePolicy`; defaults to the global policy.
        autocast: whether floating-point inputs are cast to the policy's compute dtype.
        name: unique in a model; made from the class's name if not given.

    Raises:
        UnexpectedArgument: an argument that the layer does not have.

    Example:

        >>> import numpy as np
        >>> import neurona.initializers
        >>> class Scale(Layer):
        ...     def build(self, input_shape):
        ...         self.factor = self.add_weight(input_shape[-1:], "ones", name="factor")
        ...     def call(self, x):
        ...         return x * self.factor
        >>> layer = Scale(name="scale")
        >>> layer(np.ones((2, 3))).shape, layer.weights
        ((2, 3), [<Variable path=scale/factor, shape=(3,), dtype=float32>])
        >>> y, new_values = layer.apply([2 * np.ones(3)], np.ones((2, 3)))
        >>> float(y.sum())
        12.0
    """

    _kind = "layers"
    _accepted = ("input_shape", "batch_input_shape", "batch_shape", "batch_size")
    supports_masking: bool = False
    # Counts attribute assignments on all layers. While it stays, no layer gained or lost a part, except
    # inside lists.
    _structure_version = 0
    # Whether names may have "/", which paths of weights put between layers.
    _slashes_in_names = False
    # Gets every new layer, in a scope that changes some.
    _on_creation: "Callable[[Layer], None] | None" = None
    _untracked: tuple[str, ...] = ("_arguments", "_nodes", "_build_shapes", "_call_losses")

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        for argument in kwargs:
            if argument not in (*Layer._accepted, "input_dim"):
                raise unexpected(type(self).__name__, argument, constructor_arguments(type(self)))
        if name is not None and (not isinstance(name, str) or ("/" in name and not Layer._slashes_in_names)):
            raise ArgumentError(
                f"{type(self).__name__}: a name is a string without '/'. Received: name={name!r}"
            )
        self.name = name or unique_name(snake_case(self._class_name))
        self.dtype_policy = dtype
        self.autocast = autocast
        self.activity_regularizer = resolve("regularizers", activity_regularizer)
        # A layer of Neurona without weights and parts is ready at once.
        self.built = type(self).build is Layer.build and is_built_in(self)
        self._trainable = bool(trainable)
        self._weights: list[Variable] = []
        self._nodes: list[Any] = []
        self._build_shapes = None
        self._call_losses: list[Any] = []
        self._seed_stream: SeedGenerator | None = None
        self._given_batch_shape = given_batch_shape(kwargs)
        if Layer._on_creation is not None:
            Layer._on_creation(self)

    def __setattr__(self, name: str, value: Any) -> None:
        Layer._structure_version += 1
        object.__setattr__(self, name, value)

    # What a subclass defines.

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output."""
        raise TypeError(
            translated(
                f"{type(self).__name__} needs a `call(self, inputs)` method: it is what the layer computes."
            )
        )

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The mask of the output: the input's, for layers that support masking."""
        return previous_mask

    # Variables and parts.

    def add_weight(
        self,
        shape: tuple[int | None, ...] | int | None = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> Variable:
        """Create a variable that belongs to this layer.

        Args:
            shape: sizes, all known; `()` by default.
            initializer, regularizer, constraint: by default the layer's own for this name
                (`kernel_initializer` for a weight named "kernel"), else glorot_uniform for floats and zeros
                for the rest.
            dtype: by default the policy's variable dtype.
            trainable: False for statistics and counters.
            name: the last part of the weight's path.

        Raises:
            ShapeError: a size is unknown.
        """
        initializer = getattr(self, f"{name}_initializer", None) if initializer is None else initializer
        regularizer = getattr(self, f"{name}_regularizer", None) if regularizer is None else regularizer
        constraint = getattr(self, f"{name}_constraint", None) if constraint is None else constraint
        kwargs.pop("sparse", None)  # Keras 2's
        for argument in kwargs:
            if argument not in _ACCEPTED_BY_ADD_WEIGHT:
                known = [
                    *list(inspect.signature(Layer.add_weight).parameters)[1:-1],
                    *_ACCEPTED_BY_ADD_WEIGHT,
                ]
                raise unexpected(f"{type(self).__name__}.add_weight", argument, known)
        given = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape or ())
        shape = tuple(size for size in given if size is not None)
        if shape != given:
            raise ShapeError(
                f"Layer {self.name!r} ({type(self).__name__}) needs the size of its input to create weight "
                f"{name!r} of shape {given}. "
                "Give the input a shape with that size, such as Input((n,))."
            )
        dtype = standardize_dtype(dtype or self.variable_dtype)
        default = "glorot_uniform" if is_float(dtype) else "zeros"
        scope = current_scope()
        path = scope.path if scope is not None and scope.path else (self.name,)
        variable = Variable(
            resolve("initializers", default if initializer is None else initializer),
            shape,
            dtype,
            trainable,
            autocast,
            name=name or "variable",
            path="/".join((*path, name or "variable")),
            regularizer=resolve("regularizers", regularizer),
            constraint=resolve("constraints", constraint),
            **kwargs,
        )
        variable.trainable = trainable and self._trainable
        self._weights.append(variable)
        return variable

    def add_variable(self, shape: Any, initializer: Any, *args: Any, **kwargs: Any) -> Variable:
        """Keras's other name for `add_weight`."""
        return self.add_weight(shape, initializer, *args, **kwargs)

    def _set_weight_options(self, options: Mapping[str, Any], *weights: str) -> None:
        """Keep the initializer, regularizer and constraint of each weight named, where `add_weight` finds
        them: `kernel_initializer` for the weight "kernel".
        """
        for weight in weights:
            for kind in ("initializer", "regularizer", "constraint"):
                name = f"{weight}_{kind}"
                setattr(self, name, resolve(f"{kind}s", options[name]))

    def _owns(self, value: Any) -> "TypeGuard[Layer]":
        return isinstance(value, Layer)

    @property
    def metrics(self) -> list[Any]:
        """The metrics that this layer and its parts keep as attributes."""
        kept = (value for layer in self._flatten_layers() for value in vars(layer).values())
        return [
            value for value in kept if isinstance(value, Owner) and getattr(value, "_kind", "") == "metrics"
        ]

    @property
    def metrics_variables(self) -> list[Variable]:
        """The variables of the metrics."""
        return [variable for metric in self.metrics for variable in metric.variables]

    @property
    def _sublayers(self) -> "list[Layer]":
        """The layers that this one is made of, in the order in which they were assigned."""
        return self._tracked_parts()[1]

    def _flatten_layers(self) -> "Iterator[Layer]":
        """This layer and all below it, each once."""
        return (layer for layer, _ in self._walk())

    # What saving, summaries and training ask a layer; models and some layers answer differently.

    # Whether `call` works on the host, on texts or integers, before what is compiled.
    _on_host = False

    @property
    def _takes_texts(self) -> bool:
        """Whether `call` may be given texts: that of a class of the user, which may hand them on."""
        return not is_built_in(self)

    def _note_host(self, args: tuple, kwargs: dict[str, Any]) -> None:
        """Call the layer for what its parts on the host note. Of the others only shapes are computed."""

        def outside(leaf: Any) -> Any:
            """NumPy's numbers would be converted within the trace, and so have no values there."""
            return jnp.asarray(leaf) if isinstance(leaf, np.ndarray) and leaf.dtype.kind in "biufc" else leaf

        args, kwargs = jax.tree.map(outside, (args, kwargs))

        def run() -> None:
            with Scope({}, jax.random.key(0), 0, False):
                self(*args, **kwargs)

        jax.eval_shape(run)

    # Whether `call` refuses values of arrays; a compiled program, which can't, makes NaN of them.
    _refuses_values = False

    def _saved_parts(self) -> list[tuple[str, Any]]:
        """Where files look for the weights of parts: the attributes, in the order of their names."""
        attributes = vars(self).items()
        return sorted((item for item in attributes if item[0] not in self._untracked), key=itemgetter(0))

    def _summary_rows(self) -> list[Any]:
        """The layers and operations that a summary shows below this layer."""
        return []

    def _structure(self) -> Any:
        """What the layer computes, as a description without names: equal for layers that compute the same.
        None where the description does not say it.
        """
        as_described = all("call" not in vars(layer) for layer in self._flatten_layers())
        return without_names(serialize_object(self)) if as_described else None

    def _entrance(self) -> Any:
        """The shape and dtype of the input that a Sequential model begins with if this is its first layer, or
        None where they are not known yet; a list or a dictionary of them for several inputs.
        """
        return None if self._given_batch_shape is None else (self._given_batch_shape, None)

    @property
    def _is_stateful(self) -> bool:
        """Whether the layer carries state from one batch to the next, as recurrent layers may."""
        return bool(getattr(self, "stateful", False))

    @property
    def _rows_are_independent(self) -> bool:
        """Whether each row of a prediction depends on its own row of the input alone. This is known of
        Neurona's layers; a layer of another class may mix rows.
        """
        return is_built_in(self) and not self._is_stateful

    # Losses and randomness.

    def add_loss(self, loss: Any) -> None:
        """Add a scalar to the loss of the training step; for use inside `call`."""
        scope = current_scope()
        (self._call_losses if scope is None else scope.losses).append(jnp.sum(loss))

    @property
    def losses(self) -> list[Any]:
        """What regularizers, activity regularizers and `add_loss` add to the loss, as of the last call."""
        scope = current_scope()
        called = (
            scope.losses
            if scope is not None
            else [loss for layer in self._flatten_layers() for loss in layer._call_losses]
        )
        return [
            *called,
            *(v.regularizer(v.value) for v in self.trainable_variables if v.regularizer is not None),
        ]

    def _next_key(self) -> jax.Array:
        """A fresh random key: in a scope, of this layer's place in the tree and the draws so far; otherwise
        of the layer's own seed (the bits are then Keras's), or of the global one.

        Raises:
            TracingError: in a trace that no key was given to.
        """
        scope, seed = current_scope(), getattr(self, "seed", None)
        if scope is None or scope.key is None:
            who = f"Layer {self.name!r} ({type(self).__name__})"
            if scope is not None and scope.pure:
                raise TracingError(f"{who} draws random numbers: give `apply` a key=jax.random.key(...).")
            check_not_traced(who)
            if seed is None:
                return new_key()
            self._seed_stream = self._seed_stream or SeedGenerator(seed)
            return as_key(self._seed_stream)
        position = scope.positions.get(self, len(scope.positions))
        base = scope.key if seed is None else jax.random.fold_in(key_of(int(seed)), scope.step)
        return jax.random.fold_in(jax.random.fold_in(base, position), scope.next_draw(position))

    # Calling.

    @ends_at_users_line
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if "_nodes" not in self.__dict__:
            raise ArgumentError(
                f"{type(self).__name__} forgot to call `super().__init__()` in its constructor."
            )
        if symbolic_leaves((args, kwargs)) or in_tensorflow_graph((args, kwargs)):
            return self._call_symbolically(args, kwargs)
        scope = current_scope()
        if scope is not None:
            return self._call_in_scope(scope, args, kwargs)
        for layer in self._flatten_layers():
            layer._call_losses = []
        with Scope() as scope:
            outputs = self._call_in_scope(scope, args, kwargs)
        self._call_losses = scope.losses
        return outputs

    def _call_in_scope(self, scope: Scope, args: tuple, kwargs: dict[str, Any]) -> Any:
        if holds_texts((args, kwargs)) and self._ends_texts:
            return self._call_on_host(scope, args, kwargs)
        return self._compute(scope, args, kwargs)

    def _compute(self, scope: Scope, args: tuple, kwargs: dict[str, Any]) -> Any:
        parameters = call_parameters(type(self))
        # 1. Convert the arguments first: shapes, masks and `call` then all see the same arrays.
        dtype = self.compute_dtype if self.autocast else None
        args, kwargs = as_arrays(args, dtype, self), as_arrays(kwargs, dtype, self)
        # 2. Check the input and create the weights, before `call` reads them. This happens outside of step 5,
        #    because `build` enters the layer by itself.
        self._check_and_build(args, kwargs)
        # 3. Find out whether this is training: the argument says so, or the call around this one. A `call`
        #    without the argument does not get it, so that layers may hand it on to any other.
        given = dict(zip(parameters, args)).get("training", kwargs.pop("training", None))
        training = scope.training if given is None else given
        left = parameters[len(args) :]
        if training is not None and ("training" in left or ("**" in left and given is not None)):
            kwargs["training"] = training
        # 4. Fill in masks only now: conversion makes new arrays, and carries their masks on.
        mask = fill_masks(parameters, args, kwargs)
        # 5. Compute inside the scope of the layer: variables are named and cast, and what is called in it
        #    takes over `training`. The activity regularizer's loss belongs to this call too.
        try:
            with scope.inside(self.name, dtype):
                scope.training = training
                outputs = self.call(*args, **kwargs)
                if self.activity_regularizer is not None:
                    for leaf in jax.tree.leaves(outputs):
                        self.add_loss(self.activity_regularizer(leaf) / max(leaf.shape[0], 1))
        except READS as error:
            raise reading_error(error, f"Layer {self.name!r} ({type(self).__name__})", args) from None
        except Exception as error:
            self._refuse_made_up_sizes(args, kwargs)
            note_call(error, self.name, type(self).__name__, args)
            raise
        # 6. Show the call to whoever watches, innermost layers first, because a layer ends after its parts.
        if scope.observer is not None:
            scope.observer(self, args, outputs)
        # 7. Annotate the outputs with their mask at the end: it belongs to these very arrays, and any other
        #    step could have replaced them.
        if self.supports_masking and args:
            mask = self.compute_mask(args[0], mask)
            if mask is not None:
                annotate_masks(outputs, mask)
        return outputs

    @property
    def _ends_texts(self) -> bool:
        """Whether texts that a model gives the layer go no further than its own code: that of the user."""
        return self._takes_texts and not any(part._on_host for part in self._flatten_layers())

    def _call_on_host(self, scope: Scope, args: tuple, kwargs: dict[str, Any]) -> Any:
        def compute(given: tuple[tuple, dict[str, Any]]) -> Any:
            return self._call_in_scope(scope, *given)

        who = f"Layer {self.name!r} ({type(self).__name__})"
        return on_host(compute, functools.partial(of_empty_texts, compute), who, (args, kwargs))

    # Dtypes and configs.

    @property
    def dtype_policy(self) -> DTypePolicy:
        """In which dtypes variables are kept, and the layer computes; set by name or as an object."""
        return self._dtype_policy

    @dtype_policy.setter
    def dtype_policy(self, value: Any) -> None:
        self._dtype_policy = dtype_policy_of(value).bound_to(self)

    @property
    def quantization_mode(self) -> str | None:
        """How the weights are kept in few bits: `"int8"`, `"int4"`, or None."""
        return self.dtype_policy.quantization_mode

    @property
    def dtype(self) -> str:
        """The dtype in which variables are kept."""
        return self.dtype_policy.variable_dtype

    variable_dtype = dtype

    @property
    def compute_dtype(self) -> str:
        """The dtype in which the layer computes."""
        return self.dtype_policy.compute_dtype

    input_dtype = compute_dtype  # that floating-point inputs are cast to

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments as plain values; override only where a format differs."""
        config = {"name": self.name, "trainable": self._trainable, "dtype": serialize(self.dtype_policy)}
        own = inspect.signature(type(self).__init__).parameters  # such as Embedding's input_dim
        for name, value in getattr(self, "_arguments", {}).items():
            current = getattr(self, name, value)
            of_base = (name == "activity_regularizer" and current is None) or name in (
                *Layer._accepted,
                "input_dim",
            )
            if (name in own or not of_base) and name not in ("name", "trainable", "dtype", "autocast"):
                # A weight or a method may have taken the argument's name.
                given = isinstance(current, (Variable, type(self.call))) or name == "weights"
                config[name] = self._described(value if given else current)
        return config

    def _described(self, value: Any) -> Any:
        """An argument's value in the config."""
        return serialize(value)

    def __repr__(self) -> str:
        return f"<{self._class_name} name={self.name}, built={self.built}>"
