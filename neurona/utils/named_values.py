"""Config: named values that are read and set as attributes, and can be frozen."""

import json
from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from typing import Any

from neurona.core.errors import ArgumentError, suggestion
from neurona.messages import translated


class Config:
    """Named values: a dictionary whose keys are also attributes.

    `freeze()` protects it from changes from then on, and `to_json()` gives it as a text.

    Args:
        **kwargs: the first values, by name.

    Raises:
        ArgumentError: a frozen one is changed.
        AttributeError: there is no value of that name; the message offers the nearest.

    Example:

        >>> config = Config(learning_rate=0.1)
        >>> config.momentum = 0.9
        >>> config["momentum"], config.to_json()
        (0.9, '{"learning_rate": 0.1, "momentum": 0.9}')
    """

    def __init__(self, **kwargs: Any) -> None:
        vars(self).update(_config=kwargs, _frozen=False)

    @property
    def frozen(self) -> bool:
        """Whether it can't be changed."""
        return self._frozen

    def freeze(self) -> None:
        """Refuse changes from now on."""
        self._frozen = True

    def unfreeze(self) -> None:
        """Allow changes again."""
        self._frozen = False

    def _changeable(self) -> dict[str, Any]:
        if self._frozen:
            raise ArgumentError("This Config is frozen: call unfreeze() before changing it.")
        return self._config

    def as_dict(self) -> dict[str, Any]:
        """A dictionary of the values."""
        return dict(self._config)

    def to_json(self) -> str:
        """The values as JSON."""
        return json.dumps(self._config)

    def keys(self) -> KeysView[str]:
        """The names, in the order in which they were set."""
        return self._config.keys()

    def values(self) -> ValuesView[Any]:
        """The values."""
        return self._config.values()

    def items(self) -> ItemsView[str, Any]:
        """Pairs of name and value."""
        return self._config.items()

    def pop(self, *args: Any) -> Any:
        """Remove a value by its name, and return it, or the second argument where there is none."""
        return self._changeable().pop(*args)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Set several values, as `dict.update` does."""
        self._changeable().update(*args, **kwargs)

    def get(self, keyname: str, value: Any = None) -> Any:
        """The value of a name, or another one where there is none."""
        return self._config.get(keyname, value)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in vars(self) or hasattr(type(self), name):
            object.__setattr__(self, name, value)
        else:
            self[name] = value

    def __getattr__(self, name: str) -> Any:
        values = vars(self).get("_config", {})  # none yet while a copy is being made
        if name in values:
            return values[name]
        hint = suggestion(name, values)
        raise AttributeError(translated(f"This Config has no value {name!r}.{hint}"), name=name, obj=self)

    def __setitem__(self, key: str, item: Any) -> None:
        self._changeable()[key] = item

    def __getitem__(self, key: str) -> Any:
        return self._config[key]

    def __delitem__(self, key: str) -> None:
        del self._changeable()[key]

    def __contains__(self, item: object) -> bool:
        return item in self._config

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._config))

    def __len__(self) -> int:
        return len(self._config)

    def __repr__(self) -> str:
        return f"<Config {self._config}>"
