"""From the bytes of a SequenceExample to tensors."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurona.core.errors import DataError
from neurona.graph import Spec
from neurona.legacy.tensorflow.errors import InvalidArgumentError
from neurona.legacy.tensorflow.hosts import host, tensor
from neurona.legacy.tensorflow.io.examples import Example, Features, SequenceExample
from neurona.legacy.tensorflow.io.parsing import (
    FixedLenSequenceFeature,
    RaggedFeature,
    VarLenFeature,
    read_values,
    spec_of_feature,
)
from neurona.legacy.tensorflow.io.parsing import read_feature as of_example
from neurona.legacy.tensorflow.on_host import Given, held, on_host
from neurona.legacy.tensorflow.ragged_tensor import RaggedTensor
from neurona.legacy.tensorflow.sparse import SparseParts, SparseTensor


def _both_told(given: Given) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is known of the features before any is read."""
    context = {key: spec_of_feature(one, ()) for key, one in (given["context_features"] or {}).items()}
    lists = {key: _list_told(one) for key, one in (given["sequence_features"] or {}).items()}
    return context, lists


def _list_told(one: Any) -> Any:
    if isinstance(one, VarLenFeature):
        return SparseParts(Spec((None, 2), "int64"), Spec((None,), held(one.dtype)), Spec((2,), "int64"))
    sizes = (
        (None,) if isinstance(one, RaggedFeature) else tuple(int(size) for size in np.atleast_1d(one.shape))
    )
    return Spec((None, *sizes), held(one.dtype))


@on_host(_both_told)
def parse_single_sequence_example(
    serialized: Any,
    context_features: Mapping[str, Any] | None = None,
    sequence_features: Mapping[str, Any] | None = None,
    example_name: Any = None,
    name: Any = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The features of the whole and those of the steps of one serialized SequenceExample, as tensors."""
    try:
        example = SequenceExample.FromString(host(serialized).item())
    except DataError as error:
        raise InvalidArgumentError(f"Could not parse example input. {error}") from error
    whole = Example(example.context)
    lists = example.feature_lists.feature_list
    context = {key: of_example(key, one, whole) for key, one in (context_features or {}).items()}
    found = {}
    for key, one in (sequence_features or {}).items():
        if key not in lists and not getattr(one, "allow_missing", True):
            raise InvalidArgumentError(f"Feature list '{key}' is required but could not be found.")
        steps = lists[key].feature if key in lists else []
        examples = [Example(Features({key: step})) for step in steps]
        found[key] = _steps(key, one, examples)
    return context, found


def _steps(key: str, one: Any, steps: list[Example]) -> Any:
    """The values of a feature at the steps of a sequence."""
    rows = [read_values(key, one.dtype, step) for step in steps]
    flat = np.concatenate(rows) if rows else read_values(key, one.dtype, Example())
    if isinstance(one, VarLenFeature):
        places = [(number, place) for number, values in enumerate(rows) for place in range(len(values))]
        shape = [len(rows), max(map(len, rows), default=0)]
        return SparseTensor(np.array(places, np.int64).reshape(-1, 2), tensor(flat), shape)
    if isinstance(one, RaggedFeature):
        return RaggedTensor.from_row_lengths(flat, [len(values) for values in rows])
    assert isinstance(one, FixedLenSequenceFeature)
    sizes = [int(size) for size in np.atleast_1d(one.shape)] if np.size(one.shape) else []
    try:
        return tensor(flat.reshape([len(rows), *sizes]))
    except ValueError:
        raise InvalidArgumentError(
            f"Key: {key}. Can't parse serialized SequenceExample: its {len(rows)} steps have {len(flat)} "
            f"values, which have no shape {sizes} each."
        ) from None
