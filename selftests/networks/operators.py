# SPDX-License-Identifier: GPL-2.0-only
"""The other operators: one graph for each, and for the forms that the compiler handles in different ways."""

import numpy as np

from graph import case

SIZE = (1, 16, 24, 24)
SMALL = {"act_relu", "act_leakyrelu", "act_abs", "add", "sub", "mul", "add_relu", "clip", "concat_channels", "space_to_depth", "pad", "mul_scalar"}


def add(name, build):
    case(name, build, small=name in SMALL)


def unary(kind, name=None, opset=13, size=SIZE, bounds=(None, None), **attributes):
    def build(g):
        g.opset = opset
        g.output(g.op(kind, g.input(*size, low=bounds[0], high=bounds[1]), **attributes))

    add(name or f"act_{kind.lower()}", build)


for kind in ("Relu", "Sigmoid", "Tanh", "HardSigmoid", "Elu", "Exp", "Softplus", "Abs", "Neg", "Sin", "Cos", "Erf", "Floor", "Ceil",
             "Round", "Sign", "Softsign", "Selu"):
    unary(kind)
unary("HardSwish", opset=14)
unary("LeakyRelu", alpha=0.1)
unary("Sqrt", bounds=(0.3, 3))
unary("Log", bounds=(0.3, 3))
unary("Reciprocal", bounds=(0.3, 3))
unary("Sigmoid", "act_sigmoid_odd", size=(1, 37, 5, 11))
unary("Sigmoid", "act_sigmoid_2d", size=(1, 100))
unary("Tanh", "act_tanh_3d", size=(1, 20, 48))
unary("Relu", "act_relu_1ch", size=(1, 1, 24, 24))
add("act_silu", lambda g: g.output(g.silu(g.input(*SIZE))))
add("act_gelu_tanh", lambda g: g.output(g.gelu_tanh(g.input(*SIZE))))
add("act_mish", lambda g: (lambda x: g.output(g.op("Mul", x, g.op("Tanh", g.op("Softplus", x)))))(g.input(*SIZE)))
add("act_prelu", lambda g: g.output(g.op("PRelu", g.input(*SIZE), g.floats(16, 1, 1, low=0.05, high=0.4))))
add("act_prelu_one", lambda g: g.output(g.op("PRelu", g.input(*SIZE), g.floats(1, 1, 1, low=0.2, high=0.3))))
add("clip", lambda g: g.output(g.clip(g.input(*SIZE), -0.5, 0.7)))
add("relu6", lambda g: g.output(g.relu6(g.input(*SIZE, low=-3, high=9))))
add("batchnorm", lambda g: g.output(g.batchnorm(g.input(*SIZE))))

# Two tensors of the same shape, with broadcast, and with a constant
for kind in ("Add", "Sub", "Mul", "Div", "Max", "Min"):
    bounds = {"low": 0.5, "high": 2.0} if kind == "Div" else {}
    add(kind.lower(), lambda g, k=kind, b=bounds: g.output(g.op(k, g.input(*SIZE), g.input(*SIZE, **b))))
    add(f"{kind.lower()}_per_channel", lambda g, k=kind: g.output(g.op(k, g.input(*SIZE), g.floats(16, 1, 1, low=0.5, high=1.5))))
for kind in ("Add", "Mul", "Sub"):
    add(f"{kind.lower()}_each_channel", lambda g, k=kind: g.output(g.op(k, g.input(*SIZE), g.input(1, 16, 1, 1))))
add("mul_each_pixel", lambda g: g.output(g.op("Mul", g.input(*SIZE), g.input(1, 1, 24, 24))))
add("add_rows", lambda g: g.output(g.op("Add", g.input(*SIZE), g.input(1, 16, 24, 1))))
add("add_full_constant", lambda g: g.output(g.op("Add", g.input(*SIZE), g.floats(*SIZE))))
add("mul_scalar", lambda g: g.output(g.op("Mul", g.input(*SIZE), g.constant(np.float32(1.7)))))
add("add_scalar", lambda g: g.output(g.op("Add", g.input(*SIZE), g.constant(np.float32(0.4)))))
add("div_scalar", lambda g: g.output(g.op("Div", g.input(*SIZE), g.constant(np.float32(1.7)))))
add("add_relu", lambda g: g.output(g.op("Relu", g.op("Add", g.input(*SIZE), g.input(*SIZE)))))
add("add_odd", lambda g: g.output(g.op("Add", g.input(1, 19, 7, 13), g.input(1, 19, 7, 13))))
add("mul_1x1_spatial", lambda g: g.output(g.op("Mul", g.input(1, 64, 1, 1), g.input(1, 64, 1, 1))))
add("add_three", lambda g: g.output(g.op("Add", g.op("Add", g.input(*SIZE), g.input(*SIZE)), g.input(*SIZE))))
add("pow2", lambda g: g.output(g.op("Pow", g.input(*SIZE), g.constant(np.float32(2)))))
add("pow_half", lambda g: g.output(g.op("Pow", g.input(*SIZE, low=0.3, high=3), g.constant(np.float32(0.5)))))

# Operators that move data
add("concat_channels", lambda g: g.output(g.op("Concat", g.input(*SIZE), g.input(*SIZE), axis=1)))
add("concat_uneven", lambda g: g.output(g.op("Concat", g.input(1, 7, 24, 24), g.input(1, 21, 24, 24), axis=1)))
add("concat_rows", lambda g: g.output(g.op("Concat", g.input(*SIZE), g.input(*SIZE), axis=2)))
add("concat_columns", lambda g: g.output(g.op("Concat", g.input(*SIZE), g.input(*SIZE), axis=3)))
add("concat_four", lambda g: g.output(g.op("Concat", *[g.input(1, 16, 12, 12) for _ in range(4)], axis=1)))
add("split_channels", lambda g: g.output(*g.split(g.input(*SIZE), [8, 8])))
add("split_16", lambda g: g.output(*g.split(g.input(1, 32, 24, 24), [16, 16])))
add("split_uneven", lambda g: g.output(*g.split(g.input(1, 32, 24, 24), [4, 28])))
add("slice", lambda g: g.output(g.slice(g.input(*SIZE), [2, 4], [14, 16], [2, 3])))
add("slice_channels", lambda g: g.output(g.slice(g.input(1, 32, 24, 24), [8], [24], [1])))
add("slice_step2", lambda g: g.output(g.slice(g.input(*SIZE), [0, 0], [24, 24], [2, 3], [2, 2])))
add("pad", lambda g: g.output(g.op("Pad", g.input(*SIZE), g.constant(np.array([0, 0, 2, 2, 0, 0, 2, 2])), g.constant(np.float32(0)))))
add("pad_asymmetric", lambda g: g.output(g.op("Pad", g.input(*SIZE), g.constant(np.array([0, 0, 0, 1, 0, 0, 2, 3])), g.constant(np.float32(0)))))
for name, perm in (("nhwc", (0, 2, 3, 1)), ("wh", (0, 1, 3, 2)), ("nhwc_back", (0, 3, 1, 2))):
    add(f"transpose_{name}", lambda g, p=perm: g.output(g.op("Transpose", g.input(*SIZE), perm=list(p))))
add("transpose_3d", lambda g: g.output(g.op("Transpose", g.input(1, 32, 48), perm=[0, 2, 1])))
add("reshape_flat", lambda g: g.output(g.reshape(g.input(*SIZE), 1, -1)))
add("reshape_4d", lambda g: g.output(g.reshape(g.input(*SIZE), 1, 144, 8, 8)))
add("reshape_to_3d", lambda g: g.output(g.reshape(g.input(*SIZE), 1, 16, 576)))
add("shuffle_channels", lambda g: g.output(g.reshape(g.op("Transpose", g.reshape(g.input(*SIZE), 1, 4, 4, 24, 24), perm=[0, 2, 1, 3, 4]), *SIZE)))
add("depth_to_space", lambda g: g.output(g.op("DepthToSpace", g.input(*SIZE), blocksize=2)))
add("depth_to_space_crd", lambda g: g.output(g.op("DepthToSpace", g.input(*SIZE), blocksize=2, mode="CRD")))
add("space_to_depth", lambda g: g.output(g.op("SpaceToDepth", g.input(*SIZE), blocksize=2)))
add("resize_nearest", lambda g: g.output(g.resize(g.input(*SIZE), 2)))
add("resize_nearest4", lambda g: g.output(g.resize(g.input(1, 16, 6, 6), 4)))
add("resize_linear", lambda g: g.output(g.resize(g.input(*SIZE), 2, "linear")))
add("squeeze", lambda g: g.output(g.op("Squeeze", g.input(1, 32, 1, 40), g.constant(np.array([2])))))
add("expand", lambda g: g.output(g.op("Expand", g.input(1, 16, 1, 1), g.constant(np.array([1, 16, 8, 8])))))
add("gather", lambda g: g.output(g.op("Gather", g.input(1, 16, 24, 24), g.constant(np.array([3, 1, 7])), axis=1)))

# Reductions and normalizations
add("softmax_channels", lambda g: g.output(g.op("Softmax", g.input(1, 40, 8, 8), axis=1)))
add("softmax_last", lambda g: g.output(g.op("Softmax", g.input(1, 4, 16, 40), axis=-1)))
add("softmax_2d", lambda g: g.output(g.op("Softmax", g.input(1, 1000), axis=1)))
add("log_softmax", lambda g: g.output(g.op("LogSoftmax", g.input(1, 100), axis=1)))
for kind in ("Mean", "Max", "Min"):
    add(f"reduce_{kind.lower()}_channels", lambda g, k=kind: g.output(g.op(f"Reduce{k}", g.input(*SIZE), axes=[1], keepdims=1)))
    add(f"reduce_{kind.lower()}_plane", lambda g, k=kind: g.output(g.op(f"Reduce{k}", g.input(*SIZE), axes=[2, 3], keepdims=1)))
add("reduce_sum_channels", lambda g: g.output(g.op("ReduceSum", g.input(*SIZE), g.constant(np.array([1])), keepdims=1)))
add("reduce_l2_channels", lambda g: g.output(g.op("ReduceL2", g.input(*SIZE), axes=[1], keepdims=1)))
add("layernorm", lambda g: g.output(g.layernorm(g.input(1, 1, 32, 64))))
add("layernorm_3d", lambda g: g.output(g.layernorm(g.input(1, 49, 96))))
add("instancenorm", lambda g: g.output(g.op("InstanceNormalization", g.input(*SIZE), g.floats(16, low=0.5, high=1.5), g.floats(16))))
add("lrn", lambda g: g.output(g.op("LRN", g.input(*SIZE), size=5)))
add("lp_normalization", lambda g: g.output(g.op("LpNormalization", g.input(*SIZE), axis=1, p=2)))
