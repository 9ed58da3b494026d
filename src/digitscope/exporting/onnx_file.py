"""ONNX: one file, which onnxruntime and many other programs run.

Convolutions stand channels first there. Images come in with channels last, as everywhere here, and
are turned at the door; a flatten turns them back, so that dense weights stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from digitscope.arrays import Floats, Shape
from digitscope.errors import SettingError, SpecError
from digitscope.exporting.exported import Exported, channels_first
from digitscope.exporting.format import Format, quoted, row
from digitscope.network.layers import Activation, BatchNorm, Conv2D, MaxPool2D
from digitscope.network.spec import KINDS
from digitscope.store import write_atomically

# The oldest that has every operator used here, and its file version: what most programs can open.
OPSET, IR_VERSION = 17, 8
TO_CHANNELS_FIRST, TO_CHANNELS_LAST = (0, 3, 1, 2), (0, 2, 3, 1)


class Graph:
    """Nodes one after another; each is added with the names that it reads, and names its result."""

    def __init__(self, onnx: Any) -> None:
        self.onnx = onnx
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def node(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add an operator; the name of its output."""
        name = f"{operator.lower()}_{len(self.nodes) + 1}"
        made = self.onnx.helper.make_node(
            operator, inputs, [output or name], name=name, **attributes
        )
        self.nodes.append(made)
        return output or name

    def constant(self, name: str, array: Floats) -> str:
        """Add weights; their name."""
        self.constants.append(self.onnx.numpy_helper.from_array(array.copy(order="C"), name))
        return name


class Place:
    """A layer's own weights and state by symbol, under their canonical names; its input's shape."""

    def __init__(self, graph: Graph, names: Mapping[str, str], exported: Exported, shape: Shape):
        self.graph, self.names, self.shape = graph, names, shape
        self.arrays = exported.network.weights | exported.network.state

    def add(self, symbol: str, turned: Callable[[Floats], Floats] = lambda A: A) -> str:
        """Put an array into the graph; its name."""
        name = self.names[symbol]
        return self.graph.constant(name, turned(self.arrays[name]))


def _dense(graph: Graph, layer: Any, at: Place, X: str) -> str:
    return graph.node("Gemm", X, at.add("W"), at.add("b"))


def _conv2d(graph: Graph, layer: Conv2D, at: Place, X: str) -> str:
    rim = layer.size // 2 if layer.same else 0
    size = [layer.size, layer.size]
    return graph.node(
        "Conv", X, at.add("W", channels_first), at.add("b"), kernel_shape=size, pads=[rim] * 4
    )


def _max_pool2d(graph: Graph, layer: MaxPool2D, at: Place, X: str) -> str:
    size = [layer.size, layer.size]
    return graph.node("MaxPool", X, kernel_shape=size, strides=size)


def _flatten(graph: Graph, layer: Any, at: Place, X: str) -> str:
    if len(at.shape) == 3:
        X = graph.node("Transpose", X, perm=TO_CHANNELS_LAST)
    return graph.node("Flatten", X, axis=1)


def _batch_norm(graph: Graph, layer: BatchNorm, at: Place, X: str) -> str:
    parts = [at.add(symbol) for symbol in ("gamma", "beta", "mean", "variance")]
    return graph.node("BatchNormalization", X, *parts, epsilon=layer.epsilon)


def _dropout(graph: Graph, layer: Any, at: Place, X: str) -> str:
    return X  # in prediction it passes X unchanged


def _activation(graph: Graph, layer: Activation, at: Place, X: str) -> str:
    return row(FUNCTIONS, layer.function, "onnx")(graph, X, "")


def _log_sigmoid(graph: Graph, X: str, output: str) -> str:
    """log(sigmoid(z)) = -log(1 + e^-z) = -softplus(-z)."""
    return graph.node("Neg", graph.node("Softplus", graph.node("Neg", X)), output=output)


# Our layers -> what they add to the graph.
LAYER_ROWS: dict[str, Callable[[Graph, Any, Place, str], str]] = {
    "dense": _dense,
    "conv2d": _conv2d,
    "max_pool2d": _max_pool2d,
    "flatten": _flatten,
    "dropout": _dropout,
    "batch_norm": _batch_norm,
    "activation": _activation,
}

# Our activations -> the same; features stand on axis 1, flat or channels first.
FUNCTIONS: dict[str, Callable[[Graph, str, str], str]] = {
    "linear": lambda graph, X, output: graph.node("Identity", X, output=output),
    "sigmoid": lambda graph, X, output: graph.node("Sigmoid", X, output=output),
    "log_sigmoid": _log_sigmoid,
    "tanh": lambda graph, X, output: graph.node("Tanh", X, output=output),
    "relu": lambda graph, X, output: graph.node("Relu", X, output=output),
    "softmax": lambda graph, X, output: graph.node("Softmax", X, output=output, axis=1),
}


def build(onnx: Any, exported: Exported) -> Any:
    """An onnx.ModelProto: "images" [n, *input_shape] to "probabilities" [n, n_out], n free."""
    spec = exported.network.spec
    graph, Z = Graph(onnx), "images"
    if len(spec.input_shape) == 3:
        Z = graph.node("Transpose", Z, perm=TO_CHANNELS_FIRST)
    shapes = (spec.input_shape, *spec.shapes())
    for i, layer in enumerate(spec.layers):
        names = spec.weight_names[i] | spec.state_names[i]
        add = row(LAYER_ROWS, KINDS[type(layer)], "onnx")
        Z = add(graph, layer, Place(graph, names, exported, shapes[i]), Z)
    for i, function in enumerate(exported.output, 1):
        last = "probabilities" if i == len(exported.output) else ""
        Z = row(FUNCTIONS, function, "onnx")(graph, Z, last)
    helper = onnx.helper
    floats = onnx.TensorProto.FLOAT
    made = helper.make_graph(
        graph.nodes,
        "digitscope",
        [helper.make_tensor_value_info("images", floats, ["n", *spec.input_shape])],
        [helper.make_tensor_value_info("probabilities", floats, ["n", spec.n_out])],
        graph.constants,
    )
    model = helper.make_model(
        made,
        producer_name="digitscope",
        producer_version=exported.facts["digitscope"],
        doc_string=f"{exported.facts['architecture']}: {exported.facts['output']}",
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    helper.set_model_props(model, dict(exported.facts))
    return model


def write(exported: Exported, path: Path) -> None:
    """Build, check and write; equal models are equal bytes. SettingError where onnx is missing,
    SpecError for what it refuses.
    """
    try:
        import onnx
    except ImportError:
        raise SettingError('format onnx needs ONNX: pip install "digitscope[onnx]"') from None
    model = build(onnx, exported)
    try:
        onnx.checker.check_model(model, full_check=True)
        data = model.SerializeToString(deterministic=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError, ValueError) as error:
        raise SpecError(f"{path}: ONNX refuses this network: {error}") from None
    write_atomically(path, data)


def lines(path: Path) -> str:
    """How to load it."""
    return (
        "import onnxruntime\n\n"
        f"session = onnxruntime.InferenceSession({quoted(path)})\n"
        'P = session.run(["probabilities"], {"images": X})[0]'
    )


ONNX = Format(".onnx", write, lines)
