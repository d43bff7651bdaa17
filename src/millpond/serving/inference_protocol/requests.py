"""What a client asks for: the JSON of an inference request, and the binary data behind it."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from numpy.typing import NDArray
from pydantic import BaseModel, Field, StrictBool, StrictFloat, StrictInt, StrictStr
from pydantic import ValidationError as DoesNotFit

from millpond.errors import Invalid, TooLarge, Unsupported
from millpond.serving.inference_protocol.elements import MOST_ELEMENTS, from_binary, from_json

#: The header with the length of the JSON, where binary data comes behind it.
JSON_LENGTH: Final = "Inference-Header-Content-Length"
#: A request that is nothing but the bytes of its one tensor says that its JSON has no bytes.
NO_JSON: Final = 0

_MOST_TENSORS = 64
_MOST_AXES = 16
_WINDOW_BITS = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}

# Names and the like are shown in messages and kept in databases, which take no NUL.
_Text = Annotated[StrictStr, Field(max_length=255, pattern=r"^[^\x00-\x1f]*$")]
Value = StrictBool | StrictInt | StrictFloat | _Text
_Parameters = Annotated[dict[_Text, Value], Field(max_length=_MOST_TENSORS)]
_Side = Annotated[StrictInt, Field(ge=0, le=2**31 - 1)]


class _InputObject(BaseModel):
    name: _Text
    shape: Annotated[list[_Side], Field(max_length=_MOST_AXES)]
    datatype: _Text
    parameters: _Parameters = {}
    data: list[Any] | None = None


class _OutputObject(BaseModel):
    name: _Text
    parameters: _Parameters = {}


class _RequestObject(BaseModel):
    id: _Text | None = None
    parameters: _Parameters = {}
    inputs: Annotated[list[_InputObject], Field(min_length=1, max_length=_MOST_TENSORS)]
    outputs: Annotated[list[_OutputObject], Field(max_length=_MOST_TENSORS)] = []


@dataclass(frozen=True, slots=True)
class Input:
    """A tensor as it was sent; its elements are not looked at before `array` is called.

    Args:
        data: elements as JSON, or as bytes.
    """

    name: str
    datatype: str
    shape: tuple[int, ...]
    data: list[Any] | memoryview

    def array(self) -> NDArray[Any]:
        """The elements; those of ``BYTES`` are `bytes`.

        Raises:
            Invalid: they are not what datatype and shape say.
        """
        if isinstance(self.data, memoryview):
            return from_binary(self.name, self.datatype, self.shape, self.data)
        return from_json(self.name, self.datatype, self.shape, self.data)


@dataclass(frozen=True, slots=True)
class Output:
    """A tensor that is asked for, and whether as binary data."""

    name: str
    binary: bool


@dataclass(frozen=True, slots=True)
class InferRequest:
    """An inference request.

    Args:
        id: of the caller's own; it is given back.
        outputs: those asked for, in their order; none are all.
        binary: whether outputs that are not asked for by name go as binary data.
        timeout: seconds that the answer is waited for; 0 leaves it to the server.
        raw: the whole body, where it is the bytes of the one input and nothing else.
    """

    id: str | None
    parameters: Mapping[str, bool | int | float | str]
    inputs: Sequence[Input]
    outputs: Sequence[Output]
    binary: bool
    timeout: float = 0
    raw: memoryview | None = None


def read_request(body: bytes, json_length: str | None) -> InferRequest:
    """The request in a body.

    Args:
        json_length: the header `JSON_LENGTH`; without it all of the body is JSON.

    Raises:
        Invalid: the body is not of the protocol; the message says where.
    """
    length = _length(json_length, len(body))
    if json_length is not None and length == NO_JSON:
        return InferRequest(None, {}, (), (), binary=True, raw=memoryview(body))
    request = _parsed(body[:length])
    parameters = dict(request.parameters)
    binary = _flag(parameters.pop("binary_data_output", False), "binary_data_output")
    timeout = _microseconds(parameters.pop("timeout", 0)) / 1e6
    return InferRequest(
        id=request.id,
        parameters=parameters,
        inputs=_inputs(request.inputs, memoryview(body)[length:], json_length),
        outputs=_outputs(request.outputs, binary),
        binary=binary,
        timeout=timeout,
    )


def elements_of(body: bytes, json_length: str | None) -> int:
    """How many elements the JSON of a body may have: one for each comma and bracket.

    Raises:
        Invalid: the body is not as long as the header says that its JSON is.
    """
    length = _length(json_length, len(body))
    return sum(body.count(mark, 0, length) for mark in (b",", b"[", b"{"))


def inflated(body: bytes, encoding: str, most: int) -> bytes:
    """A body without its `Content-Encoding`; at most `most` bytes are made of it.

    Raises:
        Unsupported: another encoding than gzip and deflate.
        TooLarge: it has more.
        Invalid: it is damaged.
    """
    if encoding.strip().lower() in ("", "identity"):
        return body
    if encoding.strip().lower() not in _WINDOW_BITS:
        raise Unsupported(f"content encoding {encoding!r} is not one of {', '.join(_WINDOW_BITS)}")
    stream = zlib.decompressobj(_WINDOW_BITS[encoding.strip().lower()])
    try:
        plain = stream.decompress(body, most + 1)
    except zlib.error as error:
        raise Invalid(f"the body is no {encoding}: {error}") from error
    if len(plain) > most:
        raise TooLarge(f"the body has more than the {most / 1024**2:g} MB that are taken")
    if not stream.eof or stream.unused_data:
        raise Invalid(f"the body is no whole {encoding} and nothing else")
    return plain


def _length(text: str | None, most: int) -> int:
    if text is None:
        return most
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= most):
        raise Invalid(f"{JSON_LENGTH} is {text[:40]!r}; the body has {most} bytes")
    return int(text)


def _parsed(text: bytes) -> _RequestObject:
    if elements_of(text, None) > MOST_ELEMENTS:
        raise Invalid(
            f"the JSON has more than {MOST_ELEMENTS} elements; send tensors as binary data"
        )
    try:
        return _RequestObject.model_validate_json(text)
    except DoesNotFit as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ascii(".".join(map(str, first["loc"])))[1:-1]
        raise Invalid(f"{place or 'the request'}: {first['msg'][:300]}") from error


def _inputs(sent: Sequence[_InputObject], rest: memoryview, length: str | None) -> list[Input]:
    """The inputs, each with its part of the bytes behind the JSON, in their order."""
    found = []
    names = [tensor.name for tensor in sent]
    if len(set(names)) < len(names):
        raise Invalid(f"inputs {', '.join(names)} are not distinct")
    for tensor in sent:
        _refuse_shared_memory(tensor.name, tensor.parameters)
        size = tensor.parameters.get("binary_data_size")
        data: list[Any] | memoryview | None = tensor.data
        if size is not None:
            if type(size) is not int or size < 0 or data is not None:
                raise Invalid(f"input {tensor.name!r} has no data beside a binary_data_size")
            if size > len(rest):
                hint = "" if length is not None else f"; the header {JSON_LENGTH} is missing"
                raise Invalid(
                    f"input {tensor.name!r} says that it has {size} bytes of binary data, "
                    f"and {len(rest)} are left{hint}"
                )
            data, rest = rest[:size], rest[size:]
        if data is None:
            raise Invalid(f"input {tensor.name!r} has neither data nor binary_data_size")
        found.append(Input(tensor.name, tensor.datatype, tuple(tensor.shape), data))
    if len(rest):
        raise Invalid(f"the body has {len(rest)} bytes of binary data that no input asks for")
    return found


def _outputs(sent: Sequence[_OutputObject], binary: bool) -> list[Output]:
    names = [tensor.name for tensor in sent]
    if len(set(names)) < len(names):
        raise Invalid(f"outputs {', '.join(names)} are not distinct")
    for tensor in sent:
        _refuse_shared_memory(tensor.name, tensor.parameters)
        if "classification" in tensor.parameters:
            raise Invalid(f"output {tensor.name!r}: the classification extension is not offered")
    return [
        Output(tensor.name, _flag(tensor.parameters.get("binary_data", binary), "binary_data"))
        for tensor in sent
    ]


def _refuse_shared_memory(name: str, parameters: Mapping[str, Any]) -> None:
    if any(key.startswith("shared_memory") for key in parameters):
        raise Invalid(f"tensor {name!r}: shared memory is not offered; send the data itself")


def _microseconds(value: object) -> int:
    if type(value) is not int or not 0 <= value < 2**63:
        raise Invalid(f"parameter timeout is {value!r}, which are no microseconds")
    return value


def _flag(value: object, name: str) -> bool:
    if not isinstance(value, bool):
        raise Invalid(f"parameter {name} is {value!r}, neither true nor false")
    return value
