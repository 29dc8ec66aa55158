"""Models as estimators: scikit-learn's own checks, and what pipelines and searches do with them."""

import numpy as np
import pytest

import neurona as nn

sklearn = pytest.importorskip("sklearn")
from sklearn.base import clone  # noqa: E402
from sklearn.model_selection import GridSearchCV  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils.estimator_checks import estimator_checks_generator  # noqa: E402


def build(X, y, loss, activation=None):
    outputs = y.shape[1] if y.ndim > 1 else 1
    last = nn.layers.Dense(
        outputs, activation=activation, kernel_initializer="zeros"
    )  # the same at every fit
    model = nn.Sequential([nn.Input(X.shape[1:]), last])
    model.compile("rmsprop", loss)
    return model


QUIET = {"epochs": 1, "verbose": 0, "shuffle": False}
ESTIMATORS = [
    nn.wrappers.SKLearnClassifier(
        build, model_kwargs={"loss": "categorical_crossentropy", "activation": "softmax"}, fit_kwargs=QUIET
    ),
    nn.wrappers.SKLearnRegressor(build, model_kwargs={"loss": "mse"}, fit_kwargs=QUIET),
    nn.wrappers.SKLearnTransformer(build, model_kwargs={"loss": "mse"}, fit_kwargs=QUIET),
]


def checks_of(estimators, legacy=True):
    """scikit-learn's checks, with names that are the same in each process."""
    return [
        pytest.param(estimator, check, id=f"{type(estimator).__name__}-{number}-{check.func.__name__}")
        for one in estimators
        for number, (estimator, check) in enumerate(estimator_checks_generator(one, legacy=legacy))
    ]


@pytest.mark.parametrize(("estimator", "check"), checks_of(ESTIMATORS[:1]))
def test_scikit_learns_checks(estimator, check):
    check(estimator)


# With legacy=True they pass too, and take a minute.
@pytest.mark.parametrize(("estimator", "check"), checks_of(ESTIMATORS[1:], legacy=False))
def test_scikit_learns_checks_of_its_interface(estimator, check):
    check(estimator)


X = np.linspace(-1, 1, 24).reshape(12, 2)


def test_a_model_is_copied_unless_it_is_warm():
    model = build(X, X[:, :1], "mse")
    cold = nn.wrappers.SKLearnRegressor(model, fit_kwargs=QUIET).fit(X, X[:, 0])
    assert cold.model_ is not model
    assert not model.get_weights()[0].any()
    warm = nn.wrappers.SKLearnRegressor(model, warm_start=True).fit(X, X[:, 0], epochs=2, verbose=0)
    assert warm.model_ is model
    assert len(warm.history_.history["loss"]) == 2
    before = model.get_weights()[0]
    assert (warm.fit(X, X[:, 0], verbose=0).model_.get_weights()[0] != before).all()
    assert not hasattr(clone(warm), "model_")


def test_searches_and_pipelines():
    classifier = clone(ESTIMATORS[0]).set_params(fit_kwargs={**QUIET, "epochs": 60, "batch_size": 4})
    labels = np.where(X[:, 0] > 0, "yes", "no")
    search = GridSearchCV(classifier, {"model_kwargs": [classifier.model_kwargs]}, cv=2)
    assert make_pipeline(StandardScaler(), search).fit(X, labels).score(X, labels) == 1.0


def test_a_model_that_is_not_compiled_is_refused():
    estimator = nn.wrappers.SKLearnRegressor(nn.Sequential([nn.Input((2,)), nn.layers.Dense(1)]))
    with pytest.raises(nn.errors.ArgumentError, match=r"Call model\.compile"):
        estimator.fit(X, X[:, 0])
