"""Shapes by evaluation: no size that was made up shows, fits by chance, or fails to fit."""

import jax.numpy as jnp
import pytest

from neurona.core.inference import ArraySpec, trace_shapes


def shape(function, *shapes, fixed=()):
    tensors = [ArraySpec(one, jnp.float32) for one in shapes]
    return trace_shapes(lambda arrays: function(*arrays), tensors, fixed).shape


@pytest.mark.parametrize(
    ("function", "shapes", "expected"),
    [
        (lambda x: x.T, [(None, 4)], (4, None)),
        (lambda x: x.reshape(-1, 7), [(None, None)], (None, 7)),
        (lambda x: x.reshape(-1, 13, 11), [(None, None)], (None, 13, 11)),
        (jnp.add, [(None, None, 3), (None, 4, 3)], (None, 4, 3)),
        (jnp.matmul, [(None, 2, None), (None, 3, 4)], (None, 2, 4)),
        (lambda x: jnp.pad(x, ((0, 0), (1, 17 - x.shape[1]))), [(None, None)], (None, 18)),
        (lambda x: x + jnp.ones((2520, 5040))[:1, :1], [(None, 2520)], (None, 2520)),
        (lambda x: x[:, ::2], [(None, 5)], (None, 3)),
        (lambda x: x.sum(), [(None, None)], ()),
        (jnp.add, [(3, 1), (1, 4)], (3, 4)),
    ],
)
def test_shapes(function, shapes, expected):
    assert shape(function, *shapes) == expected


def test_an_unknown_size_may_have_to_be_that_of_an_array():
    assert shape(lambda x: x + jnp.ones((5, 3)), (None, None, 3), fixed=[(5, 3)]) == (None, 5, 3)


@pytest.mark.parametrize("shapes", [[(None, None, 3), (None, 4, 5)], [(None, 3), (None, 5)]])
def test_an_error_shows_none_for_what_is_unknown_and_the_other_numbers(shapes):
    with pytest.raises(TypeError) as caught:
        shape(jnp.add, *shapes)
    assert "None, 3)" in str(caught.value)
    assert not set("0126789") & set(str(caught.value))


def test_numbers_that_do_not_depend_on_the_sizes_stay_in_the_message():
    def refuse(x):
        error = ValueError(f"code 2520: {x.shape[0] - 1} rows of 720")
        error.add_note(f"with {x.shape}")
        raise error

    with pytest.raises(ValueError, match="code 2520: None rows of 720") as caught:
        shape(refuse, (None, 4))
    assert caught.value.__notes__[0] == "with (None, 4)"


def test_an_error_of_another_kind_is_raised_at_once():
    calls = []

    def fail(x):
        calls.append(x.shape)
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        shape(fail, (None, 4))
    assert len(calls) == 1


def test_a_rank_that_depends_on_an_unknown_size_is_refused():
    with pytest.raises(ValueError, match="rank of the result depends"):
        shape(lambda x: x if x.shape[0] % 4 else x[0], (None, 4))
