"""Pictures of every form that is taken come out as the pixels that went in."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from millpond.raw.decode import decode
from millpond.raw.identify import identify
from millpond.raw.picture import Picture, thumbnail, to_png

COLOURS = np.random.default_rng(7).integers(0, 256, (24, 40, 3), dtype=np.uint8)
SMOOTH = np.linspace(0, 255, 24 * 40).reshape(24, 40).astype(np.uint8)


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


@pytest.mark.parametrize(
    ("form", "media_type", "options"),
    [
        ("PNG", "image/png", {}),
        ("WEBP", "image/webp", {"lossless": True}),
        ("TIFF", "image/tiff", {}),
        ("TIFF", "image/tiff", {"compression": "tiff_lzw"}),
        ("TIFF", "image/tiff", {"compression": "tiff_adobe_deflate"}),
        ("BMP", "image/bmp", {}),
    ],
)
def test_lossless_colour_is_exact(form: str, media_type: str, options: dict[str, Any]) -> None:
    picture = decode(encoded(Image.fromarray(COLOURS), form, **options))
    assert picture.media_type == media_type
    assert (picture.width, picture.height) == (40, 24)
    assert not picture.turned
    assert not picture.grey
    assert picture.pixels.dtype == np.uint8
    np.testing.assert_array_equal(picture.pixels, COLOURS)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK", "YCbCr"])
@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_of_every_mode_is_close(mode: str, progressive: bool) -> None:
    image = Image.fromarray(np.repeat(SMOOTH[:, :, None], 3, axis=2)).convert(mode)
    picture = decode(encoded(image, "JPEG", quality=95, progressive=progressive))
    assert picture.grey == (mode == "L")
    assert np.abs(picture.pixels.astype(int) - SMOOTH[:, :, None]).max() < 12


def test_cmyk_red_stays_red() -> None:
    red = Image.new("RGB", (16, 16), (230, 20, 30)).convert("CMYK")
    pixel = decode(encoded(red, "JPEG", quality=95)).pixels[8, 8]
    assert pixel[0] > 200
    assert pixel[1] < 60
    assert pixel[2] < 60


def test_grey_one_bit_and_palette() -> None:
    grey = decode(encoded(Image.fromarray(SMOOTH), "PNG"))
    assert grey.grey
    np.testing.assert_array_equal(grey.pixels, np.repeat(SMOOTH[:, :, None], 3, axis=2))
    bits = decode(encoded(Image.fromarray(SMOOTH > 100), "PNG"))
    assert bits.grey
    np.testing.assert_array_equal(bits.pixels[:, :, 1] == 255, SMOOTH > 100)
    palette = Image.new("P", (4, 4), 1)
    palette.putpalette([0, 0, 0, 10, 200, 30])
    assert decode(encoded(palette, "PNG")).pixels[0, 0].tolist() == [10, 200, 30]


@pytest.mark.parametrize(("alpha", "shown"), [(0, [255, 255, 255]), (255, [10, 20, 30])])
@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF"])
def test_transparency_lies_over_white(form: str, alpha: int, shown: list[int]) -> None:
    options = {"lossless": True} if form == "WEBP" else {}
    data = encoded(Image.new("RGBA", (5, 5), (10, 20, 30, alpha)), form, **options)
    assert decode(data).pixels[2, 2].tolist() == shown


def test_a_transparent_palette_lies_over_white() -> None:
    image = Image.new("P", (4, 4), 1)
    image.putpalette([0, 0, 0, 10, 200, 30])
    assert decode(encoded(image, "PNG", transparency=1)).pixels[0, 0].tolist() == [255, 255, 255]


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_sixteen_bits_are_stretched_over_what_is_used(form: str) -> None:
    """Twelve bits in a file of sixteen use the whole range, a hot pixel notwithstanding."""
    values = np.linspace(100, 4000, 64 * 64).reshape(64, 64).astype(np.uint16)
    values[5, 5] = 65535
    picture = decode(encoded(Image.fromarray(values), form))
    assert picture.grey
    shown = picture.pixels[:, :, 0].astype(int)
    assert shown.min() == 0
    assert shown.max() == 255
    assert 120 < np.median(shown) < 135
    ordered = np.delete(shown.ravel(), 5 * 64 + 5)
    assert (np.diff(ordered) >= 0).all()


def test_a_flat_picture_and_two_values_of_sixteen_bits() -> None:
    flat = decode(encoded(Image.fromarray(np.full((9, 9), 3000, np.uint16)), "PNG"))
    assert flat.pixels.max() == 0
    spot = np.zeros((100, 100), np.uint16)
    spot[3, 4] = 700
    assert decode(encoded(Image.fromarray(spot), "PNG")).pixels[3, 4, 0] == 255


def test_floats_with_holes() -> None:
    values = np.linspace(-1.0, 1.0, 400, dtype=np.float32).reshape(20, 20)
    values[0, 0] = np.nan
    values[0, 1] = np.inf
    picture = decode(encoded(Image.fromarray(values), "TIFF"))
    assert picture.pixels[0, 0, 0] == 0
    assert picture.pixels[19, 19, 0] == 255


def turned_by(image: Image.Image, orientation: int, form: str) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options: dict[str, Any] = {"quality": 95} if form == "JPEG" else {}
    if form == "WEBP":
        options = {"lossless": True}
    return encoded(image, form, exif=exif, **options)


# EXIF 2.3, 4.6.4: which side of the stored picture each orientation puts on top.
UPRIGHT = {
    1: lambda stored: stored,
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.transpose(1, 0, 2),
    6: lambda stored: np.rot90(stored, 3),
    7: lambda stored: np.rot90(stored, 2).transpose(1, 0, 2),
    8: lambda stored: np.rot90(stored),
}


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", sorted(UPRIGHT))
def test_exif_orientation_is_applied_once(form: str, orientation: int) -> None:
    picture = decode(turned_by(Image.fromarray(COLOURS), orientation, form))
    np.testing.assert_array_equal(picture.pixels, UPRIGHT[orientation](COLOURS))
    assert picture.turned == (orientation != 1)


def test_exif_orientation_of_a_jpeg() -> None:
    smooth = np.repeat(SMOOTH[:, :, None], 3, axis=2)
    picture = decode(turned_by(Image.fromarray(smooth), 6, "JPEG"))
    assert (picture.width, picture.height) == (24, 40)
    assert np.abs(picture.pixels.astype(int) - np.rot90(smooth, 3)).max() < 12


def test_the_first_of_a_few_pages_is_taken() -> None:
    pages = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]
    data = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert decode(data).pixels[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("grey", [True, False])
def test_a_picture_written_as_png_reads_back_the_same(grey: bool) -> None:
    pixels: npt.NDArray[np.uint8] = np.repeat(SMOOTH[:, :, None], 3, axis=2) if grey else COLOURS
    picture = Picture(pixels, "image/tiff", grey=grey)
    data = to_png(picture)
    assert data == to_png(picture)
    np.testing.assert_array_equal(decode(data).pixels, pixels)
    assert decode(data).grey == grey


def test_a_thumbnail_is_small_and_never_larger_than_the_picture() -> None:
    picture = Picture(COLOURS, "image/png")
    small = decode(thumbnail(picture.image, 10))
    assert (small.width, small.height) == (10, 6)
    assert decode(thumbnail(picture.image, 500)).width == 40


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"", "nothing"),
        (b"just words, sk\xc3\xa5l", "text"),
        (b"%PDF-1.7\n", "PDF"),
        (b"PK\x03\x04rest", "ZIP"),
        (b"<!DOCTYPE html><html>", "HTML"),
        (b"<?xml version='1.0'?><svg xmlns='x'/>", "SVG"),
        (b"<?xml version='1.0'?><annotation/>", "XML"),
        (b'{"a": 1}', "JSON"),
        (b"GIF89a", "GIF"),
        (b"\x00\x00\x00\x18ftypheic", "HEIC"),
        (b"\x00\x00\x00\x18ftypisom", "a video"),
        (b"\x00\x01\x02\x03\xfe\xff", "unknown bytes"),
        (b"x" * 4095 + "å".encode(), "text"),
    ],
)
def test_bytes_are_recognised(data: bytes, name: str) -> None:
    assert identify(data) == name
