"""`tf.contrib.tensorboard.plugins.projector`: what TensorBoard's projector of embeddings is told."""

from pathlib import Path
from typing import Any


class _Message:
    """A message of the projector: fields that are set, and written as text.

    Attributes:
        lists: the fields that are lists of messages, with the class of these.
    """

    lists: dict[str, Any] = {}

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update({name: _List(made) for name, made in self.lists.items()}, **fields)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        made = self.__dict__[name] = _Message() if name == "sprite" else _List(None) if "dim" in name else ""
        return made

    def text(self, before: str = "") -> str:
        """The fields as Protocol Buffers write them in text."""
        lines = []
        for name, value in vars(self).items():
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, _Message):
                    lines.append(f"{before}{name} {{\n{one.text(before + '  ')}{before}}}\n")
                elif one != "":
                    lines.append(f"{before}{name}: {_quoted(one)}\n")
        return "".join(lines)


def _quoted(value: Any) -> str:
    return str(value) if isinstance(value, (int, float)) else f'"{value}"'


class _List(list[Any]):
    """A list of messages, or of numbers."""

    def __init__(self, made: Any) -> None:
        super().__init__()
        self._made = made

    def add(self, **fields: Any) -> Any:
        """A new message at the end."""
        self.append(self._made(**fields))
        return self[-1]


class EmbeddingInfo(_Message):
    """What is shown of an embedding: its tensor's name, the files of labels and pictures."""


class ProjectorConfig(_Message):
    """The embeddings that are shown."""

    lists = {"embeddings": EmbeddingInfo}


def visualize_embeddings(summary_writer: Any, config: ProjectorConfig) -> None:
    """Write `projector_config.pbtxt` into the folder of a writer, or into a folder."""
    get = getattr(summary_writer, "get_logdir", lambda: summary_writer)
    folder = Path(str(get()))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "projector_config.pbtxt").write_text(config.text(), encoding="utf-8")
