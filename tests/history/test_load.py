"""The load: every fact exactly once, whenever it is interrupted, and durable before it counts."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from lake import Lake
from millpond import durable
from millpond.errors import Corrupted, DiskFull, MillpondError
from millpond.history import data_file, delta, log
from millpond.history import load as load_module
from millpond.history.data_file import DataFile
from millpond.history.load import Load
from millpond.history.reconcile import reconcile
from millpond.history.tables import loads
from millpond.history.vault import VAULT
from millpond.history.writers import Writers


def amiss(lake: Lake) -> list[str]:
    return list(reconcile(lake.engine, lake.history))


def test_views_are_the_same_before_and_after(lake: Lake) -> None:
    for _ in range(3):
        lake.some_of_everything()
    before = lake.state()
    loaded = lake.load()
    assert loaded.load_id is not None
    assert lake.state() == before
    assert all(lake.state().values()), "every view has rows to compare"
    files = sum(lake.history.tables[name].active().rows for name in VAULT)
    assert loaded.rows == files
    assert amiss(lake) == []


def test_loading_again_adds_nothing(lake: Lake) -> None:
    lake.some_of_everything()
    lake.load()
    versions = {name: lake.history.tables[name].active() for name in VAULT}
    again = lake.load()
    assert (again.load_id, again.rows) == (None, 0)
    assert {name: lake.history.tables[name].active() for name in VAULT} == versions


def test_what_is_recorded_later_comes_with_the_next_load(lake: Lake) -> None:
    lake.some_of_everything()
    lake.load()
    lake.some_of_everything()
    assert lake.rows("select count(*) from images") == [(2,)]
    lake.load()
    assert lake.rows("select count(*) from images") == [(2,)]
    assert lake.history.tables["hub_object"].active().rows == 2


def test_many_rows_are_many_loads(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    claim = Load.claim
    monkeypatch.setattr(Load, "claim", lambda self, until: claim(self, until, most=2))
    for _ in range(5):
        lake.some_of_everything()
    before = lake.state()
    lake.load()
    with lake.engine.connect() as connection:
        # Twenty annotations, two to a load.
        assert len(connection.execute(select(loads)).all()) == 10
    assert lake.state() == before
    assert amiss(lake) == []


@pytest.fixture
def backlog(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the views say of more rows than a load takes."""
    claim = Load.claim
    monkeypatch.setattr(Load, "claim", lambda self, until: claim(self, until, most=4))
    for _ in range(3):
        lake.some_of_everything()
    return lake.state()


def test_a_writer_that_is_killed(
    lake: Lake, backlog: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    started = Writers._start

    def start_and_kill(self: Writers) -> subprocess.Popen[str]:
        process = started(self)
        process.kill()
        return process

    with monkeypatch.context() as patch:
        patch.setattr(Writers, "_start", start_and_kill)
        with pytest.raises(MillpondError, match="has ended; its rows will be loaded again"):
            lake.load()
    assert lake.state() == backlog
    lake.load()
    assert lake.state() == backlog
    assert amiss(lake) == []


def test_a_full_disk_is_told_by_a_writer(lake: Lake, backlog: dict[str, Any]) -> None:
    lake.load()
    lake.some_of_everything()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    writers = Writers(lake.engine, lake.history.folder)
    load = Load(lake.engine, lake.commit, lake.history)
    load.claim(lake.now)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(DiskFull, match="free some space and load again"):
            load.write_in(writers).result()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        writers.close()


def test_two_loaders_at_once(lake: Lake) -> None:
    for _ in range(5):
        lake.some_of_everything()
    before = lake.state()
    other = Lake(lake.folder)
    results = []
    threads = [
        threading.Thread(target=lambda lake=each: results.append(lake.load()))
        for each in (lake, other, lake, other)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    assert sorted(found.rows > 0 for found in results) == [False, False, False, True]
    assert lake.state() == before
    assert amiss(lake) == []


DIE = """
import os, sys
from pathlib import Path
from lake import Lake
from millpond.history.load import Load
from millpond.database.clock import last
from millpond.history.data_file import NewFile
from millpond.history.delta import VaultFiles

step, folder = sys.argv[1], Path(sys.argv[2])
lake = Lake(folder)
load = Load(lake.engine, lake.commit, lake.history)

def die(*_):
    os._exit(9)

if step == "while writing":
    finish, tables = NewFile.finish, []
    def counting(self):
        tables.append(self)
        return die() if len(tables) == 4 else finish(self)
    NewFile.finish = counting
if step == "while appending":
    append, done = VaultFiles.append, []
    def appending(self, *arguments):
        done.append(append(self, *arguments))
        return die() if len(done) == 4 else done[-1]
    VaultFiles.append = appending
with lake.history.locked():
    load.claim(lake.now)
    if step == "claim": die()
    load.write()
    if step == "write": die()
    load.append()
    if step == "append": die()
    load.verify()
    if step == "verify": die()
    load.complete()
    if step == "complete": die()
"""


@pytest.mark.parametrize(
    "step", ["claim", "while writing", "write", "while appending", "append", "verify", "complete"]
)
def test_killed_after_each_step(lake: Lake, step: str) -> None:
    for _ in range(2):
        lake.some_of_everything()
    then, before = lake.now, lake.state()
    path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    died = subprocess.run(
        [sys.executable, "-c", DIE, step, str(lake.folder)],
        env={**os.environ, "PYTHONPATH": path},
        check=False,
    )
    assert died.returncode == 9
    assert lake.state() == before, "half a load is not seen"
    lake.some_of_everything()
    recorded = lake.state()
    lake.load()
    assert lake.state() == recorded
    assert lake.state(then) == before
    assert amiss(lake) == []
    assert lake.load().rows == 0


def test_a_file_that_is_not_what_was_written_does_not_count(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.some_of_everything()
    before = lake.state()
    append = delta.VaultFiles.append

    def damage(self: delta.VaultFiles, file: DataFile) -> int:
        data = bytearray(file.path.read_bytes())
        data[len(data) // 3] ^= 0xFF
        file.path.write_bytes(data)
        return append(self, file)

    with monkeypatch.context() as patch:
        patch.setattr(delta.VaultFiles, "append", damage)
        with pytest.raises(Corrupted):
            lake.load()
    # The damaged file belongs to no completed load: it is not looked at, and its rows are
    # loaded anew.
    assert lake.state() == before
    lake.load()
    assert lake.state() == before
    assert amiss(lake) == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("step", ["write", "append"])
def test_a_full_disk_is_told_and_loses_nothing(lake: Lake, step: str) -> None:
    lake.some_of_everything()
    before = lake.state()
    load = Load(lake.engine, lake.commit, lake.history)
    load.claim(lake.now)
    if step == "append":
        load.write()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(DiskFull, match="free some space and load again"):
            getattr(load, step)()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert lake.state() == before
    lake.load()
    assert lake.state() == before
    assert amiss(lake) == []


def test_all_is_on_disk_before_it_counts(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are fsynced before a log names them, logs before the load is completed."""
    synced: list[str] = []
    for module in (data_file, log):
        for name in ("sync_file", "sync_folder"):
            monkeypatch.setattr(module, name, lambda path: synced.append(str(path)))
    fsync = os.fsync

    def syncing(handle: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{handle}"))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", syncing)
    at_append: list[list[str]] = []
    append = delta.VaultFiles.append

    def watch(self: delta.VaultFiles, file: DataFile) -> int:
        at_append.append(list(synced))
        assert str(file.path) in synced
        assert str(file.path.parent) in synced
        return append(self, file)

    at_complete: list[str] = []
    complete = load_module.Load.complete

    def completing(self: Load) -> int:
        at_complete.extend(synced)
        return complete(self)

    monkeypatch.setattr(delta.VaultFiles, "append", watch)
    monkeypatch.setattr(load_module.Load, "complete", completing)
    lake.some_of_everything()
    lake.load()
    written = [files for files in lake.history.tables.values() if files.active().rows]
    assert len(at_append) == len(written) > 10
    for files in written:
        entries = str(files.log.folder)
        aside = at_complete.index(
            next(path for path in at_complete if path.startswith(f"{entries}/.part-"))
        )
        assert entries in at_complete[aside:]


def test_durability_reaches_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (calls.append(handle), fsync(handle)))
    durable.make_folder(tmp_path / "a" / "b")
    assert len(calls) == 2
    durable.write_file(tmp_path / "a" / "b" / "file", b"data")
    assert len(calls) == 4
    assert json.loads(json.dumps((tmp_path / "a" / "b" / "file").read_text())) == "data"
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["file"]
