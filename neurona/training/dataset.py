"""PyDataset: data that comes batch by batch, by number."""

from typing import Any

from neurona.core.errors import UnexpectedArgument, suggestion
from neurona.messages import translated


class PyDataset:
    """Data of which any batch can be asked for by number.

    Subclasses define `__len__`, the number of batches, and `__getitem__(index)`, which returns `(x, y)` or
    `(x, y, sample_weight)`.

    Args:
        workers: how many batches are prepared at the same time, each by a thread; with more than one,
            `__getitem__` must bear that.
        use_multiprocessing: accepted for compatibility; batches are prepared by threads.
        max_queue_size: how many batches are prepared ahead.

    Example:

        >>> import numpy as np
        >>> class Squares(PyDataset):
        ...     def __len__(self):
        ...         return 3
        ...     def __getitem__(self, index):
        ...         x = np.arange(4.0) + 4 * index
        ...         return x, x**2
        >>> len(Squares()), Squares()[1][1].tolist()
        (3, [16.0, 25.0, 36.0, 49.0])
    """

    def __init__(
        self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10, **kwargs: Any
    ) -> None:
        for name in kwargs:
            known = ["workers", "use_multiprocessing", "max_queue_size"]
            raise UnexpectedArgument(f"PyDataset has no argument {name!r}.{suggestion(name, known)}")
        self.workers, self.use_multiprocessing, self.max_queue_size = (
            workers,
            use_multiprocessing,
            max_queue_size,
        )

    def __getitem__(self, index: int) -> Any:
        """Batch number `index`."""
        raise TypeError(
            translated(
                f"{type(self).__name__} needs a `__getitem__(self, index)` method that returns a batch."
            )
        )

    def __len__(self) -> int:
        """The number of batches."""
        raise TypeError(
            translated(f"{type(self).__name__} needs a `__len__(self)` method: its number of batches.")
        )

    @property
    def num_batches(self) -> int:
        """The number of batches, under Keras's other name."""
        return len(self)

    def on_epoch_begin(self) -> None:
        """Called before every epoch."""

    def on_epoch_end(self) -> None:
        """Called after every epoch, for instance to shuffle."""
