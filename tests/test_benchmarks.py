"""The arithmetic of the benchmark's tables."""

import importlib.util
import sys
from pathlib import Path

import pytest

_path = Path(__file__).resolve().parents[1] / "benchmarks" / "run.py"
_spec = importlib.util.spec_from_file_location("benchmark_run", _path)
assert _spec is not None
assert _spec.loader is not None
run = importlib.util.module_from_spec(_spec)
sys.modules["benchmark_run"] = run
_spec.loader.exec_module(run)


def test_ratios_are_formed_within_rounds():
    figures = {
        "neurona": run.Figures([1.0, 4.0, 1.0], 0.9),
        "torch": run.Figures([2.0, 4.0, 3.0], 0.8),
        "keras-jax": run.Figures([5.0, 5.0, 5.0], 0.7),
        "keras-tensorflow": run.Figures(),
    }
    assert run.best_peer(figures) == "torch"
    ours, torch, keras = run.table(figures, "mlp", 1e9)
    assert [ours.name, torch.name, keras.name] == ["neurona", "torch", "keras-jax"]
    assert (ours.seconds, ours.fastest, ours.slowest) == (1.0, 1.0, 4.0)
    assert (ours.ratio, ours.low, ours.high) == (2.0, 1.0, 3.0)  # of 2, 1 and 3
    assert (torch.ratio, keras.ratio) == (1.0, 0.6)
    assert ours.step_ms == pytest.approx(1000 / 1875)
    assert ours.of_ceiling == pytest.approx(2 * (3 * 266_200 - 235_200) * 60_000 / 1e9)


def test_tables_show_every_row():
    rows = run.table({"torch": run.Figures([2.0], 0.8125)}, "lenet", 1e12)
    for text in (run.as_text(rows), run.as_markdown(rows)):
        assert "torch" in text
        assert "0.8125" in text
        assert "2.00 - 2.00" in text
