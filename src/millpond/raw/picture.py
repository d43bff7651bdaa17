"""A decoded picture, and what is made of one for people to look at."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Window:
    """Which grey values are shown, by a linear function (DICOM PS3.3, C.11.2.1.2.1).

    Args:
        center: half a step above the value that is shown as middle grey.
        width: how many whole values there are from black to white, both within; above 0.
    """

    center: float
    width: float

    @classmethod
    def between(cls, low: float, high: float) -> Self:
        """The window from a value that is shown black to one that is shown white."""
        return cls((low + high + 1) / 2, high - low + 1)

    @property
    def ends(self) -> tuple[float, float]:
        """The values that are shown black and white; a window of one value is a threshold."""
        middle, half = self.center - 0.5, max((self.width - 1) / 2, 1e-6)
        return middle - half, middle + half


@dataclass(frozen=True, slots=True)
class Levels:
    """The grey values of a picture, after the rescale of its file.

    Args:
        window: that through which it is shown.
        lowest: of all values; so is ``highest``.
    """

    window: Window
    lowest: float
    highest: float


#: Those of a picture whose file has 8 bits.
EIGHT_BITS = Levels(Window.between(0, 255), 0.0, 255.0)


class Picture:
    """What a person sees in a file, whatever its form was.

    It is held as it was decoded, and given as Pillow's image or as pixels; what is not asked
    for is not made, for each is a copy.

    Args:
        seen: RGB, upright: pixels as of `pixels`, or an image of the mode ``RGB``.
        media_type: that of the file, such as ``image/png`` or ``application/dicom``.
        turned: an orientation tag of the file turned or mirrored the picture.
        grey: the file has one channel of grey; the three here are equal.
        deep: the values of a grey file of more than 8 bits, of which these are made.
    """

    def __init__(
        self,
        seen: Pixels | Image.Image,
        media_type: str,
        *,
        turned: bool = False,
        grey: bool = False,
        deep: Levels | None = None,
    ) -> None:
        self.media_type = media_type
        self.turned = turned
        self.grey = grey
        self.deep = deep
        if isinstance(seen, Image.Image):
            self.width, self.height = seen.size
            self.__dict__["image"] = seen
        else:
            self.height, self.width = seen.shape[:2]
            self.__dict__["pixels"] = seen

    @cached_property
    def image(self) -> Image.Image:
        """The picture as Pillow has it, in the mode ``RGB``."""
        return Image.fromarray(self.pixels)

    @cached_property
    def pixels(self) -> Pixels:
        """uint8 of shape (height, width, 3), RGB."""
        return np.array(self.image, dtype=np.uint8)

    @property
    def levels(self) -> Levels | None:
        """Its grey values; None for a picture in which there is colour."""
        if self.deep is not None:
            return self.deep
        red, green, blue = (self.pixels[:, :, channel] for channel in range(3))
        grey = self.grey or (np.array_equal(red, green) and np.array_equal(red, blue))
        return EIGHT_BITS if grey else None


def fitted(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """Width and height made smaller in proportion, so that neither is above `longest`."""
    share = min(1.0, longest / max(size))
    return max(1, int(size[0] * share)), max(1, int(size[1] * share))


def to_png(picture: Picture) -> bytes:
    """The picture as PNG, of one channel where it is grey; the same bytes every time."""
    pixels = picture.pixels[:, :, 0] if picture.grey else picture.pixels
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(out, "PNG", compress_level=6)
    return out.getvalue()


def thumbnail(image: Image.Image, size: int) -> bytes:
    """A picture as JPEG with its longer side at most `size` pixels; never enlarged."""
    image = image.copy()
    image.thumbnail((size, size), Image.Resampling.LANCZOS, reducing_gap=2.0)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()
