"""The loops with a progress bar of the package `tqdm`, where that is not installed: without the bar.

Notebooks that ran where it was always there, as on Colab, use little of it: the loop itself, and what is
shown beside the bar.
"""

import sys
from collections.abc import Iterable, Iterator, Sized
from typing import Any, Self

from neurona.core.errors import optional_import
from neurona.legacy.spellings import tell


class tqdm:
    """An iterable, passed on; calls that would move or label a bar count, and draw nothing.

    Args:
        iterable: what is gone through; None where `update` counts.
        desc: a label.
        total: how many steps there are.
        **options: how a bar would look.

    Example:

        >>> bar = tqdm(range(3), desc="epochs")
        >>> [step for step in bar], bar.n, len(bar)
        ([0, 1, 2], 3, 3)
    """

    def __init__(
        self,
        iterable: Iterable[Any] | None = None,
        desc: str | None = None,
        total: Any = None,
        **options: Any,
    ) -> None:
        tell("tqdm is not installed: loops run without a progress bar. For bars: pip install tqdm")
        self.iterable, self.desc, self.n = iterable, desc or "", options.get("initial", 0)
        self.total = len(iterable) if total is None and isinstance(iterable, Sized) else total
        self.disable, self.leave, self.postfix = True, options.get("leave", True), None

    def __iter__(self) -> Iterator[Any]:
        for item in self.iterable or ():
            yield item
            self.n += 1

    def __len__(self) -> int:
        return int(self.total or 0)

    def __bool__(self) -> bool:
        return self.total is None or self.total > 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()

    def update(self, n: float = 1) -> None:
        """Count further steps."""
        self.n += n

    def set_description(self, desc: str | None = None, refresh: bool = True) -> None:
        """Set the label."""
        self.desc = desc or ""

    set_description_str = set_description

    def set_postfix(self, ordered_dict: Any = None, refresh: bool = True, **figures: Any) -> None:
        """Set figures beside the bar."""
        self.postfix = ", ".join(
            f"{name}={value}" for name, value in {**dict(ordered_dict or {}), **figures}.items()
        )

    def set_postfix_str(self, text: str = "", refresh: bool = True) -> None:
        """Set a text beside the bar."""
        self.postfix = text

    def reset(self, total: Any = None) -> None:
        """Begin anew."""
        self.n, self.total = 0, self.total if total is None else total

    def refresh(self, *_: Any, **__: Any) -> None:
        """Draw nothing."""

    close = clear = unpause = display = refresh

    @classmethod
    def write(cls, text: str, file: Any = None, end: str = "\n", nolock: bool = False) -> None:
        """Print a line above the bars."""
        print(text, file=file or sys.stdout, end=end)

    @classmethod
    def pandas(cls, **options: Any) -> None:
        """Give pandas `progress_apply` and its kin, which are `apply` and its."""
        pandas: Any = optional_import("pandas", extra="data", purpose="tqdm.pandas")
        for kind in (pandas.Series, pandas.DataFrame):
            for name in ("apply", "map"):
                if hasattr(kind, name):
                    setattr(kind, f"progress_{name}", getattr(kind, name))


def trange(*args: int, **options: Any) -> tqdm:
    """tqdm(range(...))."""
    return tqdm(range(*args), **options)


tqdm_notebook, tnrange = tqdm, trange
_NAMES = {"tqdm": tqdm, "trange": trange, "tqdm_notebook": tqdm_notebook, "tnrange": tnrange}
PATHS: dict[str, Any] = dict.fromkeys(
    ("notebook", "auto", "autonotebook", "std", "tqdm", "asyncio", "gui"), _NAMES
)
PATHS["keras"] = "neurona.legacy.tqdm_keras"
