"""FeatureSpace: columns of a table, each prepared in its own way, as one array of numbers."""

import importlib
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np

from neurona.core.errors import ArgumentError, DataError, NotBuiltError
from neurona.core.policy import floatx
from neurona.core.registry import Serializable, serialize
from neurona.core.scope import Scope
from neurona.core.sources import each_batch
from neurona.core.symbolic import SymbolicTensor, symbolic_leaves
from neurona.layers.activation import Identity
from neurona.layers.arguments import choice
from neurona.layers.categories import CategoryEncoding, Discretization, HashedCrossing, Hashing
from neurona.layers.host import _HostLayer
from neurona.layers.input import Input
from neurona.layers.lookup import IntegerLookup, StringLookup
from neurona.layers.preprocessing import Normalization, Rescaling
from neurona.layers.text_vectorization import TextVectorization

__all__ = ["FeatureSpace"]

_MODULE = "keras.src.layers.preprocessing.feature_space"
_BATCH = 32  # of rows that come one by one


class Cross(Serializable):
    """A feature made of the combinations of others. See `FeatureSpace.cross`.

    Args:
        feature_names: the others' names.
        crossing_dim: how many numbers the combinations are hashed to.
        output_mode: "int" or "one_hot".
    """

    _kind = "layers"
    _keras_module = _MODULE

    def __init__(self, feature_names: Any, crossing_dim: int, output_mode: str = "one_hot") -> None:
        self.feature_names, self.crossing_dim = tuple(feature_names), crossing_dim
        self.output_mode = choice(output_mode, ("int", "one_hot"), "output_mode", "FeatureSpace.cross")

    @property
    def name(self) -> str:
        """The names of the features, joined."""
        return "_X_".join(self.feature_names)


class Feature(Serializable):
    """A column and how it is prepared. See `FeatureSpace.feature`.

    Args:
        dtype: of the column, such as "float32" or "string".
        preprocessor: the layer that prepares it.
        output_mode: "int", "one_hot" or "float".
    """

    _kind = "layers"
    _keras_module = _MODULE

    def __init__(self, dtype: str, preprocessor: Any, output_mode: str) -> None:
        self.dtype, self.preprocessor = dtype, preprocessor
        modes = ("int", "one_hot", "float")
        self.output_mode = choice(output_mode, modes, "output_mode", "FeatureSpace.feature")


def _cardinality(layer: Any) -> int | None:
    """How many integers a layer gives."""
    if isinstance(layer, (IntegerLookup, StringLookup)):
        return layer._columns()
    if isinstance(layer, CategoryEncoding):
        return layer.num_tokens
    if isinstance(layer, Discretization):
        return layer.num_bins or len(layer.bin_boundaries or ()) + 1
    return layer.num_bins if isinstance(layer, (Hashing, HashedCrossing)) else None


class FeatureSpace(_HostLayer):
    """Prepares the columns of a table: numbers are scaled or put into bins, categories are numbered, hashed
    or crossed, and all become one array.

    A feature is a name, or made by the method of that name for other options: "float", "float_rescaled",
    "float_normalized", "float_discretized", "integer_categorical", "string_categorical", "integer_hashed",
    "string_hashed". With texts, hashes or crosses it runs on the host before what of a model is compiled.

    Args:
        features: a dictionary of the columns' names and features.
        output_mode: "concat" for one array, "dict" for a dictionary of arrays.
        crosses: lists of names of features whose combinations are features too, or `FeatureSpace.cross(...)`.
        crossing_dim: the number of bins of crosses.
        hashing_dim: the number of bins of hashed features.
        num_discretization_bins: the number of bins of discretized features.
        name: unique in a model; made from the class's name if None.

    Call arguments:
        data: a dictionary of arrays (batch,) or (batch, 1), or of single values.

    Shapes: -> (batch, columns), or a dictionary of such arrays.

    Raises:
        ArgumentError: a feature or an option is unknown.
        NotBuiltError: it is called before `adapt`, and a feature needs it.
        DataError: it is called on something else than a dictionary.

    Example:

        >>> table = {"size": np.array([1.0, 3.0]), "colour": np.array(["red", "blue"])}
        >>> space = FeatureSpace({"size": "float_normalized", "colour": "string_categorical"})
        >>> space.adapt(table)
        >>> space(table).tolist()
        [[0.0, 1.0, 0.0, -1.0], [0.0, 0.0, 1.0, 1.0]]
    """

    _kinds: ClassVar[tuple[str, ...]] = (
        "float",
        "float_rescaled",
        "float_normalized",
        "float_discretized",
        "integer_categorical",
        "string_categorical",
        "integer_hashed",
        "string_hashed",
    )

    def __init__(
        self,
        features: Mapping[str, Any],
        output_mode: str = "concat",
        crosses: Any = None,
        crossing_dim: int = 32,
        hashing_dim: int = 32,
        num_discretization_bins: int = 32,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        if not features:
            raise ArgumentError(
                "FeatureSpace needs features: a dictionary of columns, such as {'age': 'float'}."
            )
        self.crossing_dim, self.hashing_dim = crossing_dim, hashing_dim
        self.num_discretization_bins = num_discretization_bins
        self.output_mode = choice(output_mode, ("concat", "dict"), "output_mode", "FeatureSpace")
        self.features = {name: self._feature(name, given) for name, given in features.items()}
        self.crosses = [self._cross(given) for given in crosses or ()]
        self.preprocessors = {name: feature.preprocessor for name, feature in self.features.items()}
        self.crossers = {
            cross.name: HashedCrossing(cross.crossing_dim, name=cross.name) for cross in self.crosses
        }
        self._adapted = not any(hasattr(one, "adapt") for one in self.preprocessors.values())
        self._inputs: dict[str, Any] | None = None
        self._encoded_features: Any = None
        for layer in self.preprocessors.values():
            if isinstance(layer, Normalization) and not layer.built:
                layer.build((None, 1))  # as a file's weights need it
        self.built = True

    def _feature(self, name: str, given: Any) -> Feature:
        if isinstance(given, Feature):
            return given
        kind = choice(given, self._kinds, f"the feature {name!r}", "FeatureSpace")
        options: dict[str, Any] = {}
        if kind == "float_discretized":
            options = {"num_bins": self.num_discretization_bins}
        elif kind.endswith("hashed"):
            options = {"num_bins": self.hashing_dim}
        return getattr(type(self), kind)(**options, name=name)

    def _cross(self, given: Any) -> Cross:
        cross = given if isinstance(given, Cross) else Cross(given, self.crossing_dim)
        unknown = set(cross.feature_names) - set(self.features)
        if unknown:
            raise ArgumentError(
                f"FeatureSpace: crosses name features. Received: {sorted(unknown)}. The features are "
                f"{sorted(self.features)}."
            )
        return cross

    # Kinds of features.

    @classmethod
    def cross(cls, feature_names: Any, crossing_dim: int, output_mode: str = "one_hot") -> Cross:
        """The combinations of features, in bins."""
        return Cross(feature_names, crossing_dim, output_mode)

    @classmethod
    def feature(cls, dtype: str, preprocessor: Any, output_mode: str) -> Feature:
        """A feature that a layer of your own prepares."""
        return Feature(dtype, preprocessor, output_mode)

    @classmethod
    def float(cls, name: str | None = None) -> Feature:
        """Numbers as they are."""
        return Feature("float32", Identity(name=_named(name, "float")), "float")

    @classmethod
    def float_rescaled(cls, scale: Any = 1.0, offset: Any = 0.0, name: str | None = None) -> Feature:
        """Numbers times a scale, plus an offset."""
        return Feature("float32", Rescaling(scale, offset, name=_named(name, "float_rescaled")), "float")

    @classmethod
    def float_normalized(cls, name: str | None = None) -> Feature:
        """Numbers with the mean 0 and the variance 1."""
        return Feature("float32", Normalization(-1, name=_named(name, "float_normalized")), "float")

    @classmethod
    def float_discretized(
        cls, num_bins: int, bin_boundaries: Any = None, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Numbers in bins."""
        bins = None if bin_boundaries is not None else num_bins
        layer = Discretization(bin_boundaries, bins, name=_named(name, "float_discretized"))
        return Feature("float32", layer, output_mode)

    @classmethod
    def integer_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Integers, numbered by a vocabulary."""
        layer = IntegerLookup(max_tokens, num_oov_indices, name=_named(name, "integer_categorical"))
        return Feature("int32", layer, output_mode)

    @classmethod
    def string_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Texts, numbered by a vocabulary."""
        layer = StringLookup(max_tokens, num_oov_indices, name=_named(name, "string_categorical"))
        return Feature("string", layer, output_mode)

    @classmethod
    def string_hashed(cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None) -> Feature:
        """Texts in bins, by a hash function."""
        return Feature("string", Hashing(num_bins, name=_named(name, "string_hashed")), output_mode)

    @classmethod
    def integer_hashed(cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None) -> Feature:
        """Integers in bins, by a hash function."""
        return Feature("int32", Hashing(num_bins, name=_named(name, "integer_hashed")), output_mode)

    # Learning and calling.

    def adapt(self, dataset: Any) -> None:
        """Learn means, bins and vocabularies from a dictionary of columns, or from an iterable of
        dictionaries: batches, or single rows.
        """
        batches = _rows_of(dataset) if isinstance(dataset, Mapping) else list(each_batch(dataset))
        batches = [batch[0] if isinstance(batch, tuple) else batch for batch in batches]
        if not batches or not isinstance(batches[0], Mapping):
            raise DataError(
                f"Layer {self.name!r} (FeatureSpace) adapts to a dictionary of columns, or to a dataset of "
                f"dictionaries. Received: {dataset!r:.100}"
            )
        for name, layer in self.preprocessors.items():
            if hasattr(layer, "adapt") and not _is_given(layer):
                layer.adapt(_columns([np.asarray(batch[name]) for batch in batches]))
        self._adapted = True

    def get_inputs(self) -> dict[str, Any]:
        """An input of a model for each feature."""
        if self._inputs is None:
            self._inputs = {
                name: Input((1,), dtype=feature.dtype, name=name) for name, feature in self.features.items()
            }
        return self._inputs

    def get_encoded_features(self) -> Any:
        """What the features become, as the input of a model that is trained on prepared data."""
        if self._encoded_features is None:
            self._encoded_features = self(self.get_inputs())
        return self._encoded_features

    def __call__(self, data: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(data, Mapping):
            raise DataError(
                f"Layer {self.name!r} (FeatureSpace) takes a dictionary of columns. Received: {data!r:.100}"
            )
        if not self._adapted and not symbolic_leaves(data):  # of a file's model: what it learned comes later
            raise NotBuiltError(f"Layer {self.name!r} (FeatureSpace) learns from data first: adapt(dataset).")
        return super().__call__(data, *args, **kwargs)

    @property
    def _on_host(self) -> bool:
        """Whether it takes texts or hashes: else it is compiled."""
        parts = (*self.preprocessors.values(), *self.crossers.values())
        return any(part._on_host for part in parts)

    def _call_in_scope(self, scope: Scope, args: tuple, kwargs: dict[str, Any]) -> Any:
        return super()._call_in_scope(scope, args, kwargs) if self._on_host else self.call(*args, **kwargs)

    def _output_spec(self, inputs: Any) -> Any:
        features = {name: self._spec(name, one) for name, one in sorted(self.features.items())}
        crosses = {cross.name: self._spec(cross.name, cross) for cross in self.crosses}
        specs = features | dict(sorted(crosses.items()))
        if self.output_mode == "dict":
            return specs
        self._refuse_integers(specs)
        widths = [one.shape[-1] for one in specs.values()]
        known = [width for width in widths if width is not None]
        return SymbolicTensor((None, sum(known) if len(known) == len(widths) else None), floatx())

    def _spec(self, name: str, feature: Any) -> SymbolicTensor:
        """The shape and dtype of what a feature becomes."""
        if feature.output_mode == "one_hot":
            return SymbolicTensor((None, self._count(name)), floatx())
        if name in self.crossers:
            return SymbolicTensor((None, 1), "int32")
        spec = self.preprocessors[name].compute_output_spec(SymbolicTensor((None, 1), feature.dtype))
        return SymbolicTensor(spec.shape, spec.dtype)

    def call(self, data: Any) -> Any:
        missing = [name for name in self.features if name not in data]
        if missing:
            raise DataError(
                f"Layer {self.name!r} (FeatureSpace): the columns {missing} are missing. Received: "
                f"{sorted(data)}"
            )
        columns, single = _as_columns({name: data[name] for name in self.features})
        prepared = {name: layer(columns[name]) for name, layer in self.preprocessors.items()}
        crossed = {
            cross.name: self.crossers[cross.name](
                [np.asarray(prepared[name]) for name in cross.feature_names]
            )
            for cross in self.crosses
        }
        outputs = {
            name: self._encoded(name, prepared[name], self.features[name]) for name in sorted(prepared)
        }
        specs = {cross.name: cross for cross in self.crosses}
        outputs |= {name: self._encoded(name, crossed[name], specs[name]) for name in sorted(crossed)}
        if single:
            outputs = {name: one[0] for name, one in outputs.items()}
        return outputs if self.output_mode == "dict" else self._together(outputs)

    def _encoded(self, name: str, values: Any, spec: Any) -> Any:
        if spec.output_mode != "one_hot":
            return values
        return CategoryEncoding(self._count(name))(values)

    def _count(self, name: str) -> int:
        """How many integers the layer of a feature or a cross gives."""
        count = _cardinality(self.preprocessors.get(name) or self.crossers.get(name))
        if count is None:
            raise ArgumentError(
                f"Layer {self.name!r} (FeatureSpace): feature {name!r} has output_mode='one_hot', and its "
                "layer gives no known number of integers. Take output_mode='int' or 'float'."
            )
        return count

    def _together(self, outputs: Mapping[str, Any]) -> Any:
        self._refuse_integers(outputs)
        return jnp.concatenate(list(outputs.values()), -1)

    def _refuse_integers(self, outputs: Mapping[str, Any]) -> None:
        integers = [name for name, one in outputs.items() if not jnp.issubdtype(one.dtype, jnp.floating)]
        if integers:
            raise ArgumentError(
                f"Layer {self.name!r} (FeatureSpace): the features {integers} are integers, which can't "
                "stand beside numbers. Take output_mode='one_hot' for them, or output_mode='dict' for all."
            )

    def save(self, filepath: Any, overwrite: bool = True) -> None:
        """Write it, with what it learned, into a `.keras` file, which `neurona.saving.load_model` reads."""
        # By its name, because files are written on a higher floor.
        importlib.import_module("neurona.saving").save_model(self, filepath, overwrite=overwrite)

    def load_own_variables(self, store: Any) -> None:
        """Read what was saved: the parts have what was learned."""
        super().load_own_variables(store)
        self._adapted = True

    def get_config(self) -> dict[str, Any]:
        names = ("output_mode", "crossing_dim", "hashing_dim", "num_discretization_bins")
        kept = {name: getattr(self, name) for name in names}
        return {**kept, "features": serialize(self.features), "crosses": serialize(self.crosses)}


def _named(name: str | None, kind: str) -> str:
    return f"{name or kind}_preprocessor"


def _rows_of(table: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of a dictionary of columns."""
    columns = {name: np.asarray(column) for name, column in table.items()}
    count = len(next(iter(columns.values())))
    return [{name: column[row] for name, column in columns.items()} for row in range(count)]


def _as_columns(data: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """Columns (batch, 1), and whether they were single values."""
    arrays = {name: one if hasattr(one, "shape") else np.asarray(one) for name, one in data.items()}
    single = all(len(one.shape) == 0 for one in arrays.values())
    flat = {name: one.reshape(-1, 1) if len(one.shape) < 2 else one for name, one in arrays.items()}
    return flat, single


def _is_given(layer: Any) -> bool:
    """Whether a layer knows already what `adapt` would learn."""
    if isinstance(layer, Normalization):
        return layer.input_mean is not None
    if isinstance(layer, TextVectorization):
        return bool(layer.get_vocabulary(include_special_tokens=False))
    return isinstance(layer, Discretization) and layer.num_bins is None


def _columns(batches: list[np.ndarray]) -> Iterable[np.ndarray]:
    """Batches of a column, (rows, 1); single values are put together."""
    if batches[0].ndim == 0:
        values = np.array([one.item() for one in batches])
        batches = [values[start : start + _BATCH] for start in range(0, len(values), _BATCH)]
    return (batch.reshape(-1, 1) if batch.ndim == 1 else batch for batch in batches)  # no list: one is data
