"""The tags of DICOM files: their values as text, and which of them are not for everybody."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
)

from millpond.errors import NotAnImage
from millpond.raw.decode import decode
from millpond.raw.dicom_tags import MOST, DicomTag, read_tags
from millpond.raw.limits import Limits


def written(syntax: UID = ExplicitVRLittleEndian) -> bytes:
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = syntax
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID = SecondaryCaptureImageStorage
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID = UID("1.2.3")
    made.SpecificCharacterSet = "ISO_IR 192"
    made.PatientName, made.PatientID, made.PatientAge = "Müller^Jörg", "P-77", "061Y"
    made.PatientWeight, made.AccessionNumber = 81, ""
    made.StudyDate, made.InstitutionName, made.StudyDescription = "20260131", "St Mary", "wrist"
    made.Modality, made.KVP, made.Manufacturer = "CR", "62.5", "Acme"
    made.Rows = made.Columns = 4
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit, made.PixelRepresentation, made.SamplesPerPixel = 7, 0, 1
    made.PhotometricInterpretation = "MONOCHROME2"
    made.ImageComments = "x" * 900
    made.add_new(0x00090010, "LO", "ACME 1")
    made.add_new(0x00091001, "LO", "Müller again")
    inner = Dataset()
    inner.ReferencedSOPInstanceUID, inner.ReferencedFrameNumber = UID("1.2.9"), "3"
    made.ReferencedImageSequence = Sequence([Dataset(), inner])
    who = Dataset()
    who.Modality = "CR"
    made.PersonIdentificationCodeSequence = Sequence([who])
    made.add_new(0x00281201, "OW", bytes(512))
    made.PixelData = np.zeros((4, 4), np.uint8).tobytes()
    made["PixelData"].VR = "OB"
    out = io.BytesIO()
    made.save_as(out, enforce_file_format=True)
    return out.getvalue()


@pytest.fixture(scope="module", params=[ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def tags(request: pytest.FixtureRequest) -> dict[str, DicomTag]:
    found = read_tags(written(request.param), Limits())
    return {tag.keyword or tag.tag: tag for tag in found}


def test_values_are_text_of_whatever_kind(tags: dict[str, DicomTag]) -> None:
    rows = tags["Rows"]
    assert (rows.tag, rows.name, rows.vr, rows.value) == ("(0028,0010)", "Rows", "US", "4")
    assert tags["KVP"].value == "62.5"
    assert tags["PatientName"].value == "Müller^Jörg"
    assert tags["SOPClassUID"].value.endswith("(Secondary Capture Image Storage)")
    assert tags["RedPaletteColorLookupTableData"].value == "512 bytes"
    assert tags["ImageComments"].value == "x" * 200 + "… (900 characters)"
    assert "PixelData" not in tags


def test_a_sequence_is_flat_with_the_path_to_each_tag(tags: dict[str, DicomTag]) -> None:
    number = tags["ReferencedImageSequence[2].ReferencedFrameNumber"]
    assert number.tag == "(0008,1140)[2](0008,1160)"
    assert number.value == "3"
    assert not number.identifying


def test_what_may_identify_a_person_is_told_apart(tags: dict[str, DicomTag]) -> None:
    open_to_all = {name for name, tag in tags.items() if not tag.identifying}
    assert {"Modality", "KVP", "Rows", "Manufacturer", "TransferSyntaxUID"} <= open_to_all
    assert "AccessionNumber" in open_to_all, "it is empty"
    closed = {
        "PatientName",
        "PatientID",
        "PatientAge",
        "PatientWeight",
        "StudyDate",
        "StudyDescription",
        "InstitutionName",
        "ImageComments",
        "SOPInstanceUID",
        "(0009,1001)",
        "ReferencedImageSequence[2].ReferencedSOPInstanceUID",
        "PersonIdentificationCodeSequence[1].Modality",
    }
    assert closed.isdisjoint(open_to_all)
    assert closed <= set(tags)


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small_bigendian.dcm", "JPEG2000.dcm"])
def test_real_files_give_away_no_name_and_no_date(name: str) -> None:
    path = get_testdata_file(name, download=False)
    found = read_tags(Path(str(path)).read_bytes(), Limits())
    shown = [tag for tag in found if not tag.identifying and tag.value]
    assert len(shown) > 15
    assert {tag.vr for tag in shown}.isdisjoint({"PN", "DA", "TM", "DT", "LT", "UN"})
    assert all(not tag.keyword.startswith("Patient") or tag.vr == "CS" for tag in shown)


def test_a_file_of_very_many_tags_is_cut_off() -> None:
    made = Dataset()
    for number in range(MOST + 100):
        made.add_new((0x0029 << 16) + 0x1000 + number, "US", number)
    out = io.BytesIO()
    made.save_as(out, implicit_vr=False, little_endian=True)
    assert len(read_tags(out.getvalue(), Limits())) == MOST


@pytest.mark.parametrize("length", [141, 153])
def test_a_damaged_file_is_refused(length: int) -> None:
    with pytest.raises(NotAnImage):
        read_tags(written()[:length], Limits())
    with pytest.raises(NotAnImage):
        decode(written()[:length])
