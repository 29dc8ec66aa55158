"""Folders of images and texts, and tables of pixels, as tasks."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import neurona as nn
from neurona.errors import ArgumentError, DataError
from neurona.tasks.recipes import build_model, choose_own
from neurona.tasks.sources import load_folder, load_pixels, size_of


def digits(count, classes=3):
    (x, y), _ = nn.datasets.digits.load_data()
    x, y = (x * 15).astype("uint8").reshape(-1, 8, 8), y.reshape(-1)
    chosen = [np.flatnonzero(y == label)[:count] for label in range(classes)]
    return {str(label): x[rows] for label, rows in enumerate(chosen)}


def write(folder, images):
    for label, of in images.items():
        (folder / label).mkdir(parents=True)
        for number, image in enumerate(of):
            Image.fromarray(image).save(folder / label / f"{number}.png")
    return folder


def load(folder, **options):
    given = {"language": "en", "samples": None, "size": None, "seed": 0, **options}
    return load_folder(Path(folder), **given)


def parts(task):
    return task.train, task.validation, task.test


def test_a_folder_of_images_becomes_parts_with_each_classs_share(tmp_path):
    images = digits(40)
    task = load(write(tmp_path / "cifras", images))
    assert task.labels.classes == ["0", "1", "2"]
    assert task.name == "cifras"
    assert [len(y) for _, y in parts(task)] == [84, 12, 24]
    for _, y in parts(task):
        assert np.ptp(np.bincount(y)) <= 1
    found = sorted(image.tobytes() for x, _ in parts(task) for image in x)
    assert found == sorted(image.tobytes() for of in images.values() for image in of)
    assert task.train[0].shape[1:] == (8, 8, 1)
    (x, y), again = task.test, load(tmp_path / "cifras").test
    np.testing.assert_array_equal(x, again[0])
    assert all(image.reshape(8, 8).tolist() in images[str(label)].tolist() for image, label in zip(x, y))
    assert any("33.3%" in note for note in task.notes)


def test_equal_files_are_in_one_part(tmp_path):
    folder = write(tmp_path, digits(20))
    for number in range(10):
        shutil.copy(folder / "1" / "3.png", folder / "1" / f"copy{number}.png")
    image = digits(20)["1"][3].tobytes()
    holding = [sum(one.tobytes() == image for one in x) for x, _ in parts(load(folder))]
    assert sorted(holding) == [0, 0, 11]


def test_parts_that_the_folder_has_are_taken(tmp_path):
    images = digits(30)
    write(tmp_path / "Train", {name: of[:20] for name, of in images.items()})
    write(tmp_path / "test", {name: of[20:] for name, of in images.items()})
    task = load(tmp_path)
    assert [len(y) for _, y in parts(task)] == [52, 8, 30]
    assert {image.tobytes() for image in task.test[0]} == {
        image.tobytes() for of in images.values() for image in of[20:]
    }
    assert not [note for note in task.notes if "equal" in note]
    shutil.copy(tmp_path / "Train" / "0" / "0.png", tmp_path / "test" / "0" / "again.png")
    assert [note for note in load(tmp_path).notes if "equal files to learn from: 1." in note]
    (tmp_path / "test" / "0" / "again.png").unlink()
    write(tmp_path / "valid", {name: of[:5] for name, of in images.items()})
    assert [len(y) for _, y in parts(load(tmp_path))] == [60, 15, 30]


def test_colour_sizes_and_what_can_not_be_read(tmp_path):
    random = np.random.default_rng(0)
    pictures = random.integers(0, 255, (2, 6, 90, 120, 3), dtype="uint8")
    folder = write(tmp_path, {"cat": pictures[0], "dog": pictures[1]})
    (folder / "cat" / "broken.jpg").write_bytes(b"no picture")
    (folder / "dog" / "notes.txt").write_text("a dog")
    (folder / ".cache").mkdir()
    (folder / "__MACOSX").mkdir()
    task = load(folder)
    assert task.labels.classes == ["cat", "dog"]
    assert task.train[0].shape[1:] == (48, 64, 3)
    told = " ".join(task.notes)
    assert "broken.jpg" in told
    assert "48 x 64" in told
    assert "images and texts" in told
    assert load(folder, size=(12, 10)).train[0].shape[1:] == (12, 10, 3)


def test_a_folder_of_texts(tmp_path):
    random = np.random.default_rng(0)
    said = {"bad": ["awful", "dull"], "good": ["lovely", "fine"]}
    for label, words in said.items():
        (tmp_path / label).mkdir()
        for number in range(20):
            text = " ".join([*random.permutation(["the", "film", "was", *words]), f"only{label}{number}"])
            (tmp_path / label / f"{number}.txt").write_text(text)
    task = load(tmp_path)
    assert set(task.words or {}) == {"the", "film", "was", "awful", "dull", "lovely", "fine"}
    assert task.labels.kind == "text"
    model = build_model(task, *choose_own(task, None, "en"))
    model.fit(*task.train, epochs=60, verbose=0)
    assert model.evaluate(*task.test, verbose=0)[1] == 1


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({}, "a folder for each class"),
        ({"a": 5}, "Found: a"),
        ({"a": 5, "b": 2}, "The class b has 2"),
        ({"a": 5, "b": 0}, "Found: a"),
    ],
)
def test_folders_without_classes_are_refused(tmp_path, counts, said):
    images = digits(5, 1)["0"]
    folder = write(tmp_path / "own", {name: images[:count] for name, count in counts.items()} or {"x": []})
    with pytest.raises(DataError, match=said):
        load(folder)


def table(path, images, target="label", **more):
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        size = next(iter(images.values()))[0].size
        writer.writerow([target, *(f"pixel{n}" for n in range(size))])
        for label, of in images.items():
            writer.writerows([more.get("label", label), *image.ravel()] for image in of)
    return path


def pixels(path, **options):
    given = {"target": "label", "language": "en", "samples": None, "size": (8, 8), "seed": 0, **options}
    return load_pixels(path, **given)


def test_a_table_of_pixels_is_a_task_of_images(tmp_path):
    images = digits(30, 10)
    task = pixels(table(tmp_path / "train.csv", images))
    assert task.labels.classes == [str(label) for label in range(10)]
    assert task.labels.shows_digits
    x, y = task.test
    assert len(y) == 60
    assert all(image.reshape(8, 8).tolist() in images[str(label)].tolist() for image, label in zip(x, y))


def test_tables_that_hold_no_pixels_are_refused(tmp_path):
    path = table(tmp_path / "train.csv", digits(5))
    with pytest.raises(ArgumentError, match="Did you mean 'label'"):
        pixels(path, target="lable")
    with pytest.raises(DataError, match="64 columns"):
        pixels(path, size=(7, 8))
    with pytest.raises(DataError, match="one class only: a"):
        pixels(table(tmp_path / "one.csv", digits(5), label="a"))
    far = {name: of.astype(int) * 100 for name, of in digits(5).items()}
    with pytest.raises(DataError, match="0 to 255"):
        pixels(table(tmp_path / "far.csv", far))


@pytest.mark.parametrize("text", ["28", "28x", "0x5", "axb", "1x2x3", ""])
def test_sizes_that_are_none_are_refused(text):
    with pytest.raises(ArgumentError, match="28x28"):
        size_of(text)
