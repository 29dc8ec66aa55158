"""What every test needs before anything is imported: Keras on JAX beside us, the real data where it lies, one device of each kind."""

import os
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("MPLBACKEND", "Agg")
_shelf = Path(__file__).resolve().parents[2] / "shared" / "data"
if "NEURONA_DATA" not in os.environ and _shelf.is_dir():
    os.environ["NEURONA_DATA"] = str(_shelf)
