"""Snapshots of chosen images: the choice is part of the definition, reviewed images alone count."""

from __future__ import annotations

from pathlib import Path

import pytest

from millpond.errors import Invalid
from millpond.snapshots.selection import Selection
from millpond.values import new_id
from pond import Pond, cells


def test_only_chosen_images_that_are_reviewed_are_frozen(pond: Pond, tmp_path: Path) -> None:
    pond.ingest(cells(tmp_path / "in", 10))
    pond.ingest(cells(tmp_path / "new", 2, 10, labels=False))
    rows = pond.rows("select object_id, sha256 from images order by sha256")
    reviewed = {row["object_id"] for row in pond.rows("select object_id from reviews")}
    chosen = [row["object_id"] for row in rows][::2]
    frozen = pond.freeze("part", selection=Selection.of(chosen, {"label": ["RBC"]}))
    assert set(chosen) - reviewed, "some of them nobody has reviewed"
    assert {one.object_id for one in pond.snapshots.examples("part")} == reviewed & set(chosen)
    assert frozen.definition["selection"] == {
        "object_ids": sorted(chosen),
        "filter": {"label": ["RBC"]},
    }
    assert frozen.as_dict()["definition"]["selection"] == {
        "images": len(chosen),
        "filter": {"label": ["RBC"]},
    }
    pond.ingest(cells(tmp_path / "late", 3, 20))
    twice = Selection.of([*reversed(chosen), chosen[0]], {"label": ["RBC"]})
    again = pond.freeze("again", selection=twice, as_of=frozen.as_of)
    assert again.sha256 == frozen.sha256, "the same choice and moment are the same bytes"
    whole = pond.freeze("whole", as_of=frozen.as_of)
    assert "selection" not in whole.as_dict()["definition"]


def test_a_choice_that_holds_nothing_is_refused(pond: Pond, tmp_path: Path) -> None:
    pond.ingest(cells(tmp_path / "in", 2))
    with pytest.raises(Invalid, match="no image is chosen"):
        Selection.of([])
    with pytest.raises(Invalid, match="'x' is not a UUID"):
        Selection.of(["x"])
    with pytest.raises(Invalid, match="none of the 1 chosen images of app cells is reviewed"):
        pond.freeze("none", selection=Selection.of([new_id()]))
