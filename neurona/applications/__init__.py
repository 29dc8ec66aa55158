"""Known architectures for images, with the layers' names and weights of Keras, so that its files load.

    model = neurona.applications.ResNet50(weights="imagenet")

looks for the file of the weights in Keras's folder `~/.keras/models`, in `NEURONA_DATA` and in the cache, and
then downloads it. Each architecture's module has the `preprocess_input` that its weights were trained with.
"""

from typing import TYPE_CHECKING

from neurona.core.lazy import lazy_names

if TYPE_CHECKING:
    from neurona.applications import (
        convnext,
        densenet,
        efficientnet,
        efficientnet_v2,
        imagenet_utils,
        inception_resnet_v2,
        inception_v3,
        mobilenet,
        mobilenet_v2,
        mobilenet_v3,
        nasnet,
        resnet,
        resnet50,
        resnet_v2,
        vgg16,
        vgg19,
        xception,
    )
    from neurona.applications.convnext import (
        ConvNeXtBase,
        ConvNeXtLarge,
        ConvNeXtSmall,
        ConvNeXtTiny,
        ConvNeXtXLarge,
    )
    from neurona.applications.densenet import DenseNet121, DenseNet169, DenseNet201
    from neurona.applications.efficientnet import (
        EfficientNetB0,
        EfficientNetB1,
        EfficientNetB2,
        EfficientNetB3,
        EfficientNetB4,
        EfficientNetB5,
        EfficientNetB6,
        EfficientNetB7,
    )
    from neurona.applications.efficientnet_v2 import (
        EfficientNetV2B0,
        EfficientNetV2B1,
        EfficientNetV2B2,
        EfficientNetV2B3,
        EfficientNetV2L,
        EfficientNetV2M,
        EfficientNetV2S,
    )
    from neurona.applications.inception_resnet_v2 import InceptionResNetV2
    from neurona.applications.inception_v3 import InceptionV3
    from neurona.applications.mobilenet import MobileNet
    from neurona.applications.mobilenet_v2 import MobileNetV2
    from neurona.applications.mobilenet_v3 import MobileNetV3Large, MobileNetV3Small
    from neurona.applications.nasnet import NASNetLarge, NASNetMobile
    from neurona.applications.resnet import ResNet50, ResNet101, ResNet152
    from neurona.applications.resnet_v2 import ResNet50V2, ResNet101V2, ResNet152V2
    from neurona.applications.vgg16 import VGG16
    from neurona.applications.vgg19 import VGG19
    from neurona.applications.xception import Xception

# The architectures of each module. `imagenet_utils` and `resnet50` have none that others don't.
_MODULES = {
    "convnext": "ConvNeXtBase ConvNeXtLarge ConvNeXtSmall ConvNeXtTiny ConvNeXtXLarge",
    "densenet": "DenseNet121 DenseNet169 DenseNet201",
    "efficientnet": "EfficientNetB0 EfficientNetB1 EfficientNetB2 EfficientNetB3 EfficientNetB4 "
    "EfficientNetB5 EfficientNetB6 EfficientNetB7",
    "efficientnet_v2": "EfficientNetV2B0 EfficientNetV2B1 EfficientNetV2B2 EfficientNetV2B3 EfficientNetV2L "
    "EfficientNetV2M EfficientNetV2S",
    "imagenet_utils": "",
    "inception_resnet_v2": "InceptionResNetV2",
    "inception_v3": "InceptionV3",
    "mobilenet": "MobileNet",
    "mobilenet_v2": "MobileNetV2",
    "mobilenet_v3": "MobileNetV3Large MobileNetV3Small",
    "nasnet": "NASNetLarge NASNetMobile",
    "resnet": "ResNet50 ResNet101 ResNet152",
    "resnet50": "",
    "resnet_v2": "ResNet50V2 ResNet101V2 ResNet152V2",
    "vgg16": "VGG16",
    "vgg19": "VGG19",
    "xception": "Xception",
}
_NAMES = {name: f"{__name__}.{module}" for module, names in _MODULES.items() for name in names.split()}

__all__ = [*_MODULES, *_NAMES]

__getattr__, __dir__ = lazy_names(__name__, {**dict.fromkeys(_MODULES), **_NAMES})
