"""A description that does not fit is refused with what the model has and what to write."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto

from finders import DESCRIPTIONS, LABELS, Graph, finder, picture, pixels_input
from millpond.errors import Invalid, NotFound
from millpond.models.checked import check_on
from millpond.models.described import Purpose, described
from millpond.models.description import read_description
from millpond.models.runtime import open_named

PURPOSE = Purpose("shapes", "detection", LABELS)
PIXELS = picture([20, 8, 60, 40])


def refusal(folder: Path, model: bytes, text: str, purpose: Purpose = PURPOSE) -> str:
    """What the refusal of a model and its description says."""
    path = folder / "model.toml"
    path.write_text(text)
    runtime = open_named(model)
    with pytest.raises(Invalid) as refused:
        said = read_description(path)
        package = described(model, said, purpose, runtime.inputs, runtime.outputs)
        check_on(package, runtime, PIXELS)
    return str(refused.value)


@pytest.mark.parametrize(
    ("family", "text", "message"),
    [
        ("v8", "", r"gives output0: float32.* --adapter NAME.*yolo"),
        ("v8", "labels = 3", r"labels: Input should be a valid tuple \(found 3\)"),
        ("v8", "labels = [", "is not valid TOML"),
        ("v8", "sizes = 3", "sizes: Extra inputs are not permitted"),
        ("v8", '[outputs]\nadapter = "yolov8"', "'yolov8' is not one of detections, detr"),
        ("v8", 'labels = ["red"]\n' + DESCRIPTIONS["v8"], r"\(6, 1\).*not \(5, n\).*of 1 classes"),
        ("v8", DESCRIPTIONS["v5"], r"\(6, 1\).*not \(n, 7\).*form 'v5'.*output0 \[1, 6, 1\]"),
        ("v8", DESCRIPTIONS["detr"], "DETR gives logits and then boxes"),
        (
            "v8",
            '[outputs]\nadapter = "yolo"\nparameters = { shape = "v8" }',
            "does not take the parameters shape.*it takes form, activation, relative",
        ),
        ("v8", DESCRIPTIONS["v8"] + '\nnames = ["boxes"]', "no output 'boxes'; it gives output0"),
        ("v8", DESCRIPTIONS["v8"] + "\nbatch = false", r"\(1, 6, 1\).*not \(6, n\)"),
        ("detections", DESCRIPTIONS["detections"].replace("batch", "#"), "batch = false"),
        (
            "detections",
            DESCRIPTIONS["detections"].replace('"", "red", "blue"', '"red"'),
            "classes from 1 to 1, and its labels name those from 0 to 0",
        ),
        ("v8", 'labels = ["red", "green"]\n' + DESCRIPTIONS["v8"], "'green' .*red, blue.*shapes"),
        (
            "v8",
            f"{DESCRIPTIONS['v8']}\n[preprocessing]\nwidth = 32",
            r"width 32 does not fit.*images: float32 \[1, 3, 64, 64\]",
        ),
        ("v8", f'{DESCRIPTIONS["v8"]}\n[preprocessing]\nchannels = "L"', "channels 1 does not"),
        ("v8", f'{DESCRIPTIONS["v8"]}\n[preprocessing]\nlayout = "NHWC"', "channels 3 does not"),
        ("v8", f'{DESCRIPTIONS["v8"]}\n[preprocessing]\ndatatype = "uint8"', "datatype uint8"),
        ("v8", f'{DESCRIPTIONS["v8"]}\n[inputs]\nx = "picture"', 'write .inputs. images = "..."'),
        (
            "v8",
            '[outputs]\nadapter = "yolo"\nparameters = { relative = true }',
            "beside the picture.*64 x 64 pixels.*relative is false",
        ),
        (
            "flat_retinanet",
            '[outputs]\nadapter = "retinanet"',
            r"logits have the shapes \[\(1, 2\)\], and 774 anchors take \(774, 2\)",
        ),
        (
            "flat_retinanet",
            '[outputs]\nadapter = "retinanet"\nparameters = { strides = ["wide"] }',
            r"do not fit: TypeError.*cls_logits \[1, 1, 2\]",
        ),
        (
            "detr",
            '[outputs]\nadapter = "detr"\nparameters = { activation = "none" }',
            "scores have the shape|scores go from",
        ),
        (
            "sigmoid_detr",
            '[outputs]\nadapter = "detr"\nnames = ["logits", "boxes"]\n'
            'parameters = { activation = "none" }',
            'scores go from -13.8 to 2.2, not from 0 to 1.*activation = "sigmoid"',
        ),
    ],
)
def test_what_does_not_fit(family: str, text: str, message: str, tmp_path: Path) -> None:
    found = refusal(tmp_path, finder(family), text)
    assert re.search(message, found), found


def test_a_model_of_any_size_has_to_be_told_its_own(tmp_path: Path) -> None:
    takes = pixels_input(shape=("n", 3, "h", "w"))
    message = refusal(tmp_path, finder("v8", takes), DESCRIPTIONS["v8"])
    assert "write width = N in [preprocessing]" in message


def test_a_detector_is_no_classifier(tmp_path: Path) -> None:
    purpose = Purpose("colours", "classification", LABELS)
    assert "colours is a classification" in refusal(
        tmp_path, finder("v8"), DESCRIPTIONS["v8"], purpose
    )


def test_boxes_that_are_shares_are_told(tmp_path: Path) -> None:
    graph = Graph()
    graph.add("ReduceMax", "images")
    gives = {
        "boxes": graph.constant([[0.1, 0.2, 0.5, 0.9]]),
        "scores": graph.constant([0.9]),
        "labels": graph.constant([0.0]),
    }
    model = graph.model([pixels_input()], gives)
    text = '[outputs]\nadapter = "detections"\nbatch = false'
    assert "names" in refusal(tmp_path, model, text + '\nnames = ["boxes", "labels"]')
    text += '\nnames = ["boxes", "scores", "labels"]'
    assert "write relative = true" in refusal(tmp_path, model, text)


def test_boxes_inside_out_and_numbers_that_are_not_finite(tmp_path: Path) -> None:
    text = '[outputs]\nadapter = "scores_and_boxes"\nbatch = false'
    for box, score, message in (
        ([40, 20, 10, 30], 0.9, "inside out, such as"),
        ([10, 10, np.inf, 30], 0.9, "some boxes are not finite"),
        ([10, 10, 20, 30], np.nan, "some scores are not finite"),
    ):
        graph = Graph()
        graph.add("ReduceMax", "images")
        gives = {"scores": graph.constant([[score, 0]]), "boxes": graph.constant([box])}
        assert message in refusal(tmp_path, graph.model([pixels_input()], gives), text)


def test_an_input_that_is_no_picture(tmp_path: Path) -> None:
    takes = pixels_input("tokens", (1, 512), TensorProto.FLOAT)
    graph = Graph()
    model = graph.model([takes], {"out": graph.add("Identity", "tokens")})
    assert "tokens: float32 [1, 512], in which no side" in refusal(tmp_path, model, "")


def test_a_description_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="No such file"):
        read_description(tmp_path / "none.toml")
