"""What is to be predicted: told from the cells, or refused by name."""

import numpy as np
import pandas
import pytest

from neurona.errors import ArgumentError, DataError
from neurona.tabular import RawTable, infer_columns, infer_target


def target_of(cells, task=None):
    table = RawTable(pandas.DataFrame({"y": cells}))
    return infer_target(infer_columns(table)[0], table.frame["y"], task)


@pytest.mark.parametrize(
    ("cells", "task", "classes"),
    [
        (["Sí", "no", "Sí", "no", "sí", None], "classification", ["no", "Sí"]),
        ([True, False, True], "classification", [False, True]),
        ([1, 0, 1, 1], "classification", [0, 1]),
        (["red", "blue", "red"], "classification", ["blue", "red"]),
        ([3, 4, 5] * 20, "classification", [3, 4, 5]),
        ([3, 4, 5] * 19, "regression", []),
        ([1.5, 2.5] * 50, "regression", []),
        (range(100), "regression", []),
        ([f"{n},5" for n in range(40)], "regression", []),
    ],
)
def test_the_cells_tell_the_task(cells, task, classes):
    target = target_of(list(cells))
    assert (target.task, target.classes) == (task, classes)


def test_classes_have_numbers_and_missing_cells_have_none():
    target = target_of(["b", "a", None, "b"])
    assert target.values(["a", "b", None, "new"]).tolist() == [0, 1, -1, -1]
    assert np.isnan(target_of([1.5, None, 2.5]).values([None, 3.5])).tolist() == [True, False]
    spelled = target_of(["SI", "No", "si", "si"])
    assert spelled.values(["Sí", "NO", ""]).tolist() == [1, 0, -1]


def test_a_task_that_is_asked_for_is_taken():
    assert target_of([1.0, 2.0, 3.0], "classification").classes == [1, 2, 3]
    assert target_of([1, 2, 3] * 40, "regression").task == "regression"


@pytest.mark.parametrize(
    ("cells", "task", "said"),
    [
        (["a", "a"], None, "'a'"),
        ([None, ""], None, "empty"),
        (["2024-01-01", "2024-01-02"], None, "is a date"),
        (["a", "b"], "regression", "holds no numbers"),
        ([f"AB{n}-{n * 7 % 13}" for n in range(40)], None, "another one in nearly every row"),
    ],
)
def test_what_can_not_be_learned_is_refused(cells, task, said):
    with pytest.raises(DataError, match=said):
        target_of(cells, task)
    with pytest.raises(ArgumentError, match="task"):
        target_of([1, 2], "clustering")
