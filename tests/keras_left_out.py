"""Public names of Keras that Neurona leaves out, by reason."""

LEFT_OUT: dict[str, str] = {
    "It runs a TensorFlow SavedModel.": """
        layers.TFSMLayer
    """,
    "It runs a PyTorch module.": """
        layers.TorchModuleWrapper
    """,
    "It holds float8, AWQ or GPTQ numbers; Neurona quantizes to int8 and int4.": """
        dtype_policies.AWQDTypePolicy dtype_policies.GPTQDTypePolicy
        dtype_policies.QuantizedFloat8DTypePolicy quantizers.AWQConfig quantizers.Float8QuantizationConfig
        quantizers.GPTQConfig quantizers.compute_float8_amax_history quantizers.compute_float8_scale
    """,
}
# Names that are still to come; one that has come is no fault.
NOT_YET: dict[str, str] = {
    "It is still to come.": """
        Function InputSpec KerasTensor Operation Quantizer RematScope StatelessScope SymbolicScope
        applications.ConvNeXtBase applications.ConvNeXtLarge applications.ConvNeXtSmall
        applications.ConvNeXtTiny applications.ConvNeXtXLarge applications.DenseNet121
        applications.DenseNet169 applications.DenseNet201 applications.EfficientNetB0
        applications.EfficientNetB1 applications.EfficientNetB2 applications.EfficientNetB3
        applications.EfficientNetB4 applications.EfficientNetB5 applications.EfficientNetB6
        applications.EfficientNetB7 applications.EfficientNetV2B0 applications.EfficientNetV2B1
        applications.EfficientNetV2B2 applications.EfficientNetV2B3 applications.EfficientNetV2L
        applications.EfficientNetV2M applications.EfficientNetV2S applications.InceptionResNetV2
        applications.InceptionV3 applications.MobileNet applications.MobileNetV2
        applications.MobileNetV3Large applications.MobileNetV3Small applications.NASNetLarge
        applications.NASNetMobile applications.ResNet101 applications.ResNet101V2 applications.ResNet152
        applications.ResNet152V2 applications.ResNet50 applications.ResNet50V2 applications.VGG16
        applications.VGG19 applications.Xception applications.convnext.ConvNeXtBase
        applications.convnext.ConvNeXtLarge applications.convnext.ConvNeXtSmall
        applications.convnext.ConvNeXtTiny applications.convnext.ConvNeXtXLarge
        applications.convnext.decode_predictions applications.convnext.preprocess_input
        applications.densenet.DenseNet121 applications.densenet.DenseNet169
        applications.densenet.DenseNet201 applications.densenet.decode_predictions
        applications.densenet.preprocess_input applications.efficientnet.EfficientNetB0
        applications.efficientnet.EfficientNetB1 applications.efficientnet.EfficientNetB2
        applications.efficientnet.EfficientNetB3 applications.efficientnet.EfficientNetB4
        applications.efficientnet.EfficientNetB5 applications.efficientnet.EfficientNetB6
        applications.efficientnet.EfficientNetB7 applications.efficientnet.decode_predictions
        applications.efficientnet.preprocess_input applications.efficientnet_v2.EfficientNetV2B0
        applications.efficientnet_v2.EfficientNetV2B1 applications.efficientnet_v2.EfficientNetV2B2
        applications.efficientnet_v2.EfficientNetV2B3 applications.efficientnet_v2.EfficientNetV2L
        applications.efficientnet_v2.EfficientNetV2M applications.efficientnet_v2.EfficientNetV2S
        applications.efficientnet_v2.decode_predictions applications.efficientnet_v2.preprocess_input
        applications.imagenet_utils.decode_predictions applications.imagenet_utils.preprocess_input
        applications.inception_resnet_v2.InceptionResNetV2
        applications.inception_resnet_v2.decode_predictions
        applications.inception_resnet_v2.preprocess_input applications.inception_v3.InceptionV3
        applications.inception_v3.decode_predictions applications.inception_v3.preprocess_input
        applications.mobilenet.MobileNet applications.mobilenet.decode_predictions
        applications.mobilenet.preprocess_input applications.mobilenet_v2.MobileNetV2
        applications.mobilenet_v2.decode_predictions applications.mobilenet_v2.preprocess_input
        applications.mobilenet_v3.decode_predictions applications.mobilenet_v3.preprocess_input
        applications.nasnet.NASNetLarge applications.nasnet.NASNetMobile
        applications.nasnet.decode_predictions applications.nasnet.preprocess_input
        applications.resnet.ResNet101 applications.resnet.ResNet152 applications.resnet.ResNet50
        applications.resnet.decode_predictions applications.resnet.preprocess_input
        applications.resnet50.ResNet50 applications.resnet50.decode_predictions
        applications.resnet50.preprocess_input applications.resnet_v2.ResNet101V2
        applications.resnet_v2.ResNet152V2 applications.resnet_v2.ResNet50V2
        applications.resnet_v2.decode_predictions applications.resnet_v2.preprocess_input
        applications.vgg16.VGG16 applications.vgg16.decode_predictions applications.vgg16.preprocess_input
        applications.vgg19.VGG19 applications.vgg19.decode_predictions applications.vgg19.preprocess_input
        applications.xception.Xception applications.xception.decode_predictions
        applications.xception.preprocess_input backend.backend backend.clear_session backend.epsilon
        backend.floatx backend.get_uid backend.image_data_format backend.is_float_dtype
        backend.is_int_dtype backend.is_keras_tensor backend.result_type backend.set_epsilon
        backend.set_floatx backend.set_image_data_format backend.standardize_dtype
        callbacks.OrbaxCheckpoint config.backend config.disable_flash_attention
        config.disable_interactive_logging config.enable_flash_attention config.enable_interactive_logging
        config.enable_unsafe_deserialization config.is_flash_attention_enabled
        config.is_interactive_logging_enabled config.is_nnx_enabled config.max_epochs
        config.max_steps_per_epoch config.set_backend config.set_max_epochs config.set_max_steps_per_epoch
        device distillation.DistillationLoss distillation.Distiller distillation.FeatureDistillation
        distillation.LogitsDistillation distribution.DataParallel distribution.DeviceMesh
        distribution.LayoutMap distribution.ModelParallel distribution.TensorLayout
        distribution.distribute_tensor distribution.distribution distribution.get_device_count
        distribution.initialize distribution.list_devices distribution.set_distribution
        dtype_policies.DTypePolicyMap dtype_policies.Int4DTypePolicy dtype_policies.QuantizedDTypePolicy
        export.ExportArchive layers.AugMix layers.AutoContrast layers.CategoryEncoding layers.CenterCrop
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
        layers.Solarization layers.StringLookup layers.deserialize layers.serialize name_scope
        ops.image.elastic_transform ops.image.sobel_edges ops.image.ssim optimizers.MultiOptimizer
        optimizers.OptimizerMap preprocessing.text_dataset_from_directory quantizers.AbsMaxQuantizer
        quantizers.Int4QuantizationConfig quantizers.Int8QuantizationConfig quantizers.QuantizationConfig
        quantizers.Quantizer quantizers.abs_max_quantize
        quantizers.abs_max_quantize_grouped_with_zero_point quantizers.deserialize
        quantizers.fake_quant_with_min_max_vars quantizers.get quantizers.pack_int4
        quantizers.quantize_and_dequantize quantizers.serialize quantizers.unpack_int4 remat
        saving.KerasFileEditor tree.MAP_TO_NONE tree.assert_same_paths tree.assert_same_structure
        tree.flatten tree.flatten_with_path tree.is_nested tree.lists_to_tuples tree.map_shape_structure
        tree.map_structure tree.map_structure_up_to tree.pack_sequence_as tree.traverse utils.Config
        utils.FeatureSpace utils.Progbar utils.audio_dataset_from_directory
        utils.bounding_boxes.affine_transform utils.bounding_boxes.clip_to_image_size
        utils.bounding_boxes.compute_ciou utils.bounding_boxes.compute_iou
        utils.bounding_boxes.convert_format utils.bounding_boxes.crop
        utils.bounding_boxes.decode_deltas_to_boxes utils.bounding_boxes.encode_box_to_deltas
        utils.bounding_boxes.pad utils.disable_interactive_logging utils.enable_interactive_logging
        utils.get_source_inputs utils.image_dataset_from_directory utils.is_interactive_logging_enabled
        utils.is_keras_tensor utils.model_to_dot utils.pack_x_y_sample_weight utils.split_dataset
        utils.text_dataset_from_directory utils.unpack_x_y_sample_weight version
        visualization.draw_bounding_boxes visualization.draw_segmentation_masks
        visualization.plot_bounding_box_gallery visualization.plot_image_gallery
        visualization.plot_segmentation_mask_gallery wrappers.SKLearnClassifier wrappers.SKLearnRegressor
        wrappers.SKLearnTransformer
    """,
}
