"""`tf.train` that fewer programs of TensorFlow 1 use: rates that begin anew, values from files, averages."""

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.random import as_key
from neurona.legacy.tensorflow import math as numbers
from neurona.legacy.tensorflow.v1 import train
from neurona.legacy.tensorflow.v1.initializers import Zeros
from neurona.legacy.tensorflow.v1.queues import QueueRunner, add_queue_runner
from neurona.legacy.tensorflow.v1.saver import _path, latest_checkpoint, load_values
from neurona.legacy.tensorflow.v1.scopes import get_variable, variable_scope
from neurona.legacy.tensorflow.v1.tensor import draw
from neurona.legacy.tensorflow.v1.variables import GraphVariable, global_variables
from neurona.messages import translated
from neurona.saving.bundles import data_of

__all__ = [
    "checkpoints_iterator",
    "cosine_decay_restarts",
    "init_from_checkpoint",
    "linear_cosine_decay",
    "noisy_linear_cosine_decay",
    "queue_runner",
    "remove_checkpoint",
]


def _float(value: Any) -> Any:
    return jnp.asarray(value, jnp.float32)


def cosine_decay_restarts(
    learning_rate: Any,
    global_step: Any,
    first_decay_steps: Any,
    t_mul: float = 2.0,
    m_mul: float = 1.0,
    alpha: float = 0.0,
    name: Any = None,
) -> Any:
    """Half cosines one after the other, each `t_mul` times as long and `m_mul` times as high (Loshchilov and
    Hutter, 2017).
    """
    numbers = (learning_rate, global_step, first_decay_steps, t_mul, m_mul, alpha)
    return draw(_restarting, numbers, name=name, default="SGDRDecay")


def _restarting(rate: Any, step: Any, steps: Any, longer: float, higher: float, alpha: float) -> Any:
    passed = _float(step) / _float(steps)
    if longer == 1.0:
        count = jnp.floor(passed)
        passed = passed - count
    else:
        count = jnp.floor(jnp.log(1 - passed * (1 - longer)) / jnp.log(longer))
        passed = (passed - (1 - longer**count) / (1 - longer)) / longer**count
    share = higher**count * (1 + jnp.cos(jnp.pi * passed)) / 2
    return _float(rate) * ((1 - alpha) * share + alpha)


def linear_cosine_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    num_periods: float = 0.5,
    alpha: float = 0.0,
    beta: float = 0.001,
    name: Any = None,
) -> Any:
    """(alpha + linear) * cosine + beta times the rate (Bello et al., 2017)."""
    numbers = (learning_rate, global_step, decay_steps, num_periods, alpha, beta)
    return draw(_linear_cosine, numbers, name=name, default="LinearCosineDecay")


def noisy_linear_cosine_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    initial_variance: float = 1.0,
    variance_decay: float = 0.55,
    num_periods: float = 0.5,
    alpha: float = 0.0,
    beta: float = 0.001,
    name: Any = None,
) -> Any:
    """The same with noise on the linear part, of the variance initial_variance / (1 + step) ** decay."""
    numbers = (learning_rate, global_step, decay_steps, num_periods, alpha, beta)
    noise = (initial_variance, variance_decay)
    return draw(_linear_cosine, (*numbers, noise), name=name, default="NoisyLinearCosineDecay")


def _linear_cosine(
    rate: Any, step: Any, steps: Any, periods: float, alpha: float, beta: float, noise: Any = None
) -> Any:
    step, steps = _float(step), _float(steps)
    step = jnp.minimum(step, steps)
    linear = (steps - step) / steps
    if noise is not None:
        spread = jnp.sqrt(noise[0] / (1 + step) ** noise[1])
        linear = linear + spread * jax.random.normal(as_key())
    cosine = (1 + jnp.cos(2 * jnp.pi * periods * step / steps)) / 2
    return _float(rate) * ((alpha + linear) * cosine + beta)


def init_from_checkpoint(ckpt_dir_or_file: Any, assignment_map: Any) -> None:
    """Let variables begin with the values of a checkpoint.

    Args:
        assignment_map: from names in the checkpoint, or beginnings of them that end with "/", to variables,
            their names, or beginnings of them; or pairs.

    Raises:
        ValueError: a variable or a value is not there, or their shapes differ.
    """
    found = load_values(_path(ckpt_dir_or_file))
    known = {variable.op.name: variable for variable in global_variables()}
    pairs = dict(assignment_map).items()
    for source, target in pairs:
        for variable, name in _named(str(source), target, known):
            if name not in found:
                raise ValueError(
                    translated(f"Tensor {name!r} is not found in the checkpoint {ckpt_dir_or_file}.")
                )
            variable.begin_with(found[name])


def _named(source: str, target: Any, known: dict[str, GraphVariable]) -> Iterator[tuple[GraphVariable, str]]:
    """The variables, each with the name of its value."""
    if not isinstance(target, str):
        yield target, source
    elif target in known and not source.endswith("/"):
        yield known[target], source
    else:
        inside = "" if target == "/" else f"{target.rstrip('/')}/"
        outside = "" if source == "/" else f"{source.rstrip('/')}/"
        some = [name for name in known if name.startswith(inside)]
        if not some:
            raise ValueError(translated(f"There is no variable {target!r}, and none whose name begins so."))
        yield from ((known[name], outside + name.removeprefix(inside)) for name in some)


def wait_for_new_checkpoint(
    checkpoint_dir: Any,
    last_checkpoint: Any = None,
    seconds_to_sleep: float = 1,
    timeout: float | None = None,
) -> str | None:
    """The next checkpoint of a folder; None if none comes in time."""
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        found = latest_checkpoint(checkpoint_dir)
        if found is not None and found != last_checkpoint:
            return found
        if end is not None and time.monotonic() + seconds_to_sleep > end:
            return None
        time.sleep(seconds_to_sleep)


def checkpoints_iterator(
    checkpoint_dir: Any,
    min_interval_secs: float = 0,
    timeout: float | None = None,
    timeout_fn: Any = None,
) -> Iterator[str]:
    """Each new checkpoint of a folder, until none comes within the timeout."""
    last = None
    while True:
        path = wait_for_new_checkpoint(checkpoint_dir, last, 0.1, timeout)
        if path is not None:
            last, since = path, time.monotonic()
            yield path
            time.sleep(max(0.0, min_interval_secs - (time.monotonic() - since)))
        elif timeout_fn is None or timeout_fn():
            return


def remove_checkpoint(
    checkpoint_prefix: Any, checkpoint_format_version: Any = None, meta_graph_suffix: str = "meta"
) -> None:
    """Delete the files of a checkpoint."""
    for file in (data_of(checkpoint_prefix), *(f"{checkpoint_prefix}.{end}" for end in ("index", "meta"))):
        Path(file).unlink(missing_ok=True)


def assign_moving_average(
    variable: GraphVariable, value: Any, decay: Any, zero_debias: bool = True, name: Any = None
) -> Any:
    """The step that moves a variable towards a value by 1 - decay.

    Args:
        zero_debias: whether the variable is what an average that begins with 0 is without its beginning
            (Kingma and Ba, 2015, section 3).
    """
    if not zero_debias:
        return variable.assign_sub((variable - value) * (1.0 - decay))
    with variable_scope(variable.op.name):
        biased = get_variable("biased", variable.shape, initializer=Zeros(), trainable=False)
        count = get_variable("local_step", [], initializer=Zeros(), trainable=False)
    moved = biased.assign_sub((biased - value) * (1.0 - decay))
    counted = count.assign_add(1.0)
    return variable.assign(moved / (1.0 - numbers.pow(decay, counted)))


queue_runner = SimpleNamespace(
    QueueRunner=QueueRunner,
    add_queue_runner=add_queue_runner,
    start_queue_runners=train.start_queue_runners,
)
