"""Small data sets on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image


def picture(path: Path, seed: int, size: int = 32) -> None:
    """A small picture of noise; another seed is another picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)
    Image.fromarray(noise).save(path)


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    """Two classes of turning things: 60 pictures in a folder each."""
    folder = tmp_path / "things"
    for number in range(60):
        picture(folder / "cup" / f"{number}_100.png", number)
        picture(folder / "pot" / f"{number}_100.png", 1000 + number)
    return folder


@pytest.fixture
def boxes(tmp_path: Path) -> Path:
    """Pascal VOC: 20 pictures, of which four are to be tested on and one has no label."""
    folder = tmp_path / "boxes"
    for number in range(20):
        picture(folder / "images" / f"p{number:02}.png", number)
        label = "rare" if number == 13 else "usual"
        thing = (
            f"<object><name>{label}</name><bndbox><xmin>3</xmin><ymin>3</ymin>"
            "<xmax>40</xmax><ymax>20</ymax></bndbox></object>"
        )
        sidecar = folder / "annotations" / f"p{number:02}.xml"
        sidecar.parent.mkdir(exist_ok=True)
        sidecar.write_text(f"<annotation>{'' if number == 7 else thing}</annotation>")
    (folder / "train.txt").write_text("".join(f"p{number:02}\n" for number in range(16)))
    (folder / "val.txt").write_text("".join(f"p{number:02}\n" for number in range(16, 20)))
    return folder
