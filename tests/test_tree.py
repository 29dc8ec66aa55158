"""`neurona.tree` beside `keras.tree`."""

from collections import OrderedDict, defaultdict, deque, namedtuple

import keras
import pytest

from neurona import tree

Point = namedtuple("Point", "x y")
STRUCTURES = [
    1,
    None,
    "text",
    [],
    (),
    {},
    [1, [2, (3,)], {"b": 4, "a": None}],
    {100: "world", 6: "hello"},
    OrderedDict([("z", 1), ("a", [2, 3])]),
    Point(1, [2]),
    defaultdict(list, {"b": [1], "a": 2}),
    deque([1, (2, 3)]),
    [[[]], {}],
]


@pytest.mark.parametrize("structure", STRUCTURES, ids=str)
def test_parts_and_leaves_are_those_of_keras(structure):
    assert tree.is_nested(structure) == keras.tree.is_nested(structure)
    assert tree.flatten(structure) == keras.tree.flatten(structure)
    assert tree.flatten_with_path(structure) == keras.tree.flatten_with_path(structure)
    leaves = [str(number) for number in range(len(tree.flatten(structure)))]
    for call in (
        lambda t: t.map_structure(str, structure),
        lambda t: t.map_structure(str, structure, none_is_leaf=False),
        lambda t: t.map_structure(lambda a, b: (a, b), structure, structure),
        lambda t: t.pack_sequence_as(structure, leaves),
        lambda t: t.lists_to_tuples(structure),
        lambda t: t.assert_same_structure(structure, structure),
    ):
        ours, theirs = call(tree), call(keras.tree)
        assert ours == theirs
        assert type(ours) is type(theirs)


def walked(module, replace, structure, top_down):
    """What a walk returns, and the parts that it meets."""
    met = []
    return module.traverse(lambda part: met.append(part) or replace(part), structure, top_down), met


@pytest.mark.parametrize("top_down", [True, False])
def test_a_walk_meets_the_parts_in_keras_order(top_down):
    structure = [(1, 2), [3], {"b": 5, "a": Point(4, None)}]
    for replace in (
        lambda part: None,
        lambda part: part + 1 if isinstance(part, int) else None,
        lambda part: "list" if isinstance(part, list) and len(part) == 1 else None,
    ):
        ours, theirs = (walked(module, replace, structure, top_down) for module in (tree, keras.tree))
        assert ours == theirs
    assert tree.traverse(lambda part: tree.MAP_TO_NONE if part == 2 else None, structure)[0] == (1, None)


def test_shapes_are_leaves_of_a_structure_of_shapes():
    shapes = {"a": (None, 3), "b": [(1,), [2, None]], "c": ()}
    assert tree.map_shape_structure(list, shapes) == keras.tree.map_shape_structure(list, shapes)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("map_structure", (max, [1, 2], [1])),
        ("map_structure", (max, [1, [2]], [1, 2])),
        ("map_structure", (max, [1, 2], [1, [2]])),
        ("map_structure", (max, [1], (1,))),
        ("map_structure", (max,)),
        ("map_structure_up_to", ([None, [None]], str, [1, 2])),
        ("assert_same_structure", ({"a": 1}, {"b": 1})),
        ("assert_same_structure", (Point(1, 2), (1, 2))),
        ("assert_same_paths", ([1, {"a": 2}], [1, {"b": 2}])),
        ("pack_sequence_as", ([1, 2], [1])),
        ("pack_sequence_as", ([1, 2], [1, 2, 3])),
    ],
)
def test_structures_that_differ_are_refused_as_by_keras(name, arguments):
    for module in (tree, keras.tree):
        with pytest.raises(ValueError):  # noqa: PT011
            getattr(module, name)(*arguments)


def test_what_keras_takes_for_alike_is_taken():
    tree.assert_same_structure({"a": 1, "b": 2}, OrderedDict([("b", 1), ("a", 2)]))
    tree.assert_same_paths([1, (2,)], (1, [2]))
    assert tree.map_structure_up_to([None, (None,)], str, [[1], ({"a": 2},)]) == ["[1]", ("{'a': 2}",)]
