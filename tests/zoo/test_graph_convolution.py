"""The graph convolution beside the formula in 64 bits, on graphs that it must tell apart, and bad graphs."""

import numpy as np
import pytest
import scipy.sparse

from neurona import zoo
from neurona.zoo import graph_convolution

EDGES, SIDES = zoo.karate_club()
LEADERS = [0, *[-1] * 32, 1]


def test_edges_are_normalized_by_the_degrees_of_both_ends():
    degrees = EDGES.astype("float64").sum(axis=1) + 1
    expected = (EDGES + np.eye(34)) / np.sqrt(degrees[:, None] * degrees)
    np.testing.assert_allclose(zoo.normalized_adjacency(EDGES), expected, rtol=1e-6)
    np.testing.assert_array_equal(
        zoo.normalized_adjacency(scipy.sparse.csr_matrix(EDGES)), zoo.normalized_adjacency(EDGES)
    )
    largest = np.linalg.eigvalsh(zoo.normalized_adjacency(EDGES)).max()
    assert largest == pytest.approx(1, abs=1e-5)  # as every random walk: mixing amplifies nothing


def test_a_layer_is_the_formula():
    generator = np.random.default_rng(0)
    h = generator.normal(size=(2, 34, 5)).astype("float32")
    s = np.stack([zoo.normalized_adjacency(EDGES), np.eye(34, dtype="float32")])
    layer = zoo.GraphConvolution(3, "relu")
    found = layer([h, s])
    kernel, bias = layer.get_weights()
    np.testing.assert_allclose(found, np.maximum(s @ h @ kernel + bias, 0), atol=1e-5)
    assert layer.compute_output_shape([(None, 34, 5), (None, 34, 34)]) == (None, 34, 3)
    half = zoo.GraphConvolution(3, dtype="bfloat16")
    assert str(half([h, s]).dtype) == "bfloat16"


def test_classes_are_told_of_nodes_and_of_a_graph_that_was_not_seen():
    X, labels, edges = graph_convolution.citations(0, nodes=300, classes=3)
    known = np.array(["a", "b", "c"], object)[labels]
    known[30:] = None
    network = zoo.GraphConvolutionClassifier(random_state=0).fit(X, known, edges)
    assert network.classes_.tolist() == ["a", "b", "c"]
    right = np.array(["a", "b", "c"])[labels]
    alone = zoo.GraphConvolutionClassifier(random_state=0).fit(X, known, 0 * edges)
    assert np.mean(network.transduction_[30:] == right[30:]) > 0.1 + np.mean(
        alone.transduction_[30:] == right[30:]
    )
    X, labels, edges = graph_convolution.citations(1, nodes=200, classes=3)
    assert network.score(X, np.array(["a", "b", "c"])[labels], edges) > 0.7


def test_what_is_no_graph_is_refused():
    network = zoo.GraphConvolutionClassifier(epochs=1)
    with pytest.raises(ValueError, match=r"n x n edges. Received shape \(2, 3\)"):
        network.fit(None, [0, 1], np.ones((2, 3)))
    with pytest.raises(ValueError, match="From node 0 to 1 the weight is 1, and back 0"):
        network.fit(None, [0, 1], [[0, 1], [0, 0]])
    with pytest.raises(ValueError, match="adjacency holds NaN, first in row 0, column 1"):
        network.fit(None, [0, 1], [[0, np.nan], [0, 0]])
    with pytest.raises(ValueError, match="2 rows of X, 3 classes and 2 rows of edges"):
        network.fit(None, [0, 1, 1], np.eye(2))
    with pytest.raises(ValueError, match=r"Known are 1 classes: \[0\]"):
        network.fit(None, [0, -1], np.eye(2))
    with pytest.raises(ValueError, match="has not learned yet"):
        network.predict(None, np.eye(2))
    network.fit(None, LEADERS, EDGES)
    with pytest.raises(ValueError, match="X has 3 features, but GraphConvolutionClassifier is expecting 34"):
        network.predict(None, np.eye(3))
    with pytest.raises(ValueError, match="34 rows of X and 3 rows of edges"):
        network.predict(np.eye(34), np.eye(3))
    with pytest.raises(ValueError, match=r"a list of features and edges, \[H, S\]"):
        zoo.GraphConvolution(2)(np.ones((3, 4)))
