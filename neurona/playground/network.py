"""Network: a model of the plane, its training in one compiled loop, and moments to go back to."""

import dataclasses
import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from neurona.layers import Activation, BatchNormalization, Concatenate, Dense, Dropout, Input
from neurona.losses import get as loss_of
from neurona.models import Model
from neurona.optimizers import deserialize
from neurona.playground.data import Points, features, grid, make
from neurona.playground.state import LIMITS, OPTIMIZERS, loss_kind
from neurona.random import Stream

LONGEST_RUN = 4096  # updates of one program call
UNIT_GRID = 32
_MOST_MOMENTS = 256
_BLOCK = 64  # epochs whose order is drawn at once


class Values(NamedTuple):
    """All that training changes: the variables of the model and of the optimizer."""

    trainable: list[Any]
    others: list[Any]
    optimizer: list[Any]


@dataclasses.dataclass(frozen=True)
class Moment:
    """A moment of training: the values after so many updates.

    `rates` are the learning rate and the penalty's, which hold from here. `pure` tells whether the state
    alone leads here: the seed's first weights, and these rates all the way.
    """

    update: int
    values: Values
    rates: tuple[float, float]
    pure: bool = True


class Network:
    """A network, its data, and its training.

    Args:
        state: a normalized state.

    Attributes:
        model: gives the activations of every hidden layer, and the output last.
        now: the moment reached.
        moments: earlier ones, the first of them before all training.
        finite: whether the last run met finite losses only.
    """

    def __init__(self, state: dict[str, Any]) -> None:
        self.state = state
        self.kind = loss_kind(state)
        self.train, self.test = make(state)
        with Stream(state["seed"]):  # the seed of the process is its user's
            self.model = build(state)
        self.loss = loss_of(state["loss"])
        self.optimizer = make_optimizer(state)
        self.optimizer.build(self.model.trainable_variables)
        self.x, self.y = self._arrays(self.train)
        self.test_arrays = self._arrays(self.test)
        self.finite = True
        self._rate_at = [one.path.rsplit("/", 1)[-1] for one in self.optimizer.variables].index(
            "learning_rate"
        )
        self._most_moments = _MOST_MOMENTS
        self._first = self.now = Moment(0, self._first_values(), rates_of(state))
        self.moments = [self.now]
        self.programs = jax.jit(self._updates), jax.jit(self._views)
        self._key = jax.random.key(state["seed"])

    def _arrays(self, points: Points) -> tuple[jax.Array, jax.Array]:
        x = jnp.asarray(features(self.state["features"], points.xy))
        return x, jnp.asarray(targets(self.state, points.target))

    def _first_values(self) -> Values:
        model = self.model
        groups = (model.trainable_variables, model.non_trainable_variables, self.optimizer.variables)
        return Values(*([one.value for one in group] for group in groups))

    # What is traced.

    def objective(self, trainable: Any, others: Any, x: Any, y: Any, rate: Any, **call: Any) -> Any:
        """The loss with the penalty, and the new values of the other variables."""
        outputs, others = self.model.stateless_call(trainable, others, x, **call)
        output = listed(outputs)[-1]
        penalty = self.state["regularization"]["kind"]
        loss = jnp.mean(self.loss(y, output))
        if penalty:
            size = jnp.abs if penalty == "l1" else jnp.square
            loss += rate * sum(jnp.sum(size(one)) for one in trainable if one.ndim == 2)
        return loss, others

    def _updates(
        self, values: Values, x: Any, y: Any, order: Any, key: Any, rate: Any, first: Any, count: Any
    ) -> Any:
        """So many updates, or fewer where a loss is not finite: then the count of the good ones is right, and
        the values are one update too far.
        """
        draws = any(layer["dropout"] for layer in self.state["layers"])

        def body(carry: Any) -> Any:
            index, values, _ = carry
            rows = jax.lax.dynamic_index_in_dim(order, index, keepdims=False)
            objective = functools.partial(
                self.objective, x=x[rows], y=y[rows], rate=rate, training=True,
                key=jax.random.fold_in(key, first + index) if draws else key,
            )  # fmt: skip
            differentiate = jax.value_and_grad(objective, has_aux=True)
            (loss, others), gradients = differentiate(values.trainable, values.others)
            trainable, optimizer = self.optimizer.stateless_apply(
                values.optimizer, gradients, values.trainable
            )
            finite = jnp.isfinite(loss)
            return index + finite, Values(trainable, others, optimizer), finite

        start = (jnp.zeros((), jnp.int32), values, jnp.asarray(True))
        return jax.lax.while_loop(lambda carry: (carry[0] < count) & carry[2], body, start)

    def _views(self, values: Values, x: Any, y: Any, test_x: Any, test_y: Any, maps: Any, units: Any) -> Any:
        """The figures and pictures of a frame."""

        def outputs(inputs: Any) -> Any:
            return listed(self.model.stateless_call(values.trainable, values.others, inputs)[0])

        def figures(inputs: Any, wanted: Any) -> Any:
            output = outputs(inputs)[-1]
            return jnp.mean(self.loss(wanted, output)), jnp.mean(self._is_right(wanted, output))

        def loss(trainable: Any) -> Any:
            return self.objective(trainable, values.others, x, y, 0.0)[0]

        gradients = jax.grad(loss)(values.trainable)
        mean = [jnp.mean(jnp.abs(one)) for one in gradients if one.ndim == 2]
        hidden = outputs(x)[:-1]
        dead = [jnp.mean(jnp.all(jnp.abs(one - one[:1]) < 1e-6, axis=0)) for one in hidden]
        drawn = outputs(units)[:-1]
        low, high = [one.min(axis=0) for one in drawn], [one.max(axis=0) for one in drawn]
        pictures = [
            jnp.round(255 * (one - least) / jnp.maximum(most - least, 1e-12)).astype(jnp.uint8).T
            for one, least, most in zip(drawn, low, high)
        ]
        scales = [jnp.stack([least, most], axis=1) for least, most in zip(low, high)]
        return {
            "losses": (figures(x, y), figures(test_x, test_y)),
            "gradient": mean,
            "dead": dead,
            "output": self._shown(outputs(maps)[-1]).T,
            "units": pictures,
            "scales": scales,
        }

    def _is_right(self, wanted: Any, output: Any) -> Any:
        if self.kind == "classes":
            return jnp.argmax(output, axis=1) == jnp.argmax(wanted, axis=1)
        middle = 0.5 if is_probability(self.state) else 0.0
        return (output > middle) == (wanted > middle)

    def _shown(self, output: Any) -> Any:
        return 2 * output - 1 if self.kind == "binary" and is_probability(self.state) else output

    # What is called.

    def run(self, updates: int) -> int:
        """Train, and return how many updates were done: fewer where a loss is not finite."""
        begin, self.finite = self.now.update, True
        while self.finite and self.now.update < begin + updates:
            count = min(begin + updates - self.now.update, LONGEST_RUN)
            done, values, finite = self._call(count)
            self.finite = bool(finite)
            if not self.finite:
                values = self._call(int(done))[1]  # up to the last good update, with the same bits
            self.now = dataclasses.replace(self.now, update=self.now.update + int(done), values=values)
            self._remember()
        return self.now.update - begin

    def _call(self, count: int) -> Any:
        first, rate = self.now.update, np.float32(self.now.rates[1])
        order = self._order(first, max(count, 1))
        return self.programs[0](
            self.now.values, self.x, self.y, order, self._key, rate, np.int32(first), np.int32(count)
        )

    def _remember(self) -> None:
        """Keep this moment; where there are many, every second of them, and all whose rates are new."""
        self.moments.append(self.now)
        if len(self.moments) > self._most_moments:
            before = [None, *(one.rates for one in self.moments)]
            self.moments = [
                one
                for place, (one, rates) in enumerate(zip(self.moments, before))
                if place % 2 == 0 or one.rates != rates or one is self.now
            ]
            self._most_moments = max(_MOST_MOMENTS, 2 * len(self.moments))

    def _order(self, first: int, count: int) -> np.ndarray:
        """The rows of updates: permutations of the training rows, one after the other."""
        rows, batch = len(self.x), self.state["batch"]
        begin, end = first * batch, (first + count) * batch
        block = rows * _BLOCK
        parts = [self._permutations(number) for number in range(begin // block, (end - 1) // block + 1)]
        flat = np.concatenate(parts)[begin % block :][: count * batch]
        order = np.zeros((LONGEST_RUN, batch), np.int32)
        order[:count] = flat.reshape(count, batch)
        return order

    @functools.lru_cache(maxsize=4)  # noqa: B019 - a network has few blocks in use at a time
    def _permutations(self, block: int) -> np.ndarray:
        rng = np.random.default_rng([self.state["seed"], block])
        line = np.arange(len(self.x), dtype=np.int32)
        return rng.permuted(np.tile(line, (_BLOCK, 1)), axis=1).ravel()

    def rows_of(self, updates: int) -> np.ndarray:
        """The training rows of the first updates, (updates, batch)."""
        starts = range(0, updates, LONGEST_RUN)
        parts = [self._order(start, min(LONGEST_RUN, updates - start)) for start in starts]
        return np.concatenate([np.zeros((0, self.state["batch"]), np.int32), *parts])[:updates]

    def go_back(self, update: int) -> None:
        """Go to the last moment kept which is not after an update. `run` leads from there to the update, with
        the bits of the first time, and `take_rates` then sets the rates of now.
        """
        self.moments = [one for one in self.moments if one.update <= update] or self.moments[:1]
        self.now, self.finite = self.moments[-1], True

    def take_rates(self) -> None:
        """From here on, train with the rates of the state."""
        rates = rates_of(self.state)
        if rates != self.now.rates:
            optimizer = list(self.now.values.optimizer)
            optimizer[self._rate_at] = jnp.asarray(rates[0], jnp.float32)
            values = Values(self.now.values.trainable, self.now.values.others, optimizer)
            pure = self.now.pure and self.now.update == 0
            self.now = Moment(self.now.update, values, rates, pure)
            self.moments.append(self.now)

    def restart(self) -> None:
        """Go to the seed's first weights; all other moments go."""
        self.now, self.moments, self.finite = self._first, [self._first], True
        self.take_rates()
        self.moments = [self.now]

    def set_parameter(self, layer: int, kind: str, index: list[int], value: float) -> None:
        """Give one weight or bias a value by hand. The moments before belong to other weights, and go."""
        place = self.places()[layer][kind]
        values = self.now.values
        trainable = list(values.trainable)
        trainable[place] = trainable[place].at[tuple(index)].set(value)
        values = Values(trainable, values.others, values.optimizer)
        self.now = dataclasses.replace(self.now, values=values, pure=False)
        self.moments, self.finite = [self.now], True

    def places(self) -> list[dict[str, int]]:
        """Where every dense layer's kernel and bias stand among the trainable values."""
        paths = [one.path for one in self.model.trainable_variables]
        return [
            {kind: paths.index(f"{name}/{kind}") for kind in ("kernel", "bias")}
            for name in layer_names(self.state)
        ]

    def parameters(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """The kernel and bias of every dense layer."""
        return parameters_of(self, self.now)

    def take_over(self, other: "Network") -> bool:
        """Keep what fits of another network's weights. Returns whether training goes on from there."""
        new, old = self.now.values, other.now.values
        shapes = [[one.shape for one in jax.tree.leaves(values)] for values in (new, old)]
        names = ("optimizer", *OPTIMIZERS[self.state["optimizer"]])
        same = shapes[0] == shapes[1] and all(self.state[one] == other.state.get(one) for one in names)
        update = other.now.update if same else 0
        if same:
            rate = [*old.optimizer]
            rate[self._rate_at] = new.optimizer[self._rate_at]
            new = Values(old.trainable, old.others, rate)
        else:
            before = dict(zip((one.path for one in other.model.trainable_variables), old.trainable))
            paths = [one.path for one in self.model.trainable_variables]
            kept = [before.get(path, value) for path, value in zip(paths, new.trainable)]
            trainable = [
                one if one.shape == value.shape else value for one, value in zip(kept, new.trainable)
            ]
            new = Values(trainable, new.others, new.optimizer)
        pure = update == 0 and all(map(np.array_equal, new.trainable, self._first.values.trainable))
        self.now = dataclasses.replace(self.now, update=update, values=new, pure=pure)
        self.moments = [self.now]
        return same

    def share_programs(self, other: "Network") -> None:
        """Use another network's compiled programs where the state's difference is none to them."""
        if _program_key(self.state) == _program_key(other.state):
            self.programs = other.programs

    def adjust(self, state: dict[str, Any]) -> None:
        """Take a state that differs in the learning rate or the rate of the penalty only."""
        self.state, self.finite = state, True
        self.take_rates()

    def look(self) -> dict[str, Any]:
        """The figures and pictures of now."""
        maps, units = _grids(tuple(self.state["features"]))
        seen = self.programs[1](self.now.values, self.x, self.y, *self.test_arrays, maps, units)
        return jax.device_get(seen)

    def activations(self, x: Any) -> list[np.ndarray]:
        """What every layer gives for rows of features."""
        values = self.now.values
        return jax.device_get(listed(self.model.stateless_call(values.trainable, values.others, x)[0]))


@functools.lru_cache(maxsize=8)
def _grids(names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    return features([*names], grid(LIMITS["grid"])), features([*names], grid(UNIT_GRID))


def parameters_of(network: Network, moment: Moment) -> list[tuple[np.ndarray, np.ndarray]]:
    """The kernel and bias of every dense layer at a moment."""
    values = moment.values.trainable
    return [(np.asarray(values[one["kernel"]]), np.asarray(values[one["bias"]])) for one in network.places()]


def rates_of(state: dict[str, Any]) -> tuple[float, float]:
    """The learning rate and the rate of the penalty."""
    return state["learning_rate"], state["regularization"]["rate"]


def _program_key(state: dict[str, Any]) -> dict[str, Any]:
    """What of a state is written into the compiled programs; the rest are their arguments."""
    kind = state["regularization"]["kind"]
    changing = dict.fromkeys(("learning_rate", "seed", "batch"))
    return {**state, **changing, "regularization": kind, "data": state["data"]["classes"]}


def listed(outputs: Any) -> list[Any]:
    """The outputs as a list: a model with one gives it bare."""
    return outputs if isinstance(outputs, list) else [outputs]


def layer_names(state: dict[str, Any]) -> list[str]:
    """The names of the dense layers."""
    return [*(f"hidden{number}" for number in range(1, len(state["layers"]) + 1)), "output"]


def sources(state: dict[str, Any]) -> list[list[int]]:
    """What every dense layer reads: 0 are the features, k is the k-th hidden layer."""
    count = len(state["layers"]) + 1
    return [[one for one, to in state["skips"] if to == layer] + [layer - 1] for layer in range(1, count + 1)]


def build(state: dict[str, Any]) -> Model:
    """The model of a state: its outputs are the hidden layers' and, last, the output."""
    values: list[Any] = [Input((len(state["features"]),), name="features")]
    inputs = values[0]
    for number, (layer, read) in enumerate(zip(state["layers"], sources(state)), 1):
        tensor = _joined([values[one] for one in read])
        if layer["normalization"]:
            tensor = Dense(layer["units"], name=f"hidden{number}")(tensor)
            tensor = BatchNormalization(name=f"normalization{number}")(tensor)
            tensor = Activation(layer["activation"], name=f"activation{number}")(tensor)
        else:
            tensor = Dense(layer["units"], activation=layer["activation"], name=f"hidden{number}")(tensor)
        if layer["dropout"]:
            tensor = Dropout(layer["dropout"], name=f"dropout{number}")(tensor)
        values.append(tensor)
    tensor = _joined([values[one] for one in sources(state)[-1]])
    output = Dense(outputs_of(state), activation=output_activation(state), name="output")(tensor)
    return Model(inputs, [*values[1:], output])


def _joined(tensors: list[Any]) -> Any:
    return tensors[0] if len(tensors) == 1 else Concatenate()(tensors)


def outputs_of(state: dict[str, Any]) -> int:
    """The number of outputs."""
    return state["data"]["classes"] if loss_kind(state) == "classes" else 1


def output_activation(state: dict[str, Any]) -> str:
    """The activation of the output, which follows from the loss."""
    kind = loss_kind(state)
    if kind == "regression":
        return "linear"
    if kind == "classes":
        return "linear" if state["loss"] == "categorical_hinge" else "softmax"
    return "sigmoid" if is_probability(state) else "tanh"


def is_probability(state: dict[str, Any]) -> bool:
    """Whether one output is the probability of the second class."""
    return loss_kind(state) == "binary" and "crossentropy" in state["loss"]


def targets(state: dict[str, Any], values: np.ndarray) -> np.ndarray:
    """The targets as the loss takes them: -1 and 1, 0 and 1, a column for each class, or the value."""
    kind = loss_kind(state)
    if kind == "classes":
        return np.eye(state["data"]["classes"], dtype=np.float32)[values.astype(int)]
    column = values.astype(np.float32)[:, None]
    return 2 * column - 1 if kind == "binary" and not is_probability(state) else column


def make_optimizer(state: dict[str, Any]) -> Any:
    """The optimizer of a state."""
    name = state["optimizer"]
    config = {"learning_rate": state["learning_rate"], **{one: state[one] for one in OPTIMIZERS[name]}}
    return deserialize({"class_name": name, "config": config})
