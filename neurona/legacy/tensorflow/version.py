"""`tf.version`: this face answers as the version whose manners it has."""

VERSION = "2.21.0"
GIT_VERSION = "neurona"
COMPILER_VERSION = "xla"
GRAPH_DEF_VERSION = 2000
