"""`tf.train.SessionManager`: sessions that begin with the values of a folder, or with first values."""

from collections.abc import Callable
from typing import Any

from neurona.legacy.tensorflow.v1.saver import latest_checkpoint
from neurona.legacy.tensorflow.v1.session import Session
from neurona.messages import translated


class SessionManager:
    """Makes sessions.

    Args:
        local_init_op: run in each of them.
        ready_op, ready_for_local_init_op, recovery_wait_secs: TensorFlow's; there is one process.
        graph: the graph; the default one if None.
    """

    def __init__(
        self,
        local_init_op: Any = None,
        ready_op: Any = None,
        ready_for_local_init_op: Any = None,
        graph: Any = None,
        recovery_wait_secs: float = 30,
        **_: Any,
    ) -> None:
        self._local, self._graph = local_init_op, graph

    def prepare_session(
        self,
        master: Any,
        init_op: Any = None,
        saver: Any = None,
        checkpoint_dir: Any = None,
        checkpoint_filename_with_path: Any = None,
        wait_for_checkpoint: bool = False,
        max_wait_secs: float = 7200,
        config: Any = None,
        init_feed_dict: Any = None,
        init_fn: Callable[[Any], Any] | None = None,
    ) -> Session:
        """A session with the values of the folder, or, where there are none, with first values.

        Raises:
            RuntimeError: there are none, and neither init_op nor init_fn.
        """
        session, is_loaded = self._loaded(saver, checkpoint_dir, checkpoint_filename_with_path, config)
        if not is_loaded:
            if init_op is None and init_fn is None:
                raise RuntimeError(
                    translated("SessionManager: there is no checkpoint, and neither init_op nor init_fn.")
                )
            if init_op is not None:
                session.run(init_op, init_feed_dict)
            if init_fn is not None:
                init_fn(session)
        self._begin(session)
        return session

    def recover_session(
        self,
        master: Any,
        saver: Any = None,
        checkpoint_dir: Any = None,
        checkpoint_filename_with_path: Any = None,
        wait_for_checkpoint: bool = False,
        max_wait_secs: float = 7200,
        config: Any = None,
    ) -> tuple[Session, bool]:
        """A session, and whether it has the values of the folder."""
        session, is_loaded = self._loaded(saver, checkpoint_dir, checkpoint_filename_with_path, config)
        if is_loaded:
            self._begin(session)
        return session, is_loaded

    def wait_for_session(
        self, master: Any, config: Any = None, max_wait_secs: float = float("inf")
    ) -> Session:
        """A session: no other process has to begin."""
        session = Session("", self._graph, config)
        self._begin(session)
        return session

    def _loaded(self, saver: Any, folder: Any, path: Any, config: Any) -> tuple[Session, bool]:
        session = Session("", self._graph, config)
        path = path or (folder and latest_checkpoint(folder))
        if saver is None or not path:
            return session, False
        saver.restore(session, path)
        return session, True

    def _begin(self, session: Session) -> None:
        if self._local is not None:
            session.run(self._local)
