"""Public names of Keras that Neurona leaves out, by reason."""

LEFT_OUT: dict[str, str] = {
    "It holds float8, AWQ or GPTQ numbers, which Neurona does not have.": """
        dtype_policies.AWQDTypePolicy dtype_policies.GPTQDTypePolicy
        dtype_policies.QuantizedFloat8DTypePolicy quantizers.AWQConfig quantizers.Float8QuantizationConfig
        quantizers.GPTQConfig quantizers.compute_float8_amax_history quantizers.compute_float8_scale
    """,
    "It writes a TensorFlow SavedModel; `model.save` writes `.keras` files.": """
        export.ExportArchive
    """,
    "It writes Orbax's files; `callbacks.ModelCheckpoint` writes Neurona's.": """
        callbacks.OrbaxCheckpoint
    """,
}
# Names that are still to come.
NOT_YET: dict[str, str] = {}
