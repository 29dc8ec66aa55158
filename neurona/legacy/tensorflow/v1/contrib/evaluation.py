"""`slim.evaluation`: the figures of a model with the variables of a checkpoint."""

from typing import Any

from neurona.legacy.tensorflow.v1.graph import GraphKeys, get_collection
from neurona.legacy.tensorflow.v1.rates import checkpoints_iterator, wait_for_new_checkpoint
from neurona.legacy.tensorflow.v1.saver import Saver
from neurona.legacy.tensorflow.v1.session import Session
from neurona.legacy.tensorflow.v1.summary import FileWriter
from neurona.legacy.tensorflow.v1.train import Coordinator, get_global_step, start_queue_runners
from neurona.legacy.tensorflow.v1.variables import (
    global_variables_initializer,
    local_variables_initializer,
    tables_initializer,
)

__all__ = ["checkpoints_iterator", "evaluate_once", "evaluation_loop", "wait_for_new_checkpoint"]


def evaluate_once(
    master: Any,
    checkpoint_path: Any,
    logdir: Any,
    num_evals: int = 1,
    initial_op: Any = None,
    initial_op_feed_dict: Any = None,
    eval_op: Any = None,
    eval_op_feed_dict: Any = None,
    final_op: Any = None,
    final_op_feed_dict: Any = None,
    summary_op: Any = None,
    variables_to_restore: Any = None,
    **_: Any,
) -> Any:
    """Run `eval_op` num_evals times with the variables of a checkpoint; returns the values of `final_op`.

    Args:
        logdir: where the summaries are written, if there are any.
        summary_op: those that are written at the end; by default all of the graph.
    """
    saver = Saver(variables_to_restore)
    summaries = get_collection(GraphKeys.SUMMARIES) if summary_op is None else summary_op
    with Session() as session:
        session.run([global_variables_initializer(), local_variables_initializer(), tables_initializer()])
        saver.restore(session, checkpoint_path)
        coordinator = Coordinator()
        threads = start_queue_runners(session, coordinator)
        if initial_op is not None:
            session.run(initial_op, initial_op_feed_dict)
        for _time in range(num_evals if eval_op is not None else 0):
            session.run(eval_op, eval_op_feed_dict)
        found = None if final_op is None else session.run(final_op, final_op_feed_dict)
        if logdir is not None and summaries != []:
            with FileWriter(logdir) as writer:
                step = get_global_step()
                for text in session.run(summaries if isinstance(summaries, list) else [summaries]):
                    writer.add_summary(text, None if step is None else int(session.run(step)))
        coordinator.request_stop()
        coordinator.join(threads)
    return found


def evaluation_loop(
    master: Any,
    checkpoint_dir: Any,
    logdir: Any,
    num_evals: int = 1,
    eval_interval_secs: float = 60,
    max_number_of_evaluations: int | None = None,
    timeout: float | None = None,
    **options: Any,
) -> Any:
    """`evaluate_once` with each new checkpoint of a folder; returns the last values."""
    found, last, count = None, None, 0
    while max_number_of_evaluations is None or count < max_number_of_evaluations:
        last = wait_for_new_checkpoint(checkpoint_dir, last, min(1.0, eval_interval_secs), timeout)
        if last is None:
            break
        found, count = evaluate_once(master, last, logdir, num_evals, **options), count + 1
    return found
