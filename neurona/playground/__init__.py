"""The playground: a page on this machine where a network learns, and everything can be touched.

`neurona playground` opens it from a terminal, `show` from a notebook. Both need `neurona[playground]`.
"""

from neurona.errors import suggest_names
from neurona.playground.export import training_data
from neurona.playground.notebook import show

__all__ = ["show", "training_data"]

suggest_names(__name__)
