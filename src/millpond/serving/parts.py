"""Several files in one answer, as a browser sends them (RFC 7578) and can read them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from secrets import token_hex


@dataclass(frozen=True, slots=True)
class Part:
    """One file.

    Args:
        name: that it is found by; letters, digits, ``-``, ``_`` and ``.`` only.
        media_type: as in a header.
        data: its bytes.
    """

    name: str
    media_type: str
    data: bytes


#: The media type of such an answer, but for its boundary.
CONTENT_TYPE = "multipart/form-data"


def joined(parts: Iterable[Part]) -> tuple[str, bytes]:
    """The media type, with its boundary, and the body."""
    # Sixteen random bytes, which no file has in it but by a chance that never comes.
    boundary = token_hex(16)
    lines = []
    for part in parts:
        lines.append(
            f"--{boundary}\r\n"
            f'Content-Disposition: form-data; name="{part.name}"; filename="{part.name}"\r\n'
            f"Content-Type: {part.media_type}\r\n\r\n".encode()
        )
        lines += [part.data, b"\r\n"]
    lines.append(f"--{boundary}--\r\n".encode())
    return f"{CONTENT_TYPE}; boundary={boundary}", b"".join(lines)
