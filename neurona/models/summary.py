"""The table that `summary()` prints."""

import html
import io
import math
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import jax
from rich import box
from rich.console import Console
from rich.table import Table

from neurona.callbacks.screen import screen
from neurona.core.errors import NeuronaError, NotBuiltError
from neurona.core.layer import Layer
from neurona.core.random import key_of
from neurona.core.scope import Scope
from neurona.core.shapes import tensors_of
from neurona.core.symbolic import infer
from neurona.messages import translated


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
    """(depth, layer or operation, the model that contains it) for every row of the table."""
    rows = []
    for layer in model._summary_rows():
        rows.append((depth, layer, model))
        if expand and isinstance(layer, Layer):
            rows += _rows(layer, expand, depth + 1)
    return rows


def _observed(model: Any) -> dict[Any, list[Any]]:
    """The output shapes of the layers of a subclassed model, from a call with the shapes that built it."""
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

    try:
        infer(run, (tensors_of(shapes, model.compute_dtype),), {})
    except (NeuronaError, TypeError, ValueError, IndexError):
        # The call needs more than shapes, such as integers or numbers that are known: the table says "?".
        return {}
    # `infer` traces the call for two sizes of every unknown dimension. A dimension that differs between the
    # first and the last trace is unknown.
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


def summary_table(
    model: Any,
    *,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: tuple[str, str] | None = None,
) -> Table:
    """A row for every layer: name, output shape, number of parameters; its inputs if the model branches.

    Args:
        model: a model with layers.
        expand_nested: also give the layers inside nested models a row.
        show_trainable: add a column that says whether a layer learns.
        layer_range: the names of the first and the last layer to show.

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
    table = Table(title=translated(f'Model: "{model.name}"'), title_justify="left", title_style="bold")
    table.add_column(translated("Layer (type)"), overflow="fold")
    table.add_column(translated("Output Shape"), overflow="fold")
    table.add_column(translated("Param #"), justify="right")
    branches = not _is_chain(model)
    if branches:
        table.add_column(translated("Connected to"), overflow="fold")
    if show_trainable:
        table.add_column(translated("Trainable"), justify="center")
    observed = _observed(model)
    for depth, layer, owner in rows:
        cells = [
            f"{'  ' * depth}{layer.name} ({_kind(layer)})",
            _shape(layer, owner, observed),
            _parameter_count(layer),
        ]
        if branches:
            cells.append(_inputs(layer, owner))
        if show_trainable:
            cells.append(_trainable(layer))
        table.add_row(*cells)
    return table


def _is_chain(model: Any) -> bool:
    """Whether every layer has at most one input, so that a column of inputs would add nothing."""
    graph = model._call_graph
    return graph is None or all(len(set(graph.parents(operation))) <= 1 for operation in graph.operations)


def _kind(layer: Any) -> str:
    return layer._class_name if isinstance(layer, Layer) else layer.class_name


def _parameter_count(layer: Any) -> str:
    if not isinstance(layer, Layer):
        return "0"
    return f"{layer.count_params():,}" if layer.built else translated("0 (unbuilt)")


def _inputs(layer: Any, owner: Any) -> str:
    graph = owner._call_graph
    return ", ".join(dict.fromkeys(graph.parents(layer) if graph is not None else ())) or "-"


def _trainable(layer: Any) -> str:
    if not isinstance(layer, Layer):
        return "-"
    return translated("Y") if layer.trainable else translated("N")


def _totals(model: Any) -> Iterator[tuple[str, str]]:
    """(title, figure) of the lines below the table."""
    trainable, frozen = model.trainable_variables, model.non_trainable_variables
    groups = {
        translated("Total params"): [*trainable, *frozen],
        translated("Trainable params"): trainable,
        translated("Non-trainable params"): frozen,
    }
    for title, variables in groups.items():
        size = sum(math.prod(variable.shape) * variable.value.dtype.itemsize for variable in variables)
        yield title, f"{_parameters(variables):,} ({bytes_text(size)})"
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and getattr(optimizer, "state", None) is not None:
        yield translated("Optimizer params"), f"{_parameters(optimizer.variables):,}"


def print_summary(
    model: Any,
    line_length: int | None,
    print_fn: Callable[[str], None] | None,
    expand_nested: bool,
    show_trainable: bool,
    layer_range: tuple[str, str] | None,
) -> None:
    """Print a model's table and its totals; see `Model.summary`.

    Raises:
        NotBuiltError: the model has no layers yet.
    """
    table = summary_table(
        model, expand_nested=expand_nested, show_trainable=show_trainable, layer_range=layer_range
    )
    table.box = box.HEAVY_HEAD if print_fn is None and screen.can_show("┏━┃└─") else box.ASCII
    widest = 80 if _is_chain(model) else 100
    width = line_length or min(widest, shutil.get_terminal_size((widest, 24)).columns)
    lines = _lines(table, model, width)
    if print_fn is None:
        screen.print("\n".join(lines))
    else:
        for line in lines:
            print_fn(line)


def summary_html(model: Any) -> str:
    """The table and its totals for a notebook.

    Raises:
        NotBuiltError: the model has no layers yet.
    """
    table = summary_table(model)
    table.box = box.HEAVY_HEAD
    text = "\n".join(_lines(table, model, 100))
    return f'<pre style="line-height: 1.15">{html.escape(text)}</pre>'


def _lines(table: Table, model: Any, width: int) -> list[str]:
    console = Console(
        width=width, file=io.StringIO(), force_jupyter=False, color_system=None, highlight=False
    )
    with console.capture() as capture:
        console.print(table)
        for title, figure in _totals(model):
            console.print(f"[bold]{title}:[/bold] {figure}")
    return capture.get().rstrip("\n").splitlines()
