# SPDX-License-Identifier: GPL-2.0-only
"""Sequences of layers that networks consist of, small."""

import numpy as np

from graph import case


def deep(name, build, small=False):
    case(name, build, deep=True, small=small)


def relu(g, x):
    return g.op("Relu", x)


def conv_silu(g, x, channels, kernel=1, stride=1):
    return g.silu(g.conv(x, channels, kernel, stride))


def residual(g, x, channels, stride=1):
    """Two 3x3 convolutions and a short cut, with its own 1x1 where the shape changes."""
    y = g.conv(relu(g, g.conv(x, channels, 3, stride)), channels, 3, gain=0.7)
    if stride != 1 or g.shape[x][1] != channels:
        x = g.conv(x, channels, 1, stride, gain=1)
    return relu(g, g.op("Add", x, y))


def bottleneck(g, x, channels, stride=1):
    """ResNet-50's: 1x1, 3x3, 1x1 with four times the channels."""
    y = relu(g, g.conv(x, channels, 1))
    y = relu(g, g.conv(y, channels, 3, stride))
    y = g.conv(y, channels * 4, 1, gain=0.7)
    if stride != 1 or g.shape[x][1] != channels * 4:
        x = g.conv(x, channels * 4, 1, stride, gain=1)
    return relu(g, g.op("Add", x, y))


def inverted(g, x, channels, expand, stride=1, squeeze=False, kernel=3):
    """MobileNet's inverted residual, with squeeze-excitation in its third version."""
    width = g.shape[x][1] * expand
    y = g.relu6(g.conv(x, width, 1)) if expand > 1 else x
    y = g.relu6(g.depthwise(y, kernel, stride))
    if squeeze:
        y = g.op("Mul", y, excitation(g, y, width // 4))
    y = g.conv(y, channels, 1, gain=1)
    return g.op("Add", x, y) if stride == 1 and g.shape[x][1] == channels else y


def excitation(g, x, channels):
    s = relu(g, g.conv(g.op("GlobalAveragePool", x), channels, 1))
    # As exported by torch
    return g.op("HardSigmoid", g.conv(s, g.shape[x][1], 1), alpha=1 / 6, beta=0.5)


def c2f(g, x, channels, repeats=1, shortcut=True):
    """YOLOv8's."""
    y = conv_silu(g, x, channels)
    parts = g.split(y, [channels // 2, channels // 2])
    for _ in range(repeats):
        z = conv_silu(g, conv_silu(g, parts[-1], channels // 2, 3), channels // 2, 3)
        parts.append(g.op("Add", parts[-1], z) if shortcut else z)
    return conv_silu(g, g.op("Concat", *parts, axis=1), channels)


def c3(g, x, channels, repeats=1, shortcut=True, activation=conv_silu):
    """YOLOv5's."""
    a, b = activation(g, x, channels // 2), activation(g, x, channels // 2)
    for _ in range(repeats):
        z = activation(g, activation(g, a, channels // 2), channels // 2, 3)
        a = g.op("Add", a, z) if shortcut else z
    return activation(g, g.op("Concat", a, b, axis=1), channels)


def sppf(g, x, channels, activation=conv_silu):
    y = activation(g, x, g.shape[x][1] // 2)
    pooled = [y]
    for _ in range(3):
        pooled.append(g.pool(pooled[-1], "MaxPool", 5, 1, 2))
    return activation(g, g.op("Concat", *pooled, axis=1), channels)


def dfl(g, x, bins=16):
    """The distribution over distances of YOLOv8's boxes: softmax over the bins, then their mean."""
    anchors = int(np.prod(g.shape[x][2:]))
    y = g.op("Transpose", g.reshape(x, 1, 4, bins, anchors), perm=[0, 2, 1, 3])
    y = g.op("Softmax", y, axis=1)
    kernel = g.constant(np.arange(bins, dtype=np.float32).reshape(1, bins, 1, 1))
    return g.op("Conv", y, kernel, kernel_shape=[1, 1])


def attention(g, x, heads=4):
    """Self-attention over (1, tokens, width), projections included."""
    _, tokens, width = g.shape[x]
    each = width // heads

    def project(perm):
        return g.op("Transpose", g.reshape(g.op("Add", g.matmul(x, width), g.floats(width)), 1, tokens, heads, each), perm=perm)

    q, k, v = project([0, 2, 1, 3]), project([0, 2, 3, 1]), project([0, 2, 1, 3])
    scores = g.op("Mul", g.op("MatMul", q, k), g.constant(np.float32(each ** -0.5)))
    mixed = g.op("MatMul", g.op("Softmax", scores, axis=-1), v)
    mixed = g.reshape(g.op("Transpose", mixed, perm=[0, 2, 1, 3]), 1, tokens, width)
    return g.op("Add", g.matmul(mixed, width), g.floats(width))


def transformer(g, x, heads=4, wider=2):
    """One block: attention and two layers with GELU, each behind a layer norm and beside a short cut."""
    width = g.shape[x][-1]
    x = g.op("Add", x, attention(g, g.layernorm(x), heads))
    y = g.gelu_tanh(g.op("Add", g.matmul(g.layernorm(x), width * wider), g.floats(width * wider)))
    return g.op("Add", x, g.op("Add", g.matmul(y, width), g.floats(width)))


def recurrent(g, kind, steps=12, features=32, hidden=48, state=False, **attributes):
    """One layer; state: what it begins with is an input, as of a recognizer that is fed piece by piece."""
    gates = {"GRU": 3, "LSTM": 4}[kind]
    x = g.input(steps, 1, features)
    operands = [x, g.weights(1, gates * hidden, features), g.weights(1, gates * hidden, hidden), g.floats(1, 2 * gates * hidden)]
    if state:
        operands += ["", g.input(1, 1, hidden, low=-1, high=1)]
        operands += [g.input(1, 1, hidden, low=-1, high=1)] if kind == "LSTM" else []
    names = g.op(kind, *operands, outputs=2, hidden_size=hidden, **attributes)
    g.output(g.op("Squeeze", names[0], g.constant(np.array([1]))))


def unet(g, x, widths, out):
    """Down with two convolutions each, up with transposed ones and what was there on the way down."""
    double = lambda t, c: relu(g, g.conv(relu(g, g.conv(t, c, 3)), c, 3))
    kept = []
    for width in widths[:-1]:
        x = double(x, width)
        kept.append(x)
        x = g.pool(x, "MaxPool", 2, 2)
    x = double(x, widths[-1])
    for width, skip in zip(reversed(widths[:-1]), reversed(kept)):
        x = double(g.op("Concat", skip, g.transposed(x, width, 2, 2), axis=1), width)
    return g.op("Sigmoid", g.conv(x, out, 1))


def aspp(g, x, channels):
    parts = [relu(g, g.conv(x, channels, 1))]
    parts += [relu(g, g.conv(x, channels, 3, dilation=d)) for d in (2, 4, 6)]
    return relu(g, g.conv(g.op("Concat", *parts, axis=1), channels, 1))


def fpn(g, mode):
    a = relu(g, g.conv(g.input(1, 3, 64, 64), 16, 3, 2))
    b = relu(g, g.conv(a, 32, 3, 2))
    c = relu(g, g.conv(b, 64, 3, 2))
    top = g.conv(c, 32, 1)
    middle = g.op("Add", g.conv(b, 32, 1), g.resize(top, 2, mode))
    bottom = g.op("Add", g.conv(a, 32, 1), g.resize(middle, 2, mode))
    return [g.conv(t, 16, 3) for t in (top, middle, bottom)]


def resnet_small(g):
    x = relu(g, g.conv(g.input(1, 3, 32, 32), 16, 3, 2))
    for channels, stride in ((16, 1), (16, 1), (32, 2)):
        x = residual(g, x, channels, stride)
    g.output(g.fc(g.op("GlobalAveragePool", x), 10))


def mobilenet_small(g):
    x = g.relu6(g.conv(g.input(1, 3, 64, 64), 16, 3, 2))
    for channels, stride in ((16, 1), (24, 2), (24, 1), (32, 2)):
        x = inverted(g, x, channels, 4, stride)
    g.output(g.op("Softmax", g.fc(g.op("GlobalAveragePool", x), 10), axis=1))


def detector_small(g):
    x = conv_silu(g, g.input(1, 3, 96, 96), 16, 3, 2)
    x = c2f(g, conv_silu(g, x, 32, 3, 2), 32)
    y = sppf(g, conv_silu(g, x, 32, 3, 2), 32)
    y = c2f(g, g.op("Concat", g.resize(y, 2), x, axis=1), 32, shortcut=False)
    g.output(g.op("Sigmoid", g.conv(y, 18, 1)))


def ctc_head(g):
    """The end of a text recognizer: height pooled away, then classes for every column."""
    x = relu(g, g.conv(g.input(1, 3, 32, 96), 32, 3, 2))
    x = g.pool(x, "MaxPool", 2, 2)
    x = g.op("ReduceMean", relu(g, g.conv(x, 48, 3)), axes=[2], keepdims=0)
    g.output(g.op("Softmax", g.matmul(g.op("Transpose", x, perm=[0, 2, 1]), 97), axis=2))


deep("seq_residual", lambda g: g.output(residual(g, g.input(1, 16, 24, 24), 16)), small=True)
deep("seq_residual_down", lambda g: g.output(residual(g, g.input(1, 16, 24, 24), 32, 2)), small=True)
deep("seq_bottleneck", lambda g: g.output(bottleneck(g, g.input(1, 64, 14, 14), 16)), small=True)
deep("seq_inverted", lambda g: g.output(inverted(g, g.input(1, 24, 14, 14), 24, 6)))
deep("seq_inverted_squeeze", lambda g: g.output(inverted(g, g.input(1, 24, 14, 14), 24, 4, squeeze=True)))
deep("seq_excitation", lambda g: (lambda x: g.output(g.op("Mul", x, excitation(g, x, 8))))(g.input(1, 32, 14, 14)))
deep("seq_c2f", lambda g: g.output(c2f(g, g.input(1, 32, 20, 20), 32)))
deep("seq_c3", lambda g: g.output(c3(g, g.input(1, 32, 20, 20), 32)))
deep("seq_sppf", lambda g: g.output(sppf(g, g.input(1, 32, 20, 20), 32)))
deep("seq_dfl", lambda g: g.output(dfl(g, g.input(1, 64, 10, 10))))
deep("seq_fpn_nearest", lambda g: g.output(*fpn(g, "nearest")))
deep("seq_fpn_linear", lambda g: g.output(*fpn(g, "linear")))
deep("seq_unet", lambda g: g.output(unet(g, g.input(1, 3, 64, 64), (8, 16, 32), 1)))
deep("seq_aspp", lambda g: g.output(aspp(g, g.input(1, 32, 16, 16), 24)))
deep("seq_attention", lambda g: g.output(attention(g, g.input(1, 49, 64))))
deep("seq_transformer", lambda g: g.output(transformer(g, g.input(1, 49, 64))))
# As exported by torch
deep("seq_gru", lambda g: recurrent(g, "GRU", linear_before_reset=1))
deep("seq_gru_state", lambda g: recurrent(g, "GRU", state=True))
deep("seq_lstm", lambda g: recurrent(g, "LSTM"))
deep("seq_lstm_state", lambda g: recurrent(g, "LSTM", state=True))
deep("seq_conv1d", lambda g: g.output(relu(g, g.conv(relu(g, g.conv(g.input(1, 40, 1, 100), 32, (1, 5))), 32, (1, 5), (1, 2)))))
deep("seq_ctc", ctc_head)
deep("seq_two_branches", lambda g: (lambda x: g.output(g.op("Concat", g.conv(x, 16, 1), g.conv(x, 16, 3), axis=1)))(g.input(1, 16, 24, 24)))
deep("seq_conv_pool_conv", lambda g: g.output(g.conv(g.pool(relu(g, g.conv(g.input(1, 16, 24, 24), 16, 3)), "MaxPool", 2, 2), 16, 3)), small=True)
deep("net_resnet", resnet_small)
deep("net_mobilenet", mobilenet_small)
deep("net_detector", detector_small)
