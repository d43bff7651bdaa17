"""A decoded picture, and what is made of one for people to look at."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Pixels as a person sees them, whatever the file's form was.

    Args:
        pixels: uint8 of shape (height, width, 3), RGB, upright.
        media_type: that of the file, such as ``image/png`` or ``application/dicom``.
        turned: an orientation tag of the file turned or mirrored the picture.
        grey: the file has one channel of grey; the three here are equal.
    """

    pixels: Pixels
    media_type: str
    turned: bool = False
    grey: bool = False

    @property
    def width(self) -> int:
        """Pixels from left to right, after turning."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Pixels from top to bottom, after turning."""
        return int(self.pixels.shape[0])


def to_png(picture: Picture) -> bytes:
    """The picture as PNG, of one channel where it is grey; the same bytes every time."""
    pixels = picture.pixels[:, :, 0] if picture.grey else picture.pixels
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(out, "PNG", compress_level=6)
    return out.getvalue()


def thumbnail(picture: Picture, size: int) -> bytes:
    """The picture as JPEG with its longer side at most `size` pixels; never enlarged."""
    image = Image.fromarray(picture.pixels)
    image.thumbnail((size, size), Image.Resampling.LANCZOS, reducing_gap=2.0)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()
