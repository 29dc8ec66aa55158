"""The architectures beside Keras's: parameters, names and order of layers, and what they compute."""

import json

import keras
import numpy as np
import pytest

import neurona as nn
from neurona import applications
from neurona.applications.imagenet_utils import decode_predictions, preprocess_input
from neurona.core.errors import ArgumentError, DataError, DownloadError, ShapeError
from neurona.files.gate import Gate
from tests.applications.description import digest
from tests.applications.keras_architectures import ARCHITECTURES

# One of each family, of those that are quickly drawn; `make experiments` draws all.
QUICK = ["VGG16", "MobileNetV3Small", "Xception", "InceptionV3", "ConvNeXtTiny"]
SMALL = {"weights": None, "classes": 5}
rng = np.random.default_rng(0)


def drawn(name, **options):
    """A model whose weights have shapes only: nothing is allocated or compiled."""
    gate = Gate("An architecture", Exception)
    nn.utils.clear_session()
    with gate.building(1 << 50):
        model = getattr(applications, name)(**options)
        gate.waiting.clear()
    return model


def check_architecture(name):
    model = drawn(name, weights=None)
    received = (model.name, model.count_params(), len(model.layers), digest(model))
    assert received == ARCHITECTURES[name]


@pytest.mark.parametrize("name", QUICK)
def test_parameters_layers_and_calls_are_those_of_keras(name):
    check_architecture(name)


@pytest.mark.experiment
@pytest.mark.parametrize("name", sorted(set(ARCHITECTURES) - set(QUICK)))
def test_parameters_layers_and_calls_of_the_other_architectures_are_those_of_keras(name):
    check_architecture(name)


OUTPUTS = [
    ("MobileNetV2", {"input_shape": (32, 32, 3), "alpha": 0.35, **SMALL}),
    ("EfficientNetB0", {"input_shape": (32, 32, 3), **SMALL}),
    ("EfficientNetV2B0", {"input_shape": (32, 32, 3), **SMALL}),
    ("ResNet50", {"input_shape": (32, 32, 3), "include_top": False, "pooling": "avg", "weights": None}),
    ("DenseNet121", {"input_shape": (32, 32, 1), "include_top": False, "weights": None}),
]


# They take up to a minute each; the descriptions above say that they compute the same.
@pytest.mark.experiment
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")
@pytest.mark.parametrize(("name", "options"), OUTPUTS)
def test_the_same_weights_give_the_numbers_of_keras(name, options):
    nn.utils.clear_session()
    keras.utils.clear_session()
    ours, theirs = getattr(applications, name)(**options), getattr(keras.applications, name)(**options)
    weights = [
        weight + np.abs(rng.normal(0, 0.02, weight.shape)).astype(weight.dtype)
        if weight.ndim == 1
        else weight
        for weight in theirs.get_weights()
    ]
    theirs.set_weights(weights)
    ours.set_weights(weights)
    images = rng.uniform(0, 1, (2, *options["input_shape"])).astype("float32")
    expected = theirs.predict(images, verbose=0)
    received = ours.predict(images, verbose=0)
    np.testing.assert_allclose(received, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


def test_a_network_begins_with_a_given_tensor_and_ends_without_its_classifier():
    images = nn.Input((40, 48, 3))
    model = drawn("VGG16", input_tensor=nn.layers.Rescaling(2.0)(images), include_top=False, weights=None)
    assert model.input_shape == (None, 40, 48, 3)
    assert model.output_shape == (None, 1, 1, 512)
    assert [type(layer).__name__ for layer in model.layers[:2]] == ["InputLayer", "Rescaling"]
    pooled = drawn("VGG16", include_top=False, pooling="max", weights=None)
    assert (pooled.input_shape, pooled.output_shape) == ((None, None, None, 3), (None, 512))


def test_efficient_networks_take_the_share_of_dropped_blocks():
    model = drawn("EfficientNetB0", weights=None, include_top=False, drop_connect_rate=0.4)
    assert model.get_layer("block7a_project_bn")
    assert model.get_layer("block6d_drop").rate == pytest.approx(0.4 * 14 / 16)
    with pytest.raises(TypeError, match="VGG16 has no argument 'drop_connect_rate'"):
        drawn("VGG16", weights=None, drop_connect_rate=0.4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": "no such file"}, "no file 'no such file'"),
        ({"classes": 10}, "1000 classes. Received: classes=10"),
        ({"classifier_activation": "relu"}, "'softmax' or None. Received: 'relu'"),
        ({"input_shape": (64, 64, 3)}, r"shape \(224, 224, 3\). Received: input_shape=\(64, 64, 3\)"),
        ({"input_shape": (64, 64, 1), "include_top": False}, "3 channels"),
        ({"input_shape": (64, 64), "weights": None}, r"input_shape is \(224, 224, 3\)"),
        ({"input_shape": (16, 64, 3), "weights": None}, "at least 32x32"),
        ({"input_shape": (None, None, 3), "weights": None}, "needs to know height and width"),
        ({"pooling": "mean", "weights": None}, "pooling"),
        ({"input_tensor": np.ones((1, 224, 224, 3)), "weights": None}, "Data is given to predict"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(options, message):
    with pytest.raises(ArgumentError, match=message):
        drawn("VGG16", **options)


def test_weights_that_are_not_here_are_asked_for_with_their_address_and_place(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("NEURONA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("neurona.datasets.download._receive", refused)
    monkeypatch.setattr("neurona.datasets.download.time.sleep", lambda seconds: None)
    with pytest.raises(
        DownloadError, match=r"vgg16_weights_tf_dim_ordering_tf_kernels_notop\.h5 is not on"
    ) as told:
        applications.VGG16(include_top=False)
    assert "https://storage.googleapis.com/tensorflow/keras-applications/vgg16/" in str(told.value)
    assert str(tmp_path / "cache") in str(told.value)


def refused(url, part):
    raise ConnectionError("there is no network")


def test_weights_are_found_in_the_folder_of_keras_and_loaded(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    loaded = []
    monkeypatch.setattr(nn.Model, "load_weights", lambda self, path: loaded.append(path))
    path = tmp_path / "models" / "mobilenet_2_5_128_tf_no_top.h5"
    path.touch()
    drawn("MobileNet", input_shape=(128, 128, 3), alpha=0.25, include_top=False)
    drawn("MobileNet", input_shape=(32, 32, 3), weights=path, classes=10)
    assert loaded == [str(path)] * 2


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
@pytest.mark.parametrize("rank", [3, 4])
def test_pixels_are_prepared_as_by_keras(mode, data_format, rank):
    shape = (3, 4, 5) if data_format == "channels_first" else (4, 5, 3)
    pixels = rng.integers(0, 256, (2, *shape)[4 - rank :])
    theirs = keras.applications.imagenet_utils.preprocess_input
    for images in (pixels.astype("uint8"), pixels.astype("float32"), pixels.astype("float64")):
        expected = theirs(images.copy(), data_format, mode)
        received = preprocess_input(images.copy(), data_format, mode)
        assert received.dtype == expected.dtype
        np.testing.assert_allclose(received, expected, rtol=1e-5, atol=1e-5)
    array = nn.ops.convert_to_tensor(pixels.astype("float32"))
    np.testing.assert_allclose(preprocess_input(array, data_format, mode), expected, rtol=1e-4, atol=1e-4)


def test_pixels_are_prepared_inside_a_model_too():
    images = nn.Input((4, 5, 3))
    pixels = rng.uniform(0, 255, (2, 4, 5, 3)).astype("float32")
    for name in ("vgg16", "resnet50", "densenet", "xception", "mobilenet_v3"):
        prepare = getattr(applications, name).preprocess_input
        model = nn.Model(images, nn.layers.Activation("linear")(prepare(images)))
        theirs = getattr(keras.applications, name).preprocess_input(pixels.copy())
        np.testing.assert_allclose(model.predict(pixels, verbose=0), theirs, rtol=1e-4, atol=1e-4)


def test_predictions_are_named_from_the_list_of_classes(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    path = tmp_path / "models" / "imagenet_class_index.json"
    path.write_text(json.dumps({str(n): [f"n{n:08}", f"thing_{n}"] for n in range(1000)}))
    predictions = np.zeros((2, 1000), "float32")
    predictions[0, [3, 999]], predictions[1, 0] = [0.25, 0.75], 1
    named = decode_predictions(predictions, top=2)
    assert named[0] == [("n00000999", "thing_999", 0.75), ("n00000003", "thing_3", 0.25)]
    assert named[1][0][1] == "thing_0"
    with pytest.raises(ShapeError, match=r"\(images, 1000\)"):
        decode_predictions(predictions[:, :10])
    path.write_text("{}")
    with pytest.raises(DataError, match="does not list"):
        applications.vgg16.decode_predictions(predictions)
