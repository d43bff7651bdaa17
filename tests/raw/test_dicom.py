"""DICOM: windows, colours, frames, tags, and everything that cannot be shown."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
    SecondaryCaptureImageStorage,
)

from millpond.errors import Invalid, MillpondError, NotAnImage, TooLarge, Unsupported
from millpond.raw.decode import Limits, decode
from millpond.raw.dicom import tag

# Real files break rules that pydicom warns of.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")

RAMP = np.arange(4096, dtype=np.uint16).reshape(64, 64)


def file(name: str) -> bytes:
    path = get_testdata_file(name, download=False)
    assert isinstance(path, str)
    return Path(path).read_bytes()


def dataset(values: npt.NDArray[Any], **elements: Any) -> Dataset:
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID = UID("1.2.3")
    made.SOPClassUID = SecondaryCaptureImageStorage
    made.Rows, made.Columns = values.shape
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 12, 11, 0
    made.PixelData = values.tobytes()
    made["PixelData"].VR = "OW"
    for name, value in elements.items():
        setattr(made, name, value)
    return made


def written(made: Dataset) -> bytes:
    out = io.BytesIO()
    made.save_as(out, enforce_file_format=True)
    return out.getvalue()


def shown(**elements: Any) -> npt.NDArray[np.int64]:
    picture = decode(written(dataset(RAMP, **elements)))
    assert picture.grey
    assert picture.media_type == "application/dicom"
    return picture.pixels[:, :, 0].ravel().astype(np.int64)


def test_a_window_shows_what_lies_in_it() -> None:
    pixels = shown(WindowCenter=2000, WindowWidth=1000)
    assert pixels[1499] == 0
    assert pixels[2499] == 255
    assert pixels[1999] in (127, 128)


def test_the_first_of_two_windows_and_the_rescale_are_used() -> None:
    pixels = shown(
        WindowCenter=[0, 9], WindowWidth=[1000, 1], RescaleSlope=1, RescaleIntercept=-2000
    )
    assert pixels[1499] == 0
    assert pixels[2499] == 255


def test_without_a_window_the_values_in_use_fill_the_range() -> None:
    pixels = shown()
    assert pixels[0] == 0
    assert pixels[-1] == 255


def test_monochrome1_is_white_where_its_values_are_low() -> None:
    pixels = shown(PhotometricInterpretation="MONOCHROME1")
    assert pixels[0] == 255
    assert pixels[-1] == 0


@pytest.mark.parametrize("function", ["SIGMOID", "LINEAR_EXACT", "LINEAR"])
def test_every_window_function_rises_through_the_middle(function: str) -> None:
    pixels = shown(WindowCenter=2048, WindowWidth=400, VOILUTFunction=function)
    assert (np.diff(pixels) >= 0).all()
    assert 125 <= pixels[2048] <= 130
    assert pixels[0] == 0
    assert pixels[-1] == 255


def test_a_lookup_table_comes_before_the_window() -> None:
    table = Dataset()
    table.add_new("LUTDescriptor", "US", [4096, 0, 12])
    table.add_new("LUTData", "OW", np.arange(4096)[::-1].astype("<u2").tobytes())
    pixels = shown(VOILUTSequence=[table], WindowCenter=1, WindowWidth=1)
    assert pixels[0] == 255
    assert pixels[-1] == 0


def test_the_first_frame_is_shown_and_too_many_are_refused() -> None:
    data = file("SC_rgb_rle_16bit_2frame.dcm")
    assert decode(data).pixels.shape == (100, 100, 3)
    with pytest.raises(TooLarge, match="more than 1 pages or frames"):
        decode(data, Limits(frames=1))


@pytest.mark.parametrize(
    "name",
    [
        "SC_rgb_rle.dcm",
        "SC_rgb_rle_16bit.dcm",
        "SC_rgb_rle_32bit.dcm",
        "SC_rgb_jpeg_lossy_gdcm.dcm",
        "SC_rgb_dcmtk_+eb+cr.dcm",
        "SC_ybr_full_422_uncompressed.dcm",
    ],
)
def test_colour_is_the_same_however_it_is_kept(name: str) -> None:
    """These files all hold the same bars, red at the top."""
    picture = decode(file(name))
    assert not picture.grey
    assert np.abs(picture.pixels[5, 50].astype(int) - [255, 0, 0]).max() <= 3
    assert np.abs(picture.pixels[45, 50].astype(int) - [0, 0, 255]).max() <= 3


def test_the_compressed_forms_of_one_picture_agree() -> None:
    plain = decode(file("MR_small.dcm")).pixels
    for name in ("MR_small_RLE.dcm", "MR_small_jp2klossless.dcm", "MR_small_bigendian.dcm"):
        np.testing.assert_array_equal(decode(file(name)).pixels, plain, err_msg=name)


@pytest.mark.parametrize(
    "name", ["rtplan.dcm", "rtstruct.dcm", "test-SR.dcm", "waveform_ecg.dcm", "reportsi.dcm"]
)
def test_dicom_without_pixels(name: str) -> None:
    with pytest.raises(NotAnImage, match="has no pixels"):
        decode(file(name))


@pytest.mark.parametrize(
    ("name", "syntax"),
    [
        ("MR_small_jpeg_ls_lossless.dcm", "JPEG-LS Lossless"),
        ("SC_rgb_jpeg_gdcm.dcm", "JPEG Lossless"),
        ("JPEG-lossy.dcm", "JPEG Extended"),
        ("image_dfl.dcm", "Deflated"),
    ],
)
def test_a_transfer_syntax_that_is_not_decoded_is_named(name: str, syntax: str) -> None:
    with pytest.raises(Unsupported, match=syntax):
        decode(file(name))


def test_an_unknown_transfer_syntax_is_given_by_its_number() -> None:
    data = written(dataset(RAMP)).replace(b"1.2.840.10008.1.2.1\x00", b"1.2.840.10008.1.2.99")
    with pytest.raises(Unsupported, match=r"1\.2\.840\.10008\.1\.2\.99"):
        decode(data)


def test_a_truncated_file() -> None:
    data = written(dataset(RAMP))
    for length in (140, 400, len(data) - 1000):
        with pytest.raises(NotAnImage):
            decode(data[:length])
    with pytest.raises(NotAnImage, match="truncated"):
        decode(file("MR_truncated.dcm"))


def test_more_pixels_than_the_limit() -> None:
    with pytest.raises(TooLarge, match="60000 x 60000"):
        decode(written(dataset(RAMP, Rows=60_000, Columns=60_000)))


def test_a_compressed_frame_larger_than_the_file_says() -> None:
    honest = pydicom.dcmread(io.BytesIO(file("MR_small_jp2klossless.dcm")))
    honest.Rows = honest.Columns = 16
    with pytest.raises(NotAnImage, match="its compressed frame 64 x 64"):
        decode(written(honest))


def test_an_rle_frame_that_unpacks_to_far_more() -> None:
    header = struct.pack("<16L", 2, 64, 64, *[0] * 13)
    bomb = dataset(RAMP, PixelData=encapsulate([header + b"\x81\x00" * 1_000_000]))
    bomb["PixelData"].VR = "OB"
    bomb["PixelData"].is_undefined_length = True
    bomb.file_meta.TransferSyntaxUID = RLELossless
    with pytest.raises(NotAnImage, match="unpacks to more than 8192 bytes"):
        decode(written(bomb))


def test_rle_segments_out_of_order() -> None:
    header = struct.pack("<16L", 3, 64, 1064, 64, *[0] * 12)
    twisted = dataset(RAMP, PixelData=encapsulate([header + b"\x81\x00" * 500]))
    twisted["PixelData"].VR = "OB"
    twisted["PixelData"].is_undefined_length = True
    twisted.file_meta.TransferSyntaxUID = RLELossless
    with pytest.raises(NotAnImage, match="out of order"):
        decode(written(twisted))


def test_a_jpeg_2000_frame_of_nonsense() -> None:
    nonsense = dataset(RAMP, PixelData=encapsulate([b"\xff\x4f\xff\x51" + b"\x07" * 90]))
    nonsense["PixelData"].VR = "OB"
    nonsense["PixelData"].is_undefined_length = True
    nonsense.file_meta.TransferSyntaxUID = JPEG2000Lossless
    with pytest.raises(NotAnImage):
        decode(written(nonsense))


def test_sequences_nested_without_end_are_refused() -> None:
    """Each level is an undefined-length sequence with one undefined-length item."""
    level = struct.pack("<HH2sHI", 0x0008, 0x1140, b"SQ", 0, 0xFFFFFFFF)
    item = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    head = written(dataset(RAMP))
    start = head.index(struct.pack("<HH2s", 0x0008, 0x0016, b"UI"))
    with pytest.raises(NotAnImage):
        decode(head[:start] + (level + item) * 20_000)


def test_every_file_of_pydicom_is_decoded_or_refused() -> None:
    files = sorted((Path(pydicom.__file__).parent / "data").rglob("*.dcm"))
    outcomes: dict[str, int] = {}
    for path in files:
        try:
            picture = decode(path.read_bytes())
            assert picture.pixels.shape == (picture.height, picture.width, 3)
            outcome = "decoded"
        except MillpondError as refusal:
            outcome = str(refusal.status)
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    assert outcomes["decoded"] >= 40
    assert set(outcomes) <= {"decoded", "400", "415"}


def test_tags() -> None:
    made = dataset(
        RAMP, PatientID="P-0042 ", PatientName="Björk^Anna", SpecificCharacterSet="ISO_IR 100"
    )
    data = written(made)
    assert tag(data, "PatientID") == "P-0042"
    assert tag(data, "PatientName") == "Björk^Anna"
    assert tag(data, "StudyDate") is None
    assert tag(b"no dicom at all", "PatientID") is None
    assert tag(file("image_dfl.dcm"), "PatientID") is None
    with pytest.raises(Invalid, match="'PatientIdd' is no DICOM keyword"):
        tag(data, "PatientIdd")
    with pytest.raises(Invalid, match="PixelData holds no text"):
        tag(data, "PixelData")
