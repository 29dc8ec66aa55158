"""Neurona beside its peers: `make bench`."""
