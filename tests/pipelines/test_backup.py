"""Backup and restore: a whole copy as of one moment, whoever writes meanwhile, or none."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backends import database_url
from filled import filled
from millpond.capture.annotations import NewAnnotation
from millpond.capture.objects import object_key
from millpond.errors import Busy, Conflict, Corrupted, ProjectError
from millpond.pipelines.backup import BackedUp, Origin, backup
from millpond.pipelines.held import HELD
from millpond.pipelines.manifest import LIST, MANIFEST
from millpond.pipelines.own_folder import own_folder
from millpond.pipelines.restore import restore
from millpond.settings import FILE
from millpond.values import Box, Prediction
from pond import Pond, cells

_VIEWS = ("documents", "reviews", "ground_truth", "metrics_hourly", "refusals", "images")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("template") / "pond"


@pytest.fixture
def pond(tmp_path: Path, template: Path) -> Iterator[Pond]:
    """Reviewed cells with inferences, half loaded, a snapshot of them, and settings."""
    filled(tmp_path / "pond", template, _fill)
    pond = Pond(tmp_path / "pond")
    yield pond
    pond.close()


def _fill(folder: Path) -> None:
    folder.mkdir()
    (folder / FILE).write_text(
        f'[project]\nname = "cells"\nformat = 3\n\n[database]\nurl = "{database_url(folder)}"\n'
    )
    pond = Pond(folder)
    pond.ingest(cells(folder / "a", 3))
    pond.freeze("first")
    pond.load()
    _predict(pond)
    pond.close()


def _predict(pond: Pond) -> None:
    """An inference of each image, confirmed."""
    for row in pond.rows("FROM images ORDER BY object_id"):
        object_id = row["object_id"]
        inference = pond.infer(object_id, Prediction("RBC", 0.9, Box(0, 0, 9, 9)))
        found = pond.rows(
            f"SELECT prediction_id FROM predictions WHERE inference_id = '{inference}'"
        )
        pond.annotate(
            object_id,
            NewAnnotation("confirm", found[0]["prediction_id"]),
            NewAnnotation("complete"),
            inference=inference,
        )


def _state(pond: Pond, moment: int) -> dict[str, list[dict[str, Any]]]:
    """What every view answers as of a moment."""
    return {
        view: pond.analytics.table(f"FROM {view} ORDER BY ALL", moment).to_pylist()
        for view in _VIEWS
    }


def _back_up(pond: Pond, out: Path, **options: Any) -> BackedUp:
    origin = Origin(
        pond.folder, "cells", pond.folder / "lake", pond.engine, pond.store, pond.history
    )
    return backup(origin, out, **options)


def _restored(source: Path, folder: Path) -> Pond:
    """The project of a backup, on a database of the same kind."""
    restore(source, folder, database=database_url(folder))
    return Pond(folder)


def test_a_restored_project_answers_the_same_at_every_moment(pond: Pond, tmp_path: Path) -> None:
    moments = [pond.now]
    _predict(pond)
    moments.append(pond.now)
    done = _back_up(pond, tmp_path / "copy")
    assert done.moment == moments[-1]
    assert done.amiss == ()
    again = _restored(tmp_path / "copy", tmp_path / "new")
    for moment in moments:
        assert _state(again, moment) == _state(pond, moment)
    assert again.verify().findings == ()
    assert again.now == done.moment
    again.load()
    assert _state(again, moments[0]) == _state(pond, moments[0])
    again.close()


def test_facts_and_loads_go_on_meanwhile(pond: Pond, tmp_path: Path) -> None:
    """What was there at the backup's moment is there, and nothing later."""
    over = threading.Event()

    def write() -> None:
        while not over.is_set():
            _predict(pond)
            pond.load()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        copies = [_back_up(pond, tmp_path / f"copy-{number}") for number in range(2)]
    finally:
        over.set()
        thread.join()
    for number, done in enumerate(copies):
        again = _restored(done.path, tmp_path / f"new-{number}")
        assert again.now == done.moment
        assert _state(again, done.moment) == _state(pond, done.moment)
        assert again.verify().findings == ()
        again.load()
        assert _state(again, done.moment) == _state(pond, done.moment)
        again.close()


def test_files_of_the_history_may_go_away_meanwhile(pond: Pond, tmp_path: Path) -> None:
    gone: list[Path] = []

    def vacuum(stage: str, done: int, total: int) -> None:
        if not gone:
            gone.extend((pond.folder / "lake" / "history").glob("*/*.parquet"))
            for path in gone:
                path.unlink()

    before = _state(pond, pond.now)
    done = _back_up(pond, tmp_path / "copy", on_progress=vacuum)
    assert gone
    again = _restored(tmp_path / "copy", tmp_path / "new")
    assert _state(again, done.moment) == before
    again.close()
    assert not (pond.folder / "lake" / HELD).exists()


def test_a_backup_is_a_folder_that_others_can_check(pond: Pond, tmp_path: Path) -> None:
    out = tmp_path / "copies" / "today"
    done = _back_up(pond, out)
    told = json.loads((out / MANIFEST).read_text())
    assert (told["format"], told["project"], told["files"]) == (1, "cells", done.files)
    checked = subprocess.run(["sha256sum", "--check", "--quiet", LIST], cwd=out, check=False)
    assert checked.returncode == 0
    everything = [path for path in out.rglob("*") if path.is_file()]
    assert len(everything) == done.files + 2
    assert done.bytes == sum(
        path.stat().st_size for path in everything if path.name not in (LIST, MANIFEST)
    )
    assert out.stat().st_mode & 0o777 == 0o700


def test_an_earlier_backup_is_linked_to(pond: Pond, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    _back_up(pond, first)
    _predict(pond)
    _back_up(pond, second, link_from=first)
    shared = [
        path.relative_to(second)
        for path in second.rglob("*")
        if path.is_file() and path.stat().st_nlink > 1
    ]
    assert sum(path.suffix == ".parquet" for path in shared) == 6
    assert sum(path.parts[:2] == ("lake", "objects") for path in shared) == 3
    again = _restored(second, tmp_path / "new")
    assert _state(again, pond.now) == _state(pond, pond.now)
    again.close()


def test_what_is_amiss_is_told_and_the_rest_is_kept(pond: Pond, tmp_path: Path) -> None:
    lost, changed, _ = (row["object_id"] for row in pond.rows("FROM images ORDER BY object_id"))
    pond.store.delete(object_key(lost))
    pond.store.put(object_key(changed), b"something else")
    done = _back_up(pond, tmp_path / "copy")
    assert set(done.amiss) == {
        f"object {lost}: its bytes are missing",
        f"object {changed}: its bytes are not as they were captured",
    }
    again = _restored(tmp_path / "copy", tmp_path / "new")
    assert {finding.subject for finding in again.verify().findings} == {lost, changed}
    again.close()


def test_it_goes_into_a_new_folder_only(pond: Pond, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("x")
    with pytest.raises(Conflict, match="holds something already"):
        _back_up(pond, tmp_path / "full")
    _back_up(pond, tmp_path / "copy")
    with pytest.raises(Conflict, match="holds something already"):
        restore(tmp_path / "copy", tmp_path / "full")
    with pytest.raises(ProjectError, match="holds no backup"):
        restore(tmp_path / "full", tmp_path / "new")
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine"]


def test_one_backup_at_a_time(pond: Pond, tmp_path: Path) -> None:
    with (
        own_folder(pond.folder / "lake" / HELD, "another"),
        pytest.raises(Busy, match="another backup of cells is under way"),
    ):
        _back_up(pond, tmp_path / "copy")
    _back_up(pond, tmp_path / "copy")


def test_a_damaged_backup_is_not_restored(pond: Pond, tmp_path: Path) -> None:
    out = tmp_path / "copy"
    _back_up(pond, out)
    [lost] = (out / "lake" / "history" / "sat_object").glob("*.parquet")
    [changed] = (out / "lake" / "snapshots").glob("*/labels.parquet")
    lost.unlink()
    data = bytearray(changed.read_bytes())
    data[20] ^= 1
    changed.write_bytes(data)
    problems: list[str] = []
    new = tmp_path / "new"
    with pytest.raises(Corrupted, match=r"2 of the \d+ files of the backup are not as they were"):
        restore(out, new, database=database_url(new), on_damaged=problems.append)
    assert sorted(problems) == [
        f"{lost.relative_to(out)}: it is missing",
        f"{changed.relative_to(out)}: it is not as it was written",
    ]
    assert not new.exists()


@pytest.mark.parametrize("name", [LIST, MANIFEST])
def test_a_backup_without_its_list_is_none(pond: Pond, tmp_path: Path, name: str) -> None:
    out = tmp_path / "copy"
    _back_up(pond, out)
    (out / name).write_bytes((out / name).read_bytes()[:-5])
    with pytest.raises(Corrupted, match="not as it was written"):
        restore(out, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_it_can_go_to_a_database_of_another_kind(pond: Pond, tmp_path: Path) -> None:
    _back_up(pond, tmp_path / "copy")
    url = "sqlite:///elsewhere/facts.db"
    restore(tmp_path / "copy", tmp_path / "new", database=url)
    assert f'url = "{url}"' in (tmp_path / "new" / FILE).read_text()
    again = Pond(tmp_path / "new", url)
    assert (tmp_path / "new" / "elsewhere" / "facts.db").is_file()
    assert _state(again, pond.now) == _state(pond, pond.now)
    assert again.verify().findings == ()
    again.close()


_CHILD = """
import os, sys
from pathlib import Path
from millpond.project import Project
from millpond.pipelines import backup, copies, restore

what, source, target, most, url = sys.argv[1:]
steps = 0

def step(*_):
    global steps
    steps += 1
    if steps > int(most) >= 0:
        os.kill(os.getpid(), 9)

real = copies.copy_file
def copy_file(*a):
    step()
    return real(*a)
copies.copy_file = restore.copy_file = copy_file

real_rename = os.rename
def rename(old, new):
    if str(new) == target:
        os.kill(os.getpid(), 9)
    real_rename(old, new)
os.rename = rename
if what == "backup":
    with Project.open(source) as project:
        project.backup(target, on_progress=step)
else:
    restore.restore(Path(source), Path(target), database=url, on_progress=step)
"""


@pytest.mark.parametrize("most", [0, 25, -1])
def test_a_kill_leaves_nothing_that_looks_done(pond: Pond, tmp_path: Path, most: int) -> None:
    """At the first step, at a later one, and at the very last."""
    copy, new = tmp_path / "copy", tmp_path / "new"
    _killed("backup", pond.folder, copy, most)
    assert not copy.exists()
    done = _back_up(pond, copy)
    assert not list(tmp_path.glob(".part-copy"))
    _killed("restore", copy, new, most)
    assert not new.exists()
    again = _restored(copy, new)
    assert not list(tmp_path.glob(".part-*"))
    assert _state(again, done.moment) == _state(pond, done.moment)
    again.close()


def _killed(what: str, source: Path, target: Path, most: int) -> None:
    line = [sys.executable, "-c", _CHILD, what, source, target, str(most), database_url(target)]
    done = subprocess.run(line, check=False, capture_output=True)
    assert done.returncode == -9, done.stderr


_FULL = """
import resource, sys
from pathlib import Path
from millpond.errors import DiskFull
from millpond.pipelines.backup import Origin, backup
from millpond.project import Project

def fill(*_):
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))

with Project.open(sys.argv[1]) as project:
    origin = Origin(project.folder, "cells", project.lake, project.engine, project.store,
                    project.history)
    project.store, project.history
    if sys.argv[3] == "database":
        fill()
    try:
        backup(origin, Path(sys.argv[2]), on_progress=fill)
    except DiskFull as error:
        print(error)
"""


@pytest.mark.parametrize("at", ["database", "objects"])
def test_a_full_disk_leaves_nothing(pond: Pond, tmp_path: Path, at: str) -> None:
    out = tmp_path / "copies" / "today"
    line = [sys.executable, "-c", _FULL, pond.folder, out, at]
    done = subprocess.run(line, check=True, capture_output=True, text=True)
    assert "no room for a" in done.stdout or "is full" in done.stdout
    assert list(out.parent.iterdir()) == []
