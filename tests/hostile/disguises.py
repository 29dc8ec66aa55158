"""Files with code that would leave a mark if it ran, in every place of a description that takes functions."""

import base64
import copy
import json
import marshal

from tests.hostile.ages import layered, old_file
from tests.hostile.crafting import config, keras_file

_TOUCH = (lambda x: __import__("pathlib").Path("canary").touch()).__code__
_CODE = base64.b64encode(marshal.dumps(_TOUCH)).decode()
_PICKLE = base64.b64encode(b"cposix\nsystem\n(S'touch canary'\ntR.").decode()
# A function as Keras 1 and 2, tf-keras and Keras 3 wrote its code, and names that would reach some.
FUNCTIONS = {
    "code of Keras 2": [_CODE, None, None],
    "code of tf-keras": {"class_name": "__lambda__", "config": {"value": [_CODE, None, None]}},
    "code of Keras 3": {
        "module": "builtins",
        "class_name": "__lambda__",
        "config": {"code": _CODE, "defaults": None, "closure": None},
        "registered_name": None,
    },
    "a function of the system": {
        "module": "os",
        "class_name": "function",
        "config": "system",
        "registered_name": "system",
    },
    "eval": {"module": "builtins", "class_name": "function", "config": "eval", "registered_name": "eval"},
    "a pickle": {"class_name": "__pickle__", "config": {"value": _PICKLE}},
    "a partial": {"module": "functools", "class_name": "partial", "config": {"func": "os.system"}},
}
_SEQUENCE = [None, 5, 4]


def _layer(name, registered=None, **options):
    return {"module": "keras.layers", "class_name": name, "config": options, "registered_name": registered}


def _layers(function):
    """Layers with a function in them: what it is there, and the layer."""
    lambda_layer = _layer("Lambda", function=function)
    yield "a Lambda", lambda_layer
    yield "a registered Lambda", _layer("Dense", registered="Lambda", function=function)
    yield "a Lambda of a package", _layer("keras>Lambda", function=function)
    yield "a mask", _layer("Lambda", function="relu", mask=function)
    yield "an initializer", _layer("Dense", units=2, kernel_initializer=function)
    yield "a regularizer", _layer("Dense", units=2, kernel_regularizer=function)
    yield "a constraint", _layer("Dense", units=2, bias_constraint=function)
    yield "an activation", _layer("Dense", units=2, activation=function)
    yield "an Activation", _layer("Activation", activation=function)
    yield "a dtype", _layer("Dense", units=2, dtype=function)
    yield "a cell", _layer("RNN", cell=lambda_layer)
    yield "a cell of a list", _layer("StackedRNNCells", cells=[lambda_layer])
    yield "a TimeDistributed", _layer("TimeDistributed", layer=lambda_layer)
    yield "a Bidirectional", _layer("Bidirectional", layer=lambda_layer)
    yield (
        "a backward layer",
        _layer("Bidirectional", layer=_layer("LSTM", units=2), backward_layer=lambda_layer),
    )
    model = {"module": "keras", "class_name": "Sequential", "config": {"name": "m", "layers": [lambda_layer]}}
    yield "a model inside", model
    yield "a model inside a wrapper", _layer("TimeDistributed", layer=model)


def _compilations(function):
    """Ways to compile with a function."""
    optimizer = {"module": "keras.optimizers", "class_name": "SGD", "config": {}, "registered_name": None}
    metric = {"module": "keras.metrics", "class_name": "MeanMetricWrapper", "registered_name": None}
    loss = {"module": "keras.losses", "class_name": "LossFunctionWrapper", "registered_name": None}
    yield "a loss", {"optimizer": "sgd", "loss": function}
    yield "a loss in a wrapper", {"optimizer": "sgd", "loss": {**loss, "config": {"fn": function}}}
    yield "a loss of an output", {"optimizer": "sgd", "loss": {"out": function}}
    yield "a metric", {"optimizer": "sgd", "loss": "mse", "metrics": [[function]]}
    yield "a metric in a wrapper", {"optimizer": "sgd", "metrics": [{**metric, "config": {"fn": function}}]}
    yield "a rate", {"optimizer": {**optimizer, "config": {"learning_rate": function}}, "loss": "mse"}


def texts(folder):
    """Descriptions of models with code in a layer."""
    for kind, function in FUNCTIONS.items():
        for place, layer in _layers(function):
            tree = config()
            tree["config"]["layers"][0]["config"]["batch_shape"] = _SEQUENCE
            tree["config"]["layers"][1] = copy.deepcopy(layer)
            yield f"{kind} as {place}", json.dumps(tree).encode()


def archives(folder):
    """Whole models with code in a layer, or in how they were compiled."""
    for name, text in texts(folder):
        yield name, keras_file(config=text)
    for kind, function in FUNCTIONS.items():
        for place, compilation in _compilations(function):
            tree = {**config(), "compile_config": compilation}
            yield f"{kind} as {place}", keras_file(config=json.dumps(tree).encode())


def older(folder):
    """Whole models of Keras 2 with code in a layer."""
    for kind, function in FUNCTIONS.items():
        for place, layer in _layers(function):
            options = {key: value for key, value in layer["config"].items() if key != "name"}
            description = layered(layer["class_name"], **options)
            description["config"]["layers"][0]["config"]["batch_input_shape"] = _SEQUENCE
            yield f"{kind} as {place}", old_file(config=description)
