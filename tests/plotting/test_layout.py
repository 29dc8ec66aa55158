"""The layout of drawn graphs: properties that hold for any graph."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurona.plotting.layout import layered_layout


@st.composite
def graphs(draw):
    count = draw(st.integers(1, 12))
    sizes = [(draw(st.integers(10, 80)), draw(st.integers(10, 40))) for _ in range(count)]
    pairs = list(itertools.combinations(range(count), 2))
    edges = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=20)) if pairs else []
    return sizes, edges


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_boxes_stand_apart_arrows_lead_on_and_all_fits(graph):
    sizes, edges = graph
    layout = layered_layout(sizes, edges, across=10, along=12)
    boxes = [(x, y, x + width, y + height) for (x, y), (width, height) in zip(layout.corners, sizes)]
    for (left, top, right, bottom), (left2, top2, right2, bottom2) in itertools.combinations(boxes, 2):
        assert (
            right <= left2 + 1e-6 or right2 <= left + 1e-6 or bottom <= top2 + 1e-6 or bottom2 <= top + 1e-6
        )
    for first, second in edges:
        assert boxes[first][3] < boxes[second][1]
        heights = [y for _, y in layout.bends[first, second]]
        assert heights == sorted(heights)
        assert boxes[first][3] <= heights[0]
        assert heights[-1] <= boxes[second][1]
    for left, top, right, bottom in boxes:
        assert min(left, top) >= -1e-6
        assert right <= layout.width + 1e-6
        assert bottom <= layout.height + 1e-6


def test_a_chain_is_straight():
    layout = layered_layout([(40, 10), (60, 10), (20, 10)], [(0, 1), (1, 2)], across=10, along=12)
    middles = [x + width / 2 for (x, _), width in zip(layout.corners, (40, 60, 20))]
    np.testing.assert_allclose(middles, 30)


def test_a_long_edge_goes_around_the_boxes_between():
    sizes = [(50, 10)] * 4
    layout = layered_layout(sizes, [(0, 1), (1, 2), (2, 3), (0, 3)], across=10, along=12)
    for number in (1, 2):
        left, top = layout.corners[number]
        beside = [x for x, y in layout.bends[0, 3] if top - 12 <= y <= top + 22]
        assert beside
        assert all(x <= left or x >= left + 50 for x in beside[1:-1])


def test_an_edge_to_an_earlier_box_is_drawn_backwards():
    layout = layered_layout([(10, 10), (10, 10)], [(0, 1), (1, 0)], across=5, along=10)
    assert layout.bends[1, 0] == layout.bends[0, 1][::-1]


@pytest.mark.parametrize("count", [1, 4])
def test_boxes_without_edges_stand_side_by_side(count):
    layout = layered_layout([(10, 10)] * count, [], across=5, along=10)
    assert layout.width == pytest.approx(count * 15 - 5)
