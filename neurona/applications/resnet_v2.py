"""Residual networks of the second version."""

from neurona.applications.imagenet_utils import decode_predictions, preprocessor
from neurona.applications.resnet import residual_network

__all__ = ["ResNet50V2", "ResNet101V2", "ResNet152V2", "decode_predictions", "preprocess_input"]

ResNet50V2, ResNet101V2, ResNet152V2 = (residual_network(depth, 2) for depth in (50, 101, 152))
preprocess_input = preprocessor("tf")
