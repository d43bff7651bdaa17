"""Ingest: what comes in, what is refused, and that the same again adds nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from millpond.capture.annotations import NewAnnotation, Place, record_annotations
from millpond.capture.objects import NewObject, object_key, record_object
from millpond.database.group_commit import GroupCommit
from millpond.errors import UsageError
from millpond.pipelines.ingest import Ingested
from millpond.raw.folder import FolderStore
from millpond.settings import AppSection
from millpond.values import Box, new_id

Bring = Callable[..., Ingested]
Rows = Callable[[str], list[tuple[Any, ...]]]
Write = Callable[..., None]

_SAID = "SELECT action, label, x_min, y_min, x_max, y_max FROM annotations ORDER BY recorded_at"


def test_boxes_come_in_with_a_complete(voc: Write, feed: Path, bring: Bring, rows: Rows) -> None:
    voc("a", ("RBC", 1, 1, 10, 20), ("WBC", 5, 5, 40, 30))
    assert bring(feed) == Ingested(1, 2, 0, ())
    assert rows(_SAID) == [
        ("add", "RBC", 0, 0, 10, 20),
        ("add", "WBC", 4, 4, 40, 30),
        ("complete", None, None, None, None, None),
    ]
    assert rows("SELECT DISTINCT annotator FROM annotations") == [("import",)]


def test_the_bytes_are_kept_as_they_came(
    voc: Write, feed: Path, bring: Bring, rows: Rows, store: FolderStore
) -> None:
    voc("a", ("RBC", 1, 1, 10, 20))
    bring(feed)
    [(object_id, sha256, size)] = rows("SELECT object_id, sha256, bytes FROM objects")
    kept = store.get(object_key(object_id))
    assert kept == (feed / "a.png").read_bytes()
    assert (hashlib.sha256(kept).hexdigest(), len(kept)) == (sha256, size)


def test_the_same_again_adds_nothing(voc: Write, feed: Path, bring: Bring, rows: Rows) -> None:
    voc("a", ("RBC", 1, 1, 10, 20), ("RBC", 1, 1, 10, 20))
    voc("b", seed=1)
    bring(feed)
    before = rows("SELECT count(*) FROM outbox")
    assert bring(feed) == Ingested(0, 0, 0, ())
    assert rows("SELECT count(*) FROM outbox") == before


def test_a_picture_without_a_label_file_is_not_complete(
    voc: Write, feed: Path, bring: Bring, picture: Callable[[int], bytes], rows: Rows
) -> None:
    voc("negative", seed=1)
    (feed / "unlabelled.png").write_bytes(picture(2))
    assert bring(feed, format="voc").objects == 2
    assert [action for action, *_ in rows(_SAID)] == ["complete"]


def test_no_labels_takes_the_pictures_alone(
    voc: Write, feed: Path, bring: Bring, rows: Rows
) -> None:
    voc("a", ("RBC", 1, 1, 10, 20))
    assert bring(feed, labels=False, format="voc") == Ingested(1, 0, 0, ())
    assert rows(_SAID) == []
    assert bring(feed) == Ingested(0, 1, 0, ())


def test_a_corrected_file_adds_the_difference(
    voc: Write, feed: Path, bring: Bring, rows: Rows
) -> None:
    voc("a", ("RBC", 1, 1, 10, 20), ("WBC", 20, 5, 40, 30))
    bring(feed)
    voc("a", ("RBC", 2, 1, 10, 20), ("RBC", 30, 20, 40, 30))
    assert bring(feed).annotations == 3
    assert rows(_SAID)[3:] == [
        ("correct", "RBC", 1, 0, 10, 20),
        ("reject", None, None, None, None, None),
        ("add", "RBC", 29, 19, 40, 30),
        ("complete", None, None, None, None, None),
    ]
    assert bring(feed).annotations == 0


def test_what_a_person_corrected_is_not_undone(
    voc: Write, feed: Path, bring: Bring, rows: Rows, commit: GroupCommit
) -> None:
    voc("a", ("RBC", 1, 1, 10, 20))
    bring(feed)
    [(object_id, target)] = rows(
        "SELECT object_id, annotation_id FROM annotations JOIN reviews USING (review_id)"
        " WHERE action = 'add'"
    )
    correction = NewAnnotation("correct", target, "WBC", Box(0, 0, 9, 9))
    declared = AppSection(task="detection", labels=("RBC", "WBC"))
    place = Place(object_id, "cells", 40, 30)
    commit.run(lambda t: record_annotations(t, place, [correction], declared, "user:ann"))
    assert bring(feed).annotations == 0


def test_boxes_are_clipped_and_what_does_not_fit_is_told(
    voc: Write, feed: Path, bring: Bring, rows: Rows
) -> None:
    voc("a", ("RBC", 0, 0, 999, 20), ("RBC", 50, 5, 60, 9), ("Ship", 1, 1, 5, 5))
    done = bring(feed)
    assert (done.objects, done.annotations, done.refused) == (1, 1, 1)
    assert done.refusals[0].path == "a.png"
    assert "is empty inside the picture" in done.refusals[0].reason
    assert "'Ship' is not one of RBC, WBC (app cells)" in done.refusals[0].reason
    assert rows(_SAID)[0] == ("add", "RBC", 0, 0, 40, 20)
    assert rows("SELECT app, status FROM refusals") == [("cells", 422)]


def test_bad_files_are_refused_and_the_others_taken(
    voc: Write, feed: Path, bring: Bring, rows: Rows, store: FolderStore
) -> None:
    voc("good", ("RBC", 1, 1, 10, 20))
    voc("malformed", seed=1)
    (feed / "malformed.xml").write_text("<annotation>")
    (feed / "text.jpg").write_text("I am no picture")
    (feed / "empty.png").write_bytes(b"")
    (feed / "cut.png").write_bytes((feed / "good.png").read_bytes()[:200])
    done = bring(feed)
    assert (done.objects, done.refused) == (1, 4)
    assert [refused.path for refused in done.refusals] == [
        "cut.png",
        "empty.png",
        "malformed.png",
        "text.jpg",
    ]
    assert rows("SELECT status FROM refusals ORDER BY recorded_at") == [
        (400,),
        (400,),
        (422,),
        (400,),
    ]
    assert "good" not in str(rows("SELECT reason FROM refusals"))
    assert len(list(store.list("objects"))) == 1


def test_the_same_bytes_twice_are_one_object(
    voc: Write, feed: Path, bring: Bring, store: FolderStore
) -> None:
    voc("a", ("RBC", 1, 1, 10, 20))
    voc("b", ("RBC", 1, 1, 10, 20))
    voc("c", ("WBC", 1, 1, 10, 20))
    for again in (False, True):
        done = bring(feed)
        assert (done.objects, done.annotations) == ((0, 0) if again else (1, 1))
        assert [(refused.path, refused.status) for refused in done.refusals] == [("c.png", 422)]
    assert len(list(store.list("objects"))) == 1


def test_the_same_bytes_of_two_subjects_are_two_objects(
    feed: Path, bring: Bring, picture: Callable[[int], bytes], rows: Rows
) -> None:
    for patient in ("ann", "ben"):
        (feed / patient).mkdir()
        (feed / patient / "1.png").write_bytes(picture(1))
    done = bring(feed, format="folder", labels=False, subject_from="^([^/]+)/")
    assert done.objects == 2
    assert rows("SELECT identifier FROM subject_identities ORDER BY 1") == [("ann",), ("ben",)]


def test_group_order_and_part_are_kept(
    feed: Path, bring: Bring, picture: Callable[[int], bytes], rows: Rows, tmp_path: Path
) -> None:
    (feed / "apple").mkdir()
    for number in range(3):
        (feed / "apple" / f"{number}_100.png").write_bytes(picture(number))
    split = tmp_path / "split.csv"
    split.write_text("path,part\napple/0_100.png,train\napple/2_100.png,test\n")
    bring(feed, "fruits", split=split, group=r"^(.*/)\d+_", order=r"(\d+)_100")
    assert rows("SELECT path, group_key, order_key, part FROM object_origins ORDER BY 1") == [
        ("apple/0_100.png", "apple/", "0", "train"),
        ("apple/1_100.png", "apple/", "1", None),
        ("apple/2_100.png", "apple/", "2", "test"),
    ]
    split.write_text("path,part\napple/0_100.png,val\n")
    done = bring(feed, "fruits", split=split)
    assert [refused.path for refused in done.refusals] == ["apple/0_100.png"]
    assert "already in part train" in done.refusals[0].reason


def test_an_uploaded_picture_gets_its_origin_when_it_is_ingested(
    voc: Write, feed: Path, bring: Bring, rows: Rows, commit: GroupCommit, store: FolderStore
) -> None:
    voc("a", ("RBC", 1, 1, 10, 20))
    data = (feed / "a.png").read_bytes()
    object_id, digest = new_id(), hashlib.sha256(data).hexdigest()
    store.put(object_key(object_id), data)
    new = NewObject(object_id, "cells", digest, "image/png", 40, 30, len(data), "upload")
    commit.run(lambda transaction: record_object(transaction, new))
    for _ in range(2):
        bring(feed)
    assert rows("SELECT object_id, path FROM object_origins") == [(object_id, "a.png")]
    assert [action for action, *_ in rows(_SAID)] == ["add", "complete"]


def test_labels_for_another_task_are_refused_before_anything_is_kept(
    voc: Write, feed: Path, bring: Bring, rows: Rows
) -> None:
    voc("a", ("RBC", 1, 1, 10, 20))
    with pytest.raises(UsageError, match="for a detection, but app fruits is a classification"):
        bring(feed, "fruits")
    assert rows("SELECT count(*) FROM objects") == [(0,)]


def test_real_blood_cells(real_data: Path, bring: Bring, rows: Rows) -> None:
    declared = AppSection(task="detection", labels=("RBC", "WBC", "Platelets"))
    done = bring(real_data / "bccd", "blood-cells", declared)
    assert (done.objects, done.refused) == (292, 0)
    assert rows("SELECT part, count(*) FROM object_origins GROUP BY part ORDER BY 1") == [
        ("test", 87),
        ("train", 205),
    ]
    assert rows("SELECT count(*) FROM annotations WHERE action = 'complete'") == [(292,)]
    assert bring(real_data / "bccd", "blood-cells", declared) == Ingested(0, 0, 0, ())
