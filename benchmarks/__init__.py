"""Neurona compared with its peers: `make bench`."""
