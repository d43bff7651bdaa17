"""The size of a WebP picture, read before any memory is set aside for it."""

from __future__ import annotations

from dataclasses import dataclass

from millpond.errors import NotAnImage


@dataclass(frozen=True, slots=True)
class WebPHeader:
    """What the first chunk of a WebP file says (RFC 9649, sections 2.5 to 2.7)."""

    width: int
    height: int
    animated: bool = False


def read_header(data: bytes) -> WebPHeader:
    """The header of a WebP file.

    Raises:
        NotAnImage: the file is cut off, or its first chunk is none that a picture has.
    """
    chunk, body = data[12:16], data[20:30]
    if len(body) == 10:
        if chunk == b"VP8X":
            width, height = _number(body[4:7]) + 1, _number(body[7:10]) + 1
            return WebPHeader(width, height, animated=bool(body[0] & 2))
        if chunk == b"VP8L" and body[0] == 0x2F:
            bits = _number(body[1:5])
            return WebPHeader((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        if chunk == b"VP8 ":
            return WebPHeader(_number(body[6:8]) & 0x3FFF, _number(body[8:10]) & 0x3FFF)
    raise NotAnImage("the WebP file is truncated or damaged at its beginning")


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")
