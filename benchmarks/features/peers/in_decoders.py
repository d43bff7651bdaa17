"""Other decoders beside plain Pillow; prints a line of JSON."""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import simplejpeg
from network import tensor
from PIL import Image
from rounds import cosines, in_turn

#: Pixels of the shorter side that a reduced picture keeps at least: twice the network's.
LEAST = 448


def pillow(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def turbo(data: bytes) -> Image.Image:
    return _picture(simplejpeg.decode_jpeg(data, colorspace="RGBX"))


def turbo_reduced(data: bytes) -> Image.Image:
    small = simplejpeg.decode_jpeg(data, colorspace="RGBX", min_height=LEAST, min_width=LEAST)
    return _picture(small)


def opencv(data: bytes) -> Image.Image:
    return Image.fromarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB))


def _picture(pixels: np.ndarray) -> Image.Image:
    """Without a copy: Pillow too keeps four bytes a pixel."""
    size = (pixels.shape[1], pixels.shape[0])
    return Image.frombuffer("RGB", size, pixels, "raw", "RGBX", 0, 1)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--rounds", type=int, required=True)
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    session = onnxruntime.InferenceSession(asked.model)
    name = session.get_inputs()[0].name

    def vector(picture: Image.Image) -> np.ndarray:
        return session.run(None, {name: tensor(picture)[None]})[0][0]

    found = {}
    plain = {"pillow": pillow, "opencv": opencv}
    turbos = {"simplejpeg": turbo, "simplejpeg, reduced": turbo_reduced}
    for kind, ways in (("jpg", plain | turbos), ("png", plain)):
        files = [path.read_bytes() for path in sorted(asked.images.glob(f"*.{kind}"))]
        taken, close = in_turn(ways, files, asked.rounds), cosines(ways, files, vector)
        found[kind] = {way: [taken[way], close[way]] for way in ways}
    print(json.dumps(found))


main()
