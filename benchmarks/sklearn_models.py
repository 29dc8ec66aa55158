"""The dense networks as scikit-learn's MLPClassifier and MLPRegressor."""

import warnings

import numpy as np
from joblib import Parallel, delayed
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from benchmarks.workloads import SEARCHED, Workload

HIDDEN = {"mlp": (300, 100), "housing": (64, 64), "iris": (10,), "neuron": ()}


class Model:
    """An estimator with the data that it trains on: no weight decay, no momentum, no early end."""

    def __init__(self, workload: Workload, x: np.ndarray, y: np.ndarray) -> None:
        self._x, self._y = x, y.ravel()
        self._classifies = workload.loss != "mean_squared_error"
        self._warm = workload.kind == "training"
        # Its squared error is half of Keras's, and so are the gradients, which matters to SGD.
        rate = workload.rate if self._classifies or workload.optimizer == "adam" else 2 * workload.rate
        self.estimator = (MLPClassifier if self._classifies else MLPRegressor)(
            hidden_layer_sizes=HIDDEN[workload.network],
            solver=workload.optimizer,
            learning_rate_init=rate,
            momentum=0,
            epsilon=1e-7,  # Keras's
            alpha=0,
            batch_size=min(workload.batch, len(x)),
            tol=0,
        )

    def fit(self, epochs: int) -> None:
        if self._warm:
            for _ in range(epochs):
                options = {"classes": np.unique(self._y)} if self._classifies else {}
                self.estimator.partial_fit(self._x, self._y, **options)
        else:
            self.estimator.set_params(max_iter=epochs, n_iter_no_change=epochs)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # it ends after so many epochs, as asked
                self.estimator.fit(self._x, self._y)

    def predict(self, x: np.ndarray) -> np.ndarray:
        return self.estimator.predict_proba(x) if self._classifies else self.estimator.predict(x)[:, None]


def search(workload: Workload, x: np.ndarray, y: np.ndarray) -> None:
    """As scikit-learn's own searches do: a process per core."""
    Parallel(n_jobs=workload.threads)(delayed(_train)(workload, x, y) for _ in range(SEARCHED))


def _train(workload: Workload, x: np.ndarray, y: np.ndarray) -> None:
    Model(workload, x, y).fit(workload.epochs)
