"""Places for the boxes and lines of a drawn graph: layers of nodes, few crossings, straight long edges.

The steps of Sugiyama, Tagawa and Toda (1981), "Methods for visual understanding of hierarchical system
structures".
"""

import itertools
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

_SWEEPS = 12
_LANE = 7.0  # between parallel lines in the gap between two ranks
Edge = tuple[int, int]
Point = tuple[float, float]


@dataclass
class Layout:
    """A drawn graph; y grows along the edges.

    Attributes:
        corners: the upper left corner of every node.
        bends: for every edge, the points between its ends. Lines turn in the gaps between ranks, each at
            another height.
        width, height: of the whole.
    """

    corners: list[Point]
    bends: dict[Edge, list[Point]]
    width: float
    height: float


def layered_layout(
    sizes: list[tuple[float, float]], edges: list[Edge], across: float, along: float
) -> Layout:
    """Place nodes in ranks, every edge leading to a later rank (edges to earlier nodes are drawn backwards).

    Args:
        sizes: (width, height) of every node; nodes are numbered in an order in which most edges lead forward.
        edges: (from, to).
        across: the gap between neighbours in a rank.
        along: the least gap between ranks.

    Example:

        >>> layout = layered_layout([(10, 5), (10, 5)], [(0, 1)], across=4, along=6)
        >>> layout.corners, layout.height
        ([(0.0, 0.0), (0.0, 11.0)], 16.0)
    """
    count = len(sizes)
    forward = {edge: (min(edge), max(edge)) for edge in edges if edge[0] != edge[1]}
    ranks = [0] * count
    for first, second in sorted(set(forward.values())):
        ranks[second] = max(ranks[second], ranks[first] + 1)
    # Long edges go through a dummy node in every rank between.
    widths, chains, links = [width for width, _ in sizes], {}, []
    for pair in dict.fromkeys(forward.values()):
        chain = [pair[0]]
        for rank in range(ranks[pair[0]] + 1, ranks[pair[1]]):
            chain.append(len(widths))
            widths.append(0.0)
            ranks.append(rank)
        chain.append(pair[1])
        chains[pair] = chain
        links += list(itertools.pairwise(chain))
    order = _order(ranks, links)
    centers = _centers(order, links, widths, count, across)
    centers -= min(center - width / 2 for center, width in zip(centers, widths))
    turns, tops, heights = _heights(order, links, sizes, centers, along)
    corners = [
        (
            float(centers[node] - sizes[node][0] / 2),
            float(tops[ranks[node]] + (heights[ranks[node]] - sizes[node][1]) / 2),
        )
        for node in range(count)
    ]
    bends = {}
    for edge, pair in forward.items():
        points: list[Point] = []
        for first, second in zip(chains[pair], chains[pair][1:]):
            turn = turns[first, second]
            points += [(float(centers[first]), turn), (float(centers[second]), turn)]
        bends[edge] = points if edge == pair else points[::-1]
    right = max((center + width / 2 for center, width in zip(centers, widths)), default=0.0)
    return Layout(corners, bends, float(right), float(tops[-1] + heights[-1]))


def _order(ranks: list[int], links: list[Edge]) -> list[list[int]]:
    """The nodes of every rank from left to right, by repeated barycentres."""
    order: list[list[int]] = [[] for _ in range(max(ranks) + 1)]
    for node, rank in enumerate(ranks):
        order[rank].append(node)
    parents, children = _neighbours(links)
    best, fewest = [list(row) for row in order], _crossings(order, links)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        for row in order[1:] if down else order[-2::-1]:
            place = {node: index for line in order for index, node in enumerate(line)}
            near = parents if down else children
            row.sort(
                key=lambda node: (
                    np.mean([place[other] for other in near[node]]) if near[node] else place[node]
                )
            )
        crossings = _crossings(order, links)
        if crossings < fewest:
            best, fewest = [list(row) for row in order], crossings
    return best


def _neighbours(links: list[Edge]) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    parents: dict[int, list[int]] = defaultdict(list)
    children: dict[int, list[int]] = defaultdict(list)
    for first, second in links:
        parents[second].append(first)
        children[first].append(second)
    return parents, children


def _crossings(order: list[list[int]], links: list[Edge]) -> int:
    place = {node: index for row in order for index, node in enumerate(row)}
    rank = {node: number for number, row in enumerate(order) for node in row}
    by_rank: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for first, second in links:
        by_rank[rank[first]].append((place[first], place[second]))
    return sum(
        (one[0] - two[0]) * (one[1] - two[1]) < 0
        for pairs in by_rank.values()
        for i, one in enumerate(pairs)
        for two in pairs[i + 1 :]
    )


def _centers(
    order: list[list[int]], links: list[Edge], widths: list[float], count: int, across: float
) -> np.ndarray:
    """The horizontal centre of every node: near its neighbours, never over another node, long edges
    straight.
    """
    near = _weighted_neighbours(links, count)
    parents, children = _neighbours(links)
    weights = [float(sum(weight for _, weight in near[node])) or 1.0 for node in range(len(widths))]
    centers = np.zeros(len(widths))
    for row in order:
        centers[row] = _apart(row, [0.0] * len(row), widths, weights, across)
    for sweep in range(_SWEEPS):  # a first shape: means of one side
        side = parents if sweep % 2 == 0 else children
        for row in order if sweep % 2 == 0 else order[::-1]:
            wanted = [
                float(np.mean(centers[side[node]])) if side[node] else float(centers[node]) for node in row
            ]
            centers[row] = _apart(row, wanted, widths, weights, across)
    for sweep in range(3 * _SWEEPS):  # then medians of all neighbours, which make lines straight
        for row in order if sweep % 2 == 0 else order[::-1]:
            centers[row] = _apart(
                row, [_median(node, near[node], centers) for node in row], widths, weights, across
            )
    return centers


def _weighted_neighbours(links: list[Edge], count: int) -> dict[int, list[Edge]]:
    """(neighbour, weight) of every node. Nodes from `count` on are bends of long edges, which weigh more."""
    near: dict[int, list[Edge]] = defaultdict(list)
    for first, second in links:
        bends = (first >= count) + (second >= count)
        weight = (1, 4, 8)[bends]
        near[first].append((second, weight))
        near[second].append((first, weight))
    return near


def _median(node: int, near: list[Edge], centers: np.ndarray) -> float:
    """The weighted median of the neighbours' places; where it is a range, its point nearest to the node."""
    if not near:
        return float(centers[node])
    places = sorted((float(centers[other]), weight) for other, weight in near)
    half, total = sum(weight for _, weight in places) / 2, 0.0
    for index, (place, weight) in enumerate(places):
        total += weight
        if total == half:
            return float(np.clip(centers[node], place, places[index + 1][0]))
        if total > half:
            return place
    return places[-1][0]


def _apart(
    row: list[int], wanted: list[float], widths: list[float], weights: list[float], across: float
) -> np.ndarray:
    """The places nearest to those wanted (least squares) that keep the order and the gaps: isotonic
    regression.
    """
    gaps = [0.0] + [(widths[a] + widths[b]) / 2 + across for a, b in itertools.pairwise(row)]
    offsets = np.cumsum(gaps)
    blocks: list[list[float]] = []  # [weighted mean, weight, members]
    for node, target, offset in zip(row, wanted, offsets):
        blocks.append([target - offset, weights[node], 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, weight, members = blocks.pop()
            before = blocks[-1]
            total = before[1] + weight
            blocks[-1] = [(before[0] * before[1] + mean * weight) / total, total, before[2] + members]
    return np.repeat([block[0] for block in blocks], [int(block[2]) for block in blocks]) + offsets


def _heights(
    order: list[list[int]],
    links: list[Edge],
    sizes: list[tuple[float, float]],
    centers: np.ndarray,
    along: float,
) -> tuple[dict[Edge, float], list[float], list[float]]:
    """Where every link turns, the top of every rank, and the ranks' heights; gaps widen with the lines that
    turn in them.
    """
    rank = {node: number for number, row in enumerate(order) for node in row}
    heights = [max((sizes[node][1] for node in row if node < len(sizes)), default=0.0) for row in order]
    lanes: dict[int, dict[int, None]] = defaultdict(dict)
    for first, second in sorted(links, key=lambda link: -abs(centers[link[0]] - centers[link[1]])):
        if abs(centers[first] - centers[second]) > 0.5:
            lanes[rank[first]][first] = None  # lines from one node share a lane
    turns, tops, top = {}, [], 0.0
    for number, height in enumerate(heights):
        tops.append(top)
        used = list(lanes[number])
        gap = along + max(0, len(used) - 1) * _LANE
        for first, second in links:
            if rank[first] == number:
                lane = used.index(first) if first in used else 0
                turns[first, second] = top + height + gap / 2 + (lane - (max(len(used), 1) - 1) / 2) * _LANE
        top += height + gap
    return turns, tops, heights
