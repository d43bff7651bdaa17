"""The elements of a tensor, between an array and its two forms on the wire, JSON and binary.

What comes in is hostile: every size that a request states is compared with what it
really brought before anything of that size is made.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import chain
from math import prod
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from millpond.errors import Invalid
from millpond.serving.inference_protocol.datatypes import BYTES, datatype_of, element_of

#: Elements that are made one by one: those of JSON, and those of ``BYTES``.
MOST_ELEMENTS: Final = 2_000_000

_LENGTH: Final = struct.Struct("<I")
# NumPy's kind of a type → what its elements may be in JSON.
_IN_JSON: Final[dict[str, frozenset[type]]] = {
    "b": frozenset({bool}),
    "u": frozenset({int}),
    "i": frozenset({int}),
    "f": frozenset({int, float}),
    "O": frozenset({str}),
}


def from_json(name: str, datatype: str, shape: Sequence[int], data: list[Any]) -> NDArray[Any]:
    """The array of a tensor whose elements are JSON, flat or nested as the shape has it.

    Those of ``BYTES`` are text, of which the bytes are its UTF-8.

    Raises:
        Invalid: there are more or fewer than the shape has, or one does not fit.
    """
    element = element_of(datatype)
    flat = _flattened(name, shape, data)
    if len(flat) != prod(shape):
        raise Invalid(f"tensor {name!r} of shape {list(shape)} brings {len(flat)} elements")
    if not {type(one) for one in flat} <= _IN_JSON[element.kind]:
        raise Invalid(f"tensor {name!r} has an element that is no {datatype}")
    try:
        if datatype == BYTES:
            return _shaped(name, _objects([text.encode() for text in flat]), shape)
        with np.errstate(over="raise"):
            return _shaped(name, np.array(flat, element), shape)
    except (ValueError, OverflowError, FloatingPointError) as error:
        raise Invalid(f"tensor {name!r} has an element that is no {datatype}: {error}") from error


def from_binary(name: str, datatype: str, shape: Sequence[int], data: memoryview) -> NDArray[Any]:
    """The array of a tensor whose elements are bytes, little-endian and in row-major order.

    Raises:
        Invalid: there are more or fewer bytes than the shape takes.
    """
    element = element_of(datatype)
    count = prod(shape)
    if datatype == BYTES:
        return _shaped(name, _objects(_strings(name, count, data)), shape)
    if len(data) != count * element.itemsize:
        raise Invalid(
            f"tensor {name!r}, {datatype} of shape {list(shape)}, takes {count * element.itemsize} "
            f"bytes, and binary_data_size says {len(data)}"
        )
    found = np.frombuffer(data, element)
    if element.kind == "b" and count and found.view(np.uint8).max() > 1:
        raise Invalid(f"tensor {name!r} has a byte that is neither 0 nor 1, which BOOL are")
    # Those of a runtime stand where their type wants them.
    return _shaped(name, np.require(found, requirements="A"), shape)


def to_binary(array: NDArray[Any]) -> bytes:
    """The elements of an array as they go over the wire."""
    datatype = datatype_of(array.dtype)
    if datatype != BYTES:
        return array.astype(element_of(datatype), copy=False).tobytes()
    parts = ((_LENGTH.pack(len(one)), one) for one in map(_bytes, array.flat))
    return b"".join(chain.from_iterable(parts))


def to_json(name: str, array: NDArray[Any]) -> list[Any]:
    """The elements of an array as JSON values, flat; those of ``BYTES`` are text.

    Raises:
        Invalid: JSON cannot hold one of them, or they are too many.
    """
    if array.size > MOST_ELEMENTS:
        raise _as_binary(name, f"has {array.size} elements, of which JSON takes {MOST_ELEMENTS}")
    if datatype_of(array.dtype) != BYTES:
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise _as_binary(name, "is not finite, which numbers in JSON are")
        return array.ravel().tolist()
    try:
        return [_bytes(one).decode() for one in array.flat]
    except UnicodeDecodeError:
        raise _as_binary(name, "is no UTF-8, which text in JSON is") from None


def _as_binary(name: str, why: str) -> Invalid:
    return Invalid(f"output {name!r} {why}; ask for it with binary_data")


def _flattened(name: str, shape: Sequence[int], data: list[Any]) -> list[Any]:
    """The elements in one list; nested ones must be nested as the shape says."""
    if not data or type(data[0]) is not list:
        return data
    for axis, size in enumerate(shape):
        rows = data if axis else [data]
        if any(type(row) is not list or len(row) != size for row in rows):
            raise Invalid(f"the data of tensor {name!r} is not nested as its shape {list(shape)}")
        data = list(chain.from_iterable(rows))
    return data


def _strings(name: str, count: int, data: memoryview) -> list[bytes]:
    if count > MOST_ELEMENTS or count * _LENGTH.size > len(data):
        raise Invalid(f"tensor {name!r} of {count} BYTES does not fit into {len(data)} bytes")
    found: list[bytes] = []
    at = 0
    for _ in range(count):
        start = at + _LENGTH.size
        if start > len(data):
            raise Invalid(f"tensor {name!r} ends after {len(found)} of {count} BYTES")
        at = start + _LENGTH.unpack_from(data, at)[0]
        if at > len(data):
            raise Invalid(
                f"element {len(found)} of tensor {name!r} says that it has {at - start} bytes, "
                f"and {len(data) - start} are left"
            )
        found.append(bytes(data[start:at]))
    if at != len(data):
        raise Invalid(f"tensor {name!r} has {len(data) - at} bytes after its {count} BYTES")
    return found


def _objects(elements: Sequence[bytes]) -> NDArray[Any]:
    array = np.empty(len(elements), object)
    array[:] = elements
    return array


def _shaped(name: str, array: NDArray[Any], shape: Sequence[int]) -> NDArray[Any]:
    try:
        return array.reshape(shape)
    except ValueError as error:
        # Of no elements, and yet with sides whose product no machine can count.
        raise Invalid(f"tensor {name!r} cannot be of shape {list(shape)}: {error}") from error


def _bytes(element: bytes | str) -> bytes:
    return element.encode() if isinstance(element, str) else element
