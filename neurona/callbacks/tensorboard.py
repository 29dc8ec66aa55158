"""TensorBoard: event files that its pages show."""

import io
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from neurona.callbacks.callback import Callback, Logs
from neurona.core.errors import ArgumentError, SavingError, optional_import, suggestion
from neurona.layers import Embedding
from neurona.tracebacks import warn

_IMAGE_CHANNELS = (1, 3, 4)


class TensorBoard(Callback):
    """Write what training reports into event files under `log_dir/train` and `log_dir/validation`;
    `tensorboard --logdir DIR` shows them.

    Tags are Keras's: `epoch_loss`, `batch_loss`, `evaluation_loss_vs_iterations`, `dense/kernel/histogram`,
    `dense/kernel/image`.

    Args:
        log_dir: the folder.
        histogram_freq: write histograms of the weights every so many epochs; 0 for never.
        write_graph: write the model's layers, for the page of graphs.
        write_images: with the histograms, also write the weights as pictures.
        write_steps_per_second: write how fast training is.
        update_freq: `"epoch"`; or `"batch"`, or a number of batches after which the figures are also written.
        profile_batch: must be 0; use `with jax.profiler.trace(log_dir): model.fit(...)`, which TensorBoard
            shows as well.
        embeddings_freq: write the vectors of embedding layers, for the projector, every so many epochs; 0 for
            never.
        embeddings_metadata: a file with a label per vector, or a dictionary from layer names to such files.

    Raises:
        MissingDependencyError: the package tensorboard is not installed.
        ArgumentError: a value is not one of those above.
    """

    def __init__(
        self,
        log_dir: Any = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: int | str = "epoch",
        profile_batch: int = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: str | Mapping[str, str] | None = None,
    ) -> None:
        if update_freq not in ("epoch", "batch") and (not isinstance(update_freq, int) or update_freq < 1):
            raise ArgumentError(
                "TensorBoard takes update_freq='epoch', 'batch' or a number of batches. Received: "
                f"{update_freq!r}"
            )
        if profile_batch:
            raise ArgumentError(
                "TensorBoard does not profile single batches, which run inside one program with many others: "
                f"use `with jax.profiler.trace({str(log_dir)!r}): model.fit(...)`. Received: "
                f"profile_batch={profile_batch!r}"
            )
        self.log_dir = Path(log_dir)
        self.histogram_freq, self.write_graph, self.write_images = histogram_freq, write_graph, write_images
        self.write_steps_per_second, self.update_freq = write_steps_per_second, update_freq
        self.embeddings_freq, self.embeddings_metadata = embeddings_freq, embeddings_metadata
        self._batch_interval = (
            None if update_freq == "epoch" else 1 if update_freq == "batch" else int(update_freq)
        )
        _module("summary.writer.event_file_writer")
        self._writers: dict[str, Any] = {}
        self._clock = (0.0, 0)  # when figures were last written, and after how many steps
        self._began = (0.0, 0)  # the same for the epoch

    # Writing.

    def _write(self, place: str, summary: Any, step: int) -> None:
        if place not in self._writers:
            self._writers[place] = _module("summary.writer.event_file_writer").EventFileWriter(
                str(self.log_dir / place)
            )
        event = _module("compat.proto.event_pb2").Event(wall_time=time.time(), step=step, summary=summary)
        self._writers[place].add_event(event)

    def _scalars(self, place: str, values: Mapping[str, Any], step: int) -> None:
        for tag, value in values.items():
            self._write(place, _module("plugins.scalar.summary_v2").scalar_pb(tag, np.mean(value)), step)

    def _flush(self) -> None:
        for writer in self._writers.values():
            writer.flush()

    # Moments.

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._clock = (time.perf_counter(), self._fit.steps_trained)
        if self.write_graph:
            self._write_model()
        if self.embeddings_freq:
            self._describe_embeddings()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._began = (time.perf_counter(), self._fit.steps_trained)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        step = self._fit.steps_trained + batch + 1
        values = {f"batch_{name}": value for name, value in (logs or {}).items()}
        if self.write_steps_per_second:
            values["batch_steps_per_second"], self._clock = (
                _speed(self._clock, step),
                (time.perf_counter(), step),
            )
        self._scalars("train", values, step)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = logs or {}
        train = {f"epoch_{name}": value for name, value in logs.items() if not name.startswith("val_")}
        optimizers = self.model.optimizer._with_rates
        for optimizer in optimizers:
            name = f"epoch_learning_rate_{optimizer.name}" if len(optimizers) > 1 else "epoch_learning_rate"
            train[name] = float(optimizer.learning_rate)
        if self.write_steps_per_second:
            train["epoch_steps_per_second"] = _speed(self._began, self._fit.steps_trained)
        self._scalars("train", train, epoch)
        self._scalars(
            "validation",
            {f"epoch_{name[4:]}": value for name, value in logs.items() if name.startswith("val_")},
            epoch,
        )
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            for layer in self._embeddings():
                np.savetxt(self._vectors(layer), layer.get_weights()[0], delimiter="\t")
        self._flush()

    def on_test_end(self, logs: Logs | None = None) -> None:
        step = int(self.model.optimizer.iterations)
        self._scalars(
            "validation",
            {f"evaluation_{name}_vs_iterations": value for name, value in (logs or {}).items()},
            step,
        )
        self._flush()

    def on_train_end(self, logs: Logs | None = None) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    # The model and its weights.

    def _write_model(self) -> None:
        try:
            text = self.model.to_json()
        except (SavingError, TypeError) as error:
            warn(f"TensorBoard: the model is not drawn, as it can't be described. {error}")
            return
        protos = _module("compat.proto.summary_pb2")
        metadata = protos.SummaryMetadata()
        metadata.plugin_data.plugin_name, metadata.plugin_data.content = "graph_keras_model", b"1"
        summary = protos.Summary()
        summary.value.add(
            tag="keras", metadata=metadata, tensor=_module("util.tensor_util").make_tensor_proto(text)
        )
        self._write("train", summary, 0)

    def _write_weights(self, epoch: int) -> None:
        for layer in self.model.layers:
            for weight in layer.weights:
                values = np.asarray(weight.numpy(), np.float32)
                self._write(
                    "train",
                    _module("plugins.histogram.summary_v2").histogram_pb(f"{weight.path}/histogram", values),
                    epoch,
                )
                pictures = as_pictures(values) if self.write_images else None
                if pictures is not None:
                    self._write("train", _image(f"{weight.path}/image", pictures), epoch)

    def _embeddings(self) -> list[Embedding]:
        return [layer for layer in self.model._flatten_layers() if isinstance(layer, Embedding)]

    def _vectors(self, layer: Embedding) -> Path:
        return self.log_dir / f"{layer.name}.tsv"

    def _describe_embeddings(self) -> None:
        """Tell the projector where vectors and labels lie."""
        labels, layers = self.embeddings_metadata, self._embeddings()
        for name in labels if isinstance(labels, Mapping) else ():
            names = [layer.name for layer in layers]
            if name not in names:
                raise ArgumentError(
                    f"TensorBoard: embeddings_metadata names {name!r}, which is no Embedding "
                    f"layer.{suggestion(name, names)} "
                    f"There are: {', '.join(names)}."
                )
        self.log_dir.mkdir(parents=True, exist_ok=True)
        config = _module("plugins.projector.projector_config_pb2").ProjectorConfig()
        for layer in layers:
            file = labels.get(layer.name) if isinstance(labels, Mapping) else labels
            config.embeddings.add(
                tensor_name=layer.name, tensor_path=self._vectors(layer).name, metadata_path=file
            )
        text = optional_import(
            "google.protobuf.text_format", extra="tensorboard", purpose="TensorBoard"
        ).MessageToString(config)
        (self.log_dir / "projector_config.pbtxt").write_text(text, encoding="utf-8")


def _module(name: str) -> Any:
    return optional_import(f"tensorboard.{name}", extra="tensorboard", purpose="callbacks.TensorBoard")


def _speed(since: tuple[float, int], step: int) -> float:
    seconds = time.perf_counter() - since[0]
    return (step - since[1]) / max(seconds, 1e-9)


def as_pictures(values: np.ndarray) -> np.ndarray | None:
    """A weight as pictures (count, height, width, channels), or None where it has too many axes.

    Example:

        >>> as_pictures(np.zeros((3, 3, 1, 8))).shape, as_pictures(np.zeros((784, 10))).shape
        ((8, 3, 3, 1), (1, 10, 784, 1))
        >>> as_pictures(np.zeros((3, 3, 4, 5, 6))) is None
        True
    """
    values = values.squeeze()
    if values.ndim == 1:
        return values[None, :, None, None]
    if values.ndim == 2:
        return (values.T if values.shape[0] > values.shape[1] else values)[None, :, :, None]
    if values.ndim == 3:
        return values.transpose(2, 0, 1)[..., None]
    return values if values.ndim == 4 and values.shape[-1] in _IMAGE_CHANNELS else None


def _image(tag: str, pictures: np.ndarray, shown: int = 3) -> Any:
    """The summary of the first pictures, clipped to 0..1 as TensorFlow's own writer does."""
    image = optional_import("PIL.Image", extra="image", purpose="TensorBoard(write_images=True)")
    encoded = [str(pictures.shape[2]).encode(), str(pictures.shape[1]).encode()]
    for picture in pictures[:shown]:
        pixels = (np.clip(np.nan_to_num(picture), 0, 1) * 255).round().astype(np.uint8)
        file = io.BytesIO()
        image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(file, "PNG")
        encoded.append(file.getvalue())
    metadata = _module("plugins.image.metadata").create_summary_metadata(display_name=None, description=None)
    summary = _module("compat.proto.summary_pb2").Summary()
    summary.value.add(
        tag=tag,
        metadata=metadata,
        tensor=_module("util.tensor_util").make_tensor_proto(np.array(encoded, object)),
    )
    return summary
