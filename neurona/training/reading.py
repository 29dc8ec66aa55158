"""Reading ahead: batches are read by threads while the steps before them run."""

import concurrent.futures
import itertools
from collections import deque
from collections.abc import Callable, Generator, Iterator
from typing import Any

AHEAD = 8  # batches that are read before they are needed, where the source does not say
END: Any = object()  # returned by a task when there are no more batches


def read_ahead(
    tasks: Iterator[Callable[[], Any]], threads: int = 1, ahead: int = AHEAD
) -> Generator[list[Any], None, None]:
    """What the tasks return, in order: a list of those that are ready, one at least. Threads work on others
    until the generator is closed.

    Args:
        tasks: each reads a batch, or returns `END` where there is none left.
        threads: how many tasks may run at once.
        ahead: how many batches may be read, or ready, beside those that are in use; with 0 there are no
            threads.

    Raises:
        Exception: what a task raised, with the traceback that it had in its thread.
    """
    if not ahead:
        yield from itertools.takewhile(lambda ready: ready[0] is not END, ([task()] for task in tasks))
        return
    with concurrent.futures.ThreadPoolExecutor(threads, "neurona-reader") as pool:
        waiting = deque(pool.submit(task) for task in itertools.islice(tasks, ahead))
        try:
            while waiting and (batch := waiting.popleft().result()) is not END:
                ready = [batch]
                while (
                    waiting
                    and waiting[0].done()
                    and not waiting[0].exception()
                    and waiting[0].result() is not END
                ):
                    ready.append(waiting.popleft().result())
                waiting.extend(pool.submit(task) for task in itertools.islice(tasks, ahead - len(waiting)))
                yield ready
        finally:
            for future in waiting:
                future.cancel()
