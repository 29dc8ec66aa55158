"""Classic data sets: local first, downloaded when needed, never a pickle.

    from neurona.datasets import mnist
    (x_train, y_train), (x_test, y_test) = mnist.load_data()

Each module is one data set. It has `load_data(...)` as in Keras and, but for a text, `as_frame(...)` for
pandas, and names in English and Spanish: `class_names(language)` of classes, `feature_names(language)` and
`target_name(language)` of a table's columns. A module is imported when its name is first used.

Iris, the 8x8 digits and the text of Reina and Valera come with the library. Other files are looked for in the
folder that the environment variable `NEURONA_DATA` names, then in the user's cache, and else downloaded with
their published checksum.
"""

from typing import TYPE_CHECKING

from neurona.core.lazy import lazy_names

if TYPE_CHECKING:
    from neurona.datasets import (
        boston_housing,
        california_housing,
        cifar10,
        cifar100,
        digits,
        fashion_mnist,
        imdb,
        iris,
        mnist,
        reina_valera,
        reuters,
    )
    from neurona.datasets.local import is_local

__all__ = [
    "boston_housing",
    "california_housing",
    "cifar10",
    "cifar100",
    "digits",
    "fashion_mnist",
    "imdb",
    "iris",
    "is_local",
    "mnist",
    "reina_valera",
    "reuters",
]
__getattr__, __dir__ = lazy_names(__name__, {**dict.fromkeys(__all__), "is_local": "neurona.datasets.local"})
