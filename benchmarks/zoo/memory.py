"""A neural Turing machine, beside the same in PyTorch: both learn to copy."""

from typing import NamedTuple

import numpy as np

from benchmarks.workloads import Workload
from benchmarks.zoo.race import Race

UNITS, LOCATIONS, WIDTH, BITS, LENGTH, BATCH, RATE = 32, 32, 20, 8, 20, 16, 2e-3
LEAST = 1e-6  # what the memory holds at first, and what is added under roots and logarithms


class Sequences(NamedTuple):
    """Bits that are shown, then a delimiter, then the steps at which they are asked for."""

    x: np.ndarray
    bits: np.ndarray
    x_test: np.ndarray
    bits_test: np.ndarray


def copying(workload: Workload) -> Sequences:
    """Sequences of 20 steps, (rows, 41, 9), and their bits, (rows, 20, 8)."""
    random, count = np.random.default_rng(0), workload.rows + workload.test_rows
    bits = random.integers(0, 2, (count, LENGTH, BITS)).astype("float32")
    x = np.zeros((count, 2 * LENGTH + 1, BITS + 1), "float32")
    x[:, :LENGTH, :BITS], x[:, LENGTH, BITS] = bits, 1
    rows = workload.rows
    return Sequences(x[:rows], bits[:rows], x[rows:], bits[rows:])


def neurona(rows: Sequences, seed: int) -> np.ndarray:
    from neurona.zoo import NeuralTuringMachine

    machine = NeuralTuringMachine(
        UNITS, LOCATIONS, WIDTH, learning_rate=RATE, epochs=1, batch_size=BATCH, random_state=seed
    )
    targets = np.full((*rows.x.shape[:2], BITS), np.nan, "float32")
    targets[:, LENGTH + 1 :] = rows.bits
    return machine.fit(rows.x, targets).predict_proba(rows.x_test)[:, LENGTH + 1 :]


def torch(rows: Sequences, seed: int) -> np.ndarray:
    import torch
    from torch import nn
    from torch.nn.functional import binary_cross_entropy_with_logits, softplus

    torch.manual_seed(seed)
    controller = nn.LSTMCell(BITS + 1 + WIDTH, UNITS)
    sizes = [WIDTH, 1, 1, 3, 1] * 2 + [WIDTH] * 2
    heads, outputs = nn.Linear(UNITS, sum(sizes)), nn.Linear(UNITS + WIDTH, BITS)
    weights = [one for layer in (controller, heads, outputs) for one in layer.parameters()]
    optimizer = torch.optim.Adam(weights, RATE, fused=True)

    def length(vectors: torch.Tensor) -> torch.Tensor:
        return torch.sqrt((vectors**2).sum(-1) + LEAST)

    def weighting(memory: torch.Tensor, before: torch.Tensor, parts: list[torch.Tensor]) -> torch.Tensor:
        key, strength, gate, shift, sharp = parts
        key = torch.tanh(key)
        like = (memory @ key[..., None])[..., 0] / (length(memory) * length(key)[:, None])
        found = torch.softmax(softplus(strength) * like, 1)
        found = before + torch.sigmoid(gate) * (found - before)
        shift = torch.softmax(shift, 1)
        found = sum(shift[:, place, None] * torch.roll(found, place - 1, 1) for place in range(3))
        return torch.softmax((1 + softplus(sharp)) * torch.log(found + LEAST), 1)

    def answers(x: torch.Tensor) -> torch.Tensor:
        hidden, cell = (torch.zeros(len(x), UNITS) for _ in range(2))
        read, memory = torch.zeros(len(x), WIDTH), torch.full((len(x), LOCATIONS, WIDTH), LEAST)
        writing, reading = (torch.zeros(len(x), LOCATIONS).index_fill(1, torch.tensor([0]), 1) for _ in "wr")
        given = []
        for step in x.unbind(1):
            hidden, cell = controller(torch.cat([step, read], 1), (hidden, cell))
            parts = heads(hidden).split(sizes, 1)
            writing = weighting(memory, writing, parts[:5])
            erased, added = torch.sigmoid(parts[10]), torch.tanh(parts[11])
            memory = memory * (1 - writing[..., None] * erased[:, None]) + writing[..., None] * added[:, None]
            reading = weighting(memory, reading, parts[5:10])
            read = (reading[:, None] @ memory)[:, 0]
            given.append(torch.cat([hidden, read], 1))
        return outputs(torch.stack(given[LENGTH + 1 :], 1))

    x, bits = torch.from_numpy(rows.x), torch.from_numpy(rows.bits)
    for chosen in torch.randperm(len(x)).split(BATCH):
        loss = binary_cross_entropy_with_logits(answers(x[chosen]), bits[chosen])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(weights, 10.0)
        optimizer.step()
    with torch.no_grad():
        return torch.sigmoid(answers(torch.from_numpy(rows.x_test))).numpy()


def wrong_bits(answers: np.ndarray, rows: Sequences) -> float:
    """The share of test bits that are wrong."""
    return float(np.mean((np.asarray(answers) > 0.5) != (rows.bits_test > 0.5)))


RACES = {"turing": Race(copying, {"neurona": neurona, "torch": torch}, wrong_bits)}
