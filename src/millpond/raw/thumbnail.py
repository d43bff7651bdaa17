"""A file's picture made small for a page, the way that somebody wants to look at it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import ImageChops

from millpond.raw.decode import DEFAULT_LIMITS, Limits, decode
from millpond.raw.grey import stretch
from millpond.raw.picture import Window, thumbnail


@dataclass(frozen=True, slots=True)
class View:
    """How a picture is looked at.

    Args:
        size: most pixels of its longer side; it is never enlarged.
        window: the grey values to show, after the rescale of the file; those of a picture
            of 8 bits, in colour or not, are from 0 to 255. None is as the file asks for.
        invert: black becomes white.
    """

    size: int
    window: Window | None = None
    invert: bool = False


def view_of(data: bytes, view: View, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """A file's picture as JPEG, upright.

    Raises:
        NotAnImage, Unsupported, TooLarge: as `decode` does.
    """
    picture = decode(data, limits, window=view.window, near=view.size)
    image = picture.image
    if view.window is not None and picture.deep is None:
        image = image.point(_through(view.window) * 3)
    if view.invert:
        image = ImageChops.invert(image)
    return thumbnail(image, view.size)


def _through(window: Window) -> list[int]:
    """What becomes of each value of 8 bits."""
    shown: list[int] = stretch(np.arange(256)[None, :], *window.ends)[0].tolist()
    return shown
