"""model_to_dot: a model as a text in the DOT language, which Graphviz and its relatives draw."""

import io
from pathlib import Path
from typing import Any

from neurona.plotting.diagram import Box, Details, Diagram, diagram_of
from neurona.plotting.model import plot_model


class Dot:
    """A model in the DOT language.

    Attributes:
        source: the text.
    """

    def __init__(self, source: str, model: Any, options: dict[str, Any]) -> None:
        self.source, self._model, self._options = source, model, options

    def to_string(self) -> str:
        """The text."""
        return self.source

    def create(self, prog: str | None = None, format: str = "png") -> bytes:
        """The picture as bytes, drawn as `plot_model` draws: no program of Graphviz is needed."""
        content = io.BytesIO()
        figure = plot_model(self._model, to_file=None, **self._options)
        figure.savefig(content, format=format)
        return content.getvalue()

    def write(self, path: Any, prog: str | None = None, format: str = "raw") -> None:
        """Write the text, or with another format the picture, into a file."""
        content = self.source.encode() if format in ("raw", "dot") else self.create(format=format)
        Path(path).write_bytes(content)

    def write_png(self, path: Any) -> None:
        """Write the picture as a PNG file."""
        self.write(path, format="png")

    def __str__(self) -> str:
        return self.source


def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: float = 200,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    **kwargs: Any,
) -> Dot:
    """A model as boxes and arrows in the DOT language.

    Args:
        model, show_shapes, show_dtype, show_layer_names, rankdir, expand_nested, dpi, show_layer_activations,
            show_trainable: as in `plot_model`.
        subgraph: whether the text is a cluster, to stand in another graph.
        kwargs: accepted for compatibility.

    Example:

        >>> from neurona.layers import Dense, Input
        >>> from neurona.models import Sequential
        >>> print(model_to_dot(Sequential([Input((4,), name="x"), Dense(3, name="y")])))
        digraph G {
          graph [rankdir=TB];
          node [shape=box, style=filled];
          n0 [label="x (InputLayer)", fillcolor="#D9D9D9"];
          n1 [label="y (Dense)", fillcolor="#F8D791"];
          n0 -> n1;
        }
    """
    options = {
        "show_shapes": show_shapes,
        "show_dtype": show_dtype,
        "show_layer_names": show_layer_names,
        "show_layer_activations": show_layer_activations,
        "show_trainable": show_trainable,
        "expand_nested": expand_nested,
    }
    diagram = diagram_of(model, Details(**options, language="en"))
    head = "subgraph cluster {" if subgraph else "digraph G {"
    lines = [f"graph [rankdir={rankdir}];", "node [shape=box, style=filled];", *_lines(diagram, "n")]
    source = "\n".join([head, *(f"  {line}" for line in lines), "}"])
    return Dot(source, model, {**options, "rankdir": rankdir, "dpi": dpi})


def _lines(diagram: Diagram, prefix: str) -> list[str]:
    lines = []
    for number, box in enumerate(diagram.boxes):
        name = f"{prefix}{number}"
        lines.append(f'{name} [label="{_label(box)}", fillcolor="{box.tint}"];')
        if box.inside is not None:
            inner = _lines(box.inside, f"{name}_")
            lines += [f"subgraph cluster_{name} {{", *(f"  {line}" for line in inner), "}"]
    return [*lines, *(f"{prefix}{start} -> {prefix}{end};" for start, end, *_ in diagram.arrows)]


def _label(box: Box) -> str:
    texts = (text.replace("\\", "\\\\").replace('"', '\\"') for text in (box.title, *box.rows))
    return "\\n".join(texts)
