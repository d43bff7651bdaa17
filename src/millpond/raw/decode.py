"""Bytes from outside made into a picture, under limits.

Taken are JPEG, PNG, WebP, TIFF, BMP and DICOM. The bytes decide which, and only
the decoder of that format sees them. What a file may hold, and what becomes of it:

- an orientation in its EXIF data is applied;
- a palette, one bit, CMYK and YCCK become RGB, without a colour profile;
- transparency is laid over white, as a page shows it;
- grey of more than 8 bits is stretched over the values in use (`to_eight_bits`),
  colour of 16 bits keeps its upper 8;
- of several pages or frames the first is taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image, ImageFile, ImageOps
from PIL.BmpImagePlugin import BmpImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from millpond.errors import NotAnImage, TooLarge, Unsupported
from millpond.raw.damaged import READER_ERRORS, damaged
from millpond.raw.grey import as_rgb, to_eight_bits
from millpond.raw.identify import NOT_TAKEN, TAKEN, identify
from millpond.raw.jpeg import check_scans
from millpond.raw.limits import Limits, TimedBytes
from millpond.raw.picture import Picture, Window, fitted
from millpond.raw.tiff import count_pages
from millpond.raw.webp import read_header

__all__ = ["DEFAULT_LIMITS", "Limits", "Picture", "decode", "decode_image"]

DEFAULT_LIMITS = Limits()

_ORIENTATION = 0x0112
_GREY_MODES = frozenset({"1", "L", "LA", "La"})
_DEEP_GREY_MODES = frozenset({"I", "F", "I;16", "I;16L", "I;16B", "I;16N"})

# The classes themselves, not `Image.open`: that one tries decoders in turn, and
# warns of a large picture through state that threads share.
_READERS: dict[str, type[ImageFile.ImageFile]] = {
    "JPEG": JpegImageFile,
    "PNG": PngImageFile,
    "WebP": WebPImageFile,
    "TIFF": TiffImageFile,
    "BMP": BmpImageFile,
}


def decode(
    data: bytes,
    limits: Limits = DEFAULT_LIMITS,
    *,
    window: Window | None = None,
    near: int | None = None,
) -> Picture:
    """The picture in a file's bytes.

    Args:
        window: the grey values to show, where the file has more than 8 bits of grey, in
            place of those that it would be stretched over.
        near: pixels of the longer side that do; a JPEG is read faster at a half, a
            quarter or an eighth of its size, whichever is the smallest that has them.

    Raises:
        NotAnImage: the bytes are something else, truncated or damaged; the message
            says what they look like.
        Unsupported: a format that is not taken (GIF, HEIC, SVG), a moving picture,
            or a DICOM transfer syntax that cannot be decoded.
        TooLarge: more bytes, pixels, frames or time than the limits allow.
    """
    with _refusing(data, limits) as kind:
        if kind == "DICOM":
            return _dicom(data, limits, window)
        with _opened(kind, data, limits, near) as image:
            return _upright(image, TAKEN[kind], window)


def decode_image(
    data: bytes, limits: Limits = DEFAULT_LIMITS, *, near: int | None = None
) -> Image.Image:
    """The picture that `decode` gives, in RGB, as Pillow holds it: two copies less.

    Raises:
        NotAnImage, Unsupported, TooLarge: as of `decode`.
    """
    with _refusing(data, limits) as kind:
        if kind == "DICOM":
            return Image.fromarray(_dicom(data, limits, None).pixels)
        with _opened(kind, data, limits, near) as image:
            if image.mode in _DEEP_GREY_MODES:
                return Image.fromarray(_upright(image, TAKEN[kind], None).pixels)
            return _to_rgb(_turned(image)[0])


@contextmanager
def _refusing(data: bytes, limits: Limits) -> Iterator[str]:
    """The format of bytes that may be decoded; too little memory is a refusal as well."""
    limits.check_bytes(len(data))
    kind = identify(data)
    if kind in NOT_TAKEN:
        raise Unsupported(f"the file is {kind}, which is not taken; send {_choice()}")
    if kind not in TAKEN:
        raise NotAnImage(f"the file looks like {kind}, not like an image; send {_choice()}")
    try:
        yield kind
    except MemoryError as error:
        raise TooLarge(f"there is not enough memory to decode this {kind} file") from error


def _dicom(data: bytes, limits: Limits, window: Window | None) -> Picture:
    # Not imported above, because pydicom is large and most pictures need none.
    from millpond.raw.dicom import decode_dicom

    return decode_dicom(data, limits, window)


def _choice() -> str:
    *most, last = TAKEN
    return f"{', '.join(most)} or {last}"


def _check_before_reading(kind: str, data: bytes, limits: Limits) -> None:
    if kind == "TIFF":
        limits.check_frames(count_pages(data, limits.frames))
    if kind == "WebP":
        header = read_header(data)
        if header.animated:
            raise Unsupported("the WebP file is animated; send a still picture")
        limits.check_pixels(header.width, header.height)


@contextmanager
def _opened(
    kind: str, data: bytes, limits: Limits, near: int | None
) -> Iterator[ImageFile.ImageFile]:
    """The picture of which only the header was read; errors of its reader are refusals."""
    _check_before_reading(kind, data, limits)
    try:
        with _READERS[kind](TimedBytes(data, limits)) as image:
            limits.check_pixels(image.width, image.height)
            if kind == "JPEG":
                check_scans(data, image.width, image.height, limits)
                if near is not None:
                    image.draft(None, fitted(image.size, near))
            if kind == "PNG" and getattr(image, "is_animated", False):
                raise Unsupported("the PNG file is animated (APNG); send a still picture")
            yield image
    except READER_ERRORS as error:
        raise damaged(kind, error) from error


def _upright(image: ImageFile.ImageFile, media_type: str, window: Window | None) -> Picture:
    upright, turned = _turned(image)
    if image.mode in _DEEP_GREY_MODES:
        pixels, levels = to_eight_bits(np.asarray(upright), window)
        return Picture(as_rgb(pixels), media_type, turned=turned, grey=True, deep=levels)
    grey = image.mode in _GREY_MODES
    return Picture(_to_rgb(upright), media_type, turned=turned, grey=grey)


def _turned(image: ImageFile.ImageFile) -> tuple[Image.Image, bool]:
    """The picture as it is to be seen, and whether that is another way than it is stored."""
    # TIFF's own reader applies the orientation while it loads; ask before.
    orientation = image.getexif().get(_ORIENTATION, 1)
    image.load()
    turned = orientation in range(2, 9)
    return (ImageOps.exif_transpose(image) if turned else image), turned


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.has_transparency_data:
        # One step at a time, so that no more than two copies are held.
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(ground, image)
    return image if image.mode == "RGB" else image.convert("RGB")
