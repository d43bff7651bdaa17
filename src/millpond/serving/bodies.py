"""Bodies of requests, read into memory under a bound."""

from __future__ import annotations

from collections.abc import Sequence

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request
from starlette.types import Message, Receive

from millpond.errors import Invalid, NotAnImage, TooLarge

#: The part of a multipart body that holds the image.
FILE = "file"


def declared_length(request: Request, most: int) -> int:
    """The length that a request says its body has; `most` where it does not say.

    Raises:
        TooLarge: it is more than `most`; nothing of the body was read.
    """
    text = request.headers.get("content-length", "")
    length = int(text) if text.isascii() and text.isdigit() else most
    if length > most:
        raise _too_large(most)
    return length


async def read_body(request: Request, most: int) -> bytes:
    """The whole body.

    Raises:
        TooLarge: it is more than `most` bytes, whatever was declared.
    """
    declared_length(request, most)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise _too_large(most)
        parts.append(part)
    return b"".join(parts)


def replay(body: bytes) -> Receive:
    """A channel that gives a body that was read already."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def image_of(content_type: str, body: bytes) -> bytes:
    """The image in a body: the part `file` of a multipart one, or else all of it.

    Raises:
        NotAnImage: the multipart body cannot be read.
        Invalid: it has no part `file`, or several.
    """
    parts = parts_of(content_type, body, FILE)
    return body if parts is None else parts[FILE]


def parts_of(content_type: str, body: bytes, *names: str) -> dict[str, bytes] | None:
    """The parts of these names of a multipart body; None where it is none.

    Raises:
        NotAnImage: the multipart body cannot be read.
        Invalid: it lacks one of the parts, or has several of it.
    """
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        return None
    found = _parts(body, options.get(b"boundary", b""), names)
    for name, contents in found.items():
        if len(contents) != 1:
            raise Invalid(
                f"the multipart body has {len(contents)} parts named {name!r}; send one: "
                f"-F {name}=@{'IMAGE' if name == FILE else 'FILE'}"
            )
    return {name: contents[0] for name, contents in found.items()}


def _parts(body: bytes, boundary: bytes, names: Sequence[str]) -> dict[str, list[bytes]]:
    """The contents of every part of these names."""
    reader = _Parts(names)
    ended = False

    def end() -> None:
        nonlocal ended
        ended = True

    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": reader.begin,
                "on_header_field": reader.field,
                "on_header_value": reader.value,
                "on_header_end": reader.header_end,
                "on_part_data": reader.data,
                "on_part_end": reader.part_end,
                "on_end": end,
            },
        )
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise NotAnImage(f"the multipart body cannot be read: {error}") from error
    if not ended:
        raise NotAnImage("the multipart body is truncated: its last boundary is missing")
    return reader.found


class _Parts:
    """Gathers the parts of a multipart body as its parser comes upon them."""

    def __init__(self, names: Sequence[str]) -> None:
        self.found: dict[str, list[bytes]] = {name: [] for name in names}

    def begin(self) -> None:
        self._field = self._value = b""
        self._name = b""
        self._chunks: list[bytes] = []

    def field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        if self._field.lower() == b"content-disposition":
            self._name = parse_options_header(self._value)[1].get(b"name", b"")
        self._field = self._value = b""

    def data(self, data: bytes, start: int, end: int) -> None:
        self._chunks.append(data[start:end])

    def part_end(self) -> None:
        contents = self.found.get(self._name.decode("latin-1"))
        if contents is not None:
            contents.append(b"".join(self._chunks))


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"the body has more than the {most / 1024**2:g} MB that are taken")
