"""Listings: what is found in folders, applications and snapshots, with which labels."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from millpond.capture.annotations import NewAnnotation
from millpond.errors import Invalid, MillpondError, NotFound, TooLarge
from millpond.features.listing import (
    LISTING,
    list_app,
    list_folder,
    list_prefix,
    list_snapshot,
)
from millpond.features.reading import Reader
from millpond.raw.limits import Limits
from millpond.values import Box
from pond import Pond, cells, picture


def rows(batches: Iterator[pa.RecordBatch]) -> list[dict[str, Any]]:
    table = pa.Table.from_batches(batches, LISTING)
    found: list[dict[str, Any]] = table.sort_by("object_id").to_pylist()
    return found


def tree(top: Path, *names: str) -> Path:
    for name in names:
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return top


def test_a_label_is_the_name_of_the_folder(tmp_path: Path) -> None:
    top = tree(tmp_path, "top.jpg", "apple/1.jpg", "train/lemon/2.png", "train/lemon/deep/3")
    found = {row["object_id"]: row for row in rows(list_folder(top))}
    labels = {Path(key).name: row["label"] for key, row in found.items()}
    assert labels == {"top.jpg": None, "1.jpg": "apple", "2.png": "lemon", "3": "deep"}
    assert found[str(top / "apple/1.jpg")] == {
        "object_id": str(top / "apple/1.jpg"),
        "label": "apple",
        "uri": str(top / "apple/1.jpg"),
        "bytes": len("apple/1.jpg"),
    }


def test_hidden_files_and_what_is_no_picture_by_name_are_left_out(tmp_path: Path) -> None:
    top = tree(
        tmp_path / "top", "a.JPG", "scan", "x.unknown", ".hidden.jpg", ".cache/b.jpg",
        "labels.csv", "notes.TXT", "boxes.xml", "index.json",
    )  # fmt: skip
    assert [Path(row["uri"]).name for row in rows(list_folder(top))] == [
        "a.JPG", "scan", "x.unknown",
    ]  # fmt: skip


def test_links_are_followed_to_files_inside_alone(tmp_path: Path) -> None:
    top = tree(tmp_path / "top", "a/1.jpg")
    tree(tmp_path / "outside", "secret.jpg")
    (top / "inner.jpg").symlink_to(top / "a/1.jpg")
    (top / "outer.jpg").symlink_to(tmp_path / "outside/secret.jpg")
    (top / "folder").symlink_to(tmp_path / "outside")
    (top / "broken.jpg").symlink_to(top / "none.jpg")
    (top / "loop").symlink_to(top)
    assert [Path(row["uri"]).name for row in rows(list_folder(top))] == ["1.jpg", "inner.jpg"]


def test_names_that_are_no_text_are_listed_and_read(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/apf\xe9l"
    os.mkdir(folder)
    for name, data in ((b"\xff.jpg", b"one"), (b"\xfe.jpg", b"two")):
        with open(folder + b"/" + name, "wb") as file:
            file.write(data)
    found = rows(list_folder(tmp_path))
    assert [row["label"] for row in found] == ["apf?l", "apf?l"]
    assert sorted(Reader().read([row["uri"] for row in found])) == [b"one", b"two"]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no folder"):
        list_prefix(str(tmp_path / "none"))
    with pytest.raises(Invalid, match=r"s3://bucket/prefix"):
        list_prefix("gs://bucket/pictures")


def test_files_are_read_in_order_and_errors_are_answers(tmp_path: Path) -> None:
    tree(tmp_path, "a", "bb", "ccc" * 10)
    uris = [str(tmp_path / name) for name in ("bb", "none", "ccc" * 10, "a", "a/b")]
    answers = list(Reader(Limits(bytes=5)).read(uris))
    assert answers[0] == b"bb"
    assert isinstance(answers[1], NotFound)
    assert isinstance(answers[2], TooLarge)
    assert answers[3] == b"a"
    assert isinstance(answers[4], NotFound)
    [folder] = Reader().read([str(tmp_path)])
    assert isinstance(folder, MillpondError)


@pytest.fixture
def pond(tmp_path: Path) -> Iterator[Pond]:
    pond = Pond(tmp_path / "pond")
    yield pond
    pond.close()


def of_app(pond: Pond, app: str, as_of: int | None = None) -> list[dict[str, Any]]:
    return rows(list_app(pond.analytics, pond.folder / "lake", app, as_of))


def classes(folder: Path) -> Path:
    for number in range(8):
        path = folder / ("apple" if number % 2 else "lemon") / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(number))
    return folder


def test_an_application_is_listed_with_its_one_true_label(pond: Pond, tmp_path: Path) -> None:
    pond.ingest(classes(tmp_path / "in"), "fruits")
    pond.ingest(cells(tmp_path / "cells", 5), "cells")
    listed = of_app(pond, "fruits")
    assert sorted(row["label"] for row in listed) == ["apple"] * 4 + ["lemon"] * 4
    data = list(Reader().read([row["uri"] for row in listed]))
    assert sorted(map(len, data)) == sorted(row["bytes"] for row in listed)
    assert set(data) == {picture(number) for number in range(8)}
    # One of RBC and one of WBC are two labels, and so none; a negative has none either.
    truth = of_app(pond, "cells")
    assert [row["label"] for row in truth].count("RBC") == 4
    assert [row["label"] for row in truth].count(None) == 1
    labelled = next(row["object_id"] for row in truth if row["label"] == "RBC")
    pond.annotate(labelled, NewAnnotation("add", label="WBC", box=Box(5, 5, 9, 9)))
    after = {row["object_id"]: row["label"] for row in of_app(pond, "cells")}
    assert after[labelled] is None


def test_an_application_is_listed_as_of_a_moment(pond: Pond, tmp_path: Path) -> None:
    pond.ingest(cells(tmp_path / "first", 3), "cells")
    then = pond.now
    pond.ingest(cells(tmp_path / "second", 2, first=10), "cells")
    assert len(of_app(pond, "cells", then)) == 3
    assert len(of_app(pond, "cells")) == 5


def test_a_snapshot_is_listed_as_it_was_frozen(pond: Pond, tmp_path: Path) -> None:
    pond.ingest(classes(tmp_path / "in"), "fruits")
    before = of_app(pond, "fruits")
    snapshot = pond.freeze("first", "fruits")
    first = before[0]
    other = {"apple": "lemon", "lemon": "apple"}[first["label"]]
    pond.annotate(first["object_id"], NewAnnotation("add", label=other))
    assert rows(list_snapshot(snapshot, pond.folder / "lake")) == before
    assert of_app(pond, "fruits") != before
