"""Callbacks: what the host does between the steps of training.

model.fit(x, y, callbacks=[EarlyStopping(patience=3, restore_best_weights=True), CSVLogger("history.csv")])
"""

from neurona.callbacks.averaging import SwapEMAWeights
from neurona.callbacks.board import Board
from neurona.callbacks.callback import Callback, History
from neurona.callbacks.callback_list import CallbackList
from neurona.callbacks.checkpoint import BackupAndRestore, ModelCheckpoint
from neurona.callbacks.early_stopping import EarlyStopping
from neurona.callbacks.loggers import CSVLogger, LambdaCallback, RemoteMonitor, TerminateOnNaN
from neurona.callbacks.monitor import MonitorCallback
from neurona.callbacks.progress import ProgbarLogger
from neurona.callbacks.schedules import LearningRateScheduler, ReduceLROnPlateau
from neurona.callbacks.tensorboard import TensorBoard
from neurona.core.lazy import suggest_names

__all__ = [
    "BackupAndRestore",
    "Board",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "MonitorCallback",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "RemoteMonitor",
    "SwapEMAWeights",
    "TensorBoard",
    "TerminateOnNaN",
]

suggest_names(__name__)
