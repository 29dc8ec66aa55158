"""`import keras`, `import tensorflow`, `import theano` find Neurona, in this process, after `install()`.

Each library has a face: a package of `neurona.legacy`. A submodule is looked for in it first as a real one
(`neurona/legacy/tensorflow/data.py` is `tensorflow.data`), then in the table `PATHS` of the face or of the
submodule that is nearest to it:

    PATHS = {
        "layers.core": "neurona.legacy.keras.layers",       # a module under another name
        "objectives": {"mse": "neurona.losses:mean_squared_error"},   # names of a module that is made here
    }
"""

import importlib
import importlib.abc
import importlib.machinery
import importlib.metadata
import importlib.util
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from neurona.core.errors import suggestion
from neurona.messages import translated

FACES = {
    "keras": "neurona.legacy.keras",
    "keras_core": "neurona.legacy.keras",
    "tf_keras": "neurona.legacy.keras",
    "tensorflow": "neurona.legacy.tensorflow",
    "tensorflow_datasets": "neurona.legacy.tensorflow_datasets",
    "theano": "neurona.legacy.theano",
    "scikeras": "neurona.legacy.scikeras",
    "keras_preprocessing": "neurona.legacy.keras.preprocessing",
}
_TENSORFLOW, _TENSORFLOW_1 = "neurona.legacy.tensorflow", "neurona.legacy.tensorflow.v1"
_INNER = {  # TensorFlow's own modules, which programs import too
    **dict.fromkeys(
        [
            *("python.framework.ops", "python.framework.constant_op", "python.framework.tensor_util"),
            *(f"python.ops.{name}_ops" for name in ("array", "control_flow", "init", "math", "random")),
            *("python.ops.variables", "python.ops.state_ops", "python.ops.variable_scope"),
        ],
        "",
    ),
    "python.client.device_lib": "devices",
    "python.framework.dtypes": "dtypes",
    "python.framework.errors": "errors",
    "python.framework.errors_impl": "errors",
    "python.framework.tensor_shape": "tensor_shape",
    "python.framework.tensor_spec": "spec",
    "python.lib.io.file_io": "io.file_io",
    "python.ops.image_ops": "image",
    "python.ops.linalg_ops": "linalg",
    "python.ops.nn": "nn",
    "python.ops.nn_ops": "nn",
    "python.ops.string_ops": "strings",
    "python.platform.tf_logging": "v1.logs",
    "python.training.moving_averages": "v1.rates",
    "python.util.nest": "nest",
}
# Modules of a face that lie in others.
_ELSEWHERE = {
    _TENSORFLOW: {
        "keras": "neurona.legacy.keras",
        "python.keras": "neurona.legacy.keras",
        "compiler.tf2xla.python.xla": f"{_TENSORFLOW}.xla",
        **{path: f"{_TENSORFLOW}.{place}".rstrip(".") for path, place in _INNER.items()},
        "contrib": f"{_TENSORFLOW_1}.contrib",
        "estimator": f"{_TENSORFLOW_1}.estimator",
        "examples.tutorials.mnist.input_data": f"{_TENSORFLOW_1}.examples",
        "examples.tutorials.mnist.mnist": f"{_TENSORFLOW_1}.mnist",
        "examples.tutorials.mnist": {
            "input_data": f"{_TENSORFLOW_1}.examples:",
            "mnist": f"{_TENSORFLOW_1}.mnist:",
        },
    },
    _TENSORFLOW_1: {
        path: f"{_TENSORFLOW if place else _TENSORFLOW_1}.{place}".rstrip(".")
        for path, place in _INNER.items()
    },
}


class MadeModule(ModuleType):
    """A module of an older library that has no file: names, and where they are found.

    Args:
        name: its whole name.
        names: "module:name" for each name, or the value itself.
        modules: those inside it.
    """

    def __init__(self, name: str, names: Mapping[str, Any], modules: Iterable[str]) -> None:
        super().__init__(name)
        self.__path__: list[str] = []
        self.__all__ = [*names, *modules]
        self._names = dict(names)

    def __getattr__(self, name: str) -> Any:
        if name not in self._names:
            return submodule(self.__name__, name)
        value = self._names[name]
        if isinstance(value, str) and ":" in value:
            place, _, attribute = value.partition(":")
            value = importlib.import_module(place)
            value = getattr(value, attribute) if attribute else value
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        return self.__all__


def submodule(module: str, name: str) -> Any:
    """A submodule that is read as an attribute; for the `__getattr__` of faces, as their last resort.

    Raises:
        AttributeError: there is none.
    """
    found = None if name.startswith("__") else find(f"{module}.{name}")
    if found is None:
        known = dir(sys.modules[module]) if module in sys.modules else []
        hint = suggestion(name, [one for one in known if not one.startswith("_")])
        message = f"Neurona's face of {_shown(module)} has no {name!r}.{hint}"
        raise AttributeError(translated(message), name=name)
    return found


def _shown(module: str) -> str:
    """What a program calls a module."""
    for library, face in FACES.items():
        if module == face or module.startswith(f"{face}."):
            return library + module.removeprefix(face)
    return module


def find(name: str) -> ModuleType | None:
    """The module that a name of an older library, or of its face, stands for; None where there is none."""
    library, _, path = name.partition(".")
    if library in FACES:
        return _within(FACES[library], path)
    for face in (*FACES.values(), _TENSORFLOW):
        if name == face or name.startswith(f"{face}."):
            return _within(face, name.removeprefix(face).removeprefix("."))
    return None


def _within(base: str, path: str) -> ModuleType | None:
    """The module at a path inside a module of Neurona."""
    parts = path.split(".") if path else []
    for count in range(len(parts), -1, -1):  # a module itself, then what those around it say
        place = ".".join([base, *parts[:count]])
        module = importlib.import_module(place) if _is_real(place) else None
        if module is not None and count == len(parts):
            return module
        if module is not None and (found := _listed(module, parts[count:])) is not None:
            return found
    return None


def _is_real(place: str) -> bool:
    try:
        return importlib.util.find_spec(place) is not None
    except ValueError:  # a module that was made here
        return False
    except ModuleNotFoundError as error:
        if str(error.name).startswith("neurona."):
            return False
        raise


def _listed(module: ModuleType, parts: list[str]) -> ModuleType | None:
    """What the table of a module says of a path inside it."""
    paths: Mapping[str, Any] = {**_ELSEWHERE.get(module.__name__, {}), **vars(module).get("PATHS", {})}
    for count in range(len(parts), 0, -1):
        target = paths.get(".".join(parts[:count]))
        if isinstance(target, str):
            return _within(target, ".".join(parts[count:]))
        if target is not None and count == len(parts):
            return _made(f"{module.__name__}.{'.'.join(parts)}", target)
    path = ".".join(parts)
    inside = {key.removeprefix(f"{path}.").partition(".")[0] for key in paths if key.startswith(f"{path}.")}
    return _made(f"{module.__name__}.{path}", {}, sorted(inside)) if inside else None


_modules: dict[str, MadeModule] = {}


def _made(name: str, names: Mapping[str, Any], modules: Iterable[str] = ()) -> MadeModule:
    if name not in _modules:
        _modules[name] = MadeModule(name, names, modules)
    return _modules[name]


class _Loader(importlib.abc.Loader):
    """Gives an import the module of Neurona that it stands for."""

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        module = find(spec.name)
        assert module is not None
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        if self._spec is not None:
            module.__spec__ = self._spec  # the import system has put the library's
        if not hasattr(module, "__path__"):
            module.__path__ = []  # modules inside it are found here too
        if module.__name__ == _TENSORFLOW:
            vars(module)["on_import"]()


class _Metadata(importlib.metadata.Distribution):
    """What `importlib.metadata` reads of a library that Neurona stands for."""

    def __init__(self, library: str) -> None:
        self._library = library

    def read_text(self, filename: str) -> str | None:
        version = getattr(find(self._library), "__version__", "0")
        return f"Name: {self._library}\nVersion: {version}\n" if filename == "METADATA" else None

    def locate_file(self, path: Any) -> Path:
        return Path(path)


class Finder(importlib.abc.MetaPathFinder):
    """Finds the modules of older libraries before any that are installed."""

    def find_spec(
        self, fullname: str, path: Any = None, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        library, _, inside = fullname.partition(".")
        if library not in FACES:
            return None
        module = find(fullname)
        if module is not None:
            return importlib.machinery.ModuleSpec(fullname, _Loader(), is_package=True)
        if not inside:  # Neurona has no face of it
            return None
        raise ModuleNotFoundError(
            translated(f"Neurona's face of {library} has no module {fullname!r}."), name=fullname
        )

    def find_distributions(self, context: Any = None) -> Iterator[_Metadata]:
        name = getattr(context, "name", None)
        wanted = str(name).replace("-", "_").lower()
        return iter([_Metadata(wanted)] if wanted in FACES and find(wanted) is not None else [])


def install(source: str = "") -> None:
    """Let imports of older libraries find Neurona, in this process.

    Args:
        source: the program's text, which shows whether its `tensorflow` is TensorFlow 1.
    """
    if "tensorflow" in source and _is_real(_TENSORFLOW_1):
        older: Any = importlib.import_module(_TENSORFLOW_1)
        if older.looks_like_one(source):
            older.begin()
            FACES["tensorflow"] = _TENSORFLOW_1
            if "keras" in source:  # its functions become steps of graphs before the program imports them
                importlib.import_module(f"{_TENSORFLOW_1}.keras_layers").install_functions()
    if "keras" in source:
        importlib.import_module("neurona.legacy.keras.ages").begin(source)
    if "keras" in source and "jax" in source:
        importlib.import_module("neurona.legacy.jax_values").install()
    if "google.colab" in source:
        importlib.import_module("neurona.legacy.colab").provide()
    _restore_names(source)
    if not any(isinstance(finder, Finder) for finder in sys.meta_path):
        for small in ("six", "tqdm", "ipywidgets"):  # older libraries, and Colab, brought them along
            if importlib.util.find_spec(small) is None:
                FACES[small] = f"neurona.legacy.{small}"
        sys.meta_path.insert(0, Finder())


def _restore_names(source: str) -> None:
    """Let the libraries that a program uses beside have the names that they had when it was written."""
    importlib.import_module("neurona.legacy.standard_names").restore()
    if any(library in source for library in ("numpy", *FACES)):
        importlib.import_module("neurona.legacy.numpy_names").restore()
    if "matplotlib" in source and importlib.util.find_spec("matplotlib"):
        names: Any = importlib.import_module("neurona.legacy.matplotlib_names")
        if names.is_used(source):
            names.restore()
    is_older = any(library in source for library in FACES)
    if "pandas" in source and is_older and importlib.util.find_spec("pandas"):
        importlib.import_module("neurona.legacy.pandas_names").restore()
    if re.search(r"scipy\.misc|from scipy import.*misc", source):
        importlib.import_module("neurona.legacy.scipy_names").restore()
    if "sklearn." in source:
        importlib.import_module("neurona.legacy.sklearn_names").restore()


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext neurona`: from now on the notebook's imports of older libraries find Neurona."""
    install()
