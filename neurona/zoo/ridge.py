"""Readouts that are solved, not searched: least squares with a ridge in one pass, and row by row.

A readout gives H w + b for features H of fixed layers. Ridge regression (Hoerl and Kennard, Ridge regression:
biased estimation for nonorthogonal problems, Technometrics 12, 1970) minimizes

    |Y - H w - b|**2 + ridge * |w|**2.

`RidgeRule` does not form H' H, which would square the spread of the singular values and lose half of the
digits of 32 bits: it keeps the triangle of the QR decomposition of all rows (1, H, Y) seen, to which a batch
is added by another QR (Golub and Van Loan, Matrix Computations, 6.5.3). Of the triangle

    r  a' b'     the first row gives the bias, without a penalty;
    0  R  Z      R and Z are those of the centred rows, and so is the solution, (R' R + ridge)^-1 R' Z;
    0  0  E      |E|**2 is the rest that no weights explain.

`NormalRule` does form it, in half of the multiplications or fewer, for a ridge that 32 bits resolve.

`RecursiveRule` renews the solution after each row (Plackett, 1950), at a cost of the square of the features.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax.scipy.linalg import cho_factor, cho_solve, solve_triangular

from neurona import Variable
from neurona.training import Rule

_COLUMNS = 500  # of a product at least: the half of H' H below them is not computed
_CUT = 3e-7  # singular values below this share of the largest are noise of 32 bits


class RidgeRule(Rule):
    """The last layer, a Dense, becomes the ridge regression of the targets on what the layers before give.

    Rows are added to those of earlier epochs and of earlier calls of `fit`.

    Args:
        ridge: the penalty on the sum of squared weights, not on the bias; None chooses it by generalized
            cross-validation (Golub, Heath and Wahba, Technometrics 21, 1979): what minimizes
            N |Y - F|**2 / (N - trace)**2, where trace is the derivative of the fitted F by Y.
        washout: how many first steps of each sequence are left out.
        least: the smallest ridge tried, as a share of the largest squared singular value. From 1e-13 on 32
            bits resolve it; larger ones keep the weights small, and with them the rounding of the outputs.
    """

    def __init__(self, ridge: float | None = None, washout: int = 0, least: float = 1e-13) -> None:
        self.ridge, self.washout, self.least = ridge, washout, least

    def build(self, model: Any) -> None:
        """Make the triangle, the number of rows, the ridge taken, and how near R is to singular."""
        readout = model.layers[-1]
        size = sum(readout.kernel.shape) + (readout.bias is not None)
        self.triangle = Variable(jnp.zeros((size, size)), trainable=False, name="triangle")
        self.count = Variable(0.0, trainable=False, name="count")
        self.chosen = Variable(0.0, trainable=False, name="chosen")
        self.condition = Variable(1.0, trainable=False, name="condition")

    def learn(self, model: Any, batch: Any, key: jax.Array, number: jax.Array) -> None:
        H, Y = batch.x, batch.y
        for layer in model.layers[:-1]:
            H = layer(H)
        H, Y = (part[:, self.washout :] if part.ndim == 3 else part for part in (H, Y))
        H, Y = (part.reshape(-1, part.shape[-1]) for part in (H, Y))
        ones = jnp.ones((len(H), int(model.layers[-1].bias is not None)))
        stacked = jnp.concatenate([self.triangle.value, jnp.concatenate([ones, H, Y], axis=1)])
        self.triangle.assign(jnp.linalg.qr(stacked, mode="r"))
        self.count.assign(self.count.value + len(H))

    def end_epoch(self, model: Any) -> None:
        readout, triangle = model.layers[-1], self.triangle.value
        units, first = readout.kernel.shape[0], int(readout.bias is not None)
        R = triangle[first : first + units, first : first + units]
        Z = triangle[first : first + units, first + units :]
        if self.ridge:
            w, ridge = _with_ridge(R, Z, self.ridge), jnp.asarray(self.ridge, "float32")
        else:
            rest = jnp.sum(triangle[first + units :, first + units :] ** 2)
            w, ridge = self._decomposed(R, Z, rest)
        readout.kernel.assign(w)
        self.chosen.assign(ridge)
        if first:
            readout.bias.assign((triangle[0, 1 + units :] - triangle[0, 1 : 1 + units] @ w) / triangle[0, 0])

    def _decomposed(self, R: jax.Array, Z: jax.Array, rest: jax.Array) -> tuple[jax.Array, jax.Array]:
        """The weights by singular values, and the ridge, which is 0 or chosen."""
        U, s, V = jnp.linalg.svd(R)
        z = U.T @ Z
        self.condition.assign(s[-1] / s[0])
        if self.ridge is not None:
            return V.T @ (jnp.where(s > _CUT * s[0], 1 / s, 0.0)[:, None] * z), jnp.zeros(())
        ridges = jnp.geomspace(self.least, 10.0, 60) * s[0] ** 2
        kept = s**2 / (s**2 + ridges[:, None])  # (ridges, units)
        errors = rest + (1 - kept) ** 2 @ jnp.sum(z**2, axis=1)
        free = jnp.maximum(self.count.value - 1 - kept.sum(axis=1), 1e-3)
        ridge = ridges[jnp.argmin(errors / free**2)]
        return V.T @ ((s / (s**2 + ridge))[:, None] * z), ridge


def _with_ridge(R: jax.Array, Z: jax.Array, ridge: float) -> jax.Array:
    """(R' R + ridge)^-1 R' Z, by the QR decomposition of R above sqrt(ridge) I."""
    units = len(R)
    rows = jnp.concatenate([R, Z], axis=1)
    penalty = jnp.concatenate([ridge**0.5 * jnp.eye(units), jnp.zeros_like(Z)], axis=1)
    both = jnp.linalg.qr(jnp.concatenate([rows, penalty]), mode="r")
    return solve_triangular(both[:units, :units], both[:units, units:])


class NormalRule(Rule):
    """The last layer, a Dense without a bias, becomes the ridge regression, by the normal equations:

        w = (H' H + ridge)^-1 H' Y.

    Products are of 32 bits, of features less their means m over the first batch, which keeps sums small. The
    products of each batch are added up with the rounding of every sum kept apart (Knuth, The Art of Computer
    Programming 2, 4.2.2), and the system is solved in 64 bits.

    The rounding E of H' H that is left moves the fitted values by no more than |E| / (2 ridge) of the length
    of the targets: |H (H' H + ridge)^-1| is at most 1 / (2 sqrt(ridge)), and sqrt(ridge) |w| at most |Y|. So
    the ridge has to be well above |E|: see `resolves`. For any other there is `RidgeRule`.

    Rows are added to those of earlier epochs and of earlier calls of `fit`.

    Args:
        ridge: the penalty on the sum of squared weights.
    """

    def __init__(self, ridge: float) -> None:
        self.ridge = ridge

    @staticmethod
    def resolves(ridge: float, rows: int, units: int, spread: float) -> bool:
        """Whether a ridge is well above the rounding of H' H, for features within `spread` of their means.

        Of 800 random sigmoid neurons on 20,480 images of MNIST, in batches of 2,048, |E| is 2e-10 rows units
        spread**2. The least ridge taken is 130 times as large, so that fitted values move by 0.4% at most.
        """
        return ridge >= 2.0**-25 * rows * units * spread**2

    def build(self, model: Any) -> None:
        """Make the sums of products of (H - m, Y, 1), their rounding, m, and the ridge taken."""
        units, outputs = model.layers[-1].kernel.shape
        size = units + outputs + 1
        self.sums = Variable(jnp.zeros((size, size)), trainable=False, name="sums")
        self.rounding = Variable(jnp.zeros((size, size)), trainable=False, name="rounding")
        self.means = Variable(jnp.zeros(units), trainable=False, name="means")
        self.chosen = Variable(self.ridge, trainable=False, name="chosen")

    def learn(self, model: Any, batch: Any, key: jax.Array, number: jax.Array) -> None:
        H, sums, rounding = batch.x, self.sums.value, self.rounding.value
        for layer in model.layers[:-1]:
            H = layer(H)
        self.means.assign(jnp.where(sums[-1, -1] == 0, H.mean(axis=0), self.means.value))
        rows = jnp.concatenate([H - self.means.value, batch.y, jnp.ones((len(H), 1))], axis=1)
        for first in range(0, len(sums), _COLUMNS):
            block = slice(first, first + _COLUMNS), slice(first, None)
            more, before = jnp.matmul(rows[:, block[0]].T, rows[:, first:], precision="highest"), sums[block]
            after = before + more
            share = after - before
            lost = (before - (after - share)) + (more - share)
            sums, rounding = sums.at[block].set(after), rounding.at[block].add(lost)
        self.sums.assign(sums)
        self.rounding.assign(rounding)

    def end_epoch(self, model: Any) -> None:
        kernel, units = model.layers[-1].kernel, model.layers[-1].kernel.shape[0]
        with jax.enable_x64(True):
            means = self.means.value.astype("float64")
            upper = jnp.triu(self.sums.value.astype("float64") + self.rounding.value.astype("float64"))
            centred, total, count = upper[:units, :units], upper[:units, -1], upper[-1, -1]
            outer = jnp.outer(means, total + count * means / 2)
            squares = centred + jnp.triu(centred, 1).T + outer + outer.T
            aims = upper[:units, units:-1] + jnp.outer(means, upper[units:-1, -1])
            factor = cho_factor(squares + self.ridge * jnp.eye(units, dtype="float64"))
            w = cho_solve(factor, aims).astype("float32")
        kernel.assign(w)


class RecursiveRule(Rule):
    """Recursive least squares: after each row, the last layer is the ridge regression on all rows so far.

        k = P h / (forgetting + h' P h),   W += k (t - W' h)',   P = (P - k h' P) / forgetting,

    with P = I / ridge at first (Plackett, Some theorems in least squares, Biometrika 37, 1950; Haykin,
    Adaptive Filter Theory, table 10.1). A bias is the weight of a feature that is 1.

    Args:
        ridge: the penalty on the weights. It fades where rows are forgotten.
        forgetting: by which factor a row counts less at each row after it, above 0 and at most 1.

    Figures: `loss`, the mean squared error of each row before it is learned.
    """

    figures = ("loss",)

    def __init__(self, ridge: float = 1e-3, forgetting: float = 1.0) -> None:
        self.ridge, self.forgetting = ridge, forgetting

    def build(self, model: Any) -> None:
        """Make P, and begin with weights of 0, to which the penalty draws."""
        readout = model.layers[-1]
        for weight in readout.weights:
            weight.assign(jnp.zeros(weight.shape))
        size = readout.kernel.shape[0] + (readout.bias is not None)
        self.inverse = Variable(jnp.eye(size) / self.ridge, trainable=False, name="inverse")

    def learn(self, model: Any, batch: Any, key: jax.Array, number: jax.Array) -> dict[str, jax.Array]:
        readout, H = model.layers[-1], batch.x
        for layer in model.layers[:-1]:
            H = layer(H)
        W = readout.kernel.value
        if readout.bias is not None:
            H = jnp.concatenate([H, jnp.ones((len(H), 1))], axis=1)
            W = jnp.concatenate([W, readout.bias.value[None]])

        W, P, errors = recursive_least_squares(W, self.inverse.value, H, batch.y, self.forgetting)
        self.inverse.assign(P)
        readout.kernel.assign(W[: readout.kernel.shape[0]])
        if readout.bias is not None:
            readout.bias.assign(W[-1])
        return {"loss": jnp.mean(errors**2)}


def recursive_least_squares(
    W: jax.Array, P: jax.Array, H: jax.Array, T: jax.Array, forgetting: float
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """W and P after rows H with targets T, one after another, and each row's error before it is learned."""

    def see(held: tuple[jax.Array, jax.Array], row: tuple[jax.Array, jax.Array]) -> Any:
        (W, P), (h, t) = held, row
        Ph = P @ h
        k, error = Ph / (forgetting + h @ Ph), t - h @ W
        # k Ph' is symmetric up to rounding, which would grow: half of both sides keeps it so.
        step = jnp.outer(k, Ph)
        return (W + jnp.outer(k, error), (P - (step + step.T) / 2) / forgetting), error

    (W, P), errors = jax.lax.scan(see, (W, P), (H, T))
    return W, P, errors
