"""The learn view over a real websocket: its numbers are those of formulas and of the model itself."""

import json
import time
import urllib.error
import urllib.request
from ast import literal_eval

import numpy as np
import pytest

import neurona
from neurona.playground import training_data
from neurona.playground.network import Network
from neurona.playground.session import Session
from neurona.playground.state import normalized

XOR = {"data": {"name": "xor"}, "layers": [{"units": 3}], "learning_rate": 0.1}


def parameters(frame):
    return [frame[name] for name in sorted(frame) if name.startswith(("kernel", "bias"))]


def test_rewind_and_replay_give_the_same_bits(page):
    page.begin(**XOR)
    page.send("step", updates=130)
    first = page.frame(130)
    page.send("step", updates=70)
    page.frame(200)
    page.send("seek", update=130)
    assert all(
        np.array_equal(a, b) for a, b in zip(parameters(page.frame(130)), parameters(first), strict=True)
    )
    page.send("reset")
    page.frame(0)
    page.send("step", updates=130)
    assert all(
        np.array_equal(a, b) for a, b in zip(parameters(page.frame(130)), parameters(first), strict=True)
    )


def test_by_hand_is_the_update_that_training_makes(page):
    page.begin(**XOR, batch=1, skips=[[0, 2]])
    page.send("step", updates=5)
    before = page.frame(5)
    hand = page.ask("by_hand", row=3)
    w1, b1, w2, b2 = (before[name].astype(float) for name in ("kernel0", "bias0", "kernel1", "bias1"))
    x, t = np.array(hand["features"]), np.array(hand["target"])
    h = np.tanh(x @ w1 + b1)
    joined = np.concatenate([x, h])
    y = np.tanh(joined @ w2 + b2)
    assert hand["loss"] == pytest.approx(((y - t) ** 2).mean(), rel=1e-5)
    delta2 = 2 * (y - t) * (1 - y**2)
    delta1 = (w2 @ delta2)[2:] * (1 - h**2)
    assert hand["layers"][1]["delta"] == pytest.approx(delta2, rel=1e-4, abs=1e-7)
    assert hand["layers"][0]["delta"] == pytest.approx(delta1, rel=1e-4, abs=1e-7)
    new = np.array(hand["layers"][0]["new_kernel"])
    assert new == pytest.approx(w1 - 0.1 * np.outer(x, delta1), rel=1e-4, abs=1e-6)


def test_a_weight_set_by_hand_a_probe_and_the_output_agree(page):
    page.begin(layers=[], features=["x", "x*y"])
    for index, value in (([0, 0], 0.25), ([1, 0], -0.5)):
        answer = page.ask("set_parameter", layer=0, kind="kernel", index=index, value=value)
    page.ask("set_parameter", layer=0, kind="bias", index=[0], value=0.1)
    assert answer["kernel"] == [[0.25], [-0.5]]
    probe = page.ask("probe", x=2.0, y=0.5)
    assert probe["layers"][-1] == pytest.approx([np.tanh(0.25 * 2 - 0.5 * 1 + 0.1)], rel=1e-5)
    page.send("pause")
    frame = page.frame()
    while abs(float(frame["bias0"][0]) - 0.1) > 1e-6:
        frame = page.frame()
    assert frame["output"][0, 0, 0] == pytest.approx(np.tanh(0.25 * -6 - 0.5 * -36 + 0.1), rel=1e-5)


def test_a_loss_that_is_not_finite_is_survived_and_explained(page):
    page.begin(
        problem="regression",
        layers=[{"units": 2, "activation": "linear"}],
        learning_rate=900.0,
        data={"name": "plane"},
    )
    page.send("play")
    frame = page.frame()
    while frame["finite"]:
        frame = page.frame()
    assert not frame["playing"]
    assert "900" in frame["message"]["en"]
    assert "tasa" in frame["message"]["es"]
    page.send("reset")
    assert page.frame(0)["finite"]


def test_layers_that_stay_keep_their_weights_and_the_rate_keeps_training(page):
    page.begin(**XOR)
    page.send("step", updates=20)
    before = page.frame(20)
    page.configure(**{**XOR, "learning_rate": 0.01})
    assert np.array_equal(page.frame(20)["kernel0"], before["kernel0"])
    page.send("step", updates=10)
    page.frame(30)
    page.send("seek", update=20)  # there, with the rate of that time
    assert np.array_equal(page.frame(20)["kernel0"], before["kernel0"])
    page.send("step", updates=10)  # from there, with the rate of now
    late = page.frame(30)
    page.configure(**{**XOR, "layers": [{"units": 3}, {"units": 2}]})
    assert np.array_equal(page.frame(0)["kernel0"], late["kernel0"])


def test_new_data_starts_again_and_a_rewind_reaches_the_start(page):
    page.begin(**XOR)
    page.send("step", updates=20)
    page.frame(20)
    page.configure(**{**XOR, "data": {"name": "circle"}})
    first = page.frame(0)
    page.send("step", updates=30)
    page.frame(30)
    page.send("seek", update=0)
    again = page.frame(0)
    assert again["losses"] == first["losses"]
    assert all(np.array_equal(a, b) for a, b in zip(parameters(again), parameters(first), strict=True))


def test_a_long_way_lets_other_messages_through(page):
    page.begin(**XOR)
    page.send("step", updates=10_000_000)
    probe = page.ask("probe", x=1.0, y=1.0)
    page.send("pause")
    assert len(probe["layers"]) == 2
    answer = page.ask("seek", update=-1)
    assert answer["type"] == "error"
    page.send("pause")
    assert page.frame()["update"] < 10_000_000


def test_a_closed_page_s_thread_ends_while_it_trains():
    said = []
    session = Session(said.append)
    session.start()
    for message in ({"type": "configure", "state": {"layers": []}}, {"type": "step", "updates": 10_000_000}):
        assert session.receive(json.dumps(message))
    while not any(isinstance(one, bytes) for one in said):
        time.sleep(0.02)
    session.close()
    session._thread.join(20)
    assert not session._thread.is_alive()


def test_two_networks_learn_side_by_side_on_the_same_data(page):
    one = page.begin(**XOR)
    other = page.ask("configure", network="b", state={**XOR, "optimizer": "adam"})
    assert one["data"] == other["data"]
    page.send("step", updates=40)
    frames = {}
    while len(frames) < 2:
        frame = page.frame(40)
        frames[frame["network"]] = frame
    assert frames["a"]["losses"] != frames["b"]["losses"]


def test_the_surface_meets_the_loss_at_its_middle(page):
    page.begin(**XOR)
    page.send("step", updates=30)
    frame = page.frame(30)
    surface = page.ask("surface", span=0.5, size=5)
    assert surface["loss"][2][2] == pytest.approx(frame["losses"]["train"], rel=1e-5)
    assert surface["path"][-1] == pytest.approx([30, 0, 0], abs=1e-6)


def export(server, frame, state, kind, **content):
    """What the page asks for when a button of the exports is pressed."""
    layers = len(state["layers"]) + 1
    weights = [[frame[f"{one}{layer}"].tolist() for one in ("kernel", "bias")] for layer in range(layers)]
    message = {"state": state, "format": kind, "updates": frame["update"], "weights": weights, **content}
    headers = {**server.cookie, "Origin": f"http://{server.host}"}
    request = urllib.request.Request(f"http://{server.host}/export", json.dumps(message).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


def test_the_exported_programs_have_the_page_s_loss(server, page, capsys):
    state = page.begin(**XOR)["state"]
    page.send("step", updates=25)
    frame = page.frame(25)
    trained = export(server, frame, state, "python").decode()
    assert "model.fit" in trained
    page.ask("set_parameter", layer=0, kind="kernel", index=[0, 0], value=2.5)
    touched = page.frame()
    while touched["kernel0"][0, 0] != 2.5:
        touched = page.frame()
    book = json.loads(export(server, touched, state, "ipynb"))
    taken = "".join(book["cells"][0]["source"])
    assert "model.fit" not in taken
    assert "a weight or a rate was changed" in taken
    for code, shown in ((trained, frame), (taken, touched)):
        exec(compile(code, "network.py", "exec"), {})
        figures = [literal_eval(line)["loss"] for line in capsys.readouterr().out.splitlines()]
        assert figures == pytest.approx([*shown["losses"].values()], rel=1e-4)


def test_the_model_file_has_what_batch_normalization_learned(server, page, tmp_path):
    state = page.begin(**{**XOR, "layers": [{"units": 3, "normalization": True}]})["state"]
    page.send("step", updates=25)
    frame = page.frame(25)
    path = tmp_path / "network.keras"
    path.write_bytes(export(server, frame, state, "keras"))
    model = neurona.saving.load_model(path)
    x, y = training_data(state, 0)[:2]
    assert np.mean((model.predict(x, verbose=0) - y) ** 2) == pytest.approx(
        frame["losses"]["train"], rel=1e-5
    )
    frame["bias0"] = frame["bias0"] + 1  # weights that no page shows
    with pytest.raises(urllib.error.HTTPError) as refused:
        export(server, frame, state, "keras")
    assert "Pause" in refused.value.read().decode()


def test_a_network_leaves_the_seed_of_the_process_alone():
    drawn = []
    for between in (lambda: None, lambda: Network(normalized({"seed": 3})[0])):
        neurona.utils.set_random_seed(1)
        between()
        drawn.append((np.random.random(), np.asarray(neurona.random.normal((2,))).tolist()))
    assert drawn[0] == drawn[1]
