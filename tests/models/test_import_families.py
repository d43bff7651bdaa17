"""Detectors of every family find the same box, each told apart by its description alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from finders import DESCRIPTIONS, LABELS, SCORE, SIDE, Graph, finder, picture, pixels_input, seen
from millpond.models.checked import check_on
from millpond.models.described import Purpose, described
from millpond.models.description import read_description
from millpond.models.package import ModelPackage
from millpond.models.predictor import Predictor
from millpond.models.runtime import open_named
from millpond.values import Prediction

PURPOSE = Purpose("shapes", "detection", LABELS)
BOX = [20, 8, 60, 40]


def bring(folder: Path, model: bytes, text: str, pixels: Any) -> tuple[ModelPackage, Any]:
    """The package of a model and its description, and what it finds."""
    path = folder / "model.toml"
    path.write_text(text)
    runtime = open_named(model)
    package = described(model, read_description(path), PURPOSE, runtime.inputs, runtime.outputs)
    return package, check_on(package, runtime, pixels)


def is_at(found: list[Prediction], label: str, box: list[int], score: float = SCORE) -> None:
    assert [one.label for one in found] == [label]
    assert found[0].box is not None
    assert found[0].box.as_list() == pytest.approx(box, abs=1e-3)
    assert found[0].score == pytest.approx(score, abs=1e-4)


@pytest.mark.parametrize("family", DESCRIPTIONS)
def test_the_box_of_a_family_is_right_in_pixels_of_the_picture(family: str, tmp_path: Path) -> None:
    package, found = bring(tmp_path, finder(family), DESCRIPTIONS[family], picture(BOX, "blue"))
    score = SCORE * (0.5 if family == "v5" else 1)
    is_at(found, "blue", BOX, score)
    # What is written is read back as it was, and finds the same.
    package.write(tmp_path / "package")
    predictor = Predictor(ModelPackage.read(tmp_path / "package"))
    is_at(predictor.candidates(picture([2, 4, 100, 64])), "red", [2, 4, 100, 64], score)


def test_a_letterboxed_picture_has_its_box_where_it_is(tmp_path: Path) -> None:
    # The grey of the margin is less than half of white, and so is not seen.
    text = f'{DESCRIPTIONS["v8"]}\n[preprocessing]\nfit = "letterbox"'
    _, found = bring(tmp_path, finder("v8"), text, picture(BOX))
    assert found[0].box is not None
    assert found[0].box.as_list() == pytest.approx(BOX, abs=1e-3)


def test_bytes_in_another_layout_and_order(tmp_path: Path) -> None:
    graph = Graph()
    planes = graph.add("Transpose", graph.add("Cast", "raw", to=1), perm=[0, 3, 1, 2])
    # The model takes BGR: its red stands last.
    planes = graph.add("Gather", planes, graph.constant([2, 1, 0], np.int64), axis=1)
    corners, scores = seen(graph, graph.add("Div", planes, graph.constant(255.0)))
    ready = {"boxes": corners, "scores": scores}
    takes = pixels_input("raw", (1, SIDE, SIDE, 3), TensorProto.UINT8)
    text = (
        '[preprocessing]\nchannels = "BGR"\n'
        '[outputs]\nadapter = "scores_and_boxes"\nnames = ["scores", "boxes"]\nbatch = false'
    )
    package, found = bring(tmp_path, graph.model([takes], ready), text, picture(BOX))
    assert (package.preprocessing.layout, package.preprocessing.datatype) == ("NHWC", "uint8")
    is_at(found, "red", BOX)


def test_numbers_up_to_255_with_mean_and_std(tmp_path: Path) -> None:
    graph = Graph()
    corners, scores = seen(graph, graph.add("Add", "images", graph.constant(0.5)))
    ready = {"boxes": corners, "scores": scores}
    text = (
        "[preprocessing]\nscale = 255\nmean = [127.5, 127.5, 127.5]\nstd = [255, 255, 255]\n"
        '[outputs]\nadapter = "scores_and_boxes"\nnames = ["scores", "boxes"]\nbatch = false'
    )
    _, found = bring(tmp_path, graph.model([pixels_input()], ready), text, picture(BOX))
    is_at(found, "red", BOX)


def test_a_model_that_asks_for_the_size_gets_that_of_its_tensor(tmp_path: Path) -> None:
    """As RT-DETR is exported by its authors: boxes come in pixels of the size it is given."""
    graph = Graph()
    corners, scores = seen(graph)
    sides = graph.add("Cast", "orig_target_sizes", to=1)
    sides = graph.add("Concat", sides, sides, axis=1)
    shares = graph.add("Div", corners, graph.constant(float(SIDE)))
    ready = {"boxes": graph.add("Mul", shares, sides), "scores": scores}
    takes = [
        pixels_input(),
        pixels_input("orig_target_sizes", (1, 2), TensorProto.INT64),
    ]
    model = graph.model(takes, ready)
    outputs = '[outputs]\nadapter = "scores_and_boxes"\nnames = ["scores", "boxes"]\nbatch = false'
    inputs = '[inputs]\nimages = "picture"\norig_target_sizes = "width_height"\n'
    package, found = bring(tmp_path, model, inputs + outputs, picture(BOX))
    is_at(found, "red", BOX)
    package.write(tmp_path / "package")
    again = Predictor(ModelPackage.read(tmp_path / "package")).candidates(picture(BOX))
    is_at(again, "red", BOX)


def test_a_model_of_any_size_takes_the_one_of_its_description(tmp_path: Path) -> None:
    takes = pixels_input(shape=("n", 3, "h", "w"))
    text = f"[preprocessing]\nwidth = {SIDE}\nheight = {SIDE}\n{DESCRIPTIONS['v8']}"
    _, found = bring(tmp_path, finder("v8", takes), text, picture(BOX))
    is_at(found, "red", BOX)
