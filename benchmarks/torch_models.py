"""The networks in PyTorch, with Keras's initial weights, and a plain training loop as its users write it."""

from functools import partial
from itertools import pairwise

import numpy as np
import torch
from torch import nn

from benchmarks.workloads import BLOCKS, DIMENSIONS, HEADS, HIDDEN, SHORT_STEPS, UNITS, WORDS, Workload


class Model:
    """A network, its optimizer, and the data that it trains on as tensors; `compiled` sends the network
    through `torch.compile`.

    The loop takes batches out of tensors in memory, faster than a DataLoader, updates with PyTorch's fused
    optimizers, and reads loss and accuracy back only when an epoch has ended.
    """

    def __init__(self, workload: Workload, x: np.ndarray, y: np.ndarray, compiled: bool = False) -> None:
        torch.set_num_threads(workload.threads)
        self.network = network(workload)
        initialize(self.network)
        if workload.network == "cnn":
            self.network.to(
                memory_format=torch.channels_last
            )  # faster on CPUs, but not with LeNet's few channels
        self._forward = torch.compile(self.network) if compiled else self.network
        self._batch = workload.batch
        self._x, self._y = _inputs(x), torch.from_numpy(y)
        # Keras's Adam adds its 1e-7 before it corrects the moments, which is like 5e-7 in the first hundred
        # steps.
        optimizer = {"sgd": torch.optim.SGD, "adam": partial(torch.optim.Adam, eps=5e-7)}[workload.optimizer]
        self._optimizer = optimizer(self.network.parameters(), lr=workload.rate, fused=True)
        self._loss, self._activation, self._right = {
            "sparse_categorical_crossentropy": (
                nn.CrossEntropyLoss(),
                nn.Softmax(1),
                lambda outputs, labels: (outputs.argmax(1) == labels).sum(),
            ),
            "binary_crossentropy": (
                nn.BCEWithLogitsLoss(),
                nn.Sigmoid(),
                lambda outputs, labels: ((outputs > 0) == (labels > 0.5)).sum(),
            ),
            "mean_squared_error": (nn.MSELoss(), nn.Identity(), None),
        }[workload.loss]
        if workload.loss == "sparse_categorical_crossentropy":
            self._y = self._y.long()

    def fit(self, epochs: int) -> None:
        self.network.train()
        for _ in range(epochs):
            total, right = torch.zeros(()), torch.zeros((), dtype=torch.long)
            for rows in torch.randperm(len(self._x)).split(self._batch):
                inputs, labels = self._x[rows], self._y[rows]
                self._optimizer.zero_grad()
                outputs = self._forward(inputs)
                loss = self._loss(outputs, labels)
                loss.backward()
                self._optimizer.step()
                total += loss.detach() * len(rows)
                if self._right:
                    right += self._right(outputs.detach(), labels)
            total.item(), right.item()

    def predict(self, x: np.ndarray) -> np.ndarray:
        self.network.eval()
        with torch.inference_mode():
            return torch.cat(
                [self._activation(self._forward(rows)) for rows in _inputs(x).split(self._batch)]
            ).numpy()


def _inputs(x: np.ndarray) -> torch.Tensor:
    tensor = torch.from_numpy(x)
    if tensor.ndim == 4:
        return tensor.movedim(-1, 1).contiguous()  # channels first
    return tensor.long() if x.dtype == np.int32 else tensor


class Recurrent(nn.Module):
    """Embedding, one recurrent layer, and a dense layer on its last output."""

    def __init__(self, recurrence: nn.LSTM | nn.GRU) -> None:
        super().__init__()
        self.embedding = nn.Embedding(WORDS, UNITS)
        self.recurrence = recurrence
        self.dense = nn.Linear(UNITS, 1)

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        outputs, _ = self.recurrence(self.embedding(words))
        return self.dense(outputs[:, -1])


class Block(nn.Module):
    """Attention and two dense layers, each with a way around it and layer normalization after it."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(DIMENSIONS, HEADS, batch_first=True)
        self.hidden = nn.Sequential(nn.Linear(DIMENSIONS, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, DIMENSIONS))
        self.first, self.second = nn.LayerNorm(DIMENSIONS, eps=1e-6), nn.LayerNorm(DIMENSIONS, eps=1e-6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x + self.attention(x, x, x, need_weights=False)[0])
        return self.second(x + self.hidden(x))


class Transformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(WORDS, DIMENSIONS)
        self.positions = nn.Embedding(SHORT_STEPS, DIMENSIONS)
        self.blocks = nn.Sequential(*[Block() for _ in range(BLOCKS)])
        self.dense = nn.Linear(DIMENSIONS, 1)

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        return self.dense(self.blocks(self.words(words) + self.positions.weight).mean(1))


def _dense(*sizes: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def _lenet() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(784, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip


def _cnn() -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs in ((3, 32), (32, 64), (64, 128)):
        convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        layers += [convolution, nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.01), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(2048, 10))


def network(workload: Workload) -> nn.Module:
    """Without the last activation: PyTorch's losses take logits."""
    return {
        "mlp": lambda: _dense(784, 300, 100, 10),
        "wide": lambda: _dense(784, workload.width, workload.width, 10),
        "lenet": _lenet,
        "cnn": _cnn,
        "lstm": lambda: Recurrent(nn.LSTM(UNITS, UNITS, batch_first=True)),
        "gru": lambda: Recurrent(nn.GRU(UNITS, UNITS, batch_first=True)),
        "transformer": Transformer,
        "housing": lambda: _dense(8, 64, 64, 1),
        "iris": lambda: _dense(4, 10, 3),
        "neuron": lambda: _dense(1, 1),
        "synthetic": lambda: _dense(8, 32, 32, 1),
    }[workload.network]()


def initialize(model: nn.Module) -> None:
    """Keras's initial weights: Glorot's uniform ones, orthogonal recurrences, zero biases, ones at the forget
    gate, small embeddings.
    """
    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding):
            nn.init.uniform_(module.weight, -0.05, 0.05)
        elif isinstance(module, (nn.LSTM, nn.GRU)):
            nn.init.xavier_uniform_(module.weight_ih_l0)
            nn.init.orthogonal_(module.weight_hh_l0)
            nn.init.zeros_(module.bias_ih_l0)
            nn.init.zeros_(module.bias_hh_l0)
            if isinstance(module, nn.LSTM):
                nn.init.ones_(module.bias_ih_l0.data[UNITS : 2 * UNITS])
                module.bias_hh_l0.requires_grad_(False)  # a second bias, which Keras's LSTM has not
        elif isinstance(module, nn.MultiheadAttention):
            for projection in module.in_proj_weight.data.chunk(3):  # of queries, keys and values
                nn.init.xavier_uniform_(projection)
            nn.init.zeros_(module.in_proj_bias)
