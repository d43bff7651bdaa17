"""A set of chest phantoms on disk, in Pascal VOC form."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from millpond.apps.chest_xray.dicom import write_dicom
from millpond.apps.chest_xray.phantom import Phantom, draw_phantom
from millpond.apps.chest_xray.shapes import SIZE

#: Which of every ten pictures are for validation.
_HELD_OUT = (2, 5, 8)
#: One in so many is a DICOM file.
_DICOM = 5


def write_dataset(folder: Path, images: int, seed: int) -> None:
    """Write phantoms, their boxes and their split; see `millpond.apps.chest_xray.generate`."""
    for name in ("images", "annotations"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    parts: dict[str, list[str]] = {"train": [], "val": []}
    for number in range(images):
        stem = f"chest_{number:05}"
        phantom = draw_phantom(seed, number)
        ending = "dcm" if number % _DICOM == _DICOM - 1 else "png"
        file = folder / "images" / f"{stem}.{ending}"
        if ending == "dcm":
            write_dicom(file, phantom.values, seed, number)
        else:
            Image.fromarray((phantom.values >> 4).astype(np.uint8)).save(file, compress_level=4)
        _write_boxes(folder / "annotations" / f"{stem}.xml", file.name, phantom)
        parts["val" if number % 10 in _HELD_OUT else "train"].append(stem)
    for part, stems in parts.items():
        (folder / f"{part}.txt").write_text("".join(f"{stem}\n" for stem in stems))


def _write_boxes(file: Path, picture: str, phantom: Phantom) -> None:
    root = ElementTree.Element("annotation")
    _add(root, "filename", picture)
    size = ElementTree.SubElement(root, "size")
    for name, value in (("width", SIZE), ("height", SIZE), ("depth", 1)):
        _add(size, name, value)
    for label, (x_min, y_min, x_max, y_max) in phantom.findings:
        found = ElementTree.SubElement(root, "object")
        _add(found, "name", label)
        corners = ElementTree.SubElement(found, "bndbox")
        # Pascal VOC counts from 1 and includes the last pixel.
        for name, value in (
            ("xmin", x_min + 1),
            ("ymin", y_min + 1),
            ("xmax", x_max),
            ("ymax", y_max),
        ):
            _add(corners, name, value)
    ElementTree.indent(root)
    file.write_bytes(ElementTree.tostring(root, encoding="utf-8") + b"\n")


def _add(parent: ElementTree.Element, name: str, value: object) -> None:
    ElementTree.SubElement(parent, name).text = str(value)
