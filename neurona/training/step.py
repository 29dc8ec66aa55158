"""One step of training as a pure function of the training state, and the programs that run many of them at
once.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.random import key_of
from neurona.core.scope import Scope


class TrainingState(NamedTuple):
    """All that training changes: what a step receives and returns, a checkpoint saves, and vmap stacks.

    Keras's stateless order, so that a `train_step(self, state, data)` written for Keras on JAX unpacks it as
    it is.
    """

    trainable: list[Any]
    non_trainable: list[Any]
    optimizer: Any
    metrics: list[Any]


def positions_of(model: Any) -> dict[Any, int]:
    """Every layer's number in the model, which gives each its own random stream."""
    return {layer: index for index, layer in enumerate(model._flatten_layers())}


def forward(trainer: Any, state: TrainingState, batch: Any, key: Any, step: Any, training: bool) -> Any:
    """The total loss, and beside it the predictions, each output's loss, and the state after the call."""
    x, y, sample_weight = batch
    trainable, others = trainer.trainable_variables, trainer.non_trainable_variables
    metrics = trainer.metrics_variables  # a compute_loss of one's own may update metrics
    values = dict(
        zip((*trainable, *others, *metrics), (*state.trainable, *state.non_trainable, *state.metrics))
    )
    with Scope(values, key, step, training, positions_of(trainer)):
        y_pred = trainer(x)
        loss = trainer.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=training)
        parts = trainer.take_loss_parts()
    new = [[values[variable] for variable in group] for group in (others, metrics)]
    return loss, (y_pred, parts, state._replace(non_trainable=new[0], metrics=new[1]))


def update_metrics(
    trainer: Any, state: TrainingState, batch: Any, y_pred: Any, loss: Any, parts: list[Any]
) -> list[Any]:
    """The metrics' values after seeing a batch."""
    x, y, sample_weight = batch
    values = dict(zip(trainer.metrics_variables, state.metrics))
    with Scope(values):
        trainer.update_loss_trackers(loss, parts, jax.tree.leaves(x)[0].shape[0])
        trainer.compute_metrics(x, y, y_pred, sample_weight)
    return [values[variable] for variable in trainer.metrics_variables]


def train_step(
    trainer: Any, state: TrainingState, batch: Any, key: Any, step: Any
) -> tuple[TrainingState, Any]:
    """Loss, gradients, update, metrics: the new state, and the loss."""
    optimizer = trainer.optimizer

    def objective(trainable: list[Any]) -> Any:
        loss, aux = forward(trainer, state._replace(trainable=trainable), batch, key, step, training=True)
        return optimizer.scale_loss(loss, state.optimizer), (loss, aux)

    (_, (loss, (y_pred, parts, after))), gradients = jax.value_and_grad(objective, has_aux=True)(
        state.trainable
    )
    trainable, optimizer_state = optimizer.update(gradients, state.optimizer, state.trainable)
    constraints = [variable.constraint for variable in trainer.trainable_variables]
    trainable = [
        value if constraint is None else constraint(value)
        for value, constraint in zip(trainable, constraints)
    ]
    metrics = update_metrics(trainer, after, batch, y_pred, loss, parts)
    return TrainingState(trainable, after.non_trainable, optimizer_state, metrics), loss


def test_step(trainer: Any, state: TrainingState, batch: Any, key: Any, step: Any) -> TrainingState:
    """Loss and metrics of a batch, without training."""
    loss, (y_pred, parts, after) = forward(trainer, state, batch, key, step, training=False)
    return after._replace(metrics=update_metrics(trainer, after, batch, y_pred, loss, parts))


def results(trainer: Any, metrics: list[Any]) -> dict[str, Any]:
    """What the metrics say, by the names they have in logs."""
    with Scope(dict(zip(trainer.metrics_variables, metrics))):
        return trainer.get_metrics_result()


class Program:
    """The compiled functions of one structure of model, optimizer, loss and metrics; models of equal
    structure share one.

    JAX compiles each function once per shapes. The function that is traced reads the trainer from
    `self.trainer`, which every call sets:
    any trainer of this structure gives the same program.
    """

    def __init__(self) -> None:
        self.trainer: Any = None
        self.traces = 0
        self.train_many = jax.jit(functools.partial(self._many, "train"))
        self.test_many = jax.jit(functools.partial(self._many, "test"))
        self.train_epochs = jax.jit(self._epochs)
        self.predict_one = jax.jit(self._predict)
        self.results = jax.jit(lambda metrics: results(self.trainer, metrics))

    def __deepcopy__(self, memo: Any) -> "Program":
        return self  # a copy of a model has the same structure

    @functools.cached_property
    def members(self) -> "MembersProgram":
        """The same functions for K models of this structure at once."""
        return MembersProgram(self)

    def _one(
        self, kind: str, state: TrainingState, batch: Any, key: Any, step: Any
    ) -> tuple[TrainingState, Any, Any]:
        """One step: the new state, custom logs where the model has a step of its own, and whether the loss
        was finite.
        """
        trainer = self.trainer
        self.traces += 1
        key = jax.random.fold_in(key, step)
        custom = trainer.custom_step(kind)
        if custom is not None:
            data = batch if batch[2] is not None else batch[:2]
            with Scope({}, key, step, kind == "train", positions_of(trainer)):
                logs, new_state = custom(tuple(state), data)
            logs = {name: jnp.asarray(value) for name, value in logs.items()}
            health = sum((jnp.sum(value) for value in logs.values()), jnp.zeros(()))
            return TrainingState(*new_state), logs, jnp.isfinite(health)
        if kind == "train":
            state, loss = train_step(trainer, state, batch, key, step)
            return state, {}, jnp.isfinite(loss)
        return test_step(trainer, state, batch, key, step), {}, jnp.asarray(True)

    def _many(
        self,
        kind: str,
        state: TrainingState,
        data: Any,
        order: Any,
        key: Any,
        first_step: Any,
        start: Any,
        stop: Any,
        axis: str | None = None,
        looks_at_weights: bool = True,
    ) -> tuple[TrainingState, Any, Any, Any]:
        """Steps `start` to `stop` of a block of equal batches, ending early where a loss is not finite.

        The bounds are numbers in the program, not constants: one compilation serves every chunk. A gradient
        that is not finite spoils the weights, and so the next loss; a look at the weights at the end finds
        what the last step did, and costs the steps nothing.
        With an axis of `vmap` all of its models end together: a loop that ends for one of them alone must
        copy every state at each step.
        """

        def batch_at(index: Any) -> Any:
            rows = jax.lax.dynamic_index_in_dim(order, index, keepdims=False)
            return jax.tree.map(lambda leaf: jnp.take(leaf, rows, axis=0, mode="clip"), data)

        def go_on(carry: Any) -> Any:
            index, _, _, fine = carry
            return (index < stop) & fine

        def body(carry: Any) -> Any:
            index, state, _, _ = carry
            state, logs, fine = self._one(kind, state, batch_at(index), key, first_step + index)
            return index + 1, _like(state, carry[1]), logs, _for_all(fine, axis)

        logs = {}
        if self.trainer.custom_step(kind) is not None:
            _, shapes, _ = jax.eval_shape(lambda: self._one(kind, state, batch_at(start), key, first_step))
            logs = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
        index, state, logs, fine = jax.lax.while_loop(go_on, body, (start, state, logs, jnp.asarray(True)))
        return (
            state,
            logs,
            index,
            _for_all(fine & _finite(state.trainable), axis) if looks_at_weights else fine,
        )

    def _epochs(
        self,
        state: TrainingState,
        fresh_metrics: list[Any],
        data: Any,
        orders: Any,
        validation: Any,
        key: Any,
        first_step: Any,
        count: Any,
        axis: str | None = None,
    ) -> tuple[TrainingState, dict[str, Any], Any]:
        """The first `count` epochs of some: the new state, the logs of every epoch, and whether all was
        finite.

        Args:
            orders: the blocks of the epochs, each of shape (epochs, steps, batch size).
            validation: the data and the blocks to validate on after every epoch, or None.
        """
        zero = jnp.minimum(
            count, 0
        )  # which the compiler does not know: even a loop of one step stays a loop, with the bits of `_many`

        def run(
            kind: str, state: TrainingState, data: Any, blocks: Any, step: Any
        ) -> tuple[TrainingState, dict[str, Any], Any]:
            state, fine = state._replace(metrics=fresh_metrics), jnp.asarray(True)
            for block in blocks:
                state, _, _, still_fine = self._many(
                    kind, state, data, block, key, step, zero, zero + len(block), axis, False
                )
                fine, step = fine & still_fine, step + len(block)
            return state, results(self.trainer, state.metrics), fine

        def epoch(carry: Any) -> Any:
            number, state, logs, _ = carry
            blocks = [order[number] for order in orders]
            step = first_step + number * sum(map(len, blocks))
            state, values, fine = run("train", state, data, blocks, step)
            if validation is not None:
                state, validated, _ = run("test", state, validation[0], validation[1], zero)
                values |= {f"val_{name}": value for name, value in validated.items()}
            return (
                number + 1,
                state,
                {name: logs[name].at[number].set(value) for name, value in values.items()},
                fine,
            )

        prefixes = ("", "val_") if validation is not None else ("",)
        shapes = jax.eval_shape(functools.partial(results, self.trainer), fresh_metrics)
        logs = {
            prefix + name: jnp.zeros((len(orders[0]), *leaf.shape), leaf.dtype)
            for prefix in prefixes
            for name, leaf in shapes.items()
        }
        _, state, logs, fine = jax.lax.while_loop(
            lambda carry: (carry[0] < count) & carry[3], epoch, (zero, state, logs, jnp.asarray(True))
        )
        return state, logs, _for_all(fine & _finite(state.trainable), axis)

    def _predict(self, values: list[Any], x: Any) -> tuple[Any, list[Any]]:
        """The outputs, and the values afterwards where the model carries state from batch to batch."""
        self.traces += 1
        outputs, new = self.trainer.apply(values, x, key=key_of(0), training=False)
        return outputs, new if is_stateful(self.trainer) else []


class MembersProgram:
    """The functions of a program for K models at once, by `vmap`: every state, key and bound `stop` has a
    leading axis of K.

    In training each model has an order of rows of its own, (steps, K, batch size); in a test all share one,
    (steps, batch size). Only whole epochs end for all models together.
    """

    def __init__(self, program: Program) -> None:
        self.train_many = jax.jit(
            jax.vmap(functools.partial(program._many, "train"), (0, None, 1, 0, None, None, 0))
        )
        self.test_many = jax.jit(
            jax.vmap(functools.partial(program._many, "test"), (0, None, None, 0, None, None, None))
        )
        epochs = jax.vmap(
            functools.partial(program._epochs, axis="members"),
            (0, 0, None, 2, None, 0, None, None),
            (0, 1, 0),
            axis_name="members",
        )
        self.train_epochs = jax.jit(epochs)
        self.predict = jax.jit(
            jax.vmap(lambda values, x: program.trainer.apply(values, x, key=key_of(0))[0], (0, None))
        )
        self.results = jax.jit(jax.vmap(lambda metrics: results(program.trainer, metrics)))


def _for_all(fine: Any, axis: str | None) -> Any:
    """Whether a truth holds for all models of an axis of `vmap`."""
    return fine if axis is None else jax.lax.pmin(fine.astype(jnp.int32), axis) > 0


def _finite(arrays: list[Any]) -> Any:
    """Whether the sum of all numbers is finite, which it is not if one of them is not."""
    return jnp.isfinite(sum((jnp.sum(array.astype(jnp.float32)) for array in arrays), jnp.zeros(())))


def is_stateful(model: Any) -> bool:
    """Whether a layer of the model carries state from one batch to the next."""
    return any(getattr(layer, "stateful", False) for layer in model._flatten_layers())


def _like(new: TrainingState, old: TrainingState) -> TrainingState:
    """The new state in the old one's dtypes, which a loop needs to stay as they are."""
    return jax.tree.map(lambda after, before: jnp.asarray(after, before.dtype), TrainingState(*new), old)


def integer(value: int) -> np.int32:
    """A step number as programs take them: always the same dtype, so that no second trace is made."""
    return np.int32(value)
