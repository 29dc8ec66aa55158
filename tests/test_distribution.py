"""`neurona.distribution` beside `keras.distribution`, on one device."""

import keras
import numpy as np
import pytest

import neurona as nn
from neurona import distribution


def test_devices_meshes_and_layouts_are_those_of_keras():
    results = []
    for module in (distribution, keras.distribution):
        names = module.list_devices("cpu")[:1]
        mesh = module.DeviceMesh((1, 1), ["batch", "model"], names)
        layouts = module.LayoutMap(mesh)
        layouts["dense/kernel"] = (None, "model")
        layouts["conv.*"] = module.TensorLayout(("model",))
        model = module.ModelParallel(layout_map=layouts, batch_dim_name="batch")
        data = module.DataParallel(devices=names)
        laid = module.distribute_tensor(
            np.ones((2, 4), "float32"), module.TensorLayout((None, "model"), mesh)
        )
        results.append(
            (
                names,
                module.get_device_count("cpu"),
                mesh.shape,
                mesh.devices.tolist(),
                layouts["dense/kernel"].axes,
                layouts["conv_1/bias"].axes,
                layouts["other"],
                list(layouts),
                model.get_data_layout((None, 3)).axes,
                model.get_tensor_layout("dense/kernel").axes,
                data.get_data_layout((None, 3, 3)).axes,
                laid.sharding.spec,
            )
        )
    assert results[0] == results[1]
    layer = nn.layers.Dense(2, name="dense")
    layer.build((None, 3))
    data = distribution.DataParallel(devices=["cpu:0"])
    assert data.get_variable_layout(layer.kernel).axes == (None, None)
    with data.scope():
        assert distribution.distribution() is data
    assert distribution.distribution() is None


@pytest.mark.parametrize(
    "call",
    [
        lambda d: d.DeviceMesh((2,), ["a"], ["cpu:0"]),
        lambda d: d.DeviceMesh((1,), ["a", "b"], ["cpu:0"]),
        lambda d: d.TensorLayout(("c",), d.DeviceMesh((1,), ["a"], ["cpu:0"])),
        lambda d: d.LayoutMap(d.DeviceMesh((1,), ["a"], ["cpu:0"])).__setitem__("x", 3),
    ],
)
def test_what_does_not_fit_is_refused(call):
    for module in (distribution, keras.distribution):
        with pytest.raises(ValueError):  # noqa: PT011
            call(module)


def test_several_devices_are_refused_where_they_would_be_used():
    mesh = distribution.DeviceMesh((2,), ["batch"], ["cpu:0", "cpu:1"])
    with pytest.raises(ValueError, match="one device so far"):
        distribution.set_distribution(distribution.DataParallel(mesh))
    with pytest.raises(ValueError, match="num_processes=2"):
        distribution.initialize(num_processes=2)
    distribution.initialize()
