"""Drawn digits become what the data sets hold."""

import numpy as np
import pytest
from PIL import Image

from neurona import datasets
from neurona.tasks.drawings import centred_digit
from neurona.tasks.inputs import ExampleReader
from neurona.tasks.labels import Labels

DIGITS = Labels("image", [str(digit) for digit in range(10)], brightest=255, dark_background=True)


def drawing(height, width, top, left, size=(300, 400), ink=255.0, ground=0.0):
    pixels = np.full(size, ground)
    pixels[top : top + height, left : left + width] = ink
    return pixels


@pytest.mark.parametrize(
    ("height", "width", "top", "left"),
    [(100, 40, 3, 5), (30, 90, 200, 300), (200, 200, 50, 100), (7, 3, 0, 0)],
)
def test_as_in_mnist_a_digit_fits_into_20_pixels_with_its_mass_in_the_middle(height, width, top, left):
    image = centred_digit(drawing(height, width, top + 1, left + 1), 28)
    rows, columns = (np.flatnonzero(image.any(axis=axis)) for axis in (1, 0))
    extent = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    assert max(extent) == 20
    assert extent[0] / extent[1] == pytest.approx(height / width, rel=0.1)
    places = np.arange(28) + 0.5
    mass = image.sum(1) @ places / image.sum(), image.sum(0) @ places / image.sum()
    assert mass == pytest.approx((14, 14), abs=0.51)
    assert image.max() == pytest.approx(255)


def test_a_digit_of_mnist_stays_what_it_is_wherever_it_is_drawn():
    """A digit that fills 20 rows in 28 x 28 comes back from a large canvas to within a pixel's share."""
    digit = np.zeros((28, 28))
    digit[4:24, 12:16], digit[4:8, 8:20] = 255, 255  # a T
    middle = centred_digit(digit, 28)
    canvas = np.zeros((400, 300))
    canvas[11 : 11 + 280, 13 : 13 + 280] = np.kron(digit, np.ones((10, 10)))
    np.testing.assert_allclose(centred_digit(canvas, 28), middle, atol=1e-9)


def test_as_in_the_8_x_8_digits_a_digit_is_as_high_as_the_image_and_in_its_middle():
    (x, _), _ = datasets.digits.load_data()
    ink = x.reshape(-1, 8, 8) > 3
    assert ink.any(axis=2)[:, [0, 7]].all()  # what the data set's own digits are like
    image = centred_digit(drawing(120, 60, 20, 300), 8)
    rows, columns = (np.flatnonzero(image.any(axis=axis)) for axis in (1, 0))
    assert (rows[0], rows[-1], columns[0], columns[-1]) == (0, 7, 2, 5)


@pytest.mark.parametrize("side", [8, 28])
@pytest.mark.parametrize("level", [0.0, 90.0])
def test_nothing_drawn_is_none(side, level):
    assert centred_digit(np.full((50, 60), level), side) is None


def test_faint_ink_on_a_gray_ground_is_read_like_black_on_white(tmp_path):
    clear = drawing(100, 40, 30, 50)
    for name, pixels in {"clear": 255 - clear, "faint": 180 - clear / 255 * 90, "bright": clear}.items():
        Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / f"{name}.png")
    reader = ExampleReader((28, 28, 1), DIGITS)
    read = {name: reader.read(tmp_path / f"{name}.png") for name in ("clear", "faint", "bright")}
    for examples in read.values():
        np.testing.assert_allclose(examples.values, read["bright"].values, atol=3)
        assert "cropped and centred" in examples.notes[-1]


def test_images_of_the_data_set_s_size_and_other_data_sets_stay_as_they_are(tmp_path):
    pixels = np.zeros((28, 28), np.uint8)
    pixels[2:9, 3:6] = 200
    Image.fromarray(pixels).save(tmp_path / "own.png")
    examples = ExampleReader((28, 28, 1), DIGITS).read(tmp_path / "own.png")
    np.testing.assert_allclose(examples.values[0, ..., 0], pixels, atol=1e-3)
    assert examples.notes == []
    large = np.kron(pixels, np.ones((4, 4), np.uint8))
    Image.fromarray(large).save(tmp_path / "large.png")
    clothes = Labels("image", ["shirt"] * 10, dark_background=True)
    examples = ExampleReader((28, 28, 1), clothes).read(tmp_path / "large.png")
    assert examples.notes == []
    assert examples.values[0, 3:8, 4, 0].min() == 200


def test_an_empty_sheet_is_told(tmp_path):
    Image.fromarray(np.full((50, 60), 255, np.uint8)).save(tmp_path / "empty.png")
    examples = ExampleReader((28, 28, 1), DIGITS, language="es").read(tmp_path / "empty.png")
    assert not examples.values.any()
    assert "no hay nada dibujado" in examples.notes[-1]
