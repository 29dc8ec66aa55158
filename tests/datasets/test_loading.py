"""Every data set: what it returns, where it reads from, what it says when it can't."""

import gzip
import importlib
import io
import os
import pickle
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from neurona import datasets
from neurona.core.errors import ArgumentError, DataError, DownloadError
from neurona.datasets import (
    boston_housing,
    california_housing,
    cifar10,
    cifar100,
    digits,
    fashion_mnist,
    iris,
    mnist,
)
from neurona.datasets.local import prepared


def need(name: str) -> Path:
    path = Path(os.environ.get("NEURONA_DATA", "")) / name
    if not path.is_file():
        pytest.skip(f"NEURONA_DATA has no {name}")
    return path


def check_images(data, train: int, test: int, shape: tuple[int, ...], labels: tuple[int, ...] = ()) -> None:
    for (x, y), count in zip(data, (train, test), strict=True):
        assert (x.shape, y.shape) == ((count, *shape), (count, *labels))
        assert (x.dtype, y.dtype) == (np.uint8, np.uint8)
        assert x.flags.writeable
        assert y.flags.writeable
        assert x.flags.c_contiguous


# The package


def test_import_is_lazy_and_free_of_jax():
    code = (
        "import sys, neurona.datasets as d; "
        "print([m for m in d.__all__ if 'neurona.datasets.' + m in sys.modules], 'jax' in sys.modules)"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "[] False\n"
    )


def test_names_of_the_package():
    assert set(datasets.__all__) <= set(dir(datasets))
    with pytest.raises(AttributeError, match="mnist"):
        datasets.minst  # noqa: B018  # the access is the test


@pytest.mark.parametrize(
    "name", [name for name in datasets.__all__ if name not in ("is_local", "reina_valera")]
)
def test_names_in_both_languages(name):
    module = importlib.import_module(f"neurona.datasets.{name}")
    functions = [getattr(module, one) for one in ("class_names", "feature_names") if hasattr(module, one)]
    assert functions
    assert callable(module.load_data)
    assert callable(module.as_frame)
    for function in functions:
        english, spanish = function(), function("es")
        assert len(english) == len(spanish) == len(set(english)) == len(set(spanish))
        assert all(isinstance(one, str) and one.strip() == one and one for one in english + spanish)
        with pytest.raises(ArgumentError, match="language"):
            function("fr")


def test_class_counts():
    assert len(cifar100.class_names()) == 100
    assert len(cifar100.class_names("es", "coarse")) == 20
    assert sorted(cifar100.class_names()) == cifar100.class_names()
    assert sorted(cifar100.class_names("en", "coarse")) == cifar100.class_names("en", "coarse")
    assert fashion_mnist.class_names("es") == [
        "Camiseta",
        "Pantalón",
        "Jersey",
        "Vestido",
        "Abrigo",
        "Sandalia",
        "Camisa",
        "Zapatilla",
        "Bolso",
        "Bota",
    ]


# Shipped


def test_iris_is_scikit_learns():
    theirs = pytest.importorskip("sklearn.datasets").load_iris()
    (x_train, y_train), (x_test, y_test) = iris.load_data(test_split=0.3, seed=7)
    order = np.arange(150)
    np.random.RandomState(7).shuffle(order)
    np.testing.assert_array_equal(np.concatenate([x_train, x_test]), theirs.data[order].astype("float32"))
    np.testing.assert_array_equal(np.concatenate([y_train, y_test]), theirs.target[order])
    assert (len(x_train), len(x_test)) == (105, 45)
    assert (x_train.dtype, y_train.dtype) == (np.float32, np.int32)
    assert iris.class_names() == list(theirs.target_names)
    assert iris.feature_names() == theirs.feature_names


def test_digits_are_scikit_learns():
    theirs = pytest.importorskip("sklearn.datasets").load_digits()
    data = digits.load_data(test_split=0, seed=3)
    check_images(data, 1797, 0, (8, 8))
    order = np.arange(1797)
    np.random.RandomState(3).shuffle(order)
    np.testing.assert_array_equal(data[0][0], theirs.images[order])
    np.testing.assert_array_equal(data[0][1], theirs.target[order])


def test_loaded_arrays_are_fresh():
    first = digits.load_data()[0][0]
    first[:] = 99
    assert digits.load_data()[0][0].max() == 16


@pytest.mark.parametrize("module", [iris, digits, california_housing, boston_housing])
@pytest.mark.parametrize("test_split", [-0.1, 1, 80])
def test_wrong_split(module, test_split):
    with pytest.raises(ArgumentError, match=f"0 <= test_split < 1.*{test_split}"):
        module.load_data(test_split=test_split)


def test_frames_of_shipped_sets():
    frame = iris.as_frame(language="es")
    assert list(frame.columns) == [*iris.feature_names("es"), "especie"]
    assert frame["especie"].value_counts().to_dict() == {"setosa": 50, "versicolor": 50, "virginica": 50}
    frame = digits.as_frame()
    assert frame.shape == (1797, 65)
    assert list(frame.columns[:2]) == ["label", "pixel0"]


# From files


def test_mnist():
    need("mnist.npz")
    data = mnist.load_data()
    check_images(data, 60000, 10000, (28, 28))
    (x_train, y_train), (_, y_test) = data
    assert y_train[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert y_test[:5].tolist() == [7, 2, 1, 0, 4]
    assert int(x_train[0].sum()) == 27525
    frame = mnist.as_frame("test", language="es")
    assert frame.shape == (10000, 785)
    assert frame.columns[0] == "etiqueta"
    with pytest.raises(ArgumentError, match="'test'"):
        mnist.as_frame("tset")


def test_mnist_at_a_path_of_its_own(empty_machine, tmp_path):
    path = tmp_path / "mine.npz"
    arrays = {"x_train": np.ones((3, 28, 28), np.uint8), "y_train": np.arange(3, dtype=np.uint8)}
    np.savez(path, x_test=np.zeros((1, 28, 28), np.uint8), y_test=np.zeros(1, np.uint8), **arrays)
    check_images(mnist.load_data(str(path)), 3, 1, (28, 28))


def test_mnist_offline(empty_machine):
    with pytest.raises(
        DownloadError, match=r"mnist\.npz is not on this machine.*tf-keras-datasets/mnist\.npz.*NEURONA_DATA"
    ):
        mnist.load_data()


def test_fashion_mnist_from_npz_and_from_idx_files(tmp_path, monkeypatch):
    need("fashion_mnist.npz")
    data = fashion_mnist.load_data()
    check_images(data, 60000, 10000, (28, 28))
    assert data[0][1][:10].tolist() == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]
    folder = tmp_path / "fashion-mnist"
    folder.mkdir()
    for prefix, (x, y) in zip(("train", "t10k"), data):
        x, y = x[:20], y[:20]
        (folder / f"{prefix}-images-idx3-ubyte.gz").write_bytes(
            gzip.compress(struct.pack(">IIII", 0x803, 20, 28, 28) + x.tobytes())
        )
        (folder / f"{prefix}-labels-idx1-ubyte.gz").write_bytes(
            gzip.compress(struct.pack(">II", 0x801, 20) + y.tobytes())
        )
    monkeypatch.setenv("NEURONA_DATA", str(tmp_path))
    monkeypatch.setenv("NEURONA_CACHE", str(tmp_path / "cache"))
    again = fashion_mnist.load_data()
    check_images(again, 20, 20, (28, 28))
    for ours, theirs in zip(again, data):
        np.testing.assert_array_equal(ours[0], theirs[0][:20])
        np.testing.assert_array_equal(ours[1], theirs[1][:20])


# A fixed time in the header: every worker of a parallel run must collect the same names.
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(struct.pack(">II", 0x801, 5) + b"123", mtime=0), r"\(5,\), 5 bytes.*3 bytes"),
        (gzip.compress(struct.pack(">II", 0xD01, 1) + b"1234", mtime=0), "unsigned bytes"),
        (gzip.compress(b"", mtime=0), "unsigned bytes"),
        (b"not gzip", "damaged"),
        (gzip.compress(b"\x00" * 1000, mtime=0)[:-9], "damaged"),
    ],
)
def test_damaged_idx_file(tmp_path, content, message):
    (tmp_path / "x.gz").write_bytes(content)
    with pytest.raises(DataError, match=message):
        fashion_mnist.read_idx(tmp_path / "x.gz")


def test_california_housing():
    path = need("california_housing.csv")
    (x_train, y_train), (x_test, y_test) = california_housing.load_data()
    assert (x_train.shape, y_train.shape, x_test.shape, y_test.shape) == (
        (16512, 8),
        (16512,),
        (4128, 8),
        (4128,),
    )
    assert x_train.dtype == y_train.dtype == np.float32
    # The targets that F. Chollet prints from Keras's file in "Deep Learning with Python", 3rd edition,
    # listing 4.24.
    assert y_train[:3].tolist() == [252300, 146900, 290900]
    small = california_housing.load_data(version="small")
    assert [part.shape for pair in small for part in pair] == [(480, 8), (480,), (120, 8), (120,)]
    assert small[0][1][-2:].tolist() == [140500, 217100]
    table = np.loadtxt(path, delimiter=",", skiprows=1)
    frame = california_housing.as_frame()
    np.testing.assert_allclose(frame.to_numpy(), table, rtol=1e-6)
    assert ",".join(frame.columns) == path.read_text().partition("\n")[0]
    with pytest.raises(ArgumentError, match="'small'"):
        california_housing.load_data(version="smal")


def test_california_housing_prefers_the_npz(empty_machine):
    x, y = np.random.default_rng(0).normal(size=(700, 8)).astype("float32"), np.arange(700, dtype="float32")
    np.savez(empty_machine[0] / "california_housing.npz", x=x, y=y)
    (x_train, y_train), (_, y_test) = california_housing.load_data("small", test_split=0.5, seed=1)
    assert len(y_train) == len(y_test) == 300
    assert max(y_train.max(), y_test.max()) == 599
    np.testing.assert_array_equal(x_train, x[y_train.astype(int)])


def test_california_housing_csv_with_other_columns(empty_machine):
    (empty_machine[0] / "california_housing.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"longitude.*Received: a, b"):
        california_housing.load_data()


def test_boston_housing_is_split_as_in_keras(empty_machine, monkeypatch):
    x, y = np.random.default_rng(0).normal(size=(506, 13)), np.arange(506.0)
    path = empty_machine[0] / "boston_housing.npz"
    np.savez(path, x=x, y=y)
    theirs = importlib.import_module("keras.src.datasets.boston_housing")
    monkeypatch.setattr(theirs, "get_file", lambda *args, **kwargs: str(path))
    ours, expected = (
        boston_housing.load_data(test_split=0.3, seed=5),
        theirs.load_data(test_split=0.3, seed=5),
    )
    for pair, expected_pair in zip(ours, expected):
        for array, expected_array in zip(pair, expected_pair):
            np.testing.assert_array_equal(array, expected_array)
            assert array.dtype == expected_array.dtype
    assert list(boston_housing.as_frame(language="es").columns)[-1] == "precio mediano (miles de dólares)"


def test_a_data_set_is_local_when_all_its_files_are_there(empty_machine):
    data, cache = empty_machine
    assert datasets.is_local("digits")
    assert not datasets.is_local("fashion_mnist")
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3"):
        (data / "fashion-mnist").mkdir(exist_ok=True)
        (data / "fashion-mnist" / f"{name}-ubyte.gz").touch()
    assert not datasets.is_local("fashion_mnist")
    (cache / "datasets" / "fashion-mnist").mkdir(parents=True)
    (cache / "datasets" / "fashion-mnist" / "t10k-labels-idx1-ubyte.gz").touch()
    assert datasets.is_local("fashion_mnist")
    with pytest.raises(ArgumentError, match="Did you mean 'cifar10'"):
        datasets.is_local("cifar1")


def test_a_data_set_is_not_local_on_an_empty_machine(empty_machine):
    local = [name for name in datasets.__all__ if name != "is_local" and datasets.is_local(name)]
    assert local == ["digits", "iris", "reina_valera"]


# Archives that are not what they should be


def test_pickles_are_refused(empty_machine):
    class Exploit:
        def __reduce__(self):
            return (os.mkdir, (str(empty_machine[0] / "pwned"),))

    evil = np.empty(1, object)
    evil[0] = Exploit()
    np.savez(empty_machine[0] / "boston_housing.npz", x=evil, y=np.zeros(1))
    with pytest.raises(DataError, match="pickled"):
        boston_housing.load_data()
    assert not (empty_machine[0] / "pwned").exists()
    (empty_machine[0] / "mnist.npz").write_bytes(pickle.dumps(Exploit()))
    with pytest.raises(DataError, match=r"pickled|damaged"):
        mnist.load_data()
    assert not (empty_machine[0] / "pwned").exists()


def test_npz_without_its_arrays(empty_machine):
    np.savez(empty_machine[0] / "mnist.npz", x=np.zeros(3))
    with pytest.raises(DataError, match=r"x_train, y_train, x_test, y_test. Received: x"):
        mnist.load_data()


def test_damaged_npz(empty_machine):
    content = io.BytesIO()
    np.savez(content, x=np.arange(1000), y=np.arange(10))
    (empty_machine[0] / "boston_housing.npz").write_bytes(content.getvalue()[:-200])
    with pytest.raises(DataError, match="damaged"):
        boston_housing.load_data()


# CIFAR


def cifar10_members(records: dict[str, np.ndarray]) -> dict[str, bytes]:
    parts = np.array_split(records["train"], 5)
    members = {
        f"cifar-10-batches-bin/data_batch_{number}.bin": part.tobytes()
        for number, part in enumerate(parts, start=1)
    }
    # The official archive holds its files in no particular order, among others that are not data.
    return {
        "cifar-10-batches-bin/batches.meta.txt": b"airplane\n",
        "cifar-10-batches-bin/test_batch.bin": records["test"].tobytes(),
        **dict(reversed(members.items())),
    }


def test_cifar10_from_the_official_format(empty_machine, make_tar, cifar_pictures, cifar_records):
    image = pytest.importorskip("PIL.Image")
    make_tar(empty_machine[0] / "cifar-10-binary.tar.gz", cifar10_members(cifar_records))
    data = cifar10.load_data()
    check_images(data, 30, 30, (32, 32, 3), (1,))
    names = {
        subset: [name for name in cifar_pictures if f"/{subset}/" in name] for subset in ("train", "test")
    }
    for (x, y), subset in zip(data, ("train", "test")):
        for pixels, label, name in zip(x, y[:, 0], names[subset]):
            np.testing.assert_array_equal(pixels, np.asarray(image.open(io.BytesIO(cifar_pictures[name]))))
            assert cifar10.class_names()[label] == name.split("/")[2]
    assert cifar10.as_frame("all").shape == (60, 3073)


def test_cifar10_from_pictures(empty_machine, make_tar, cifar_pictures):
    image = pytest.importorskip("PIL.Image")
    make_tar(empty_machine[0] / "cifar10_jpeg.tar.xz", cifar_pictures)
    data = cifar10.load_data()
    check_images(data, 30, 30, (32, 32, 3), (1,))
    for (x, y), subset in zip(data, ("train", "test")):
        expected = {
            np.asarray(image.open(io.BytesIO(content))).tobytes(): name.split("/")[2]
            for name, content in cifar_pictures.items()
            if f"/{subset}/" in name
        }
        assert [cifar10.class_names()[label] for label in y[:, 0]] == [
            expected[pixels.tobytes()] for pixels in x
        ]
        assert y[:, 0].tolist() != sorted(y[:, 0])
    assert len(list((empty_machine[1] / "datasets" / "prepared").glob("cifar10-*.npz"))) == 1
    again = cifar10.load_data()
    np.testing.assert_array_equal(again[0][0], data[0][0])


def test_cifar10_pictures_are_not_taken_from_an_empty_archive(empty_machine, make_tar):
    make_tar(empty_machine[0] / "cifar10_jpeg.tar.xz", {"cifar10/readme.txt": b""})
    with pytest.raises(DataError, match="train/<class>"):
        cifar10.load_data()


def test_cifar100_from_the_official_format(empty_machine, make_tar, cifar_records):
    random = np.random.default_rng(0)
    labels = {
        subset: random.integers(0, (20, 100), (len(rows), 2), dtype=np.uint8)
        for subset, rows in cifar_records.items()
    }
    members = {
        f"cifar-100-binary/{subset}.bin": np.hstack([labels[subset], rows[:, 1:]]).tobytes()
        for subset, rows in cifar_records.items()
    }
    make_tar(empty_machine[0] / "cifar-100-binary.tar.gz", members)
    fine, coarse = cifar100.load_data(), cifar100.load_data(label_mode="coarse")
    check_images(fine, 30, 30, (32, 32, 3), (1,))
    check_images(coarse, 30, 30, (32, 32, 3), (1,))
    for position, subset in enumerate(("train", "test")):
        np.testing.assert_array_equal(coarse[position][1][:, 0], labels[subset][:, 0])
        np.testing.assert_array_equal(fine[position][1][:, 0], labels[subset][:, 1])
        planes = cifar_records[subset][:, 1:].reshape(-1, 3, 32, 32)
        np.testing.assert_array_equal(fine[position][0][..., 2], planes[:, 2])
    with pytest.raises(ArgumentError, match="'coarse'"):
        cifar100.load_data("course")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda members: {name: content for name, content in members.items() if "batch_3" not in name},
            r"Missing: data_batch_3\.bin",
        ),
        (
            lambda members: {**members, "cifar-10-batches-bin/test_batch.bin": b"12345"},
            "3073 bytes each. Received: 5 bytes",
        ),
    ],
)
def test_cifar_archive_with_wrong_files(empty_machine, make_tar, cifar_records, change, message):
    make_tar(empty_machine[0] / "cifar-10-binary.tar.gz", change(cifar10_members(cifar_records)))
    with pytest.raises(DataError, match=message):
        cifar10.load_data()


@pytest.mark.parametrize("damage", ["cut", "not an archive"])
def test_damaged_cifar_archive(empty_machine, make_tar, cifar_records, damage):
    path = make_tar(empty_machine[0] / "cifar-10-binary.tar.gz", cifar10_members(cifar_records))
    path.write_bytes(path.read_bytes()[:-40000] if damage == "cut" else b"<html>404</html>")
    with pytest.raises(DataError, match="damaged"):
        cifar10.load_data()


# Prepared arrays


def test_prepared_is_made_once_per_source(empty_machine, tmp_path):
    calls = []

    def build(path: Path) -> list[np.ndarray]:
        calls.append(path)
        return [np.frombuffer(path.read_bytes(), np.uint8)]

    source = tmp_path / "source"
    for content in (b"one", b"one", b"two"):
        source.write_bytes(content)
        assert prepared("kind", source, ["content"], build)[0].tobytes() == content
    assert len(calls) == 2
    (cached,) = [
        path
        for path in (empty_machine[1] / "datasets" / "prepared").iterdir()
        if np.load(path)["content"].tobytes() == b"two"
    ]
    cached.write_bytes(b"damaged")
    with pytest.warns(UserWarning, match="made again"):
        assert prepared("kind", source, ["content"], build)[0].tobytes() == b"two"
    assert prepared("kind", source, ["content"], build)[0].tobytes() == b"two"
    assert len(calls) == 3


def test_prepared_without_a_cache_to_write(tmp_path, monkeypatch):
    (tmp_path / "occupied").write_text("a file, not a folder")
    (tmp_path / "source").write_text("x")
    monkeypatch.setenv("NEURONA_CACHE", str(tmp_path / "occupied"))
    with pytest.warns(UserWarning, match="prepared anew each time"):
        assert prepared("kind", tmp_path / "source", ["a"], lambda path: [np.arange(3)])[0].tolist() == [
            0,
            1,
            2,
        ]
