"""A variational autoencoder of dense layers, beside the same network in PyTorch."""

from typing import NamedTuple

import numpy as np

from benchmarks import data
from benchmarks.zoo.race import Race

CODE, HIDDEN, EPOCHS, BATCH, RATE = 20, 200, 5, 100, 1e-3
DRAWS = 10  # codes of a row by which it is judged


class Dense(NamedTuple):
    """A layer as arrays: (inputs, outputs), (outputs,)."""

    kernel: np.ndarray
    bias: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return x @ self.kernel + self.bias


class Fitted(NamedTuple):
    """The layers of both networks; the code layer gives means, then logarithms of variances."""

    encoder: Dense
    code: Dense
    decoder: Dense
    outputs: Dense


def neurona(rows: data.Arrays, seed: int) -> Fitted:
    from neurona.zoo import VariationalAutoencoder

    network = VariationalAutoencoder(
        CODE, (HIDDEN,), learning_rate=RATE, epochs=EPOCHS, batch_size=BATCH, random_state=seed
    ).fit(rows[0])
    weights = [np.asarray(weight) for weight in network.model_.trainable_variables]
    return Fitted(*(Dense(*weights[place : place + 2]) for place in range(0, 8, 2)))


def torch(rows: data.Arrays, seed: int) -> Fitted:
    import torch
    from torch import nn
    from torch.nn.functional import binary_cross_entropy_with_logits

    torch.manual_seed(seed)
    layers = [
        nn.Linear(784, HIDDEN),
        nn.Linear(HIDDEN, 2 * CODE),
        nn.Linear(CODE, HIDDEN),
        nn.Linear(HIDDEN, 784),
    ]
    encoder, code, decoder, outputs = layers
    for layer in layers:
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
    x = torch.from_numpy(rows[0])
    with torch.no_grad():
        outputs.bias.copy_(torch.logit((x.sum(0) + 1) / (len(x) + 2)))
    steps = EPOCHS * (len(x) // BATCH)
    optimizer = torch.optim.Adam([one for layer in layers for one in layer.parameters()], RATE, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(EPOCHS):
        for chosen in torch.randperm(len(x)).split(BATCH):
            drawn = torch.bernoulli(x[chosen])
            mean, spread = code(torch.tanh(encoder(drawn))).chunk(2, 1)
            z = mean + torch.exp(spread / 2) * torch.randn_like(mean)
            received = outputs(torch.tanh(decoder(z)))
            loss = binary_cross_entropy_with_logits(received, drawn, reduction="sum")
            loss = (loss + (mean**2 + spread.exp() - 1 - spread).sum() / 2) / len(drawn)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return Fitted(*(Dense(layer.weight.detach().numpy().T, layer.bias.detach().numpy()) for layer in layers))


def lower_bound(fitted: Fitted, rows: data.Arrays) -> float:
    """The mean evidence lower bound of test digits, in nats."""
    random = np.random.default_rng(0)
    x = (random.random(rows[2].shape) < rows[2]).astype("float64")
    mean, spread = np.split(fitted.code(np.tanh(fitted.encoder(x))), 2, axis=1)
    found = -(mean**2 + np.exp(spread) - 1 - spread).sum(1) / 2
    for _ in range(DRAWS):
        z = mean + np.exp(spread / 2) * random.normal(size=mean.shape)
        received = fitted.outputs(np.tanh(fitted.decoder(z)))
        found += (x * received - np.logaddexp(0, received)).sum(1) / DRAWS
    return float(found.mean())


RACES = {"variational": Race(data.load, {"neurona": neurona, "torch": torch}, lower_bound)}
