"""A model of the protocol that takes the tensors of an ONNX graph as they are; nothing is kept."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from millpond.errors import Invalid
from millpond.models.runtime import NamedRuntime, Runtime, TensorInfo
from millpond.serving.inference_protocol.datatypes import BYTES, datatype_of, element_of
from millpond.serving.inference_protocol.metadata import TensorMetadata
from millpond.serving.inference_protocol.requests import InferRequest, Input
from millpond.serving.inference_protocol.responses import Inferred, asked


class GraphModel:
    """The graph of one version of a model, by the names of its own inputs and outputs.

    Raises:
        Invalid: the runtime knows no names, or a tensor is of no datatype of the protocol.
    """

    captured = False

    def __init__(self, runtime: Runtime) -> None:
        if not isinstance(runtime, NamedRuntime):
            raise Invalid("the runtime of this model does not take tensors by their names")
        self._runtime: NamedRuntime = runtime
        self.inputs = [_metadata(info) for info in runtime.inputs]
        self.outputs = [_metadata(info) for info in runtime.outputs]

    def infer(self, request: InferRequest) -> Inferred:
        """The outputs that are asked for.

        Raises:
            Invalid: an input, an output or a parameter does not fit.
        """
        if request.parameters:
            raise Invalid(
                f"parameters {', '.join(request.parameters)} are for pictures; tensors take none"
            )
        known = [tensor["name"] for tensor in self.outputs]
        names = [output.name for output in asked(request, known)]
        for name in names:
            if name not in known:
                raise Invalid(f"output {name!r} is not one of {', '.join(known)}")
        found = self._runtime.compute(self._feeds(request), names)
        return Inferred(dict(zip(names, found, strict=True)), {"captured": False})

    def _feeds(self, request: InferRequest) -> dict[str, NDArray[Any]]:
        if request.raw is not None:
            return {self.inputs[0]["name"]: self._from_raw(request.raw)}
        sent = {tensor.name: tensor for tensor in request.inputs}
        known = {tensor["name"]: tensor for tensor in self.inputs}
        if set(sent) != set(known):
            raise Invalid(f"inputs {', '.join(sent)} are not the model's: {', '.join(known)}")
        # All are compared before the elements of any are made.
        for name, tensor in known.items():
            _check(sent[name], tensor)
        return {name: _native(tensor.array()) for name, tensor in sent.items()}

    def _from_raw(self, data: memoryview) -> NDArray[Any]:
        """The one tensor of a request that says nothing of it but its bytes."""
        tensor = self.inputs[0]
        free = tensor["shape"].count(-1)
        if len(self.inputs) > 1 or tensor["datatype"] == BYTES or free > 1:
            raise Invalid("only a model of one input with one free side takes bytes alone")
        element = element_of(tensor["datatype"])
        row = element.itemsize * prod(side for side in tensor["shape"] if side >= 0)
        side = len(data) // row if row else 0
        shape = tuple(side if known < 0 else known for known in tensor["shape"])
        sent = Input(tensor["name"], tensor["datatype"], shape, data)
        _check(sent, tensor)
        return sent.array()


def _metadata(info: TensorInfo) -> TensorMetadata:
    try:
        datatype = datatype_of(np.dtype(info.datatype))
    except TypeError:
        raise Invalid(f"tensor {info.name!r} is {info.datatype}, which does not go over") from None
    return {
        "name": info.name,
        "datatype": datatype,
        "shape": [-1 if side is None else side for side in info.shape],
    }


def _check(sent: Input, tensor: TensorMetadata) -> None:
    if sent.datatype != tensor["datatype"]:
        raise Invalid(f"input {sent.name!r} is {tensor['datatype']}, not {sent.datatype!r}")
    if not _fits(sent.shape, tensor["shape"]):
        raise Invalid(
            f"input {sent.name!r} of shape {list(sent.shape)} is not {tensor['shape']}, "
            "where -1 is any from 1"
        )


def _fits(sent: Sequence[int], known: Sequence[int]) -> bool:
    # Kernels are not all made for tensors without any element.
    return (
        0 not in sent
        and len(sent) == len(known)
        and all(side in (-1, size) for size, side in zip(sent, known, strict=True))
    )


def _native(array: NDArray[Any]) -> NDArray[Any]:
    """An array as a runtime takes it: `BYTES` are text to it."""
    if array.dtype.kind != "O":
        return array
    try:
        text = [element.decode() for element in array.flat]
    except UnicodeDecodeError as error:
        raise Invalid(f"an element of BYTES is no UTF-8, which the model takes: {error}") from error
    return np.array(text, object).reshape(array.shape)
