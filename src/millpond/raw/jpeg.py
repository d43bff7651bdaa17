"""The scans of a JPEG file: how often a decoder has to go over its whole picture."""

from __future__ import annotations

import re

from millpond.errors import TooLarge
from millpond.raw.limits import Limits

#: How many times the limit on pixels all scans together may go over. Encoders make
#: about ten scans; a file of a few kilobytes can hold thousands.
_WORK = 16

# In the coded data of a scan, FF is followed by 00 or is a restart mark.
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")


def check_scans(data: bytes, width: int, height: int, limits: Limits) -> None:
    """Refuse a picture with so many scans that decoding it would take too long.

    Raises:
        TooLarge: the message gives their number.
    """
    scans = count_scans(data)
    if scans * width * height > _WORK * limits.pixels:
        raise TooLarge(f"{scans} scans of {width} x {height} pixels in one JPEG file are too many")


def count_scans(data: bytes) -> int:
    """The scans up to the end of the first image (ITU-T T.81, annex B); what follows is ignored."""
    scans, at = 0, 2
    while match := _MARKER.search(data, at):
        at, marker = match.end(), data[match.start() + 1]
        if marker == 0xD9:
            break
        if marker == 0xDA:
            scans += 1
        # Every other marker has a segment, whose bytes may look like markers.
        at += int.from_bytes(data[at : at + 2], "big")
    return scans
