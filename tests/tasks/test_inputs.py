"""Files of people as examples of a model."""

import numpy as np
import pytest
from PIL import Image

from neurona.errors import DataError
from neurona.tasks.inputs import ExampleReader
from neurona.tasks.labels import Labels

IMAGES = Labels("image", brightest=16, dark_background=True)


def saved(path, pixels):
    Image.fromarray(np.asarray(pixels, np.uint8)).save(path)
    return path


def test_an_image_has_the_size_channels_and_range_of_the_model(tmp_path):
    path = saved(tmp_path / "a.png", np.full((20, 30, 3), 51))
    assert ExampleReader((4, 5, 3), Labels()).read(path).values.shape == (1, 4, 5, 3)
    gray = ExampleReader((4, 5, 1), IMAGES, invert=False).read(path)
    np.testing.assert_allclose(gray.values, np.full((1, 4, 5, 1), 51 * 16 / 255), rtol=1e-5)
    assert ExampleReader((49,), Labels()).read(path).values.shape == (1, 49)
    with pytest.raises(DataError, match="numbers per row"):
        ExampleReader((50,), Labels()).read(path)


def test_colours_are_weighed_as_the_eye_does(tmp_path):
    pixels = np.zeros((1, 3, 3))
    pixels[0, range(3), range(3)] = 255
    path = saved(tmp_path / "red_green_blue.png", pixels)
    values = ExampleReader((1, 3), Labels()).read(path).values
    np.testing.assert_allclose(values[0, 0], [76.245, 149.685, 29.07], rtol=1e-5)  # ITU-R BT.601


def test_a_bright_border_is_inverted_with_a_note_unless_the_user_decides(tmp_path):
    path = saved(tmp_path / "ink.png", np.full((4, 4), 255))
    seen = ExampleReader((4, 4), IMAGES, language="es").read(path)
    assert seen.values.max() == 0
    assert seen.notes == [
        "ink.png: fondo claro, así que se intercambian claro y oscuro (--no-invert los deja como están)."
    ]
    for invert, brightest in ((True, 0), (False, 16)):
        seen = ExampleReader((4, 4), IMAGES, invert=invert).read(path)
        assert (seen.values.max(), seen.notes) == (brightest, [])


def test_columns_are_taken_by_name_and_the_unused_are_noted(tmp_path):
    (tmp_path / "rows.csv").write_text("name,b,a\nanna,2,1\n")
    examples = ExampleReader((2,), Labels("table", features=["a", "b"])).read(tmp_path / "rows.csv")
    assert examples.values.tolist() == [[1, 2]]
    assert examples.notes == ["Columns are taken by name; not used: name."]


@pytest.mark.parametrize(
    ("array", "shape", "rows"),
    [
        (np.zeros((3, 64)), (8, 8, 1), 3),
        (np.zeros((8, 8)), (8, 8), 1),
        (np.zeros((8, 8)), (8, 8, 1), 1),
        (np.zeros(4), (4,), 1),
        (np.zeros(4), (1,), 4),
    ],
)
def test_arrays_of_rows_and_single_examples_are_understood(tmp_path, array, shape, rows):
    np.save(tmp_path / "x.npy", array)
    examples = ExampleReader(shape, Labels()).read(tmp_path / "x.npy")
    assert examples.values.shape == (rows, *shape)
    assert examples.names == [f"row {number + 1}" for number in range(rows)]


def test_texts_become_the_numbers_of_their_words(tmp_path):
    (tmp_path / "x.txt").write_text("A fine film!\n\n" + "fine " * 20)
    examples = ExampleReader((4,), Labels("text"), {"a": 6, "film": 22}).read(tmp_path / "x.txt")
    assert examples.values.tolist() == [[1, 6, 2, 22], [2, 2, 2, 2]]
    assert examples.names == ["A fine film!", "fine " * 12 + "..."]


def test_pickles_and_unknown_files_are_refused(tmp_path):
    np.save(tmp_path / "x.npy", np.array([{}], object))
    with pytest.raises(DataError, match=r"x\.npy"):
        ExampleReader((1,), Labels()).read(tmp_path / "x.npy")
    (tmp_path / "x.doc").write_text("")
    with pytest.raises(DataError, match="expected an image"):
        ExampleReader((1,), Labels()).read(tmp_path / "x.doc")
    with pytest.raises(FileNotFoundError):
        ExampleReader((1,), Labels()).read(tmp_path / "nowhere.csv")
