"""Images: loading, resizing and folders of them, equal to Keras on real JPEGs."""

import io
import os
import tarfile
from pathlib import Path

import keras
import numpy as np
import pytest
from keras.src.utils.dataset_utils import get_training_or_validation_split, index_directory

from neurona.core.errors import ArgumentError, DataError, ShapeError, UnexpectedArgument
from neurona.preprocessing.image import (
    EXTENSIONS,
    array_to_img,
    img_to_array,
    load_img,
    resize,
    save_img,
    smart_resize,
)
from neurona.preprocessing.image_folder import image_dataset_from_directory

PIL = pytest.importorskip("PIL.Image")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Five pictures of each of three classes of the real CIFAR-10 archive, one of them cropped and one inside
    a deeper folder.
    """
    archive = Path(os.environ.get("NEURONA_DATA", "")) / "cifar10_jpeg.tar.xz"
    if not archive.is_file():
        pytest.skip("NEURONA_DATA has no cifar10_jpeg.tar.xz")
    root = tmp_path_factory.mktemp("images")
    with tarfile.open(archive, "r|xz") as members:
        for member in members:
            _, subset, label, name = member.name.split("/")
            if subset == "test" and label in ("cat", "dog", "bird") and int(name[:4]) < 5:
                target = root / label / ("deeper" if name == "0004.jpg" else "") / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(members.extractfile(member).read())
            if label == "frog":
                break  # the classes are sorted: those wanted have passed
    PIL.open(root / "cat" / "0000.jpg").crop((0, 0, 30, 18)).save(root / "cat" / "cropped.png")
    (root / "cat" / "notes.txt").write_text("not an image")
    (root / ".hidden").mkdir()
    return root


@pytest.fixture(scope="module")
def jpeg(folder) -> Path:
    return folder / "cat" / "0000.jpg"


@pytest.mark.parametrize("color_mode", ["rgb", "rgba", "grayscale"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"target_size": (20, 30)},
        {"target_size": (50, 12), "keep_aspect_ratio": True},
        {"target_size": (32, 32)},
    ]
    + [
        {"target_size": (11, 40), "interpolation": name}
        for name in ("nearest", "bilinear", "bicubic", "lanczos", "box", "hamming")
    ],
    ids=str,
)
def test_load_img_is_keras(jpeg, color_mode, options):
    mine = load_img(jpeg, color_mode=color_mode, **options)
    theirs = keras.utils.load_img(jpeg, color_mode=color_mode, **options)
    assert mine.mode == theirs.mode
    np.testing.assert_array_equal(np.asarray(mine), np.asarray(theirs))
    for data_format in (None, "channels_first"):
        ours_array, theirs_array = (
            img_to_array(mine, data_format),
            keras.utils.img_to_array(theirs, data_format),
        )
        np.testing.assert_array_equal(ours_array, theirs_array)
        assert ours_array.dtype == theirs_array.dtype


def test_load_img_from_memory_and_bytes_path(jpeg):
    expected = np.asarray(load_img(jpeg))
    np.testing.assert_array_equal(np.asarray(load_img(io.BytesIO(jpeg.read_bytes()))), expected)
    np.testing.assert_array_equal(np.asarray(load_img(os.fsencode(jpeg))), expected)


def test_load_img_bad_input(jpeg, tmp_path):
    with pytest.raises(ArgumentError, match=r"'greyscale'.*Did you mean 'grayscale'"):
        load_img(jpeg, color_mode="greyscale")
    with pytest.raises(ArgumentError, match="interpolation"):
        load_img(jpeg, interpolation="cubic")
    (tmp_path / "fake.jpg").write_bytes(b"not a picture")
    with pytest.raises(DataError, match=r"fake\.jpg is not an image"):
        load_img(tmp_path / "fake.jpg")
    (tmp_path / "cut.jpg").write_bytes(jpeg.read_bytes()[:400])
    with pytest.raises(DataError, match=r"cut\.jpg"):
        load_img(tmp_path / "cut.jpg")
    with pytest.raises(FileNotFoundError):
        load_img(tmp_path / "absent.jpg")


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_array_to_img_is_keras(channels, scale, data_format):
    x = np.random.default_rng(0).uniform(
        0, 255, (6, 5, channels) if data_format == "channels_last" else (channels, 6, 5)
    )
    mine, theirs = (
        array_to_img(x, data_format, scale=scale),
        keras.utils.array_to_img(x, data_format, scale=scale),
    )
    assert mine.mode == theirs.mode
    np.testing.assert_array_equal(np.asarray(mine), np.asarray(theirs))


def test_array_to_img_of_special_values():
    np.testing.assert_array_equal(np.asarray(array_to_img(np.full((2, 2, 1), 7.0))), 0)
    deep = array_to_img(np.full((2, 2, 1), 1000.0), scale=False)
    assert deep.mode == "I"
    np.testing.assert_array_equal(np.asarray(deep), 1000)


def test_shapes_that_are_no_image():
    with pytest.raises(ShapeError, match=r"\(2, 2\)"):
        array_to_img(np.ones((2, 2)))
    with pytest.raises(ShapeError, match="Received: 2"):
        array_to_img(np.ones((4, 4, 2)))
    with pytest.raises(ShapeError, match=r"\(1, 2, 2, 3\)"):
        img_to_array(np.ones((1, 2, 2, 3)))
    with pytest.raises(ArgumentError, match="'channels_last'"):
        img_to_array(np.ones((2, 2)), data_format="channel_last")


def test_save_img(tmp_path):
    x = np.random.default_rng(0).integers(0, 256, (9, 7, 3))
    save_img(tmp_path / "a.png", x, scale=False)
    np.testing.assert_array_equal(img_to_array(load_img(tmp_path / "a.png")), x)
    content = io.BytesIO()
    save_img(content, x, file_format="PNG", scale=False)
    np.testing.assert_array_equal(img_to_array(load_img(content)), x)
    with pytest.warns(UserWarning, match="transparency"):
        save_img(tmp_path / "b.jpg", np.concatenate([x, x[..., :1]], axis=-1))
    assert PIL.open(tmp_path / "b.jpg").mode == "RGB"


SIZES = [(5, 9), (40, 64), (31, 17), (1, 1), (32, 32)]


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"])
@pytest.mark.parametrize("size", SIZES)
def test_resize_is_keras(interpolation, size):
    x = np.random.default_rng(0).uniform(0, 255, (2, 32, 24, 3)).astype("float32")
    theirs = np.asarray(keras.ops.image.resize(x, size, interpolation=interpolation))
    mine = resize(x, size, interpolation)
    assert mine.dtype == theirs.dtype
    np.testing.assert_allclose(mine, theirs, atol=1e-5 * 255)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(20, 20), (50, 10), (10, 50), (32, 24)])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("batched", [True, False])
def test_smart_resize_is_keras(interpolation, size, data_format, batched):
    shape = (32, 24, 3) if data_format == "channels_last" else (3, 32, 24)
    x = np.random.default_rng(0).uniform(0, 255, (2, *shape) if batched else shape).astype("float32")
    theirs = keras.preprocessing.image.smart_resize(
        x, size, interpolation=interpolation, data_format=data_format
    )
    mine = smart_resize(x, size, interpolation=interpolation, data_format=data_format)
    np.testing.assert_allclose(mine, theirs, atol=1e-5 * 255)


def test_resize_of_whole_numbers_rounds_and_clips():
    x = np.zeros((1, 8, 1), np.uint8)
    x[0, 4:] = 255
    wide = resize(x, (1, 40), "bicubic")  # overshoots on both sides of the step
    assert wide.dtype == np.uint8
    assert (wide.min(), wide.max()) == (0, 255)
    exact = resize(x.astype("float64"), (1, 40), "bicubic")
    np.testing.assert_array_equal(wide, np.clip(np.round(exact), 0, 255))


def test_smart_resize_bad_input():
    x = np.ones((4, 4, 3))
    with pytest.raises(ShapeError, match=r"\(4, 4\)"):
        smart_resize(x[..., 0], (2, 2))
    with pytest.raises(ArgumentError, match="size"):
        smart_resize(x, (2, 2, 3))
    with pytest.raises(ArgumentError, match="'area'"):
        smart_resize(x, (2, 2), interpolation="area")
    with pytest.raises(UnexpectedArgument, match="'interpolation'"):
        smart_resize(x, (2, 2), interpolaton="nearest")


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("class_names", [None, ["dog", "bird"]])
def test_directory_is_indexed_as_in_keras(folder, shuffle, class_names):
    batches = image_dataset_from_directory(
        folder, class_names=class_names, shuffle=shuffle, seed=5, image_size=8, verbose=False
    )
    formats = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
    paths, labels, names = index_directory(
        str(folder), "inferred", formats, class_names, shuffle, 5, verbose=False
    )
    assert batches.class_names == names
    assert batches.file_paths == paths
    np.testing.assert_array_equal(batches.labels, labels)
    for subset in ("training", "validation"):
        part = image_dataset_from_directory(
            folder,
            class_names=class_names,
            shuffle=shuffle,
            seed=5,
            image_size=8,
            validation_split=0.3,
            subset=subset,
            verbose=False,
        )
        theirs = get_training_or_validation_split(paths, labels, 0.3, subset)
        assert part.file_paths == theirs[0]
        np.testing.assert_array_equal(part.labels, theirs[1])


def test_batches(folder, capsys):
    batches = image_dataset_from_directory(folder, batch_size=6, image_size=(20, 24), shuffle=False)
    assert "Found 16 files belonging to 3 classes" in capsys.readouterr().out
    assert batches.class_names == ["bird", "cat", "dog"]
    assert len(batches) == 3
    content = list(batches)
    assert [x.shape for x, _ in content] == [(6, 20, 24, 3), (6, 20, 24, 3), (4, 20, 24, 3)]
    assert content[0][0].dtype == np.float32
    assert content[0][1].dtype == np.int32
    assert np.concatenate([y for _, y in content]).tolist() == [0] * 5 + [1] * 6 + [2] * 5
    for position, path in enumerate(batches.file_paths):
        pixels = np.asarray(PIL.open(path).convert("RGB"), "float32")
        expected = np.asarray(keras.ops.image.resize(pixels, (20, 24)))
        np.testing.assert_allclose(content[position // 6][0][position % 6], expected, atol=1e-5 * 255)
    with pytest.raises(IndexError):
        batches[3]


@pytest.mark.parametrize("option", ["crop_to_aspect_ratio", "pad_to_aspect_ratio"])
@pytest.mark.parametrize("size", [(16, 16), (9, 40), (40, 9)])
def test_batches_without_distortion(folder, option, size):
    batches = image_dataset_from_directory(
        folder, labels=None, image_size=size, shuffle=False, verbose=False, **{option: True}
    )
    x = np.concatenate(list(batches))
    for pixels, path in zip(x, batches.file_paths):
        original = np.asarray(PIL.open(path).convert("RGB"), "float32")
        expected = np.asarray(keras.ops.image.resize(original, size, **{option: True}))
        np.testing.assert_allclose(pixels, expected, atol=1e-5 * 255)


def test_label_modes_and_formats(folder):
    def first(**options):
        return next(
            iter(image_dataset_from_directory(folder, image_size=8, shuffle=False, verbose=False, **options))
        )

    x, y = first(label_mode="categorical", color_mode="grayscale")
    assert x.shape == (16, 8, 8, 1)
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y.argmax(axis=1), [0] * 5 + [1] * 6 + [2] * 5)
    x, y = first(
        label_mode="binary", class_names=["dog", "cat"], data_format="channels_first", color_mode="rgba"
    )
    assert x.shape == (11, 4, 8, 8)
    np.testing.assert_array_equal(y[:, 0], [0] * 5 + [1] * 6)
    assert first(label_mode=None).shape == (16, 8, 8, 3)
    x, y = first(labels=list(range(16)), batch_size=None)
    assert x.shape == (8, 8, 3)
    assert int(y) == 0


def test_new_order_after_each_epoch(folder):
    batches = image_dataset_from_directory(folder, seed=1, image_size=4, batch_size=16, verbose=False)
    first = batches[0][0]
    np.testing.assert_array_equal(batches[0][0], first)
    batches.on_epoch_end()
    assert not np.array_equal(batches[0][0], first)
    np.testing.assert_allclose(np.sort(batches[0][0].ravel()), np.sort(first.ravel()))
    training, validation = image_dataset_from_directory(
        folder, seed=1, image_size=4, validation_split=0.25, subset="both", verbose=False
    )
    assert (len(training.file_paths), len(validation.file_paths)) == (12, 4)
    assert not set(training.file_paths) & set(validation.file_paths)
    before = validation[0][0]
    validation.on_epoch_end()
    np.testing.assert_array_equal(validation[0][0], before)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label_mode": "integer"}, r"label_mode.*'integer'"),
        ({"label_mode": "binary"}, "exactly two classes"),
        ({"color_mode": "bgr"}, "color_mode"),
        ({"image_size": (8, 8, 3)}, r"\(8, 8, 3\)"),
        ({"interpolation": "gaussian"}, "interpolation"),
        ({"labels": "guessed"}, "'guessed'"),
        ({"labels": None, "class_names": ["cat"]}, "class_names"),
        ({"class_names": ["cat", "cow"]}, "'cow'"),
        ({"validation_split": 0.2}, "go together"),
        ({"subset": "training"}, "go together"),
        ({"subset": "test", "validation_split": 0.2}, "subset"),
        ({"subset": "training", "validation_split": 1.5, "seed": 1}, "1.5"),
        ({"subset": "training", "validation_split": 0.2}, "seed"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, "exclude"),
    ],
)
def test_directory_bad_arguments(folder, options, message):
    with pytest.raises(ArgumentError, match=message):
        image_dataset_from_directory(folder, verbose=False, **options)


def test_directory_without_images(tmp_path, folder):
    with pytest.raises(DataError, match="no image"):
        image_dataset_from_directory(tmp_path)
    with pytest.raises(DataError, match="no folder"):
        image_dataset_from_directory(tmp_path / "absent")
    with pytest.raises(DataError, match=r"16 files.*Received: 2"):
        image_dataset_from_directory(folder, labels=[0, 1])
    with pytest.raises(DataError, match="leaves none"):
        image_dataset_from_directory(
            folder, validation_split=0.01, subset="validation", seed=0, verbose=False
        )


@pytest.mark.parametrize("form", ["png", "tiff"])
@pytest.mark.parametrize("mode", ["rgb", "rgba"])
def test_pixels_of_16_bits_are_scaled_so_that_white_is_white(tmp_path, form, mode):
    pixels = np.array([[0, 257, 32_896, 65_535]], np.uint16)
    PIL.fromarray(pixels).save(tmp_path / f"a.{form}")
    read = np.asarray(load_img(tmp_path / f"a.{form}", color_mode=mode))
    np.testing.assert_array_equal(read[0, :, 0], [0, 1, 128, 255])
    gray = np.asarray(load_img(tmp_path / f"a.{form}", color_mode="grayscale"))
    np.testing.assert_array_equal(gray, pixels)


@pytest.mark.parametrize(("form", "lossless"), [("webp", {"lossless": True}), ("tiff", {}), ("png", {})])
def test_web_and_print_formats_are_read(tmp_path, form, lossless):
    pixels = np.random.default_rng(0).integers(0, 255, (5, 4, 3), np.uint8)
    PIL.fromarray(pixels).save(tmp_path / f"a.{form}", **lossless)
    np.testing.assert_array_equal(np.asarray(load_img(tmp_path / f"a.{form}")), pixels)
    assert f".{form}" in EXTENSIONS
