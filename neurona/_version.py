__version__ = "0.1.0"


def version() -> str:
    """Neurona's version."""
    return __version__
