"""Restore: a new project from a backup, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from millpond.database.connection import open_database, reading
from millpond.database.portable import check_empty, copy_in
from millpond.durable import PART, is_full, make_folder, sync_folder
from millpond.errors import Conflict, Corrupted, DiskFull
from millpond.pipelines.addresses import settled, sqlite_path
from millpond.pipelines.copies import copy_file, listed, sync_folders
from millpond.pipelines.findings import Verified
from millpond.pipelines.manifest import DATABASE, LAKE, LIST, Manifest
from millpond.pipelines.own_folder import own_folder
from millpond.pipelines.side_by_side import counted, side_by_side
from millpond.settings import read_settings
from millpond.values import iso

#: Called with what is being restored, the number done and the number in all.
OnProgress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Restored:
    """A project that was made of a backup.

    Args:
        moment: everything recorded up to it is there, in microseconds since 1970.
        verified: what `verify` found in it.
    """

    folder: Path
    moment: int
    verified: Verified

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        found = self.verified.as_dict()
        return {
            "project": str(self.folder),
            "moment": iso(self.moment),
            "verify": self.verified.verify,
            "findings": found["findings"],
        }


def restore(
    source: Path,
    folder: Path,
    *,
    database: str | None = None,
    on_damaged: Callable[[str], None] = lambda problem: None,
    on_progress: OnProgress = lambda stage, done, total: None,
) -> Manifest:
    """Make a project in a new folder of what a backup holds.

    Args:
        folder: is to be empty, or not there yet.
        database: address of the operational database; it is written into the settings.
        on_damaged: hears of each file that is missing or not as it was written.

    Returns:
        What the backup says of itself.

    Raises:
        ProjectError: `source` holds no backup.
        Corrupted: a file of it is missing or not as it was written; nothing is restored.
        Conflict: `folder` holds something, or the database a project.
        DiskFull: there is no room for it, and nothing is left of it.
    """
    manifest = Manifest.read(source)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict(f"{folder} holds something already; restore into a new folder")
    _check_database(
        database or read_settings(source, older=True).database.url, source, manifest.list_sha256
    )
    make_folder(folder.parent)
    under_way = f"{folder} is being restored already"
    try:
        with own_folder(folder.parent / f"{PART}{folder.name}", under_way) as aside:
            # Step 1. Copy every file of the list beside, comparing its hash on the way.
            _copy(source, aside, manifest, on_damaged, on_progress)
            # Step 2. Put the lake and the operational database where the settings say.
            _settle(aside, manifest, database, on_progress)
            # Step 3. Have every name on disk; the bytes are.
            sync_folders(aside)
            # Step 4. Rename the folder, which happens at once or not at all.
            aside.rename(folder)
            sync_folder(folder.parent)
    except OSError as error:
        if is_full(error.errno):
            raise DiskFull(f"no room to restore into {folder}; nothing is left of it") from error
        raise
    return manifest


def _copy(
    source: Path,
    aside: Path,
    manifest: Manifest,
    on_damaged: Callable[[str], None],
    on_progress: OnProgress,
) -> None:
    """Copy every file that the list names, comparing its hash on the way."""
    damaged: list[str] = []

    def copy(entry: tuple[str, str]) -> None:
        problem = _copied(source, aside, *entry)
        if problem is not None:
            damaged.append(problem)
            on_damaged(problem)

    entries = listed(source / LIST)
    told = counted(entries, manifest.files, lambda done, total: on_progress("files", done, total))
    number = side_by_side(copy, told)
    if damaged or number != manifest.files:
        raise Corrupted(
            f"{len(damaged):,} of the {manifest.files:,} files of the backup are not as they were "
            f"written ({damaged[0] if damaged else 'its list is cut off'}); "
            "nothing was restored: take another backup"
        )


def _copied(source: Path, aside: Path, name: str, sha256: str) -> str | None:
    """Copy a file; what is wrong with it."""
    target = aside / name
    if not target.resolve().is_relative_to(aside.resolve()):
        return f"{name}: the name leads out of the backup"
    try:
        found, _ = copy_file(source / name, target)
    except FileNotFoundError:
        return f"{name}: it is missing"
    except OSError as error:
        if is_full(error.errno):
            raise
        return f"{name}: it cannot be read: {error.strerror or error}"
    return None if found == sha256 else f"{name}: it is not as it was written"


def _settle(aside: Path, manifest: Manifest, database: str | None, on_progress: OnProgress) -> None:
    """Put the lake and the operational database where the settings say."""
    held = aside / ".operations.db"
    (aside / DATABASE).rename(held)
    lake, url = settled(aside, database)
    if lake != LAKE:
        _move(aside / LAKE, aside / lake)
    path = sqlite_path(url)
    if path is None:
        _fill(held, manifest, url, aside, on_progress)
    else:
        _move(held, aside / path)


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source.rename(target)


def _fill(file: Path, manifest: Manifest, url: str, aside: Path, on_progress: OnProgress) -> None:
    """Copy the operational database into that of a server."""
    engine = open_database(url, aside)
    try:
        copy_in(
            file,
            engine,
            manifest.list_sha256,
            lambda done, total: on_progress("database", done, total),
        )
    finally:
        engine.dispose()
    file.unlink()


def _check_database(url: str, folder: Path, mark: str) -> None:
    """Refuse a database of a server that is in use, before anything is copied."""
    if sqlite_path(url) is not None:
        return
    engine = open_database(url, folder)
    try:
        with reading(engine) as connection:
            check_empty(connection, mark)
    finally:
        engine.dispose()
