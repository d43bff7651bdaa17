"""A file's picture made small for a page, the way that somebody wants to look at it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from millpond.raw.decode import DEFAULT_LIMITS, Limits, decode
from millpond.raw.grey import stretch
from millpond.raw.picture import Pixels, Window, thumbnail


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
    pixels = picture.pixels
    if view.window is not None and picture.deep is None:
        pixels = _through(view.window)[pixels]
    if view.invert:
        pixels = 255 - pixels
    return thumbnail(replace(picture, pixels=pixels), view.size)


def _through(window: Window) -> Pixels:
    """What becomes of each value of 8 bits."""
    shown: Pixels = stretch(np.arange(256)[None, :], *window.ends)[0]
    return shown
