"""Layers, a family per file."""

from collections.abc import Mapping
from typing import Any

from neurona.core import registry
from neurona.core.layer import Layer
from neurona.core.lazy import suggest_names
from neurona.core.shapes import InputSpec
from neurona.layers import (
    activation,
    attention,
    byte_pair,
    cached_attention,
    categories,
    cells,
    conv_lstm,
    convolution,
    crf,
    dense,
    einsum_dense,
    embedding,
    feature_space,
    foreign_layers,
    image_color,
    image_filters,
    image_geometry,
    image_mixing,
    image_resizing,
    input,
    lambda_layer,
    lookup,
    memory,
    merging,
    multi_head_attention,
    normalization,
    pipeline,
    pooling,
    position,
    preprocessing,
    recurrent,
    regularization,
    reshaping,
    rnn_cells,
    scaling,
    separable_convolution,
    sequence,
    spectrogram,
    spiking,
    text_vectorization,
    transformer,
    transposed_convolution,
    wrapper,
)
from neurona.layers.activation import *
from neurona.layers.attention import *
from neurona.layers.byte_pair import *
from neurona.layers.cached_attention import *
from neurona.layers.categories import *
from neurona.layers.cells import *
from neurona.layers.conv_lstm import *
from neurona.layers.convolution import *
from neurona.layers.crf import *
from neurona.layers.dense import *
from neurona.layers.einsum_dense import *
from neurona.layers.embedding import *
from neurona.layers.feature_space import *
from neurona.layers.foreign_layers import *
from neurona.layers.image_color import *
from neurona.layers.image_filters import *
from neurona.layers.image_geometry import *
from neurona.layers.image_mixing import *
from neurona.layers.image_resizing import *
from neurona.layers.input import *
from neurona.layers.lambda_layer import *
from neurona.layers.lookup import *
from neurona.layers.memory import *
from neurona.layers.merging import *
from neurona.layers.multi_head_attention import *
from neurona.layers.normalization import *
from neurona.layers.pipeline import *
from neurona.layers.pooling import *
from neurona.layers.position import *
from neurona.layers.preprocessing import *
from neurona.layers.recurrent import *
from neurona.layers.regularization import *
from neurona.layers.reshaping import *
from neurona.layers.rnn_cells import *
from neurona.layers.scaling import *
from neurona.layers.separable_convolution import *
from neurona.layers.sequence import *
from neurona.layers.spectrogram import *
from neurona.layers.spiking import *
from neurona.layers.text_vectorization import *
from neurona.layers.transformer import *
from neurona.layers.transposed_convolution import *
from neurona.layers.wrapper import *

__all__ = ["InputSpec", "Layer", "deserialize", "serialize"]
__all__ += activation.__all__
__all__ += attention.__all__
__all__ += byte_pair.__all__
__all__ += cached_attention.__all__
__all__ += categories.__all__
__all__ += cells.__all__
__all__ += conv_lstm.__all__
__all__ += convolution.__all__
__all__ += crf.__all__
__all__ += dense.__all__
__all__ += einsum_dense.__all__
__all__ += embedding.__all__
__all__ += feature_space.__all__
__all__ += foreign_layers.__all__
__all__ += image_color.__all__
__all__ += image_filters.__all__
__all__ += image_geometry.__all__
__all__ += image_mixing.__all__
__all__ += image_resizing.__all__
__all__ += input.__all__
__all__ += lambda_layer.__all__
__all__ += lookup.__all__
__all__ += memory.__all__
__all__ += merging.__all__
__all__ += multi_head_attention.__all__
__all__ += normalization.__all__
__all__ += pipeline.__all__
__all__ += pooling.__all__
__all__ += position.__all__
__all__ += preprocessing.__all__
__all__ += recurrent.__all__
__all__ += regularization.__all__
__all__ += reshaping.__all__
__all__ += rnn_cells.__all__
__all__ += scaling.__all__
__all__ += separable_convolution.__all__
__all__ += sequence.__all__
__all__ += spectrogram.__all__
__all__ += spiking.__all__
__all__ += text_vectorization.__all__
__all__ += transformer.__all__
__all__ += transposed_convolution.__all__
__all__ += wrapper.__all__


def serialize(layer: Layer) -> dict[str, Any]:
    """A layer as a plain dictionary that `deserialize` builds it from again, without its weights.

    Example:

        >>> serialize(Dense(3))["class_name"]
        'Dense'
    """
    return registry.serialize_object(layer)


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The layer that `serialize` described.

    Args:
        config: the description.
        custom_objects: classes and functions of your own, by name.

    Raises:
        SavingError: a class is not known.

    Example:

        >>> deserialize(serialize(Dense(3))).units
        3
    """
    return registry.deserialize(config, kind="layers", custom_objects=custom_objects)


suggest_names(__name__)
