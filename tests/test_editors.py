"""What editors know of the library without running it."""

from pathlib import Path

import jedi
import pytest

PROJECT = jedi.Project(Path(__file__).parents[1])


def at_end(code, what):
    """What jedi says at the end of a program that has imported the library."""
    script = jedi.Script(f"import neurona as nn\n{code}", project=PROJECT)
    return getattr(script, what)(code.count("\n") + 2, len(code.split("\n")[-1]))


@pytest.mark.parametrize(
    ("call", "parameters"),
    [
        ("nn.layers.Dense(", {"units", "activation", "use_bias"}),
        ("nn.layers.LSTM(", {"units", "return_sequences"}),
        ("nn.optimizers.Adam(", {"learning_rate", "beta_1"}),
        ("nn.losses.Huber(", {"delta"}),
        ("nn.metrics.AUC(", {"num_thresholds"}),
        ("model = nn.Sequential([])\nmodel.fit(", {"x", "y", "epochs", "callbacks"}),
        ("model = nn.Sequential([])\nmodel.compile(", {"optimizer", "loss", "metrics"}),
    ],
)
def test_signatures_are_shown(call, parameters):
    (signature,) = at_end(call, "get_signatures")
    assert parameters <= {parameter.name for parameter in signature.params}


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("nn.", {"Sequential", "layers", "losses", "optimizers"}),
        ("nn.layers.", {"Conv2D", "Dense", "LSTM"}),
        ("model = nn.Sequential([nn.layers.Dense(1)])\nmodel.", {"compile", "fit", "predict", "summary"}),
        ("history = nn.Sequential([]).fit([], [])\nhistory.", {"epoch", "history"}),
    ],
)
def test_names_are_completed(code, names):
    assert names <= {completion.name for completion in at_end(code, "complete")}
