"""The seam of the model runtime: what computes a model's outputs."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from millpond.seams import load_backend

#: The entry-point group in which runtimes are found.
RUNTIMES = "millpond.runtimes"


class Runtime(Protocol):
    """A loaded model. Many threads may call `run` at the same time."""

    def run(self, batch: NDArray[np.float32]) -> list[NDArray[Any]]:
        """The model's outputs, in its own order, for a batch ``[N, C, H, W]``."""
        ...


def open_runtime(model: bytes, *, threads: int = 1, name: str = "onnx") -> Runtime:
    """Load a model into the runtime of that name.

    Args:
        model: the bytes of the model's file, already verified.
        threads: how many threads one call of `run` may use.

    Raises:
        Invalid: there is no such runtime, or it does not take the model.
    """
    runtime: Runtime = load_backend(RUNTIMES, name)(model, threads=threads)
    return runtime
