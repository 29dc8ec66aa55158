"""The wrappers of Keras 1 and 2, and those of scikeras, in scikit-learn's searches."""

import numpy as np
import pytest

import neurona as nn

pytest.importorskip("sklearn")
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score

from neurona.core.errors import ArgumentError
from neurona.legacy import scikeras
from neurona.legacy.keras.wrappers import scikit_learn

X = np.linspace(-1, 1, 48).reshape(24, 2)
LABELS = np.where(X[:, 0] > 0, "yes", "no")


def build(outputs=1, activation="sigmoid", loss="binary_crossentropy", optimizer="sgd"):
    model = nn.Sequential([nn.Input((2,)), nn.layers.Dense(outputs, activation=activation)])
    model.compile(optimizer, loss, metrics=["accuracy"])
    return model


@pytest.mark.parametrize(("outputs", "loss"), [(1, "binary_crossentropy"), (2, "categorical_crossentropy")])
def test_classifiers_of_keras_2(outputs, loss):
    classifier = scikit_learn.KerasClassifier(
        build_fn=build,
        outputs=outputs,
        loss=loss,
        activation="sigmoid" if outputs == 1 else "softmax",
        optimizer=nn.optimizers.Adam(0.2),
        epochs=10,
        batch_size=4,
        verbose=0,
    )
    history = clone(classifier).fit(X, LABELS)
    assert len(history.history["loss"]) == 10
    classifier.fit(X, LABELS, epochs=15)
    assert classifier.score(X, LABELS) == 1.0
    assert classifier.predict(X).ravel()[[0, -1]].tolist() == ["no", "yes"]
    np.testing.assert_allclose(classifier.predict_proba(X).sum(axis=1), 1, rtol=1e-5)
    assert classifier.model.built
    assert classifier.sk_params["epochs"] == 10


def test_searches_set_the_parameters_of_the_function():
    classifier = scikit_learn.KerasClassifier(build_fn=build, epochs=1, verbose=0)
    search = GridSearchCV(classifier, {"optimizer": ["adam", "sgd"], "batch_size": [12]}, cv=2)
    assert set(search.fit(X, LABELS).best_params_) == {"optimizer", "batch_size"}


def test_regressors_of_keras_2_score_minus_the_loss():
    regressor = scikit_learn.KerasRegressor(build, activation=None, loss="mse", epochs=1, verbose=0)
    regressor.fit(X, X[:, 0])
    error = regressor.predict(X) - X[:, 0]
    assert regressor.score(X, X[:, 0]) == pytest.approx(-np.mean(error**2), rel=1e-5)
    assert cross_val_score(regressor, X, X[:, 0], cv=2).shape == (2,)


def test_scikeras_routes_parameters():
    def bare(meta, units=1, compile_kwargs=None):
        assert meta["n_features_in_"] == 2
        return nn.Sequential(
            [nn.Input((2,)), nn.layers.Dense(units), nn.layers.Dense(meta["n_classes_"], "softmax")]
        )

    classifier = scikeras.KerasClassifier(
        model=bare,
        model__units=3,
        optimizer="adam",
        optimizer__learning_rate=0.1,
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        fit__batch_size=6,
        epochs=12,
        verbose=0,
        random_state=1,
        callbacks=nn.callbacks.TerminateOnNaN,
    )
    assert classifier.fit(X, LABELS).score(X, LABELS) == 1.0
    assert classifier.model_.layers[0].units == 3
    assert float(classifier.model_.optimizer.learning_rate) == pytest.approx(0.1)
    assert len(classifier.partial_fit(X, LABELS).history_["loss"]) == classifier.current_epoch == 13
    search = GridSearchCV(classifier, {"model__units": [1], "optimizer__learning_rate": [0.1, 0.2]}, cv=2)
    assert search.fit(X, LABELS).best_params_["model__units"] == 1
    with pytest.raises(ArgumentError, match="no argument 'unit'"):
        scikeras.KerasClassifier(bare, model__unit=3, loss="mse").fit(X, LABELS)
    regressor = scikeras.wrappers.KerasRegressor(
        build(activation=None, loss="mse"), epochs=40, verbose=0, batch_size=2
    )
    assert regressor.fit(X, X[:, 0]).score(X, X[:, 0]) > 0.5
    with pytest.raises(AttributeError, match="no attribute 'epoch'"):
        _ = regressor.epoch
