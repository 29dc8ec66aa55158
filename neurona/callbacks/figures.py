"""The figures of a training, by their names."""

from typing import Any

from neurona.core.spellings import older


class Figures(dict[str, Any]):
    """Figures of a training by their names, older names included.

    Example:

        >>> Figures(loss=0.5)["loss"], Figures(loss=0.5).get("accuracy")
        (0.5, None)
    """

    def __missing__(self, name: str) -> Any:
        for today in older("figures", name) or ():
            if super().__contains__(today):
                return self[today]
        raise KeyError(name)

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default

    def __contains__(self, name: object) -> bool:
        known = super().__contains__
        return known(name) or any(map(known, older("figures", str(name)) or ()))
