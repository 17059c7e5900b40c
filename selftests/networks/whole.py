# SPDX-License-Identifier: GPL-2.0-only
"""Networks of full size, by their published architectures, with random weights."""

from graph import case
from sequences import bottleneck, c2f, c3, conv_silu, dfl, inverted, relu, sppf, transformer, unet


def resnet50(g):
    x = g.pool(relu(g, g.conv(g.input(1, 3, 224, 224), 64, 7, 2)), "MaxPool", 3, 2, 1)
    for channels, blocks, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for i in range(blocks):
            x = bottleneck(g, x, channels, stride if i == 0 else 1)
    g.output(g.fc(g.op("GlobalAveragePool", x), 1000))


def mobilenetv2(g):
    x = g.relu6(g.conv(g.input(1, 3, 224, 224), 32, 3, 2))
    for expand, channels, blocks, stride in ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)):
        for i in range(blocks):
            x = inverted(g, x, channels, expand, stride if i == 0 else 1)
    x = g.relu6(g.conv(x, 1280, 1))
    g.output(g.fc(g.op("GlobalAveragePool", x), 1000))


def conv_relu(g, x, channels, kernel=1, stride=1):
    return relu(g, g.conv(x, channels, kernel, stride))


def yolov5(g, width, activation):
    """Width 64 is l's, 32 s's, 16 n's, with a third of l's depth; three outputs before the boxes are decoded."""
    block = lambda x, c, n, shortcut=True: c3(g, x, c, n, shortcut, activation)
    down = lambda x, c: activation(g, x, c, 3, 2)
    w = [width << i for i in range(5)]
    x = activation(g, g.input(1, 3, 640, 640), w[0], 6, 2)
    x = block(down(x, w[1]), w[1], 1)
    p3 = block(down(x, w[2]), w[2], 2)
    p4 = block(down(p3, w[3]), w[3], 3)
    x = sppf(g, block(down(p4, w[4]), w[4], 1), w[4], activation)
    up5 = activation(g, x, w[3])
    x = block(g.op("Concat", g.resize(up5, 2), p4, axis=1), w[3], 1, False)
    up4 = activation(g, x, w[2])
    n3 = block(g.op("Concat", g.resize(up4, 2), p3, axis=1), w[2], 1, False)
    n4 = block(g.op("Concat", down(n3, w[2]), up4, axis=1), w[3], 1, False)
    n5 = block(g.op("Concat", down(n4, w[3]), up5, axis=1), w[4], 1, False)
    g.output(*[g.op("Sigmoid", g.conv(t, 255, 1)) for t in (n3, n4, n5)])


def yolov6n(g):
    """Version 2, with each block's branches merged into one convolution, as it is deployed."""
    def block(x, channels, repeats):
        for _ in range(repeats):
            x = conv_relu(g, x, channels, 3)
        return x

    x = conv_relu(g, g.input(1, 3, 640, 640), 16, 3, 2)
    kept = []
    for channels, repeats in ((32, 2), (64, 4), (128, 6), (256, 2)):
        x = block(conv_relu(g, x, channels, 3, 2), channels, repeats)
        kept.append(x)
    p5 = conv_relu(g, sppf(g, x, 256, conv_relu), 64)
    p4 = block(g.op("Concat", g.transposed(p5, 64, 2, 2), kept[2], axis=1), 64, 4)
    p4 = conv_relu(g, p4, 32)
    n3 = block(g.op("Concat", g.transposed(p4, 32, 2, 2), kept[1], axis=1), 32, 4)
    n4 = block(g.op("Concat", conv_relu(g, n3, 32, 3, 2), p4, axis=1), 64, 4)
    n5 = block(g.op("Concat", conv_relu(g, n4, 64, 3, 2), p5, axis=1), 128, 4)
    for t in (n3, n4, n5):
        stem = conv_silu(g, t, g.shape[t][1])
        classes, box = (conv_silu(g, stem, g.shape[t][1], 3) for _ in range(2))
        g.output(g.op("Sigmoid", g.conv(classes, 80, 1)), g.conv(box, 4, 1))


def yolov8n(g):
    x = conv_silu(g, conv_silu(g, g.input(1, 3, 640, 640), 16, 3, 2), 32, 3, 2)
    x = c2f(g, x, 32)
    p3 = c2f(g, conv_silu(g, x, 64, 3, 2), 64, 2)
    p4 = c2f(g, conv_silu(g, p3, 128, 3, 2), 128, 2)
    p5 = sppf(g, c2f(g, conv_silu(g, p4, 256, 3, 2), 256), 256)
    n4 = c2f(g, g.op("Concat", g.resize(p5, 2), p4, axis=1), 128, shortcut=False)
    n3 = c2f(g, g.op("Concat", g.resize(n4, 2), p3, axis=1), 64, shortcut=False)
    n4 = c2f(g, g.op("Concat", conv_silu(g, n3, 64, 3, 2), n4, axis=1), 128, shortcut=False)
    n5 = c2f(g, g.op("Concat", conv_silu(g, n4, 128, 3, 2), p5, axis=1), 256, shortcut=False)
    for t in (n3, n4, n5):
        box = g.conv(conv_silu(g, conv_silu(g, t, 64, 3), 64, 3), 64, 1)
        classes = g.conv(conv_silu(g, conv_silu(g, t, 80, 3), 80, 3), 80, 1)
        g.output(dfl(g, box), g.op("Sigmoid", classes))


def vit(g):
    """Four blocks of ViT-Tiny on 224x224: patches of 16, width 192, three heads."""
    x = g.conv(g.input(1, 3, 224, 224), 192, 16, 16, pads=[0] * 4)
    x = g.op("Transpose", g.reshape(x, 1, 192, 196), perm=[0, 2, 1])
    x = g.op("Add", x, g.floats(1, 196, 192))
    for _ in range(4):
        x = transformer(g, x, heads=3, wider=4)
    g.output(g.layernorm(x))


def transformer_long(g):
    """Twelve blocks over a short sequence, which the compiler makes more than 1,200 tasks of."""
    x = g.input(1, 32, 128)
    for _ in range(12):
        x = transformer(g, x, heads=4, wider=2)
    g.output(g.layernorm(x))


case("whole_resnet50", resnet50, whole=True)
case("whole_mobilenetv2", mobilenetv2, whole=True)
# The variant with ReLU for which Rockchip publishes speeds, and the original one
case("whole_yolov5s", lambda g: yolov5(g, 32, conv_relu), whole=True)
case("whole_yolov5n", lambda g: yolov5(g, 16, conv_silu), whole=True)
case("whole_yolov6n", yolov6n, whole=True)
case("whole_yolov8n", yolov8n, whole=True)
case("whole_unet256", lambda g: g.output(unet(g, g.input(1, 3, 256, 256), (32, 64, 128, 256), 1)), whole=True)
case("whole_vit", vit, whole=True)
case("whole_transformer", transformer_long, whole=True)
