"""Local filters and pools beside NumPy, their cost by differences, one device beside eight."""

import os
import subprocess
import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurona import zoo
from neurona.zoo import large_autoencoder

rng = np.random.default_rng(0)
PICTURES = rng.normal(size=(3, 6, 5, 2))
X = rng.random((40, 64)).astype("float32")
SMALL: Any = {"fields": (3, 3), "strides": (1, 1), "maps": (2, 3), "devices": ["cpu:0"], "epochs": 1}


def by_hand(kernel, back, x, field, stride):
    """Answers and what they give back, place by place."""
    rows, columns = ((side - field) // stride + 1 for side in x.shape[1:3])
    h, again = np.zeros((len(x), rows, columns, kernel.shape[2])), np.zeros(x.shape)
    for picture in range(len(x)):
        for row in range(rows):
            for column in range(columns):
                place = row * columns + column
                y, z = row * stride, column * stride
                seen = x[picture, y : y + field, z : z + field]
                h[picture, row, column] = seen.ravel() @ kernel[place]
                part = h[picture, row, column] @ back[place]
                again[picture, y : y + field, z : z + field] += part.reshape(seen.shape)
    return h, again


def pooled_by_hand(h, size):
    reach, pools = size // 2, np.zeros(h.shape)
    for picture, row, column, number in np.ndindex(*h.shape):
        near = h[picture, max(row - reach, 0) : row + reach + 1, max(column - reach, 0) : column + reach + 1]
        pools[picture, row, column, number] = np.sqrt(1e-4 + np.sum(near[..., number] ** 2))
    return pools


@pytest.mark.parametrize(("field", "stride"), [(3, 1), (3, 2), (1, 1), (5, 3)])
def test_filters_answer_and_give_back_as_place_by_place(field, stride):
    layer: Any = zoo.LocalFilters(field, stride, 4)
    h = layer(PICTURES.astype("float32"))
    kernel, back = layer.get_weights()
    wanted, again = by_hand(kernel, back, PICTURES, field, stride)
    np.testing.assert_allclose(h, wanted, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(layer.reconstruct(h), again, rtol=1e-4, atol=1e-5)
    cost = np.sum((again - PICTURES) ** 2) / 3
    assert float(layer.losses[0]) == pytest.approx(cost, rel=1e-4)


@pytest.mark.parametrize("size", [1, 3, 5])
def test_pools_are_lengths_around_a_place(size):
    layer, h = zoo.L2Pooling(size, 0.3), rng.normal(size=(2, 4, 3, 2))
    wanted = pooled_by_hand(h, size)
    np.testing.assert_allclose(layer(h.astype("float32")), wanted, rtol=1e-5)
    assert float(layer.losses[0]) == pytest.approx(0.3 * wanted.sum() / 2, rel=1e-5)


def test_the_slopes_of_the_cost_are_its_differences():
    """Equation 1 of a stage, whose gradient is compared with differences of the cost by hand."""
    with jax.enable_x64(True):
        filters: Any = zoo.LocalFilters(3, 1, 2, dtype="float64")
        pools: Any = zoo.L2Pooling(3, 0.7, dtype="float64")
        filters.build(PICTURES.shape)
        weights = [rng.normal(size=weight.shape) for weight in filters.get_weights()]

        def cost(weights):
            h, _, losses = filters.stateless_call(weights, [], jnp.asarray(PICTURES), return_losses=True)
            return sum(losses) + sum(pools.stateless_call([], [], h, return_losses=True)[2])

        def cost_by_hand(weights):
            h, again = by_hand(weights[0], weights[1], PICTURES, 3, 1)
            return (np.sum((again - PICTURES) ** 2) + 0.7 * pooled_by_hand(h, 3).sum()) / 3

        slopes = jax.grad(cost)([jnp.asarray(weight) for weight in weights])
    for number, slope in enumerate(slopes):
        for place in map(tuple, rng.integers(0, slope.shape, (8, 3))):
            costs = []
            for step in (1e-5, -1e-5):
                moved = [weight.copy() for weight in weights]
                moved[number][place] += step
                costs.append(cost_by_hand(moved))
            difference = (costs[0] - costs[1]) / 2e-5
            assert float(slope[place]) == pytest.approx(difference, rel=1e-6, abs=1e-6)


def test_the_first_answers_and_reconstructions_have_the_scale_of_the_pictures():
    x = rng.normal(size=(50, 28, 28, 3)).astype("float32")
    for field, stride, maps in ((7, 3, 8), (5, 1, 16), (4, 4, 5)):
        layer: Any = zoo.LocalFilters(field, stride, maps)
        h = layer(x)
        assert np.std(h) == pytest.approx(1, rel=0.1)
        assert np.std(layer.reconstruct(h)) == pytest.approx(1, rel=0.15)


def test_a_stage_does_not_change_the_one_below():
    layer: Any = zoo.LocalFilters(3, 1, 2)

    def cost(x):
        layer(x)
        return layer.losses[0]

    layer.build(PICTURES.shape)
    assert not np.any(jax.grad(cost)(jnp.asarray(PICTURES, "float32")))


def test_half_precision_stays_and_costs_are_of_32_bits():
    for layer in (zoo.LocalFilters(3, 1, 2, dtype="bfloat16"), zoo.L2Pooling(3, 0.1, dtype="bfloat16")):
        assert str(layer(PICTURES).dtype) == "bfloat16"
        assert str(layer.losses[0].dtype) == "float32"


def test_the_loss_is_the_sum_of_the_stages_costs_and_codes_are_those_of_the_last():
    network = zoo.LargeAutoencoder(**SMALL, sparsity=0.5, batch_size=40, random_state=0).fit(X)
    layers: list[Any] = network.model_.layers
    x = (X - X.mean(axis=1, keepdims=True)) / X.std(axis=1, keepdims=True)
    x, wanted = x.reshape(-1, 8, 8, 1), 0.0
    for filters, contrast in ((layers[0], layers[2]), (layers[3], layers[5])):
        h, again = by_hand(filters.kernel.numpy(), filters.back.numpy(), x, 3, 1)
        pools = pooled_by_hand(h, 3)
        wanted += (np.sum((again - x) ** 2) + 0.5 * pools.sum()) / 40
        if filters is layers[0]:
            np.testing.assert_allclose(network.reconstruct(X), again.reshape(40, -1), rtol=1e-3, atol=1e-4)
        x = np.asarray(contrast(pools.astype("float32")))
    assert network.cost(X) == pytest.approx(wanted, rel=1e-4)
    np.testing.assert_allclose(network.transform(X), x.reshape(40, -1), rtol=1e-3, atol=1e-4)


def test_a_unit_is_as_selective_as_its_best_threshold():
    wanted = rng.random(200) < 0.3
    codes = rng.normal(size=(200, 4)) + 1.5 * wanted[:, None] * np.arange(4)
    shares, thresholds = zoo.selectivity(codes, wanted)
    for unit in range(4):
        column, best = codes[:, unit], 0.0
        for step in range(20):
            threshold = column.min() + (step + 0.5) / 20 * (column.max() - column.min())
            hits = sum(column[i] > threshold for i in range(200) if wanted[i]) / wanted.sum()
            others = sum(column[i] <= threshold for i in range(200) if not wanted[i]) / (~wanted).sum()
            best = max(best, (hits + others) / 2)
        assert shares[unit] == pytest.approx(best)
        above = column > thresholds[unit]
        assert shares[unit] == pytest.approx((above[wanted].mean() + 1 - above[~wanted].mean()) / 2)
    assert shares[3] > 0.9 > 0.65 > shares[0]


PROGRAM = """
import sys
import numpy as np
from neurona import zoo
from neurona.distribution import list_devices
X = np.random.default_rng(0).random((100, 100)).astype("float32")
network = zoo.LargeAutoencoder((3, 5), (1, 1), (2, 3), devices=None, epochs=3, batch_size=30, random_state=0)
network.fit(X)
assert len(list_devices()) == 8
variables = [*network.model_.trainable_variables, *network.model_.optimizer.variables]
shards = [(v.shape, v.value.addressable_shards[0].data.shape) for v in variables if len(v.shape) == 3]
for whole, part in shards:
    assert part == (whole[0] // 8, *whole[1:]), (whole, part)  # each device has its own places alone
assert len(shards) == 12
np.savez(sys.argv[1], network.transform(X), network.history_.history["loss"], *network.model_.get_weights())
"""


def test_one_device_and_eight_learn_the_same(tmp_path):
    """A process of its own has eight virtual devices. They add in another order: the results are not quite
    the same, which shows that it is another program, and by no more than rounding."""
    flags = "--xla_force_host_platform_device_count=8 --xla_backend_optimization_level=0"
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "eight.npz")]
    run = subprocess.run(
        command,
        env={**os.environ, "XLA_FLAGS": f"{os.environ.get('XLA_FLAGS', '')} {flags}"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    with np.load(tmp_path / "eight.npz") as archive:
        codes, losses, *weights = (archive[name] for name in archive.files)
    rows = np.random.default_rng(0).random((100, 100)).astype("float32")
    options: Any = {**SMALL, "fields": (3, 5), "epochs": 3, "batch_size": 30, "random_state": 0}
    network = zoo.LargeAutoencoder(**options).fit(rows)
    found = [network.transform(rows), *network.model_.get_weights()]
    apart = [abs(a - b).max() / abs(b).max() for a, b in zip(found, [codes, *weights], strict=True)]
    assert max(apart) < 1e-4
    np.testing.assert_allclose(network.history_.history["loss"], losses, rtol=1e-5)
    assert losses[-1] < losses[0]
    other = zoo.LargeAutoencoder(**{**options, "epochs": 2}).fit(rows)
    assert large_autoencoder._difference(network, other) > 1e-2  # what the measure says of others


def test_places_that_devices_cannot_share_are_refused(monkeypatch):
    names = [f"cpu:{number}" for number in range(8)]
    monkeypatch.setattr(large_autoencoder, "list_devices", lambda kind=None: names)
    message = r"36 places.*8 devices. Name fewer of them, such as devices=\['cpu:0', .*'cpu:3'\]"
    with pytest.raises(ValueError, match=message):
        zoo.LargeAutoencoder(**{**SMALL, "devices": None}).fit(X)


def test_sizes_devices_and_pictures_that_do_not_fit_are_refused():
    options: Any
    for options, message in [
        (
            {"fields": (3,)},
            r"a size for each stage. Received: fields=\(3,\), strides=\(1, 1\), maps=\(2, 3\)",
        ),
        ({"fields": (3, 0)}, "LocalFilters: field is a whole number above 0. Received: field=0"),
        ({"fields": (3, 7)}, r"at most a side of the picture. Received: field=7, picture \(6, 6\)"),
        ({"pool": 0}, "L2Pooling: size is a whole number above 0. Received: size=0"),
        ({"sparsity": -1}, "sparsity is a number of at least 0. Received: sparsity=-1"),
        ({"batch_size": 0}, "batch_size is a whole number above 0"),
        (
            {"devices": ["cpu:0", "cpu:0"]},
            r"devices names some of \[.*\], each once. Received: devices=\['cpu",
        ),
        ({"devices": ["tpu:99"]}, r"each once. Received: devices=\['tpu:99'\]"),
        ({"devices": []}, r"Received: devices=\[\]"),
    ]:
        with pytest.raises(ValueError, match=message):
            zoo.LargeAutoencoder(**{**SMALL, **options}).fit(X)
    with pytest.raises(ValueError, match=r"each row is a square picture. Received 63 columns"):
        zoo.LargeAutoencoder(**SMALL).fit(X[:, :63])
