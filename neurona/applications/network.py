"""What all architectures share: their arguments, the input, the classifier, and published weights."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neurona import activations, layers
from neurona.core.errors import ArgumentError, unexpected
from neurona.core.policy import image_data_format
from neurona.core.symbolic import SymbolicTensor, is_symbolic
from neurona.datasets.download import PublicFile, get_file
from neurona.models import Model
from neurona.models.call_graph import get_source_inputs
from neurona.preprocessing.arguments import check_choice

CLASSES = 1000  # of ImageNet
_USUAL = (
    "include_top",
    "weights",
    "input_tensor",
    "input_shape",
    "pooling",
    "classes",
    "classifier_activation",
    "name",
)
GOOGLE = "https://storage.googleapis.com/tensorflow/keras-applications"


@dataclass
class Request:
    """What the caller of an architecture asks for.

    Attributes:
        title: the function's name, as messages show it.
        include_top: whether the network ends with a classifier.
        weights: None, `"imagenet"` or the path of a file.
        input_tensor: a symbolic tensor to begin with, instead of a new input.
        input_shape: of an image; None for the architecture's own.
        pooling: without a classifier, `"avg"` or `"max"` over each image, or None.
        classes: how many classes the classifier has.
        classifier_activation: its activation.
        name: of the model.
        preprocess: whether the network begins with layers that scale the pixels.
        options: what an architecture takes besides.
    """

    title: str
    include_top: bool
    weights: Any
    input_tensor: Any
    input_shape: Any
    pooling: str | None
    classes: int
    classifier_activation: Any
    name: str | None
    preprocess: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)

    def check(self) -> None:
        """Raise ArgumentError for values that are not allowed, or do not fit ImageNet's weights."""
        check_choice(self.title, "pooling", self.pooling, (None, "avg", "max"))
        if self.weights is None:
            return
        if not self.from_imagenet and not os.path.exists(self.weights):
            raise ArgumentError(
                f"{self.title}: weights is None for random ones, 'imagenet', or the path of a file. "
                f"There is no file {str(self.weights)!r}."
            )
        if not self.include_top:
            return
        if self.from_imagenet and self.classes != CLASSES:
            raise ArgumentError(
                f"{self.title}: ImageNet's weights are for 1000 classes. Received: classes={self.classes}. "
                "Write include_top=False and add a Dense layer, or weights=None."
            )
        if activations.get(self.classifier_activation) not in (activations.softmax, activations.linear):
            raise ArgumentError(
                f"{self.title}: trained weights were trained with softmax: classifier_activation is "
                f"'softmax' or None. Received: {self.classifier_activation!r}"
            )

    @property
    def from_imagenet(self) -> bool:
        return isinstance(self.weights, str) and self.weights == "imagenet"

    def shape_of(self, size: int | None, smallest: int) -> tuple[int | None, ...]:
        """The shape of an image.

        Args:
            size: height and width where none are given and the classifier needs them; None where it takes
                any.
            smallest: height and width that leave something after all strides.
        """
        first = image_data_format() == "channels_first"

        def shape(side: int | None, channels: int) -> tuple[int | None, ...]:
            return (channels, side, side) if first else (side, side, channels)

        needs_size = self.include_top and size is not None
        if self.input_shape is None:
            return shape(size if needs_size else None, 3)
        given = tuple(self.input_shape)
        if len(given) != 3:
            raise ArgumentError(f"{self.title}: input_shape is {shape(size, 3)}. Received: {given}")
        channels, sides = (given[0], given[1:]) if first else (given[2], given[:2])
        if any(side is not None and side < smallest for side in sides):
            raise ArgumentError(
                f"{self.title}: images are at least {smallest}x{smallest}. Received: input_shape={given}"
            )
        if needs_size and None in sides:
            raise ArgumentError(
                f"{self.title}: the classifier needs to know height and width. Received: input_shape={given}"
            )
        if self.from_imagenet:
            self._check_for_imagenet(given, channels, shape(size, 3) if needs_size else given)
        return given

    def _check_for_imagenet(self, given: tuple[Any, ...], channels: Any, fixed: tuple[Any, ...]) -> None:
        """Raise ArgumentError for images that ImageNet's weights are not for."""
        if channels != 3:
            raise ArgumentError(
                f"{self.title}: ImageNet's weights are for images with 3 channels. Received: "
                f"input_shape={given}. For others write weights=None."
            )
        if given != fixed:
            raise ArgumentError(
                f"{self.title}: ImageNet's weights with the classifier are for images of shape {fixed}. "
                f"Received: input_shape={given}. For other sizes write include_top=False."
            )


def classify(x: Any, request: Request, pool: str | None = "avg_pool", **options: Any) -> Any:
    """The usual end of a network: a mean over each image, and a Dense layer called "predictions"."""
    x = layers.GlobalAveragePooling2D(name=pool)(x)
    return predictions(x, request, **options)


def predictions(x: Any, request: Request, name: str = "predictions", **options: Any) -> Any:
    """The Dense layer that names the class."""
    return layers.Dense(request.classes, request.classifier_activation, name=name, **options)(x)


@dataclass(frozen=True)
class Plan:
    """What makes an architecture: its layers, the sizes of its images and its published weights.

    Attributes:
        body: from images to features, given the request.
        size: height and width that it was designed for; None where the classifier takes any.
        smallest: the least height and width.
        top: the classifier.
        named_pools: whether the poolings that replace the classifier are called "avg_pool" and "max_pool".
        published: files of ImageNet's weights, with the classifier and without.
        options: the arguments that it takes besides the usual ones.
    """

    body: Callable[[Any, Request], Any]
    size: int | None = 224
    smallest: int = 32
    top: Callable[[Any, Request], Any] = classify
    named_pools: bool = False
    published: tuple[PublicFile, PublicFile] | None = None
    options: tuple[str, ...] = ()

    def build(self, request: Request) -> Model:
        """The model that was asked for, with its weights."""
        request.check()
        for option in request.options:
            if option not in self.options:
                raise unexpected(request.title, option, [*_USUAL, *self.options])
        shape = request.shape_of(self.size, self.smallest)
        file = self._weights_file(request)
        entrance = layers.Input(shape) if request.input_tensor is None else request.input_tensor
        if not is_symbolic(entrance):
            raise ArgumentError(
                f"{request.title}: input_tensor is a symbolic tensor, as Input() or a layer returns it. "
                f"Received: {type(entrance).__name__}. Data is given to predict()."
            )
        x = self.body(entrance, request)
        x = self.top(x, request) if request.include_top else self._pooled(x, request.pooling)
        sources = get_source_inputs(entrance)
        model = Model(sources[0] if len(sources) == 1 else sources, x, name=request.name)
        if file is not None:
            model.load_weights(file)
        return model

    def _pooled(self, x: Any, pooling: str | None) -> Any:
        if pooling is None:
            return x
        pool = layers.GlobalAveragePooling2D if pooling == "avg" else layers.GlobalMaxPooling2D
        return pool(name=f"{pooling}_pool" if self.named_pools else None)(x)

    def _weights_file(self, request: Request) -> str | None:
        """The path of the weights, or None for random ones.

        Raises:
            DownloadError: ImageNet's are not on this machine and can't be downloaded.
        """
        if request.weights is None:
            return None
        if not request.from_imagenet:
            return os.fspath(request.weights)
        if self.published is None:
            raise ArgumentError(f"{request.title}: no weights were published for these arguments.")
        return local_file(self.published[0 if request.include_top else 1])


def local_file(file: PublicFile) -> str:
    """The path of a published file: in Keras's folder, in `NEURONA_DATA`, in the cache, or downloaded there.

    Raises:
        DownloadError: it is not on this machine and can't be downloaded.
    """
    keras = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models" / file.name
    if keras.is_file():
        return str(keras)
    digest = None if file.digest is None else file.digest.partition(":")[2]
    return get_file(file.name, file.url, cache_subdir="models", file_hash=digest)


def published(
    folder: str, names: tuple[str, str], digests: tuple[str | None, str | None] = (None, None)
) -> tuple[PublicFile, PublicFile]:
    """The files of an architecture's weights, with the classifier and without."""
    algorithm = {32: "md5", 64: "sha256"}

    def file(name: str, digest: str | None) -> PublicFile:
        return PublicFile(name, f"{folder}/{name}", digest and f"{algorithm[len(digest)]}:{digest}")

    return file(names[0], digests[0]), file(names[1], digests[1])


_ARGUMENTS = """
    Args:
        include_top: whether the network ends with its classifier.
        weights: None for random ones, `"imagenet"`, or the path of a file.
        input_tensor: a symbolic tensor to begin with, instead of a new input.
        input_shape: of an image, where it is not the usual one.
        pooling: without the classifier, `"avg"` or `"max"` over each image; None for a map of features.
        classes: how many classes the classifier has.
        classifier_activation: its activation; None for logits.
        name: of the model.

    Raises:
        ArgumentError: a value is not allowed, or does not fit the weights.
        DownloadError: ImageNet's weights are not on this machine and can't be downloaded.

    Source: {source}
    """


def architecture(
    title: str, plan: Plan, about: str, source: str, name: str | None = None
) -> Callable[..., Model]:
    """The function that builds an architecture, with the usual arguments.

    Args:
        title: its name, such as `"VGG16"`.
        plan: its layers.
        about: a sentence that describes it.
        source: where it was published.
        name: the model's; by default the title in lower case.
    """
    default = name or title.lower()

    def build(
        include_top: bool = True,
        weights: Any = "imagenet",
        input_tensor: Any = None,
        input_shape: Any = None,
        pooling: str | None = None,
        classes: int = CLASSES,
        classifier_activation: Any = "softmax",
        name: str = default,
        **options: Any,
    ) -> Model:
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
                options=options,
            )
        )

    return named(build, title, about, source)


def named(build: Callable[..., Model], title: str, about: str, source: str) -> Callable[..., Model]:
    """Give a function its public name and its docstring."""
    build.__name__ = build.__qualname__ = title
    build.__doc__ = about + "\n" + _ARGUMENTS.format(source=source)
    return build


def channel_axis() -> int:
    """The axis of the channels in a batch of images."""
    return 1 if image_data_format() == "channels_first" else 3


def halving_pad(x: SymbolicTensor, kernel_size: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """The zeros around images such that a convolution of stride 2 without padding halves them as
    TensorFlow's "same" does.
    """
    first = 2 if channel_axis() == 1 else 1
    half = kernel_size // 2
    even = [1 if side is None else 1 - side % 2 for side in x.shape[first : first + 2]]
    return (half - even[0], half), (half - even[1], half)
