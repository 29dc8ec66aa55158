"""`tf.contrib.slim`: the layers, losses and scopes of other rooms under short names."""

from types import SimpleNamespace
from typing import Any

from neurona.legacy.imports import submodule
from neurona.legacy.tensorflow.v1.contrib import evaluation, framework, layers, losses, metrics
from neurona.legacy.tensorflow.v1.contrib.framework import (
    add_arg_scope,
    arg_scope,
    get_model_variables,
    get_trainable_variables,
    get_variables,
    model_variable,
    variable,
)
from neurona.legacy.tensorflow.v1.contrib.layers import (
    avg_pool2d,
    batch_norm,
    conv2d,
    conv2d_transpose,
    dropout,
    flatten,
    fully_connected,
    l1_regularizer,
    l2_regularizer,
    layer_norm,
    max_pool2d,
    repeat,
    stack,
    variance_scaling_initializer,
    xavier_initializer,
)
from neurona.legacy.tensorflow.v1.contrib.training import create_train_op
from neurona.legacy.tensorflow.v1.hooks import Supervisor
from neurona.legacy.tensorflow.v1.logs import info
from neurona.legacy.tensorflow.v1.queues import FIFOQueue, Queue, QueueRunner, add_queue_runner
from neurona.legacy.tensorflow.v1.tensor import convert
from neurona.legacy.tensorflow.v1.train import get_or_create_global_step

__all__ = [
    "add_arg_scope",
    "arg_scope",
    "avg_pool2d",
    "batch_norm",
    "conv2d",
    "conv2d_transpose",
    "dropout",
    "evaluation",
    "flatten",
    "fully_connected",
    "get_model_variables",
    "get_or_create_global_step",
    "get_trainable_variables",
    "get_variables",
    "l1_regularizer",
    "l2_regularizer",
    "layer_norm",
    "losses",
    "max_pool2d",
    "metrics",
    "model_variable",
    "repeat",
    "stack",
    "variable",
    "variance_scaling_initializer",
    "xavier_initializer",
]


def _train(
    train_op: Any,
    logdir: Any,
    number_of_steps: int | None = None,
    log_every_n_steps: int = 1,
    init_op: Any = Supervisor.USE_DEFAULT,
    init_fn: Any = None,
    saver: Any = Supervisor.USE_DEFAULT,
    save_summaries_secs: float = 600,
    save_interval_secs: float = 600,
    **_: Any,
) -> Any:
    """Run a training step until the global step is reached, and save into a folder; returns the last loss."""
    step = get_or_create_global_step()
    supervisor = Supervisor(logdir=logdir, init_op=init_op, init_fn=init_fn, saver=saver, global_step=step)
    loss = None
    with supervisor.managed_session() as session:
        while number_of_steps is None or session.run(step) < number_of_steps:
            loss = session.run(train_op)
            done = int(session.run(step))
            if done % log_every_n_steps == 0:
                info("global step %d: loss = %.4f", done, loss)
    return loss


def _analyze_vars(variables: Any, print_info: bool = False) -> tuple[int, int]:
    """The number of elements of variables, and of their bytes; printed, one a line, if asked for."""
    size, count = 0, 0
    for one in variables:
        elements = one.shape.num_elements() or 0
        size, count = size + elements, count + elements * one.dtype.size
        if print_info:
            shape = "x".join(map(str, one.shape.as_list()))
            print(f"{one.name} ({one.dtype.name} {shape}) [{elements}, bytes: {elements * one.dtype.size}]")
    if print_info:
        print(f"Total size of variables: {size}\nTotal bytes of variables: {count}")
    return size, count


def _prefetch_queue(
    tensors: Any, capacity: int = 8, num_threads: int = 1, dynamic_pad: bool = False, **options: Any
) -> Queue:
    """A queue of batches, which is filled when it is empty."""
    parts = list(tensors) if isinstance(tensors, (list, tuple)) else [tensors]
    parts = [convert(one) for one in parts]
    queue = FIFOQueue(capacity, [one.dtype for one in parts], [one.shape for one in parts])
    add_queue_runner(QueueRunner(queue, [queue.enqueue(parts)] * num_threads))
    return queue


_NETS = "neurona.legacy.tensorflow.v1.contrib.nets"
PATHS = {"nets": _NETS, "python.slim.nets": _NETS}
prefetch_queue = SimpleNamespace(prefetch_queue=_prefetch_queue)
model_analyzer = SimpleNamespace(analyze_vars=_analyze_vars)
learning = SimpleNamespace(create_train_op=create_train_op, train=_train)


def __getattr__(name: str) -> Any:
    """Slim has all layers of `tf.contrib.layers`, with its older names too, and `tf.contrib.framework`."""
    for module in (layers, framework):
        if not name.startswith("_") and hasattr(module, name):
            return getattr(module, name)
    return submodule(__name__, name)
