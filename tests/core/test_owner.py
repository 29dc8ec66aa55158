"""Owners: what belongs to an object, in which order, and where a walk ends."""

import numpy as np
import pytest

from neurona.core.errors import NotBuiltError, ShapeError
from neurona.core.owner import Owner, WeightOwner, members
from neurona.core.variable import Variable


class Thing(Owner):
    _untracked = ("hidden",)


class Weighted(WeightOwner):
    built = True

    def __init__(self, name):
        self.name, self._trainable = name, True
        self.kernel = Variable(np.ones((2, 3)), name=f"{name}/kernel")
        self.mean = Variable(np.zeros(2), name=f"{name}/mean", trainable=False)


def thing(**attributes):
    made = Thing()
    vars(made).update(attributes)
    return made


def variable(name, **options):
    return Variable(np.ones(2), name=name, **options)


def names(variables):
    return [one.name for one in variables]


def test_members_of_lists_tuples_and_dictionaries_only():
    assert members([1, 2]) == members((1, 2)) == members({"a": 1, "b": 2}) == [1, 2]
    assert members("ab") is None
    assert members(np.ones(2)) is None


def test_parts_lie_in_nested_containers_and_count_once():
    part, own = thing(state=variable("state")), variable("own")
    whole = thing(a=[part, {"deep": (part, own)}], b=own, hidden=thing(c=variable("unseen")))
    variables, parts = whole._tracked_parts()
    assert names(variables) == ["own"]
    assert parts == [part]
    assert names(whole.variables) == ["own", "state"]


def test_parameters_come_before_statistics_and_own_variables_before_those_of_parts():
    whole = thing(
        part=thing(w=variable("part")), mean=variable("mean", trainable=False), kernel=variable("kernel")
    )
    assert names(whole.variables) == ["kernel", "mean", "part"]
    whole.kernel.trainable = False  # freezing keeps the order
    assert names(whole.variables) == ["kernel", "mean", "part"]


def test_a_walk_is_depth_first_in_the_order_of_assignment():
    leaves = [thing() for _ in range(3)]
    first = thing(a=leaves[0], b=leaves[1])
    whole = thing(first=first, second=leaves[2])
    assert [owner for owner, _ in whole._walk()] == [whole, first, *leaves]


def test_containers_and_owners_that_hold_themselves_end():
    box = [variable("x")]
    box.append(box)
    whole = thing(box=box)
    whole.itself = whole
    assert names(whole.variables) == ["x"]


def test_trainable_reaches_parts_and_never_a_statistic():
    part, whole = Weighted("part"), Weighted("whole")
    whole.parts = [part]
    whole.trainable = False
    assert not part.trainable
    assert whole.trainable_variables == []
    whole.trainable = True
    assert names(whole.trainable_variables) == ["whole/kernel", "part/kernel"]
    assert names(whole.non_trainable_variables) == ["whole/mean", "part/mean"]


def test_weights_are_set_all_or_not_at_all():
    owner = Weighted("a")
    with pytest.raises(ShapeError, match=r"'a/mean' has shape \(2,\). Received an array of shape \(3,\)"):
        owner.set_weights([np.zeros((2, 3)), np.zeros(3)])
    assert owner.kernel.numpy().sum() == 6
    with pytest.raises(ShapeError, match=r"has 2 weights. Received 1 arrays"):
        owner.set_weights([np.zeros((2, 3))])
    owner.set_weights([np.zeros((2, 3)), np.full(2, 5)])
    assert [array.sum() for array in owner.get_weights()] == [0, 10]


def test_variables_that_do_not_persist_are_no_weights():
    owner = Weighted("a")
    owner.mean.persistent = False
    assert names(owner.weights) == ["a/kernel"]
    assert owner.count_params() == 6
    owner.built = False
    with pytest.raises(NotBuiltError, match="'a' has no weights yet"):
        owner.count_params()
