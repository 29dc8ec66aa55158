"""Imports of older libraries find Neurona in processes that ask for it, and in no other."""

import importlib.util
import subprocess
import sys

import pytest

from neurona.legacy import imports


def run(code, *arguments):
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )


def test_a_process_that_asks_for_it():
    code = """
from neurona.legacy.imports import install
install()
import importlib.metadata, importlib.util
import keras, keras.layers.core, keras.engine.topology as topology
from keras.layers.convolutional import Convolution2D
from keras.models import *
assert keras.__file__.endswith("neurona/legacy/keras/__init__.py")
assert keras.layers.core.Dense is keras.layers.Dense and topology.Layer is keras.layers.Layer
assert importlib.util.find_spec("keras") and importlib.metadata.version("keras") == keras.__version__
assert isinstance(Convolution2D(4, 3, 3), keras.layers.Conv2D)
keras.own = 3
try:
    import keras.nowhere
except ModuleNotFoundError as error:
    print(error)
try:
    keras.layers.Convolution4D
except AttributeError as error:
    print(error)
"""
    done = run(code)
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert said[0] == "Neurona's face of keras has no module 'keras.nowhere'."
    assert said[1].startswith(
        "Neurona's face of keras.layers has no 'Convolution4D'. Did you mean 'Convolution"
    )


def test_other_processes_are_left_alone():
    done = run("import neurona, keras; print(keras.__file__)")
    assert "neurona" not in done.stdout.replace("\\", "/").split("/site-packages/")[-1]


def test_a_missing_library_tells_of_the_switch_after_neurona_was_imported():
    code = """
import importlib.util, sys
if sys.argv[1] != "bare":
    import neurona
assert importlib.util.find_spec("tf_keras") is None
import tf_keras
"""
    told, bare = run(code, "after"), run(code, "bare")
    assert "neurona run program.py" in told.stderr
    assert "No module named 'tf_keras'" in bare.stderr
    assert "neurona run" not in bare.stderr


def test_a_path_inside_a_path_is_found():
    assert imports.find("keras.layers.experimental.preprocessing") is imports.find("keras.layers")
    assert "preprocessing" in imports.find("keras.layers.experimental").__all__
    assert imports.find("keras.optimizers.schedules").ExponentialDecay
    assert imports.find("keras.nowhere") is None
    assert imports.find("numpy") is None


def test_the_finder_is_not_installed_by_importing_it():
    assert not any(isinstance(finder, imports.Finder) for finder in sys.meta_path)
    assert "neurona" not in (importlib.util.find_spec("keras").origin or "")


def test_a_made_module_suggests():
    made = imports.MadeModule("neurona.legacy.keras.somewhere", {"one": 1}, ())
    sys.modules[made.__name__] = made
    with pytest.raises(AttributeError, match="Did you mean 'one'"):
        _ = made.once
    assert made.one == 1
