"""A network of leaky integrate-and-fire neurons, beside snnTorch's."""

import numpy as np

from benchmarks import data
from benchmarks.zoo.race import Race, accuracy

HIDDEN, STEPS, DECAY, RATE, BATCH = 200, 25, 0.95, 5e-4, 100


def neurona(rows: data.Arrays, seed: int) -> np.ndarray:
    """The classes of the test rows after an epoch."""
    from neurona.zoo import SpikingClassifier

    network = SpikingClassifier((HIDDEN,), STEPS, DECAY, "arctan", RATE, 1, BATCH, random_state=seed)
    return network.fit(rows[0], rows[1]).predict(rows[2])


def snntorch(rows: data.Arrays, seed: int) -> np.ndarray:
    """The same in PyTorch, of which the neurons are snnTorch's."""
    import torch
    from snntorch import Leaky, surrogate

    torch.manual_seed(seed)
    layers = [torch.nn.Linear(784, HIDDEN), torch.nn.Linear(HIDDEN, 10)]
    neurons = [Leaky(beta=DECAY, spike_grad=surrogate.atan()) for _ in layers]
    optimizer = torch.optim.Adam([one for layer in layers for one in layer.parameters()], RATE)

    def counts(x: torch.Tensor) -> torch.Tensor:
        currents, states = layers[0](x), [neuron.init_leaky() for neuron in neurons]
        total = torch.zeros(len(x), 10)
        for _ in range(STEPS):
            fired, states[0] = neurons[0](currents, states[0])
            fired, states[1] = neurons[1](layers[1](fired), states[1])
            total = total + fired
        return total

    x, y, x_test = torch.from_numpy(rows[0]), torch.from_numpy(rows[1]).long(), torch.from_numpy(rows[2])
    for chosen in torch.randperm(len(x)).split(BATCH):
        loss = torch.nn.functional.cross_entropy(counts(x[chosen]), y[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        return torch.cat([counts(part).argmax(1) for part in x_test.split(1000)]).numpy()


RACES = {"spikes": Race(data.load, {"neurona": neurona, "snntorch": snntorch}, accuracy)}
