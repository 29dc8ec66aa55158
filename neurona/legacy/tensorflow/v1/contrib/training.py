"""`tf.contrib.training`: hyperparameters."""

import json
from typing import Any


class HParams:
    """Numbers and texts that a model is made with, as attributes."""

    def __init__(self, hparam_def: Any = None, model_structure: Any = None, **kwargs: Any) -> None:
        self._names: list[str] = []
        for name, value in kwargs.items():
            self.add_hparam(name, value)

    def add_hparam(self, name: str, value: Any) -> None:
        """Add one.

        Raises:
            ValueError: it is there already.
        """
        if name in self._names:
            raise ValueError(f"Hyperparameter name is reserved: {name}")
        self._names.append(name)
        setattr(self, name, value)

    def set_hparam(self, name: str, value: Any) -> None:
        """Change one."""
        self._check(name)
        setattr(self, name, value)

    def del_hparam(self, name: str) -> None:
        """Remove one."""
        self._names.remove(name)
        delattr(self, name)

    def get(self, key: str, default: Any = None) -> Any:
        """The value of one, or another where it is not there."""
        return getattr(self, key) if key in self._names else default

    def values(self) -> dict[str, Any]:
        """All values by their names."""
        return {name: getattr(self, name) for name in self._names}

    def parse(self, values: str) -> "HParams":
        """Set values from a text such as "rate=0.1,layers=[3,4]"."""
        for name, text in _pairs(values):
            self._check(name)
            self.set_hparam(name, _read(text, getattr(self, name)))
        return self

    def override_from_dict(self, values_dict: dict[str, Any]) -> "HParams":
        """Set values from a dictionary."""
        for name, value in values_dict.items():
            self.set_hparam(name, value)
        return self

    def to_json(self, indent: Any = None, separators: Any = None, sort_keys: bool = False) -> str:
        """The values as JSON."""
        return json.dumps(self.values(), indent=indent, separators=separators, sort_keys=sort_keys)

    def parse_json(self, values_json: str) -> "HParams":
        """Set values from JSON."""
        return self.override_from_dict(json.loads(values_json))

    def _check(self, name: str) -> None:
        if name not in self._names:
            raise KeyError(f"Unknown hyperparameter {name!r}. There are: {', '.join(self._names)}.")

    def __contains__(self, key: str) -> bool:
        return key in self._names

    def __str__(self) -> str:
        return str(sorted(self.values().items()))

    def __repr__(self) -> str:
        return f"HParams({self})"


def _pairs(text: str) -> list[tuple[str, str]]:
    """The names and texts of "a=1,b=[2,3]"."""
    found: list[str] = []
    depth = 0
    for part in text.split(","):
        if depth:
            found[-1] += f",{part}"
        elif part.strip():
            found.append(part)
        depth += part.count("[") - part.count("]")
    return [(name.strip(), value.strip()) for name, _, value in (one.partition("=") for one in found)]


def _read(text: str, like: Any) -> Any:
    """A text as a value of the same kind as another."""
    if isinstance(like, (list, tuple)):
        first = like[0] if like else ""
        return [_read(part.strip(), first) for part in text.strip("[]").split(",") if part.strip()]
    if isinstance(like, bool):
        return text.lower() in ("true", "1")
    return type(like)(text) if isinstance(like, (int, float)) else text
