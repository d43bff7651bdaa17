"""Small ONNX models that really look: each finds the one coloured rectangle in a picture.

They are written with `onnx.helper` and differ in how they say what they found, as families of
detectors do. On a black picture with a red or blue rectangle the right answer is exact.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

#: Pixels of a side of the tensor.
SIDE = 64
#: The score of a rectangle of full colour.
SCORE = 0.9
LABELS = ("red", "blue")
#: Side of the one anchor of the RetinaNet-like finder.
ANCHOR = 32.0


def picture(box: Sequence[int], label: str = "red", size: tuple[int, int] = (128, 64)) -> Any:
    """Pixels ``[H, W, 3]``, black with one rectangle ``x_min, y_min, x_max, y_max``."""
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    left, top, right, bottom = box
    pixels[top:bottom, left:right, 0 if label == "red" else 2] = 255
    return pixels


def as_png(pixels: NDArray[np.uint8]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


class Graph:
    """A graph under construction; names of tensors are made up as it grows."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def constant(self, values: Any, datatype: Any = np.float32) -> str:
        name = f"constant{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.array(values, datatype), name))
        return name

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"{kind.lower()}{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def model(self, takes: Sequence[Any], gives: Mapping[str, str]) -> bytes:
        """The bytes of the model; `gives` has the tensor that each output is."""
        nodes = [*self._nodes]
        nodes += [helper.make_node("Identity", [of], [name]) for name, of in gives.items()]
        infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in gives]
        graph = helper.make_graph(nodes, "finder", list(takes), infos, self._constants)
        opsets = [helper.make_opsetid("", 17)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        made: bytes = model.SerializeToString()
        return made


def pixels_input(
    name: str = "images",
    shape: Sequence[int | str] = (1, 3, SIDE, SIDE),
    datatype: int = TensorProto.FLOAT,
) -> Any:
    return helper.make_tensor_value_info(name, datatype, shape)


def seen(graph: Graph, tensor: str = "images") -> tuple[str, str]:
    """The corners ``[1, 4]`` of what is bright in a tensor from 0 to 1, and scores ``[1, 2]``."""
    bright = graph.add("ReduceMax", tensor, axes=[1], keepdims=0)
    bright = graph.add("Cast", graph.add("Greater", bright, graph.constant(0.5)), to=1)
    sides = []
    for last in (0, 1):
        for axis in (1, 2):
            line = graph.add("ReduceMax", bright, axes=[axis], keepdims=0)
            at = graph.add("ArgMax", line, axis=1, keepdims=1, select_last_index=last)
            side = graph.add("Cast", at, to=1)
            sides.append(graph.add("Add", side, graph.constant([float(last)])))
    strength = graph.add("ReduceMax", tensor, axes=[2, 3], keepdims=0)
    strength = graph.add("Gather", strength, graph.constant([0, 2], np.int64), axis=1)
    return (
        graph.add("Concat", *sides, axis=1),
        graph.add("Mul", strength, graph.constant(SCORE)),
    )


def _centred(graph: Graph, corners: str, share: float = 1.0) -> str:
    """Centre x, centre y, width and height of corners, times a share."""
    turn = np.array([[0.5, 0, -1, 0], [0, 0.5, 0, -1], [0.5, 0, 1, 0], [0, 0.5, 0, 1]])
    return graph.add("MatMul", corners, graph.constant(turn * share))


def _axes(graph: Graph, tensor: str, *axes: int) -> str:
    return graph.add("Unsqueeze", tensor, graph.constant(axes, np.int64))


def finder(family: str, takes: Any = None) -> bytes:
    """A model that says what it found as a family does.

    Args:
        family: v8, v5, end_to_end, detr, sigmoid_detr, retinanet, flat_retinanet, detections.
    """
    graph = Graph()
    corners, scores = seen(graph)
    return graph.model([takes or pixels_input()], _TAILS[family](graph, corners, scores))


def _v8(graph: Graph, corners: str, scores: str) -> dict[str, str]:
    row = graph.add("Concat", _centred(graph, corners), scores, axis=1)
    return {"output0": _axes(graph, row, 2)}


def _v5(graph: Graph, corners: str, scores: str) -> dict[str, str]:
    anything = graph.constant([[0.5]])
    row = graph.add("Concat", _centred(graph, corners), anything, scores, axis=1)
    return {"output": _axes(graph, row, 1)}


def _end_to_end(graph: Graph, corners: str, scores: str) -> dict[str, str]:
    best = graph.add("ReduceMax", scores, axes=[1], keepdims=1)
    kind = graph.add("Cast", graph.add("ArgMax", scores, axis=1, keepdims=1), to=1)
    row = graph.add("Concat", corners, best, kind, axis=1)
    filling = graph.constant([[[0, 0, 0, 0, 0, -1]]])
    return {"output0": graph.add("Concat", _axes(graph, row, 1), filling, axis=1)}


def _detr(graph: Graph, corners: str, scores: str) -> dict[str, str]:
    rest = graph.add("ReduceSum", scores, graph.constant([1], np.int64), keepdims=1)
    rest = graph.add("Sub", graph.constant(1.0), rest)
    shares = graph.add("Max", graph.add("Concat", scores, rest, axis=1), graph.constant(1e-9))
    return {
        "logits": _axes(graph, graph.add("Log", shares), 1),
        "pred_boxes": _axes(graph, _centred(graph, corners, 1 / SIDE), 1),
    }


def _sigmoid_detr(graph: Graph, corners: str, scores: str) -> dict[str, str]:
    scores = graph.add("Max", scores, graph.constant(1e-6))
    odds = graph.add("Div", scores, graph.add("Sub", graph.constant(1.0), scores))
    # The boxes come first here, as some exports have them.
    return {
        "boxes": _axes(graph, _centred(graph, corners, 1 / SIDE), 1),
        "logits": _axes(graph, graph.add("Log", odds), 1),
    }


def _delta(graph: Graph, corners: str) -> str:
    """How the anchor at the first place, whose centre is the corner, becomes the box."""
    box = _centred(graph, corners, 1 / ANCHOR)
    halves = [
        graph.add("Gather", box, graph.constant(part, np.int64), axis=1)
        for part in ([0, 1], [2, 3])
    ]
    return graph.add("Concat", halves[0], graph.add("Log", halves[1]), axis=1)


def _flat_retinanet(graph: Graph, corners: str, scores: str) -> dict[str, str]:
    odds = _sigmoid_detr(graph, corners, scores)["logits"]
    return {"cls_logits": odds, "bbox_regression": _axes(graph, _delta(graph, corners), 1)}


def _retinanet(graph: Graph, corners: str, scores: str) -> dict[str, str]:
    """Two grids of one place each, of which the second sees nothing."""
    odds = graph.add("Squeeze", _sigmoid_detr(graph, corners, scores)["logits"])
    odds = graph.add("Reshape", odds, graph.constant([1, 2, 1, 1], np.int64))
    return {
        "cls_3": odds,
        "box_3": _axes(graph, _delta(graph, corners), 2, 3),
        "cls_4": graph.constant(np.full((1, 2, 1, 1), -20)),
        "box_4": graph.constant(np.zeros((1, 4, 1, 1))),
    }


def _detections(graph: Graph, corners: str, scores: str) -> dict[str, str]:
    """As torchvision: no axis for the batch, numbers of classes from 1."""
    best = graph.add("ReduceMax", scores, axes=[1], keepdims=0)
    kind = graph.add("Cast", graph.add("ArgMax", scores, axis=1, keepdims=0), to=1)
    number = graph.add("Add", kind, graph.constant(1.0))
    return {"boxes": corners, "labels": number, "scores": best}


_TAILS = {
    "v8": _v8,
    "v5": _v5,
    "end_to_end": _end_to_end,
    "detr": _detr,
    "sigmoid_detr": _sigmoid_detr,
    "retinanet": _retinanet,
    "flat_retinanet": _flat_retinanet,
    "detections": _detections,
}

#: What a description says of each family, as TOML.
DESCRIPTIONS = {
    "v8": '[outputs]\nadapter = "yolo"',
    "v5": '[outputs]\nadapter = "yolo"\nparameters = { form = "v5" }',
    "end_to_end": '[outputs]\nadapter = "yolo"\nparameters = { form = "end_to_end" }',
    "detr": '[outputs]\nadapter = "detr"',
    "sigmoid_detr": (
        '[outputs]\nadapter = "detr"\nnames = ["logits", "boxes"]\n'
        'parameters = { activation = "sigmoid" }'
    ),
    "retinanet": (
        '[outputs]\nadapter = "retinanet"\nnames = ["cls_3", "cls_4", "box_3", "box_4"]\n'
        "parameters = { strides = [64, 64], sizes = [[32], [32]], ratios = [1] }"
    ),
    "flat_retinanet": (
        '[outputs]\nadapter = "retinanet"\n'
        "parameters = { strides = [64], sizes = [[32]], ratios = [1] }"
    ),
    "detections": (
        'labels = ["", "red", "blue"]\n[outputs]\nadapter = "detections"\n'
        'names = ["boxes", "scores", "labels"]\nbatch = false'
    ),
}
