"""The table that `summary()` prints."""

import math
import sys
from collections.abc import Callable
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from neurona.core.errors import NotBuiltError


def bytes_text(count: int) -> str:
    """A size as people read it.

    Example:

        >>> bytes_text(1066440)
        '1.02 MB'
    """
    size = float(count)
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024 or unit == "GB":
            break
        size /= 1024
    return f"{size:.2f} {unit}"


def _rows(model: Any, expand: bool, depth: int = 0) -> list[tuple[int, Any, Any]]:
    """(depth, layer, the model it stands in) for every line of the table."""
    rows = []
    for layer in model.layers:
        rows.append((depth, layer, model))
        if expand and getattr(layer, "layers", None) and hasattr(layer, "summary"):
            rows += _rows(layer, expand, depth + 1)
    return rows


def _shape(layer: Any, model: Any) -> str:
    outputs = [node.outputs for node in layer._nodes]
    if not outputs:
        return str(tuple(layer.output_shape)) if getattr(layer, "graph", None) is not None else "?"
    graph = getattr(model, "graph", None)
    if graph is not None and layer not in graph.input_layers and graph.calls_of(layer):
        outputs = [node.outputs for node in graph.calls_of(layer)]
    leaves = outputs[0] if isinstance(outputs[0], (list, tuple)) else [outputs[0]]
    shapes = [str(tuple(leaf.shape)) for leaf in leaves if hasattr(leaf, "shape")]
    return ", ".join(shapes)


def _parameters(variables: list[Any]) -> int:
    return sum(math.prod(variable.shape) for variable in variables)


def print_summary(
    model: Any,
    line_length: int | None,
    print_fn: Callable[[str], None] | None,
    expand_nested: bool,
    show_trainable: bool,
    layer_range: tuple[str, str] | None,
) -> None:
    """Print a model's table; see `Model.summary`.

    Raises:
        NotBuiltError: the model has no layers yet.
    """
    rows = _rows(model, expand_nested)
    if not rows and not model.built:
        raise NotBuiltError(f"Model {model.name!r} has no weights yet: call it on data, or build(input_shape), before summary().")
    if layer_range:
        names = [layer.name for _, layer, _ in rows]
        rows = rows[names.index(layer_range[0]) : names.index(layer_range[1]) + 1]
    graph = getattr(model, "graph", None)
    chain = graph is None or all(len(set(graph.parents(operation))) <= 1 for operation in graph.operations)
    unicode = print_fn is None and "utf" in (getattr(sys.stdout, "encoding", None) or "").lower()
    table = Table(box=box.HEAVY_HEAD if unicode else box.ASCII, title=f'Model: "{model.name}"', title_justify="left", title_style="bold")
    table.add_column("Layer (type)", overflow="fold")
    table.add_column("Output Shape", overflow="fold")
    table.add_column("Param #", justify="right")
    if not chain:
        table.add_column("Connected to", overflow="fold")
    if show_trainable:
        table.add_column("Trainable", justify="center")
    for depth, layer, owner in rows:
        count = f"{layer.count_params():,}" if layer.built else "0 (unbuilt)"
        row = ["  " * depth + f"{layer.name} ({type(layer).__name__})", _shape(layer, owner), count]
        if not chain:
            parents = owner.graph.parents(layer) if getattr(owner, "graph", None) is not None else []
            row.append(", ".join(dict.fromkeys(parents)) or "-")
        if show_trainable:
            row.append("Y" if layer.trainable else "N")
        table.add_row(*row)
    trainable, frozen = model.trainable_variables, model.non_trainable_variables
    lines = [("Total params", [*trainable, *frozen]), ("Trainable params", trainable), ("Non-trainable params", frozen)]
    optimizer = getattr(model, "optimizer", None)
    width = line_length or (100 if not chain else 80)
    console = Console(width=width, file=sys.stdout, force_jupyter=False, highlight=False, legacy_windows=False)
    with console.capture() as capture:
        console.print(table)
        for title, variables in lines:
            size = sum(math.prod(v.shape) * v.value.dtype.itemsize for v in variables)
            console.print(f"[bold]{title}:[/bold] {_parameters(variables):,} ({bytes_text(size)})")
        if optimizer is not None and getattr(optimizer, "state", None) is not None:
            count = sum(math.prod(variable.shape) for variable in optimizer.variables)
            console.print(f"[bold]Optimizer params:[/bold] {count:,}")
    text = capture.get().rstrip("\n")
    if print_fn is None:
        print(text)
    else:
        for line in text.splitlines():
            print_fn(line)
