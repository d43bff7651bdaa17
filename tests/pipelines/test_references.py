"""What facts refer to, when it was archived: found in the history, or amiss."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from millpond.capture.annotations import NewAnnotation, record_annotations
from millpond.capture.reviews import Place
from millpond.database.connection import reading
from millpond.history.archive import archive
from millpond.pipelines.references import REFERENCES, amiss
from millpond.values import Box, Prediction
from pond import APPS, Pond, cells

BOX = Box(1, 2, 3, 4)
NOBODY = "01900000-0000-7000-8000-000000000000"


@pytest.fixture
def pond(tmp_path: Path) -> Iterator[Pond]:
    """Archived images, imports and an inference; then annotations on its archived prediction."""
    pond = Pond(tmp_path)
    pond.ingest(cells(tmp_path / "a", 3))
    object_id = pond.rows("select object_id from images limit 1")[0]["object_id"]
    inference_id = pond.infer(object_id, Prediction("RBC", 0.9, BOX))
    [prediction] = pond.rows("select prediction_id from predictions")
    archive(pond.engine, pond.commit, pond.history, 0)
    place = Place(object_id, "cells", 40, 30, inference_id)
    sent = [NewAnnotation("correct", prediction["prediction_id"], "WBC"), NewAnnotation("complete")]
    with reading(pond.engine) as connection:
        earlier = pond.lookup.earlier(connection, object_id, sent)
    pond.commit.run(
        lambda t: record_annotations(t, place, sent, APPS["cells"], "user:ann", earlier)
    )
    yield pond
    pond.close()


def found(pond: Pond) -> list[str]:
    """The problems of all references."""
    with reading(pond.engine) as connection:
        return [
            reference.problem
            for reference in REFERENCES
            for _ in amiss(connection, pond.past, reference)
        ]


def test_what_was_archived_is_found(pond: Pond) -> None:
    assert found(pond) == []


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        (
            f"UPDATE annotations SET target_id = '{NOBODY}' WHERE action = 'correct'",
            "its target_id is that of no prediction and no annotation",
        ),
        (
            f"UPDATE reviews SET inference_id = '{NOBODY}'",
            "its inference_id is that of nothing in inferences",
        ),
        (
            "DELETE FROM outbox",
            "the annotation has not exactly one event in the outbox",
        ),
        (
            "DELETE FROM annotations WHERE action = 'complete'",
            "the event tells of annotation that is not there",
        ),
    ],
)
def test_what_is_nowhere_is_amiss(pond: Pond, sql: str, problem: str) -> None:
    pond.execute(sql)
    assert set(found(pond)) == {problem}
