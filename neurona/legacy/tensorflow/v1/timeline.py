"""`tensorflow.python.client.timeline`: the runs of a session as a trace for Chrome's chrome://tracing."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple


class StepStats(NamedTuple):
    """What is known of a run: XLA computes it as one program, so there is one duration.

    Args:
        names: of what was fetched.
        start: in seconds since 1970.
        duration: in seconds.
    """

    names: list[str]
    start: float
    duration: float


@contextmanager
def recorded(run_metadata: Any, fetched: list[Any]) -> Iterator[None]:
    """Leave a run's duration in its metadata, if a program gave any."""
    start, clock = time.time(), time.perf_counter()
    yield
    if run_metadata is not None:
        names = [str(getattr(one, "name", one)) for one in fetched]
        run_metadata.step_stats = StepStats(names, start, time.perf_counter() - clock)


class Timeline:
    """The trace of a run.

    Args:
        step_stats: the `step_stats` of the `RunMetadata` that a run was given.
    """

    def __init__(self, step_stats: Any, graph: Any = None) -> None:
        self._step_stats = step_stats

    def generate_chrome_trace_format(
        self, show_dataflow: bool = True, show_memory: bool = False, op_time: str = "schedule"
    ) -> str:
        """The trace as JSON."""
        process = os.getpid()
        events: list[dict[str, Any]] = [
            {"name": "process_name", "ph": "M", "pid": process, "args": {"name": "XLA program"}}
        ]
        if isinstance(self._step_stats, StepStats):
            names, start, duration = self._step_stats
            event = {"name": "run", "cat": "Op", "ph": "X", "pid": process, "tid": 0}
            times = {"ts": round(start * 1e6), "dur": round(duration * 1e6)}
            events.append(event | times | {"args": {"fetched": names}})
        return json.dumps({"traceEvents": events}, indent=4)
