from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from millpond.errors import Invalid
from millpond.models.package import ModelPackage
from millpond.models.predictor import Predictor
from millpond.models.runtime import open_runtime

Make = Callable[..., ModelPackage]


def test_a_green_picture_is_green(make_package: Make, tmp_path: Path) -> None:
    make_package().write(tmp_path / "model")
    predictor = Predictor(ModelPackage.read(tmp_path / "model"))
    pixels = np.zeros((30, 40, 3), np.uint8)
    pixels[:, :, 1] = 255
    (best,) = predictor.candidates(pixels)
    assert best.label == "green"
    assert best.score == pytest.approx(np.exp(10) / (np.exp(10) + 2), abs=1e-6)


def test_it_says_what_it_is(make_package: Make) -> None:
    predictor = Predictor(make_package(version="v7"))
    assert (predictor.version, predictor.task) == ("v7", "classification")
    assert list(predictor.labels) == ["red", "green", "blue"]


def test_threads_share_one_predictor(make_package: Make) -> None:
    predictor = Predictor(make_package())
    pictures = [
        np.random.default_rng(seed).integers(0, 256, (9, 9, 3), dtype=np.uint8)
        for seed in range(40)
    ]
    alone = [predictor.candidates(picture) for picture in pictures]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(predictor.candidates, pictures)) == alone


def test_outputs_that_are_not_what_the_package_says(make_package: Make) -> None:
    predictor = Predictor(make_package(labels=("red", "green")))
    with pytest.raises(Invalid, match="names 2: red, green"):
        predictor.candidates(np.zeros((9, 9, 3), np.uint8))


def test_a_graph_that_the_runtime_does_not_take() -> None:
    graph = helper.make_graph(
        [helper.make_node("NoSuchOperator", ["x"], ["y"])],
        "odd",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])],
    )
    with pytest.raises(Invalid, match="does not take this model"):
        open_runtime(helper.make_model(graph).SerializeToString())


def test_an_unknown_runtime_is_named() -> None:
    with pytest.raises(Invalid, match="'abacus' is not one of"):
        open_runtime(b"", name="abacus")
