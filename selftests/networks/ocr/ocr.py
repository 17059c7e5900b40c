#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The host's part of reading text from a picture on the NPU: before and after the guest's.

usage: ocr.py prepare DIR --store STORE [--given PICTURE]    DIR gets what the guest's program wants:
           picture.ppm  detect.rknn angle.rknn read.rknn  characters (a line each, in the order of the scores)
       ocr.py judge DIR TEXT SHOWN [--given] [--ktap]    compare TEXT, which the guest read; SHOWN gets a picture of both

The networks are PP-OCRv4's, from the package rapidocr-onnxruntime, which also reads the same picture here: its own code
around onnxruntime, with floats. What must be equal is the text of every line, and which ones stand on their heads.
"""

import argparse
import hashlib
import os
import shutil
import sys
from importlib import metadata, util

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

# The SoC with three cores. The compiler needs fixed sizes (rows, columns). Lines that are wider than READ are squeezed.
TARGET = "rk3588"
DETECT, ANGLE, READ = (320, 640), (48, 192), (48, 320)
NETWORKS = {"detect": ("ch_PP-OCRv4_det_infer", DETECT), "angle": ("ch_ppocr_mobile_v2.0_cls_infer", ANGLE),
            "read": ("ch_PP-OCRv4_rec_infer", READ)}
# Left, top, height, text, colour, upside down
LINES = ((24, 20, 40, "Neural net", "#14205a", False), (352, 22, 36, "RK3588", "#962014", False),
         (530, 26, 28, "6 TOPS", "#404040", False),
         (24, 92, 34, "Three cores", "#1e1e1e", False), (352, 92, 34, "read this text", "#1e1e1e", False),
         (24, 158, 34, "upside down", "#0a5a32", True), (352, 158, 34, "2026-11-30", "#0a5a32", True),
         (24, 226, 28, "colours, sizes", "#7a3b00", False), (352, 226, 28, "0123456789", "#303080", False),
         (24, 280, 20, "small print: $4.25", "#505050", False), (352, 280, 20, "drawn on the spot", "#505050", False))


def package():
    return os.path.dirname(util.find_spec("rapidocr_onnxruntime").origin)


def draw():
    """A picture with text; Pillow's own typeface, so that it is the same on every machine."""
    picture = Image.new("RGB", DETECT[::-1], "#f4f1e8")
    for left, top, height, text, colour, turned in LINES:
        font = ImageFont.load_default(height)
        line = Image.new("RGBA", [v + 4 for v in font.getbbox(text)[2:]])
        ImageDraw.Draw(line).text((2, 2), text, font=font, fill=colour)
        if turned:
            line = line.rotate(180)
        picture.paste(line, (left, top), line)
    return picture


def fit(path):
    """Somebody's picture, as large as it can be."""
    picture = Image.new("RGB", DETECT[::-1], "white")
    with Image.open(path) as theirs:
        theirs = theirs.convert("RGB")
        scale = min(DETECT[1] / theirs.width, DETECT[0] / theirs.height)
        picture.paste(theirs.resize((round(theirs.width * scale), round(theirs.height * scale)), Image.Resampling.LANCZOS))
    return picture


def compile_network(name, out):
    """Bytes go in, as a camera gives them: the compiler puts the conversion to -1 ... 1 into the network."""
    from rknn.api import RKNN
    file, size = NETWORKS[name]
    rknn = RKNN(verbose=False)
    rknn.config(target_platform=TARGET, mean_values=[[127.5] * 3], std_values=[[127.5] * 3])
    for step in (lambda: rknn.load_onnx(f"{package()}/models/{file}.onnx", inputs=["x"], input_size_list=[[1, 3, *size]]),
                 lambda: rknn.build(do_quantization=False), lambda: rknn.export_rknn(out)):
        if step() != 0:
            raise RuntimeError(f"the compiler refuses {file}")
    rknn.release()


def compiled(name, store):
    """The network's file, from the store if it has been compiled before."""
    made_of = (metadata.version("rknn-toolkit2"), metadata.version("rapidocr-onnxruntime"), TARGET, NETWORKS[name])
    with open(__file__, "rb") as f:
        key = hashlib.sha256(repr(made_of).encode() + f.read()).hexdigest()[:20]
    place = f"{store}/ocr-{name}-{key}.rknn"
    if not os.path.exists(place):
        new = f"{place}.{os.getpid()}"
        # The compiler's libraries write there too, not only Python.
        log = os.open(f"{place}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        saved = os.dup(1), os.dup(2)
        for fd in (1, 2):
            os.dup2(log, fd)
        try:
            compile_network(name, new)
        finally:
            sys.stdout.flush()
            for fd in (1, 2):
                os.dup2(saved[fd - 1], fd)
        os.rename(new, place)
    return place


def characters():
    """What the scores are for, but the first one, which is for none."""
    import onnx
    model = onnx.load(f"{package()}/models/{NETWORKS['read'][0]}.onnx")
    known = {p.key: p.value for p in model.metadata_props}["character"]
    return known.splitlines() + [" "]


def prepare(args):
    os.makedirs(args.dir, exist_ok=True)
    (fit(args.given) if args.given else draw()).save(f"{args.dir}/picture.ppm")
    for name in NETWORKS:
        shutil.copy(compiled(name, args.store), f"{args.dir}/{name}.rknn")
    with open(f"{args.dir}/characters", "w", encoding="utf-8") as f:
        f.writelines(c + "\n" for c in characters())


class Line:
    """One line of text: box (left, top, right, bottom), whether it stands on its head (None: not known), text."""

    def __init__(self, box, turned, text):
        self.box, self.turned, self.text = box, turned, text

    def overlap(self, other):
        """Area of both boxes together, as a part of that which either covers."""
        def area(box):
            return max(0, box[2] - box[0]) * max(0, box[3] - box[1])
        both = area([max(self.box[0], other.box[0]), max(self.box[1], other.box[1]),
                     min(self.box[2], other.box[2]), min(self.box[3], other.box[3])])
        return both / max(1, area(self.box) + area(other.box) - both)


def guest_lines(path):
    lines = []
    with open(path, encoding="utf-8") as f:
        for fields in (line.rstrip("\n").split("\t") for line in f):
            lines.append(Line([int(v) for v in fields[:4]], fields[4] == "180", fields[5]))
    return lines


def host_lines(picture):
    """The package's own way from a picture to text, at the size that the NPU has it."""
    from rapidocr_onnxruntime import RapidOCR
    engine = RapidOCR(det_limit_side_len=min(DETECT))
    found, _ = engine.text_det(picture)
    found = engine.sorted_boxes(found) if found is not None else []
    crops, angles, _ = engine.text_cls(engine.get_crop_img_list(picture, found))
    read, _ = engine.text_rec(crops)
    lines = []
    for points, angle, text in zip(found, angles, read):
        left, top = np.min(points, axis=0)
        right, bottom = np.max(points, axis=0)
        lines.append(Line([left, top, right, bottom], angle[0] == "180" and angle[1] > engine.text_cls.cls_thresh, text[0]))
    return lines


def pairs(guest, host):
    """Lines that both found, by where they are; then those of one side only."""
    left = list(guest)
    for theirs in host:
        mine = max(left, key=theirs.overlap, default=None)
        if mine is not None and mine.overlap(theirs) > 0.5:
            left.remove(mine)
            yield mine, theirs
        else:
            yield None, theirs
    yield from ((mine, None) for mine in left)


def differences(mine, theirs):
    """What is wrong with one line, or nothing."""
    if mine is None:
        return f"not found: {theirs.text!r} at {theirs.box}"
    if theirs is None:
        return f"found, and not by onnxruntime: {mine.text!r} at {mine.box}"
    if mine.text != theirs.text:
        return f"{mine.text!r}, onnxruntime reads {theirs.text!r}"
    if mine.turned != theirs.turned:
        return f"{mine.text!r} stands on its {'head' if mine.turned else 'feet'}, not so for onnxruntime"
    return None


def show(picture, lines, out):
    """The picture with boxes, and beside it the text where it stood."""
    height, width = picture.shape[:2]
    both = Image.new("RGB", (2 * width, height), "white")
    both.paste(Image.fromarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)))
    pen = ImageDraw.Draw(both)
    for line in lines:
        left, top, right, bottom = line.box
        colour = "#d03020" if line.turned else "#1060d0"
        pen.rectangle(line.box, outline=colour, width=2)
        pen.rectangle([left + width, top, right + width, bottom], outline="#d8d8d8")
        size = max(8, round((bottom - top) * 0.72))
        while size > 8 and ImageFont.load_default(size).getlength(line.text) > right - left - 4:
            size -= 1
        pen.text((left + width + 3, (top + bottom) / 2), line.text, font=ImageFont.load_default(size), fill=colour, anchor="lm")
    both.save(out)


def judge(args):
    picture = cv2.imread(f"{args.dir}/picture.ppm")
    guest, host = guest_lines(args.text), host_lines(picture)
    show(picture, guest, args.shown)
    results = [differences(*pair) for pair in pairs(guest, host)]
    # The results would also be equal if both found nothing.
    if not args.given and not any(line.turned for line in guest):
        results.append("no line stands on its head")
    wrong = [bad for bad in results if bad]
    if args.ktap:
        print(f"TAP version 13\n1..{len(results)}")
        for number, bad in enumerate(results, 1):
            print(f"# {bad}\nnot ok {number} line_{number}" if bad else f"ok {number} line_{number}")
    else:
        for bad in wrong:
            print(f"differs: {bad}")
        print(f"onnxruntime on the host reads {len(host)} lines; the text of {len(results) - len(wrong)} of {len(results)} is the same")
    return 1 if wrong or not host else 0


def main():
    parser = argparse.ArgumentParser()
    ways = parser.add_subparsers(required=True)
    way = ways.add_parser("prepare")
    way.add_argument("dir")
    way.add_argument("--store", required=True)
    way.add_argument("--given", help="somebody's picture")
    way.set_defaults(do=prepare)
    way = ways.add_parser("judge")
    way.add_argument("dir")
    way.add_argument("text")
    way.add_argument("shown")
    way.add_argument("--given", action="store_true", help="it was somebody's")
    way.add_argument("--ktap", action="store_true")
    way.set_defaults(do=judge)
    args = parser.parse_args()
    sys.exit(args.do(args))


if __name__ == "__main__":
    main()
