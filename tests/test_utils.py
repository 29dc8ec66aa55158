"""`neurona.utils`, `neurona.config` and `neurona.errors`: what programs use around a model."""

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
