"""Our layer and Keras's, side by side with the same weights: outputs, masks, gradients, names."""

import re

import jax
import jax.numpy as jnp
import keras
import numpy as np
from keras import tree as keras_tree

from neurona.core.annotations import MASK

TOLERANCE = 1e-5


def close(ours, theirs, tolerance=TOLERANCE, scale=1e-3):
    """Equal up to `tolerance` of the largest value, or of `scale` if that is more."""
    ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    assert ours.shape == theirs.shape, (ours.shape, theirs.shape)
    scale = max(np.abs(theirs).max(initial=0), scale)
    assert np.abs(ours - theirs).max(initial=0) <= tolerance * scale, (np.abs(ours - theirs).max(), scale)


def names(layer):
    """The weights' paths below the layer, without the numbers that tell automatic names apart."""
    return [re.sub(r"_\d+(?=/)", "", variable.path.split("/", 1)[1]) for variable in layer.weights]


def random_like(leaf, rng):
    return jnp.asarray(rng.normal(size=leaf.shape), leaf.dtype)


def build(layer, *args, **kwargs):
    """Create the weights of either layer without running it."""
    if isinstance(layer, keras.layers.Layer):
        symbolic = keras_tree.map_structure(
            lambda a: keras.KerasTensor(a.shape, str(a.dtype)) if hasattr(a, "shape") else a, (args, kwargs)
        )
        layer(*symbolic[0], **symbolic[1])
    else:
        jax.eval_shape(lambda: layer(*args, **kwargs))


def split(tree):
    """The floating-point leaves of a tree, and how to put others in their places."""
    leaves, structure = jax.tree.flatten(tree)
    inexact = [
        i
        for i, leaf in enumerate(leaves)
        if hasattr(leaf, "dtype") and np.issubdtype(leaf.dtype, np.floating)
    ]

    def join(floats):
        filled = list(leaves)
        for i, value in zip(inexact, floats):
            filled[i] = value
        return jax.tree.unflatten(structure, filled)

    return [jnp.asarray(leaves[i]) for i in inexact], join


def parity(ours, theirs, *args, seed=0, tolerance=TOLERANCE, **kwargs):
    """Both layers called alike from the same random weights; returns our outputs.

    Compared: names and shapes of the weights, outputs, masks, gradients of all weights and of all
        floating-point inputs.
    """
    rng = np.random.default_rng(seed)
    build(ours, *args, **kwargs)
    build(theirs, *args, **kwargs)
    weights = [rng.normal(size=w.shape, scale=0.5).astype("float32") for w in theirs.get_weights()]
    theirs.set_weights(weights)
    ours.set_weights(weights)
    assert names(ours) == names(theirs)
    assert [w.shape for w in ours.weights] == [tuple(w.shape) for w in theirs.weights]
    floats, join = split((args, kwargs))
    frozen = [jnp.asarray(v.value) for v in theirs.non_trainable_variables]
    number = {variable: index for index, variable in enumerate(ours.variables)}
    positions = [number[variable] for variable in ours.trainable_variables]

    def weighed(leaves):
        # Random but fixed weights for the sum of all outputs: its gradient sees every one of them.
        draws = np.random.default_rng(1)
        return sum(
            jnp.sum(leaf * draws.normal(size=leaf.shape))
            for leaf in leaves
            if jnp.issubdtype(leaf.dtype, jnp.floating)
        )

    def our_loss(weights, floats):
        values = [variable.value for variable in ours.variables]
        for position, value in zip(positions, weights):
            values[position] = value
        new_args, new_kwargs = join(floats)
        outputs, _ = ours.apply(values, *new_args, **new_kwargs)
        leaves = jax.tree.leaves(outputs)
        return weighed(leaves), (outputs, [MASK.get(leaf) for leaf in leaves])

    def their_loss(weights, floats):
        new_args, new_kwargs = join(floats)
        outputs, _ = theirs.stateless_call(weights, frozen, *new_args, **new_kwargs)
        leaves = keras_tree.flatten(outputs)
        return weighed(leaves), leaves

    (_, (outputs, masks)), gradients = jax.jit(jax.value_and_grad(our_loss, (0, 1), has_aux=True))(
        [v.value for v in ours.trainable_variables], floats
    )
    (_, their_outputs), their_gradients = jax.jit(jax.value_and_grad(their_loss, (0, 1), has_aux=True))(
        [v.value for v in theirs.trainable_variables], floats
    )
    for one, other in zip(jax.tree.leaves(outputs), their_outputs, strict=True):
        close(one, other, tolerance)
    if kwargs.get("mask") is not None:
        their_masks = keras_tree.flatten(theirs.compute_mask(args[0], kwargs["mask"]))
        for one, other in zip(masks, their_masks):
            np.testing.assert_array_equal(one, other)
    largest = max((float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(their_gradients)), default=0)
    for one, other in zip(jax.tree.leaves(gradients), jax.tree.leaves(their_gradients), strict=True):
        close(
            one, other, 2 * tolerance, scale=0.1 * largest
        )  # some are zero but for rounding, such as a key's bias in a softmax
    return outputs


def round_trip(ours, *args, **kwargs):
    """Our config read by Keras, Keras's config read by us: the same layer each time."""
    theirs = getattr(keras.layers, type(ours).__name__).from_config(ours.get_config())
    back = type(ours).from_config(theirs.get_config())
    expected = ours(*args, **kwargs)
    for layer in (theirs, back):
        build(layer, *args, **kwargs)
        layer.set_weights(ours.get_weights())
        for one, other in zip(
            jax.tree.leaves(expected), keras_tree.flatten(layer(*args, **kwargs)), strict=True
        ):
            close(one, other)
    assert ours.get_config().keys() <= back.get_config().keys()
    return theirs


def finite_differences(function, arrays, seed=0, tolerance=1e-6):
    """The gradient of a float64 function against central differences along one random direction."""
    rng = np.random.default_rng(seed)
    directions = [jnp.asarray(rng.normal(size=array.shape)) for array in arrays]
    step = 1e-5
    run = jax.jit(function)
    ahead = run([a + step * d for a, d in zip(arrays, directions)])
    behind = run([a - step * d for a, d in zip(arrays, directions)])
    slope = sum(jnp.sum(g * d) for g, d in zip(jax.jit(jax.grad(function))(arrays), directions))
    np.testing.assert_allclose(slope, (ahead - behind) / (2 * step), rtol=tolerance)
