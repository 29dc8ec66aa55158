"""Every container and dtype arrives with its values, or is refused by name."""

import datetime
import decimal
import fractions

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import neurona as nn
from neurona.core.errors import DataError
from neurona.training.conversion import to_numpy

try:
    import torch
except ImportError:  # a test dependency only where its wheel is small
    torch = None

WIDE = 1_700_000_000_000  # a time stamp in milliseconds
STRUCTURED = np.array([(1, 2.0), (3, 4.0)], dtype=[("a", "i4"), ("b", "f8")])
FILE = np.arange(6.0).reshape(3, 2)

ARRIVE = {
    "int64": (np.array([1, -2]), [1, -2]),
    "int64 beyond 2**31": (np.array([WIDE, 1]), [np.float32(WIDE), 1]),
    "the largest int32": (np.array([2**31 - 1, -(2**31)]), [2**31 - 1, -(2**31)]),
    "one more than int32": (np.array([2**31]), [2.0**31]),
    "uint64": (np.array([7, 2**63], "uint64"), [7, 2.0**63]),
    "uint32": (np.array([2**32 - 1], "uint32"), [2**32 - 1]),
    "big-endian floats": (np.array([1.5, -2.0], ">f8"), [1.5, -2]),
    "big-endian integers": (np.array([258], ">i4"), [258]),
    "big-endian wide integers": (np.array([WIDE], ">i8"), [np.float32(WIDE)]),
    "big-endian half": (np.array([1.5], ">f2"), [1.5]),
    "half": (np.array([1.5], np.float16), [1.5]),
    "longdouble": (np.array([1.5], np.longdouble), [1.5]),
    "bfloat16": (np.array([1.5], ml_dtypes.bfloat16), [1.5]),
    "truth values": (np.array([True, False]), [1, 0]),
    "infinity": (np.array([np.inf, 1]), [np.inf, 1]),
    "Fortran order": (np.asfortranarray(FILE), FILE),
    "a reversed view": (np.arange(3)[::-1], [2, 1, 0]),
    "a masked array without masked cells": (np.ma.array([1.0, 2.0], mask=False), [1, 2]),
    "objects that are integers": (np.array([1, WIDE], object), [1, np.float32(WIDE)]),
    "objects of many kinds": (
        np.array([True, 1, 2.5, decimal.Decimal("3.5"), fractions.Fraction(9, 2)], object),
        [1, 1, 2.5, 3.5, 4.5],
    ),
    "huge Python integers": ([2**70, 1], [2.0**70, 1]),
    "a list of decimals": ([decimal.Decimal("0.5"), decimal.Decimal(2)], [0.5, 2]),
    "nested lists": ([[1, WIDE], [3, 4]], [[1, np.float32(WIDE)], [3, 4]]),
    "a range": (range(3), [0, 1, 2]),
    "a memoryview": (memoryview(np.array([1.0, 2.0])), [1, 2]),
    "a JAX array": (jnp.array([1.0, 2.0]), [1, 2]),
    "a variable": (nn.Variable(np.array([1.0, 2.0])), [1, 2]),
    "a series": (pd.Series([1, WIDE]), [1, np.float32(WIDE)]),
    "a nullable series": (pd.Series([1, 2], dtype="Int64"), [1, 2]),
    "a nullable series of floats": (pd.Series([1.5, 2], dtype="Float32"), [1.5, 2]),
    "a nullable series of truth values": (pd.Series([True, False], dtype="boolean"), [1, 0]),
    "a category of numbers": (pd.Series([20, 10], dtype="category"), [20, 10]),
    "a sparse series": (pd.Series([0.0, 2.0], dtype="Sparse[float]"), [0, 2]),
    "an index": (pd.Index([3, 4]), [3, 4]),
    "a frame": (pd.DataFrame({"a": [1, 2], "b": [0.5, WIDE]}), [[1, 0.5], [2, np.float32(WIDE)]]),
    "a frame of many dtypes": (
        pd.DataFrame(
            {"a": pd.array([1, 2], "Int64"), "b": [True, False], "c": pd.Categorical([7, 8]), "d": [0.5, 1]}
        ),
        [[1, 1, 7, 0.5], [2, 0, 8, 1]],
    ),
    "a frame with two columns of one name": (pd.DataFrame([[1, 2.5]], columns=["a", "a"]), [[1, 2.5]]),
    "a sparse matrix": (scipy.sparse.csr_matrix(np.eye(3)), np.eye(3)),
    "a sparse array by columns": (scipy.sparse.csc_array(np.eye(3, dtype=int) * WIDE), np.eye(3) * WIDE),
    "a sparse matrix of coordinates": (scipy.sparse.coo_matrix(np.eye(2) > 0), np.eye(2)),
}
if torch is not None:
    ARRIVE |= {
        "torch's half": (torch.tensor([1.5], dtype=torch.float16), [1.5]),
        "torch's bfloat16": (torch.tensor([1.5], dtype=torch.bfloat16), [1.5]),
        "torch's int64": (torch.tensor([WIDE]), [np.float32(WIDE)]),
        "torch's sparse": (torch.eye(2).to_sparse(), np.eye(2)),
    }


@pytest.mark.parametrize(("given_", "expected"), ARRIVE.values(), ids=ARRIVE)
def test_values_arrive(given_, expected):
    before = np.array(given_, copy=True) if isinstance(given_, np.ndarray) else None
    array = np.asarray(jnp.asarray(np.asarray(to_numpy(given_, "x"))))
    np.testing.assert_array_equal(array.astype(np.float32), np.asarray(expected, np.float32), strict=True)
    if before is not None:
        np.testing.assert_array_equal(given_, before)


def test_integers_that_fit_stay_integers():
    for dtype in (np.int8, np.int16, np.int32, np.int64, np.uint64):
        assert to_numpy(np.array([1, 100], dtype), "x").dtype.kind in "iu"
    assert to_numpy(np.array([1, 100]), "x").dtype == np.int32


@given(hnp.arrays(st.one_of(hnp.integer_dtypes(), hnp.floating_dtypes()), hnp.array_shapes(max_dims=2)))
@settings(max_examples=150, deadline=None)
def test_any_number_arrives_or_is_refused(array):
    exact = np.float32 if array.dtype.kind == "f" and array.dtype.itemsize > 2 else np.longdouble
    with np.errstate(over="ignore"):
        fits = not (np.isinf(array.astype(np.float32)) & np.isfinite(array)).any()
    try:
        arrived = np.asarray(jnp.asarray(to_numpy(array, "x")))
    except DataError:
        assert not fits
        return
    assert fits
    if arrived.dtype.kind == "f":
        exact = np.float32
    np.testing.assert_array_equal(arrived.astype(exact), array.astype(exact))


REFUSED = {
    "complex": (np.array([1 + 2j]), "complex numbers, such as .1.2j."),
    "complex of JAX": (jnp.array([1 + 2j]), "complex"),
    "complex in a list": ([1.0, 2j], "complex"),
    "a float beyond float32": (np.array([1.0, 1e39]), r"1e\+39, which float32 can't hold, in row 1"),
    "a longdouble beyond float64": (np.array([1e300], np.longdouble) * 1e300, "float32 can't hold"),
    "masked cells": (np.ma.array([[1.0], [2.0]], mask=[[False], [True]]), "masked values: 1, in row 1"),
    "None": (np.array([1.0, None, None]), "missing values: 2, the first in row 1"),
    "None in a list": ([[1.0], [None]], "missing values: 1, in row 1"),
    "None first": ([None, 1.0], "missing values: 1, in row 0"),
    "pandas.NA": (pd.Series([1, None], dtype="Int64"), "missing values: 1, in row 1"),
    "text": (np.array(["red"]), "text, such as 'red'"),
    "text in a list": (["red", "blue"], "x holds text, such as 'red'"),
    "numbers written as text": (np.array(["1.5"], object), "text, such as '1.5'"),
    "text of bytes": (np.array([b"red"]), "text"),
    "text of variable length": (np.array(["red"], np.dtypes.StringDType()), "text"),
    "text among numbers": (np.array([1.0, "red"], object), "text, such as 'red'"),
    "text categories": (pd.Series(["a", "b"], dtype="category"), "text"),
    "dates": (np.array(["2020-01-01"], "datetime64[D]"), "dates"),
    "dates in a list": ([datetime.date(2020, 1, 1)], "no real numbers, such as datetime.date"),
    "a series of dates": (pd.Series(pd.to_datetime(["2020-01-01"])), "dates"),
    "durations": (np.array([1], "timedelta64[s]"), "durations"),
    "records": (STRUCTURED, "records with the fields a, b"),
    "raw bytes": (np.zeros(2, "V4"), "no numbers"),
    "arrays in an array": (np.array([np.ones(2), np.ones(3)], object), "array of ndarrays"),
    "ragged lists": ([[1.0, 2.0], [3.0]], "ragged"),
    "any object": (np.array([object()]), "no real numbers"),
    "a sparse matrix of complex numbers": (scipy.sparse.csr_matrix(np.eye(2) * 1j), "complex"),
    "a frame with text": (
        pd.DataFrame({"Name": ["a", "b"], "Sex": ["f", None], "Age": [1.0, None]}),
        r"columns Name, Sex hold text; missing values in Age: 1\. Mend it with x = pandas.get_dummies\(x, "
        r"columns=\['Name', 'Sex'\]\); x = x.fillna\(x.median\(numeric_only=True\)\)",
    ),
    "a frame with dates": (
        pd.DataFrame({"Born": pd.to_datetime(["2020-01-01"]), "Age": [1.0]}),
        r"column Born holds dates\. Mend it with x\['Born'\] = \(x\['Born'\] - x\['Born'\].min\(\)\).dt.days",
    ),
    "a frame with holes": (pd.DataFrame({"Age": [1.0, None]}), "missing values in Age: 1"),
    "a frame with pandas.NA": (
        pd.DataFrame({"Age": pd.array([1, None], "Int64")}),
        "missing values in Age: 1",
    ),
    "a frame with complex numbers": (pd.DataFrame({"z": [1j], "a": ["t"]})[["z"]], "complex"),
}
if torch is not None:
    REFUSED["complex of torch"] = (torch.tensor([1 + 2j]), "complex")


@pytest.mark.parametrize(("given_", "message"), REFUSED.values(), ids=REFUSED)
def test_what_holds_no_real_numbers_is_refused_by_name(given_, message):
    with pytest.raises(DataError, match=message) as caught:
        to_numpy(given_, "x")
    assert str(caught.value).startswith("x")
    assert len(str(caught.value)) < 400


def test_the_lines_that_mend_a_frame_do_so():
    x = pd.DataFrame({"Sex": ["f", "m", "f"], "Age": [1.0, None, 3.0]})
    with pytest.raises(DataError) as caught:
        to_numpy(x, "x")
    line = str(caught.value).split("Mend it with ")[1]
    names = {"x": x, "pandas": pd}
    exec(line, names)
    np.testing.assert_array_equal(to_numpy(names["x"], "x"), [[1, 1, 0], [2, 0, 1], [3, 1, 0]])


def test_float64_is_kept_where_jax_computes_in_64_bits():
    with jax.enable_x64(True):
        array = to_numpy(np.array([WIDE + 1, 1]), "x")
        assert (array.dtype, array[0]) == (np.int64, WIDE + 1)
        assert to_numpy(np.array([1e39]), "x").dtype == np.float64


def linear(loss="mse", **options):
    model = nn.Sequential([nn.Input((2,)), nn.layers.Dense(1, kernel_initializer="zeros")])
    model.compile(nn.optimizers.SGD(0.0), loss, metrics=["mae"], **options)
    return model


def test_wide_targets_have_their_own_error():
    history = linear().fit(np.ones((2, 2)), np.array([3 * 10**9, 5 * 10**9]), verbose=0).history
    assert history["mae"] == [pytest.approx(4e9)]


@pytest.mark.parametrize("label", [2**32 + 1, 2**31, -(2**40)])
def test_wide_labels_are_refused_by_their_own_value(label):
    model = nn.Sequential([nn.Input((2,)), nn.layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(DataError, match=f"label {label} in row 1"):
        model.fit(np.ones((2, 2)), np.array([0, label]), verbose=0)


@pytest.mark.parametrize("value", [2**32 + 1, 1.5])
@pytest.mark.parametrize("method", ["fit", "evaluate", "predict", "train_on_batch", "stream"])
def test_ids_that_integers_cannot_hold_are_refused(method, value):
    model = nn.Sequential([nn.Input((2,), dtype="int32"), nn.layers.Embedding(4, 2), nn.layers.Flatten()])
    model.add(nn.layers.Dense(1))
    model.compile("sgd", "mse")
    x, y = np.array([[0, 1], [2, value]]), np.ones((2, 1))
    run = {
        "fit": lambda: model.fit(x, y, verbose=0),
        "evaluate": lambda: model.evaluate(x, y, verbose=0),
        "predict": lambda: model.predict(x, verbose=0),
        "train_on_batch": lambda: model.train_on_batch(x, y),
        "stream": lambda: model.fit(iter([(x, y)]), verbose=0),
    }
    with pytest.raises(DataError, match=rf"x holds {value}, in row 1, and input .* takes int32"):
        run[method]()


def test_an_array_in_a_file_arrives_or_is_refused(tmp_path):
    def mapped(array):
        np.save(tmp_path / "x.npy", array)
        return np.load(tmp_path / "x.npy", mmap_mode="r")

    model = linear()
    for array in (FILE, FILE.astype(">f8"), FILE.astype("int64"), FILE.astype("uint8")):
        kept = mapped(array)
        np.testing.assert_allclose(
            model.evaluate(kept, np.zeros((3, 1)), verbose=0),
            model.evaluate(array, np.zeros((3, 1)), verbose=0),
        )
        np.testing.assert_allclose(model.predict(kept, verbose=0), model.predict(array, verbose=0))
    for array in (FILE.astype("int64") + WIDE, FILE + 1e39, FILE + 1j, FILE.astype("M8[s]")):
        for look in (lambda x: model.predict(x, verbose=0), lambda x: model.fit(x, np.ones(3), verbose=0)):
            with pytest.raises(DataError, match=r"can't hold|complex|dates"):
                look(mapped(array))


def test_sparse_rows_train_like_dense_ones():
    dense = np.random.default_rng(0).normal(size=(20, 2)) * (np.arange(40).reshape(20, 2) % 3 == 0)
    results = []
    for x in (dense, scipy.sparse.csr_matrix(dense)):
        nn.utils.set_random_seed(1)
        model = nn.Sequential([nn.Input((2,)), nn.layers.Dense(1)])
        model.compile("sgd", "mse")
        history = model.fit(x, dense[:, :1], epochs=2, batch_size=8, validation_split=0.2, verbose=0).history
        results.append((history["loss"], history["val_loss"], model.predict(x, verbose=0).tolist()))
    assert results[0] == results[1]
