"""The seam of the model runtime: what computes a model's outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from millpond.errors import Invalid
from millpond.seams import load_backend

#: The entry-point group in which runtimes are found.
RUNTIMES = "millpond.runtimes"


class Runtime(Protocol):
    """A loaded model. Many threads may call `run` at the same time."""

    def run(self, batch: NDArray[np.float32]) -> list[NDArray[Any]]:
        """The model's outputs, in its own order, for a batch ``[N, C, H, W]``."""
        ...


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """An input or an output of a model.

    Args:
        name: as the model's graph has it.
        datatype: in NumPy's word, such as ``float32``, ``uint8`` or ``str``.
        shape: None is a side of any length.
    """

    name: str
    datatype: str
    shape: tuple[int | None, ...]

    def __str__(self) -> str:
        sides = ", ".join("any" if side is None else str(side) for side in self.shape)
        return f"{self.name}: {self.datatype} [{sides}]"


class NamedTensors(Protocol):
    """A model whose tensors are known by their names, however many there are."""

    @property
    def inputs(self) -> Sequence[TensorInfo]:
        """What the model takes, in its own order."""
        ...

    @property
    def outputs(self) -> Sequence[TensorInfo]:
        """What the model gives, in its own order."""
        ...

    def compute(
        self, feeds: Mapping[str, NDArray[Any]], names: Sequence[str] = ()
    ) -> list[NDArray[Any]]:
        """The outputs of those names, or all of them, for all inputs by their names.

        Raises:
            Invalid: an input is missing, or one does not fit.
        """
        ...


@runtime_checkable
class NamedRuntime(Runtime, NamedTensors, Protocol):
    """A runtime that knows the tensors of its model."""


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


def open_named(model: bytes, *, threads: int = 1, name: str = "onnx") -> NamedRuntime:
    """Load a model whose tensors are to be fed and read by their names.

    Args:
        model: the bytes of the model's file, already verified.
        threads: how many threads one call may use.

    Raises:
        Invalid: there is no such runtime, it does not take the model, or knows no names.
    """
    runtime = open_runtime(model, threads=threads, name=name)
    if not isinstance(runtime, NamedRuntime):
        raise Invalid(f"runtime {name!r} knows no names of tensors; use onnx")
    return runtime
