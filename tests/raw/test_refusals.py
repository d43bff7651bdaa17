"""Bytes that are no picture, or too much of one, are refused in words, quickly and flat."""

from __future__ import annotations

import io
import re
import struct
import time
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from millpond.errors import NotAnImage, TooLarge, Unsupported
from millpond.raw.decode import Limits, decode


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)  # type: ignore[arg-type]
    return out.getvalue()


NOISE = Image.fromarray(np.random.default_rng(3).integers(0, 256, (64, 64, 3), dtype=np.uint8))


def chunk(kind: bytes, body: bytes) -> bytes:
    whole = kind + body
    return struct.pack(">I", len(body)) + whole + struct.pack(">I", zlib.crc32(whole))


def png(width: int, height: int, *chunks: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IEND", b"")


def tiff_of_pages(count: int) -> bytes:
    """A little-endian TIFF whose pages are empty directories."""
    pages = b"".join(
        struct.pack("<HI", 0, 8 + 6 * (page + 1) if page + 1 < count else 0)
        for page in range(count)
    )
    return b"II*\x00" + struct.pack("<I", 8) + pages


def animated(form: str) -> bytes:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    return encoded(frames[0], form, save_all=True, append_images=frames[1:])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "looks like nothing"),
        (b"this is not a picture", "looks like text"),
        (b"%PDF-1.4\n%...", "looks like PDF"),
        (b"PK\x03\x04" + b"\x00" * 40, "looks like ZIP"),
        (b"<html><body>", "looks like HTML"),
        (b"\x89PNG\r\n\x1a\n", "PNG file is truncated"),
        (b"\xff\xd8\xff\xe0", "JPEG file is truncated"),
        (b"RIFF\x00\x00\x00\x00WEBP", "WebP file is truncated"),
        (b"II*\x00\x08", "TIFF file is truncated"),
        (b"BM", "BMP file is truncated"),
    ],
)
def test_what_is_no_picture_is_told_by_its_look(data: bytes, said: str) -> None:
    with pytest.raises(NotAnImage, match=said) as refusal:
        decode(data)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "BMP"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_file_is_refused(form: str, share: float) -> None:
    data = encoded(NOISE, form)
    with pytest.raises(NotAnImage, match="truncated"):
        decode(data[: int(len(data) * share)])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (animated("GIF"), "GIF"),
        (encoded(NOISE, "GIF"), "GIF"),
        (animated("WEBP"), "animated"),
        (animated("PNG"), "animated"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "HEIC"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (encoded(NOISE, "JPEG2000"), "JPEG 2000"),
    ],
)
def test_formats_that_are_not_taken_are_named(data: bytes, said: str) -> None:
    with pytest.raises(Unsupported, match=said):
        decode(data)


def test_a_png_of_gigapixels_is_refused_before_it_is_unpacked() -> None:
    rows = zlib.compress(bytes(10_000_000), 9)
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge, match="50000 x 50000 pixels"):
            decode(png(50_000, 50_000, chunk(b"IDAT", rows)))
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_a_png_whose_text_unpacks_to_gigabytes_is_refused() -> None:
    bomb = chunk(b"zTXt", b"a\x00\x00" + zlib.compress(bytes(200_000_000), 9))
    tracemalloc.start()
    try:
        with pytest.raises((NotAnImage, TooLarge)):
            decode(png(8, 8, bomb, chunk(b"IDAT", zlib.compress(bytes(8 * 25)))))
        assert tracemalloc.get_traced_memory()[1] < 80_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("form", ["BMP", "WEBP", "TIFF", "JPEG"])
def test_the_limit_on_pixels_holds_for_every_format(form: str) -> None:
    with pytest.raises(TooLarge, match="64 x 64 pixels are more than the limit of 4,000"):
        decode(encoded(NOISE, form), Limits(pixels=4000))
    assert decode(encoded(NOISE, form), Limits(pixels=64 * 64)).width == 64


def test_a_webp_header_that_claims_too_much_is_refused_before_it_is_decoded() -> None:
    data = bytearray(encoded(NOISE, "WEBP"))
    assert data[12:16] == b"VP8 "
    data[26:30] = struct.pack("<HH", 16_000, 16_000)
    with pytest.raises(TooLarge, match="16000 x 16000"):
        decode(bytes(data))


def test_a_tiff_of_ten_thousand_pages_is_refused() -> None:
    with pytest.raises(TooLarge, match="more than 64 pages"):
        decode(tiff_of_pages(10_000))


def test_a_tiff_whose_pages_go_in_a_circle_is_refused() -> None:
    with pytest.raises(TooLarge, match="more than 64 pages"):
        decode(b"II*\x00" + struct.pack("<IHI", 8, 0, 8))


def test_a_tiff_of_a_few_pages_is_counted_right() -> None:
    pages = [NOISE] * 5
    data = encoded(NOISE, "TIFF", save_all=True, append_images=pages[1:])
    assert decode(data, Limits(frames=5)).width == 64
    with pytest.raises(TooLarge):
        decode(data, Limits(frames=4))


def test_too_many_bytes_are_refused_before_they_are_looked_at() -> None:
    with pytest.raises(TooLarge, match=re.escape("1,001 bytes are more than the limit of 1,000")):
        decode(b"x" * 1001, Limits(bytes=1000))


def test_a_file_that_keeps_its_reader_busy_is_stopped() -> None:
    """Half a million empty chunks, each of which costs the reader a few steps."""
    data = png(8, 8, chunk(b"teSt", b"") * 500_000)
    began = time.monotonic()
    with pytest.raises(TooLarge, match=r"takes more than 0\.2 s"):
        decode(data, Limits(seconds=0.2))
    assert time.monotonic() - began < 3


def test_a_jpeg_of_endless_scans_is_refused() -> None:
    data = encoded(Image.new("RGB", (512, 512), "teal"), "JPEG", progressive=True)
    scan = data[data.rfind(b"\xff\xc4") : -2]
    assert decode(data, Limits(pixels=512 * 512)).width == 512
    # What follows the picture, such as the video of a moving photograph, is none of it.
    assert decode(data + b"\xff\xda\x00\x02" * 1000, Limits(pixels=512 * 512)).width == 512
    with pytest.raises(TooLarge, match="510 scans of 512 x 512"):
        decode(data[:-2] + scan * 500 + b"\xff\xd9", Limits(pixels=512 * 512))


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=150, deadline=None)
@given(
    form=st.sampled_from(["JPEG", "PNG", "WEBP", "TIFF", "BMP"]),
    place=st.floats(0, 1, exclude_max=True),
    damage=st.binary(min_size=1, max_size=24),
)
def test_damage_anywhere_is_read_or_refused_never_a_crash(
    form: str, place: float, damage: bytes
) -> None:
    data = bytearray(encoded(NOISE.resize((24, 24)), form))
    at = int(place * len(data))
    data[at : at + len(damage)] = damage
    try:
        picture = decode(bytes(data), Limits(pixels=1_000_000))
    except (NotAnImage, TooLarge, Unsupported):
        pass
    else:
        assert picture.pixels.shape == (picture.height, picture.width, 3)
