"""The pages of a TIFF file, counted without decoding any."""

from __future__ import annotations

import struct

from millpond.errors import NotAnImage


def count_pages(data: bytes, most: int) -> int:
    """How many pages a TIFF or BigTIFF file has, counted up to `most` + 1.

    The directories of the pages are a linked list (TIFF 6.0, section 2); one that
    goes in a circle ends at the bound.

    Raises:
        NotAnImage: a directory lies outside the file.
    """
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\x00", b"\x00+")
    offset_form, count_form, entry = ("Q", "Q", 20) if big else ("L", "H", 12)
    try:
        (offset,) = struct.unpack_from(order + offset_form, data, 8 if big else 4)
        pages = 0
        while offset and pages <= most:
            (entries,) = struct.unpack_from(order + count_form, data, offset)
            after = offset + struct.calcsize(count_form) + entries * entry
            (offset,) = struct.unpack_from(order + offset_form, data, after)
            pages += 1
    except struct.error as error:
        raise NotAnImage("the TIFF file is truncated or its pages lie outside it") from error
    return pages
