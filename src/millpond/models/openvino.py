"""A runtime for lower precision: OpenVINO on the processor, multiplying in bfloat16.

Numbers of 16 bits with the range of 32 are multiplied at about twice the speed where the
processor can (AVX-512 BF16 or AMX); sums stay in 32 bits.
"""

from __future__ import annotations

import io
import os
from threading import local
from typing import Any

import numpy as np
from numpy.typing import NDArray

from millpond.errors import Invalid, NotInstalled


class OpenvinoRuntime:
    """An ONNX model compiled for bfloat16, which many threads may share.

    Args:
        model: the bytes of an ONNX file with one input ``[N, C, H, W]``.
        threads: how many threads one call of `run` may use.

    Raises:
        NotInstalled: OpenVINO is missing.
        Invalid: it does not take the model, or the processor has no bfloat16.
    """

    def __init__(self, model: bytes, *, threads: int = 1) -> None:
        try:
            import openvino
        except ImportError as error:
            raise NotInstalled("bf16 needs OpenVINO: pip install 'millpond[openvino]'") from error
        core = openvino.Core()
        if "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            raise Invalid(
                "this processor has no arithmetic in bf16 (AVX-512 BF16 or AMX); use fp32"
            )
        calls = len(os.sched_getaffinity(0))
        options = {
            "INFERENCE_PRECISION_HINT": "bf16",
            # As many calls at the same time as there are cores, none tied to one of them.
            "NUM_STREAMS": calls,
            "INFERENCE_NUM_THREADS": calls * threads,
            "ENABLE_CPU_PINNING": False,
        }
        try:
            read = core.read_model(io.BytesIO(model))
            self._compiled = core.compile_model(read, "CPU", options)
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:300]
            raise Invalid(f"OpenVINO does not take this model: {reason}") from error
        if len(self._compiled.inputs) != 1:
            raise Invalid(f"a model takes one input, not {len(self._compiled.inputs)}")
        self._of_thread = local()

    def run(self, batch: NDArray[np.float32]) -> list[NDArray[Any]]:
        """The model's outputs, in its own order, for a batch ``[N, C, H, W]``."""
        if not hasattr(self._of_thread, "request"):
            self._of_thread.request = self._compiled.create_infer_request()
        found = self._of_thread.request.infer([batch], share_inputs=True, share_outputs=True)
        # The request writes its next answer over this one.
        return [np.array(found[output]) for output in self._compiled.outputs]
