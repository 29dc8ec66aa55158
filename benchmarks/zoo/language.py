"""A small GPT over letters, beside the same in PyTorch: it learns, and writes with a cache."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks import data
from benchmarks.workloads import Workload
from benchmarks.zoo.race import Race

LETTERS, CONTEXT, SIZE, BLOCKS, HEADS, DROPOUT = 256, 128, 128, 4, 4, 0.1
BATCH, RATE, DECAY, LONGEST = 16, 1e-3, 0.1, 1.0
TEXTS = 10  # that are written, one after another, each as long as the context

Windows = tuple[np.ndarray, np.ndarray]  # (rows, CONTEXT + 1) to learn, and to test


def windows(workload: Workload) -> Windows:
    """Stretches of reviews as bytes, each one longer than the context."""
    with np.load(data.FOLDER / "reviews.npz", allow_pickle=False) as archive:
        text = archive["text"]
    count = workload.rows + workload.test_rows
    table = text[: count * (CONTEXT + 1)].reshape(count, CONTEXT + 1).astype("int32")
    return table[: workload.rows], table[workload.rows :]


def neurona(rows: Windows, seed: int) -> np.ndarray:
    """The scores of the letters of the test windows after an epoch."""
    from neurona import Sequential
    from neurona.layers import Input
    from neurona.losses import SparseCategoricalCrossentropy
    from neurona.optimizers import AdamW
    from neurona.utils import set_random_seed
    from neurona.zoo import CausalTransformer

    set_random_seed(seed)
    layer = CausalTransformer(LETTERS, CONTEXT, SIZE, BLOCKS, HEADS, DROPOUT)
    model = Sequential([Input((None,), dtype="int32"), layer])
    optimizer = AdamW(RATE, weight_decay=DECAY, beta_2=0.99, global_clipnorm=LONGEST)
    model.compile(optimizer, SparseCategoricalCrossentropy(from_logits=True))
    x, test = rows
    model.fit(x[:, :-1], x[:, 1:], batch_size=BATCH, epochs=1, verbose=0)
    return model.predict(test[:, :-1], batch_size=BATCH, verbose=0)


def torch_model() -> Any:
    """The network, a module; called on letters and a cache, a list that grows, it gives scores."""
    import torch
    from torch import nn
    from torch.nn.functional import dropout, gelu, scaled_dot_product_attention

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.LayerNorm(SIZE), nn.LayerNorm(SIZE)
            self.read, self.write = nn.Linear(SIZE, 3 * SIZE), nn.Linear(SIZE, SIZE)
            self.wide, self.narrow = nn.Linear(SIZE, 4 * SIZE), nn.Linear(4 * SIZE, SIZE)

        def forward(self, x: torch.Tensor, cache: list | None) -> torch.Tensor:
            rows, places, _ = x.shape
            parts = self.read(self.first(x)).view(rows, places, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
            query, key, value = parts
            if cache is not None:
                if cache:
                    key, value = (torch.cat(pair, 2) for pair in zip(cache.pop(), (key, value)))
                cache.append((key, value))
            share = DROPOUT if self.training else 0.0
            causal = places > 1
            seen = scaled_dot_product_attention(query, key, value, dropout_p=share, is_causal=causal)
            seen = self.write(seen.transpose(1, 2).reshape(rows, places, SIZE))
            x = x + dropout(seen, DROPOUT, self.training)
            inner = self.narrow(gelu(self.wide(self.second(x))))
            return x + dropout(inner, DROPOUT, self.training)

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.letters, self.places = nn.Embedding(LETTERS, SIZE), nn.Embedding(CONTEXT, SIZE)
            self.blocks, self.last = nn.ModuleList(Block() for _ in range(BLOCKS)), nn.LayerNorm(SIZE)
            for weight in self.parameters():
                if weight.dim() > 1:
                    nn.init.normal_(weight, std=0.02)

        def forward(self, x: torch.Tensor, start: int = 0, caches: list | None = None) -> torch.Tensor:
            places = torch.arange(start, start + x.shape[1])
            y = dropout(self.letters(x) + self.places(places), DROPOUT, self.training)
            for number, block in enumerate(self.blocks):
                y = block(y, None if caches is None else caches[number])
            return self.last(y) @ self.letters.weight.T

    return Network()


def torch(rows: Windows, seed: int) -> np.ndarray:
    import torch

    torch.manual_seed(seed)
    network, (x, test) = torch_model(), (torch.from_numpy(part).long() for part in rows)
    optimizer = torch.optim.AdamW(
        network.parameters(), RATE, betas=(0.9, 0.99), weight_decay=DECAY, fused=True
    )
    network.train()
    for chosen in torch.randperm(len(x)).split(BATCH):
        scores = network(x[chosen, :-1])
        loss = torch.nn.functional.cross_entropy(scores.flatten(0, 1), x[chosen, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), LONGEST)
        optimizer.step()
    network.eval()
    with torch.no_grad():
        return torch.cat([network(part[:, :-1]) for part in test.split(BATCH)]).numpy()


def bits(scores: np.ndarray, rows: Windows) -> float:
    """Bits of a letter of the test windows."""
    scores, wanted = np.asarray(scores, "float64"), rows[1][:, 1:, None]
    largest = scores.max(-1, keepdims=True)
    total = np.log(np.exp(scores - largest).sum(-1, keepdims=True)) + largest
    return float((total - np.take_along_axis(scores, wanted, -1)).mean() / math.log(2))


_writers: dict[str, Callable[[int], str]] = {}  # by contender, made once


def _written(name: str, make: Callable[[], Callable[[int], str]]) -> Any:
    def fit(rows: Windows, seed: int) -> list[str]:
        if name not in _writers:
            _writers[name] = make()
        return [_writers[name](TEXTS * seed + text) for text in range(TEXTS)]

    return fit


def neurona_writer() -> Callable[[int], str]:
    """Continues a letter to as many as the context holds, by a network that has hardly learned."""
    from neurona.zoo import GPT

    network = GPT(SIZE, BLOCKS, HEADS, CONTEXT, LETTERS + 1, epochs=1).fit("a" * (CONTEXT + 1))
    return lambda seed: network.sample("a", CONTEXT - 1, seed=seed)


def torch_writer() -> Callable[[int], str]:
    """The same; keys and values of what was written are kept."""
    import torch

    network = torch_model().eval()

    @torch.inference_mode()
    def write(seed: int) -> str:
        torch.manual_seed(seed)
        caches: list[list] = [[] for _ in range(BLOCKS)]
        written = [ord("a")]
        for place in range(CONTEXT - 1):
            scores = network(torch.tensor([written[-1:]]), place, caches)[0, -1]
            written.append(int(torch.multinomial(torch.softmax(scores, 0), 1)))
        return bytes(written).decode("utf-8", "replace")

    return write


def variety(texts: list[str], rows: Windows) -> float:
    """How many of the texts differ."""
    return float(len(set(texts)))


RACES = {
    "gpt": Race(windows, {"neurona": neurona, "torch": torch}, bits),
    "writing": Race(
        windows,
        {"neurona": _written("neurona", neurona_writer), "torch": _written("torch", torch_writer)},
        variety,
    ),
}
