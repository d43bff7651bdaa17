"""Snapshots: frozen for good, the same bytes when made again, honest about what is in them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from millpond.capture.annotations import NewAnnotation
from millpond.errors import Conflict, Corrupted, Invalid, NotFound
from millpond.snapshots.examples import Label
from millpond.snapshots.files import LABELS, MANIFEST, MEMBERS
from millpond.values import Box
from pond import Pond, cells


def test_reviewed_images_are_frozen_negatives_included(pond: Pond, tmp_path: Path) -> None:
    pond.ingest(cells(tmp_path / "f1", 30))
    pond.ingest(cells(tmp_path / "f2", 5, 100, labels=False), format="folder", labels=False)
    snapshot = pond.freeze("first")
    assert snapshot.images == 30
    assert sum(snapshot.parts.values()) == 30
    examples = snapshot.examples(pond.store)
    assert sum(not example.labels for example in examples) == 6
    assert {label for example in examples for label in example.labels} == {
        Label("RBC", Box(0, 0, 9, 9))
    }
    for part, count in snapshot.parts.items():
        assert len(pond.snapshots.examples("first", part)) == count


def test_examples_give_the_bytes_and_are_in_their_order(pond: Pond, tmp_path: Path) -> None:
    pond.ingest(cells(tmp_path / "f3", 8))
    examples = pond.freeze("first").examples(pond.store)
    digests = [hashlib.sha256(example.read()).hexdigest() for example in examples]
    assert digests == sorted(digests)
    assert examples[-1] == examples[len(examples) - 1] == examples[-2:][1]
    with pytest.raises(IndexError):
        examples[len(examples)]


def test_it_does_not_change_with_what_comes_later(pond: Pond, tmp_path: Path) -> None:
    pond.ingest(cells(tmp_path / "f4", 10))
    first = pond.freeze("first")
    before = list(first.examples(pond.store))
    pond.ingest(cells(tmp_path / "f5", 10, 50))
    pond.annotate(before[0].object_id, NewAnnotation("add", None, "WBC", Box(1, 1, 5, 5)))
    pond.annotate(before[0].object_id, NewAnnotation("complete"))
    assert list(pond.snapshots.get("first").examples(pond.store)) == before
    assert pond.freeze("second").images == 20


def test_made_again_it_is_the_same_to_the_byte_also_after_a_load(
    pond: Pond, tmp_path: Path
) -> None:
    pond.ingest(cells(tmp_path / "f6", 40))
    first = pond.freeze("first")
    pond.ingest(cells(tmp_path / "f7", 5, 90))
    pond.load()
    again = pond.freeze("again", as_of="first")
    assert again.sha256 == first.sha256
    for name in (MEMBERS, LABELS, MANIFEST):
        assert (first.folder / name).read_bytes() == (again.folder / name).read_bytes()
    assert pond.freeze("later").sha256 != first.sha256


def test_unreviewed_images_are_members_when_asked_for_but_no_examples(
    pond: Pond, tmp_path: Path
) -> None:
    pond.ingest(cells(tmp_path / "f8", 10))
    pond.ingest(cells(tmp_path / "f9", 5, 100, labels=False), format="folder", labels=False)
    snapshot = pond.freeze("all", include_unreviewed=True)
    assert snapshot.images == 15
    assert len(snapshot.examples(pond.store)) == 10


def test_what_identifies_a_person_is_not_written(pond: Pond, tmp_path: Path) -> None:
    pond.ingest(cells(tmp_path / "f10", 4), subject_from=r"^(\d)", group=r"(\d)\.png")
    snapshot = pond.freeze("first")
    written = b"".join(path.read_bytes() for path in snapshot.folder.iterdir())
    assert b".png" not in written
    assert b"subject" not in written


def test_a_name_is_taken_once_and_is_no_moment(pond: Pond, tmp_path: Path) -> None:
    pond.ingest(cells(tmp_path / "f11", 3))
    pond.freeze("first")
    with pytest.raises(Conflict, match="'first' already"):
        pond.freeze("first")
    for name in ("", "2026-01-01", "now", "../up", "a b", "x" * 65):
        with pytest.raises(Invalid):
            pond.freeze(name)
    assert [snapshot.name for snapshot in pond.snapshots.list("cells")] == ["first"]
    assert len(list(pond.snapshots.get("first").folder.parent.iterdir())) == 1


def test_there_must_be_something_to_freeze(pond: Pond) -> None:
    with pytest.raises(Invalid, match="no image of app cells is reviewed"):
        pond.freeze("first")
    with pytest.raises(Invalid, match="still to come"):
        pond.freeze("first", as_of="2999-01-01")
    with pytest.raises(NotFound, match="existing snapshots: none"):
        pond.snapshots.get("first")


@pytest.mark.parametrize("name", [MEMBERS, LABELS, MANIFEST])
def test_a_changed_file_is_noticed(pond: Pond, tmp_path: Path, name: str) -> None:
    pond.ingest(cells(tmp_path / "f12", 6))
    snapshot = pond.freeze("first")
    path = snapshot.folder / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(Corrupted, match=name):
        snapshot.examples(pond.store)
    path.unlink()
    with pytest.raises(Corrupted, match="is missing"):
        snapshot.manifest()
