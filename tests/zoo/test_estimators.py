"""The networks keep the contract of scikit-learn's estimators."""

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from neurona import zoo
from neurona.callbacks import BackupAndRestore, Callback
from neurona.datasets import iris
from neurona.search import Ensemble

(X, y), _ = iris.load_data(test_split=0.0)
# Those that take any table; a Hopfield network takes patterns of two values only.
ESTIMATORS = [
    zoo.Adaline(epochs=30),
    zoo.ContractiveAutoencoder(2, output_activation="linear", epochs=2),
    zoo.DeepAutoencoder((2,), "linear", epochs=2),
    zoo.DenoisingAutoencoder(2, output_activation="linear", epochs=2),
    zoo.Diffusion((4,), epochs=2),
    zoo.ExtremeClassifier(30),
    zoo.ExtremeRegressor(30),
    zoo.GaussianRestrictedBoltzmann(2, epochs=2),
    zoo.GeneralizedLinearDiscriminant(size=1),
    zoo.Hebb(),
    zoo.KolmogorovArnoldClassifier((3,), epochs=30),
    zoo.KolmogorovArnoldRegressor((3,), epochs=30),
    zoo.LVQ(1, epochs=20),
    zoo.Madaline(epochs=20, n_init=2),
    zoo.MixtureOfExpertsRegressor(2, epochs=30),
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
    zoo.SparseAutoencoder(2, output_activation="linear", epochs=2),
    zoo.VariationalAutoencoder(1, (4,), "gaussian", epochs=2),
]


# Those that learn epoch by epoch; three of them in every run.
LEARNERS = [one for one in ESTIMATORS if "epochs" in one.get_params() and "random_state" in one.get_params()]
SOME = ("Oja", "Perceptron", "SelfOrganizingMap")
EACH_LEARNER = [
    pytest.param(one, marks=[] if type(one).__name__ in SOME else pytest.mark.experiment) for one in LEARNERS
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


class _Interrupted(Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise KeyboardInterrupt


@pytest.mark.filterwarnings("ignore:Perceptron")
@pytest.mark.parametrize("learner", EACH_LEARNER, ids=lambda learner: type(learner).__name__)
def test_a_network_goes_on_is_taken_up_again_and_has_members(learner, tmp_path):
    network: Any = clone(learner).set_params(epochs=2, random_state=0)
    whole = clone(network).fit(X, y)
    again, backup = clone(network), tmp_path / "backup"
    with pytest.raises(KeyboardInterrupt):
        again.fit(X, y, callbacks=[BackupAndRestore(backup), _Interrupted()])
    again.fit(X, y, callbacks=[BackupAndRestore(backup)])
    for ours, theirs in zip(again.model_.get_weights(), whole.model_.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)

    whole.save(tmp_path / "network.keras")
    for one in (whole, zoo.load(tmp_path / "network.keras")):
        before = [weight.copy() for weight in again.model_.get_weights()]
        one.set_params(epochs=5).fit(X, y, initial_epoch=2)
        assert one.history_.epoch[0] == 2
        assert not all(map(np.array_equal, one.model_.get_weights(), before))

    rows, targets = again._checked(X, y)
    members = Ensemble(again.model_, [0, 1])
    history = members.fit(rows, targets, epochs=1, batch_size=again._batch_size, verbose=0)
    assert [values[-1].shape for values in history.history.values()] == [(2,)]
    assert len(members.models) == 2


@pytest.mark.filterwarnings("ignore:Perceptron")
def test_going_on_needs_what_was_learned_from_the_same_columns_and_classes():
    with pytest.raises(ValueError, match="has not learned yet"):
        zoo.Oja().fit(X, initial_epoch=1)
    network = zoo.Perceptron(epochs=3).fit(X, y)
    with pytest.raises(ValueError, match=r"classes_ was \[0 1 2\]. Of these rows it is \[0 1\]"):
        network.fit(X[y < 2], y[y < 2], initial_epoch=2)
    assert len(network.classes_) == 3
    with pytest.raises(ValueError, match="the mean of its weights, from which it can't go on"):
        zoo.Perceptron(averaged=True).fit(X, y, initial_epoch=2)
    with pytest.raises(ValueError, match=r"n_features_in_ was 4\. Of these rows it is 2"):
        network.fit(X[:, :2], y, initial_epoch=2)


@pytest.mark.parametrize(
    "classes",
    [["no", "yes"], np.array(["no", "yes"], object), pd.Series(["no", "yes"], dtype="string"), [True, False]],
    ids=["list", "objects", "series", "truths"],
)
def test_names_of_classes_travel_in_files(tmp_path, classes):
    network = zoo.Perceptron(random_state=0).fit([[0, 0], [1, 1]], classes)
    network.save(tmp_path / "a.keras")
    again = zoo.load(tmp_path / "a.keras")
    assert again.classes_.dtype == network.classes_.dtype
    np.testing.assert_array_equal(again.classes_, network.classes_)
    np.testing.assert_array_equal(again.predict([[0, 0], [1, 1]]), list(classes))


def test_a_tagger_travels_in_a_file(tmp_path):
    sentences, tags = [["the", "cat", "sleeps"], ["a", "dog", "runs"]], [["article", "noun", "verb"]] * 2
    network = zoo.ConditionalRandomField().fit(sentences, tags)
    network.save(tmp_path / "a.keras")
    assert zoo.load(tmp_path / "a.keras").predict(sentences) == tags
