"""Whether a file's orientation tag turns its picture, without decoding it."""

from __future__ import annotations

import io

from PIL import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from millpond.raw.damaged import READER_ERRORS, damaged

_ORIENTATION = 0x0112

_READERS: dict[str, type[ImageFile.ImageFile]] = {
    "image/jpeg": JpegImageFile,
    "image/png": PngImageFile,
    "image/webp": WebPImageFile,
}


def is_turned(data: bytes, media_type: str) -> bool:
    """Whether whoever shows the picture has to turn or mirror it by its EXIF data.

    Args:
        data: a file that `decode` has taken before.
        media_type: of the file; one whose format knows no such tag is never turned.

    Raises:
        NotAnImage: the file is damaged.
    """
    reader = _READERS.get(media_type)
    if reader is None:
        return False
    try:
        with reader(io.BytesIO(data)) as image:
            return image.getexif().get(_ORIENTATION, 1) in range(2, 9)
    except READER_ERRORS as error:
        raise damaged(media_type, error) from error
