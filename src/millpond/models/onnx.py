"""The runtime that comes with Millpond: ONNX Runtime on the processor."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from millpond.errors import Invalid


class OnnxRuntime:
    """An ONNX model in one session, which many threads may share.

    Args:
        model: the bytes of an ONNX file with one input ``[N, C, H, W]``.
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
        inputs = self._session.get_inputs()
        if len(inputs) != 1:
            raise Invalid(f"a model takes one input [N, C, H, W], not {len(inputs)}")
        self._input = inputs[0].name
        #: The type of the input, such as ``tensor(float)``, and its shape; a side that may
        #: be of any length is no integer.
        self.takes: tuple[str, list[Any]] = (inputs[0].type, list(inputs[0].shape))

    def run(self, batch: NDArray[np.float32]) -> list[NDArray[Any]]:
        """The model's outputs, in its own order, for a batch ``[N, C, H, W]``."""
        return [np.asarray(out) for out in self._session.run(None, {self._input: batch})]
