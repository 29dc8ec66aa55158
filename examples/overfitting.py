"""Overfitting and its cures side by side: none, L2, early stopping, dropout, augmentation. Draws one figure.

A network that is far too large learns 300 digits by heart; each cure prevents that in another way.

    python examples/overfitting.py
"""

from pathlib import Path

import numpy as np

import neurona as nn
from neurona.core.errors import optional_import

L = nn.layers


def network(regularizer: object = None, dropout: float = 0.0) -> nn.Sequential:
    """Two hidden layers of 512 on 8 x 8 pixels: 300,000 weights for 300 images."""
    model = nn.Sequential([nn.Input((8, 8)), L.Flatten()])
    for _ in range(2):
        model.add(L.Dense(512, activation="relu", kernel_regularizer=regularizer))
        if dropout:
            model.add(L.Dropout(dropout))
    model.add(L.Dense(10, activation="softmax"))
    model.compile(
        nn.optimizers.Adam(0.001),
        nn.losses.SparseCategoricalCrossentropy(),
        metrics=["accuracy", "sparse_categorical_crossentropy"],
    )
    return model


class Augmented(nn.utils.PyDataset):
    """The images in batches of 32, each time moved by up to one pixel and with other noise: no image is seen
    twice.
    """

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        super().__init__()
        self.x, self.y, self.generator = x, y, np.random.default_rng(0)

    def __len__(self) -> int:
        return -(-len(self.x) // 32)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        x, y = self.x[index * 32 :][:32], self.y[index * 32 :][:32]
        padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))
        corners = self.generator.integers(0, 3, size=(len(x), 2))
        moved = np.stack(
            [image[row : row + 8, column : column + 8] for image, (row, column) in zip(padded, corners)]
        )
        return (moved + self.generator.normal(scale=0.1, size=moved.shape)).astype("float32"), y


def main(epochs: int = 80, output: str = "neurona-output/overfitting.png") -> dict[str, float]:
    """Train five times; returns each cure's final validation loss (cross-entropy), and draws the curves."""
    (x_train, y_train), (x_valid, y_valid) = nn.datasets.digits.load_data()
    x_train, y_train = x_train[:300].astype("float32") / 16, y_train[:300]
    x_valid = x_valid.astype("float32") / 16
    stopping = nn.callbacks.EarlyStopping(monitor="val_loss", patience=4, restore_best_weights=True)
    cures = {
        "none": ({}, [], (x_train, y_train)),
        "L2": ({"regularizer": nn.regularizers.L2(0.002)}, [], (x_train, y_train)),
        "early stopping": ({}, [stopping], (x_train, y_train)),
        "dropout": ({"dropout": 0.5}, [], (x_train, y_train)),
        "augmentation": ({}, [], (Augmented(x_train, y_train), None)),
    }
    curves, losses = {}, {}
    for name, (options, callbacks, (x, y)) in cures.items():
        nn.utils.set_random_seed(0)
        model = network(**options)
        curves[name] = model.fit(
            x, y, epochs=epochs, validation_data=(x_valid, y_valid), callbacks=callbacks, verbose=0
        ).history
        scores = model.evaluate(x_valid, y_valid, verbose=0, return_dict=True)
        losses[name] = scores["sparse_categorical_crossentropy"]
        print(
            f"{name:>15}: validation loss {losses[name]:.3f}, accuracy {scores['accuracy']:.3f}, "
            f"{len(curves[name]['loss'])} epochs"
        )
    draw(curves, Path(output))
    print(f"Figure: {output}")
    return losses


def draw(curves: dict[str, dict[str, list[float]]], path: Path) -> None:
    """One panel per cure: training and validation loss over the epochs, on one scale."""
    figure_module = optional_import("matplotlib.figure", extra="plot", purpose="examples/overfitting.py")
    figure = figure_module.Figure(figsize=(15, 3.6), layout="constrained")
    axes = figure.subplots(1, len(curves), sharex=True, sharey=True)
    for axis, (name, history) in zip(axes, curves.items()):
        axis.plot(history["sparse_categorical_crossentropy"], color="#0072B2", label="training")
        axis.plot(
            history["val_sparse_categorical_crossentropy"],
            color="#D55E00",
            linestyle="--",
            label="validation",
        )
        axis.set_title(name)
        axis.set_xlabel("epoch")
        axis.set_ylim(0, 0.8)
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("cross-entropy")
    axes[0].legend()
    figure.suptitle("Overfitting and its cures: 300 digits, 300,000 weights")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
