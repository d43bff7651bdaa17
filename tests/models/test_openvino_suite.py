"""OpenVINO does what every model runtime must, in bfloat16."""

from __future__ import annotations

import pytest
from onnx import TensorProto, helper

from millpond.errors import Invalid
from millpond.models.openvino import OpenvinoRuntime
from millpond.testing.runtime import Loader, RuntimeSuite

openvino = pytest.importorskip("openvino", reason="the extra openvino is not installed")

if "BF16" not in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
    pytest.skip("this processor has no bf16", allow_module_level=True)


def adding(*names: str) -> bytes:
    """A model that adds its inputs ``[N, 3, 4, 4]``; one alone is doubled."""
    shape = ["N", 3, 4, 4]
    graph = helper.make_graph(
        [helper.make_node("Add", [names[0], names[-1]], ["sum"])],
        "adding",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in names],
        [helper.make_tensor_value_info("sum", TensorProto.FLOAT, shape)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


class TestOpenvino(RuntimeSuite):
    @pytest.fixture
    def load(self) -> Loader:
        return OpenvinoRuntime

    @pytest.fixture
    def doubling(self) -> bytes:
        return adding("image")

    def test_a_model_of_two_inputs_is_refused(self) -> None:
        with pytest.raises(Invalid, match="one input, not 2"):
            OpenvinoRuntime(adding("one", "other"))
