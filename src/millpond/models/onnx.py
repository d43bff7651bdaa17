"""The runtime that comes with Millpond: ONNX Runtime on the processor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from millpond.errors import Invalid
from millpond.models.runtime import TensorInfo

# What ONNX Runtime calls a type of tensor → what NumPy calls it.
_BITS = (8, 16, 32, 64)
_DATATYPES = {
    "tensor(float16)": "float16",
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    **{f"tensor({sign}int{bits})": f"{sign}int{bits}" for sign in ("", "u") for bits in _BITS},
    "tensor(bool)": "bool",
    "tensor(string)": "str",
}


class OnnxRuntime:
    """An ONNX model in one session, which many threads may share.

    Args:
        model: the bytes of an ONNX file.
        threads: how many threads one call of `run` may use.

    Raises:
        Invalid: ONNX Runtime does not take the model.
    """

    def __init__(self, model: bytes, *, threads: int = 1) -> None:
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # A pool that spins between requests takes the processor from everything else.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # The classes of onnxruntime have no public base.
            raise Invalid(f"ONNX Runtime does not take this model: {error}") from error
        #: What the model takes, in its own order.
        self.inputs = tuple(_info(node) for node in self._session.get_inputs())
        #: What the model gives, in its own order.
        self.outputs = tuple(_info(node) for node in self._session.get_outputs())

    def run(self, batch: NDArray[np.float32]) -> list[NDArray[Any]]:
        """The model's outputs, in its own order, for a batch ``[N, C, H, W]``.

        Raises:
            Invalid: the model takes more than one input.
        """
        if len(self.inputs) != 1:
            taken = "; ".join(map(str, self.inputs))
            raise Invalid(f"a model takes one input [N, C, H, W], not {len(self.inputs)}: {taken}")
        found = self._session.run(None, {self.inputs[0].name: batch})
        return [np.asarray(output) for output in found]

    def compute(
        self, feeds: Mapping[str, NDArray[Any]], names: Sequence[str] = ()
    ) -> list[NDArray[Any]]:
        """The outputs of those names, or all of them, for all inputs by their names.

        Raises:
            Invalid: an input is missing, or one does not fit.
        """
        try:
            found = self._session.run(list(names) or None, dict(feeds))
        except Exception as error:  # As above.
            raise Invalid(f"the model cannot compute this: {_line(error)}") from error
        return [np.asarray(output) for output in found]


def _info(node: Any) -> TensorInfo:
    shape = tuple(side if isinstance(side, int) else None for side in node.shape)
    return TensorInfo(node.name, _DATATYPES.get(node.type, node.type), shape)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
