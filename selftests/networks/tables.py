# SPDX-License-Identifier: GPL-2.0-only
"""What the compiler's own lookup tables allow: where they end short of the function that they stand for.

The compiler has fp16 activations looked up in two tables of 513 entries. That of tanh ends at 3.02, where tanh is 0.9952, and
beyond it goes on level: every larger input gives 0.9952, on any hardware that follows the registers. The simulator calculates
tanh itself and does not show that. So a graph with tanh gets one more reference: onnxruntime's outputs of the same graph whose
tanh ends where the table in the compiled network does. Nothing is assumed about the compiler: the end is read from its output.
"""

import numpy as np
from onnx import helper, numpy_helper

DPU_WRITE = 0x1001
BN_MUL, LUT_DATA, LUT_END = 0x4068, 0x4104, 0x411C
ENTRIES = 513
# If the last entry of a table is this close to a function's value there, the table is for that function
CLOSE = 1e-4


def written(model, offset):
    """Values that the command streams of a compiled network write to a register, in their order."""
    words = np.frombuffer(model[:len(model) // 8 * 8], "<u8")
    words = words[(words >> np.uint64(48) == DPU_WRITE) & (words & np.uint64(0xFFFF) == offset)]
    return (words >> np.uint64(16) & np.uint64(0xFFFFFFFF)).astype(np.uint32)


def tanh_end(path):
    """The largest argument that a compiled fp16 network's table of tanh has an entry for, or None."""
    with open(path, "rb") as f:
        model = f.read()
    last = written(model, LUT_DATA).astype(np.int16)[ENTRIES - 1:] / 32768
    factors = (written(model, BN_MUL) >> 16).astype(np.uint16).view(np.float16).astype(np.float64)
    for factor in set(factors[np.isfinite(factors) & (factors > 0)]):
        for end in set(written(model, LUT_END)) - {0}:
            if np.any(np.abs(last - np.tanh(end / factor)) < CLOSE):
                return end / factor
    return None


def limited(model, end):
    """Have every tanh of an ONNX model end at +-end."""
    nodes = []
    for node in model.graph.node:
        if node.op_type == "Tanh":
            clipped = f"{node.input[0]}_limited_{node.name}"
            nodes.append(helper.make_node("Clip", [node.input[0], "limit_low", "limit_high"], [clipped], name=f"limit_{node.name}"))
            node.input[0] = clipped
        nodes.append(node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    for name, value in (("limit_low", -end), ("limit_high", end)):
        model.graph.initializer.append(numpy_helper.from_array(np.float32(value), name))
    return model
