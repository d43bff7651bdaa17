"""Backup: a consistent copy of a project in a new folder, made while it is served."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select

from millpond.capture import tables as capture
from millpond.capture.objects import object_key
from millpond.database.clock import last
from millpond.database.connection import reading
from millpond.database.portable import copy_out, sqlite_file
from millpond.durable import PART, is_full, make_folder, sync_folder
from millpond.errors import Conflict, DiskFull, NotFound
from millpond.features.tables import FeatureTables
from millpond.history.history import History
from millpond.models.tables import models
from millpond.pipelines.copies import Copies, sync_folders
from millpond.pipelines.earlier import Earlier
from millpond.pipelines.held import HELD, hold
from millpond.pipelines.manifest import DATABASE, FORMAT, LAKE, LIST, Manifest
from millpond.pipelines.own_folder import own_folder
from millpond.pipelines.side_by_side import counted, side_by_side
from millpond.raw.store import ObjectStore
from millpond.settings import FILE
from millpond.snapshots.files import sha256_of
from millpond.snapshots.tables import snapshots
from millpond.values import iso

#: Called with what is being copied, the number done and the number in all (0 if unknown).
OnProgress = Callable[[str, int, int], None]

_BATCHES = "batches"


@dataclass(frozen=True)
class Origin:
    """What is backed up.

    Args:
        folder: of the project.
        name: of the project.
    """

    folder: Path
    name: str
    lake: Path
    engine: Engine
    store: ObjectStore
    history: History


@dataclass(frozen=True)
class BackedUp:
    """A backup that was made.

    Args:
        moment: everything recorded up to it is there, in microseconds since 1970.
        amiss: a sentence for each thing that is not as it was captured; it is in the
            backup as it was found, or it was not found.
    """

    path: Path
    moment: int
    files: int
    bytes: int
    amiss: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "path": str(self.path),
            "moment": iso(self.moment),
            "files": self.files,
            "bytes": self.bytes,
            "amiss": list(self.amiss),
        }


def backup(
    origin: Origin,
    out: Path,
    *,
    link_from: Path | None = None,
    on_progress: OnProgress = lambda stage, done, total: None,
) -> BackedUp:
    """Copy a project into a new folder, as of one moment, while others go on writing.

    Only loads, the archive and maintenance wait, and only until the files of the history
    are linked (step 1). Whenever it is interrupted, there is no folder `out`.

    Args:
        link_from: an earlier backup on the same disk; what it has already is not
            copied again but named a second time.

    Raises:
        Conflict: `out` holds something.
        Busy: another backup is under way.
        DiskFull: there is no room for it, and nothing is left of it.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise Conflict(f"{out} holds something already; name a new folder")
    earlier = None if link_from is None else Earlier(link_from)
    make_folder(out.parent)
    under_way = f"another backup of {origin.name} is under way; try again when it has ended"
    try:
        with (
            own_folder(origin.lake / HELD, under_way) as held,
            own_folder(out.parent / f"{PART}{out.name}", under_way) as aside,
        ):
            done = _Backup(origin, aside, earlier, on_progress).make(held)
            # Step 6. Rename, which happens at once or not at all, and have the name on disk.
            aside.rename(out)
            sync_folder(out.parent)
            return BackedUp(out, *done)
    except OSError as error:
        if is_full(error.errno):
            raise DiskFull(f"no room for a backup in {out}; nothing is left of it") from error
        raise


class _Backup:
    """One backup, while it is made in a folder beside."""

    def __init__(
        self, origin: Origin, aside: Path, earlier: Earlier | None, on_progress: OnProgress
    ) -> None:
        self._origin = origin
        self._aside = aside
        self._earlier = earlier
        self._on_progress = on_progress
        self._amiss: list[str] = []

    def make(self, held: Path) -> tuple[int, int, int, tuple[str, ...]]:
        """Fill the folder; the moment, the files, their bytes and what is amiss."""
        origin, aside = self._origin, self._aside
        (aside / LAKE).mkdir()
        with reading(origin.engine) as connection:
            # Step 1. Link the files of the history in the instant in which the database is
            # first read, while nobody loads, archives or maintains. The links keep them.
            with origin.history.locked():
                moment = last(connection)
                hold(origin.history, held)
            # Step 2. Copy the database out of that very transaction.
            copy_out(connection, aside / DATABASE, self._telling("database"))
        with open(aside / LIST, "x", encoding="utf-8") as listing:
            copies = Copies(aside, listing)
            # Step 3. Copy what its rows name: that was on disk before they were, and never changes.
            self._copy_named(copies)
            # Step 4. Copy the files of the history, the features, the settings and the views.
            self._copy_history(copies, held)
            self._copy_features(copies)
            for path in (origin.folder / FILE, *sorted(origin.folder.glob("views/*.sql"))):
                copies.copy(path, str(path.relative_to(origin.folder)))
            copies.keep(DATABASE)
            # Step 5. Write the list and the manifest, and have every name on disk.
            listing.flush()
            os.fsync(listing.fileno())
        list_sha256 = sha256_of(aside / LIST)
        Manifest(FORMAT, origin.name, moment, copies.files, copies.bytes, list_sha256).write(aside)
        sync_folders(aside)
        return moment, copies.files, copies.bytes, tuple(self._amiss)

    def _copy_named(self, copies: Copies) -> None:
        """Copy what the rows of the copied database name, and every batch file."""
        objects = capture.objects
        database = sqlite_file(self._aside / DATABASE)
        try:
            with reading(database) as connection:
                total = connection.scalar(select(func.count()).select_from(objects)) or 0
                rows = connection.execution_options(yield_per=1000).execute(
                    select(objects.c.object_id, objects.c.sha256, objects.c.bytes)
                )
                side_by_side(
                    lambda row: self._copy_object(copies, *row),
                    counted(rows, total, self._telling("objects")),
                )
                for version in connection.scalars(select(models.c.version)):
                    self._copy_folder(copies, f"models/{version}")
                for snapshot_id in connection.scalars(select(snapshots.c.snapshot_id)):
                    self._copy_folder(copies, f"snapshots/{snapshot_id}")
        finally:
            database.dispose()
        batches = (stored.key for stored in self._origin.store.list(_BATCHES))
        side_by_side(lambda key: self._copy_key(copies, key, key), batches)

    def _copy_object(self, copies: Copies, object_id: str, sha256: str, size: int) -> None:
        key = object_key(object_id)
        name = f"{LAKE}/{key}"
        earlier = self._earlier and self._earlier.file(name, size)
        if earlier and copies.link(earlier, name, sha256):
            return
        found = self._copy_key(copies, key, f"object {object_id}")
        if found not in (None, sha256):
            self._amiss.append(f"object {object_id}: its bytes are not as they were captured")

    def _copy_key(self, copies: Copies, key: str, what: str) -> str | None:
        """Copy what the store has under a key; its SHA-256, or None where it gives nothing."""
        try:
            data = self._origin.store.get(key)
        except NotFound:
            self._amiss.append(f"{what}: its bytes are missing")
        except OSError as error:
            self._amiss.append(f"{what}: its bytes cannot be read: {error.strerror or error}")
        else:
            return copies.write(data, f"{LAKE}/{key}")
        return None

    def _copy_folder(self, copies: Copies, name: str) -> None:
        folder = self._origin.lake / name
        found = sorted(path for path in folder.rglob("*") if path.is_file())
        for path in found:
            copies.copy(path, f"{LAKE}/{path.relative_to(self._origin.lake)}")
        if not found:
            self._amiss.append(f"{name}: its files are missing")

    def _copy_history(self, copies: Copies, held: Path) -> None:
        def copy(path: Path) -> None:
            name = f"{LAKE}/history/{path.relative_to(held)}"
            earlier = self._earlier and self._earlier.history_file(name, path.stat().st_size)
            if not (earlier and copies.link(earlier[0], name, earlier[1])):
                copies.copy(path, name)

        side_by_side(copy, sorted(path for path in held.rglob("*") if path.is_file()))

    def _copy_features(self, copies: Copies) -> None:
        """Copy the features as they are now; none of their files ever changes but at once."""
        lake = self._origin.lake
        for path in FeatureTables(lake / "features").kept():
            # What a run has replaced meanwhile has its successor in the next backup.
            with suppress(FileNotFoundError):
                copies.copy(path, f"{LAKE}/{path.relative_to(lake)}")

    def _telling(self, stage: str) -> Callable[[int, int], None]:
        return lambda done, total: self._on_progress(stage, done, total)
