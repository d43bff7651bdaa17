"""Near-duplicates never straddle a snapshot of a project that has features."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

import millpond
from features.network import network, picture
from features.rows import add_rows
from millpond.errors import Invalid
from millpond.features.tables import FeatureTables

SETTINGS = """
[apps.cells]
task = "classification"
labels = ["a", "b"]
"""
COPIES = 3


@pytest.fixture
def project(tmp_path: Path) -> Iterator[millpond.Project]:
    """Twenty pictures, each three times with a little noise."""
    chance = np.random.default_rng(0)
    for number in range(20):
        folder = tmp_path / "images" / "ab"[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        for copy in range(COPIES):
            noisy = picture(number) + chance.normal(0, 2, (48, 64, 3))
            pixels = np.clip(noisy, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"{number:02d}-{copy}.png")
    home = tmp_path / "cells"
    home.mkdir()
    (home / "millpond.toml").write_text(SETTINGS)
    with millpond.Project.open(home) as opened:
        opened.ingest(tmp_path / "images")
        yield opened


def _pictures(project: millpond.Project) -> dict[str, str]:
    """Which of the twenty pictures each object is."""
    found = project.analytics.table("SELECT object_id, path FROM sat_object_origin").to_pylist()
    return {row["object_id"]: Path(row["path"]).stem.split("-")[0] for row in found}


def test_copies_stay_together_and_are_the_most_alike(
    project: millpond.Project, tmp_path: Path
) -> None:
    project.features(model=str(network(tmp_path / "network.onnx")))
    made = project.snapshot("s", similar=4e-5)
    pictures = _pictures(project)
    members = pq.read_table(made.folder / "members.parquet").to_pylist()
    assert len(members) == 20 * COPIES
    parts = defaultdict(set)
    for member in members:
        parts[pictures[member["object_id"]]].add(member["part"])
    assert all(len(each) == 1 for each in parts.values())
    assert made.manifest()["split"]["clusters"] == 20
    assert made.definition["alike"]["diameter"] == 4e-5
    assert made.definition["alike"]["model"].startswith("network-")
    again = project.snapshot("again", as_of=made.as_of, similar=4e-5)
    assert again.sha256 == made.sha256

    for object_id in list(pictures)[:6]:
        found = project.similar(object_id, COPIES - 1)
        assert {pictures[one["object_id"]] for one in found} == {pictures[object_id]}


def test_every_image_needs_a_vector(project: millpond.Project) -> None:
    with pytest.raises(Invalid, match="0 of 60 images have a vector of one model; millpond feat"):
        project.snapshot("s", similar=0.05)
    with pytest.raises(Invalid, match=r"diameter 3 is not a cosine distance"):
        project.snapshot("s", similar=3)
    [some, *_] = project.query("SELECT object_id FROM images").to_pylist()
    table = FeatureTables(project.lake / "features").features
    add_rows(table, "net-000000000000", [some["object_id"]], np.ones((1, 2), np.float32))
    with pytest.raises(Invalid, match="1 of 60 images have a vector"):
        project.snapshot("s", similar=0.05)
