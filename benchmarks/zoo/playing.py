"""A deep Q-network that learns to balance a pole, beside the same in PyTorch."""

import math
from typing import Any

import numpy as np

from benchmarks.workloads import Workload
from benchmarks.zoo.race import Race

UNITS, COPIES, MEMORY, BATCH, TARGET, LIMIT = (64, 64), 16, 100_000, 128, 100, 500
DISCOUNT, RATE, LONGEST, LEAST, EXPLORATION = 0.99, 1e-3, 10.0, 0.05, 0.3
EPISODES = 20  # by which a network is judged

Layers = list[tuple[np.ndarray, np.ndarray]]  # kernels (inputs, outputs) and biases


def steps(workload: Workload) -> int:
    """How many steps each copy takes."""
    return workload.rows


class Poles:
    """Copies of Gym's CartPole-v1, side by side in NumPy."""

    def __init__(self, copies: int, random: np.random.Generator) -> None:
        self.random = random
        self.states, self.time = self._first(copies), np.zeros(copies, int)

    def _first(self, copies: int) -> np.ndarray:
        return self.random.uniform(-0.05, 0.05, (copies, 4)).astype("float32")

    def step(self, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What follows, whether the world ended the episode, and whether it is over; new ones begin."""
        gravity, pole, half, both, force, step = 9.8, 0.1, 0.5, 1.1, 10.0, 0.02
        _, speed, angle, turn = self.states.T
        sine, cosine = np.sin(angle), np.cos(angle)
        pushed = (np.where(actions == 1, force, -force) + pole * half * turn**2 * sine) / both
        turning = (gravity * sine - cosine * pushed) / (half * (4 / 3 - pole * cosine**2 / both))
        speeding = pushed - pole * half * turning * cosine / both
        after = (self.states + step * np.stack([speed, speeding, turn, turning], 1)).astype("float32")
        ended = (np.abs(after[:, 0]) > 2.4) | (np.abs(after[:, 2]) > math.radians(12))
        self.time += 1
        over = ended | (self.time >= LIMIT)
        self.states = np.where(over[:, None], self._first(len(over)), after)
        self.time[over] = 0
        return after, ended, over


def neurona(count: int, seed: int) -> Layers:
    from neurona.zoo import CartPole, DeepQ

    network = DeepQ(
        UNITS, DISCOUNT, MEMORY, BATCH, TARGET, EXPLORATION, RATE, 2, 1, count // 2, COPIES, seed
    ).fit(CartPole())
    weights = [np.asarray(weight) for weight in network.model_.trainable_variables]
    return list(zip(weights[::2], weights[1::2]))


def torch(count: int, seed: int) -> Layers:
    import torch
    from torch import nn

    torch.manual_seed(seed)
    random = np.random.default_rng(seed)

    def made() -> nn.Sequential:
        first, second = UNITS
        return nn.Sequential(
            nn.Linear(4, first),
            nn.ReLU(inplace=True),
            nn.Linear(first, second),
            nn.ReLU(inplace=True),
            nn.Linear(second, 2),
        )

    network, target = made(), made()
    target.load_state_dict(network.state_dict())
    optimizer = torch.optim.Adam(network.parameters(), RATE, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, count, RATE / 10)
    poles, cells = Poles(COPIES, random), MEMORY // COPIES
    seen, following = (torch.zeros(cells, COPIES, 4) for _ in range(2))
    actions = torch.zeros(cells, COPIES, dtype=torch.long)
    ended = torch.zeros(cells, COPIES, dtype=torch.bool)
    for number in range(count):
        place = number % cells
        seen[place] = torch.from_numpy(poles.states)
        with torch.no_grad():
            best = network(seen[place]).argmax(1).numpy()
        explores = random.random(COPIES) < max(1 - number / (EXPLORATION * count), LEAST)
        taken = np.where(explores, random.integers(0, 2, COPIES), best)
        after, stopped, _ = poles.step(taken)
        following[place], ended[place] = torch.from_numpy(after), torch.from_numpy(stopped)
        actions[place] = torch.from_numpy(taken)
        rows = torch.randint(min(number + 1, cells), (BATCH,)), torch.randint(COPIES, (BATCH,))
        with torch.no_grad():
            wanted = 1 + DISCOUNT * target(following[rows]).max(1).values * ~ended[rows]
        value = network(seen[rows]).gather(1, actions[rows][:, None])[:, 0]
        loss = ((value - wanted) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), LONGEST)
        optimizer.step()
        schedule.step()
        if (number + 1) % TARGET == 0:
            target.load_state_dict(network.state_dict())
    layers: list[Any] = list(network)[::2]
    return [(layer.weight.detach().numpy().T, layer.bias.detach().numpy()) for layer in layers]


def mean_return(layers: Layers, count: int) -> float:
    """How long the pole stays upright, the mean of some episodes."""
    poles = Poles(EPISODES, np.random.default_rng(0))
    length, running = np.zeros(EPISODES), np.ones(EPISODES, bool)
    for _ in range(LIMIT):
        y = poles.states
        for number, (kernel, bias) in enumerate(layers):
            y = y @ kernel + bias
            y = np.maximum(y, 0) if number + 1 < len(layers) else y
        _, _, over = poles.step(y.argmax(1))
        length += running
        running &= ~over
    return float(length.mean())


RACES = {"deep-q": Race(steps, {"neurona": neurona, "torch": torch}, mean_return)}
