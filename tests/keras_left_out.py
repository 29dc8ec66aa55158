"""Public names of Keras that Neurona leaves out, by reason."""

LEFT_OUT: dict[str, str] = {
    "It holds float8, AWQ or GPTQ numbers; Neurona quantizes to int8 and int4.": """
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
# Names that are still to come; one that has come is no fault.
NOT_YET: dict[str, str] = {
    "It is still to come.": """
        Quantizer RematScope backend.backend backend.clear_session backend.epsilon backend.floatx
        backend.get_uid backend.image_data_format backend.is_float_dtype backend.is_int_dtype
        backend.is_keras_tensor backend.result_type backend.set_epsilon backend.set_floatx
        backend.set_image_data_format backend.standardize_dtype distillation.DistillationLoss
        distillation.Distiller distillation.FeatureDistillation distillation.LogitsDistillation
        dtype_policies.DTypePolicyMap dtype_policies.Int4DTypePolicy dtype_policies.QuantizedDTypePolicy
        layers.AugMix layers.AutoContrast layers.CategoryEncoding layers.CenterCrop
        layers.ContrastLimitedAdaptiveHistogramEqualization layers.ConvLSTM1D layers.ConvLSTM2D
        layers.ConvLSTM3D layers.CutMix layers.Discretization layers.Equalization layers.FlaxLayer
        layers.HashedCrossing layers.Hashing layers.IntegerLookup layers.JaxLayer
        layers.MaxNumBoundingBoxes layers.MelSpectrogram layers.MixUp layers.Pipeline layers.RandAugment
        layers.RandomBrightness layers.RandomColorDegeneration layers.RandomColorJitter
        layers.RandomContrast layers.RandomCrop layers.RandomElasticTransform layers.RandomErasing
        layers.RandomFlip layers.RandomGaussianBlur layers.RandomGrayscale layers.RandomHue
        layers.RandomInvert layers.RandomPerspective layers.RandomPosterization layers.RandomRotation
        layers.RandomSaturation layers.RandomSharpness layers.RandomShear layers.RandomTranslation
        layers.RandomZoom layers.Resizing layers.ReversibleEmbedding layers.STFTSpectrogram
        layers.Solarization layers.StringLookup layers.deserialize layers.serialize
        ops.image.elastic_transform ops.image.sobel_edges ops.image.ssim optimizers.MultiOptimizer
        optimizers.OptimizerMap preprocessing.text_dataset_from_directory quantizers.AbsMaxQuantizer
        quantizers.Int4QuantizationConfig quantizers.Int8QuantizationConfig quantizers.QuantizationConfig
        quantizers.Quantizer quantizers.abs_max_quantize
        quantizers.abs_max_quantize_grouped_with_zero_point quantizers.deserialize
        quantizers.fake_quant_with_min_max_vars quantizers.get quantizers.pack_int4
        quantizers.quantize_and_dequantize quantizers.serialize quantizers.unpack_int4 remat
        saving.KerasFileEditor utils.Config utils.FeatureSpace utils.Progbar
        utils.audio_dataset_from_directory utils.bounding_boxes.affine_transform
        utils.bounding_boxes.clip_to_image_size utils.bounding_boxes.compute_ciou
        utils.bounding_boxes.compute_iou utils.bounding_boxes.convert_format utils.bounding_boxes.crop
        utils.bounding_boxes.decode_deltas_to_boxes utils.bounding_boxes.encode_box_to_deltas
        utils.bounding_boxes.pad utils.disable_interactive_logging utils.enable_interactive_logging
        utils.get_source_inputs utils.image_dataset_from_directory utils.is_interactive_logging_enabled
        utils.is_keras_tensor utils.model_to_dot utils.pack_x_y_sample_weight utils.split_dataset
        utils.text_dataset_from_directory utils.unpack_x_y_sample_weight wrappers.SKLearnClassifier
        wrappers.SKLearnRegressor wrappers.SKLearnTransformer
    """,
}
