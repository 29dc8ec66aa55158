"""Clamping beside its rules in NumPy, rendered bars beside their moments, and one number for one factor."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurona import zoo

X, NAMES, FACTORS = zoo.one_factor_groups(30, size=4)


def test_clamped_numbers_are_means_and_their_slopes_the_differences_from_them():
    draws = np.random.default_rng(0)
    z, slope = draws.normal(size=(2, 3, 5, 4)).astype("float32")
    varies = np.eye(4, dtype="float32")[[2, 0, 3]]
    layer = zoo.ClampedCodes(0.5)
    out, back = jax.vjp(lambda z: layer([z, jnp.asarray(varies)]), jnp.asarray(z))
    own = varies[:, None] > 0
    np.testing.assert_allclose(out, np.where(own, z, z.mean(axis=1, keepdims=True)), rtol=1e-6)
    expected = np.where(own, slope, 0.5 / 15 * (z - z.mean(axis=1, keepdims=True)))
    np.testing.assert_allclose(back(slope)[0], expected, rtol=1e-5, atol=1e-7)
    # which is the slope of this loss, but for the clamped numbers' own
    loss = lambda z: 0.5 / 15 / 2 * jnp.sum(jnp.where(own, 0, z - z.mean(axis=1, keepdims=True)) ** 2)
    np.testing.assert_allclose(np.where(own, 0, back(slope)[0]), jax.grad(loss)(z), rtol=1e-4, atol=1e-6)
    assert str(zoo.ClampedCodes(dtype="bfloat16")([z, varies]).dtype) == "bfloat16"


def test_bars_lie_where_their_factors_say():
    factors = np.random.default_rng(0).uniform(-1, 1, (50, 5))
    pictures = zoo.rendered_bars(factors).astype(float)
    across, angle, brightness, length, up = factors.T
    mass = pictures.sum(axis=(1, 2))
    y, x = np.mgrid[:16, :16] - 7.5
    mean = lambda values: (pictures * values).sum(axis=(1, 2)) / mass
    np.testing.assert_allclose(mean(x), 3 * across, atol=0.2)
    np.testing.assert_allclose(mean(y), -3 * up, atol=0.2)
    np.testing.assert_allclose(mass, (0.6 + 0.4 * brightness) * 2.4 * (8 + 3 * length), rtol=0.06)
    variance = [mean(a * b) - mean(a) * mean(b) for a, b in ((x, x), (y, y), (x, y))]
    turned = 0.5 * np.arctan2(2 * variance[2], variance[0] - variance[1])
    np.testing.assert_allclose(np.abs(np.sin(turned + np.pi / 3 * angle)), 0, atol=0.12)


def test_pictures_of_other_sides_show_the_same():
    small, large = (zoo.rendered_bars([[0.5, 0.4, 1, 0.2, -0.3]], side)[0] for side in (16, 32))
    np.testing.assert_allclose(large.reshape(16, 2, 16, 2).mean(axis=(1, 3)), small, atol=0.3)
    assert large.sum() == pytest.approx(4 * small.sum(), rel=0.03)


def test_in_a_group_one_factor_varies():
    assert X.shape == (30, 4, 16, 16)
    moved = np.ptp(FACTORS, axis=1) > 0
    order = ["across", "angle", "brightness", "length", "up"]
    assert [order[row.argmax()] for row in moved] == NAMES.tolist()
    assert (moved.sum(axis=1) == 1).all()


def test_the_code_is_that_of_the_parts_and_comes_back(tmp_path):
    network = zoo.InverseGraphics((2, 3), 8, epochs=1, batch_size=10, random_state=0).fit(X, NAMES)
    codes = network.transform(X[0])
    np.testing.assert_allclose(network.reconstruct(X[0]), network.inverse_transform(codes), rtol=1e-5)
    varies = (NAMES[:1, None] == network.classes_).astype("float32")
    own = varies[0] > 0
    clamped = np.where(own, codes, codes.mean(axis=0))
    whole = network.model_.predict([X[:1], varies], verbose=0)[0]
    np.testing.assert_allclose(whole, network.inverse_transform(clamped), rtol=1e-4, atol=1e-6)
    plain = zoo.InverseGraphics((2, 3), 8, clamp=False, epochs=1, random_state=0).fit(X, NAMES)
    back = plain.model_.predict([X[:1], varies], verbose=0)[0]
    np.testing.assert_allclose(back, plain.reconstruct(X[0]), rtol=1e-4, atol=1e-6)
    moved = network.turned(X[0, 0], "angle", 3)
    assert moved.shape == (3, 16, 16)
    assert network.plot(language="es").get_suptitle().startswith("Red convolucional profunda")


def test_seeds_stay_finite_and_other_names_and_sides_are_taken():
    pictures = zoo.one_factor_groups(8, size=3, side=12)[0]
    for seed in range(3):
        network = zoo.InverseGraphics((2, 2), 4, epochs=1, random_state=seed)
        assert np.isfinite(network.fit(pictures, ["b", "a"] * 4).history_.history["loss"]).all()
    assert network.transform(pictures[0]).shape == (3, 2)


@pytest.mark.parametrize(
    ("pictures", "names", "message"),
    [
        (X[0], NAMES, r"X has the shape \(groups, size, height, width\).* Received shape \(4, 16, 16\)"),
        (X[..., :15], NAMES, "multiples of 4"),
        (X * 2, NAMES, "pictures are from 0 to 1. Received numbers from 0 to 1"),
        (X, NAMES[1:], r"the factor that varies in each of 30 groups. Received shape \(29,\)"),
        (X, ["up"] * 30, r"y names two factors or more. Received: \['up'\]"),
    ],
)
def test_what_are_no_groups_is_refused(pictures, names, message):
    with pytest.raises(ValueError, match=message):
        zoo.InverseGraphics(epochs=1).fit(pictures, names)


def test_sizes_codes_and_factors_that_do_not_fit_are_refused():
    options: Any
    for options, message in [
        ({"maps": (3,)}, r"maps names two sizes. Received: maps=\(3,\)"),
        ({"maps": (3, 0)}, r"maps\[1\] is a whole number above 0"),
        ({"kl_weight": -1}, "kl_weight is at least 0"),
        ({"invariance": -1}, "invariance is a number of at least 0"),
    ]:
        with pytest.raises(ValueError, match=message):
            zoo.InverseGraphics(**options).fit(X, NAMES)
    network = zoo.InverseGraphics((2, 2), 4, epochs=1, random_state=0).fit(X, NAMES)
    with pytest.raises(ValueError, match=r"\(pictures, 16, 16\). Received shape \(4, 8, 8\)"):
        network.transform(X[0, :, :8, :8])
    with pytest.raises(ValueError, match=r"codes have shape \(pictures, 5\). Received shape \(1, 2\)"):
        network.inverse_transform([[0, 0]])
    with pytest.raises(ValueError, match="there is no factor 'colour'; it knows across, angle"):
        network.turned(X[0, 0], "colour")
