"""Marts of documents: each image's, the same bytes every time, however they were kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from millpond.analytics.refresh import refresh
from millpond.capture.annotations import NewAnnotation
from millpond.errors import Conflict
from millpond.marts.marts import Choice, Exported
from millpond.values import Prediction
from pond import APPS, Pond, cells


def _export(pond: Pond, out: Path, **choice: Any) -> Exported:
    return pond.marts.export("documents", "cells", APPS["cells"], out, Choice(**choice))


def test_it_has_a_line_for_each_image_of_the_application(pond: Pond, tmp_path: Path) -> None:
    pond.ingest(cells(tmp_path / "a", 3))
    pond.ingest(cells(tmp_path / "b", 2, 50, labels=False), labels=False)
    done = _export(pond, tmp_path / "mart")
    lines = [json.loads(line) for line in done.path.read_text().splitlines()]
    assert done.path.name == "documents.jsonl"
    assert (done.images, len(lines)) == (5, 5)
    assert [line["object_id"] for line in lines] == sorted(line["object_id"] for line in lines)
    assert done.annotations == sum(len(line["annotations"]) for line in lines) > 0
    views = pond.rows("SELECT document FROM documents ORDER BY object_id")
    assert lines == [json.loads(row["document"]) for row in views]


def test_the_same_moment_gives_the_same_bytes(pond: Pond, tmp_path: Path) -> None:
    pond.ingest(cells(tmp_path / "a", 4))
    pond.freeze("first")
    first = _export(pond, tmp_path / "one").path.read_bytes()
    moment = pond.snapshots.get("first").as_of
    [row, *_] = pond.rows("SELECT object_id FROM images ORDER BY object_id")
    refresh(pond.engine, pond.history, pond.analytics)
    pond.infer(row["object_id"], Prediction("RBC", 0.5))
    pond.annotate(row["object_id"], NewAnnotation("complete"))
    assert _export(pond, tmp_path / "two", as_of=moment).path.read_bytes() == first
    pond.load()
    assert _export(pond, tmp_path / "three", snapshot="first").path.read_bytes() == first
    refresh(pond.engine, pond.history, pond.analytics, ["documents"])
    assert _export(pond, tmp_path / "three", as_of=moment).path.read_bytes() == first
    assert _export(pond, tmp_path / "four").path.read_bytes() != first
    whole = b"".join(pond.marts.zip("documents", "cells", APPS["cells"], Choice(as_of=moment)))
    again = b"".join(pond.marts.zip("documents", "cells", APPS["cells"], Choice(as_of=moment)))
    assert whole == again


def test_what_is_no_mart_is_left_alone(pond: Pond, tmp_path: Path) -> None:
    pond.ingest(cells(tmp_path / "a", 1))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "documents.jsonl").write_text("mine")
    with pytest.raises(Conflict, match="is no mart"):
        _export(pond, tmp_path / "mine")
