"""Building: a layer creates its weights when the shape of its input is known."""

import contextlib
import functools
import inspect
import threading
from collections.abc import Callable, Iterator
from typing import Any

import jax

from neurona.core.calling import call_parameters
from neurona.core.errors import ShapeError
from neurona.core.owner import Part, WeightOwner
from neurona.core.registry import deserialize, serialize
from neurona.core.scope import Scope, current_scope
from neurona.core.shapes import as_shape

building = threading.RLock()  # one thread builds: others, called for the first time meanwhile, wait for it


class Buildable(WeightOwner[Part]):
    """An owner of weights that are created by `build`, at the first call or from the shapes in a file."""

    input_spec: Any = None
    _path: str | None = None
    compute_dtype: str
    autocast: bool
    _build_shapes: dict[str, Any] | None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "compute_mask" in vars(cls) and "supports_masking" not in vars(cls):
            cls.supports_masking = True  # who computes a mask passes it on
        if "build" in cls.__dict__:
            cls.build = _recording(cls.build)

    def build(self, input_shape: Any) -> None:
        """Create the weights, now that the input's shape (with None where unknown) is known."""
        self._build_shapes = self._build_shapes or {"input_shape": input_shape}
        with self._context():
            pass  # which notes the path
        self.built = True

    @property
    def path(self) -> str | None:
        """The names of the layers around this one and its own, joined by "/"; None before it is built."""
        return self._path

    def _check_and_build(self, args: tuple, kwargs: dict[str, Any]) -> None:
        if self.input_spec is not None and args:
            specs = self.input_spec if isinstance(self.input_spec, list) else [self.input_spec]
            for spec, leaf in zip(specs, jax.tree.leaves(args[0])):
                before = getattr(getattr(leaf, "node", None), "operation", None)
                try:
                    spec.check(tuple(leaf.shape), self, leaf.dtype, before)
                except ShapeError:
                    self._refuse_made_up_sizes(args, kwargs)
                    raise
        if not self.built:
            with building:
                if not self.built:
                    self._note_in_trace()
                    shapes = shapes_for(self.build, call_parameters(type(self)), args, kwargs)
                    try:
                        self.build(**shapes)
                    except IndexError as error:
                        raise ShapeError(
                            f"Layer {self.name!r} ({type(self).__name__}) can't be built: its input has no "
                            f"such axis. Received shape {', '.join(map(str, shapes.values()))}."
                        ) from error
                    self.built = True
            if self.input_spec is not None and args:
                self._check_and_build(args, kwargs)

    def _note_in_trace(self) -> None:
        """Keep the attributes of now where shapes are traced: what is built from made-up sizes goes again."""
        scope = current_scope()
        if scope is not None and scope.built is not None:
            attributes = vars(self).items()
            before = {name: list(value) if type(value) is list else value for name, value in attributes}
            scope.built.append((self, before, scope.unknown_sizes))

    def _refuse_made_up_sizes(self, args: tuple, kwargs: dict[str, Any]) -> None:
        """After an error in a trace of shapes: raise ShapeError where the layer was built in another trace,
        for a size that this one does not have.
        """
        scope = current_scope()
        if scope is None:
            return
        for layer, _, sizes in scope.built or ():
            if layer is self and sizes is not scope.unknown_sizes:
                shapes = shapes_for(self.build, call_parameters(type(self)), args, kwargs)
                if shapes != self._build_shapes:
                    raise ShapeError(
                        f"Layer {self.name!r} ({type(self).__name__}) needs the size of its input to create "
                        "its weights, and this size is None, not known. Give the model's input its full "
                        "shape, such as Input((n,))."
                    )

    @contextlib.contextmanager
    def _context(self) -> Iterator[None]:
        """The scope of this layer outside of its call, as `build` needs it."""
        outer = current_scope()
        dtype = self.compute_dtype if self.autocast else None
        opened = Scope() if outer is None else contextlib.nullcontext(outer)
        with opened as scope, scope.inside(self.name, dtype):
            self._path = "/".join(scope.path)
            yield

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


def shapes_for(
    method: Callable[..., Any], parameters: tuple[str, ...], args: tuple, kwargs: dict[str, Any]
) -> dict[str, Any]:
    """The shapes that a method such as `build` asks for: as `query_shape` that of the argument `query`,
    otherwise that of the first argument.

    Args:
        method: of a layer, with shapes as its arguments.
        parameters: the names of the arguments of its `call`.
        args, kwargs: what the layer is called with.
    """

    scope = current_scope()
    unknown = set() if scope is None else scope.unknown_sizes

    def shape_of(value: Any) -> Any:
        return jax.tree.map(lambda leaf: known(leaf.shape) if hasattr(leaf, "shape") else None, value)

    def known(shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return tuple(None if size in unknown else size for size in shape)

    names = list(inspect.signature(method).parameters)
    called = {**dict(zip(parameters, args)), **kwargs}
    if len(names) > 1 or (names and names[0] != "input_shape" and names[0].removesuffix("_shape") in called):
        given = {name: called.get(name.removesuffix("_shape")) for name in names}
        return {name: shape_of(value) for name, value in given.items() if value is not None}
    return {names[0]: shape_of(args[0] if args else next(iter(called.values()), None))} if names else {}


def _recording(build: Callable[..., None]) -> Callable[..., None]:
    """A layer's `build` that names its weights, marks the layer as built and keeps the shapes for its
    config.
    """
    names = list(inspect.signature(build).parameters)[1:]

    @functools.wraps(build)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        if self._build_shapes is None:
            self._build_shapes = {**dict(zip(names, args)), **kwargs}
        with self._context():
            build(self, *args, **kwargs)
        self.built = True

    return wrapper
