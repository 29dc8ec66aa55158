"""`tf.bitwise`: the bits of integers."""

import jax
import jax.numpy as jnp

from neurona.legacy.tensorflow.dispatch import binary, unary

bitwise_and, bitwise_or, bitwise_xor = (
    binary("bitwise_and", jnp.bitwise_and),
    binary("bitwise_or", jnp.bitwise_or),
    binary("bitwise_xor", jnp.bitwise_xor),
)
left_shift, right_shift = (
    binary("left_shift", jnp.left_shift),
    binary(
        "right_shift",
        lambda x, y: (jax.lax.shift_right_logical if x.dtype.kind == "u" else jnp.right_shift)(x, y),
    ),
)
invert = unary("invert", jnp.invert)
