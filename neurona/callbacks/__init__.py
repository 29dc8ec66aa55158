"""Callbacks: what the host does between the steps of training."""

from neurona.callbacks.callback import Callback, CallbackList, History
from neurona.callbacks.progress import ProgbarLogger

__all__ = ["Callback", "CallbackList", "History", "ProgbarLogger"]
