"""The Embedding of Keras 1, which could leave out whole words in training."""

from typing import Any

import jax

from neurona import layers


class _WordDropout(layers.Embedding):
    """An Embedding whose vectors are zero for a share of the words in each step, and greater for the rest."""

    def __init__(self, *args: Any, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dropout = float(dropout)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        outputs = super().call(inputs)
        if not training or not self.dropout:
            return outputs
        kept = jax.random.bernoulli(self._next_key(), 1 - self.dropout, (self.input_dim,))
        return outputs * kept[inputs.astype("int32")][..., None] / (1 - self.dropout)


class _OfKeras1(type):
    """Makes the layer of today, or the one with dropout where that is asked for."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls.__module__ != __name__:
            return super().__call__(*args, **kwargs)
        return (_WordDropout if kwargs.get("dropout") else layers.Embedding)(*args, **_given(kwargs))

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, layers.Embedding)


def _given(kwargs: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in kwargs.items() if name != "dropout" or value}


class Embedding(layers.Embedding, metaclass=_OfKeras1):
    """`neurona.layers.Embedding`, with the `dropout` of Keras 1."""

    _kind = ""
