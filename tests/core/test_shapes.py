"""What a layer asks of its input, and the spellings of shapes."""

import pytest

from neurona.core.errors import ShapeError
from neurona.core.shapes import InputSpec, as_shape, given_batch_shape, tensors_of


class Named:
    name = "first"


@pytest.mark.parametrize(
    ("spec", "shape", "message"),
    [
        (
            InputSpec(ndim=3),
            (2, 4),
            r"an input of 3 dimensions.*Received shape \(2, 4\). Add the missing axis",
        ),
        (InputSpec(ndim=2), (2, 4, 4), "A Flatten layer before it"),
        (InputSpec(min_ndim=2), (4,), "at least 2"),
        (InputSpec(max_ndim=2), (2, 3, 4), "at most 2"),
        (InputSpec(axes={-1: 3}), (2, 4), "axis -1 of its input to have size 3"),
    ],
)
def test_an_input_that_does_not_fit_is_refused_with_the_layer_and_the_mend(spec, shape, message):
    with pytest.raises(ShapeError, match=r"Layer 'first' \(Named\) expects .*" + message):
        spec.check(shape, Named())


def test_unknown_sizes_fit_and_axes_that_are_not_there_are_not_checked():
    InputSpec(ndim=2, axes={-1: 3, 5: 7}).check((None, None), Named())


def test_tensors_of_shapes_in_lists_and_dictionaries():
    assert tensors_of((None, 3), "int32").dtype == "int32"
    assert [one.shape for one in tensors_of([(2,), (None, 3)], "float32")] == [(2,), (None, 3)]
    assert tensors_of({"a": (2,)}, "float32")["a"].shape == (2,)


def test_shapes_from_files_are_tuples_again():
    assert as_shape([None, 3]) == (None, 3)
    assert as_shape([[1, 2], [3]]) == [(1, 2), (3,)]


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        ({"input_shape": (3,)}, (None, 3)),
        ({"input_shape": 3, "batch_size": 2}, (2, 3)),
        ({"batch_input_shape": (5, 3)}, (5, 3)),
        ({"input_dim": 4}, (None, 4)),
        ({}, None),
    ],
)
def test_old_spellings_of_the_first_shape(arguments, shape):
    assert given_batch_shape(arguments) == shape
