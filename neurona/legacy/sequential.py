"""Models of Keras 0 and 1 that today's forms have no room for: branches at the start of a Sequential model,
and the Graph container.
"""

from collections.abc import Mapping
from typing import Any

from neurona.core.errors import SavingError

Config = dict[str, Any]


def is_branched(entry: Mapping[str, Any]) -> bool:
    """Whether the first layer of a Sequential model merges other models."""
    return entry.get("class_name") == "Merge" and bool((entry.get("config") or {}).get("layers"))


def _input_shape(entry: Mapping[str, Any]) -> tuple[Any, Any]:
    """The shape, with the batch, and the dtype that a layer or model begins with."""
    config = entry.get("config")
    if isinstance(config, list):
        return _input_shape(config[0]) if config else (None, None)
    if isinstance(config, Mapping):
        if isinstance(config.get("layers"), list) and config["layers"]:
            return _input_shape(config["layers"][0])
        return config.get("batch_input_shape"), config.get("input_dtype") or config.get("dtype")
    return None, None


def as_functional(config: Mapping[str, Any]) -> Config:
    """A Sequential model that begins with a Merge of models, as a graph of Keras 1."""
    merge, *rest = config["layers"]
    layers: list[Config] = []
    ends: list[list[Any]] = []
    inputs: list[list[Any]] = []

    def add(entry: Mapping[str, Any], name: str, sources: list[list[Any]]) -> list[Any]:
        calls = [sources] if sources else []
        layers.append({**entry, "name": name, "inbound_nodes": calls})
        return [name, 1 if _is_model(entry) else 0, 0]

    def branch(entry: Mapping[str, Any], number: int) -> list[Any]:
        if is_branched(_first(entry)):
            return merged(_first(entry), _rest(entry))
        shape, dtype = _input_shape(entry)
        if shape is None:
            raise SavingError(f"Branch {number} of a Merge layer does not say the shape of its input.")
        name = f"input_{len(inputs) + 1}"
        layer = {
            "class_name": "InputLayer",
            "config": {"batch_input_shape": shape, "dtype": dtype, "name": name},
        }
        place = add(layer, name, [])
        inputs.append(place)
        own = _name(entry) or f"branch_{len(inputs)}"
        return add(entry, own, [place])

    def merged(entry: Mapping[str, Any], after: list[Any]) -> list[Any]:
        sources = [branch(one, number) for number, one in enumerate(entry["config"]["layers"])]
        options = {key: value for key, value in entry["config"].items() if key != "layers"}
        place = add({"class_name": "Merge", "config": options}, str(options.get("name")), sources)
        for one in after:
            place = add(one, str(_name(one)), [place])
        return place

    ends.append(merged(merge, rest))
    return {"name": config.get("name"), "layers": layers, "input_layers": inputs, "output_layers": ends}


def _is_model(entry: Mapping[str, Any]) -> bool:
    return entry.get("class_name") in ("Sequential", "Model", "Graph", "Functional")


def _first(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    config = entry.get("config")
    layers = config if isinstance(config, list) else (config or {}).get("layers")
    return layers[0] if entry.get("class_name") == "Sequential" and layers else {}


def _rest(entry: Mapping[str, Any]) -> list[Any]:
    config: Any = entry["config"]
    return list((config if isinstance(config, list) else config["layers"])[1:])


def _name(entry: Mapping[str, Any]) -> str | None:
    config = entry.get("config")
    return config.get("name") if isinstance(config, Mapping) else None


def old_layer(config: Mapping[str, Any], name: str | None = None) -> Config:
    """A layer of Keras 0, whose class stood among its options."""
    if "class_name" in config:
        return dict(config)
    options = {key: value for key, value in config.items() if key not in ("name", "custom_name")}
    if isinstance(options.get("layers"), list):
        options["layers"] = [old_layer(one) for one in options["layers"]]
    if options.get("input_shape") is not None:
        options["batch_input_shape"] = [None, *options.pop("input_shape")]
    options["name"] = name or config.get("custom_name")
    return {"class_name": config.get("name"), "config": options}


def old_sequential(description: Mapping[str, Any]) -> Config:
    """A Sequential model of Keras 0; layers that share a name are numbered."""
    layers = [old_layer(one) for one in description.get("layers", ())]
    counts: dict[str, int] = {}
    for layer in layers:
        name = layer["config"].get("name") or str(layer["class_name"]).lower()
        counts[name] = counts.get(name, 0) + 1
        layer["config"]["name"] = f"{name}_{counts[name]}"
    return {"class_name": "Sequential", "config": {"name": None, "layers": layers}}


def old_graph(config: Mapping[str, Any]) -> Config:
    """A Graph container of Keras 0 and 1, as a graph of Keras 1."""
    layers: list[Config] = []
    models: set[str] = set()

    def place(name: str) -> list[Any]:
        return [name, 1 if name in models else 0, 0]

    def sources(node: Mapping[str, Any]) -> list[list[Any]]:
        names = node.get("inputs") or [node["input"]]
        if len(names) == 1:
            return [place(names[0])]
        merged = f"merge_inputs_for_{node['name']}"
        options = {
            "name": merged,
            "mode": node.get("merge_mode", "concat"),
            "concat_axis": node.get("concat_axis", -1),
            "dot_axes": node.get("dot_axes", -1),
        }
        inbound = [[place(name) for name in names]]
        layers.append({"class_name": "Merge", "config": options, "name": merged, "inbound_nodes": inbound})
        return [place(merged)]

    for one in config["input_config"]:
        shape = one.get("input_shape")
        batch = one.get("batch_input_shape") or [None, *(shape or ())]
        options = {"name": one["name"], "batch_input_shape": batch, "dtype": one.get("dtype") or "float32"}
        layers.append(
            {"class_name": "InputLayer", "config": options, "name": one["name"], "inbound_nodes": []}
        )
    for node in config["node_config"]:
        name = node["name"]
        inbound = [sources(node)]
        layer = old_layer(config["nodes"][name], name)
        if _is_model(layer):
            models.add(name)
        layers.append({**layer, "name": name, "inbound_nodes": inbound})
    outputs = [sources(one)[0] for one in config["output_config"]]
    return {
        "class_name": "Functional",
        "config": {
            "name": config.get("name"),
            "layers": layers,
            "input_layers": [place(one["name"]) for one in config["input_config"]],
            "output_layers": outputs,
        },
    }
