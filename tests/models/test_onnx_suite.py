"""ONNX Runtime does what every model runtime must."""

from __future__ import annotations

import pytest
from onnx import TensorProto, helper

from millpond.models.runtime import open_runtime
from millpond.testing.runtime import Loader, RuntimeSuite


class TestOnnxRuntime(RuntimeSuite):
    @pytest.fixture
    def load(self) -> Loader:
        return open_runtime

    @pytest.fixture
    def doubling(self) -> bytes:
        shape = ["N", 3, 4, 4]
        graph = helper.make_graph(
            [helper.make_node("Add", ["image", "image"], ["doubled"])],
            "doubling",
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info("doubled", TensorProto.FLOAT, shape)],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        return bytes(model.SerializeToString())
