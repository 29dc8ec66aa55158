"""What notebooks import of Google Colab: drives, files, secrets. Here the files of this computer serve."""

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from neurona.core.errors import optional_import
from neurona.messages import translated


def provide() -> None:
    """Let `google.colab` be imported where it is not installed."""
    google = sys.modules.get("google")
    if google is None:
        found = importlib.util.find_spec("google")  # a folder that several packages share
        google = importlib.util.module_from_spec(found) if found else ModuleType("google")
        google.__path__ = getattr(google, "__path__", [])
        sys.modules["google"] = google
    if "google.colab" in sys.modules or importlib.util.find_spec("google.colab") is not None:
        return
    colab = _module(
        "google.colab",
        __path__=[],
        drive=_module("google.colab.drive", mount=_mount, flush_and_unmount=_nothing),
        files=_module("google.colab.files", upload=_upload, download=_download),
        auth=_module("google.colab.auth", authenticate_user=_nothing),
        output=_module(
            "google.colab.output", clear=_nothing, enable_custom_widget_manager=_nothing, eval_js=_script
        ),
        patches=_module("google.colab.patches", cv2_imshow=_show),
        userdata=_module("google.colab.userdata", get=_secret),
    )
    google.colab = colab  # pyright: ignore[reportAttributeAccessIssue]


def _module(name: str, **contents: Any) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(contents)
    sys.modules[name] = module
    return module


def _nothing(*args: Any, **options: Any) -> None:
    """What has no effect outside Colab."""


def _tell(text: str) -> None:
    print(translated(text), file=sys.stderr)


def _mount(mountpoint: str, **options: Any) -> None:
    _tell(
        f"drive.mount: this is not Google Colab, and no drive is mounted at {mountpoint}. Change the paths "
        "that begin with it to where your files are."
    )


class _Uploaded(dict[str, bytes]):
    """The files of the current folder, by name: each is read when it is asked for."""

    def __missing__(self, name: str) -> bytes:
        return Path(name).read_bytes()


def _upload() -> _Uploaded:
    _tell(
        "files.upload: this is not Google Colab, and nothing is uploaded. Files are read by name from "
        f"{os.getcwd()}."
    )
    return _Uploaded()


def _download(filename: str) -> None:
    _tell(f"files.download: the file is {Path(filename).resolve()}.")


def _script(code: str, **options: Any) -> None:
    _tell("output.eval_js: this is not Google Colab, and no script runs in a page.")


def _show(image: Any) -> None:
    """Show an image of OpenCV, whose colours are in the order blue, green, red."""
    plt: Any = optional_import("matplotlib.pyplot", extra="plot", purpose="cv2_imshow")
    pixels = np.asarray(image)
    plt.imshow(pixels[..., 2::-1] if pixels.ndim == 3 else pixels, cmap="gray")
    plt.show()


def _secret(key: str) -> str:
    """A secret of Colab's is an environment variable here.

    Raises:
        KeyError: it is not set.
    """
    if key not in os.environ:
        raise KeyError(translated(f"userdata.get: set the environment variable {key}."))
    return os.environ[key]
