"""`tf.contrib.tensorboard`: the projector of embeddings."""

from types import SimpleNamespace

from neurona.legacy.tensorflow.v1.contrib import projector

plugins = SimpleNamespace(projector=projector)
PATHS = {
    "plugins": {"projector": f"{projector.__name__}:"},
    "plugins.projector": projector.__name__,
}
