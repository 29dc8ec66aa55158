"""ConvNeXt: a residual network with what transformers taught: large kernels, LayerNormalization, GELU."""

from typing import Any

from neurona import layers
from neurona.applications.imagenet_utils import decode_predictions, unchanged_input
from neurona.applications.network import CLASSES, GOOGLE, Plan, Request, channel_axis, named, published
from neurona.core.errors import ArgumentError
from neurona.models import Model, Sequential

__all__ = [
    "ConvNeXtBase",
    "ConvNeXtLarge",
    "ConvNeXtSmall",
    "ConvNeXtTiny",
    "ConvNeXtXLarge",
    "decode_predictions",
    "preprocess_input",
]

_MEAN = tuple(255 * mean for mean in (0.485, 0.456, 0.406))
_VARIANCE = tuple((255 * deviation) ** 2 for deviation in (0.229, 0.224, 0.225))
_SCALE = 1e-6  # with which the blocks' outputs begin
# Of each size: blocks of the four stages, channels of the first, digests of the weights.
_SIZES = {
    "Tiny": (
        (3, 3, 9, 3),
        96,
        "8ae6e78ce2933352b1ef4008e6dd2f17bc40771563877d156bc6426c7cf503ff",
        "d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1",
    ),
    "Small": (
        (3, 3, 27, 3),
        96,
        "ce1277d8f1ee5a0ef0e171469089c18f5233860ceaf9b168049cb9263fd7483c",
        "6fc8009faa2f00c1c1dfce59feea9b0745eb260a7dd11bee65c8e20843da6eab",
    ),
    "Base": (
        (3, 3, 27, 3),
        128,
        "52cbb006d3dadd03f6e095a8ca1aca47aecdd75acb4bc74bce1f5c695d0086e6",
        "40a20c5548a5e9202f69735ecc06c990e6b7c9d2de39f0361e27baeb24cb7c45",
    ),
    "Large": (
        (3, 3, 27, 3),
        192,
        "070c5ed9ed289581e477741d3b34beffa920db8cf590899d6d2c67fba2a198a6",
        "96f02b6f0753d4f543261bc9d09bed650f24dd6bc02ddde3066135b63d23a1cd",
    ),
    "XLarge": (
        (3, 3, 27, 3),
        256,
        "c1f5ccab661354fc3a79a10fa99af82f0fbf10ec65cb894a3ae0815f17a889ee",
        "de3f8a54174130e0cecdc71583354753d557fcf1f4487331558e2a16ba0cfe05",
    ),
}


def _convolutional_network(size: str) -> Any:
    depths, width, *digests = _SIZES[size]
    stem = f"convnext_{size.lower()}"
    plan = Plan(
        lambda x, request: _body(x, request, depths, width),
        top=_top,
        published=published(
            f"{GOOGLE}/convnext", (f"{stem}.h5", f"{stem}_notop.h5"), (digests[0], digests[1])
        ),
    )
    title = f"ConvNeXt{size}"

    def build(
        include_top: bool = True,
        include_preprocessing: bool = True,
        weights: Any = "imagenet",
        input_tensor: Any = None,
        input_shape: Any = None,
        pooling: str | None = None,
        classes: int = CLASSES,
        classifier_activation: Any = "softmax",
        name: str = stem,
    ) -> Model:
        if channel_axis() == 1:
            raise ArgumentError(
                f"{title}: images are channels_last. Write config.set_image_data_format('channels_last')."
            )
        return plan.build(
            Request(
                title,
                include_top,
                weights,
                input_tensor,
                input_shape,
                pooling,
                classes,
                classifier_activation,
                name,
                include_preprocessing,
            )
        )

    return named(
        build,
        title,
        f"{title}: images of 224x224 with pixels of 0..255, which the network scales itself unless "
        "include_preprocessing=False.",
        "Liu et al., A ConvNet for the 2020s, 2022.",
    )


def _body(x: Any, request: Request, depths: tuple[int, ...], width: int) -> Any:
    name = request.name
    if request.preprocess and x.shape[-1] == 3:
        normalization = f"{name}_prestem_normalization"
        x = layers.Normalization(mean=_MEAN, variance=_VARIANCE, name=normalization)(x)
    for stage, count in enumerate(depths):
        filters = width * 2**stage
        x = _entrance(filters, stage, f"{name}_")(x)
        for block in range(count):
            x = _block(x, filters, f"{name}_stage_{stage}_block_{block}_")
    return x


def _entrance(filters: int, stage: int, name: str) -> Sequential:
    """What a stage begins with: it halves height and width, the first divides them by 4."""
    if stage == 0:
        return Sequential(
            [
                layers.Conv2D(filters, 4, 4, name=f"{name}stem_conv"),
                layers.LayerNormalization(epsilon=1e-6, name=f"{name}stem_layernorm"),
            ],
            name=f"{name}stem",
        )
    number = stage - 1
    return Sequential(
        [
            layers.LayerNormalization(epsilon=1e-6, name=f"{name}downsampling_layernorm_{number}"),
            layers.Conv2D(filters, 2, 2, name=f"{name}downsampling_conv_{number}"),
        ],
        name=f"{name}downsampling_block_{number}",
    )


def _block(inputs: Any, filters: int, name: str) -> Any:
    x = layers.Conv2D(filters, 7, padding="same", groups=filters, name=f"{name}depthwise_conv")(inputs)
    x = layers.LayerNormalization(epsilon=1e-6, name=f"{name}layernorm")(x)
    x = layers.Dense(4 * filters, name=f"{name}pointwise_conv_1")(x)
    x = layers.Activation("gelu", name=f"{name}gelu")(x)
    x = layers.Dense(filters, name=f"{name}pointwise_conv_2")(x)
    x = layers.LayerScale(_SCALE, filters, name=f"{name}layer_scale")(x)
    return inputs + layers.Activation("linear", name=f"{name}identity")(x)


def _top(x: Any, request: Request) -> Any:
    name = request.name
    x = layers.GlobalAveragePooling2D(name=f"{name}_head_gap")(x)
    x = layers.LayerNormalization(epsilon=1e-6, name=f"{name}_head_layernorm")(x)
    return layers.Dense(request.classes, request.classifier_activation, name=f"{name}_head_dense")(x)


ConvNeXtTiny, ConvNeXtSmall, ConvNeXtBase, ConvNeXtLarge, ConvNeXtXLarge = map(_convolutional_network, _SIZES)
preprocess_input = unchanged_input
