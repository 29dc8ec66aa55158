"""The residual network of 20 layers, beside the same in PyTorch."""

import numpy as np

from benchmarks import data
from benchmarks.zoo.race import Race, accuracy

WIDTH, BLOCKS, BATCH, RATE, DECAY = 16, 3, 128, 0.1, 1e-4


def neurona(rows: data.Arrays, seed: int) -> np.ndarray:
    """The classes of the test pictures after an epoch."""
    from neurona.zoo import ResNet

    network = ResNet(
        BLOCKS, WIDTH, "projection", False, RATE, DECAY, epochs=1, batch_size=BATCH, random_state=seed
    )
    return network.fit(rows[0], rows[1]).predict(rows[2])


def torch(rows: data.Arrays, seed: int) -> np.ndarray:
    import torch
    from torch import nn

    torch.manual_seed(seed)

    def convolved(before: int, after: int, size: int = 3, stride: int = 1) -> nn.Module:
        layer = nn.Conv2d(before, after, size, stride, size // 2, bias=False)
        nn.init.kaiming_normal_(layer.weight)
        return nn.Sequential(layer, nn.BatchNorm2d(after, eps=1e-3))

    class Block(nn.Module):
        def __init__(self, before: int, after: int) -> None:
            super().__init__()
            stride = 1 if before == after else 2
            self.parts = nn.Sequential(
                convolved(before, after, 3, stride), nn.ReLU(inplace=True), convolved(after, after)
            )
            self.shortcut = nn.Identity() if stride == 1 else convolved(before, after, 1, stride)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.relu(self.parts(x) + self.shortcut(x))

    sizes = [WIDTH * 2**stage for stage in range(3) for _ in range(BLOCKS)]
    network = nn.Sequential(
        convolved(3, WIDTH),
        nn.ReLU(inplace=True),
        *(Block(before, after) for before, after in zip([WIDTH, *sizes], sizes)),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(sizes[-1], 10),
    ).to(memory_format=torch.channels_last)
    kernels = [weight for weight in network.parameters() if weight.dim() == 4]
    others = [weight for weight in network.parameters() if weight.dim() != 4]
    groups = [{"params": kernels, "weight_decay": DECAY}, {"params": others}]
    optimizer = torch.optim.SGD(groups, RATE, momentum=0.9, fused=True)
    mean, spread = rows[0].mean((0, 1, 2)), rows[0].std((0, 1, 2))
    x, x_test = (torch.from_numpy((part - mean) / spread).permute(0, 3, 1, 2) for part in rows[0:3:2])
    y = torch.from_numpy(rows[1]).long()
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, -(-len(x) // BATCH))
    for chosen in torch.randperm(len(x)).split(BATCH):
        loss = nn.functional.cross_entropy(network(x[chosen]), y[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    network.eval()
    with torch.no_grad():
        return torch.cat([network(part).argmax(1) for part in x_test.split(500)]).numpy()


RACES = {"residual": Race(data.load, {"neurona": neurona, "torch": torch}, accuracy)}
