"""The zoo: the networks of the books, each with its paper and the experiment that made it famous.

    from neurona.zoo import Hopfield
    network = Hopfield().fit(patterns)
    network.recall(damaged)

All keep the contract of scikit-learn's estimators. `neurona zoo` lists them; `neurona zoo run hopfield` runs
an experiment. A file of this folder is a network: its docstring is the lecture, its `CARD` the summary.
"""

import importlib
import pkgutil
from pathlib import Path

from neurona.errors import suggest_names
from neurona.zoo import (
    adaline,
    adversarial,
    alexnet,
    annealed_boltzmann,
    backpropagation,
    bahdanau,
    bit_tasks,
    boards,
    boltzmann,
    capsules,
    ciresan,
    conditional_random_field,
    contractive_autoencoder,
    deconvolution,
    deep_autoencoder,
    deep_belief,
    deep_boltzmann,
    deep_convolutional_gan,
    deep_q,
    denoising_autoencoder,
    differentiable_neural_computer,
    diffusion,
    echo_canceller,
    echo_state,
    elman,
    environments,
    extreme,
    game_tree,
    glove,
    googlenet,
    gpt,
    graph_convolution,
    hebb,
    hidden_markov,
    hopfield,
    inverse_graphics,
    jarrett,
    jordan,
    kohonen,
    kolmogorov_arnold,
    large_autoencoder,
    lenet,
    linear_discriminant,
    liquid_state,
    lstm,
    madaline,
    markov,
    mcculloch_pitts,
    mixture_of_experts,
    neocognitron,
    neural_turing_machine,
    perceptron,
    plasticity,
    policy_gradient,
    proximal_policy,
    radial_basis,
    resnet,
    restricted_boltzmann,
    sentiment,
    softmax,
    spanish_tasks,
    sparse_autoencoder,
    speech,
    spiking,
    transformer,
    tree_search,
    variational_autoencoder,
    vector_quantization,
    voices,
    word2vec,
    word_vectors,
)
from neurona.zoo.adaline import *
from neurona.zoo.adversarial import *
from neurona.zoo.alexnet import *
from neurona.zoo.annealed_boltzmann import *
from neurona.zoo.backpropagation import *
from neurona.zoo.bahdanau import *
from neurona.zoo.bit_tasks import *
from neurona.zoo.boards import *
from neurona.zoo.boltzmann import *
from neurona.zoo.capsules import *
from neurona.zoo.card import CELLS, FAMILIES, Card, Experiment, Outcome, Words, diagram
from neurona.zoo.ciresan import *
from neurona.zoo.conditional_random_field import *
from neurona.zoo.contractive_autoencoder import *
from neurona.zoo.deconvolution import *
from neurona.zoo.deep_autoencoder import *
from neurona.zoo.deep_belief import *
from neurona.zoo.deep_boltzmann import *
from neurona.zoo.deep_convolutional_gan import *
from neurona.zoo.deep_q import *
from neurona.zoo.denoising_autoencoder import *
from neurona.zoo.differentiable_neural_computer import *
from neurona.zoo.diffusion import *
from neurona.zoo.echo_canceller import *
from neurona.zoo.echo_state import *
from neurona.zoo.elman import *
from neurona.zoo.environments import *
from neurona.zoo.estimator import Estimator, load
from neurona.zoo.extreme import *
from neurona.zoo.game_tree import *
from neurona.zoo.glove import *
from neurona.zoo.googlenet import *
from neurona.zoo.gpt import *
from neurona.zoo.graph_convolution import *
from neurona.zoo.hebb import *
from neurona.zoo.hidden_markov import *
from neurona.zoo.hopfield import *
from neurona.zoo.inverse_graphics import *
from neurona.zoo.jarrett import *
from neurona.zoo.jordan import *
from neurona.zoo.kohonen import *
from neurona.zoo.kolmogorov_arnold import *
from neurona.zoo.large_autoencoder import *
from neurona.zoo.lenet import *
from neurona.zoo.linear_discriminant import *
from neurona.zoo.liquid_state import *
from neurona.zoo.lstm import *
from neurona.zoo.madaline import *
from neurona.zoo.markov import *
from neurona.zoo.mcculloch_pitts import *
from neurona.zoo.mixture_of_experts import *
from neurona.zoo.neocognitron import *
from neurona.zoo.neural_turing_machine import *
from neurona.zoo.perceptron import *
from neurona.zoo.plasticity import *
from neurona.zoo.policy_gradient import *
from neurona.zoo.proximal_policy import *
from neurona.zoo.radial_basis import *
from neurona.zoo.resnet import *
from neurona.zoo.restricted_boltzmann import *
from neurona.zoo.sentiment import *
from neurona.zoo.softmax import *
from neurona.zoo.spanish_tasks import *
from neurona.zoo.sparse_autoencoder import *
from neurona.zoo.speech import *
from neurona.zoo.spiking import *
from neurona.zoo.transformer import *
from neurona.zoo.tree_search import *
from neurona.zoo.variational_autoencoder import *
from neurona.zoo.vector_quantization import *
from neurona.zoo.voices import *
from neurona.zoo.word2vec import *
from neurona.zoo.word_vectors import *

__all__ = [
    "CELLS",
    "FAMILIES",
    "Card",
    "Estimator",
    "Experiment",
    "Outcome",
    "Words",
    "cards",
    "diagram",
    "load",
]
__all__ += adaline.__all__
__all__ += adversarial.__all__
__all__ += alexnet.__all__
__all__ += annealed_boltzmann.__all__
__all__ += backpropagation.__all__
__all__ += bahdanau.__all__
__all__ += bit_tasks.__all__
__all__ += boards.__all__
__all__ += boltzmann.__all__
__all__ += capsules.__all__
__all__ += ciresan.__all__
__all__ += conditional_random_field.__all__
__all__ += contractive_autoencoder.__all__
__all__ += deconvolution.__all__
__all__ += deep_autoencoder.__all__
__all__ += deep_belief.__all__
__all__ += deep_boltzmann.__all__
__all__ += deep_convolutional_gan.__all__
__all__ += deep_q.__all__
__all__ += denoising_autoencoder.__all__
__all__ += differentiable_neural_computer.__all__
__all__ += diffusion.__all__
__all__ += echo_canceller.__all__
__all__ += echo_state.__all__
__all__ += elman.__all__
__all__ += environments.__all__
__all__ += extreme.__all__
__all__ += game_tree.__all__
__all__ += glove.__all__
__all__ += googlenet.__all__
__all__ += gpt.__all__
__all__ += graph_convolution.__all__
__all__ += hebb.__all__
__all__ += hidden_markov.__all__
__all__ += hopfield.__all__
__all__ += inverse_graphics.__all__
__all__ += jarrett.__all__
__all__ += jordan.__all__
__all__ += kohonen.__all__
__all__ += kolmogorov_arnold.__all__
__all__ += large_autoencoder.__all__
__all__ += lenet.__all__
__all__ += linear_discriminant.__all__
__all__ += liquid_state.__all__
__all__ += lstm.__all__
__all__ += madaline.__all__
__all__ += markov.__all__
__all__ += mcculloch_pitts.__all__
__all__ += mixture_of_experts.__all__
__all__ += neocognitron.__all__
__all__ += neural_turing_machine.__all__
__all__ += perceptron.__all__
__all__ += plasticity.__all__
__all__ += policy_gradient.__all__
__all__ += proximal_policy.__all__
__all__ += radial_basis.__all__
__all__ += resnet.__all__
__all__ += restricted_boltzmann.__all__
__all__ += sentiment.__all__
__all__ += softmax.__all__
__all__ += spanish_tasks.__all__
__all__ += sparse_autoencoder.__all__
__all__ += speech.__all__
__all__ += spiking.__all__
__all__ += transformer.__all__
__all__ += tree_search.__all__
__all__ += variational_autoencoder.__all__
__all__ += vector_quantization.__all__
__all__ += voices.__all__
__all__ += word2vec.__all__
__all__ += word_vectors.__all__


def cards() -> dict[str, Card]:
    """The cards of all networks by the name of their file, the oldest first.

    Example:

        >>> list(cards())[0]
        'markov'
    """
    files = pkgutil.iter_modules([str(Path(__file__).parent)])
    modules = {file.name: importlib.import_module(f"{__name__}.{file.name}") for file in files}
    found = {name: module.CARD for name, module in modules.items() if hasattr(module, "CARD")}
    return dict(sorted(found.items(), key=lambda item: (item[1].year, item[0])))


suggest_names(__name__)
