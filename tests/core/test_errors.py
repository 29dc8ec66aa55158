"""Errors: each is also Python's own, and names the nearest of what would have been right."""

import pytest

from neurona.core import errors


def test_every_error_is_a_neurona_error_and_an_exception_of_pythons_own():
    classes = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, Exception)]
    assert len(classes) == 13
    for one in set(classes) - {errors.NeuronaError}:
        assert issubclass(one, errors.NeuronaError)
        assert any(base.__module__ == "builtins" and base is not Exception for base in one.__mro__[1:-3])


def test_what_is_not_connected_yet_is_an_attribute_that_is_not_there():
    class Model:
        @property
        def output(self):
            raise errors.NotConnectedError("not yet")

    assert not hasattr(Model(), "output")
    assert issubclass(errors.NotConnectedError, ValueError)


def test_suggestions_ignore_case_and_need_some_likeness():
    assert errors.suggestion("RELU", ["relu", "tanh"]) == " Did you mean 'relu'?"
    assert errors.suggestion("q", ["relu", "tanh"]) == ""


def test_an_unexpected_argument_is_answered_with_all_there_are():
    error = errors.unexpected("Dense", "unit", iter(["units", "name"]))
    assert isinstance(error, TypeError)
    assert str(error) == "Dense has no argument 'unit'. Did you mean 'units'? It takes: units, name."


def test_a_missing_package_says_what_to_install():
    with pytest.raises(ImportError, match=r"plot needs the package missing_package: pip install .*\[plots\]"):
        errors.optional_import("missing_package.part", extra="plots", purpose="plot")
