"""One contender: builds a workload's network in its own framework and trains an epoch for every line it reads.

Started by `run.py` as `contenders.py NAME WORKLOAD THREADS`, in the benchmark's environment. When it is ready it writes its packages'
versions as one line of JSON; then it answers each line on standard input, a number of epochs, with one line: {"seconds": per epoch,
"accuracy": in training, over the last epoch}.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

BATCH, RATE = 32, 0.01
Train = Callable[[int], float]  # trains so many epochs, returns the accuracy over the last one


def limit_threads(count: int) -> None:
    """Before any framework is imported: they read these when they start."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])
    for name in ("NPROC", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ[name] = str(count)
    os.environ.update(CUDA_VISIBLE_DEVICES="", JAX_PLATFORMS="cpu", TF_CPP_MIN_LOG_LEVEL="3")


def mnist(workload: str) -> tuple[Any, Any]:
    """The 60,000 digits, scaled to 0..1: (n, 784) for the MLP, (n, 28, 28, 1) for LeNet."""
    import numpy as np

    with np.load(Path(os.environ["NEURONA_DATA"]) / "mnist.npz", allow_pickle=False) as archive:
        images, labels = archive["x_train"], archive["y_train"]
    rows = int(os.environ.get("BENCHMARK_ROWS", len(images)))
    x = (images[:rows] / 255).astype("float32")
    return x.reshape(rows, 784) if workload == "mlp" else x[..., None], labels[:rows].astype("int32")


def keras_or_neurona(library: Any, workload: str) -> Train:
    """The same lines for both: Neurona has Keras's names."""
    layers = library.layers
    if workload == "mlp":
        stack = [library.Input((784,)), layers.Dense(300, "relu"), layers.Dense(100, "relu"), layers.Dense(10, "softmax")]
    else:
        stack = [
            library.Input((28, 28, 1)),
            layers.Conv2D(6, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(16, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(120, "relu"),
            layers.Dense(84, "relu"),
            layers.Dense(10, "softmax"),
        ]
    model = library.Sequential(stack)
    model.compile(library.optimizers.SGD(RATE), "sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = mnist(workload)

    def train(epochs: int) -> float:
        return float(model.fit(x, y, batch_size=BATCH, epochs=epochs, verbose=0).history["accuracy"][-1])

    return train


def neurona(workload: str) -> Train:
    import neurona

    return keras_or_neurona(neurona, workload)


def keras_jax(workload: str) -> Train:
    os.environ["KERAS_BACKEND"] = "jax"
    import keras

    return keras_or_neurona(keras, workload)


def keras_tensorflow(workload: str) -> Train:
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras

    return keras_or_neurona(keras, workload)


def torch_eager(workload: str, compiled: bool = False) -> Train:
    """A plain loop as PyTorch's users write it; the data already lie in tensors, and nothing is read back before the epoch ends."""
    import torch
    from torch import nn

    torch.set_num_threads(int(os.environ["NPROC"]))
    if workload == "mlp":
        model = nn.Sequential(nn.Linear(784, 300), nn.ReLU(), nn.Linear(300, 100), nn.ReLU(), nn.Linear(100, 10))
    else:
        first = [nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)]
        second = [nn.Conv2d(6, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)]
        dense = [nn.Flatten(), nn.Linear(784, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)]
        model = nn.Sequential(*first, *second, *dense)
    for parameter in model.parameters():  # Keras's initial weights
        nn.init.xavier_uniform_(parameter) if parameter.ndim > 1 else nn.init.zeros_(parameter)
    forward = torch.compile(model) if compiled else model
    x, y = (torch.from_numpy(array) for array in mnist(workload))
    x, y = (x if workload == "mlp" else x.movedim(-1, 1).contiguous()), y.long()
    loss, optimizer = nn.CrossEntropyLoss(), torch.optim.SGD(model.parameters(), lr=RATE)

    def train(epochs: int) -> float:
        right = torch.zeros((), dtype=torch.long)
        for _ in range(epochs):
            right.zero_()
            for rows in torch.randperm(len(x)).split(BATCH):
                inputs, labels = x[rows], y[rows]
                optimizer.zero_grad()
                logits = forward(inputs)
                loss(logits, labels).backward()
                optimizer.step()
                right += (logits.detach().argmax(1) == labels).sum()
        return right.item() / len(x)

    return train


def torch_compiled(workload: str) -> Train:
    return torch_eager(workload, compiled=True)


def ceiling(workload: str) -> Train:
    """Not a contender: the arithmetic of this machine. An "epoch" is one product of 2048 x 2048 matrices, fp32."""
    import numpy as np

    a, b = np.random.default_rng(0).normal(size=(2, 2048, 2048)).astype("float32")

    def train(epochs: int) -> float:
        for _ in range(epochs):
            a @ b
        return 0.0

    return train


CONTENDERS: dict[str, tuple[Callable[[str], Train], tuple[str, ...]]] = {
    "neurona": (neurona, ("neurona", "jax")),
    "keras-jax": (keras_jax, ("keras", "jax")),
    "keras-tensorflow": (keras_tensorflow, ("keras", "tensorflow-cpu")),
    "torch": (torch_eager, ("torch",)),
    "torch-compile": (torch_compiled, ("torch",)),
    "ceiling": (ceiling, ("numpy",)),
}


def main(name: str, workload: str, threads: str) -> None:
    limit_threads(int(threads))
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever a framework prints must not mix with the answers
    build, packages = CONTENDERS[name]
    train = build(workload)
    print(json.dumps({"versions": {package: version(package) for package in packages}}), file=answers)
    for line in sys.stdin:
        epochs = int(line)
        start = time.perf_counter()
        accuracy = train(epochs)
        print(json.dumps({"seconds": (time.perf_counter() - start) / epochs, "accuracy": accuracy}), file=answers)


if __name__ == "__main__":
    main(*sys.argv[1:])
