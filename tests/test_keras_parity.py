"""Every public name of Keras is in Neurona with a test that proves it, or left out with a reason."""

import keras
import pytest

from tests.keras_left_out import LEFT_OUT, NOT_YET
from tests.keras_parity import DOCUMENT, document, found, listed, names_of_keras, proof, reason

VERSION, NAMES = listed()
AGAIN = "Run `python -m tests.keras_parity`."


def test_every_name_of_keras_is_here_or_left_out_with_a_reason():
    assert [name for name in NAMES if found(name) is None and reason(name) is None] == []


def test_every_name_that_is_here_has_a_test():
    assert [name for name in NAMES if found(name) is not None and proof(name) is None] == []


def test_what_is_left_out_is_a_name_of_keras_and_not_here():
    for names in (*LEFT_OUT.values(), *NOT_YET.values()):
        for name in names.split():
            assert name in NAMES, name
            assert found(name) is None, name


def test_the_document_is_up_to_date():
    assert DOCUMENT.read_text("utf-8") == document(), AGAIN


@pytest.mark.skipif(keras.__version__ != VERSION, reason="another version of Keras is installed")
def test_the_list_holds_the_names_of_keras():
    assert names_of_keras() == [VERSION, *NAMES]
