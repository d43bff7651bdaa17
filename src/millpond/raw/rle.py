"""The size to which an RLE frame of DICOM unpacks, found without unpacking it."""

from __future__ import annotations

import itertools
import struct
import time

from millpond.errors import NotAnImage, TooLarge
from millpond.raw.limits import Limits


def check_rle(frame: bytes, expected: int, limits: Limits) -> None:
    """Refuse a frame (DICOM PS3.5, annex G) that unpacks to more than twice its size.

    Args:
        frame: a header of 64 bytes, and a segment for each byte of a pixel.
        expected: bytes of the unpacked frame.

    Raises:
        NotAnImage: it unpacks to far more, or its segments are out of order.
        TooLarge: counting takes longer than the limits allow.
    """
    end = time.monotonic() + limits.seconds
    count, *offsets = struct.unpack_from("<16L", frame)
    borders = [*offsets[:count], len(frame)]
    if borders != sorted(borders):
        raise NotAnImage("the segments of the DICOM file's RLE frame are out of order")
    unpacked = 0
    for start, stop in itertools.pairwise(borders):
        unpacked += _unpacked(frame[start:stop], end)
        if unpacked > 2 * expected + 1024:
            raise NotAnImage(f"the DICOM file's RLE frame unpacks to more than {expected} bytes")


def _unpacked(segment: bytes, end: float) -> int:
    size, at, check = 0, 0, 0
    while at < len(segment):
        control = segment[at]
        # Up to 127: that many bytes and one more follow. From 129: the next byte, repeated.
        if control < 128:
            size += control + 1
            at += control + 2
        else:
            size += (257 - control) % 129
            at += 1 if control == 128 else 2
        if at > check:
            check = at + 1_000_000
            if time.monotonic() > end:
                raise TooLarge("reading the RLE frame of the DICOM file takes too long")
    return size
