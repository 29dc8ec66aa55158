"""Names and configs: every layer, loss, optimizer... can be found by name and rebuilt from a plain
dictionary.

A class becomes findable by inheriting from `Serializable`; its config is recorded from the constructor call,
so no class writes `get_config` by hand unless its format differs. The dictionaries are Keras 3's, so files
travel both ways:

    {"module": "keras.layers", "class_name": "Dense", "config": {"units": 3, ...}, "registered_name": None}

Rebuilding only ever looks names up here: nothing is imported, evaluated or unpickled because a file says so.
"""

import contextlib
import contextvars
import functools
import importlib
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self

import jax
import numpy as np

from neurona.core.errors import ArgumentError, SavingError, UnexpectedArgument, suggestion, unexpected
from neurona.core.options import documented, with_options
from neurona.core.spellings import older, older_attribute, todays
from neurona.files.gate import Gate, building
from neurona.tracebacks import ends_at_users_line

KINDS = (
    "schedules",
    "optimizers",
    "layers",
    "losses",
    "metrics",
    "initializers",
    "regularizers",
    "constraints",
    "activations",
    "models",
    "policies",
    "quantizers",
    "random",
    "rules",
    "distillation",
)
# Where the classes of a kind are defined, if not in the room of its name. Classes register when their room is
# imported; a lookup imports it first, so that a layer or loss can be named without an import.
_ROOMS = {
    "schedules": "neurona.optimizers.schedules",
    "policies": "neurona.dtype_policies",
    "rules": "neurona.training.rules",
}
_KERAS_MODULES = {"schedules": "keras.optimizers.schedules", "models": "keras", "policies": "keras"}
_OF_LAYERS = {"name": "name", "trainable": "trainable", "dtype": "dtype_policy"}  # and their attributes
_built_in: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
_aliases: dict[str, dict[str, str]] = {kind: {} for kind in KINDS}
_custom: dict[str, Any] = {}
# Whether configs hold functions themselves: copies are made of such, and no files.
keeps_functions = contextvars.ContextVar("neurona_keeps_functions", default=False)
_custom_scope: contextvars.ContextVar[Mapping[str, Any]] = contextvars.ContextVar(
    "custom_objects", default=MappingProxyType({})
)


def snake_case(name: str) -> str:
    """Keras's spelling of a class name: `"Conv2DTranspose"` gives `"conv2d_transpose"`.

    Example:

        >>> snake_case("BatchNormalization"), snake_case("LSTMCell"), snake_case("Conv2D")
        ('batch_normalization', 'lstm_cell', 'conv2d')
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


class Serializable:
    """What can be named, configured and rebuilt. Subclasses set `_kind`, the family they are found under.

    `get_config()` returns the constructor's arguments: the attribute of the same name where there is one,
    else what was passed.
    """

    _kind: ClassVar[str] = ""
    _keras_module: ClassVar[str] = ""  # where Keras keeps the class, if not where its kind is kept
    _accepted: ClassVar[tuple[str, ...]] = ()  # arguments that no signature shows
    _arguments: dict[str, Any]

    def __init_subclass__(cls, aliases: tuple[str, ...] = (), **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__init__" in cls.__dict__:
            # Not `cls.__init__ = ...`: editors would read that as the signature of every subclass.
            type.__setattr__(cls, "__init__", _recording(with_options(cls.__dict__["__init__"]), cls))
        cls.__doc__ = documented(cls)
        if cls._kind and re.match(r"neurona\.(?!legacy)", cls.__module__) and cls.__name__[0] != "_":
            register_built_in(cls, kind=cls._kind, aliases=aliases)

    if not TYPE_CHECKING:  # type checkers report an unknown name
        __getattr__ = older_attribute

    def _class_in_files(self) -> tuple[str, str]:
        """The module and the name that files give the class: where Keras keeps it."""
        cls = type(self)
        own = is_built_in(self) and not cls.__module__.startswith("neurona.zoo.")
        return (cls._keras_module or _module(cls._kind)) if own else cls.__module__, cls.__name__

    @property
    def _class_name(self) -> str:
        """The name of the class in files and tables."""
        return self._class_in_files()[1]

    def get_config(self) -> dict[str, Any]:
        """The arguments that rebuild this object, as plain values that JSON can hold."""
        arguments = getattr(self, "_arguments", {})
        return {name: serialize(getattr(self, name, value)) for name, value in arguments.items()}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Build an object from what `get_config` returned."""
        names = constructor_arguments(cls)
        # Without the options that this class does not have and that are not set: another version wrote them.
        known = {name: deserialize(v) for name, v in config.items() if name in names or v is not None}
        # What every layer has is set afterwards where a subclass's constructor does not take it.
        later = {name: known.pop(name) for name in _OF_LAYERS if name in known and name not in names}
        made = cls(*known.pop(_positional(cls) or "", ()), **known)
        for name, value in later.items():
            setattr(made, _OF_LAYERS[name], value)
        return made

    @classmethod
    def _from_name(cls) -> Self:
        """What the bare name means as an argument, such as `loss="mse"`: the object made without
        arguments.
        """
        return cls()


def _recording(init: Callable[..., None], owner: type[Serializable]) -> Callable[..., None]:
    """The constructor, keeping its bound arguments; a subclass's own call is the one that counts. Those of
    Neurona also take arguments by older names.
    """
    is_ours = owner.__module__.startswith("neurona.")
    known = functools.cache(lambda: frozenset([*constructor_arguments(owner), *owner._accepted]))
    signature = inspect.signature(init)
    parameters = list(signature.parameters.values())[1:]
    open_ended = next((p.name for p in parameters if p.kind is p.VAR_KEYWORD), None)
    positional = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), None)

    @ends_at_users_line
    @functools.wraps(init)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        if kwargs and is_ours and not kwargs.keys() <= known():
            args, kwargs = todays(owner, args, kwargs)
        if "_arguments" not in self.__dict__:
            try:
                bound = signature.bind(self, *args, **kwargs)
            except TypeError as error:
                raise _unbindable(type(self), kwargs, error) from None
            bound.apply_defaults()
            arguments = dict(bound.arguments)
            arguments.pop(next(iter(signature.parameters)))
            if positional is not None and not arguments[positional]:
                del arguments[positional]
            extra = arguments.pop(open_ended, {}) if open_ended else {}
            object.__setattr__(self, "_arguments", {**arguments, **extra})
        init(self, *args, **kwargs)

    return wrapper


def _unbindable(cls: type, given: Mapping[str, Any], error: TypeError) -> UnexpectedArgument:
    known = constructor_arguments(cls)
    for name in given:
        if name not in known:
            return unexpected(cls.__name__, name, known)
    return UnexpectedArgument(f"{cls.__name__}: {error}.")


def _positional(cls: type) -> str | None:
    """The name of a constructor's `*args`, if it has them."""
    parameters = inspect.signature(cls.__init__).parameters.values()
    return next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), None)


def constructor_arguments(cls: type) -> list[str]:
    """The names of a constructor's arguments through all its bases."""
    names: list[str] = []
    for base in cls.__mro__:
        if "__init__" not in base.__dict__ or base is object:
            continue
        parameters = list(inspect.signature(base.__init__).parameters.values())[1:]
        names += [p.name for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return names


def register_built_in(
    target: Any, *, kind: str, aliases: tuple[str, ...] = (), name: str | None = None
) -> Any:
    """Make a class or function of Neurona itself findable under a kind.

    Args:
        target: the class or function.
        kind: one of `KINDS`.
        aliases: names that arguments may use besides the name and its snake case.
        name: how configs call it; by default the target's own name.
    """
    name = name or str(target.__name__)
    _built_in[kind][name] = target
    for alias in {snake_case(name), name.lower(), *aliases}:
        _aliases[kind].setdefault(alias, name)
    return target


def is_built_in(target: Any) -> bool:
    """Whether an object's class is Neurona's own, and no subclass of it."""
    cls = type(target)
    return _built_in.get(cls._kind, {}).get(cls.__name__) is cls


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[Any], Any]:
    """Decorator that lets a class or function of your own be saved and loaded by name.

    Args:
        package: where it comes from; with the name it forms the key `"package>name"`.
        name: defaults to the object's own name.

    Example:

        >>> @register_keras_serializable(package="docs")
        ... def double(x):
        ...     return 2 * x
        >>> get_registered_object("docs>double") is double
        True
    """

    def decorate(target: Any) -> Any:
        _custom[f"{package}>{name or target.__name__}"] = target
        return target

    return decorate


def get_registered_object(name: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The object of your own registered as `name` (`"package>name"`), or None."""
    return {**_custom, **_custom_scope.get(), **(custom_objects or {})}.get(name)


def get_registered_name(target: Any) -> str:
    """The key under which an object of your own was registered, `"package>name"`, or else its name."""
    key = next((key for key, value in _custom.items() if value is target), None)
    return key or str(getattr(target, "__name__", "<lambda>"))


def get_custom_objects() -> dict[str, Any]:
    """The classes and functions that were registered, by `"package>name"`; what is added to it counts too."""
    return _custom


@contextlib.contextmanager
def custom_object_scope(custom_objects: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Within this block, names in configs may also mean these objects of yours."""
    token = _custom_scope.set({**_custom_scope.get(), **(custom_objects or {})})
    try:
        yield
    finally:
        _custom_scope.reset(token)


def _table(kind: str) -> dict[str, Any]:
    """What is registered under a kind, after its room was imported."""
    importlib.import_module(_ROOMS.get(kind, f"neurona.{kind}"))
    return _built_in[kind]


def built_in(kind: str) -> dict[str, Any]:
    """Everything of Neurona's own that is registered under a kind, by name."""
    return dict(_table(kind))


def lookup(kind: str, name: str) -> Any:
    """The class or function registered under a name of any spelling.

    Raises:
        ArgumentError: nothing has that name; the message offers the nearest.
    """
    custom = {**_custom, **_custom_scope.get()}
    for key, value in custom.items():
        if name in (key, key.split(">")[-1]):
            return value
    table = _table(kind)
    alias = _aliases[kind].get(name) or _aliases[kind].get(name.lower(), "")
    found = table.get(name) or table.get(alias) or older(kind, name)
    if found is None:
        known = sorted({*table, *_aliases[kind]})
        room = _ROOMS.get(kind, f"neurona.{kind}")
        raise ArgumentError(
            f"{room} has no {name!r}.{suggestion(name, known)} dir({room}) shows what it has."
        )
    return found


def resolve(kind: str, identifier: Any) -> Any:
    """What an argument such as `loss=` or `activation=` means: a name, a config, a class, an object, or None.

    Classes are instantiated without arguments; objects and functions are returned as they are.

    Raises:
        ArgumentError: the name is unknown, or the value is none of these.
    """
    if identifier is None:
        return None
    if isinstance(identifier, Mapping):
        return _rebuild(identifier, kind)
    if isinstance(identifier, str):
        identifier = lookup(kind, identifier)
        if inspect.isclass(identifier) and issubclass(identifier, Serializable):
            return identifier._from_name()
    if inspect.isclass(identifier):
        return identifier()
    if callable(identifier) or isinstance(identifier, Serializable):
        return identifier
    raise ArgumentError(
        f"Expected a name, a config, a class or an object of {kind}. Received: {identifier!r}"
    )


def _module(kind: str) -> str:
    return _KERAS_MODULES.get(kind, f"keras.{kind}")


def serialize(value: Any) -> Any:
    """A value as what JSON can hold; objects become `{"module", "class_name", "config", "registered_name"}`.

    Raises:
        SavingError: a function without a name that could be looked up again, such as a lambda.

    Example:

        >>> serialize((1, None, {"a": 2.5}))
        [1, None, {'a': 2.5}]
    """
    if isinstance(value, np.ndarray) and value.dtype.kind in "OSU":  # of texts
        value = value.tolist()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Serializable):
        return serialize_object(value)
    if isinstance(value, Mapping):
        return {str(key): serialize(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [serialize(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    # The numbers of a variable, which can be assigned, change.
    if hasattr(value, "__array__") and not hasattr(value, "assign") and not inspect.isclass(value):
        array = np.asarray(value)
        return {"class_name": "__numpy__", "config": {"value": array.tolist(), "dtype": array.dtype.name}}
    if isinstance(value, slice):
        config = {"start": value.start, "stop": value.stop, "step": value.step}
        return {"class_name": "__slice__", "config": config}
    if value is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(value, np.dtype) or (inspect.isclass(value) and issubclass(value, np.generic)):
        return np.dtype(value).name
    if callable(value):
        return value if keeps_functions.get() else _serialize_function(value)
    raise SavingError(
        f"Can't write {value!r} of type {type(value).__name__} into a config: give its class a get_config "
        "method."
    )


def _serialize_function(function: Any) -> Any:
    name = str(getattr(function, "__name__", "<lambda>"))
    if any(function is table.get(name) for table in _built_in.values()):
        return name
    if name == "<lambda>":
        raise SavingError(
            "A lambda or unnamed function can't be saved: its code would have to be run from the file. "
            "Define it with `def` and decorate it with @neurona.saving.register_keras_serializable()."
        )
    return described_function(get_registered_name(function))


def described_function(name: str) -> dict[str, Any]:
    """A function as Keras's files describe it, by its name or the key under which it was registered."""
    return {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}


def serialize_object(target: Serializable) -> dict[str, Any]:
    """The full description of an object: where its class is found, and its config."""
    cls = type(target)
    module, name = target._class_in_files()
    return {
        "module": module,
        "class_name": name,
        "config": target.get_config(),
        "registered_name": None if is_built_in(target) else get_registered_name(cls),
    }


def without_names(description: Any) -> Any:
    """A description without the names of the layers in it."""
    if isinstance(description, dict):
        module = str(description.get("module", ""))
        is_layer = "class_name" in description and (module.endswith("layers") or ".zoo." in module)
        kept = {key: without_names(value) for key, value in description.items()}
        if is_layer and isinstance(kept.get("config"), dict):
            kept["config"].pop("name", None)
        return kept
    return [without_names(item) for item in description] if isinstance(description, list) else description


def deserialize(
    value: Any, *, kind: str | None = None, custom_objects: Mapping[str, Any] | None = None
) -> Any:
    """Rebuild what `serialize` described; plain values pass through.

    Args:
        value: the description.
        kind: the family to look in when the description does not say.
        custom_objects: names of your own classes and functions.

    Raises:
        SavingError: the description names a class that is not registered, or carries code.
    """
    if not isinstance(value, (Mapping, list, tuple)):
        return value
    with examined(value), custom_object_scope(custom_objects):
        return _rebuild(value, kind)


@contextlib.contextmanager
def examined(description: Any) -> Iterator[None]:
    """A block that builds what a description from outside says: its size is checked first, what it allocates
    is counted, and whatever goes wrong is a SavingError. Inside another such block nothing changes.
    """
    if building() is not None:
        yield
        return
    gate = Gate.of_description(SavingError)
    gate.check_tree(description)
    with gate.building():
        yield


def _rebuild(value: Any, kind: str | None = None) -> Any:
    if isinstance(value, (list, tuple)):
        return [_rebuild(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if "class_name" not in value:
        return {key: _rebuild(item) for key, item in value.items()}
    name, config = _described(value)
    match name:
        case "__numpy__" | "__tensor__":
            return _array(config)
        case "__tuple__":
            return tuple(_rebuild(value["items"] if "items" in value else value["value"]))
        case "__slice__":
            return slice(config["start"], config["stop"], config["step"])
        case "__ellipsis__":
            return ...
        case "__lambda__":
            raise SavingError(
                "The file holds the compiled code of a lambda. Neurona never runs code from a file; rebuild "
                "the model in Python."
            )
        case "function":
            return _find_class(str(config), value, kind)
    target = _find_class(name, value, kind)
    if not hasattr(target, "from_config"):
        return target
    return target.from_config(config or {})


def _described(value: Mapping[str, Any]) -> tuple[str, Any]:
    """The class_name of a description, and its config."""
    name, config = value["class_name"], value.get("config") or {}
    if not isinstance(name, str) or not isinstance(config, (Mapping, str)):
        raise SavingError(
            f"A class_name is a text, and its config a dictionary. Received: {name!r:.100} and a config of "
            f"type {type(config).__name__}."
        )
    return name, config


def _array(config: Mapping[str, Any]) -> np.ndarray:
    """An array in a config; of numbers, so that a dtype such as "S1000000000" can't ask for a gigabyte."""
    dtype = jax.numpy.dtype(config["dtype"])
    if dtype.kind not in "biufcV" or dtype.itemsize > 16:
        raise SavingError(f"An array in a config holds numbers. Received: dtype {config['dtype']!r:.100}.")
    return np.asarray(config["value"], dtype=dtype)


def _kinds_in(module: str, kind: str | None) -> list[str]:
    """The families in which a class of a module is looked for; that which was asked for comes first."""
    kinds = [one for one in (kind, *KINDS) if one and (one == kind or one in module)]
    if re.match(r"(tf_)?keras\b.*\bapplications\b", module):  # layers of one architecture
        kinds.append("layers")
    if module.startswith("neurona.zoo."):
        importlib.import_module("neurona.zoo")
        kinds += ["layers", "losses", "rules"]
    return kinds


def _find_class(name: str, description: Mapping[str, Any], kind: str | None) -> Any:
    registered = description.get("registered_name")
    keys = filter(None, (registered, name, name.rpartition(">")[2]))
    if (custom := next(filter(None, map(get_registered_object, keys)), None)) is not None:
        return custom
    module = str(description.get("module") or "")
    kinds = _kinds_in(module, kind)
    anywhere = KINDS if kind is None and not module else ()
    for candidate in (*kinds, "models", "policies", *anywhere):
        if name in _table(candidate):
            return _table(candidate)[name]
    if (found := next(filter(None, (older(one, name) for one in kinds or ("layers",))), None)) is not None:
        return found
    raise SavingError(
        f"{registered or name!r} (module {module!r}) is not a registered class. If it is yours, decorate it "
        "with "
        f"@neurona.saving.register_keras_serializable(), or pass custom_objects={{{name!r}: {name}}}."
    )
