"""What may be inside an ONNX file, checked before any library opens it.

ONNX is Protocol Buffers, and a tensor in it may live in another file, named by a
path. Such a path would let a model read any file of the machine, so a model here
is one file that holds everything. The check walks the wire format (protobuf.dev,
"Encoding") along the fields of ``onnx.proto3`` under which tensors can stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from millpond.errors import Invalid

# Message → field number → message that stands in that field.
_FIELDS: Final[dict[str, dict[int, str]]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {
        5: "tensor",
        6: "graph",
        10: "tensor",
        11: "graph",
        22: "sparse",
        23: "sparse",
    },
    "sparse": {1: "tensor", 2: "tensor"},
}
_EXTERNAL_DATA: Final = 13
_DATA_LOCATION: Final = 14
_DEPTH: Final = 32
_OTHERS: Final = {
    b"\x80": "a Python pickle",
    b"PK\x03\x04": "a ZIP archive, such as PyTorch writes",
    b"\x89HDF": "an HDF5 file, such as Keras writes",
}


def check_onnx(model: bytes) -> None:
    """Refuse bytes that are no ONNX model, or that would read a further file.

    Raises:
        Invalid: the message says which, and what to do.
    """
    for start, name in _OTHERS.items():
        if model.startswith(start):
            raise Invalid(f"this is {name}, not an ONNX model; export the model to ONNX first")
    if not model:
        raise Invalid("this ONNX model is empty")
    try:
        found = _walk(memoryview(model), "model", 0)
    except (ValueError, IndexError) as error:
        raise Invalid(f"this is not an ONNX model: {error}") from error
    if 7 not in found:
        raise Invalid("this is not an ONNX model: it has no graph")


def _walk(message: memoryview, kind: str, depth: int) -> set[int]:
    """Check one message and all below it; the numbers of the fields that it has."""
    if depth > _DEPTH:
        raise Invalid(f"this ONNX model nests deeper than {_DEPTH} levels")
    found = set()
    for number, value in _fields(message):
        found.add(number)
        if kind == "tensor":
            if number == _EXTERNAL_DATA or (number == _DATA_LOCATION and value == 1):
                raise Invalid(
                    "this ONNX model keeps weights in another file; "
                    "save it as one file, without external data"
                )
        elif number in _FIELDS[kind]:
            if not isinstance(value, memoryview):
                raise ValueError(f"field {number} of its {kind} is no message")
            _walk(value, _FIELDS[kind][number], depth + 1)
    return found


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """The fields of a message: number, and the integer or the bytes that stand in it."""
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        wire = key & 7
        value: int | memoryview
        if wire == 0:
            value, position = _varint(message, position)
        else:
            if wire == 2:
                size, position = _varint(message, position)
            elif wire in (1, 5):
                size = 8 if wire == 1 else 4
            else:
                raise ValueError(f"wire type {wire} at byte {position}")
            if position + size > len(message):
                raise ValueError("it ends in the middle of a field")
            value = message[position : position + size]
            position += size
        yield key >> 3, value


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    """An integer of variable length, and the position after it."""
    value = 0
    for shift in range(0, 70, 7):
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise ValueError(f"a number is longer than ten bytes at byte {position}")
