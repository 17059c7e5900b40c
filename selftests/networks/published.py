# SPDX-License-Identifier: GPL-2.0-only
"""Networks that are only timed, beside those of whole.py: Rockchip publishes speeds for them.

Those that read text are PP-OCRv4's from the package rapidocr-onnxruntime, if it can be imported. CLIP is built by its architecture.
"""

import os
from importlib import util

import numpy as np
import onnx

from graph import case
from sequences import attention


def packaged(name, *shape):
    """What enters a graph with one input from the package, at a fixed size, as the compiler wants it."""
    def build(g):
        package = os.path.dirname(util.find_spec("rapidocr_onnxruntime").origin)
        model = onnx.load(f"{package}/models/{name}.onnx")
        for dim, size in zip(model.graph.input[0].type.tensor_type.shape.dim, shape):
            dim.dim_value = size
        g.adopt(model, *shape)
    return build


def clip_images(g):
    """The half of CLIP's ViT-B/32 that sees: patches of 32, width 768, twelve heads, twelve blocks."""
    width = 768
    x = g.conv(g.input(1, 3, 224, 224), width, 32, 32, pads=[0] * 4, bias=False)
    x = g.op("Transpose", g.reshape(x, 1, width, 49), perm=[0, 2, 1])
    x = g.op("Concat", g.floats(1, 1, width), x, axis=1)
    x = g.layernorm(g.op("Add", x, g.floats(1, 50, width)))
    for _ in range(12):
        x = g.op("Add", x, attention(g, g.layernorm(x), 12))
        y = g.op("Add", g.matmul(g.layernorm(x), 4 * width), g.floats(4 * width))
        # Its GELU is x * sigmoid(1.702 x)
        y = g.op("Mul", y, g.op("Sigmoid", g.op("Mul", y, g.constant(np.float32(1.702)))))
        x = g.op("Add", x, g.op("Add", g.matmul(y, width), g.floats(width)))
    g.output(g.matmul(g.layernorm(g.slice(x, [0], [1], [1])), 512))


if util.find_spec("rapidocr_onnxruntime"):
    case("ppocrv4_det", packaged("ch_PP-OCRv4_det_infer", 1, 3, 480, 480), whole=True)
    case("ppocrv4_rec", packaged("ch_PP-OCRv4_rec_infer", 1, 3, 48, 320), whole=True)
case("clip_images", clip_images, whole=True)
