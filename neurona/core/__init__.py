"""The engine room: variables, scope, random streams, Layer, symbolic tensors, dtype policies, registry,
errors.
"""
