"""A traced graph brought back to 32 bits.

Where a network multiplies numbers of 32 bits by the length of an axis, PyTorch's exporter by
tracing writes a cast to 64 bits that the network never made, and ONNX Runtime lacks some
operators in 64 bits (GridSample). What comes out is compared with the network anyway.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper


def in_single(model: bytes) -> bytes:
    """The same model with all numbers of 64 bits in 32; itself where it has none."""
    proto = onnx.load_from_string(model)
    changed = [_change(graph) for graph in _graphs(proto.graph)]
    if not any(changed):
        return model
    single: bytes = proto.SerializeToString()
    return single


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """A graph and those inside its nodes."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _graphs(attribute.g)


def _change(graph: onnx.GraphProto) -> bool:
    """Change the casts and the constants of a graph; whether there were any."""
    tensors = [*graph.initializer]
    changed = False
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                tensors.append(attribute.t)
            if node.op_type == "Cast" and attribute.i == TensorProto.DOUBLE:
                attribute.i = TensorProto.FLOAT
                changed = True
    for named in (*graph.input, *graph.output, *graph.value_info):
        if named.type.tensor_type.elem_type == TensorProto.DOUBLE:
            named.type.tensor_type.elem_type = TensorProto.FLOAT
    for tensor in tensors:
        if tensor.data_type == TensorProto.DOUBLE:
            values = numpy_helper.to_array(tensor).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
            changed = True
    return changed
