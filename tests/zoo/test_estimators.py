"""The networks keep the contract of scikit-learn's estimators."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from neurona import zoo
from neurona.datasets import iris

(X, y), _ = iris.load_data(test_split=0.0)
# Those that take any table; a Hopfield network takes patterns of two values only.
ESTIMATORS = [
    zoo.Adaline(epochs=30),
    zoo.ExtremeClassifier(30),
    zoo.ExtremeRegressor(30),
    zoo.GaussianRestrictedBoltzmann(2, epochs=2),
    zoo.GeneralizedLinearDiscriminant(size=1),
    zoo.Hebb(),
    zoo.LVQ(1, epochs=20),
    zoo.Madaline(epochs=20, n_init=2),
    zoo.ModernHopfield(),
    zoo.Network((3,), epochs=30),
    zoo.NeuralGas(2, epochs=3),
    zoo.Oja(epochs=2),
    zoo.Perceptron(epochs=30),
    zoo.RadialBasisClassifier(20),
    zoo.RadialBasisRegressor(20),
    zoo.Sanger(1, epochs=2),
    zoo.SelfOrganizingMap(2, 2, epochs=3),
    zoo.SoftmaxRegression(epochs=30),
]


@pytest.mark.experiment  # each fits tables of fifty shapes
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda estimator: type(estimator).__name__)
def test_all_checks_of_scikit_learn_pass(estimator):
    check_estimator(estimator)


def test_networks_stand_in_pipelines_and_are_cross_validated():
    pipeline = make_pipeline(
        StandardScaler(), zoo.Sanger(2, epochs=20, random_state=0), zoo.Perceptron(random_state=0)
    )
    scores = cross_val_score(pipeline, X[y < 2], y[y < 2], cv=2)
    assert scores.mean() > 0.95


@pytest.mark.parametrize(
    "network", [zoo.SelfOrganizingMap(2, 3, epochs=2, random_state=0), zoo.Oja(epochs=2)]
)
def test_networks_are_cloned_and_pickled(network):
    assert clone(network).get_params() == network.get_params()
    fitted = network.fit(X)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.transform(X), fitted.transform(X))


def test_weights_of_rows_are_refused_by_name():
    with pytest.raises(ValueError, match=r"Perceptron: every row counts alike.*sample_weight is not taken"):
        zoo.Perceptron().fit(X, y, sample_weight=np.ones(len(X)))
