"""Sessions with hooks, and `tf.train.Supervisor`: loops that save and report by themselves."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from neurona.legacy.tensorflow.errors import OutOfRangeError
from neurona.legacy.tensorflow.v1.graph import get_default_graph
from neurona.legacy.tensorflow.v1.logs import info
from neurona.legacy.tensorflow.v1.mode import Mode
from neurona.legacy.tensorflow.v1.saver import Saver, latest_checkpoint
from neurona.legacy.tensorflow.v1.session import Session
from neurona.legacy.tensorflow.v1.summary import FileWriter, merge_all
from neurona.legacy.tensorflow.v1.train import (
    Coordinator,
    get_global_step,
    get_or_create_global_step,
    global_step,
)
from neurona.legacy.tensorflow.v1.variables import (
    global_variables,
    global_variables_initializer,
    local_variables_initializer,
)

__all__ = [
    "CheckpointSaverHook",
    "CheckpointSaverListener",
    "ChiefSessionCreator",
    "FeedFnHook",
    "FinalOpsHook",
    "LoggingTensorHook",
    "MonitoredSession",
    "MonitoredTrainingSession",
    "NanLossDuringTrainingError",
    "NanTensorHook",
    "Scaffold",
    "SessionRunArgs",
    "SessionRunContext",
    "SessionRunHook",
    "SessionRunValues",
    "SingularMonitoredSession",
    "StepCounterHook",
    "StopAtStepHook",
    "SummarySaverHook",
    "Supervisor",
    "WorkerSessionCreator",
]


class SessionRunHook:
    """What happens around the runs of a `MonitoredSession`."""

    def begin(self) -> None:
        """Before the session is there."""

    def after_create_session(self, session: Any, coord: Any) -> None:
        """When the session is there."""

    def before_run(self, run_context: Any) -> Any:
        """Before a run; may return `SessionRunArgs`, what to fetch besides."""

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """After a run."""

    def end(self, session: Any) -> None:
        """Before the session is closed."""


class SessionRunArgs:
    """What a hook wants to fetch and feed."""

    def __init__(self, fetches: Any, feed_dict: Any = None, options: Any = None) -> None:
        self.fetches, self.feed_dict = fetches, feed_dict


class SessionRunValues:
    """What a hook has fetched."""

    def __init__(self, results: Any) -> None:
        self.results = results


class SessionRunContext:
    """A run, as hooks see it."""

    def __init__(self, session: Any, original_args: Any) -> None:
        self.session, self.original_args, self.stop_requested = session, original_args, False

    def request_stop(self) -> None:
        """End the loop after this run."""
        self.stop_requested = True


class StopAtStepHook(SessionRunHook):
    """Ends the loop after so many steps, or at a step."""

    def __init__(self, num_steps: int | None = None, last_step: int | None = None) -> None:
        self._count, self._last = num_steps, last_step

    def after_create_session(self, session: Any, coord: Any) -> None:
        if self._last is None:
            self._last = int(session.run(get_or_create_global_step())) + int(self._count or 0)

    def before_run(self, run_context: Any) -> Any:
        return SessionRunArgs(get_or_create_global_step())

    def after_run(self, run_context: Any, run_values: Any) -> None:
        if int(run_context.session.run(get_or_create_global_step())) >= int(self._last or 0):
            run_context.request_stop()


class LoggingTensorHook(SessionRunHook):
    """Prints tensors every so many runs."""

    def __init__(
        self, tensors: Any, every_n_iter: int | None = None, every_n_secs: Any = None, **_: Any
    ) -> None:
        named = tensors if isinstance(tensors, dict) else {str(one): one for one in tensors}
        self._tensors = {
            name: f"{one}:0" if isinstance(one, str) and ":" not in one else one
            for name, one in named.items()
        }
        self._every, self._runs = every_n_iter or 100, 0

    def before_run(self, run_context: Any) -> Any:
        return SessionRunArgs(self._tensors)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        if self._runs % self._every == 0:
            print(", ".join(f"{name} = {value}" for name, value in run_values.results.items()))
        self._runs += 1


class _Every:
    """Says when so many steps or seconds have passed. The first time is at once."""

    def __init__(self, steps: int | None, seconds: float | None) -> None:
        self._steps, self._seconds = steps, seconds
        self._step: int | None = None
        self._time = 0.0

    def is_due(self, step: int) -> bool:
        """Whether it is time again."""
        now = time.monotonic()
        due = self._step is None or (
            (self._steps is not None and step >= self._step + self._steps)
            or (self._seconds is not None and now >= self._time + self._seconds)
        )
        if due:
            self._step, self._time = step, now
        return due


class CheckpointSaverListener:
    """What is called around the writing of a checkpoint."""

    def begin(self) -> None:
        """Before the session is there."""

    def before_save(self, session: Any, global_step_value: Any) -> None:
        """Before a checkpoint is written."""

    def after_save(self, session: Any, global_step_value: Any) -> Any:
        """After a checkpoint is written."""

    def end(self, session: Any, global_step_value: Any) -> None:
        """Before the session is closed."""


class CheckpointSaverHook(SessionRunHook):
    """Saves the variables every so many steps or seconds, and when the session ends."""

    def __init__(
        self,
        checkpoint_dir: Any,
        save_secs: float | None = None,
        save_steps: int | None = None,
        saver: Any = None,
        checkpoint_basename: str = "model.ckpt",
        scaffold: Any = None,
        listeners: Any = None,
        **_: Any,
    ) -> None:
        self._path, self._saver = f"{checkpoint_dir}/{checkpoint_basename}", saver
        self._every, self._listeners = _Every(save_steps, save_secs), list(listeners or [])

    def begin(self) -> None:
        get_or_create_global_step()
        for one in self._listeners:
            one.begin()

    def after_create_session(self, session: Any, coord: Any) -> None:
        self._saver = self._saver or Saver()
        Path(self._path).parent.mkdir(parents=True, exist_ok=True)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        step = global_step(run_context.session, get_or_create_global_step())
        if self._every.is_due(step):
            self._save(run_context.session, step)

    def _save(self, session: Any, step: int) -> None:
        for one in self._listeners:
            one.before_save(session, step)
        self._saver.save(session, self._path, step)
        for one in self._listeners:
            one.after_save(session, step)

    def end(self, session: Any) -> None:
        step = global_step(session, get_or_create_global_step())
        self._save(session, step)
        for one in self._listeners:
            one.end(session, step)


class SummarySaverHook(SessionRunHook):
    """Writes summaries every so many steps or seconds."""

    def __init__(
        self,
        save_steps: int | None = None,
        save_secs: float | None = None,
        output_dir: Any = None,
        summary_writer: Any = None,
        scaffold: Any = None,
        summary_op: Any = None,
    ) -> None:
        self._every, self._operation = _Every(save_steps, save_secs), summary_op
        self._writer, self._folder = summary_writer, output_dir

    def after_create_session(self, session: Any, coord: Any) -> None:
        self._writer = self._writer or FileWriter(self._folder, session.graph)
        self._operation = self._operation if self._operation is not None else merge_all()

    def after_run(self, run_context: Any, run_values: Any) -> None:
        step = global_step(run_context.session, get_or_create_global_step())
        if self._operation is not None and self._every.is_due(step):
            several = self._operation if isinstance(self._operation, (list, tuple)) else [self._operation]
            feeds = run_context.original_args.feed_dict
            for summary in run_context.session.run(list(several), feeds):
                self._writer.add_summary(summary, step)

    def end(self, session: Any) -> None:
        self._writer.flush()


class StepCounterHook(SessionRunHook):
    """Counts the steps in a second, and writes the figure."""

    def __init__(
        self,
        every_n_steps: int | None = 100,
        every_n_secs: float | None = None,
        output_dir: Any = None,
        summary_writer: Any = None,
    ) -> None:
        self._every = _Every(every_n_steps, every_n_secs)
        self._last: tuple[int, float] | None = None

    def after_run(self, run_context: Any, run_values: Any) -> None:
        step = global_step(run_context.session, get_or_create_global_step())
        if self._every.is_due(step):
            now = time.monotonic()
            if self._last is not None:
                info("global_step/sec: %g", (step - self._last[0]) / max(now - self._last[1], 1e-9))
            self._last = step, now


class NanLossDuringTrainingError(RuntimeError):
    """The loss is no number."""


class NanTensorHook(SessionRunHook):
    """Stops where a loss is no number."""

    def __init__(self, loss_tensor: Any, fail_on_nan_loss: bool = True) -> None:
        self._loss, self._fails = loss_tensor, fail_on_nan_loss

    def before_run(self, run_context: Any) -> Any:
        return SessionRunArgs(self._loss)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        if np.isnan(run_values.results):
            if self._fails:
                raise NanLossDuringTrainingError("NaN loss during training.")
            run_context.request_stop()


class FinalOpsHook(SessionRunHook):
    """Runs something when the session ends.

    Attributes:
        final_ops_values: what it gave.
    """

    def __init__(self, final_ops: Any, final_ops_feed_dict: Any = None) -> None:
        self._operations, self._feeds, self.final_ops_values = final_ops, final_ops_feed_dict, None

    def end(self, session: Any) -> None:
        self.final_ops_values = session.run(self._operations, self._feeds)


class FeedFnHook(SessionRunHook):
    """Feeds what a function gives to every run."""

    def __init__(self, feed_fn: Callable[[], Any]) -> None:
        self._feeds = feed_fn

    def before_run(self, run_context: Any) -> Any:
        return SessionRunArgs(None, self._feeds())


class Scaffold:
    """What prepares a session.

    Args:
        init_op, init_feed_dict, local_init_op: run first; all variables' first values by default.
        init_fn: called with the scaffold and the session.
        saver: of checkpoints.
        ready_op, ready_for_local_init_op, summary_op, copy_from_scaffold: TensorFlow's; no effect.
    """

    def __init__(
        self,
        init_op: Any = None,
        init_feed_dict: Any = None,
        init_fn: Callable[[Any, Any], None] | None = None,
        ready_op: Any = None,
        ready_for_local_init_op: Any = None,
        local_init_op: Any = None,
        summary_op: Any = None,
        saver: Any = None,
        copy_from_scaffold: Any = None,
    ) -> None:
        self.init_op, self.init_feed_dict, self.init_fn = init_op, init_feed_dict, init_fn
        self.local_init_op, self.saver, self.summary_op = local_init_op, saver, summary_op

    def finalize(self) -> "Scaffold":
        """Itself."""
        return self

    def prepare(self, session: Session, checkpoint_dir: Any = None) -> None:
        """Give the variables their first values, or those of a folder's latest checkpoint."""
        first = self.init_op if self.init_op is not None else global_variables_initializer()
        session.run(first, self.init_feed_dict)
        local = self.local_init_op if self.local_init_op is not None else local_variables_initializer()
        session.run(local)
        if self.init_fn is not None:
            self.init_fn(self, session)
        latest = latest_checkpoint(checkpoint_dir) if checkpoint_dir else None
        if latest is not None:
            (self.saver or Saver()).restore(session, latest)


class ChiefSessionCreator:
    """What makes the session of a `MonitoredSession`."""

    def __init__(
        self,
        scaffold: Any = None,
        master: str = "",
        config: Any = None,
        checkpoint_dir: Any = None,
        checkpoint_filename_with_path: Any = None,
    ) -> None:
        self._scaffold, self._folder = scaffold or Scaffold(), checkpoint_dir

    def create_session(self) -> Session:
        """The session, whose variables have their values."""
        session = Session(graph=get_default_graph())
        self._scaffold.prepare(session, self._folder)
        return session


WorkerSessionCreator = ChiefSessionCreator


class MonitoredSession:
    """A session whose variables have their first values, and which calls hooks around its runs."""

    def __init__(
        self, session_creator: Any = None, hooks: Any = None, stop_grace_period_secs: Any = 120
    ) -> None:
        self._hooks = list(hooks or [])
        for hook in self._hooks:
            hook.begin()
        self._stops = False
        self._session = (session_creator or ChiefSessionCreator()).create_session()
        for hook in self._hooks:
            hook.after_create_session(self._session, None)
        self.graph = self._session.graph

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        """`Session.run`, with the hooks before and after."""
        context = SessionRunContext(self._session, SessionRunArgs(fetches, feed_dict))
        asked = [hook.before_run(context) for hook in self._hooks]
        fed = dict(feed_dict or {})
        for one in asked:
            fed.update((one and one.feed_dict) or {})
        extra = [one.fetches for one in asked if one]
        values, more = self._session.run([fetches, extra], fed)
        found = iter(more)
        for hook, one in zip(self._hooks, asked, strict=True):
            hook.after_run(context, SessionRunValues(next(found) if one else None))
        self._stops = self._stops or context.stop_requested
        return values

    def should_stop(self) -> bool:
        """Whether a hook has ended the loop."""
        return self._stops

    def close(self) -> None:
        """End the session."""
        for hook in self._hooks:
            hook.end(self._session)
        self._session.close()

    def __enter__(self) -> "MonitoredSession":
        Mode.sessions.append(self._session)
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> bool:
        Mode.sessions.remove(self._session)
        if kind is None:
            self.close()
        return kind is not None and issubclass(kind, OutOfRangeError)


SingularMonitoredSession = MonitoredSession


def MonitoredTrainingSession(
    master: str = "",
    is_chief: bool = True,
    checkpoint_dir: Any = None,
    scaffold: Any = None,
    hooks: Any = None,
    chief_only_hooks: Any = None,
    save_checkpoint_secs: float | None = None,
    save_summaries_steps: int | None = 100,
    save_summaries_secs: float | None = None,
    config: Any = None,
    stop_grace_period_secs: Any = 120,
    log_step_count_steps: Any = 100,
    max_wait_secs: Any = 7200,
    save_checkpoint_steps: int | None = None,
    summary_dir: Any = None,
) -> MonitoredSession:
    """A `MonitoredSession` that begins with a folder's latest checkpoint, and saves into it."""
    more: list[Any] = list(chief_only_hooks or [])
    if checkpoint_dir:
        seconds = 600 if save_checkpoint_secs is None and save_checkpoint_steps is None else None
        more.append(
            CheckpointSaverHook(checkpoint_dir, save_checkpoint_secs or seconds, save_checkpoint_steps)
        )
        if save_summaries_steps or save_summaries_secs:
            folder = summary_dir or checkpoint_dir
            more.append(SummarySaverHook(save_summaries_steps, save_summaries_secs, folder))
    return MonitoredSession(
        ChiefSessionCreator(scaffold, checkpoint_dir=checkpoint_dir), [*(hooks or []), *more]
    )


class Supervisor:
    """A session that begins with a folder's latest checkpoint, and saves into it.

    Args:
        logdir: the folder; None where nothing is saved.
        init_op: run first; all variables' first values by default.
        saver, global_step, save_model_secs: of checkpoints; a saver of None saves nothing.
        summary_op, summary_writer, save_summaries_secs: of summaries; None writes none.
        graph, ready_op, is_chief, local_init_op, ... : TensorFlow's; no effect.
    """

    USE_DEFAULT = object()

    def __init__(
        self,
        graph: Any = None,
        ready_op: Any = USE_DEFAULT,
        ready_for_local_init_op: Any = USE_DEFAULT,
        is_chief: bool = True,
        init_op: Any = USE_DEFAULT,
        init_feed_dict: Any = None,
        local_init_op: Any = USE_DEFAULT,
        logdir: Any = None,
        summary_op: Any = USE_DEFAULT,
        saver: Any = USE_DEFAULT,
        global_step: Any = USE_DEFAULT,
        save_summaries_secs: float = 120,
        save_model_secs: float = 600,
        recovery_wait_secs: float = 30,
        stop_grace_secs: float = 120,
        checkpoint_basename: str = "model.ckpt",
        session_manager: Any = None,
        summary_writer: Any = USE_DEFAULT,
        init_fn: Callable[[Any], None] | None = None,
        local_init_run_options: Any = None,
    ) -> None:
        default = Supervisor.USE_DEFAULT
        self.coord, self.graph = Coordinator(), graph or get_default_graph()
        self._folder, self._init_fn = logdir, init_fn
        self._scaffold = Scaffold(None if init_op is default else init_op, init_feed_dict)
        self.saver = (Saver() if global_variables() else None) if saver is default else saver
        self._scaffold.saver = self.saver
        self.global_step = get_global_step() if global_step is default else global_step
        self.save_path = f"{logdir}/{checkpoint_basename}"
        self._every = _Every(None, save_model_secs or None)
        writes = logdir is not None and summary_writer is not None
        self.summary_writer = FileWriter(logdir, self.graph) if writes else None
        self.summary_op = merge_all() if summary_op is default else summary_op

    @contextlib.contextmanager
    def managed_session(
        self,
        master: str = "",
        config: Any = None,
        start_standard_services: bool = True,
        close_summary_writer: bool = True,
    ) -> Iterator[Session]:
        """The session in a block, which ends at the end of a queue; then the variables are saved."""
        session = self.prepare_or_wait_for_session()
        with session.as_default(), contextlib.suppress(OutOfRangeError):
            yield session
        self.stop()
        if self._folder is not None and self.saver is not None:
            self.saver.save(session, self.save_path, self.global_step)
        session.close()

    def prepare_or_wait_for_session(self, *_: Any, **__: Any) -> Session:
        """The session, whose variables have their values."""
        session = Session(graph=self.graph)
        with self.graph.as_default():
            self._scaffold.prepare(session, self._folder)
        if self._init_fn is not None:
            self._init_fn(session)
        return session

    PrepareSession = prepare_or_wait_for_session

    def should_stop(self) -> bool:
        """Whether the loop should end."""
        return self.coord.should_stop()

    def request_stop(self, ex: Any = None) -> None:
        """Ask the loop to end."""
        self.coord.request_stop(ex)

    def stop(self, threads: Any = None, close_summary_writer: bool = True, **_: Any) -> None:
        """End the loop."""
        self.coord.request_stop()
        if self.summary_writer is not None:
            self.summary_writer.flush()

    def start_queue_runners(self, sess: Any, queue_runners: Any = None) -> list[Any]:
        """The threads that fill queues: none, because queues fill themselves."""
        return []

    def start_standard_services(self, sess: Any) -> list[Any]:
        """The threads that save: none, because the variables are saved when the session ends."""
        return []

    def loop(
        self, timer_interval_secs: Any, target: Callable[..., Any], args: Any = (), kwargs: Any = None
    ) -> None:
        """Call a function once."""
        target(*args, **(kwargs or {}))

    def summary_computed(self, sess: Any, summary: Any, global_step: Any = None) -> None:
        """Write a summary.

        Raises:
            RuntimeError: there is no folder to write into.
        """
        if self.summary_writer is None:
            raise RuntimeError("Writing a summary requires a logdir: Supervisor(logdir=...).")
        step = (
            sess.run(self.global_step)
            if global_step is None and self.global_step is not None
            else global_step
        )
        self.summary_writer.add_summary(summary, step)
