"""Chest X-rays: six kinds of abnormality to detect, on phantoms that are drawn here."""

from __future__ import annotations

from pathlib import Path

from millpond import AppTemplate

#: The kinds of abnormality, in the words of radiology.
LABELS = ("nodule", "mass", "infiltration", "effusion", "pneumothorax", "cardiomegaly")


def generate(folder: Path, images: int, seed: int) -> None:
    """Write a set of chest phantoms with their true boxes, in Pascal VOC form.

    ``images/`` holds PNG files and, every fifth, a DICOM file of an invented
    patient; ``annotations/`` holds the boxes; ``train.txt`` and ``val.txt`` name
    seven and three of every ten. The same arguments write the same bytes.

    Args:
        folder: made where it is missing.
        images: how many to draw.
        seed: of everything random.
    """
    # numpy and Pillow are loaded by the first set that is drawn, not by `--help`.
    from millpond.apps.chest_xray.dataset import write_dataset

    write_dataset(folder, images, seed)


template = AppTemplate(
    name="chest-xray",
    section={
        "task": "detection",
        "labels": list(LABELS),
        "subject_from": "dicom:PatientID",
        "augment": "mirror",
    },
    generate=generate,
)
