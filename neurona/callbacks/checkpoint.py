"""Callbacks that write files while training goes on: the model, or all that training needs to survive a
crash.
"""

import string
from pathlib import Path
from typing import Any

from neurona.callbacks.callback import Callback, Logs
from neurona.callbacks.figures import Figures
from neurona.callbacks.monitor import MonitorCallback, missing
from neurona.callbacks.screen import screen
from neurona.core.errors import ArgumentError, SavingError
from neurona.messages import translated
from neurona.saving import check_model_name, check_weights_name, read_state, write_state
from neurona.tracebacks import warn


def _interval(callback: Callback, save_freq: Any) -> int | None:
    """The steps between two files, or None for the ends of epochs.

    Raises:
        ArgumentError: save_freq is neither "epoch" nor a number of batches.
    """
    if save_freq == "epoch":
        return None
    if not isinstance(save_freq, int) or isinstance(save_freq, bool) or save_freq < 1:
        raise ArgumentError(
            f"{type(callback).__name__} takes save_freq='epoch' or a number of batches. Received: "
            f"{save_freq!r}"
        )
    return save_freq


class ModelCheckpoint(MonitorCallback):
    """Save the model, or its weights, again and again; every file is written whole or not at all.

    Args:
        filepath: the file; may name the epoch (from 1), the batch and the logs' figures:
            `"{epoch:02d}-{val_loss:.2f}.keras"`.
        monitor: the figure's name in the logs, for `save_best_only`.
        verbose: 1 to say what is saved.
        save_best_only: save only when the figure is better than it ever was; not in epochs without it.
        save_weights_only: save the weights, into `something.weights.h5`, instead of the model, into
            `something.keras`; into the other files that `save_weights` and `save` write, by their endings.
        mode: `"min"` if less is better, `"max"` if more is, `"auto"` to ask the metric.
        save_freq: `"epoch"`, or a number of batches, counted over epochs.
        initial_value_threshold: what the first figure must be better than.

    Raises:
        SavingError: the file's ending is that of another kind of file.
        ArgumentError: the file's name asks for a figure that is not in the logs.

    Example:

        >>> ModelCheckpoint("best.json")
        Traceback (most recent call last):
        neurona.core.errors.SavingError: best.json: the architecture alone is the text that model.to_json()
            returns. ...
    """

    def __init__(
        self,
        filepath: Any,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: int | str = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode, initial_value_threshold)
        self.filepath, self.verbose = str(filepath), verbose
        self.save_best_only, self.save_weights_only, self.save_freq = (
            save_best_only,
            save_weights_only,
            save_freq,
        )
        self._batch_interval = _interval(self, save_freq)
        (check_weights_name if save_weights_only else check_model_name)(Path(self.filepath))
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._save({"batch": batch + 1, **(logs or {})})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.save_freq == "epoch":
            self._save(logs or {})

    def _save(self, logs: Logs) -> None:
        reason = self._reason(logs)
        if reason is None:
            return
        path = self._path(logs)
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)
        if self.verbose:
            screen.print(translated(f"Epoch {self._epoch + 1}: {reason}saved {path}."))

    def _reason(self, logs: Logs) -> str | None:
        """Why to save, as the beginning of a message; None not to."""
        if not self.save_best_only:
            return ""
        value = self.find(logs)
        if value is None:
            return None
        if not self.is_better(value, self.best):
            if self.verbose:
                screen.print(
                    translated(
                        f"Epoch {self._epoch + 1}: {self.monitor} {value:.5f} is no better than "
                        f"{self.best:.5f}."
                    )
                )
            return None
        before = self.best
        self.best = value
        if before is None:
            return f"{self.monitor} {value:.5f}, "
        return f"{self.monitor} {value:.5f} after {before:.5f}, "

    def _path(self, logs: Logs) -> str:
        values = Figures({**logs, "epoch": self._epoch + 1})
        for _, name, _, _ in string.Formatter().parse(self.filepath):
            if name is not None and name not in values:
                raise ArgumentError(
                    f"ModelCheckpoint: the file name {self.filepath!r} asks for {name!r}, which "
                    f"{missing(name, values)}"
                )
        return self.filepath.format_map(values)

    def _get_state(self) -> dict[str, Any]:
        return {"best": self.best}

    def _set_state(self, state: dict[str, Any]) -> None:
        self.best = state["best"]


class BackupAndRestore(Callback):
    """Let a training that was killed go on where it was, when the same program is started again.

    All of training is kept: weights, statistics, optimizer, metrics, random numbers, the order of the rows,
    the position in the epoch, the history and what other callbacks remember. The result has the bits of a
    training that was never interrupted, on the same machine, as far as the data is deterministic: a generator
    is read again up to where it was.

    Args:
        backup_dir: the folder for the backup; one for every training.
        save_freq: `"epoch"`, or a number of batches, counted over epochs.
        double_checkpoint: also keep the backup before the last, and use it if the last can't be read.
        delete_checkpoint: remove the backup when training has ended of itself.

    Raises:
        SavingError: at the begin of training: the backup can't be read, or is of another model or other data.
    """

    _runs_last = True

    def __init__(
        self,
        backup_dir: Any,
        save_freq: int | str = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        if not str(backup_dir):
            raise ArgumentError("BackupAndRestore needs the name of a folder: backup_dir='backup'.")
        self.backup_dir, self.save_freq = Path(backup_dir), save_freq
        self.double_checkpoint, self.delete_checkpoint = double_checkpoint, delete_checkpoint
        self._batch_interval = _interval(self, save_freq)
        self._latest, self._previous = self.backup_dir / "latest.npz", self.backup_dir / "previous.npz"

    def on_train_begin(self, logs: Logs | None = None) -> None:
        if self.backup_dir.is_file():
            raise SavingError(f"BackupAndRestore needs a folder; {str(self.backup_dir)!r} is a file.")
        self._fit.identify()
        checkpoint = self._read()
        if checkpoint is None:
            return
        try:
            self._fit.resume(checkpoint)
        except SavingError as error:
            raise SavingError(
                f"The backup in {str(self.backup_dir)!r} does not fit this training: {error} Delete the "
                "folder to begin anew."
            ) from None

    def _read(self) -> Any:
        for path in (self._latest, self._previous):
            if path.exists():
                try:
                    return read_state(path)
                except SavingError as error:
                    if path == self._previous or not self._previous.exists():
                        raise
                    warn(f"{error} Training goes on from the backup before.")
        return None

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._write(batch + 1)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.save_freq == "epoch":
            self._write(0)

    def _write(self, step: int) -> None:
        if self.double_checkpoint and _is_whole(self._latest):
            self._latest.replace(self._previous)
        write_state(self._latest, self._fit.checkpoint(step))

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.delete_checkpoint and not self._fit.interrupted:
            self._latest.unlink(missing_ok=True)
            self._previous.unlink(missing_ok=True)
            if self.backup_dir.is_dir() and not any(self.backup_dir.iterdir()):
                self.backup_dir.rmdir()


def _is_whole(path: Path) -> bool:
    """Whether a backup exists and can be read."""
    try:
        read_state(path)
    except SavingError:
        return False
    return True
