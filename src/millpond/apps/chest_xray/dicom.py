"""A chest phantom as the DICOM file of a patient who does not exist."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian, generate_uid

_SURNAMES = ("Ashdown", "Brightwater", "Caldermoor", "Dunnock", "Elmhirst", "Fenwright", "Gorsely")
_NAMES = ("Ada", "Bertram", "Cosima", "Desmond", "Edith", "Fergus", "Greta", "Hal")


def write_dicom(file: Path, values: npt.NDArray[np.uint16], seed: int, number: int) -> None:
    """Write values from 0 to 4095 as a digital X-ray of 12 bits, ``MONOCHROME2``."""
    rng = np.random.default_rng((seed, number, 1))
    made = Dataset()
    _add_patient(made, rng, number)
    _add_study(made, rng, seed, number)
    made.Rows, made.Columns = values.shape
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit = 16, 12, 11
    made.PixelRepresentation = 0
    made.WindowCenter, made.WindowWidth = 2048, 4096
    made.add_new("PixelData", "OW", values.astype("<u2").tobytes())
    made.save_as(file, enforce_file_format=True)


def _add_patient(made: Dataset, rng: np.random.Generator, number: int) -> None:
    made.PatientID = f"PHANTOM-{number:05}"
    made.PatientName = f"{rng.choice(_SURNAMES)}^{rng.choice(_NAMES)}"
    made.PatientSex = str(rng.choice(["F", "M"]))
    made.PatientBirthDate = f"{rng.integers(1935, 2005)}{_day(rng)}"


def _add_study(made: Dataset, rng: np.random.Generator, seed: int, number: int) -> None:
    made.StudyDate = f"{rng.integers(2021, 2026)}{_day(rng)}"
    made.Modality, made.BodyPartExamined, made.ViewPosition = "DX", "CHEST", "PA"
    made.Manufacturer = "Millpond phantoms"
    study, series, instance = (
        generate_uid(entropy_srcs=[str(seed), str(number), level])
        for level in ("study", "series", "instance")
    )
    made.StudyInstanceUID, made.SeriesInstanceUID, made.SOPInstanceUID = study, series, instance
    made.SOPClassUID = DigitalXRayImageStorageForPresentation
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = instance


def _day(rng: np.random.Generator) -> str:
    return f"{rng.integers(1, 13):02}{rng.integers(1, 29):02}"
