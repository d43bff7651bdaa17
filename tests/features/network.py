"""A small network as an ONNX file, and images that it tells apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

#: Numbers of a vector, and pixels of a side of what the network takes.
DIMENSION, SIDE = 24, 32


def network(path: Path, seed: int = 0, work: int = 0, *, averaged: bool = True) -> Path:
    """Write a network: convolutions, whose answers are averaged over the picture.

    Args:
        work: further convolutions that only take time.
        averaged: by the network itself; otherwise by whoever uses it.
    """
    chance = np.random.default_rng(seed)
    shapes = [(DIMENSION, 3, 5, 5), *[(DIMENSION, DIMENSION, 3, 3)] * (1 + work)]
    weights = [
        numpy_helper.from_array(
            chance.normal(0, 1 / np.sqrt(np.prod(shape[1:])), shape).astype(np.float32),
            f"w{number}",
        )
        for number, shape in enumerate(shapes)
    ]
    nodes, last = [], "image"
    for number, shape in enumerate(shapes):
        side = shape[-1] // 2
        stride = 2 if number == 0 else 1
        nodes += [
            helper.make_node(
                "Conv", [last, f"w{number}"], [f"c{number}"], pads=[side] * 4, strides=[stride] * 2
            ),
            helper.make_node("Relu", [f"c{number}"], [f"r{number}"]),
        ]
        last = f"r{number}"
    shape: list[int | str] = [1, DIMENSION, "high", "wide"]
    if averaged:
        nodes.append(helper.make_node("GlobalAveragePool", [last], ["pooled"]))
        nodes.append(helper.make_node("Flatten", ["pooled"], ["vector"]))
        last, shape = "vector", [1, DIMENSION]
    given = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, SIDE, SIDE])
    answered = helper.make_tensor_value_info(last, TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, "network", [given], [answered], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, path)
    return path


def picture(seed: int) -> NDArray[np.uint8]:
    """A picture of its own: a wave of some colour and direction, with noise."""
    chance = np.random.default_rng(seed)
    y, x = np.mgrid[0:48, 0:64] / 8.0
    wave = np.sin(x * chance.uniform(0.2, 2) + y * chance.uniform(0.2, 2))
    colour = chance.uniform(20, 120, 3)
    found = 128 + wave[..., None] * colour + chance.normal(0, 8, (48, 64, 3))
    return np.clip(found, 0, 255).astype(np.uint8)


def images(folder: Path, numbers: range) -> None:
    """Write pictures, by turns into the folders ``a`` and ``b``."""
    for number in numbers:
        label = folder / "ab"[number % 2]
        label.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(number)).save(label / f"{number:05d}.png")
