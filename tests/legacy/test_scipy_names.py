"""The images that `scipy.misc` read, wrote and resized, as its documentation defines them."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from neurona.legacy import scipy_names


def test_ranges_are_stretched_to_bytes():
    assert scipy_names.bytescale([[0.0, 5.0, 10.0]]).tolist() == [[0, 128, 255]]
    assert scipy_names.bytescale([[0.0, 5.0, 10.0]], cmin=5, high=100).tolist() == [[0, 0, 100]]
    bytes_stay = np.array([[3, 9]], np.uint8)
    assert scipy_names.bytescale(bytes_stay).tolist() == [[3, 9]]
    assert scipy_names.bytescale([[2.0, 2.0]]).tolist() == [[0, 0]]


def test_pictures_are_saved_and_read(tmp_path):
    colours = np.random.default_rng(0).integers(0, 256, (4, 6, 3)).astype(np.uint8)
    scipy_names.imsave(tmp_path / "a.png", colours)
    np.testing.assert_array_equal(scipy_names.imread(tmp_path / "a.png"), colours)
    np.testing.assert_array_equal(
        scipy_names.fromimage(scipy_names.toimage(colours.transpose(2, 0, 1))), colours
    )
    grey = scipy_names.imread(tmp_path / "a.png", flatten=True)
    np.testing.assert_allclose(grey, colours @ [0.299, 0.587, 0.114], atol=0.01)
    assert scipy_names.imread(tmp_path / "a.png", mode="L").dtype == np.uint8
    with pytest.raises(ValueError, match="arrays of 2 or 3 axes"):
        scipy_names.toimage(np.zeros(3))


def test_sizes_are_rows_and_columns_percentages_and_shares():
    picture = np.arange(24, dtype=np.uint8).reshape(4, 6)
    assert scipy_names.imresize(picture, (8, 3)).shape == (8, 3)
    assert scipy_names.imresize(picture, 50).shape == scipy_names.imresize(picture, 0.5).shape == (2, 3)
    expected = np.asarray(Image.fromarray(picture).resize((3, 8), Image.Resampling.BICUBIC))
    np.testing.assert_array_equal(scipy_names.imresize(picture, (8, 3), "bicubic"), expected)


def test_programs_find_the_names_of_scipy_and_matplotlib(tmp_path):
    program = tmp_path / "program.py"
    program.write_text("""
import numpy as np
from scipy.misc import imresize, logsumexp
import matplotlib.pyplot as plt
from matplotlib import cm

plt.style.use("seaborn-whitegrid")
assert imresize(np.zeros((4, 4)), 2.0).shape == (8, 8) and logsumexp([0.0]) == 0
heights, _, _ = plt.hist([0.0, 1.0], bins=2, normed=True)
assert heights.tolist() == [1, 1] and cm.get_cmap("viridis").N == 256
figure = plt.figure()
axes = figure.gca(projection="3d")
assert axes.name == "3d" and plt.gca() is axes and figure.gca(projection="3d") is axes
plain = plt.figure().add_subplot(111, axisbg="red")
plain.hold(True)
assert plain.get_facecolor() == (1, 0, 0, 1)
file = __file__.replace(".py", ".png")
plt.savefig(file, color="black", frameon=False)
assert plt.imread(file)[0, 0, 3] == 0
print("done")
""")
    done = subprocess.run(
        [sys.executable, "-m", "neurona", "run", str(program)], capture_output=True, text=True
    )
    assert done.stdout.split() == ["done"], done.stderr
