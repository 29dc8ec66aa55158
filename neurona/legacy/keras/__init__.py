"""Keras, as programs of all its ages import it."""
