"""VGG with 19 layers of weights."""

from neurona.applications.imagenet_utils import decode_predictions, preprocessor
from neurona.applications.vgg16 import vgg

__all__ = ["VGG19", "decode_predictions", "preprocess_input"]

VGG19 = vgg(19, (2, 2, 4, 4, 4), ("cbe5617147190e668d6c5d5026f83318", "253f8cb515780f3b799900260a226db6"))
preprocess_input = preprocessor("caffe")
