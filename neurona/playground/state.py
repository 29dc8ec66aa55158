"""The state of the playground: what the page may ask for, checked value by value."""

import math
from collections.abc import Sequence
from typing import Any

from neurona.playground.formulas import formula
from neurona.playground.refusal import Refusal

LIMITS = {"layers": 12, "units": 64, "points": 2000, "classes": 10, "grid": 100, "batch": 256}
FEATURES = ("x", "y", "x^2", "y^2", "x*y", "sin(x)", "sin(y)")
DATA = {
    "classification": ("circle", "xor", "gauss", "spiral", "points", "formula"),
    "regression": ("plane", "gaussians", "points", "formula"),
}
ACTIVATIONS = (
    "tanh", "relu", "sigmoid", "linear", "leaky_relu", "elu", "selu", "gelu", "silu", "softplus", "softsign",
    "relu6", "mish", "hard_tanh", "hard_sigmoid", "exponential",
)  # fmt: skip
LOSSES = {
    "binary": (
        "mean_squared_error", "binary_crossentropy", "hinge", "squared_hinge", "binary_focal_crossentropy",
    ),
    "classes": (
        "categorical_crossentropy", "mean_squared_error", "categorical_hinge",
        "categorical_focal_crossentropy",
    ),
    "regression": ("mean_squared_error", "mean_absolute_error", "huber", "log_cosh"),
}  # fmt: skip
# The numbers of every optimizer, with their defaults.
OPTIMIZERS: dict[str, dict[str, float]] = {
    "sgd": {"momentum": 0.0},
    "rmsprop": {"rho": 0.9, "momentum": 0.0, "epsilon": 1e-7},
    "adam": {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
    "adamw": {"weight_decay": 0.004, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
    "adamax": {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
    "nadam": {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
    "adagrad": {"initial_accumulator_value": 0.1, "epsilon": 1e-7},
    "adadelta": {"rho": 0.95, "epsilon": 1e-7},
    "adafactor": {},
    "ftrl": {"learning_rate_power": -0.5, "initial_accumulator_value": 0.1},
    "lion": {"beta_1": 0.9, "beta_2": 0.99},
    "lamb": {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
    "muon": {"momentum": 0.95},
}
_HIGHEST_SEED = 2**31 - 1


def loss_kind(state: dict[str, Any]) -> str:
    """Which row of `LOSSES` a state's losses come from."""
    if state["problem"] == "regression":
        return "regression"
    return "binary" if state["data"]["classes"] == 2 else "classes"


def normalized(given: Any) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """A whole state, and a note for each value that was refused and replaced by its default.

    Raises:
        Refusal: it is no object.

    Example:

        >>> state, notes = normalized({"batch": -3})
        >>> state["batch"], notes[0]["en"]
        (10, 'batch is a whole number from 1 to 256. Received: -3. Taken: 10.')
    """
    if not isinstance(given, dict):
        raise Refusal("state", "A state is an object.", "Un estado es un objeto.")
    read = _Reader(given)
    problem = read.choice("problem", ("classification", "regression"))
    state: dict[str, Any] = {"v": 1, "problem": problem, "data": _data(read.inner("data"), problem)}
    features = given.get("features", ["x", "y"])
    if not (isinstance(features, list) and features and all(one in FEATURES for one in features)):
        read.note(
            "features", f"a list of {', '.join(FEATURES)}", f"una lista de {', '.join(FEATURES)}", features
        )
        features = ["x", "y"]
    state["features"] = [one for one in FEATURES if one in features]
    state["layers"] = _layers(read)
    state["skips"] = _skips(read, len(state["layers"]))
    state["loss"] = read.choice("loss", (*LOSSES[loss_kind(state)], None), LOSSES[loss_kind(state)][0])
    state["loss"] = state["loss"] or LOSSES[loss_kind(state)][0]
    state["optimizer"] = read.choice("optimizer", tuple(OPTIMIZERS))
    state["learning_rate"] = read.number("learning_rate", 0.0, 1000.0, 0.03)
    for name, default in OPTIMIZERS[state["optimizer"]].items():
        state[name] = read.number(name, *((-1.0, 0.0) if default < 0 else (0.0, 1.0)), default)
    penalty = read.inner("regularization")
    kind = penalty.choice("kind", (None, "l1", "l2"))
    state["regularization"] = {"kind": kind, "rate": penalty.number("rate", 0.0, 100.0, 0.0)}
    state["batch"] = read.whole("batch", 1, LIMITS["batch"], 10)
    state["seed"] = read.whole("seed", 0, _HIGHEST_SEED, 0)
    return state, read.notes


class _Reader:
    """Reads an object's values; what does not fit gets its default and a note."""

    def __init__(self, given: Any, path: str = "", notes: list[dict[str, str]] | None = None) -> None:
        self.given, self.path = given if isinstance(given, dict) else {}, path
        self.notes: list[dict[str, str]] = [] if notes is None else notes

    def inner(self, name: str) -> "_Reader":
        return _Reader(self.given.get(name), f"{self.path}{name}.", self.notes)

    def note(self, name: str, en: str, es: str, value: Any, taken: Any = None) -> None:
        shown = repr(value)[:80]
        after = ("", "") if taken is None else (f" Taken: {taken}.", f" Se toma: {taken}.")
        self.notes.append(
            {
                "en": f"{self.path}{name} is {en}. Received: {shown}.{after[0]}",
                "es": f"{self.path}{name} es {es}. Se recibió: {shown}.{after[1]}",
            }
        )

    def choice(self, name: str, allowed: Sequence[Any], default: Any = ...) -> Any:
        default = allowed[0] if default is ... else default
        value = self.given.get(name, default)
        if (value is None or isinstance(value, str)) and value in allowed:
            return value
        names = ", ".join(str(one) for one in allowed)
        self.note(name, f"one of {names}", f"uno de {names}", value, default)
        return default

    def number(self, name: str, low: float, high: float, default: float) -> float:
        value = self.given.get(name, default)
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if is_number and math.isfinite(value) and low <= value <= high:
            return float(value)
        self.note(
            name, f"a number from {low:g} to {high:g}", f"un número de {low:g} a {high:g}", value, default
        )
        return default

    def whole(self, name: str, low: int, high: int, default: int) -> int:
        value = self.given.get(name, default)
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        en, es = f"a whole number from {low} to {high}", f"un número entero de {low} a {high}"
        self.note(name, en, es, value, default)
        return default


def _data(read: _Reader, problem: str) -> dict[str, Any]:
    data: dict[str, Any] = {
        "name": read.choice("name", DATA[problem]),
        "noise": read.number("noise", 0, 50, 0.0),
        "train": read.number("train", 10, 90, 50.0),
        "seed": read.whole("seed", 0, _HIGHEST_SEED, 0),
        "classes": read.whole("classes", 2, LIMITS["classes"], 2),
    }
    if data["name"] == "points":
        data["points"] = _points(read, problem, data["classes"])
    if data["name"] == "formula":
        text = read.given.get("formula", "x*y > 0")
        try:
            formula(text if isinstance(text, str) else "")
        except Refusal as refusal:
            read.notes.append(refusal.message)
            text = "x*y > 0"
        data["formula"] = text
    return data


def _points(read: _Reader, problem: str, classes: int) -> list[list[float]]:
    given = read.given.get("points")
    points = given[: LIMITS["points"]] if isinstance(given, list) else []
    kept = [point for point in points if _is_point(point, problem, classes)]
    if len(kept) < 4 or len(kept) != len(given or []):
        read.note(
            "points",
            f"a list of 4 to {LIMITS['points']} triples x, y and class or value",
            f"una lista de 4 a {LIMITS['points']} ternas x, y y clase o valor",
            f"{len(given) if isinstance(given, list) else given}; {len(kept)}",
        )
    if len(kept) < 4:
        kept = [[-2, -2, 0], [2, 2, 0], [-2, 2, 1], [2, -2, 1]]
    return [[float(value) for value in point] for point in kept]


def _is_point(point: Any, problem: str, classes: int) -> bool:
    if not (isinstance(point, list) and len(point) == 3):
        return False
    if not all(isinstance(one, (int, float)) and math.isfinite(one) and abs(one) < 1e6 for one in point):
        return False
    return problem == "regression" or point[2] in range(classes)


def _layers(read: _Reader) -> list[dict[str, Any]]:
    default = [{"units": 4}, {"units": 2}]
    given = read.given.get("layers", default)
    if not isinstance(given, list) or len(given) > LIMITS["layers"]:
        text = f"0..{LIMITS['layers']}"
        read.note("layers", f"a list of {text} layers", f"una lista de {text} capas", given)
        given = default
    layers = []
    for number, one in enumerate(given):
        layer = _Reader(one, f"layers[{number}].", read.notes)
        layers.append(
            {
                "units": layer.whole("units", 1, LIMITS["units"], 4),
                "activation": layer.choice("activation", ACTIVATIONS),
                "dropout": layer.number("dropout", 0.0, 0.95, 0.0),
                "normalization": layer.given.get("normalization") is True,
            }
        )
    return layers


def _skips(read: _Reader, layers: int) -> list[list[int]]:
    given = read.given.get("skips", [])
    kept: list[list[int]] = []
    for one in given if isinstance(given, list) else [given]:
        if (
            isinstance(one, list)
            and len(one) == 2
            and all(type(end) is int for end in one)
            and 0 <= one[0] < one[1] - 1 <= layers
        ):
            if one not in kept:
                kept.append(one)
        else:
            en, es = "a list of pairs of layers [from, to]", "una lista de pares de capas [de, a]"
            read.note("skips", en, es, one)
    return sorted(kept)
