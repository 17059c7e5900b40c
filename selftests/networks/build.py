#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compile graphs and have the compiler's simulator and onnxruntime compute them; what is in the cache is not made again.

usage: build.py STORE OUT [--target SOC] [--small | --whole | --all] [--layers] [NAME-PATTERN ...]

STORE keeps, by a sum over graph, input, compiler and what makes them here, one directory per network. OUT gets a directory with the
guest's part of each, called NAME.fp16 or NAME.int8:
  model.rknn  in0.f32 ... (as the runtime wants them)  sim0.f32 ...  ort0.f32 ...  tab0.f32 ... (see tables.py)
  deep (if it is)  layers (with --layers)  refused (why it is not there)
--layers makes every tensor an output, to find the layer where a network leaves the path.
"""

import argparse
import fnmatch
import hashlib
import inspect
import json
import multiprocessing
import os
import re
import shutil
import sys
from importlib import metadata

import numpy as np

import graph
import tables
# The modules that add cases to the list
import convolutions  # noqa: F401
import operators  # noqa: F401
import sequences  # noqa: F401
import whole  # noqa: F401

TYPES = ("fp16", "int8")


def nhwc(a):
    """The order in which the runtime and the simulator take pictures."""
    return np.ascontiguousarray(a.transpose(0, 2, 3, 1)) if a.ndim == 4 else a


def onnxruntime_outputs(model, inputs):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model.SerializeToString(), options).run(None, inputs)


def save(directory, name, outputs):
    for i, values in enumerate(outputs):
        np.asarray(values, np.float32).tofile(f"{directory}/{name}{i}.f32")


def compile_network(directory, g, model, quantized, target):
    """Fill the directory with the compiled network, and with what the simulator says that it computes."""
    import onnx
    from rknn.api import RKNN
    onnx.save(model, f"{directory}/model.onnx")
    inputs = [g.values[n] for n in g.inputs]
    for i, values in enumerate(inputs):
        np.save(f"{directory}/in{i}.npy", values)
        nhwc(values).tofile(f"{directory}/in{i}.f32")
    with open(f"{directory}/dataset", "w", encoding="utf-8") as f:
        f.write(" ".join(f"in{i}.npy" for i in range(len(inputs))) + "\n")
    rknn = RKNN(verbose=False)
    rknn.config(target_platform=target)
    steps = (lambda: rknn.load_onnx(f"{directory}/model.onnx"),
             lambda: rknn.build(do_quantization=quantized, dataset=f"{directory}/dataset"),
             lambda: rknn.export_rknn(f"{directory}/model.rknn"),
             lambda: rknn.init_runtime())
    for step in steps:
        if step() != 0:
            raise RuntimeError("the compiler refuses it")
    out = rknn.inference([nhwc(a) for a in inputs], data_format=["nhwc"] * len(inputs))
    rknn.release()
    save(directory, "sim", out)


def last_error(log):
    """What the compiler said why, of all that it said."""
    with open(log, encoding="utf-8", errors="replace") as f:
        text = re.sub(r"\x1b\[[0-9;]*m", "", f.read())
    errors = [line.strip() for line in text.splitlines() if re.match(r"\s*(E |[A-Za-z]*Error:)", line)]
    return re.sub(r"^E\s+", "", errors[-1])[:200] if errors else "no reason given"


def make(job):
    """Make one network in a fresh directory beside its place, then move it there: a cut run leaves nothing half done."""
    name, kind, place, target, layers = job
    new = f"{place}.{os.getpid()}"
    shutil.rmtree(new, ignore_errors=True)
    os.makedirs(new)
    case = graph.CASES[name]
    g = case.graph()
    outputs = tensors(g) if layers else g.outputs
    info = {"name": name, "type": kind, "target": target, "deep": case.deep, "inputs": len(g.inputs), "outputs": outputs,
            "made_by": {n.output[i]: n.name for n in g.nodes for i in range(len(n.output))}, "refused": None}
    log = os.open(f"{new}/log", os.O_WRONLY | os.O_CREAT, 0o644)
    saved = os.dup(1), os.dup(2)
    os.dup2(log, 1)
    os.dup2(log, 2)
    try:
        model = g.model(outputs)
        save(new, "ort", onnxruntime_outputs(model, g.values))
        compile_network(new, g, model, kind == "int8", target)
        end = tables.tanh_end(f"{new}/model.rknn") if kind == "fp16" and any(n.op_type == "Tanh" for n in g.nodes) else None
        if end:
            save(new, "tab", onnxruntime_outputs(tables.limited(model, end), g.values))
    except BaseException as e:  # the compiler also calls exit()
        if isinstance(e, KeyboardInterrupt):
            raise
        print(repr(e), flush=True)
        info["refused"] = last_error(f"{new}/log")
    finally:
        sys.stdout.flush()
        os.dup2(saved[0], 1)
        os.dup2(saved[1], 2)
        for fd in (log, *saved):
            os.close(fd)
    for i in range(len(g.inputs)):
        if os.path.exists(f"{new}/in{i}.npy"):
            os.unlink(f"{new}/in{i}.npy")
    if os.path.exists(f"{new}/model.onnx") and not layers and os.path.getsize(f"{new}/model.onnx") > 1 << 20:
        os.unlink(f"{new}/model.onnx")
    if info["refused"]:
        with open(f"{new}/refused", "w", encoding="utf-8") as f:
            f.write(info["refused"])
    with open(f"{new}/info.json", "w", encoding="utf-8") as f:
        json.dump(info, f)
    shutil.rmtree(place, ignore_errors=True)
    os.rename(new, place)
    return name, kind, info["refused"]


def tensors(g):
    """All tensors that nodes give, in their order."""
    return [o for n in g.nodes for o in n.output]


def key(g, kind, target, layers):
    """What the result depends on."""
    h = hashlib.sha256()
    for part in (onnxruntime_outputs, save, compile_network, make, tables):
        h.update(inspect.getsource(part).encode())
    h.update(repr((metadata.version("rknn-toolkit2"), kind, target, layers)).encode())
    h.update(g.model().SerializeToString())
    for n in g.inputs:
        h.update(g.values[n].tobytes())
    return h.hexdigest()[:20]


def hand_out(place, out, deep, layers):
    """What the guest needs of one network; with layers, the names of the nodes that give its outputs, a line for each. The same file under another name where that can be."""
    os.makedirs(out)
    for name in os.listdir(place):
        if name.endswith(".f32") or name in ("model.rknn", "refused"):
            try:
                os.link(f"{place}/{name}", f"{out}/{name}")
            except OSError:
                shutil.copy(f"{place}/{name}", f"{out}/{name}")
    if deep:
        with open(f"{out}/deep", "w", encoding="utf-8") as f:
            f.write("judged by similarity\n")
    if layers:
        with open(f"{place}/info.json", encoding="utf-8") as f:
            info = json.load(f)
        with open(f"{out}/layers", "w", encoding="utf-8") as f:
            f.writelines(info["made_by"][t] + "\n" for t in info["outputs"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("store")
    parser.add_argument("out")
    parser.add_argument("--target", default="rk3588")
    which = parser.add_mutually_exclusive_group()
    for option in ("small", "whole", "all"):
        which.add_argument(f"--{option}", action="store_true")
    parser.add_argument("--layers", action="store_true")
    parser.add_argument("--published", action="store_true", help="also know networks that are only timed")
    parser.add_argument("patterns", nargs="*")
    args = parser.parse_intermixed_args()
    if args.published:
        import published  # noqa: F401
    os.makedirs(args.store, exist_ok=True)
    shutil.rmtree(args.out, ignore_errors=True)
    os.makedirs(args.out)

    jobs, wanted = [], []
    for case in graph.CASES.values():
        if (args.small and not case.small) or (args.whole and not case.whole):
            continue
        if not (args.whole or args.all or args.patterns) and case.whole:
            continue
        if args.patterns and not any(fnmatch.fnmatch(f"{case.name}.{t}", p) or fnmatch.fnmatch(case.name, p)
                                     for p in args.patterns for t in TYPES):
            continue
        g = case.graph()
        for kind in TYPES:
            if args.patterns and not any(fnmatch.fnmatch(f"{case.name}.{kind}", p) or fnmatch.fnmatch(case.name, p) for p in args.patterns):
                continue
            place = os.path.join(args.store, key(g, kind, args.target, args.layers))
            wanted.append((case, kind, place))
            if not os.path.exists(f"{place}/info.json"):
                jobs.append((case.name, kind, place, args.target, args.layers))
    # One process for each network: the compiler never frees memory, and its exit must not end this program.
    with multiprocessing.Pool(os.cpu_count(), maxtasksperchild=20) as pool:
        for name, kind, refused in pool.imap_unordered(make, jobs):
            if refused:
                print(f"{name}.{kind}: not compiled: {refused}", file=sys.stderr)
    for case, kind, place in wanted:
        hand_out(place, os.path.join(args.out, f"{case.name}.{kind}"), case.deep, args.layers)
    print(f"{len(wanted)} networks, {len(jobs)} compiled now", file=sys.stderr)


if __name__ == "__main__":
    main()
