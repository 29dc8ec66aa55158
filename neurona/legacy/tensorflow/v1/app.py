"""`tf.app` and `tf.flags`: a program's arguments, and its `main`."""

import argparse
import sys
from collections.abc import Callable
from typing import Any, NamedTuple


class Flag(NamedTuple):
    """An argument and its value; printed, it is the value."""

    name: str
    value: Any

    def __str__(self) -> str:
        return str(self.value)

    def __repr__(self) -> str:
        return repr(self.value)


class _Flags:
    """The values of the arguments: `FLAGS.name`."""

    def __init__(self) -> None:
        self.__dict__["_defined"] = {}
        self.__dict__["_values"] = None

    def _define(self, name: str, kind: Callable[[str], Any], default: Any, text: Any) -> None:
        self._defined[name] = (kind, default, text)
        if self._values is not None:
            self._values.setdefault(name, default)

    def _parse(self, arguments: list[str]) -> list[str]:
        """Read arguments; returns those that are no flags."""
        parser = argparse.ArgumentParser(allow_abbrev=False)
        for name, (kind, default, text) in self._defined.items():
            options: dict[str, Any] = {"default": default, "help": text}
            if kind is _boolean:
                parser.add_argument(f"--no{name}", dest=name, action="store_false", default=default)
                options |= {"nargs": "?", "const": True}
            if isinstance(kind, _Several):
                options["action"] = _Adding
            parser.add_argument(f"--{name}", dest=name, type=kind, **options)
        found, rest = parser.parse_known_args(arguments)
        self.__dict__["_values"] = vars(found)
        return rest

    def __call__(self, argv: Any = None, known_only: bool = False) -> list[str]:
        arguments = list(sys.argv if argv is None else argv)
        return [*arguments[:1], *self._parse(arguments[1:])]

    def __getattr__(self, name: str) -> Any:
        if name == "__flags":  # what programs print all of
            return {one: Flag(one, value) for one, value in self._parsed().items()}
        if name.startswith("__"):
            raise AttributeError(name)
        values = self._parsed()
        if name not in values:
            raise AttributeError(f"There is no flag {name!r}. There are: {', '.join(values)}.")
        return values[name]

    def __setattr__(self, name: str, value: Any) -> None:
        self._parsed()[name] = value

    def __getitem__(self, name: str) -> "Flag":
        return Flag(name, self.__getattr__(name))

    def _parse_flags(self, args: Any = None) -> None:
        self(None if args is None else ["", *args])

    def is_parsed(self) -> bool:
        """Whether the arguments were read."""
        return self._values is not None

    def mark_as_parsed(self) -> None:
        """Read the arguments, if they were not yet."""
        self._parsed()

    def set_default(self, name: str, value: Any) -> None:
        """Change the value that an argument has where it is not given."""
        kind, _, text = self._defined[name]
        self._defined[name] = (kind, value, text)
        if self._values is not None:
            self._parse(sys.argv[1:])

    def get_flag_value(self, name: str, default: Any) -> Any:
        """The value of an argument, or another where it was not given one."""
        value = self._parsed().get(name)
        return default if value is None else value

    def _parsed(self) -> dict[str, Any]:
        """The values, read from the program's arguments if they were not yet."""
        if self._values is None:
            self._parse(sys.argv[1:])
        return vars(self)["_values"]

    def __contains__(self, name: str) -> bool:
        return name in self._defined

    def __iter__(self) -> Any:
        return iter(self._defined)

    def flag_values_dict(self) -> dict[str, Any]:
        """The flags as a dictionary."""
        return {name: getattr(self, name) for name in self._defined}

    def __delattr__(self, name: str) -> None:
        self._defined.pop(name, None)


class _Several(NamedTuple):
    """The kind of an argument that may be given more than once."""

    kind: Callable[[str], Any]

    def __call__(self, text: str) -> Any:
        return self.kind(text)


class _Adding(argparse.Action):
    """Adds a value to those that were given before it, in place of the default ones."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        before = getattr(namespace, self.dest)
        setattr(namespace, self.dest, [*([] if before is self.default else before), values])


def _boolean(text: str) -> bool:
    if text.lower() in ("true", "1", "yes", "t", "y"):
        return True
    if text.lower() in ("false", "0", "no", "f", "n"):
        return False
    raise argparse.ArgumentTypeError(f"true or false. Received: {text!r}")


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


FLAGS = _Flags()


def _defining(kind: Callable[[str], Any]) -> Callable[..., None]:
    def define(flag_name: str = "", default_value: Any = None, docstring: Any = None, **other: Any) -> None:
        name = other.get("name", flag_name)
        FLAGS._define(name, kind, other.get("default", default_value), other.get("help", docstring))

    define.__doc__ = "Say that the program has an argument."
    return define


DEFINE_string, DEFINE_integer, DEFINE_float = _defining(str), _defining(int), _defining(float)
DEFINE_boolean = DEFINE_bool = _defining(_boolean)
DEFINE_list = _defining(_listed)


def DEFINE_enum(name: str, default: Any, enum_values: list[str], help: Any = None, **_: Any) -> None:
    """Say that the program has an argument, which is one of some texts."""

    def kind(text: str) -> str:
        if text not in enum_values:
            raise argparse.ArgumentTypeError(f"one of {', '.join(enum_values)}. Received: {text!r}")
        return text

    FLAGS._define(name, kind, default, help)


def DEFINE_enum_class(name: str, default: Any, enum_class: Any, help: Any = None, **_: Any) -> None:
    """Say that the program has an argument, which is one of the names of an enumeration."""
    first = enum_class[default] if isinstance(default, str) else default
    FLAGS._define(name, enum_class.__getitem__, first, help)


def _defining_several(kind: Callable[[str], Any]) -> Callable[..., None]:
    def define(name: str, default: Any, help: Any = None, **_: Any) -> None:
        first = default if default is None or isinstance(default, (list, tuple)) else [default]
        FLAGS._define(name, _Several(kind), first, help)

    define.__doc__ = "Say that the program has an argument, which may be given more than once."
    return define


DEFINE_multi_string, DEFINE_multi_integer = _defining_several(str), _defining_several(int)
DEFINE_multi_float = _defining_several(float)


def mark_flags_as_required(names: list[str], flag_values: Any = None) -> None:
    """Say that arguments must be given."""
    for name in names:
        mark_flag_as_required(name)


def mark_flag_as_required(name: str, flag_values: Any = None) -> None:
    """Say that an argument must be given."""
    _, default, _ = FLAGS._defined[name]
    if default is None and not any(one.startswith(f"--{name}") for one in sys.argv):
        raise SystemExit(f"Flag --{name} must have a value other than None.")


def run(main: Callable[[list[str]], Any] | None = None, argv: list[str] | None = None) -> None:
    """Read the arguments, call `main` and exit."""
    arguments = list(sys.argv if argv is None else argv)
    rest = FLAGS(arguments)
    called = main or sys.modules["__main__"].main
    sys.exit(called(rest))


flags = sys.modules[__name__]  # `tf.app.flags` has the same names
