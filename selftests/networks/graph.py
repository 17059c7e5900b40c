# SPDX-License-Identifier: GPL-2.0-only
"""Graphs to compile: a small builder over ONNX, which infers shapes as it goes, and the list that other files fill."""

import zlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper, shape_inference

# name -> Case, in the order of definition
CASES = {}


class Case:
    """One graph: how to build it, and how what comes out is judged.

    deep: more than three layers, where one step of quantization grows on the way and similarity is asked for instead;
    whole: a network of full size; small: part of the small lane, which takes seconds; bare: not quantized (only fp16).
    """

    def __init__(self, name, build, deep, whole, small):
        self.name, self.build, self.deep, self.whole, self.small = name, build, deep, whole, small

    def graph(self):
        g = Graph(self.name)
        self.build(g)
        return g


def case(name, build, *, deep=False, whole=False, small=False):
    """Enter a graph into the list."""
    if name in CASES:
        raise ValueError(f"two graphs are called {name}")
    CASES[name] = Case(name, build, deep or whole, whole, small)


class Graph:
    """Builds one graph. Tensors are names; what they are like is in `shape`. Weights are random, the same each time."""

    def __init__(self, name, opset=13):
        self.name, self.opset = name, opset
        self.random = np.random.default_rng(zlib.crc32(name.encode()))
        self.shape, self.inputs, self.outputs = {}, [], []
        self.nodes, self.constants, self.values = [], {}, {}
        self.adopted = None

    def adopt(self, model, *shape):
        """Take somebody's model with one input instead of building one."""
        self.adopted = model
        self.nodes = list(model.graph.node)
        self.input(*shape, name=model.graph.input[0].name)
        self.output(*[o.name for o in model.graph.output])

    # --- tensors
    def input(self, *shape, low=None, high=None, name=None):
        """An input with normally or, with bounds, evenly distributed values."""
        name = name or f"x{len(self.inputs)}"
        self.inputs.append(name)
        self.shape[name] = list(shape)
        values = self.random.normal(size=shape) if low is None else self.random.uniform(low, high, size=shape)
        self.values[name] = values.astype(np.float32)
        return name

    def constant(self, value):
        name = f"k{len(self.constants)}"
        self.constants[name] = np.asarray(value)
        self.shape[name] = list(self.constants[name].shape)
        return name

    def weights(self, *shape, gain=1.0):
        """Random weights whose products keep the size of what they are multiplied with."""
        fan_in = max(1, int(np.prod(shape[1:])))
        return self.constant((self.random.normal(size=shape) * gain / np.sqrt(fan_in)).astype(np.float32))

    def floats(self, *shape, low=-0.5, high=0.5):
        return self.constant(self.random.uniform(low, high, size=shape).astype(np.float32))

    def output(self, *names):
        self.outputs.extend(names)

    # --- operators
    def op(self, kind, *inputs, outputs=1, **attributes):
        """Add a node; returns its output or outputs."""
        names = [f"t{len(self.nodes)}" if outputs == 1 else f"t{len(self.nodes)}_{i}" for i in range(outputs)]
        node = helper.make_node(kind, list(inputs), names, name=f"{kind.lower()}{len(self.nodes)}", **attributes)
        self.nodes.append(node)
        known = [helper.make_tensor_value_info(n, TensorProto.FLOAT, self.shape[n]) for n in inputs if n and n not in self.constants]
        constants = [numpy_helper.from_array(self.constants[n], n) for n in inputs if n in self.constants]
        out = [helper.make_value_info(n, helper.make_tensor_type_proto(TensorProto.FLOAT, None)) for n in names]
        alone = helper.make_model(helper.make_graph([node], "node", known, out, constants), opset_imports=[helper.make_opsetid("", 18)])
        del alone.graph.output[:]
        alone.opset_import[0].version = self.opset
        for info in shape_inference.infer_shapes(alone, strict_mode=True, data_prop=True).graph.value_info:
            self.shape[info.name] = [d.dim_value for d in info.type.tensor_type.shape.dim]
        for n in names:
            if not self.shape.get(n):
                raise ValueError(f"{self.name}: no shape for the output of {kind}")
        return names[0] if outputs == 1 else names

    def conv(self, x, channels, kernel=1, stride=1, dilation=1, groups=1, pads=None, bias=True, gain=1.4):
        """A convolution, padded to keep the size unless told otherwise; kernel: n or (rows, columns)."""
        rows, columns = kernel if isinstance(kernel, tuple) else (kernel, kernel)
        if pads is None:
            v, h = dilation * (rows - 1) // 2, dilation * (columns - 1) // 2
            pads = [v, h, v, h]
        strides = list(stride) if isinstance(stride, tuple) else [stride, stride]
        operands = [x, self.weights(channels, self.shape[x][1] // groups, rows, columns, gain=gain)]
        if bias:
            operands.append(self.floats(channels))
        return self.op("Conv", *operands, kernel_shape=[rows, columns], pads=pads, strides=strides,
                       dilations=[dilation, dilation], group=groups)

    def depthwise(self, x, kernel=3, stride=1, dilation=1, pads=None):
        channels = self.shape[x][1]
        return self.conv(x, channels, kernel, stride, dilation, channels, pads)

    def transposed(self, x, channels, kernel, stride, pads=(0, 0, 0, 0), groups=1):
        weights = self.weights(self.shape[x][1], channels // groups, kernel, kernel, gain=stride)
        return self.op("ConvTranspose", x, weights, self.floats(channels), kernel_shape=[kernel, kernel],
                       strides=[stride, stride], pads=list(pads), group=groups)

    def relu6(self, x):
        return self.clip(x, 0, 6)

    def clip(self, x, low, high):
        return self.op("Clip", x, self.constant(np.float32(low)), self.constant(np.float32(high)))

    def silu(self, x):
        return self.op("Mul", x, self.op("Sigmoid", x))

    def gelu_tanh(self, x):
        """The approximation with tanh: the runtime has no Erf."""
        cube = self.op("Mul", self.op("Mul", x, x), x)
        inner = self.op("Add", x, self.op("Mul", cube, self.constant(np.float32(0.044715))))
        tanh = self.op("Tanh", self.op("Mul", inner, self.constant(np.float32(0.7978845608))))
        return self.op("Mul", self.op("Mul", x, self.constant(np.float32(0.5))),
                       self.op("Add", tanh, self.constant(np.float32(1))))

    def pool(self, x, kind, kernel, stride, pads=0, **attributes):
        pads = [pads] * 4 if isinstance(pads, int) else list(pads)
        rows, columns = kernel if isinstance(kernel, tuple) else (kernel, kernel)
        return self.op(kind, x, kernel_shape=[rows, columns], strides=[stride, stride], pads=pads, **attributes)

    def reshape(self, x, *shape):
        return self.op("Reshape", x, self.constant(np.array(shape, np.int64)))

    def slice(self, x, starts, ends, axes, steps=None):
        operands = [x] + [self.constant(np.array(v, np.int64)) for v in (starts, ends, axes)]
        return self.op("Slice", *operands, *([self.constant(np.array(steps, np.int64))] if steps else []))

    def split(self, x, sizes, axis=1):
        return self.op("Split", x, self.constant(np.array(sizes, np.int64)), outputs=len(sizes), axis=axis)

    def resize(self, x, factor, mode="nearest"):
        """Nearest as detectors use it, linear as torch's align_corners=False."""
        how = {"nearest": {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
               "linear": {"coordinate_transformation_mode": "half_pixel"}}[mode]
        return self.op("Resize", x, self.constant(np.zeros(0, np.float32)),
                       self.constant(np.array([1, 1, factor, factor], np.float32)), mode=mode, **how)

    def fc(self, x, features):
        """Flatten and a fully connected layer."""
        flat = self.op("Flatten", x)
        return self.op("Gemm", flat, self.weights(features, self.shape[flat][1]), self.floats(features), transB=1)

    def matmul(self, x, features):
        depth = self.shape[x][-1]
        weights = self.random.normal(size=(depth, features)) / np.sqrt(depth)
        return self.op("MatMul", x, self.constant(weights.astype(np.float32)))

    def batchnorm(self, x):
        c = self.shape[x][1]
        return self.op("BatchNormalization", x, self.floats(c, low=0.5, high=1.5), self.floats(c), self.floats(c),
                       self.floats(c, low=0.5, high=1.5))

    def layernorm(self, x):
        d = self.shape[x][-1]
        self.opset = max(self.opset, 17)
        return self.op("LayerNormalization", x, self.floats(d, low=0.5, high=1.5), self.floats(d), axis=-1, epsilon=1e-5)

    # --- the result
    def model(self, outputs=None):
        """The ONNX model; outputs: other tensors than the graph's own."""
        if self.adopted:
            return self.adopted
        outputs = outputs or self.outputs
        info = lambda n: helper.make_tensor_value_info(n, TensorProto.FLOAT, self.shape[n])
        graph = helper.make_graph(self.nodes, self.name, [info(n) for n in self.inputs], [info(n) for n in outputs],
                                  [numpy_helper.from_array(v, n) for n, v in self.constants.items()])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)])
        model.ir_version = 8
        onnx.checker.check_model(model)
        return model
