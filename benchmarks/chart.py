"""Charts as SVG, written by hand: the harness needs nothing but Python."""

import math
from collections.abc import Sequence
from html import escape

from benchmarks.tables import OURS, Comparison
from benchmarks.workloads import NAMES

FASTER, SLOWER, TARGET, GRID, INK = "#1f77b4", "#c44e52", "#e08a00", "#dddddd", "#222222"
COLOURS = {OURS: FASTER, "keras-jax": "#2ca02c", "keras-tensorflow": "#ff7f0e", "torch": "#d62728"}


def bars(comparisons: list[Comparison]) -> str:
    """Speed relative to the peer, a bar from 1 for each, on a logarithmic axis; a thin line for the spread
    and a tick at the target.
    """
    names, plot, line = 370, 420, 30  # widths of the names and the plot, height of a line
    values = [value for each in comparisons for value in (each.low, each.high, each.target or 1)]
    low, high = math.floor(math.log2(min([0.8, *values]))), math.ceil(math.log2(max([2.5, *values])))

    def across(ratio: float) -> float:
        return names + plot * (math.log2(ratio) - low) / (high - low)

    bottom = 70 + line * len(comparisons)
    parts = [
        _text(
            10,
            26,
            "Speed of Neurona relative to its peers (1 = equal, right of it = faster)",
            size=16,
            weight="bold",
        )
    ]
    for power in range(low, high + 1):
        x = across(2.0**power)
        parts += [
            _line(x, 50, x, bottom, INK if power == 0 else GRID),
            _text(x, bottom + 16, f"{2.0**power:g}x", anchor="middle"),
        ]
    for row, each in enumerate(comparisons):
        y = 58 + line * row
        start, end = sorted((across(1), across(each.ratio)))
        parts.append(
            _text(names - 10, y + 14, f"{each.title} vs {NAMES[each.peer]}", anchor="end", limit=names - 20)
        )
        colour = FASTER if each.ratio >= 1 else SLOWER
        parts.append(f'<rect x="{start:.1f}" y="{y}" width="{end - start:.1f}" height="18" fill="{colour}"/>')
        parts.append(_line(across(each.low), y + 9, across(each.high), y + 9, INK))
        if each.target:
            parts.append(_line(across(each.target), y - 4, across(each.target), y + 22, TARGET, 3))
        parts.append(_text(names + plot + 14, y + 14, f"{each.ratio:.2f}", weight="bold"))
        if each.target:
            parts.append(_text(names + plot + 64, y + 14, f"target {each.target:g}", colour=TARGET))
    return _document(names + plot + 150, bottom + 30, parts)


def curves(panels: list[tuple[str, Sequence[int], dict[str, list[float]]]]) -> str:
    """Microseconds per row over size, one panel for each series, both axes logarithmic."""
    width, height, left, top = 300, 190, 60, 70
    parts = [_text(10, 26, "Microseconds per row", size=16, weight="bold")]
    for number, name in enumerate(COLOURS):
        parts += [
            _line(220 + 170 * number, 21, 245 + 170 * number, 21, COLOURS[name], 3),
            _text(250 + 170 * number, 26, NAMES[name]),
        ]
    for number, (title, sizes, figures) in enumerate(panels):
        x0, y0 = left + (number % 3) * (width + 80), top + number // 3 * (height + 80)
        values = [1e6 * value for seconds in figures.values() for value in seconds]
        low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        high = max(high, low + 1)

        def across(size: float, sizes: Sequence[int] = sizes, x0: float = x0) -> float:
            return x0 + width * math.log(size / sizes[0]) / math.log(sizes[-1] / sizes[0])

        def up(value: float, low: int = low, high: int = high, y0: float = y0) -> float:
            return y0 + height * (1 - (math.log10(value) - low) / (high - low))

        parts.append(_text(x0, y0 - 12, title, weight="bold"))
        for power in range(low, high + 1):
            y = up(10.0**power)
            parts += [
                _line(x0, y, x0 + width, y, GRID),
                _text(x0 - 6, y + 4, f"{10.0**power:g}", anchor="end"),
            ]
        for size in sizes:
            parts.append(
                _text(
                    across(size),
                    y0 + height + 18,
                    f"{size:,}" if size < 10_000 else f"{size:.0e}".replace("e+0", "e"),
                    anchor="middle",
                )
            )
        for name, seconds in figures.items():
            points = " ".join(
                f"{across(size):.1f},{up(1e6 * value):.1f}" for size, value in zip(sizes, seconds)
            )
            stroke = f'stroke="{COLOURS.get(name, INK)}" stroke-width="{3 if name == OURS else 1.5}"'
            parts.append(f'<polyline points="{points}" fill="none" {stroke}/>')
    return _document(left + 3 * (width + 80), top + -(-len(panels) // 3) * (height + 80), parts)


def _document(width: float, height: float, parts: list[str]) -> str:
    size = f'width="{width:g}" height="{height:g}"'
    start = f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width:g} {height:g}"'
    background = f'<rect {size} fill="white"/>'
    return "\n".join([f'{start} font-family="sans-serif">', background, *parts, "</svg>"]) + "\n"


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1) -> str:
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{width:g}"/>'


def _text(
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "start",
    size: int = 12,
    weight: str = "normal",
    colour: str = INK,
    limit: float | None = None,
) -> str:
    """`limit`: texts that would be wider, at about half their height per letter, end in an ellipsis."""
    if limit and len(text) * size * 0.5 > limit:
        text = text[: int(limit / size / 0.5) - 1] + "…"
    font = f'font-size="{size}" font-weight="{weight}"'
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" {font} text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'
    )
