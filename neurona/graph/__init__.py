"""Data-flow graphs: built, drawn, differentiated, compiled by XLA and run.

A graph is made of nodes, and needs no object of its own: a node knows those that it reads.

    x = Placeholder((None, 3), name="x")                  # a value for each run; None is any size
    w = Variable(np.zeros((3, 1), "float32"), name="w")   # a value that stays from run to run
    y = Node(jnp.matmul, (x, w), name="y")                # a function of arrays and nodes
    loss = Node(jnp.mean, (Node(jnp.square, (y,)),))
    step = Update(w, lambda w, g: w - 0.1 * g, (gradients(loss, w)[0],))
    train = compile_graph([x], [loss, step])              # one XLA program for each shape of x
    loss_value, new_w = train(data)                       # w.value has changed

**Nodes.** `Node(function, args, kwargs)`: each node among the arguments, also in lists, dictionaries and
slices, is replaced by its array when the function is called. `node.spec` (`shape`, `dtype`) is found by
evaluation when first asked for; None is a size, or a rank, that is not known. What the function returns
may be a tree of arrays: `outputs_of(node)` is the tree of nodes for them. `after=` are nodes that are
computed first though they are not read. `differentiable=False` stops gradients.

**Numbers that make shapes.** The results of `shape_of`, `size_of`, `rank_of` and of integer functions of
them are known while a program is compiled, and may be sizes: `Node(jnp.reshape, (x, [Node(lambda s: s[0],
(shape,)), -1]))`. Where an integer input makes a size, the program is compiled for each of its values;
where that is not enough (`jnp.nonzero`), nodes are computed one by one. The result is the same.

**State.** A `Variable` keeps its own value, or, where a `store` is given to a program (a dictionary from
variables to arrays), that of the store, so that several sessions can share a graph. Two ways to change
it: `compile_graph(..., updates={variable: node})` sets all at the end, from the values before; an
`Update` node changes it in the middle. Nodes that an update leads to (by arguments or `after`) read the
new value, others that from before the run; an output that is a variable is its value after the run.

**Gradients.** `gradients(ys, xs)` are nodes, with None for an x that no y depends on. An x may be any
node. They can be differentiated again. `constants=` are nodes taken as constants.

**Random numbers.** A node's function may draw from `neurona.random`: every run has a key, and every node
draws its own numbers of it (`node.stream`), the same wherever the node is read in that run.

**Checks.** `Check(condition, data, refuse)` calls `refuse`, which raises, in a run that computes it where the
condition does not hold; the run changes no variable.

**Conditions and loops.** `cond`, `while_loop` and `scan` call functions that build nodes. Updates inside
them work.

**Substitution.** `compile_graph(..., givens={node: other})` computes `other` in the place of `node`. Any
node may be an input.

**Pictures.** `describe(nodes)` is a table of names, functions, shapes, operations and bytes; `plot_graph`
a picture.
"""

import importlib
from typing import Any

from neurona.core.lazy import suggest_names
from neurona.graph.control import cond, scan, while_loop
from neurona.graph.cost import Cost, cost_of, describe
from neurona.graph.execution import needed
from neurona.graph.gradient import Gradient, gradients
from neurona.graph.inference import Spec
from neurona.graph.node import (
    Check,
    Constant,
    Node,
    Output,
    Placeholder,
    Update,
    Variable,
    as_array,
    as_node,
    outputs_of,
    rank_of,
    shape_of,
    size_of,
)
from neurona.graph.program import Program, compile_graph, recorded_programs
from neurona.graph.tree import nodes_in, replaced

__all__ = [
    "Check",
    "Constant",
    "Cost",
    "Gradient",
    "Node",
    "Output",
    "Placeholder",
    "Program",
    "Spec",
    "Update",
    "Variable",
    "as_array",
    "as_node",
    "compile_graph",
    "cond",
    "cost_of",
    "describe",
    "gradients",
    "needed",
    "nodes_in",
    "outputs_of",
    "plot_graph",
    "rank_of",
    "recorded_programs",
    "replaced",
    "scan",
    "shape_of",
    "size_of",
    "while_loop",
]


def __getattr__(name: str) -> Any:
    if name == "plot_graph":  # with all that draws
        return importlib.import_module("neurona.graph.picture").plot_graph
    raise AttributeError(name)


suggest_names(__name__)
