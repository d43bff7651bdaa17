"""DICOM files: the picture in one, and the value of a tag.

What pydicom decodes with numpy and Pillow is taken: uncompressed, RLE, JPEG
baseline and extended of 8 bits, JPEG 2000. Of several frames the first is shown.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.JpegImagePlugin import JpegImageFile
from pydicom import dcmread
from pydicom.charset import convert_encodings, decode_bytes
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.errors import BytesLengthException
from pydicom.filereader import read_dataset
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut
from pydicom.pixels.utils import pixel_array
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000TransferSyntaxes,
    JPEGExtended12Bit,
    JPEGTransferSyntaxes,
    RLELossless,
)
from pydicom.valuerep import TEXT_VR_DELIMS

from millpond.errors import Invalid, NotAnImage, Unsupported
from millpond.raw.damaged import READER_ERRORS, damaged
from millpond.raw.grey import as_rgb
from millpond.raw.jpeg import check_scans
from millpond.raw.limits import Limits, TimedBytes
from millpond.raw.picture import Levels, Picture, Pixels, Window
from millpond.raw.rle import check_rle
from millpond.raw.window import windowed

#: What pydicom raises on bytes that it cannot make sense of.
DICOM_ERRORS = (*READER_ERRORS, BytesLengthException)

#: The only elements that are kept while a file is read for its picture.
_WANTED: list[str] = [
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "PlanarConfiguration",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "PixelRepresentation",
    "PixelData",
    "FloatPixelData",
    "DoubleFloatPixelData",
    "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
    "WindowCenter",
    "WindowWidth",
    "VOILUTFunction",
    "VOILUTSequence",
    "RescaleIntercept",
    "RescaleSlope",
    "ModalityLUTSequence",
    *(
        f"{part}PaletteColorLookupTable{kind}"
        for part in ("Red", "Green", "Blue", "SegmentedRed", "SegmentedGreen", "SegmentedBlue")
        for kind in ("Descriptor", "Data")
        if not (part.startswith("Segmented") and kind == "Descriptor")
    ),
]

#: The value representations that are text (DICOM PS3.5, 6.2).
TEXT = frozenset(["AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM"])
TEXT |= {"UC", "UI", "UR", "UT"}


def decode_dicom(data: bytes, limits: Limits, window: Window | None = None) -> Picture:
    """The first frame of a DICOM file as a person is meant to see it.

    Rescale, window (or VOI LUT) and ``MONOCHROME1`` are applied as DICOM PS3.3,
    C.7.6.3 and C.11 say; a grey picture that declares no window is stretched over
    its values (`to_eight_bits`).

    Args:
        window: of a grey picture, in place of the file's own.

    Raises:
        NotAnImage: there are no pixels, or the file is truncated or damaged.
        Unsupported: a transfer syntax that cannot be decoded; the message names it.
        TooLarge: more pixels or frames than the limits allow.
    """
    try:
        dataset = open_dicom(data, limits, _WANTED)
        _check_before_reading(dataset, limits)
        pixels, levels = _shown(dataset, pixel_array(dataset, index=0), window)
        return Picture(pixels, "application/dicom", grey=levels is not None, deep=levels)
    except DICOM_ERRORS as error:
        raise damaged("DICOM", error) from error


def tag(data: bytes, keyword: str) -> str | None:
    """The value of a tag by its DICOM keyword, such as ``PatientID``.

    Returns:
        None where the file is no DICOM, or the tag is absent or empty.

    Raises:
        Invalid: DICOM has no such keyword, or its value is no text.
    """
    check_keyword(keyword)
    try:
        dataset = open_dicom(data, Limits(), [keyword], stop_before_pixels=True)
        # The raw bytes: pydicom's own conversion warns with the value in its message,
        # and the value may identify a person.
        raw = dataset.get_item(keyword)
        if raw is None or not isinstance(raw.value, bytes):
            return None
        encodings = convert_encodings(dataset.get("SpecificCharacterSet") or "ISO_IR 6")
        return decode_bytes(raw.value, encodings, TEXT_VR_DELIMS).strip("\0 ") or None
    except (*DICOM_ERRORS, Unsupported):
        return None


def check_keyword(keyword: str) -> None:
    """Raises Invalid for what is no keyword of the DICOM dictionary, or holds no text."""
    number = tag_for_keyword(keyword)
    if number is None:
        raise Invalid(f"{keyword!r} is no DICOM keyword; write one such as PatientID")
    if dictionary_VR(number) not in TEXT:
        raise Invalid(f"the DICOM tag {keyword} holds no text; write one such as PatientID")


def open_dicom(
    data: bytes, limits: Limits, wanted: list[str] | None, *, stop_before_pixels: bool = False
) -> Dataset:
    """The elements of a file by their keywords, or all; of a deflated file none are read.

    Raises:
        Unsupported: the file is deflated.
    """
    source = TimedBytes(data, limits)
    # Step 1. The transfer syntax, read by itself: pydicom unpacks a deflated file
    # without a bound, so that kind must not reach it.
    source.seek(132 if data[128:132] == b"DICM" else 0)
    meta = read_dataset(source, False, True, stop_when=lambda tag, vr, length: tag.group != 2)
    syntax = UID(str(meta.get("TransferSyntaxUID", ImplicitVRLittleEndian)))
    if syntax == DeflatedExplicitVRLittleEndian:
        raise Unsupported(_not_decoded(syntax))

    # Step 2. The elements that are asked for.
    source.seek(0)
    return dcmread(source, force=True, specific_tags=wanted, stop_before_pixels=stop_before_pixels)


def _syntax(dataset: Dataset) -> UID:
    """The transfer syntax; of a file that does not say, the one it was read with."""
    if "TransferSyntaxUID" not in dataset.file_meta:
        implicit, little = dataset.original_encoding
        explicit = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
        dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else explicit
    return UID(dataset.file_meta.TransferSyntaxUID)


def _check_before_reading(dataset: Dataset, limits: Limits) -> None:
    if not any(name in dataset for name in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        raise NotAnImage("the DICOM file has no pixels; send one that holds an image")
    syntax = _syntax(dataset)
    try:
        decodable = get_decoder(syntax).is_available
    except NotImplementedError:
        decodable = False
    # Pillow reads that one with 8 bits only.
    if syntax == JPEGExtended12Bit and int(dataset.BitsStored) != 8:
        decodable = False
    if not decodable:
        raise Unsupported(_not_decoded(syntax))
    limits.check_frames(int(dataset.get("NumberOfFrames") or 1))
    limits.check_pixels(int(dataset.Columns), int(dataset.Rows))
    _check_frame(dataset, syntax, limits)


def _not_decoded(syntax: UID) -> str:
    name = syntax.name if syntax.name != str(syntax) else "unknown"
    return (
        f"the DICOM transfer syntax {name} ({syntax}) cannot be decoded; "
        "send the file uncompressed, or as RLE, JPEG baseline or JPEG 2000"
    )


def _check_frame(dataset: Dataset, syntax: UID, limits: Limits) -> None:
    """A compressed frame must hold what the file says, lest it unpack to far more."""
    if syntax not in (RLELossless, *JPEGTransferSyntaxes, *JPEG2000TransferSyntaxes):
        return
    frame = get_frame(
        dataset.PixelData, 0, number_of_frames=int(dataset.get("NumberOfFrames") or 1)
    )
    said = (int(dataset.Columns), int(dataset.Rows))
    if syntax == RLELossless:
        most = said[0] * said[1] * int(dataset.BitsAllocated) // 8 * int(dataset.SamplesPerPixel)
        check_rle(frame, most, limits)
        return
    reader = Jpeg2KImageFile if syntax in JPEG2000TransferSyntaxes else JpegImageFile
    with reader(TimedBytes(frame, limits)) as image:
        if image.size != said:
            raise NotAnImage(
                f"the DICOM file says {said[0]} x {said[1]} pixels, "
                f"its compressed frame {image.width} x {image.height}"
            )
    if syntax not in JPEG2000TransferSyntaxes:
        check_scans(frame, *said, limits)


def _shown(
    dataset: Dataset, values: npt.NDArray[Any], window: Window | None
) -> tuple[Pixels, Levels | None]:
    """The frame as RGB, and its grey values where it is grey."""
    kind = str(dataset.get("PhotometricInterpretation", "MONOCHROME2"))
    if kind == "PALETTE COLOR":
        return _eight_bits_of_colour(apply_color_lut(values, dataset), 16), None
    if values.ndim == 3:
        return _eight_bits_of_colour(values, int(dataset.BitsStored)), None
    grey, levels = windowed(dataset, apply_modality_lut(values, dataset), window)
    return as_rgb(255 - grey if kind == "MONOCHROME1" else grey), levels


def _eight_bits_of_colour(values: npt.NDArray[Any], bits: int) -> Pixels:
    if values.dtype.itemsize == 1:
        return np.array(values, dtype=np.uint8)
    return (values.astype(np.uint32) >> max(0, bits - 8)).clip(0, 255).astype(np.uint8)
