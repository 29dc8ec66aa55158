"""`tensorflow.examples.tutorials.mnist.mnist`: the network of the tutorial on feeding."""

import math
from typing import Any

from neurona.legacy.tensorflow import arrays, linalg, nn
from neurona.legacy.tensorflow import math as numbers
from neurona.legacy.tensorflow.dtypes import int32, int64
from neurona.legacy.tensorflow.v1 import losses, summary, train
from neurona.legacy.tensorflow.v1.graph import name_scope
from neurona.legacy.tensorflow.v1.nn import in_top_k
from neurona.legacy.tensorflow.v1.old import truncated_normal
from neurona.legacy.tensorflow.v1.variables import GraphVariable

NUM_CLASSES, IMAGE_SIZE = 10, 28
IMAGE_PIXELS = IMAGE_SIZE * IMAGE_SIZE


def inference(images: Any, hidden1_units: int, hidden2_units: int) -> Any:
    """The logits of a network with two layers between."""
    sizes = (IMAGE_PIXELS, hidden1_units, hidden2_units, NUM_CLASSES)
    outputs = images
    for number, name in enumerate(("hidden1", "hidden2", "softmax_linear")):
        inside, outside = sizes[number : number + 2]
        with name_scope(name):
            first = truncated_normal([inside, outside], stddev=1 / math.sqrt(inside))
            weights = GraphVariable(first, name="weights")
            biases = GraphVariable(arrays.zeros([outside]), name="biases")
            outputs = numbers.add(linalg.matmul(outputs, weights), biases)
        outputs = outputs if name == "softmax_linear" else nn.relu(outputs)
    return outputs


def loss(logits: Any, labels: Any) -> Any:
    """The mean cross-entropy."""
    return losses.sparse_softmax_cross_entropy(labels=arrays.cast(labels, int64), logits=logits)


def training(loss: Any, learning_rate: float) -> Any:
    """A step of gradient descent, whose loss is summarized."""
    summary.scalar("loss", loss)
    step = GraphVariable(0, name="global_step", trainable=False)
    return train.GradientDescentOptimizer(learning_rate).minimize(loss, global_step=step)


def evaluation(logits: Any, labels: Any) -> Any:
    """How many labels have the largest logit."""
    return numbers.reduce_sum(arrays.cast(in_top_k(logits, labels, 1), int32))
