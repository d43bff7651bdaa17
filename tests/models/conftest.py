"""Small ONNX models, built by hand, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from millpond.models.package import ModelPackage, Outputs, SnapshotName
from millpond.models.preprocessing import Preprocessing


def mean_model() -> onnx.ModelProto:
    """A model ``[N, 3, H, W] → [N, 3]``: the mean of each channel, times ten."""
    ten = numpy_helper.from_array(np.array([10.0], np.float32), "ten")
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["picture"], ["mean"], axes=[2, 3], keepdims=0),
            helper.make_node("Mul", ["mean", "ten"], ["logits"]),
        ],
        "mean",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 3])],
        [ten],
    )
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8, producer_name="test"
    )


@pytest.fixture
def onnx_model() -> onnx.ModelProto:
    return mean_model()


@pytest.fixture
def make_package() -> Callable[..., ModelPackage]:
    def make(**changes: object) -> ModelPackage:
        fields: dict[str, object] = {
            "app": "colours",
            "task": "classification",
            "labels": ("red", "green", "blue"),
            "preprocessing": Preprocessing(8, 6, mean=(0, 0, 0), std=(1, 1, 1)),
            "outputs": Outputs("logits"),
            "model": mean_model().SerializeToString(),
            "snapshot": SnapshotName("0190", "first"),
            "profile": {"labels": {"red": 2}},
            "training": {"steps": 3},
            "metrics": {"accuracy": 0.5},
            **changes,
        }
        return ModelPackage(**fields)  # type: ignore[arg-type]

    return make
