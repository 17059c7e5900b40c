# SPDX-License-Identifier: GPL-2.0-only
"""Convolutions, matrix products and pooling, in the shapes that people's networks have."""

from graph import case

SMALL = {"conv1x1", "conv3x3", "conv5x5s2", "conv3x3_relu", "conv3x3_leaky", "conv_3ch", "conv_1x1_spatial", "fc", "maxpool2"}


def add(name, build):
    case(name, build, small=name in SMALL)


def convolution(name, size, channels, activation=None, **how):
    """size: (channels, rows, columns) of the input."""

    def build(g):
        y = g.conv(g.input(1, *size), channels, **how)
        g.output(activation(g, y) if activation else y)

    add(name, build)


for kernel in (1, 2, 3, 4, 5, 7):
    convolution(f"conv{kernel}x{kernel}", (16, 24, 24), 32, kernel=kernel,
                **({"pads": [0, 0, 0, 0]} if kernel % 2 == 0 else {}))
for kernel in (1, 3, 5, 7):
    convolution(f"conv{kernel}x{kernel}s2", (16, 25, 23), 24, kernel=kernel, stride=2)
convolution("conv3x3_valid", (16, 24, 24), 16, kernel=3, pads=[0, 0, 0, 0])
convolution("conv3x3_stride_21", (16, 24, 24), 16, kernel=3, stride=(2, 1))
convolution("conv3x3d2", (16, 24, 24), 16, kernel=3, dilation=2)
convolution("conv3x3d6", (16, 24, 24), 16, kernel=3, dilation=6)
convolution("conv3x3_asymmetric", (16, 24, 24), 16, kernel=3, stride=2, pads=[0, 0, 1, 1])
convolution("conv1x7", (16, 24, 24), 16, kernel=(1, 7))
convolution("conv7x1", (16, 24, 24), 16, kernel=(7, 1))
convolution("conv_1d", (32, 1, 96), 32, kernel=(1, 5))
convolution("conv_1d_s2", (32, 1, 97), 48, kernel=(1, 3), stride=(1, 2), pads=[0, 1, 0, 1])
convolution("conv_3ch", (3, 48, 48), 32, kernel=3, stride=2)
convolution("conv_3ch_7x7", (3, 48, 48), 32, kernel=7, stride=2)
convolution("conv_1ch", (1, 28, 28), 8, kernel=3)
convolution("conv_4ch", (4, 28, 28), 8, kernel=3)
convolution("conv_to_1ch", (16, 24, 24), 1, kernel=1)
convolution("conv_to_3ch", (32, 24, 24), 3, kernel=3)
convolution("conv_odd", (17, 13, 29), 19, kernel=3)
convolution("conv_odd_1x1", (33, 7, 5), 65, kernel=1)
convolution("conv_1x1_spatial", (64, 1, 1), 40, kernel=1)
convolution("conv_2048ch", (2048, 4, 4), 32, kernel=1)
convolution("conv_to_2048ch", (64, 4, 4), 2048, kernel=1)
convolution("conv_deep", (256, 14, 14), 256, kernel=3)
convolution("conv_wide", (8, 4, 640), 8, kernel=3)
convolution("conv_tall", (8, 320, 4), 8, kernel=3)
convolution("conv_big", (16, 96, 96), 32, kernel=3)
convolution("conv_no_bias", (16, 24, 24), 32, kernel=3, bias=False)
convolution("group2", (32, 24, 24), 32, kernel=3, groups=2)
convolution("group4", (32, 24, 24), 64, kernel=3, groups=4)
convolution("group8_1x1", (64, 12, 12), 64, kernel=1, groups=8)

for name, channels, rows, how in (
        ("dw3x3", 32, 24, {}), ("dw3x3_16ch", 16, 24, {}), ("dw3x3_24ch", 24, 24, {}), ("dw3x3_72ch", 72, 14, {}),
        ("dw3x3_3ch", 3, 24, {}), ("dw3x3_64ch", 64, 12, {}), ("dw3x3s2", 32, 24, {"stride": 2}), ("dw3x3s2_odd", 96, 15, {"stride": 2}),
        ("dw5x5", 40, 14, {"kernel": 5}), ("dw5x5s2", 32, 24, {"kernel": 5, "stride": 2}), ("dw7x7", 32, 14, {"kernel": 7}),
        ("dw3x3d2", 32, 24, {"dilation": 2}), ("dw3x3_960ch", 960, 7, {})):
    add(name, lambda g, c=channels, r=rows, how=how: g.output(g.depthwise(g.input(1, c, r, r), **how)))

for name, opset, activation in (
        ("relu", 13, lambda g, x: g.op("Relu", x)), ("relu6", 13, lambda g, x: g.relu6(x)),
        ("leaky", 13, lambda g, x: g.op("LeakyRelu", x, alpha=0.1)),
        ("prelu", 13, lambda g, x: g.op("PRelu", x, g.floats(g.shape[x][1], 1, 1, low=0.05, high=0.4))),
        ("sigmoid", 13, lambda g, x: g.op("Sigmoid", x)), ("tanh", 13, lambda g, x: g.op("Tanh", x)),
        ("silu", 13, lambda g, x: g.silu(x)), ("hardswish", 14, lambda g, x: g.op("HardSwish", x)),
        ("hardsigmoid", 13, lambda g, x: g.op("HardSigmoid", x)), ("elu", 13, lambda g, x: g.op("Elu", x)),
        ("mish", 13, lambda g, x: g.op("Mul", x, g.op("Tanh", g.op("Softplus", x)))), ("bn", 13, lambda g, x: g.batchnorm(x)),
        ("clip", 13, lambda g, x: g.clip(x, -0.5, 1.25))):
    def conv_and(g, opset=opset, activation=activation):
        g.opset = opset
        g.output(activation(g, g.conv(g.input(1, 16, 24, 24), 32, 3)))
    add(f"conv3x3_{name}", conv_and)

for name, channels, kernel, stride, pads in (("convtr2s2", 8, 2, 2, 0), ("convtr4s2", 8, 4, 2, 1), ("convtr3s2", 16, 3, 2, 1), ("convtr3s1", 16, 3, 1, 1)):
    add(name, lambda g, c=channels, k=kernel, s=stride, p=pads: g.output(g.transposed(g.input(1, 16, 24, 24), c, k, s, [p] * 4)))
add("convtr4s2_group", lambda g: g.output(g.transposed(g.input(1, 16, 12, 12), 16, 4, 2, [1] * 4, groups=16)))

for name, kind, kernel, stride, pads in (
        ("maxpool2", "MaxPool", 2, 2, 0), ("maxpool3s2", "MaxPool", 3, 2, 1), ("maxpool3s1", "MaxPool", 3, 1, 1),
        ("maxpool5s1", "MaxPool", 5, 1, 2), ("maxpool7", "MaxPool", 7, 7, 0), ("maxpool_1x2", "MaxPool", (1, 2), 1, 0),
        ("maxpool3s2_asymmetric", "MaxPool", 3, 2, (0, 0, 1, 1)),
        ("avgpool2", "AveragePool", 2, 2, 0), ("avgpool3s1", "AveragePool", 3, 1, 1), ("avgpool7", "AveragePool", 7, 7, 0)):
    add(name, lambda g, a=(kind, kernel, stride, pads): g.output(g.pool(g.input(1, 16, 28, 28), *a)))
add("avgpool3_count_pad", lambda g: g.output(g.pool(g.input(1, 16, 28, 28), "AveragePool", 3, 2, 1, count_include_pad=1)))
add("maxpool_ceil", lambda g: g.output(g.pool(g.input(1, 16, 27, 27), "MaxPool", 2, 2, ceil_mode=1)))
add("maxpool_odd", lambda g: g.output(g.pool(g.input(1, 35, 13, 17), "MaxPool", 3, 2, 1)))
add("global_avgpool", lambda g: g.output(g.op("GlobalAveragePool", g.input(1, 32, 7, 7))))
add("global_avgpool_24", lambda g: g.output(g.op("GlobalAveragePool", g.input(1, 16, 24, 24))))
add("global_maxpool", lambda g: g.output(g.op("GlobalMaxPool", g.input(1, 32, 14, 14))))

add("fc", lambda g: g.output(g.fc(g.input(1, 16, 6, 6), 10)))
add("fc_1000", lambda g: g.output(g.fc(g.input(1, 512, 1, 1), 1000)))
add("fc_2d", lambda g: g.output(g.op("Gemm", g.input(1, 128), g.weights(24, 128), g.floats(24), transB=1)))
add("matmul_weights", lambda g: g.output(g.matmul(g.input(1, 1, 32, 64), 48)))
add("matmul_3d", lambda g: g.output(g.matmul(g.input(1, 49, 96), 64)))
add("matmul_two_inputs", lambda g: g.output(g.op("MatMul", g.input(1, 1, 32, 64), g.input(1, 1, 64, 48))))
add("matmul_batched", lambda g: g.output(g.op("MatMul", g.input(1, 4, 32, 64), g.input(1, 4, 64, 48))))
