"""How much of bytes, pixels, frames and time one picture may take."""

from __future__ import annotations

import io
import time
from dataclasses import dataclass

from millpond.errors import TooLarge


@dataclass(frozen=True, slots=True)
class Limits:
    """What `decode` refuses to go beyond.

    Args:
        bytes: the length of the file.
        pixels: width times height; 64 million is 8000 x 8000.
        frames: pages of a TIFF file, frames of a DICOM file.
        seconds: the time that reading may take.
    """

    bytes: int = 50 * 1024 * 1024
    pixels: int = 64_000_000
    frames: int = 64
    seconds: float = 10.0

    def check_bytes(self, count: int) -> None:
        """Raises TooLarge for a file that is longer than the limit."""
        if count > self.bytes:
            raise TooLarge(f"{count:,} bytes are more than the limit of {self.bytes:,}")

    def check_pixels(self, width: int, height: int) -> None:
        """Raises TooLarge for a picture of more pixels than the limit."""
        if width * height > self.pixels:
            raise TooLarge(
                f"{width} x {height} pixels are more than the limit of {self.pixels:,}; "
                "make the picture smaller and send it again"
            )

    def check_frames(self, count: int) -> None:
        """Raises TooLarge for a file of more frames than the limit."""
        if count > self.frames:
            raise TooLarge(
                f"more than {self.frames} pages or frames in one file; send each on its own"
            )


class TimedBytes(io.BytesIO):
    """Bytes in memory that can be read until a deadline.

    Decoders ask for their input piece by piece, so a file that is made to keep
    them busy for ever (millions of empty chunks, endless progressive scans) is
    stopped at its next read.
    """

    def __init__(self, data: bytes, limits: Limits) -> None:
        super().__init__(data)
        self._seconds = limits.seconds
        self._end = time.monotonic() + limits.seconds

    def read(self, size: int | None = -1, /) -> bytes:
        """As in `io.BytesIO`; raises TooLarge when the time is over."""
        if time.monotonic() > self._end:
            raise TooLarge(f"reading the picture takes more than {self._seconds:g} s")
        return super().read(size)
