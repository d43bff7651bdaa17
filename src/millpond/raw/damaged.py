"""The many errors of image readers, made into one refusal."""

from __future__ import annotations

import struct
import zlib

from millpond.errors import NotAnImage

#: What Pillow and pydicom raise on bytes that they cannot make sense of.
READER_ERRORS = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


def damaged(kind: str, error: Exception) -> NotAnImage:
    """The refusal of a file of that format on which its reader failed."""
    reason = " ".join(str(error).split())[:200]
    return NotAnImage(f"the {kind} file is truncated or damaged: {reason}")
