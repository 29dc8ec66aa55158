"""Session: one open page. It reads messages, trains, and hands out frames, in its own thread."""

import collections
import json
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

from neurona import __version__, language
from neurona.playground import by_hand, frames, surface
from neurona.playground.data import EXTENT, features
from neurona.playground.network import Moment, Network, layer_names, output_activation, sources
from neurona.playground.refusal import Refusal
from neurona.playground.state import ACTIVATIONS, DATA, FEATURES, LIMITS, LOSSES, OPTIMIZERS, normalized

Send = Callable[[str | bytes], None]
CHUNK_SECONDS = 0.03
MOST_SECONDS_OWED = 0.5
MOST_WAITING = 200
MOST_AHEAD = 10_000_000  # how far `seek` and `step` may go
PROGRESS_SECONDS = 0.5  # between the frames on the way there


class Session:
    """What one page sees.

    Args:
        send: gives a message to the page; called from the session's thread.
        start: the state to begin with.
    """

    def __init__(self, send: Send, start: dict[str, Any] | None = None) -> None:
        self._send, self._start = send, start or {}
        self._waiting: queue.Queue[str | None] = queue.Queue(MOST_WAITING)
        self._networks: dict[str, Network] = {}
        self._playing, self._ready, self._changed = False, True, False
        self._goals: dict[str, int] = {}  # the update that a network is on its way to
        self._shown_at = 0.0
        self.shown: collections.deque[tuple[Network, Moment]] = collections.deque(maxlen=8)
        self._speed: float | None = None
        self._space: dict[str, int | None] = {}
        self._chunk, self._rate, self._owed, self._ended = 64, 0.0, 0.0, False
        self._trained_at = 0.0
        self._thread = threading.Thread(target=self._live, daemon=True, name="playground")

    def start(self) -> None:
        self._send(json.dumps(hello(self._start)))
        self._thread.start()

    def receive(self, text: str) -> bool:
        """Queue a message of the page. Returns False where too many wait already."""
        try:
            self._waiting.put_nowait(text)
        except queue.Full:
            return False
        return True

    def close(self) -> None:
        """End the thread after what it is doing."""
        self._ended = True
        self.receive("{}")  # wakes the thread

    # The thread.

    def _live(self) -> None:
        while not self._ended:
            active = self._playing or self._goals or (self._changed and self._ready)
            try:
                text = self._waiting.get(block=not active)
                if text is not None and not self._ended:
                    self._answer(text)
                continue
            except queue.Empty:
                pass
            try:
                if self._goals:
                    self._approach()
                elif self._playing:
                    self._train()
                on_the_way = self._goals and time.monotonic() - self._shown_at < PROGRESS_SECONDS
                if self._ready and self._changed and not on_the_way:
                    self._show()
            except Exception as error:
                self._playing = self._changed = False
                self._goals.clear()
                self._tell(None, error)

    def _approach(self) -> None:
        """A chunk of updates of every network that has a goal."""
        began = time.perf_counter()
        for name, update in [*self._goals.items()]:
            network = self._networks[name]
            network.run(min(self._chunk, update - network.now.update))
            if not network.finite or network.now.update >= update:
                self._stop(name)
        self._fit_chunk(self._chunk, time.perf_counter() - began)
        self._changed = True

    def _stop(self, *names: str) -> None:
        """End the way to a goal where it is."""
        for name in names or [*self._goals]:
            if self._goals.pop(name, None) is not None:
                self._networks[name].take_rates()

    def _fit_chunk(self, count: int, took: float) -> None:
        fitting = count * CHUNK_SECONDS / max(took, 1e-6)
        self._chunk = int(min(max(fitting, 1), 2 * self._chunk, 100_000))

    def _train(self) -> None:
        """A chunk of updates of every network, as many as fit into its time and the wanted speed."""
        began, count = time.perf_counter(), self._chunk
        if self._speed is not None:  # what is owed since the last time; of a long wait, a part only
            self._owed += self._speed * min(began - self._trained_at, MOST_SECONDS_OWED)
            count, self._owed = int(self._owed), self._owed % 1
        self._trained_at = began
        for network in self._networks.values():
            if count and network.finite:
                network.run(count)
        took = time.perf_counter() - began
        if self._speed is None:
            self._fit_chunk(count, took)
        else:
            time.sleep(max(CHUNK_SECONDS - took, 0))
        self._rate = count / max(time.perf_counter() - began, 1e-6)
        self._changed = self._changed or count > 0
        if not any(network.finite for network in self._networks.values()):
            self._playing, self._changed = False, True

    def _show(self) -> None:
        self._changed = False
        self._shown_at = time.monotonic()
        for name, network in self._networks.items():
            rate = self._rate if self._playing else 0.0
            header = {"playing": self._playing, "updates_per_second": rate}
            self.shown.append((network, network.now))
            self._send(frames.frame(name, network, self._space.get(name), **header))
            self._ready = False  # only where a frame went out: the page says when it is ready again

    # The messages.

    def _answer(self, text: str) -> None:
        message: Any = None
        try:
            message = parsed(text)
            handler = self._HANDLERS.get(message.get("type"))
            if handler is None:
                names = ", ".join(self._HANDLERS)
                given = repr(message.get("type"))[:80]
                raise Refusal(
                    "type",
                    f"type is one of {names}. Received: {given}",
                    f"type es uno de {names}. Se recibió: {given}",
                )
            handler(self, message)
        except Refusal as refusal:
            self._reply(message, "error", code=refusal.code, message=refusal.message)
        except Exception as error:
            self._tell(message, error)

    def _tell(self, message: Any, error: Exception) -> None:
        """Answer with what went wrong."""
        name, text = type(error).__name__, str(error)[:400]
        said = {
            "en": f"This failed, for a reason that was not expected. {name}: {text}",
            "es": f"Esto ha fallado por una causa que no se esperaba. El error, en inglés: {name}: {text}",
        }
        self._reply(message, "error", code="failed", message=said)

    def _reply(self, message: Any, kind: str, /, **content: Any) -> None:
        number = message.get("id") if isinstance(message, dict) else None
        number = number if isinstance(number, int) else None
        self._send(json.dumps({"type": kind, "id": number, **content}, allow_nan=False))

    def _named(self, message: dict[str, Any]) -> tuple[str, Network]:
        name = message.get("network", "a")
        if not (isinstance(name, str) and name in self._networks):
            names = ", ".join(self._networks) or "-"
            raise Refusal("network", f"network is one of: {names}.", f"network es una de: {names}.")
        return name, self._networks[name]

    def _configure(self, message: dict[str, Any]) -> None:
        name = message.get("network", "a")
        if name not in ("a", "b"):
            raise Refusal("network", "network is a or b.", "network es a o b.")
        self._stop(name)
        if message.get("state", ...) is None and name == "b":
            self._networks.pop("b", None)  # the comparison ends
            return self._reply(message, "configured", network="b", state=None)
        state, notes = normalized(message.get("state"))
        old = self._networks.get(name)
        if old is not None and _plain(old.state) == _plain(state):
            old.adjust(state)
        else:
            new = self._networks[name] = Network(state)
            if old is not None:
                new.share_programs(old)
                if all(old.state[one] == state[one] for one in ("seed", "problem", "data")):
                    new.take_over(old)
                old.moments.clear()  # the old network lives on with its programs
        self._changed = True
        return self._reply(message, "configured", **configured(name, self._networks[name]), notes=notes)

    def _play(self, message: dict[str, Any]) -> None:
        self._playing, self._owed, self._trained_at = bool(self._networks), 1.0, time.perf_counter()

    def _pause(self, message: dict[str, Any]) -> None:
        self._stop()
        self._playing, self._changed = False, True

    def _step(self, message: dict[str, Any]) -> None:
        count = whole(message, "updates", 1, MOST_AHEAD, 1)
        self._playing, self._changed = False, True
        for name, network in self._networks.items():
            self._goals[name] = self._goals.get(name, network.now.update) + count

    def _reset(self, message: dict[str, Any]) -> None:
        self._stop()
        self._changed = True
        for network in self._networks.values():
            network.restart()

    def _set_speed(self, message: dict[str, Any]) -> None:
        value = message.get("updates_per_second")
        self._speed = None if value is None else real(message, "updates_per_second", 0.1, 1e6)

    def _seek(self, message: dict[str, Any]) -> None:
        furthest = max((one.now.update for one in self._networks.values()), default=0) + MOST_AHEAD
        earliest = min((one.moments[0].update for one in self._networks.values()), default=0)
        update = whole(message, "update", earliest, furthest)
        self._stop()
        self._changed = True
        for name, network in self._networks.items():
            network.go_back(update)
            self._goals[name] = max(update, network.now.update)

    def _set_parameter(self, message: dict[str, Any]) -> None:
        name, network = self._named(message)
        parameters = network.parameters()
        layer = whole(message, "layer", 0, len(parameters) - 1)
        kind = message.get("kind")
        if kind not in ("kernel", "bias"):
            raise Refusal("kind", "kind is kernel or bias.", "kind es kernel o bias.")
        shape, index = parameters[layer][kind == "bias"].shape, message.get("index")
        if not (
            isinstance(index, list)
            and len(index) == len(shape)
            and all(type(one) is int and 0 <= one < size for one, size in zip(index, shape))
        ):
            text = f"index {[*shape]}: {index!r}"[:100]
            raise Refusal("index", f"There is no such parameter: {text}", f"No existe ese parámetro: {text}")
        network.set_parameter(layer, kind, index, real(message, "value", -1e6, 1e6))
        self._changed = True
        kernel, bias = network.parameters()[layer]
        self._reply(
            message, "parameters", network=name, layer=layer, kernel=kernel.tolist(), bias=bias.tolist()
        )

    def _by_hand(self, message: dict[str, Any]) -> None:
        name, network = self._named(message)
        row = whole(message, "row", 0, len(network.x) - 1, 0)
        self._reply(message, "by_hand", network=name, **by_hand.by_hand(network, row))

    def _surface(self, message: dict[str, Any]) -> None:
        name, network = self._named(message)
        span, size = real(message, "span", 0.01, 100, 1.0), whole(message, "size", 3, 61, 25)
        self._reply(message, "surface", network=name, **surface.surface(network, span, size))

    def _probe(self, message: dict[str, Any]) -> None:
        name, network = self._named(message)
        x, y = real(message, "x", -1e3, 1e3), real(message, "y", -1e3, 1e3)
        inputs = features(network.state["features"], [[x, y]])
        layers = [frames.numbers(one[0]) for one in network.activations(inputs)]
        self._reply(message, "probe", network=name, features=frames.numbers(inputs[0]), layers=layers)

    def _set_space(self, message: dict[str, Any]) -> None:
        name, network = self._named(message)
        last = len(network.state["layers"]) - 1
        self._space[name] = None if message.get("layer") is None else whole(message, "layer", 0, last)
        self._changed = True

    def _page_is_ready(self, message: dict[str, Any]) -> None:
        self._ready = True

    _HANDLERS: dict[Any, Callable[["Session", dict[str, Any]], None]] = {
        "configure": _configure,
        "play": _play,
        "pause": _pause,
        "step": _step,
        "reset": _reset,
        "speed": _set_speed,
        "seek": _seek,
        "set_parameter": _set_parameter,
        "by_hand": _by_hand,
        "surface": _surface,
        "probe": _probe,
        "space": _set_space,
        "ready": _page_is_ready,
    }


def hello(state: dict[str, Any]) -> dict[str, Any]:
    """What a page needs to know first."""
    catalog = {
        "activations": ACTIVATIONS,
        "optimizers": OPTIMIZERS,
        "losses": LOSSES,
        "data": DATA,
        "features": FEATURES,
    }
    return {
        "type": "hello",
        "version": __version__,
        "language": language.user_language(),
        "catalog": catalog,
        "limits": LIMITS,
        "state": normalized(state)[0],
    }


def configured(name: str, network: Network) -> dict[str, Any]:
    """The structure and the data of a network."""
    state, parameters = network.state, network.parameters()
    sizes = [kernel.size + bias.size for kernel, bias in parameters]
    activations = [*(layer["activation"] for layer in state["layers"]), output_activation(state)]
    layers = [
        {
            "name": title,
            "units": len(bias),
            "activation": activation,
            "parameters": size,
            "inputs": read,
        }
        for title, (_, bias), activation, size, read in zip(
            layer_names(state), parameters, activations, sizes, sources(state)
        )
    ]
    rows = {
        part: [[*point, target] for point, target in zip(points.xy.tolist(), points.target.tolist())]
        for part, points in (("train", network.train), ("test", network.test))
    }
    classes = [] if network.kind == "regression" else list(range(state["data"]["classes"]))
    return {
        "network": name,
        "state": state,
        "structure": {"layers": layers, "parameters": sum(sizes)},
        "data": {**rows, "classes": classes, "extent": [-EXTENT, EXTENT]},
    }


def _plain(state: dict[str, Any]) -> dict[str, Any]:
    """What of a state a compiled program depends on."""
    kind = state["regularization"]["kind"]
    return {**state, "learning_rate": None, "regularization": kind}


def parsed(text: str) -> dict[str, Any]:
    """The message that a text holds.

    Raises:
        Refusal: it is not an object in JSON.
    """
    try:
        message = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise Refusal("json", "A message is an object in JSON.", "Un mensaje es un objeto en JSON.")
    return message


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def whole(message: dict[str, Any], name: str, low: int, high: int, default: int | None = None) -> int:
    """A whole number of a message.

    Raises:
        Refusal: it is none, or out of range.
    """
    value = message.get(name, default)
    if type(value) is int and low <= value <= high:
        return value
    raise Refusal(
        name,
        f"{name} is a whole number from {low} to {high}. Received: {value!r}"[:200],
        f"{name} es un número entero de {low} a {high}. Se recibió: {value!r}"[:200],
    )


def real(message: dict[str, Any], name: str, low: float, high: float, default: float | None = None) -> float:
    """A number of a message.

    Raises:
        Refusal: it is none, or out of range.
    """
    value = message.get(name, default)
    if type(value) in (int, float) and low <= value <= high:
        return float(value)
    raise Refusal(
        name,
        f"{name} is a number from {low:g} to {high:g}. Received: {value!r}"[:200],
        f"{name} es un número de {low:g} a {high:g}. Se recibió: {value!r}"[:200],
    )
