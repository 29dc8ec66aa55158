"""NumPy's removed names, as programs of their time used them."""

import subprocess
import sys

import numpy as np

from neurona.legacy.numpy_names import _TODAY


def test_removed_functions_do_what_they_did():
    assert _TODAY["asfarray"]([1, 2]).dtype == np.float64
    assert _TODAY["asfarray"](["0.5", "2"]).tolist() == [0.5, 2]
    assert _TODAY["asfarray"]([1, 2], np.float32).dtype == np.float32
    assert _TODAY["asfarray"]([1, 2], int).dtype == np.float64
    assert _TODAY["cast"]["float32"]([1, 2]).dtype == np.float32
    assert _TODAY["msort"]([[3, 1], [2, 4]]).tolist() == [[2, 1], [3, 4]]
    assert _TODAY["row_stack"]([[1, 2], [3, 4]]).tolist() == [[1, 2], [3, 4]]
    assert _TODAY["unicode"] is str


def test_arrays_have_their_removed_methods_and_functions_again(tmp_path):
    program = """
import numpy as np
import keras

a = np.array([[1, 5], [9, 2]], np.uint8)
assert a.tostring() == a.tobytes() and a.view(np.recarray).tostring() == a.tobytes()
assert np.fromstring(a.tostring(), np.uint8).tolist() == [1, 5, 9, 2]
assert np.fromstring("1 2", sep=" ").tolist() == [1.0, 2.0]
assert a.ptp() == 8 and a.ptp(axis=0).tolist() == [8, 3]
a.itemset((0, 1), 7)
a.itemset(2, 8)
assert a.tolist() == [[1, 7], [8, 2]]
assert np.array([1, 256], np.int16).newbyteorder().tolist() == [256, 1]
assert np.rank(a) == 2
sentences = np.array([[1, 2], [3]])
assert sentences.dtype == object and sentences[1] == [3]
one = np.array([[2.5]])
assert float(one) == 2.5 and int(one) == 2 and "%d %.1f" % (one, one) == "2 2.5"
a = np.zeros(2)
a[1] = one
assert a.tolist() == [0, 2.5] and float(np.float32(3)) == float(np.array(3.0)) == 3
model = keras.Sequential([keras.layers.Dense(1, kernel_initializer="ones")])
assert float(model.predict(np.ones((1, 3)), verbose=0)) == 3.0
for several in (np.zeros(2), np.zeros(0)):
    try:
        float(several)
        raise SystemExit(1)
    except TypeError as error:
        assert "one element" in str(error)
try:
    np.array([[1, 2], [3]], float)
except ValueError:
    print("refused")
"""
    file = tmp_path / "program.py"
    file.write_text(program)
    done = subprocess.run([sys.executable, "-m", "neurona", "run", str(file)], capture_output=True, text=True)
    assert done.stdout.split() == ["refused"], done.stderr
