"""The races of the zoo: its networks beside the packages that have one each. Plain data, as in
`benchmarks.workloads`; what is run stands in `benchmarks/zoo`.
"""

from typing import Any

from benchmarks.workloads import Target, Workload


def _race(
    network: str, title: str, data: str, peers: tuple[str, ...], rows: int, quality: str, **more: Any
) -> Workload:
    """A network of the zoo beside a package that has it too, on one thread."""
    names = {"name": f"zoo-{network}", "title": title, "kind": "zoo", "network": network, "data": data}
    counts = {"rows": rows, "rounds": 3, "threads": 1}
    return Workload(**{**names, **counts, "contenders": ("neurona", *peers), "quality": quality, **more})


_digits = {"input_shape": (784,), "test_rows": 10_000}
_races = [
    _race(
        "map-online",
        "Map of the irises, row by row",
        "iris",
        ("minisom",),
        120,
        "quantization error",
        rounds=10,
        input_shape=(4,),
        details="7x7 units, 67 epochs, radius 1.5, rate 0.5.",
    ),
    _race(
        "map-batch",
        "Map of the irises, in batches",
        "iris",
        ("xpysom",),
        120,
        "quantization error",
        rounds=10,
        input_shape=(4,),
        details="7x7 units, 67 epochs, radius from 0.75 to 0.5.",
    ),
    _race(
        "map-digits",
        "Map of MNIST",
        "mnist",
        ("xpysom",),
        60_000,
        "quantization error",
        details="20x20 units, 10 epochs, radius from 5 to 0.5.",
        **_digits,
    ),
    _race(
        "map-rows",
        "Map of a million rows",
        "synthetic",
        ("xpysom",),
        1_000_000,
        "quantization error",
        details="30x30 units on 16 uniform columns, 1 epoch, radius 7.5: time only.",
    ),
    _race(
        "boltzmann",
        "Restricted Boltzmann machine",
        "mnist",
        ("scikit-learn",),
        10_000,
        "log pseudo-likelihood",
        details="500 hidden units, 5 epochs of batches of 100, rate 0.05, persistent chains.",
        **_digits,
    ),
    _race(
        "perceptron",
        "Perceptron",
        "mnist",
        ("scikit-learn",),
        60_000,
        "test accuracy",
        details="10 epochs, row by row.",
        **_digits,
    ),
    _race(
        "network",
        "Backpropagation, row by row",
        "iris",
        ("scikit-learn",),
        120,
        "test accuracy",
        test_rows=30,
        input_shape=(4,),
        details="4-8-3 sigmoid neurons, 500 epochs, rate 0.1.",
    ),
    _race(
        "layers",
        "Backpropagation in batches",
        "mnist",
        ("scikit-learn",),
        60_000,
        "test accuracy",
        details="MLP 784-500-10, 3 epochs of batches of 100, Adam 0.001; predictions included.",
        **_digits,
    ),
    _race(
        "extreme",
        "Extreme learning machine",
        "mnist",
        ("hpelm",),
        60_000,
        "test accuracy",
        details="2,000 sigmoid units; predictions included.",
        **_digits,
    ),
    _race(
        "hidden-gaussian",
        "Hidden Markov model, Gaussian",
        "synthetic",
        ("hmmlearn",),
        100_000,
        "log likelihood per step",
        details="100 sequences of 1,000 steps, 5 states, 3 columns, 20 rounds of Baum and Welch.",
    ),
    _race(
        "hidden-categorical",
        "Hidden Markov model, categorical",
        "synthetic",
        ("hmmlearn",),
        100_000,
        "log likelihood per step",
        details="The same, 10 kinds of signs.",
    ),
    _race(
        "echo-state",
        "Echo state network: Mackey-Glass",
        "synthetic",
        ("reservoirpy",),
        10_000,
        "NRMSE84",
        details="1,000 units, 10,000 steps learned; 50 free runs of 84 steps included.",
    ),
    _race(
        "narma",
        "Echo state network: NARMA-10",
        "synthetic",
        ("reservoirpy",),
        10_000,
        "NRMSE",
        test_rows=2000,
        details="1,000 units, 10,000 steps learned; 2,000 test steps included.",
    ),
    _race(
        "spikes",
        "Spiking network",
        "mnist",
        ("snntorch",),
        60_000,
        "test accuracy",
        rounds=2,
        details="784-200-10 leaky integrate-and-fire neurons, 25 steps, an epoch of batches of 100, Adam "
        "0.0005; predictions included.",
        **_digits,
    ),
    _race(
        "tagging",
        "Conditional random field",
        "synthetic",
        ("crfsuite",),
        10_000,
        "test accuracy",
        test_rows=2000,
        details="Sentences of 5 to 30 words, 5 tags, 500 words; the tags of 2,000 others included. CRFsuite: "
        "100 iterations of L-BFGS.",
    ),
    _race(
        "skip-gram",
        "word2vec: skip-gram",
        "reviews",
        ("gensim",),
        6000,
        "rank correlation of 30 pairs",
        rounds=2,
        details="100 numbers a word, windows of 5, 5 negative samples, 5 epochs; counting words included.",
    ),
    _race(
        "bag-of-words",
        "word2vec: bag of words",
        "reviews",
        ("gensim",),
        6000,
        "rank correlation of 30 pairs",
        rounds=2,
        details="The same.",
    ),
    _race(
        "variational",
        "Variational autoencoder",
        "mnist",
        ("torch",),
        20_000,
        "lower bound, nats",
        details="784-200-20-200-784, 5 epochs of batches of 100, Adam 0.001.",
        **_digits,
    ),
    _race(
        "turing",
        "Neural Turing machine",
        "synthetic",
        ("torch",),
        1600,
        "share of wrong bits",
        test_rows=160,
        details="An LSTM of 32 units, 32 locations of 20 numbers; 100 steps of 16 sequences of 41.",
    ),
    _race(
        "gpt",
        "Small GPT",
        "reviews",
        ("torch",),
        480,
        "bits of a letter",
        test_rows=64,
        details="4 blocks of 128 numbers and 4 heads, 128 letters; 30 steps of 16 texts, AdamW 0.001; "
        "predictions included.",
    ),
    _race(
        "writing",
        "Small GPT: writing",
        "reviews",
        ("torch",),
        1,
        "different texts",
        details="The same network writes 10 texts of 127 letters, one after another, with a cache.",
    ),
    _race(
        "residual",
        "ResNet-20",
        "cifar10",
        ("torch",),
        1280,
        "test accuracy",
        test_rows=500,
        input_shape=(32, 32, 3),
        details="An epoch of batches of 128, momentum 0.9; predictions included.",
    ),
    _race(
        "gan",
        "Deep convolutional GAN",
        "mnist",
        ("torch",),
        2560,
        "difference in brightness",
        input_shape=(28, 28, 1),
        details="Maps 64 and 32; 40 steps of both players on 64 digits, Adam 0.0002.",
    ),
    _race(
        "deep-q",
        "Deep Q-network: CartPole",
        "synthetic",
        ("torch",),
        5000,
        "steps upright",
        details="5,000 steps of 16 poles, a step of Adam from 128 memories after each.",
    ),
]

ZOO = {workload.name: workload for workload in _races}
ZOO_TARGETS: dict[tuple[str, str], tuple[Target, ...]] = {
    **{(name, "fit"): (Target(at_least=2),) for name in ZOO},
    **{
        (f"zoo-{name}", "fit"): (Target(at_least=5),)
        for name in ("map-online", "map-batch", "map-digits", "map-rows", "boltzmann", "network")
    },
    **{
        (f"zoo-{name}", "fit"): (Target(at_least=1.5),)
        for name in ("variational", "turing", "gpt", "writing", "residual", "gan", "deep-q")
    },
}
