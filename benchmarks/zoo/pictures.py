"""The residual network of 20 layers and the deep convolutional GAN, beside the same in PyTorch."""

import numpy as np

from benchmarks import data
from benchmarks.zoo.race import Race, accuracy

WIDTH, BLOCKS, BATCH, RATE, DECAY = 16, 3, 128, 0.1, 1e-4
NOISE, MAPS, DRAWN, SLOPE, STEADY, SLOW = 100, 32, 64, 0.2, (0.5, 0.999), 2e-4  # of the GAN


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


def neurona_gan(rows: data.Arrays, seed: int) -> np.ndarray:
    """Pictures from -1 to 1 that the generator makes after an epoch."""
    from neurona.zoo import DCGAN

    network = DCGAN(NOISE, MAPS, SLOW, epochs=1, batch_size=DRAWN, random_state=seed)
    return 2 * network.fit(rows[0]).sample(100) - 1


def torch_gan(rows: data.Arrays, seed: int) -> np.ndarray:
    import torch
    from torch import nn
    from torch.nn.functional import softplus

    torch.manual_seed(seed)
    generator = nn.Sequential(
        nn.Linear(NOISE, 49 * 2 * MAPS, bias=False),
        nn.Unflatten(1, (2 * MAPS, 7, 7)),
        nn.BatchNorm2d(2 * MAPS),
        nn.ReLU(inplace=True),
        nn.ConvTranspose2d(2 * MAPS, MAPS, 5, 2, 2, 1, bias=False),
        nn.BatchNorm2d(MAPS),
        nn.ReLU(inplace=True),
        nn.ConvTranspose2d(MAPS, 1, 5, 2, 2, 1),
        nn.Tanh(),
    )
    discriminator = nn.Sequential(
        nn.Conv2d(1, MAPS, 5, 2, 2),
        nn.LeakyReLU(SLOPE, inplace=True),
        nn.Conv2d(MAPS, 2 * MAPS, 5, 2, 2, bias=False),
        nn.BatchNorm2d(2 * MAPS),
        nn.LeakyReLU(SLOPE, inplace=True),
        nn.Flatten(),
        nn.Linear(49 * 2 * MAPS, 1),
    )
    players = (
        generator.to(memory_format=torch.channels_last),
        discriminator.to(memory_format=torch.channels_last),
    )
    for player in players:
        for weight in player.parameters():
            if weight.dim() > 1:
                nn.init.normal_(weight, std=0.02)
    making, telling = (torch.optim.Adam(one.parameters(), SLOW, STEADY, fused=True) for one in players)
    x = torch.from_numpy(2 * rows[0] - 1).permute(0, 3, 1, 2)
    for chosen in torch.randperm(len(x)).split(DRAWN):
        real = x[chosen]
        made = generator(torch.randn(len(real), NOISE)).detach()
        loss = softplus(-discriminator(real)).mean() + softplus(discriminator(made)).mean()
        telling.zero_grad()
        loss.backward()
        telling.step()
        loss = softplus(-discriminator(generator(torch.randn(len(real), NOISE)))).mean()
        making.zero_grad()
        loss.backward()
        making.step()
    generator.eval()
    with torch.no_grad():
        return generator(torch.randn(100, NOISE)).numpy()


def brightness(samples: np.ndarray, rows: data.Arrays) -> float:
    """How far the mean brightness of samples is from that of the pictures, from 0 to 2."""
    return float(abs(np.mean(samples) - np.mean(2 * rows[0] - 1)))


RACES = {
    "residual": Race(data.load, {"neurona": neurona, "torch": torch}, accuracy),
    "gan": Race(data.load, {"neurona": neurona_gan, "torch": torch_gan}, brightness),
}
