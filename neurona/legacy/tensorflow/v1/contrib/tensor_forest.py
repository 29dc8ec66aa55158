"""`tf.contrib.tensor_forest`: refused by name."""

from typing import Any


def _refuse(*_: Any, **__: Any) -> Any:
    """Refuse, with the way to go."""
    raise NotImplementedError(
        "tf.contrib.tensor_forest is not in Neurona, which has no forests. Use scikit-learn: "
        "RandomForestClassifier(n_estimators=trees, max_leaf_nodes=nodes).fit(x, y)."
    )


ForestHParams = RandomForestGraphs = _refuse
PATHS = {
    "python": {"tensor_forest": f"{__name__}:"},
    "python.tensor_forest": __name__,
    "client": {"random_forest": f"{__name__}:"},
    "client.random_forest": __name__,
}
TensorForestEstimator = _refuse  # of `client.random_forest`
