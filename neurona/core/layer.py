"""Layer: an object that owns variables, and at the same time a pure function of them."""

import contextlib
import contextvars
import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any, TypeGuard

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.errors import (
    ArgumentError,
    NotBuiltError,
    ShapeError,
    TracingError,
    unexpected,
)
from neurona.core.owner import WeightOwner
from neurona.core.policy import autocast_dtype, dtype_policy_of, is_float, standardize_dtype
from neurona.core.random import SeedGenerator, as_key, check_not_traced, key_of, new_key
from neurona.core.registry import Serializable, constructor_arguments, deserialize, resolve, serialize
from neurona.core.scope import Scope, attach_mask, current_scope, fill_masks, get_mask, set_mask
from neurona.core.shapes import as_shape, given_batch_shape, tensors_of
from neurona.core.symbolic import infer, record, snake_case, symbolic_leaves, unique_name
from neurona.core.variable import Variable

_ACCEPTED_BY_ADD_WEIGHT = ("aggregation", "sparse", "layout", "overwrite_with_gradient")  # without effect
_SHAPE_ARGUMENTS = ("input_shape", "batch_input_shape", "batch_shape", "input_dim", "batch_size")
_names: contextvars.ContextVar[tuple[str, ...]] = contextvars.ContextVar("names", default=())


class Layer(WeightOwner["Layer"], Serializable):
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

        >>> class Scale(Layer):
        ...     def build(self, input_shape):
        ...         self.factor = self.add_weight(input_shape[-1:], "ones", name="factor")
        ...     def call(self, x):
        ...         return x * self.factor
        >>> import neurona.initializers
        >>> layer = Scale(name="scale")
        >>> layer(np.ones((2, 3))).shape, layer.weights
        ((2, 3), [<Variable path=scale/factor, shape=(3,), dtype=float32>])
        >>> y, new_values = layer.apply([2 * np.ones(3)], np.ones((2, 3)))
        >>> float(y.sum())
        12.0
    """

    kind = "layers"
    supports_masking: bool = False
    input_spec: Any = None
    # to attributes of all layers so far: while it stays, no layer has got another part, except in its lists
    _structure_version = 0
    _untracked: tuple[str, ...] = (
        "_arguments",
        "_nodes",
        "_build_shapes",
        "_call_losses",
    )  # attributes that hold no parts of the layer

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in cls.__dict__:
            cls.build = _recording_build(cls.build)

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
            if argument not in _SHAPE_ARGUMENTS:
                known = [k for k in constructor_arguments(type(self)) or [] if k != "self"]
                raise unexpected(type(self).__name__, argument, known)
        if name is not None and (not isinstance(name, str) or "/" in name):
            raise ArgumentError(
                f"{type(self).__name__}: a name is a string without '/'. Received: name={name!r}"
            )
        self.name = name or unique_name(snake_case(type(self).__name__))
        self.dtype_policy = dtype_policy_of(dtype)
        self.autocast = autocast
        self.activity_regularizer = resolve("regularizers", activity_regularizer)
        self.built = False
        self._trainable = bool(trainable)
        self._weights: list[Variable] = []
        self._nodes: list[Any] = []
        self._build_shapes: dict[str, Any] | None = None
        self._call_losses: list[Any] = []
        self._stream: SeedGenerator | None = None
        self._given_batch_shape = given_batch_shape(kwargs)

    def __setattr__(self, name: str, value: Any) -> None:
        Layer._structure_version += 1
        object.__setattr__(self, name, value)

    # What a subclass defines.

    def build(self, input_shape: Any) -> None:
        """Create the weights, now that the input's shape (with None where unknown) is known."""
        self._build_shapes = self._build_shapes or {"input_shape": input_shape}
        self.built = True

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output."""
        raise TypeError(
            f"{type(self).__name__} needs a `call(self, inputs)` method: it is what the layer computes."
        )

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The mask of the output: the input's, for layers that support masking."""
        return previous_mask

    # Variables.

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
        for argument in kwargs:
            if argument not in _ACCEPTED_BY_ADD_WEIGHT:
                known = [
                    *list(inspect.signature(Layer.add_weight).parameters)[1:-1],
                    *_ACCEPTED_BY_ADD_WEIGHT,
                ]
                raise unexpected(f"{type(self).__name__}.add_weight", argument, known)
        given = (shape,) if isinstance(shape, int) else tuple(shape or ())
        shape = tuple(size for size in given if size is not None)
        if shape != given:
            raise ShapeError(
                f"Layer {self.name!r} ({type(self).__name__}) needs the size of its input to create weight "
                f"{name!r} of shape {given}. "
                "Give the input a shape with that size, such as Input((n,))."
            )
        dtype = standardize_dtype(dtype or self.variable_dtype)
        default = "glorot_uniform" if is_float(dtype) else "zeros"
        variable = Variable(
            resolve("initializers", default if initializer is None else initializer),
            shape,
            dtype,
            trainable,
            autocast,
            name or "variable",
            "/".join((*_names.get(), name or "variable"))
            if _names.get()
            else f"{self.name}/{name or 'variable'}",
            resolve("regularizers", regularizer),
            resolve("constraints", constraint),
        )
        variable.trainable = trainable and self._trainable
        self._weights.append(variable)
        return variable

    def _set_weight_options(self, **options: tuple[Any, Any, Any]) -> None:
        """Keep the initializer, regularizer and constraint of each weight named, where `add_weight` will find
        them.
        """
        for weight, (initializer, regularizer, constraint) in options.items():
            setattr(self, f"{weight}_initializer", resolve("initializers", initializer))
            setattr(self, f"{weight}_regularizer", resolve("regularizers", regularizer))
            setattr(self, f"{weight}_constraint", resolve("constraints", constraint))

    def _owns(self, value: Any) -> "TypeGuard[Layer]":
        return isinstance(value, Layer)

    @property
    def _sublayers(self) -> "list[Layer]":
        """The layers that this one is made of, in the order in which they were assigned."""
        return self._parts()[1]

    def _flatten_layers(self) -> "Iterator[Layer]":
        """This layer and all below it, each once."""
        return (layer for layer, _ in self._walk())

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
            self._stream = self._stream or SeedGenerator(seed)
            return as_key(self._stream)
        position = scope.positions.get(self, len(scope.positions))
        base = scope.key if seed is None else jax.random.fold_in(key_of(int(seed)), scope.step)
        return jax.random.fold_in(jax.random.fold_in(base, position), scope.next_draw(position))

    # Calling.

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if "_nodes" not in self.__dict__:
            raise ArgumentError(
                f"{type(self).__name__} forgot to call `super().__init__()` in its constructor."
            )
        if symbolic_leaves((args, kwargs)):
            return self._call_symbolically(args, kwargs)
        scope = current_scope()
        if scope is not None:
            return self._run(scope, args, kwargs)
        for layer in self._flatten_layers():
            layer._call_losses = []
        with Scope() as scope:
            outputs = self._run(scope, args, kwargs)
        self._call_losses = scope.losses
        return outputs

    def _run(self, scope: Scope, args: tuple, kwargs: dict[str, Any]) -> Any:
        args, kwargs = self._convert(args), self._convert(kwargs)
        parameters = _call_parameters(type(self))
        self._check_and_build(args, kwargs)
        training = kwargs.get("training")
        training = scope.training if training is None else training
        if "training" in parameters:
            if training is None:
                kwargs.pop("training", None)
            else:
                kwargs["training"] = training
        masks = fill_masks(parameters, args, kwargs)
        outer, scope.training = scope.training, training
        try:
            with self._context():
                outputs = self.call(*args, **kwargs)
                if self.activity_regularizer is not None:
                    for leaf in jax.tree.leaves(outputs):
                        self.add_loss(self.activity_regularizer(leaf) / leaf.shape[0])
        except Exception as error:
            _note(error, self, args)
            raise
        finally:
            scope.training = outer
        if scope.observer is not None:
            scope.observer(self, args, outputs)
        if self.supports_masking and args:
            mask = self.compute_mask(args[0], masks)
            if mask is not None:
                attach_mask(outputs, mask)
        return outputs

    def _call_symbolically(self, args: tuple, kwargs: dict[str, Any]) -> Any:
        self._check_and_build(args, kwargs)
        outputs = record(self, args, kwargs, self._probe)
        self._nodes.append(jax.tree.leaves(outputs)[0].node)
        return outputs

    def _probe(self, *args: Any, **kwargs: Any) -> Any:
        """A call for its shapes, with random numbers that nobody sees."""
        with Scope(values={}, key=key_of(0)) as scope:
            return self._run(scope, args, kwargs)

    def _check_and_build(self, args: tuple, kwargs: dict[str, Any]) -> None:
        if self.input_spec is not None and args:
            specs = self.input_spec if isinstance(self.input_spec, list) else [self.input_spec]
            for spec, leaf in zip(specs, jax.tree.leaves(args[0])):
                spec.check(tuple(leaf.shape), self)
        if not self.built:
            self.build(**_build_shapes(self, args, kwargs))
            self.built = True
            if self.input_spec is not None and args:
                self._check_and_build(args, kwargs)

    @contextlib.contextmanager
    def _context(self) -> Iterator[None]:
        outer = _names.get()
        names = _names.set(outer if outer and outer[-1] == self.name else (*outer, self.name))
        dtype = autocast_dtype.set(self.compute_dtype if self.autocast else None)
        try:
            yield
        finally:
            autocast_dtype.reset(dtype)
            _names.reset(names)

    def _convert(self, tree: Any) -> Any:
        dtype = self.compute_dtype

        def convert(leaf: Any) -> Any:
            if not hasattr(leaf, "__array__") or isinstance(leaf, Variable):
                return leaf
            array = leaf if isinstance(leaf, jax.Array) else jnp.asarray(np.asarray(leaf))
            if self.autocast and array.dtype != dtype and is_float(array.dtype):
                cast, mask = array.astype(dtype), get_mask(array)
                if mask is not None:
                    set_mask(cast, mask)
                return cast
            return array

        return jax.tree.map(convert, tree)

    def apply(
        self,
        values: list[Any],
        *args: Any,
        key: jax.Array | None = None,
        step: Any = 0,
        training: bool = False,
        **kwargs: Any,
    ) -> tuple[Any, list[Any]]:
        """The layer as a pure function: `(values, inputs) -> (outputs, new values)`, safe under jit, grad,
        vmap and scan.

        Args:
            values: an array for each of `variables`.
            args, kwargs: what the layer is called with.
            key: the random key, needed where something is drawn.
            step: the training step, for layers that have a seed of their own.
            training: whether to behave as in training.

        Returns:
            The outputs, and the values as they are afterwards (batch normalization's statistics change,
            weights do not).
        """
        (outputs, new_values), _ = self._apply_with_losses(
            values, *args, key=key, step=step, training=training, **kwargs
        )
        return outputs, new_values

    def _apply_with_losses(
        self,
        values: list[Any],
        *args: Any,
        key: jax.Array | None = None,
        step: Any = 0,
        training: bool = False,
        **kwargs: Any,
    ) -> tuple[tuple[Any, list[Any]], list[Any]]:
        """`apply`, and the losses that layers added and regularizers make."""
        variables, outer = self.variables, current_scope()
        if len(values) != len(variables):
            raise ShapeError(
                f"Layer {self.name!r} has {len(variables)} variables. Received {len(values)} values."
            )
        if key is None and outer is not None:  # inside a training step of somebody's own
            key, step = outer.key, outer.step
        positions = {layer: index for index, layer in enumerate(self._flatten_layers())}
        with Scope(dict(zip(variables, values)), key, step, training, positions) as scope:
            outputs = self(*args, **kwargs)
            losses = self.losses
        return (outputs, [scope.values[variable] for variable in variables]), losses  # pyright: ignore[reportOptionalSubscript]

    def stateless_call(
        self,
        trainable_variables: list[Any],
        non_trainable_variables: list[Any],
        *args: Any,
        return_losses: bool = False,
        **kwargs: Any,
    ) -> tuple:
        """Keras's name for `apply`, with the values split; returns `(outputs, new non-trainable values[,
        losses])`.
        """
        kwargs.setdefault("training", False)
        table = dict(zip(self.trainable_variables, trainable_variables, strict=True))
        table.update(zip(self.non_trainable_variables, non_trainable_variables, strict=True))
        variables = self.variables
        (outputs, values), losses = self._apply_with_losses([table[v] for v in variables], *args, **kwargs)
        new = dict(zip(variables, values))
        others = [new[v] for v in self.non_trainable_variables]
        return (outputs, others, losses) if return_losses else (outputs, others)

    # Shapes, dtypes and configs.

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """The symbolic output for symbolic inputs, found by evaluation; nothing is recorded."""
        self._check_and_build(args, kwargs)
        return infer(self._probe, args, kwargs)

    def compute_output_shape(self, *input_shapes: Any) -> Any:
        """The output's shape for input shapes, None where unknown."""
        inputs = [tensors_of(shape, self.compute_dtype) for shape in input_shapes]
        return jax.tree.map(lambda tensor: tensor.shape, self.compute_output_spec(*inputs))

    @property
    def dtype(self) -> str:
        """The dtype in which variables are kept."""
        return self.dtype_policy.variable_dtype

    variable_dtype = dtype

    @property
    def compute_dtype(self) -> str:
        """The dtype in which the layer computes."""
        return self.dtype_policy.compute_dtype

    @property
    def input(self) -> Any:
        """The symbolic input of the layer's first call in a functional model."""
        node = self._node()
        return node.args[0] if len(node.args) == 1 else node.inputs

    @property
    def output(self) -> Any:
        """The symbolic output of the layer's first call in a functional model."""
        return self._node().outputs

    def _node(self) -> Any:
        if not self._nodes:
            raise NotBuiltError(
                f"Layer {self.name!r} has no symbolic input or output: it was not called on an Input."
            )
        return self._nodes[0]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments as plain values; override only where a format differs."""
        config = {"name": self.name, "trainable": self._trainable, "dtype": serialize(self.dtype_policy)}
        own = inspect.signature(type(self).__init__).parameters  # such as Embedding's input_dim
        for name, value in getattr(self, "_arguments", {}).items():
            current = getattr(self, name, value)
            if name not in own and (
                name in _SHAPE_ARGUMENTS or (name == "activity_regularizer" and current is None)
            ):
                continue
            if name not in ("name", "trainable", "dtype", "autocast"):
                config[name] = serialize(value if inspect.ismethod(current) else current)
        return config

    def get_build_config(self) -> dict[str, Any] | None:
        """The shapes that the layer was built with."""
        if self._build_shapes is None:
            return None
        if len(self._build_shapes) == 1:
            return {"input_shape": serialize(next(iter(self._build_shapes.values())))}
        return {"shapes_dict": serialize(self._build_shapes)}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Create the weights from what `get_build_config` returned."""
        shapes = config.get("shapes_dict") or {
            k: v for k, v in config.items() if k == "input_shape" or k.endswith("_shape")
        }
        shapes = {name: as_shape(shape) for name, shape in deserialize(shapes).items()}
        if self.built or any(shape is None for shape in shapes.values()):
            return
        if set(shapes) == {"input_shape"}:
            self.build(shapes["input_shape"])
        else:
            self.build(**shapes)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _recording_build(build: Callable[..., None]) -> Callable[..., None]:
    """`build`, marking the layer as built and keeping the shapes for its config."""
    names = list(inspect.signature(build).parameters)[1:]

    @functools.wraps(build)
    def wrapper(self: Layer, *args: Any, **kwargs: Any) -> None:
        if self._build_shapes is None:
            self._build_shapes = {**dict(zip(names, args)), **kwargs}
        with self._context():
            build(self, *args, **kwargs)
        self.built = True

    return wrapper


@functools.cache
def _call_parameters(cls: type) -> tuple[str, ...]:
    return tuple(name for name in inspect.signature(cls.call).parameters if name != "self")  # pyright: ignore[reportAttributeAccessIssue]


def _build_shapes(layer: Layer, args: tuple, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The shapes that `build` asks for: of the argument `query` as `query_shape`, or of the first
    argument.
    """

    def shape_of(value: Any) -> Any:
        return jax.tree.map(lambda leaf: tuple(leaf.shape) if hasattr(leaf, "shape") else None, value)

    names = list(inspect.signature(layer.build).parameters)
    called = {**dict(zip(_call_parameters(type(layer)), args)), **kwargs}
    if len(names) > 1 or (names and names[0] != "input_shape" and names[0].removesuffix("_shape") in called):
        given = {name: called.get(name.removesuffix("_shape")) for name in names}
        return {name: shape_of(value) for name, value in given.items() if value is not None}
    return {names[0]: shape_of(args[0] if args else next(iter(called.values()), None))} if names else {}


def _note(error: Exception, layer: Layer, args: tuple) -> None:
    """Tell, once, in which layer an error arose and what came in."""
    if not any(note.startswith("In layer") for note in getattr(error, "__notes__", ())):
        shapes = ", ".join(
            f"{leaf.dtype}{list(leaf.shape)}" for leaf in jax.tree.leaves(args) if hasattr(leaf, "shape")
        )
        error.add_note(f"In layer {layer.name!r} ({type(layer).__name__}), called with {shapes or args}.")
