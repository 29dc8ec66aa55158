"""`tf.bitwise`: the bits of integers."""

import jax.numpy as jnp

from neurona.legacy.tensorflow.dispatch import binary, unary

bitwise_and, bitwise_or = binary("bitwise_and", jnp.bitwise_and), binary("bitwise_or", jnp.bitwise_or)
bitwise_xor, invert = binary("bitwise_xor", jnp.bitwise_xor), unary("invert", jnp.invert)
left_shift, right_shift = binary("left_shift", jnp.left_shift), binary("right_shift", jnp.right_shift)
