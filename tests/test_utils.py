"""`neurona.utils`, `neurona.config` and `neurona.errors`: what programs use around a model."""

import copy
from pathlib import Path

import numpy as np
import pytest

import neurona as nn
from neurona.core import errors


def test_training_again_traces_nothing_and_another_batch_size_does():
    x, y = np.ones((12, 3), "float32"), np.ones((12, 1), "float32")
    model = nn.Sequential([nn.Input((3,)), nn.layers.Dense(1, name="traced")])
    model.compile("sgd", "mse")
    with nn.utils.count_traces() as first:
        model.fit(x, y, batch_size=4, verbose=0)
    assert first.count > 0
    with nn.utils.count_traces() as again:
        model.fit(x, y, batch_size=4, verbose=0)
    assert again.count == 0
    with nn.utils.count_traces() as other:
        model.fit(x, y, batch_size=6, verbose=0)
    assert other.count > 0
    assert again.count == 0  # a block that has ended counts no more


def test_both_caches_lie_in_the_folder_that_the_environment_names(monkeypatch, tmp_path):
    monkeypatch.setenv("NEURONA_CACHE", str(tmp_path))
    assert nn.config.cache_folders() == {"datasets": tmp_path / "datasets", "programs": tmp_path / "xla"}
    monkeypatch.setenv("NEURONA_DATA", "~/data")
    assert nn.config.data_folder() == Path.home() / "data"
    monkeypatch.delenv("NEURONA_DATA")
    assert nn.config.data_folder() is None


def test_every_exception_is_public():
    defined = {name for name, value in vars(errors).items() if isinstance(value, type)}
    exceptions = {name for name in defined if issubclass(getattr(errors, name), nn.errors.NeuronaError)}
    assert exceptions <= set(nn.errors.__all__)
    with pytest.raises(nn.errors.UnexpectedArgument, match="Did you mean 'units'"):
        nn.layers.Dense(1, unit=3)


def test_a_progress_bar_shows_means_weighted_by_steps(capsys):
    progress = nn.utils.Progbar(10, stateful_metrics=["rate"])
    progress.update(2, [("loss", 4.0), ("rate", 1.0)])
    progress.add(8, {"loss": 1.0, "rate": 0.5})
    assert progress.means() == {"loss": (2 * 4 + 8 * 1) / 10, "rate": 0.5}
    line = capsys.readouterr().out
    assert line.startswith("10/10 ")
    assert line.endswith("loss: 1.6000 - rate: 0.5000\n")


@pytest.mark.parametrize(
    ("sizes", "counts"),
    [((0.8, None), (8, 2)), ((None, 3), (7, 3)), ((2, 0.5), (2, 5)), ((0.25, None), (2, 8))],
)
def test_a_data_set_is_split_in_two(sizes, counts):
    rows = np.arange(10), {"a": np.arange(10) * 2}
    left, right = nn.utils.split_dataset(rows, *sizes)
    assert (len(left), len(right)) == counts
    assert right[0][1]["a"] == 2 * counts[0]
    shuffled, _ = nn.utils.split_dataset(list(range(10)), 9, shuffle=True, seed=1)
    order = np.arange(10)
    np.random.RandomState(1).shuffle(order)
    assert list(shuffled) == order[:9].tolist()


@pytest.mark.parametrize("sizes", [(None, None), (1.5, None), (6, 6), (0, None), (True, None)])
def test_a_split_that_does_not_fit_is_refused(sizes):
    with pytest.raises(errors.ArgumentError, match="split_dataset"):
        nn.utils.split_dataset(np.zeros(10), *sizes)


def test_batches_are_packed_and_unpacked():
    for parts in [(1,), (1, 2), (1, 2, 3)]:
        assert (
            nn.utils.unpack_x_y_sample_weight(nn.utils.pack_x_y_sample_weight(*parts))[: len(parts)] == parts
        )
    with pytest.raises(errors.DataError, match="4 parts"):
        nn.utils.unpack_x_y_sample_weight((1, 2, 3, 4))


def test_a_model_in_the_language_of_graphviz():
    x = nn.Input((3,), name="x")
    y = nn.layers.Add(name="sum")([nn.layers.Dense(2, name="a")(x), nn.layers.Dense(2, name="b")(x)])
    dot = nn.utils.model_to_dot(nn.Model(x, y))
    assert dot.source.count("->") == 4
    assert 'label="sum (Add)"' in dot.to_string()
    assert dot.create(format="svg").lstrip().startswith(b"<?xml")
    assert nn.utils.get_source_inputs(y) == [x]


def test_one_switch_decides_about_moving_lines():
    nn.config.disable_interactive_logging()
    try:
        assert not nn.utils.is_interactive_logging_enabled()
    finally:
        nn.utils.enable_interactive_logging()
    assert nn.config.is_interactive_logging_enabled()


def test_a_config_is_a_dictionary_with_attributes_that_can_be_frozen():
    config = nn.utils.Config(rate=0.1)
    config.momentum, config["seed"] = 0.9, 1
    assert (config.rate, config["momentum"], config.get("none", 5), "seed" in config) == (0.1, 0.9, 5, True)
    assert list(config) == ["momentum", "rate", "seed"]
    assert list(config.keys()) == [
        "rate",
        "momentum",
        "seed",
    ]
    assert config.to_json() == '{"rate": 0.1, "momentum": 0.9, "seed": 1}'
    config.freeze()
    changes = (
        lambda: setattr(config, "rate", 1),
        lambda: config.pop("rate"),
        lambda: config.update(rate=1),
        lambda: config.__delitem__("rate"),
    )
    for change in changes:
        with pytest.raises(errors.ArgumentError, match="is frozen"):
            change()
    with pytest.raises(AttributeError, match="Did you mean 'rate'"):
        _ = config.rat
    assert copy.deepcopy(config).as_dict() == config.as_dict()
    assert config.frozen
    config.unfreeze()
    del config["seed"]
    assert (config.pop("momentum"), len(config)) == (0.9, 1)
