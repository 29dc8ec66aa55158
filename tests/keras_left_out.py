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
NOT_YET: dict[str, str] = {
    "It is still to come.": """
        Quantizer RematScope distillation.DistillationLoss distillation.Distiller
        distillation.FeatureDistillation distillation.LogitsDistillation
        dtype_policies.DTypePolicyMap dtype_policies.Int4DTypePolicy
        dtype_policies.QuantizedDTypePolicy optimizers.MultiOptimizer optimizers.OptimizerMap
        quantizers.AbsMaxQuantizer quantizers.Int4QuantizationConfig
        quantizers.Int8QuantizationConfig quantizers.QuantizationConfig quantizers.Quantizer
        quantizers.abs_max_quantize quantizers.abs_max_quantize_grouped_with_zero_point
        quantizers.deserialize quantizers.fake_quant_with_min_max_vars quantizers.get
        quantizers.pack_int4 quantizers.quantize_and_dequantize quantizers.serialize
        quantizers.unpack_int4 remat saving.KerasFileEditor utils.Config
    """,
}
