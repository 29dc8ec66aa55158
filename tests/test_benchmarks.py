"""The benchmark harness: its arithmetic, its report, equal networks in every framework, and a contender at
work.
"""

import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import asdict

import numpy as np
import pytest

import neurona
from benchmarks import contender, keras_models, report, tables
from benchmarks.races import ZOO, ZOO_TARGETS
from benchmarks.rounds import ROOT, Figures
from benchmarks.workloads import GROWTH, MEASURES, NAMES, SERIES, TARGETS, WORKLOADS
from benchmarks.zoo import RACES

MLP = WORKLOADS["mlp"]
RUN = {"command": "python3 -m benchmarks.run", "machine": "a machine", "versions": {"neurona": "1"}}


def result(workload, *, ceiling=1e9, run=RUN, **seconds):
    measure = MEASURES[workload.kind][0]
    figures = {
        name.replace("_", "-"): Figures({measure: values} if values else {}, 0.875)
        for name, values in seconds.items()
    }
    return tables.Result(workload, figures, run, ceiling)


def test_ratios_are_formed_within_rounds():
    measured = result(
        MLP, neurona=[1.0, 4.0, 1.0], torch=[2.0, 4.0, 3.0], keras_jax=[5.0, 5.0, 5.0], keras_tensorflow=[]
    )
    assert tables.best_peer(measured, "epoch") == "torch"
    (comparison,) = tables.comparisons(measured)
    assert (comparison.peer, comparison.ratio, comparison.low, comparison.high) == (
        "torch",
        2.0,
        1.0,
        3.0,
    )  # of 2, 1 and 3
    assert comparison.verdict == "met"
    header, ours, torch, keras = tables.lines(measured, "epoch")
    assert [line[0] for line in (ours, torch, keras)] == ["Neurona", "PyTorch", "Keras on JAX"]
    cell = dict(zip(header, ours, strict=False))
    assert cell["time per epoch"] == "1.00 s"
    assert cell["per step"] == "533 µs"  # 1875 steps
    assert cell["test accuracy"] == "0.8750"
    operations = 2 * (3 * 266_200 - 235_200) * 60_000
    assert MLP.operations == operations
    assert cell["of ceiling"] == f"{operations / 1e9:.1%}"


def test_targets_are_met_or_missed_by_so_much():
    slow = result(MLP, neurona=[1.0, 1.0], torch=[1.5, 1.5])
    assert tables.comparisons(slow)[0].verdict == "missed by 25%"  # 1.5 of 2
    one_row = result(WORKLOADS["predict-1"], neurona=[2e-4], keras_jax=[1.4e-3], torch=[1e-4])
    best, named = tables.comparisons(one_row)
    assert (best.peer, best.ratio, best.verdict) == ("torch", 0.5, "")
    assert (named.peer, named.ratio, named.verdict) == ("keras-jax", 7.0, "met")  # the target names this one
    assert [(each.at_most, each.measured, each.verdict) for each in tables.limits(one_row)] == [
        ("100 µs", "200 µs", "missed: 2.00 times the limit")
    ]
    search = tables.Result(
        WORKLOADS["search"], {"neurona": Figures({"one network": [0.1], "32 networks": [0.3]})}, RUN, 1e9
    )
    assert [(each.measured, each.verdict) for each in tables.limits(search)] == [("3.00 x", "met")]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(123.4, "123 s"), (0.99996, "1.00 s"), (9.999e-3, "10.0 ms"), (1e-5, "10.0 µs"), (0.0, "0.00 ns")],
)
def test_durations_have_three_digits(seconds, text):
    assert tables.duration(seconds) == text


def test_a_partial_run_leaves_the_other_workloads_as_they_were(tmp_path):
    report.save(result(MLP, neurona=[1.0], torch=[3.0]), tmp_path)
    report.save(result(WORKLOADS["lenet"], neurona=[1.0], torch=[4.0]), tmp_path)
    report.save(result(MLP, neurona=[1.0], torch=[5.0], run={**RUN, "command": "another"}), tmp_path)
    mlp, lenet = report.load(tmp_path).values()
    assert mlp == result(MLP, neurona=[1.0], torch=[5.0], run={**RUN, "command": "another"})
    assert lenet == result(WORKLOADS["lenet"], neurona=[1.0], torch=[4.0])
    report.write(tmp_path)
    text = (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
    assert text.index("5.00 s") < text.index("4.00 s")
    assert "3.00 s" not in text
    assert "| 1 | `another` |" in text
    assert "| 2 | `python3 -m benchmarks.run` |" in text
    assert not (tmp_path / "benchmarks-growth.svg").exists()


def test_growth_has_a_column_for_each_size_and_charts_are_drawings(tmp_path):
    series = SERIES["batch"]
    for number, name in enumerate(series.workloads, 1):
        report.save(result(GROWTH[name], neurona=[number * 0.032768], torch=[number * 0.065536]), tmp_path)
    report.save(result(MLP, neurona=[1.0], torch=[4.0]), tmp_path)
    report.write(tmp_path)
    table = report.growth_lines(series, report.load(tmp_path))
    assert table == [
        ["batch size", "8", "32", "128", "512", "1,024"],
        ["Neurona", "1.00 µs", "2.00 µs", "3.00 µs", "4.00 µs", "5.00 µs"],
        ["PyTorch", "2.00 µs", "4.00 µs", "6.00 µs", "8.00 µs", "10.0 µs"],
        ["speed / best peer", "2.00", "2.00", "2.00", "2.00", "2.00"],
    ]
    for name in ("benchmarks.svg", "benchmarks-growth.svg"):
        drawing = ElementTree.parse(tmp_path / name).getroot()
        assert drawing.tag.endswith("svg")
        assert any(
            "MLP 784-300-100-10" in (text.text or "")
            for text in drawing.iter("{http://www.w3.org/2000/svg}text")
        )


def test_names_belong_together():
    workloads = {**WORKLOADS, **GROWTH, **ZOO}
    for name, workload in workloads.items():
        assert workload.name == name
        assert set(workload.contenders) <= set(NAMES)
        assert (
            workload.rows % workload.batch == 0 or workload.kind != "training"
        )  # compiled networks see one batch size
    for name, measure in {**TARGETS, **ZOO_TARGETS}:
        assert measure in MEASURES[workloads[name].kind]
    assert {workload.network: set(workload.contenders) for workload in ZOO.values()} == {
        name: set(race.fits) for name, race in RACES.items()
    }
    assert {name for series in SERIES.values() for name in series.workloads} == set(GROWTH)


@pytest.mark.parametrize(
    "name",
    [
        "mlp",
        "lenet",
        "cnn",
        "lstm",
        "gru",
        "transformer",
        "housing",
        "iris",
        "neuron",
        "width-64",
        "rows-1000",
    ],
)
def test_networks_are_equal_in_every_framework(name):
    torch_models = pytest.importorskip("benchmarks.torch_models", reason="PyTorch has no small wheel here")
    workload = {**WORKLOADS, **GROWTH}[name]
    model = keras_models.NETWORKS[workload.network](neurona, workload)
    ours = [np.size(variable.value) for variable in model.trainable_variables]
    network = torch_models.network(workload)
    torch_models.initialize(network)
    # Sums, because Keras keeps queries, keys and values apart.
    assert sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad) == sum(
        ours
    )
    multiplications = sum(
        int(np.prod(kernel.shape)) for kernel in model.trainable_variables if len(kernel.shape) == 2
    )
    if workload.multiplications and workload.network in ("mlp", "housing", "wide", "synthetic"):
        assert workload.multiplications == (multiplications, int(np.prod(model.trainable_variables[0].shape)))


def test_initial_weights_are_spread_as_kerass():
    torch_models = pytest.importorskip("benchmarks.torch_models", reason="PyTorch has no small wheel here")
    workload = WORKLOADS["transformer"]
    network = torch_models.network(workload)
    torch_models.initialize(network)
    theirs = {name: parameter.detach().numpy() for name, parameter in network.named_parameters()}
    layers = keras_models.NETWORKS["transformer"](neurona, workload).layers
    attention = next(layer for layer in layers if "attention" in layer.name)
    ours = {
        variable.path.split("/", 1)[-1]: np.asarray(variable.value)
        for variable in attention.trainable_variables
    }
    query = next(value for path, value in ours.items() if path.endswith("query/kernel"))
    output = next(value for path, value in ours.items() if path.endswith("output/kernel"))
    assert theirs["blocks.0.attention.in_proj_weight"].std() == pytest.approx(query.std(), rel=0.05)
    assert theirs["blocks.0.attention.out_proj.weight"].std() == pytest.approx(output.std(), rel=0.05)
    assert np.all(theirs["blocks.0.attention.in_proj_bias"] == 0)


def test_scores():
    probabilities = np.array([[0.1, 0.9], [0.8, 0.2]])
    assert contender.score(probabilities, np.array([1, 1]), MLP) == 0.5
    assert contender.score(np.array([[0.9], [0.2]]), np.array([[1.0], [0.0]]), WORKLOADS["lstm"]) == 1
    prices = np.array([[1.0], [2.0], [3.0]])
    assert contender.score(prices + 1, prices, WORKLOADS["housing"]) == pytest.approx(1 - 3 / 2)


@pytest.mark.parametrize("name", ["neurona", "scikit-learn", "torch"])
def test_a_contender_works_in_its_process(name):
    if name == "torch":
        pytest.importorskip("torch", reason="PyTorch has no small wheel here")
    command = [sys.executable, "-m", "benchmarks.contender", name, json.dumps(asdict(WORKLOADS["neuron"]))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    first, second = map(json.loads, done.stdout.splitlines())
    assert first["score"] == pytest.approx(19, abs=0.5)  # 2 * 10 - 1, after 500 epochs
    assert second["seconds"]["second fit"] > 0


def test_a_warm_contender_does_a_round_for_each_line():
    workload = GROWTH["rows-1000"].quick()
    command = [sys.executable, "-m", "benchmarks.contender", "neurona", json.dumps(asdict(workload))]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True, input="round\nround\nscore\n"
    )
    ready, first, second, last = map(json.loads, done.stdout.splitlines())
    assert ready == {}
    assert min(first["seconds"]["epoch"], second["seconds"]["epoch"]) > 0
    assert last["score"] < 1
