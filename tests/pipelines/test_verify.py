"""Verify: all is well when it is, and whatever is amiss is found and named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from filled import filled
from millpond.capture.annotations import NewAnnotation
from millpond.capture.objects import object_key
from millpond.capture.refusals import record_refusal
from millpond.database.connection import reading
from millpond.snapshots.files import LABELS
from millpond.values import Box, Prediction
from pond import Pond, cells


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("template") / "pond"


@pytest.fixture
def pond(tmp_path: Path, template: Path) -> Iterator[Pond]:
    """Three reviewed cells, one of them with an inference that was reviewed, half loaded."""
    filled(tmp_path / "pond", template, _fill)
    pond = Pond(tmp_path / "pond")
    yield pond
    pond.close()


def _fill(folder: Path) -> None:
    folder.mkdir()
    pond = Pond(folder)
    pond.ingest(cells(folder / "a", 3))
    pond.freeze("first")
    pond.load()
    [object_id, *_] = _objects(pond)
    inference = pond.infer(object_id, Prediction("RBC", 0.9, Box(0, 0, 9, 9)))
    [row] = pond.rows("SELECT prediction_id FROM predictions")
    pond.annotate(
        object_id,
        NewAnnotation("confirm", row["prediction_id"]),
        NewAnnotation("complete"),
        inference=inference,
    )
    pond.commit.run(lambda transaction: record_refusal(transaction, "cells", 400, "no image"))
    pond.close()


def _objects(pond: Pond) -> list[str]:
    return [row["object_id"] for row in pond.rows("FROM images ORDER BY object_id")]


def test_all_is_well(pond: Pond) -> None:
    done = pond.verify()
    assert (done.verify, done.findings, done.skipped) == ("ok", (), ())
    assert done.as_dict()["seconds"] > 0
    counted = {name: done.checked[name] for name in ("history_rows", "facts", "links")}
    assert done.checked == counted | {
        "inferences": 1,
        "predictions": 1,
        "annotations": 7,
        "objects": 3,
        "unreferenced": 0,
        "loads": 1,
        "mart_labels": len(pond.rows("FROM ground_truth")),
        "snapshots": 1,
    }
    assert done.checked["history_rows"] > 20
    assert done.checked["facts"] > done.checked["history_rows"]
    assert done.checked["links"] > 20


def test_bytes_of_no_object_are_counted_and_of_no_concern(pond: Pond) -> None:
    pond.store.put("objects/aa/never-answered", b"x")
    done = pond.verify()
    assert (done.verify, done.checked["unreferenced"]) == ("ok", 1)


def test_lost_cut_and_changed_bytes(pond: Pond) -> None:
    lost, cut, changed = _objects(pond)
    pond.store.delete(object_key(lost))
    pond.store.put(object_key(cut), pond.store.get(object_key(cut))[:-1])
    data = bytearray(pond.store.get(object_key(changed)))
    data[50] ^= 1
    pond.store.put(object_key(changed), bytes(data))
    done = pond.verify()
    problems = {finding.subject: finding.problem for finding in done.findings}
    assert problems[lost] == "the bytes are missing"
    assert "were kept" in problems[cut]
    assert "SHA-256" in problems[changed]
    assert {finding.check for finding in done.findings} == {"objects"}
    assert done.as_dict()["verify"] == "amiss"


@pytest.mark.parametrize(
    ("sql", "check", "problem"),
    [
        ("DELETE FROM outbox WHERE type LIKE '%inference%'", "events", "not exactly one event"),
        (
            "INSERT INTO outbox SELECT 'again', recorded_at, type, app, entity_id, data,"
            " key, partition"
            " FROM outbox WHERE type LIKE '%inference%'",
            "events",
            "the inference has not exactly one event",
        ),
        ("DELETE FROM refusals", "events", "tells of refusal that is not there"),
        ("DELETE FROM inferences", "predictions", "inference_id is that of nothing in inferences"),
        ("DELETE FROM predictions", "annotations", "is that of no prediction and no annotation"),
        ("UPDATE annotations SET label = 'WBC' WHERE action = 'add'", "history", "sat_annotation"),
        ("UPDATE objects SET width = 41", "history", "sat_object"),
        ("DELETE FROM object_origins", "history", "sat_object_origin"),
    ],
)
def test_facts_that_do_not_fit_together(pond: Pond, sql: str, check: str, problem: str) -> None:
    pond.execute(sql)
    found = [finding for finding in pond.verify().findings if finding.check == check]
    assert any(problem in finding.problem for finding in found)
    assert all(finding.what_to_do for finding in found)


def test_an_image_that_a_snapshot_has_and_the_project_has_not(pond: Pond) -> None:
    pond.execute(f"DELETE FROM objects WHERE object_id = '{_objects(pond)[1]}'")
    found = {finding.check: finding for finding in pond.verify().findings}
    assert found["snapshots"].problem == "1 of its 3 images are no objects of the project"


def test_a_changed_snapshot(pond: Pond) -> None:
    path = pond.snapshots.get("first").folder / LABELS
    path.write_bytes(path.read_bytes()[:-1])
    [finding] = pond.verify().findings
    assert (finding.check, finding.subject) == ("snapshots", "first")
    assert LABELS in finding.problem


def test_a_lost_file_of_the_history(pond: Pond) -> None:
    for path in (pond.folder / "lake" / "history" / "sat_object").glob("*.parquet"):
        path.unlink()
    assert any(finding.check == "history" for finding in pond.verify().findings)


def test_many_findings_are_counted_and_some_listed(pond: Pond, tmp_path: Path) -> None:
    pond.ingest(cells(tmp_path / "b", 150, 100))
    pond.execute("DELETE FROM outbox WHERE type = 'millpond.object.recorded'")
    findings = pond.verify().findings
    assert len(findings) == 101
    assert findings[-1].problem == "53 more of the same"


def test_a_changed_model(pond: Pond, make_model: Callable[[Pond], Path]) -> None:
    folder = make_model(pond)
    done = pond.verify()
    assert (done.checked["models"], done.verify) == (1, "ok")
    model = folder / "model.onnx"
    model.write_bytes(model.read_bytes()[:-1] + b"!")
    [finding] = pond.verify().findings
    assert (finding.check, finding.subject) == ("models", "cells-1")


def test_a_damaged_page_of_the_operational_database(pond: Pond) -> None:
    if pond.engine.dialect.name != "sqlite":
        pytest.skip("a server checks its pages itself")
    with reading(pond.engine) as connection:
        find = text("SELECT rootpage FROM sqlite_schema WHERE name = 'objects'")
        page = connection.scalar(find)
    pond.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    pond.close()
    path = pond.folder / "lake" / "operations.db"
    data = bytearray(path.read_bytes())
    data[(page - 1) * 4096 : (page - 1) * 4096 + 200] = b"\xff" * 200
    path.write_bytes(data)
    again = Pond(pond.folder)
    done = again.verify()
    again.close()
    assert done.findings[0].check == "database"
    assert any(finding.check == "objects" for finding in done.findings)
    assert "links" in done.skipped
