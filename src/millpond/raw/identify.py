"""What bytes look like, by their first few: the format decides, never the file's name."""

from __future__ import annotations

#: The formats that are taken, with their media types.
TAKEN = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WebP": "image/webp",
    "TIFF": "image/tiff",
    "BMP": "image/bmp",
    "DICOM": "application/dicom",
}

#: Pictures that are recognised and not taken.
NOT_TAKEN = frozenset(
    {"GIF", "HEIC", "AVIF", "SVG", "JPEG 2000", "JPEG XL", "Photoshop", "an icon", "a video"}
)

_STARTS = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"BM", "BMP"),
    (b"GIF8", "GIF"),
    (b"\x00\x00\x00\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\x00\x00\x00\x0cJXL ", "JPEG XL"),
    (b"\xff\x0a", "JPEG XL"),
    (b"8BPS", "Photoshop"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"\x1aE\xdf\xa3", "a video"),
    (b"%PDF", "PDF"),
    (b"PK\x03\x04", "ZIP"),
    (b"PK\x05\x06", "ZIP"),
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"PAR1", "Parquet"),
)

_HEIF_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})


def identify(data: bytes) -> str:
    """The name of the format that bytes seem to have.

    >>> identify(b"%PDF-1.7")
    'PDF'
    >>> identify(b"")
    'nothing'

    Returns:
        A key of `TAKEN`, a member of `NOT_TAKEN`, or a word for what else it
        looks like; ``unknown bytes`` when nothing fits.
    """
    if not data:
        return "nothing"
    if data[128:132] == b"DICM":
        return "DICOM"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data[4:8] == b"ftyp":
        return _iso_media(data[8:12])
    for start, name in _STARTS:
        if data.startswith(start):
            return name
    return "DICOM" if _bare_dicom(data) else _text(data[:4096])


def _iso_media(brand: bytes) -> str:
    if brand in _HEIF_BRANDS:
        return "HEIC"
    return "AVIF" if brand in _AVIF_BRANDS else "a video"


def _bare_dicom(data: bytes) -> bool:
    """A DICOM data set without its preamble begins with a tag of group 0002 or 0008."""
    little = data[:1] in (b"\x02", b"\x08") and data[1:2] == b"\x00" and data[3:4] == b"\x00"
    big = data[:3] in (b"\x00\x02\x00", b"\x00\x08\x00")
    return (little or big) and len(data) > 8


def _text(head: bytes) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "HTML"
    if start.startswith((b"<?xml", b"<svg", b"<!--", b"<!doctype svg")):
        return "SVG" if b"<svg" in start else "XML"
    if start.startswith((b"{", b"[")):
        return "JSON"
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # A character cut in two by the end of the head is still text.
        if error.start < len(head) - 3:
            return "unknown bytes"
    return "unknown bytes" if b"\x00" in head else "text"
