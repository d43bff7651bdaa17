"""The object store in a folder: durable, whole or absent, and clean after a failure."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from millpond.errors import DiskFull, Invalid, NotFound
from millpond.raw.folder import FolderStore


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_what_is_put_is_got_listed_and_deleted(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "not" / "yet")
    before = time.time_ns() // 1000 - 2_000_000
    store.put("objects/3f/a", b"one")
    store.put("objects/00/b", b"three")
    store.put("batches/x.csv", b"")
    assert store.get("objects/3f/a") == b"one"
    listed = list(store.list("objects"))
    assert [(found.key, found.size) for found in listed] == [
        ("objects/00/b", 5),
        ("objects/3f/a", 3),
    ]
    assert all(before < found.modified < time.time_ns() // 1000 + 2_000_000 for found in listed)
    assert next(store.list("")).key == "batches/x.csv"
    store.put("objects/3f/a", b"two")
    assert store.get("objects/3f/a") == b"two"
    store.delete("objects/3f/a")
    store.delete("objects/3f/a")
    store.delete("nowhere/at/all")
    with pytest.raises(NotFound, match="objects/3f/a"):
        store.get("objects/3f/a")
    with pytest.raises(NotFound):
        store.get("objects")
    assert list(store.list("absent")) == []


def test_listing_is_in_the_order_of_keys(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    keys = ["a/b", "a-1", "a.x", "a0", "a/a/z", "b", "B", "_"]
    for key in keys:
        store.put(key, b"x")
    assert [found.key for found in store.list("")] == sorted(keys)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "../x",
        "a/../b",
        "a//b",
        "a/",
        ".hidden",
        "a/.part-1",
        "a b",
        "a\x00b",
        "ä",
        "x" * 513,
    ],
)
def test_a_malformed_key_is_refused(tmp_path: Path, key: str) -> None:
    store = FolderStore(tmp_path / "store")
    for action in (lambda: store.put(key, b"x"), lambda: store.get(key), lambda: store.delete(key)):
        with pytest.raises(Invalid, match="object key"):
            action()
    assert names(tmp_path) == []


def test_every_put_is_fsynced_file_first_then_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[tuple[str, str]] = []
    real_fsync, real_replace = os.fsync, os.replace

    def fsync(handle: int) -> None:
        steps.append(("fsync", os.readlink(f"/proc/self/fd/{handle}")))
        real_fsync(handle)

    def replace(old: Path, new: Path) -> None:
        steps.append(("rename", str(new)))
        real_replace(old, new)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    root = tmp_path / "store"
    FolderStore(root).put("objects/3f/a", b"one")
    renamed = steps.index(("rename", str(root / "objects/3f/a")))
    assert steps[renamed - 1][0] == "fsync"
    assert ".part-" in steps[renamed - 1][1]
    assert steps[renamed + 1] == ("fsync", str(root / "objects/3f"))
    synced = {path for kind, path in steps[:renamed] if kind == "fsync"}
    assert {str(tmp_path), str(root), str(root / "objects")} <= synced

    # A folder that another writer made a moment ago is fsynced by this one as well.
    steps.clear()
    FolderStore(root).put("objects/3f/b", b"two")
    assert ("fsync", str(root / "objects")) in steps


def test_a_full_disk_keeps_nothing(tmp_path: Path) -> None:
    """A limit on the size of files stands for a disk that fills up while writing."""
    store = FolderStore(tmp_path / "store")
    store.put("a/old", b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(DiskFull, match="100,000 bytes"):
            store.put("a/new", b"x" * 100_000)
        with pytest.raises(DiskFull):
            store.put("a/old", b"x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names(tmp_path) == ["store/a/old"]
    assert store.get("a/old") == b"old"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_fills_at_the_last_step_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    store = FolderStore(tmp_path)
    store.put("a/x", b"x")

    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(DiskFull):
        store.put("a/y", b"y")
    assert names(tmp_path) == ["a/x"]


def test_killed_while_writing_leaves_nothing_that_is_seen(tmp_path: Path) -> None:
    """Objects of a process killed at a random instant are whole or absent."""
    writer = (
        "import sys; from millpond.raw.folder import FolderStore\n"
        "store = FolderStore(sys.argv[1]); number = 0\n"
        "while True:\n"
        "    store.put(f'a/{number:06}', b'%06d' % number * 50_000); number += 1\n"
    )
    for wait in (0.15, 0.2):
        process = subprocess.Popen([sys.executable, "-c", writer, str(tmp_path)])
        deadline = time.monotonic() + 20
        while not any(tmp_path.rglob("0*")) and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(wait)
        process.kill()
        process.wait()
    store = FolderStore(tmp_path)
    found = list(store.list(""))
    assert found
    for stored in found:
        assert store.get(stored.key) == stored.key[2:].encode() * 50_000


def test_sweep_removes_old_leftovers_only(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put("a/x", b"x")
    old, new = tmp_path / "a" / ".part-old", tmp_path / "a" / ".part-new"
    for path in (old, new, tmp_path / "a" / "x"):
        path.write_bytes(b"x")
    long_ago = time.time() - 7200
    os.utime(old, (long_ago, long_ago))
    os.utime(tmp_path / "a" / "x", (long_ago, long_ago))
    assert [stored.key for stored in store.list("")] == ["a/x"]
    assert store.sweep() == 1
    assert names(tmp_path) == ["a/.part-new", "a/x"]


def test_many_writers_of_one_key_leave_one_whole_object(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    threads = [
        threading.Thread(target=store.put, args=("a/b/c", bytes([number]) * 10_000))
        for number in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    data = store.get("a/b/c")
    assert len(data) == 10_000
    assert len(set(data)) == 1
    assert names(tmp_path) == ["a/b/c"]
