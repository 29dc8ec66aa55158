"""What the native kernels do to the process around them: nothing, also when other threads use it."""

import threading

import numpy as np

import neurona
from tests.kernels.conftest import skip_without_library

pytestmark = skip_without_library


def train(seed: int) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    x, y = generator.normal(size=(512, 60)).astype("float32"), generator.integers(0, 10, 512)
    layers = neurona.layers
    model = neurona.Sequential(
        [
            neurona.Input((60,)),
            layers.Dense(128, "relu"),
            layers.Dense(64, "tanh"),
            layers.Dense(10, "softmax"),
        ]
    )
    for weight in model.trainable_variables:
        weight.assign(generator.normal(size=weight.shape).astype("float32") * 0.1)
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x, y, epochs=3, shuffle=False, verbose=0)
    return model.get_weights()


def test_models_in_several_threads_end_as_they_do_alone():
    alone = [train(seed) for seed in range(4)]
    together: dict[int, list[np.ndarray]] = {}
    threads = [
        threading.Thread(target=lambda seed=seed: together.update({seed: train(seed)})) for seed in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    for seed, weights in enumerate(alone):
        for one, other in zip(weights, together[seed], strict=True):
            np.testing.assert_array_equal(one, other)


def test_denormals_stay():
    """A library compiled with -ffast-math makes the thread that loads it flush them to zero."""
    train(0)
    tiny = np.float32(1e-39)
    assert tiny * np.float32(0.5) > 0
    assert np.float32(1e-30) * np.float32(1e-9) > 0
