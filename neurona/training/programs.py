"""Which compiled program a model trains with: models of equal structure share one, and compiled code is kept
on disk.
"""

import json
import os
import threading
from collections import OrderedDict
from typing import Any

import jax
from jax._src import xla_bridge

from neurona.core.errors import ForkError, SavingError
from neurona.core.folders import cache_folders
from neurona.core.registry import is_built_in, serialize
from neurona.training.compile_metrics import each_metric
from neurona.training.placement import Placement
from neurona.training.program import Program

# JAX hands a program to a thread of its own. To wake it takes longer than a small program, and a model waits
# for its results anyway.
jax.config.update("jax_cpu_enable_async_dispatch", False)

_PROGRAMS_KEPT = 32
_programs: OrderedDict[str, Program] = OrderedDict()
_lock = threading.Lock()


class _Process:
    """What is known of this process: whether it is the child of one that computes, by a fork."""

    is_forked = False


def _note_fork() -> None:
    _Process.is_forked = xla_bridge.backends_are_initialized()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)


def refuse_fork() -> None:
    """Raise ForkError in the child of a process whose JAX was in use when it was forked.

    The threads of JAX are not in the child, so that it would wait for them for ever.
    """
    if _Process.is_forked:
        raise ForkError(
            "This process was forked from one that uses JAX, whose threads are not here: it would hang. "
            "Start it with multiprocessing.get_context('spawn') (joblib's loky and subprocess do so)."
        )


def keep_compiled_programs() -> None:
    """Let XLA keep what it compiles on disk, unless a place was chosen already;
    JAX_ENABLE_COMPILATION_CACHE=false switches it off.
    """
    settings: Any = jax.config
    if settings.jax_compilation_cache_dir:
        return
    jax.config.update("jax_compilation_cache_dir", str(cache_folders()["programs"]))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.05)


def structure_of(trainer: Any, prediction: bool) -> str | None:
    """A text that is equal for models whose programs are equal, or None where that is not known.

    It is not known of models with code of the user.
    """
    layers = list(trainer._flatten_layers())
    if not all(is_built_in(layer) for layer in layers):
        return None
    try:
        parts: list[Any] = [
            trainer._structure(),
            [(variable.shape, variable.dtype, variable.trainable) for variable in trainer.variables],
            jax.dtypes.canonicalize_dtype("float64").name,  # whether JAX computes in 64 bits
            Placement.current().structure,
        ]
        if not prediction:
            compiled = trainer.get_compile_config()
            compiled["optimizer"] = repr(trainer._rule.structure_of(trainer))  # the learning rate is state
            parts.append(compiled)
            parts.append([serialize(metric) for metric in each_metric(trainer.metrics)])
            if trainer._own_step("train") or trainer._own_step("test") or not is_built_in(trainer._rule):
                return None
        text = json.dumps(parts, sort_keys=True)
    except (SavingError, TypeError, ValueError):
        return None
    return None if '"registered_name": "' in text else text


def program_for(trainer: Any, prediction: bool = False) -> Program:
    """The program of a model: that of another of equal structure if there is one, else a new one."""
    keep_compiled_programs()
    structure = structure_of(trainer, prediction)
    if structure is None:
        return Program()
    with _lock:
        program = _programs.pop(structure, None) or Program()
        _programs[structure] = program
        while len(_programs) > _PROGRAMS_KEPT:
            _programs.popitem(last=False)
    return program


def clear_programs() -> None:
    """Forget all programs of this process."""
    with _lock:
        _programs.clear()
