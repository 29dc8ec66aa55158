"""The self-organizing map beside formulas in NumPy."""

import numpy as np
import pytest

from neurona import zoo
from neurona.zoo.kohonen import grid_distances, grid_positions

rng = np.random.default_rng(4)
COLOURS = rng.uniform(size=(100, 3)).astype("float32")


def nearest(rows, prototypes):
    return np.linalg.norm(rows[:, None] - prototypes[None], axis=2)


@pytest.mark.parametrize("topology", ["rectangular", "hexagonal"])
def test_a_batch_is_the_weighted_mean_of_the_rows(topology):
    options = {
        "rows": 3,
        "columns": 4,
        "topology": topology,
        "sigma": 1.5,
        "last_sigma": 0.7,
        "random_state": 0,
    }
    first = zoo.SelfOrganizingMap(**options, epochs=1)
    prototypes = first._first_prototypes(COLOURS).astype("float64")
    squares = grid_distances(3, 4, topology) ** 2
    for sigma in (1.5, np.sqrt(1.5 * 0.7), 0.7):
        h = np.exp(-squares / (2 * sigma**2))[nearest(COLOURS, prototypes).argmin(axis=1)]
        prototypes = h.T @ COLOURS / h.sum(axis=0)[:, None]
    som = zoo.SelfOrganizingMap(**options, epochs=3).fit(COLOURS)
    np.testing.assert_allclose(som.prototypes_, prototypes, rtol=1e-4, atol=1e-5)


def test_the_online_method_is_kohonens_rule_row_by_row():
    som = zoo.SelfOrganizingMap(
        3, 3, method="online", sigma=1.0, learning_rate=0.3, last_learning_rate=0.1, epochs=2, random_state=0
    )
    w = som._first_prototypes(COLOURS).astype("float64")
    squares, steps = grid_distances(3, 3, "rectangular") ** 2, 4  # of 32 rows
    for number in range(2 * steps):
        share = number / (2 * steps)
        rate, sigma = 0.3 * (0.1 / 0.3) ** share, 1.0 * 0.5**share
        for x in COLOURS[32 * (number % steps) : 32 * (number % steps + 1)]:
            best = np.linalg.norm(x - w, axis=1).argmin()
            w += rate * np.exp(-squares[best] / (2 * sigma**2))[:, None] * (x - w)
    som.fit(COLOURS, shuffle=False)
    np.testing.assert_allclose(som.prototypes_, w, rtol=1e-3, atol=1e-4)


def test_errors_and_the_u_matrix_are_their_formulas():
    som = zoo.SelfOrganizingMap(4, 5, epochs=10, random_state=0).fit(COLOURS)
    distances = nearest(COLOURS, som.prototypes_)
    np.testing.assert_allclose(som.transform(COLOURS), distances, atol=1e-4)
    np.testing.assert_array_equal(som.labels_, distances.argmin(axis=1))
    assert som.quantization_error(COLOURS) == pytest.approx(distances.min(axis=1).mean(), abs=1e-4)
    best, second = np.argsort(distances, axis=1)[:, :2].T
    apart = np.maximum(abs(best // 5 - second // 5), abs(best % 5 - second % 5)) > 1
    assert som.topographic_error(COLOURS) == pytest.approx(apart.mean())
    corner = np.linalg.norm(som.prototypes_[[1, 5]] - som.prototypes_[0], axis=1).mean()
    assert som.u_matrix()[0, 0] == pytest.approx(corner, rel=1e-5)


def test_neighbours_of_a_hexagonal_grid_are_six():
    assert np.sum(np.isclose(grid_distances(3, 3, "hexagonal")[4], 1)) == 6
    assert grid_positions(2, 3, "rectangular").tolist()[4] == [1, 1]


def test_columns_of_unlike_scales_are_told_and_wrong_choices_refused():
    with pytest.warns(UserWarning, match="column 1 varies by"):
        zoo.SelfOrganizingMap(2, 2, epochs=1).fit(COLOURS * [1, 1000, 1])
    with pytest.raises(
        ValueError, match=r"topology is 'rectangular' or 'hexagonal'. Received: topology='round'"
    ):
        zoo.SelfOrganizingMap(topology="round").fit(COLOURS)


def test_a_second_map_of_the_same_form_compiles_nothing():
    options = {"rows": 2, "columns": 3, "epochs": 2, "initial": "random"}
    first, second = (zoo.SelfOrganizingMap(**options, random_state=seed).fit(COLOURS) for seed in (0, 1))
    assert first.model_._learner.program() is second.model_._learner.program()
    assert not np.array_equal(first.prototypes_, second.prototypes_)
    other = zoo.SelfOrganizingMap(**options, sigma=0.9, random_state=1).fit(COLOURS)
    assert other.model_._learner.program() is not second.model_._learner.program()
    assert not np.array_equal(other.prototypes_, second.prototypes_)
