"""Names imported at their first use."""

import sys
import types

import pytest

import neurona as nn
from neurona.core.lazy import lazy_names


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "lazy_package"
    folder.mkdir()
    (folder / "part.py").write_text("value = [1]\n")
    (folder / "__init__.py").write_text(
        "from neurona.core.lazy import lazy_names\n"
        '__getattr__, __dir__ = lazy_names(__name__, {"part": None, "value": "lazy_package.part"})\n'
    )
    monkeypatch.syspath_prepend(tmp_path)
    import lazy_package

    yield lazy_package
    for name in [name for name in sys.modules if name.startswith("lazy_package")]:
        del sys.modules[name]


def test_nothing_is_imported_before_a_name_is_used(package):
    assert "lazy_package.part" not in sys.modules
    assert package.value == [1]
    assert "lazy_package.part" in sys.modules


def test_a_name_means_a_module_of_the_package_or_an_object_of_a_module(package):
    assert package.part.value is package.value
    assert dir(package) == ["part", "value"]


def test_an_unknown_name_is_an_attribute_error_with_the_nearest_name(package):
    with pytest.raises(
        AttributeError, match=r"module 'lazy_package' has no attribute 'valeu'\. Did you mean 'value'\?"
    ):
        _ = package.valeu


def test_the_names_are_sorted():
    assert lazy_names("any", {"b": None, "a": None})[1]() == ["a", "b"]


ROOMS = sorted(name for name in nn.__all__ if isinstance(getattr(nn, name), types.ModuleType))


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_shows_its_public_names_and_suggests_one_for_a_typing_error(room):
    module = getattr(nn, room)
    names = dir(module)
    assert names
    assert not [name for name in names if name.startswith("_")]
    longest = max(names, key=len)
    typo = longest + "e"
    with pytest.raises(AttributeError, match=f"no attribute .{typo}.. Did you mean .*.{longest}."):
        getattr(module, typo)
    assert not hasattr(module, "__no_such_name__")


def test_layers_are_found_by_dir_and_modules_are_not():
    assert {"Dense", "LSTM", "Conv2D"} <= set(dir(nn.layers))
    assert not [name for name in dir(nn.layers) if isinstance(getattr(nn.layers, name), types.ModuleType)]
