"""`keras.preprocessing`: the numbers of the real one for equal seeds, and what its iterators do."""

import random

import numpy as np
import pytest

import neurona as nn
from neurona.core.errors import ArgumentError, DataError
from neurona.legacy.keras.preprocessing import image, sequence, text

RANDOM = np.random.RandomState(0)
IMAGES = (RANDOM.rand(7, 6, 5, 3) * 255).astype("float32")
LABELS = np.arange(7) % 2


@pytest.fixture(scope="module")
def theirs():
    pytest.importorskip("keras")
    return pytest.importorskip("keras._tf_keras.keras.preprocessing")


OPTIONS = [
    {"rotation_range": 40, "horizontal_flip": True, "vertical_flip": True, "rescale": 1 / 255},
    {
        "width_shift_range": 0.3,
        "height_shift_range": 2,
        "shear_range": 20,
        "fill_mode": "constant",
        "cval": 7.0,
    },
    {"width_shift_range": [-2, 1], "zoom_range": 0.4, "fill_mode": "reflect", "interpolation_order": 0},
    {"zoom_range": [0.5, 1.2], "channel_shift_range": 30.0, "fill_mode": "wrap", "rotation_range": 10},
    {"brightness_range": (0.3, 1.4), "samplewise_std_normalization": True},
    {"preprocessing_function": lambda x: x - 1.0, "samplewise_center": True, "data_format": "channels_first"},
]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: ",".join(options))
def test_images_are_changed_as_in_keras(theirs, options):
    images = IMAGES.transpose(0, 3, 1, 2) if "data_format" in options else IMAGES
    batches = []
    for module in (image, theirs.image):
        flow = module.ImageDataGenerator(**options).flow(images, LABELS, batch_size=3, seed=5)
        batches.append([next(flow) for _ in range(4)])
    for (x, y), (their_x, their_y) in zip(*batches):
        np.testing.assert_array_equal(y, their_y)
        assert x.dtype == their_x.dtype
        np.testing.assert_allclose(x, their_x, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("name", ["featurewise_std_normalization", "zca_whitening"])
def test_statistics_of_all_images(theirs, name, recwarn):
    results = []
    for module in (image, theirs.image):
        generator = module.ImageDataGenerator(featurewise_center=True, **{name: True})
        generator.fit(IMAGES / 255, augment=True, rounds=2, seed=3)
        results.append(generator.standardize(IMAGES[0].copy() / 255))
    np.testing.assert_allclose(*results, rtol=1e-3, atol=1e-3)
    with pytest.warns(UserWarning, match=r"Call fit\(images\) first"):
        image.ImageDataGenerator(featurewise_center=True).standardize(IMAGES[0])


FUNCTIONS = {
    "random_rotation": (30, 0, 1, 2),
    "random_shift": (0.2, 0.3, 0, 1, 2),
    "random_shear": (20, 0, 1, 2),
    "random_zoom": ((0.7, 1.3), 0, 1, 2),
    "random_channel_shift": (20.0, 2),
    "random_brightness": ((0.5, 2),),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_one_image(theirs, name):
    results = []
    for module in (image, theirs.image):
        np.random.seed(1)
        results.append(getattr(module, name)(IMAGES[0], *FUNCTIONS[name]))
    np.testing.assert_allclose(*results, rtol=1e-4, atol=1e-3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    for number, pixels in enumerate(IMAGES):
        (folder / "ab"[number % 2]).mkdir(exist_ok=True)
        image.save_img(folder / "ab"[number % 2] / f"{number}.png", pixels, scale=False)
    return folder


@pytest.mark.parametrize("class_mode", ["categorical", "binary", "input", None])
def test_a_folder_of_images(theirs, folder, class_mode, tmp_path, capsys):
    flows = []
    for module in (image, theirs.image):
        generator = module.ImageDataGenerator(rotation_range=20, validation_split=0.3)
        flows.append(
            generator.flow_from_directory(
                folder, (8, 8), class_mode=class_mode, batch_size=2, seed=1, subset="training"
            )
        )
    ours, other = flows
    assert "Found 6 images belonging to 2 classes." in capsys.readouterr().out
    for name in ("n", "samples", "class_indices", "filenames", "image_shape", "batch_size", "num_classes"):
        assert getattr(ours, name) == getattr(other, name), name
    assert ours.classes.tolist() == other.classes.tolist()
    for _ in range(3):
        one, two = ours.next(), next(other)
        for a, b in zip(*((one, two) if class_mode else ([one], [two]))):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-3)
    ours.reset()
    assert ours.batch_index == 0
    saved = image.ImageDataGenerator().flow(IMAGES[:2], save_to_dir=tmp_path, save_prefix="x", seed=1)
    next(saved)
    assert len(list(tmp_path.glob("x_*.png"))) == 2


def test_a_table_of_images(theirs, folder):
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(
        {
            "filename": [f"{'ab'[n % 2]}/{n}.png" for n in range(7)] + ["a/none.png"],
            "class": ["a", "b"] * 4,
            "value": np.arange(8.0),
        }
    )
    table["several"] = [["a", "b"] if n == 3 else ["ab"[n % 2]] for n in range(8)]
    for columns in ({}, {"y_col": "several", "classes": ["a", "b"]}, {"y_col": "value", "class_mode": "raw"}):
        batches = []
        for module in (image, theirs.image):
            generator = module.ImageDataGenerator(rescale=1 / 255)
            with pytest.warns(UserWarning, match="invalid image filename|image file"):
                flow = generator.flow_from_dataframe(
                    table, str(folder), target_size=(6, 5), batch_size=4, shuffle=False, **columns
                )
            batches.append((flow.samples, *next(flow)))
        for one, other in zip(*batches):
            np.testing.assert_allclose(one, other, rtol=1e-5)
    generator = image.ImageDataGenerator()
    with pytest.raises(DataError, match="holds texts"):
        generator.flow_from_dataframe(table, str(folder), y_col="value", class_mode="binary")


def test_a_generator_is_trained_on():
    flow = image.ImageDataGenerator(horizontal_flip=True).flow(IMAGES / 255, LABELS, batch_size=2, seed=0)
    model = nn.Sequential([nn.layers.Flatten(), nn.layers.Dense(1)])
    model.compile("sgd", "mse")
    assert len(model.fit(flow, steps_per_epoch=3, epochs=2, verbose=0).history["loss"]) == 2
    assert len(flow) == 4


def test_wrong_arguments():
    with pytest.raises(ArgumentError, match="pair of numbers"):
        image.ImageDataGenerator(zoom_range=[1, 2, 3])
    with pytest.raises(ArgumentError, match="between 0 and 1"):
        image.ImageDataGenerator(validation_split=2)
    with pytest.raises(DataError, match="other classes"):
        image.ImageDataGenerator(validation_split=0.5).flow(IMAGES, [0, 0, 0, 0, 1, 1, 1], subset="training")
    with pytest.raises(DataError, match="as many rows"):
        image.ImageDataGenerator().flow(IMAGES, LABELS[:3])


def test_skip_grams_and_windows_are_those_of_keras(theirs):
    table = sequence.make_sampling_table(50, 1e-3)
    np.testing.assert_allclose(table, theirs.sequence.make_sampling_table(50, 1e-3))
    words = RANDOM.randint(0, 50, 30).tolist()
    for options in ({}, {"categorical": True, "window_size": 2}, {"sampling_table": table, "shuffle": False}):
        results = []
        for module in (sequence, theirs.sequence):
            random.seed(3)
            results.append(module.skipgrams(words, 50, seed=4, **options))
        assert results[0] == results[1]
    data, targets = np.arange(20.0).reshape(20, 1), np.arange(20) * 10
    options = {
        "length": 4,
        "sampling_rate": 2,
        "stride": 3,
        "batch_size": 2,
        "reverse": True,
        "start_index": 1,
    }
    ours, other = (m.TimeseriesGenerator(data, targets, **options) for m in (sequence, theirs.sequence))
    assert len(ours) == len(other)
    again = sequence.timeseries_generator_from_json(ours.to_json())
    for number in range(len(ours)):
        for a, b, c in zip(ours[number], other[number], again[number]):
            np.testing.assert_array_equal(a, b)
            np.testing.assert_array_equal(a, c)
    assert text.base_filter().startswith("!")
