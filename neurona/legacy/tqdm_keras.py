"""The callback of the package `tqdm` for `fit`, where that is not installed: without the bar."""

from typing import Any

from neurona.callbacks import Callback
from neurona.legacy.spellings import tell

__all__ = ["TqdmCallback"]


class TqdmCallback(Callback):
    """A bar for the epochs and one for the batches in the package; here nothing is drawn.

    Args:
        epochs, data_size, batch_size, verbose, tqdm_class: how the bars would count.
        **options: how they would look.

    Example:

        >>> TqdmCallback(verbose=0).verbose
        0
    """

    def __init__(
        self,
        epochs: int | None = None,
        data_size: int | None = None,
        batch_size: int | None = None,
        verbose: int = 1,
        tqdm_class: Any = None,
        **options: Any,
    ) -> None:
        super().__init__()
        tell("tqdm is not installed: loops run without a progress bar. For bars: pip install tqdm")
        self.verbose = verbose

    def display(self) -> None:
        """Draw nothing."""
