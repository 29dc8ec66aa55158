"""Models: Sequential, functional and subclassed, and what is done with whole models."""

from neurona.core.lazy import suggest_names
from neurona.core.registry import deserialize
from neurona.models.cloning import clone_model, model_from_json
from neurona.models.model import Functional, Model
from neurona.models.sequential import Sequential
from neurona.saving import load_model, save_model

__all__ = [
    "Functional",
    "Model",
    "Sequential",
    "clone_model",
    "deserialize",
    "load_model",
    "model_from_json",
    "save_model",
]

suggest_names(__name__)
