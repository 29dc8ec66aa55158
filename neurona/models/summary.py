"""The table that `summary()` prints."""

import math
import sys
from collections.abc import Callable
from typing import Any

import jax
from rich import box
from rich.console import Console
from rich.table import Table

from neurona.core.errors import NotBuiltError
from neurona.core.layer import Layer
from neurona.core.random import key_of
from neurona.core.scope import Scope
from neurona.core.shapes import tensors_of
from neurona.core.symbolic import infer


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
    """(depth, layer or operation, the model it stands in) for every line of the table."""
    rows = []
    for layer in model._summary_rows():
        rows.append((depth, layer, model))
        if expand and isinstance(layer, Layer):
            rows += _rows(layer, expand, depth + 1)
    return rows


def _observed(model: Any) -> dict[Any, list[Any]]:
    """The output shapes of the layers of a subclassed model, found by tracing it for the shapes that it was
    built with.
    """
    shapes = (model.get_build_config() or {}).get("input_shape")
    seen: dict[Any, list[list[Any]]] = {}
    if shapes is None or model._call_graph is not None:
        return {}

    def run(inputs: Any) -> Any:
        with Scope({}, key_of(0), 0, False) as scope:
            scope.observer = lambda layer, _, outputs: seen.setdefault(layer, []).append(
                [leaf.shape for leaf in jax.tree.leaves(outputs)]
            )
            return model(inputs)

    infer(run, (tensors_of(shapes, model.compute_dtype),), {})
    # Traced for two sizes of what is unknown: sizes that differ between the first and the last trace are
    # unknown.
    return {
        layer: [
            tuple(a if a == b else None for a, b in zip(one, two)) for one, two in zip(traces[0], traces[-1])
        ]
        for layer, traces in seen.items()
    }


def _shape(layer: Any, model: Any, observed: dict[Any, list[Any]]) -> str:
    graph = model._call_graph
    calls = [] if graph is None or layer in graph.input_layers else graph.calls_of(layer)
    outputs = [node.outputs for node in calls or getattr(layer, "_nodes", ())]
    if not outputs:
        return ", ".join(map(str, observed.get(layer, ["?"])))
    return ", ".join(str(tuple(leaf.shape)) for leaf in jax.tree.leaves(outputs[0]))


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
        raise NotBuiltError(
            f"Model {model.name!r} has no weights yet: call it on data, or build(input_shape), before "
            "summary()."
        )
    if layer_range:
        names = [layer.name for _, layer, _ in rows]
        rows = rows[names.index(layer_range[0]) : names.index(layer_range[1]) + 1]
    graph = model._call_graph
    chain = graph is None or all(len(set(graph.parents(operation))) <= 1 for operation in graph.operations)
    unicode = print_fn is None and "utf" in (getattr(sys.stdout, "encoding", None) or "").lower()
    table = Table(
        box=box.HEAVY_HEAD if unicode else box.ASCII,
        title=f'Model: "{model.name}"',
        title_justify="left",
        title_style="bold",
    )
    table.add_column("Layer (type)", overflow="fold")
    table.add_column("Output Shape", overflow="fold")
    table.add_column("Param #", justify="right")
    if not chain:
        table.add_column("Connected to", overflow="fold")
    if show_trainable:
        table.add_column("Trainable", justify="center")
    observed = _observed(model)
    for depth, layer, owner in rows:
        is_layer = isinstance(layer, Layer)
        kind = layer._class_name if is_layer else layer.class_name
        count = (
            f"{layer.count_params():,}" if is_layer and layer.built else "0 (unbuilt)" if is_layer else "0"
        )
        row = ["  " * depth + f"{layer.name} ({kind})", _shape(layer, owner, observed), count]
        if not chain:
            parents = [] if owner._call_graph is None else owner._call_graph.parents(layer)
            row.append(", ".join(dict.fromkeys(parents)) or "-")
        if show_trainable:
            row.append("-" if not is_layer else "Y" if layer.trainable else "N")
        table.add_row(*row)
    trainable, frozen = model.trainable_variables, model.non_trainable_variables
    lines = [
        ("Total params", [*trainable, *frozen]),
        ("Trainable params", trainable),
        ("Non-trainable params", frozen),
    ]
    optimizer = getattr(model, "optimizer", None)
    width = line_length or (100 if not chain else 80)
    console = Console(width=width, file=sys.stdout, force_jupyter=False, color_system=None, highlight=False)
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
