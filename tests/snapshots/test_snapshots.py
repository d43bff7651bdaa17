"""Snapshots: frozen for good, the same bytes when made again, honest about what is in them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from millpond.capture.annotations import NewAnnotation
from millpond.errors import Conflict, Corrupted, Invalid, NotFound
from millpond.history.load import load
from millpond.snapshots.examples import Label
from millpond.snapshots.files import LABELS, MANIFEST, MEMBERS
from millpond.values import Box

Cells = Callable[..., Path]


def _freeze(lake: Any, name: str, **options: Any) -> Any:
    return lake.snapshots.create(name, "cells", lake.declared, by="user:ann", **options)


def test_reviewed_images_are_frozen_negatives_included(lake: Any, cells: Cells) -> None:
    lake.ingest(cells(30))
    lake.ingest(cells(5, 100, labels=False), format="folder", labels=False)
    snapshot = _freeze(lake, "first")
    assert snapshot.images == 30
    assert sum(snapshot.parts.values()) == 30
    examples = snapshot.examples(lake.store)
    assert sum(not example.labels for example in examples) == 6
    assert {label for example in examples for label in example.labels} == {
        Label("RBC", Box(0, 0, 9, 9))
    }
    for part, count in snapshot.parts.items():
        assert len(lake.snapshots.examples("first", part)) == count


def test_examples_give_the_bytes_and_are_in_their_order(lake: Any, cells: Cells) -> None:
    lake.ingest(cells(8))
    examples = _freeze(lake, "first").examples(lake.store)
    digests = [hashlib.sha256(example.read()).hexdigest() for example in examples]
    assert digests == sorted(digests)
    assert examples[-1] == examples[len(examples) - 1] == examples[-2:][1]
    with pytest.raises(IndexError):
        examples[len(examples)]


def test_it_does_not_change_with_what_comes_later(lake: Any, cells: Cells) -> None:
    lake.ingest(cells(10))
    first = _freeze(lake, "first")
    before = list(first.examples(lake.store))
    lake.ingest(cells(10, 50))
    lake.annotate(before[0].object_id, NewAnnotation("add", None, "WBC", Box(1, 1, 5, 5)))
    lake.annotate(before[0].object_id, NewAnnotation("complete"))
    assert list(lake.snapshots.get("first").examples(lake.store)) == before
    assert _freeze(lake, "second").images == 20


def test_made_again_it_is_the_same_to_the_byte_also_after_a_load(lake: Any, cells: Cells) -> None:
    lake.ingest(cells(40))
    first = _freeze(lake, "first")
    lake.ingest(cells(5, 90))
    load(lake.engine, lake.commit, lake.history)
    again = _freeze(lake, "again", as_of="first")
    assert again.sha256 == first.sha256
    for name in (MEMBERS, LABELS, MANIFEST):
        assert (first.folder / name).read_bytes() == (again.folder / name).read_bytes()
    assert _freeze(lake, "later").sha256 != first.sha256


def test_unreviewed_images_are_members_when_asked_for_but_no_examples(
    lake: Any, cells: Cells
) -> None:
    lake.ingest(cells(10))
    lake.ingest(cells(5, 100, labels=False), format="folder", labels=False)
    snapshot = _freeze(lake, "all", include_unreviewed=True)
    assert snapshot.images == 15
    assert len(snapshot.examples(lake.store)) == 10


def test_what_identifies_a_person_is_not_written(lake: Any, cells: Cells) -> None:
    lake.ingest(cells(4), subject_from=r"^(\d)", group=r"(\d)\.png")
    snapshot = _freeze(lake, "first")
    written = b"".join(path.read_bytes() for path in snapshot.folder.iterdir())
    assert b".png" not in written
    assert b"subject" not in written


def test_a_name_is_taken_once_and_is_no_moment(lake: Any, cells: Cells) -> None:
    lake.ingest(cells(3))
    _freeze(lake, "first")
    with pytest.raises(Conflict, match="'first' already"):
        _freeze(lake, "first")
    for name in ("", "2026-01-01", "now", "../up", "a b", "x" * 65):
        with pytest.raises(Invalid):
            _freeze(lake, name)
    assert [snapshot.name for snapshot in lake.snapshots.list("cells")] == ["first"]
    assert len(list(lake.snapshots.get("first").folder.parent.iterdir())) == 1


def test_there_must_be_something_to_freeze(lake: Any) -> None:
    with pytest.raises(Invalid, match="no image of app cells is reviewed"):
        _freeze(lake, "first")
    with pytest.raises(Invalid, match="still to come"):
        _freeze(lake, "first", as_of="2999-01-01")
    with pytest.raises(NotFound, match="existing snapshots: none"):
        lake.snapshots.get("first")


@pytest.mark.parametrize("name", [MEMBERS, LABELS, MANIFEST])
def test_a_changed_file_is_noticed(lake: Any, cells: Cells, name: str) -> None:
    lake.ingest(cells(6))
    snapshot = _freeze(lake, "first")
    path = snapshot.folder / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(Corrupted, match=name):
        snapshot.examples(lake.store)
    path.unlink()
    with pytest.raises(Corrupted, match="is missing"):
        snapshot.manifest()
