"""Freezing training sets, and finding those that are frozen."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError

from millpond.analytics.analytics import Analytics
from millpond.analytics.images.index import Frozen
from millpond.database.connection import reading
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.errors import Conflict, Invalid, NotFound
from millpond.raw.store import ObjectStore
from millpond.settings import AppSection
from millpond.snapshots import tables
from millpond.snapshots.alike import Alike, FindAlike
from millpond.snapshots.example_table import Examples
from millpond.snapshots.files import MEMBERS, write_files
from millpond.snapshots.moment import fixed_moment
from millpond.snapshots.selection import Selection
from millpond.snapshots.snapshot import Snapshot
from millpond.snapshots.split import DEFAULT_RULE, Split, SplitRule, split
from millpond.snapshots.twins import Candidate
from millpond.values import iso, new_id, parse_moment

if TYPE_CHECKING:
    import pyarrow as pa

#: The number of the format that snapshots are written in.
FORMAT = 1

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

_MEMBERS = """
SELECT i.object_id, s.sha256, i.media_type, i.width, i.height, i.subject_id,
       o.group_key, o.order_key, o.part AS given_part, r.object_id IS NOT NULL AS reviewed
FROM images AS i
JOIN sat_object AS s ON s.object_id = i.object_id
LEFT JOIN sat_object_origin AS o ON o.object_id = i.object_id
LEFT JOIN (SELECT DISTINCT object_id FROM reviews WHERE app = ?) AS r
    ON r.object_id = i.object_id
WHERE i.app = ? AND (? OR r.object_id IS NOT NULL)
    AND (? OR i.object_id IN (SELECT unnest(?::varchar[])))
ORDER BY i.object_id
"""

_LABELS = """
SELECT object_id, annotation_id, label, x_min, y_min, x_max, y_max
FROM ground_truth WHERE app = ? ORDER BY object_id, annotation_id
"""


class Snapshots:
    """The snapshots of a project.

    Args:
        folder: holds a folder for each, named by its id.
        store: holds the images.
    """

    def __init__(
        self,
        engine: Engine,
        commit: GroupCommit,
        analytics: Analytics,
        store: ObjectStore,
        folder: Path,
    ) -> None:
        self._engine = engine
        self._commit = commit
        self._analytics = analytics
        self._store = store
        self._folder = folder

    def create(
        self,
        name: str,
        app: str,
        declared: AppSection,
        *,
        as_of: str | int | None = None,
        rule: SplitRule = DEFAULT_RULE,
        include_unreviewed: bool = False,
        selection: Selection | None = None,
        find_alike: FindAlike | None = None,
        by: str,
    ) -> Snapshot:
        """Freeze an application's reviewed images, negatives included, with their truth.

        Args:
            as_of: the moment; None is now.
            include_unreviewed: take the other images too, without labels.
            selection: take these alone, as far as they are images of the application.
            find_alike: tells which look alike, so that none of those straddle two parts.

        Raises:
            Conflict: the name is taken.
            Invalid: the name is no name or the moment none that has passed, or there
                is nothing to freeze, or which look alike is not known of all.
            DiskFull: nothing of it is kept.
        """
        self._check_name(name)
        moment = fixed_moment(self._analytics, self._engine, as_of)
        chosen = [] if selection is None else list(selection.object_ids)
        parameters = (app, app, include_unreviewed, selection is None, chosen)
        found = self._analytics.table(_MEMBERS, moment, parameters)
        if not found.num_rows:
            which = (
                "no image" if selection is None else f"none of the {len(chosen):,} chosen images"
            )
            raise Invalid(
                f"{which} of app {app} is reviewed as of {iso(moment)}; "
                "ingest labelled images, or review some"
            )
        alike = None if find_alike is None else find_alike(found["object_id"].to_pylist())
        definition = _definition(app, declared, rule, include_unreviewed, selection, alike)
        done = split(_candidates(found, alike), rule)
        members = _members(found, done)
        labels = _labels_of(self._analytics.table(_LABELS, moment, (app,)), members)
        row = {
            "snapshot_id": new_id(),
            "name": name,
            "app": app,
            "as_of": moment,
            "created_by": by,
            "definition": definition,
            "images": members.num_rows,
            "parts": dict(done.report.parts),
        }
        about = {
            "definition": definition,
            "as_of": iso(moment),
            "images": members.num_rows,
            "labels": labels.num_rows,
            "split": done.report.as_dict(),
        }
        return self._keep(row, members, labels, about)

    def list(self, app: str | None = None) -> list[Snapshot]:
        """The snapshots of an application, or of all, oldest first."""
        query = select(tables.snapshots).order_by(tables.snapshots.c.created_at)
        if app is not None:
            query = query.where(tables.snapshots.c.app == app)
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
        return [Snapshot.of(row, self._folder) for row in rows]

    def frozen(self) -> Sequence[Frozen]:
        """What the index of images has to know of each, the oldest first."""
        table = tables.snapshots
        columns = (table.c.snapshot_id, table.c.name, table.c.app, table.c.as_of)
        with reading(self._engine) as connection:
            rows = connection.execute(select(*columns).order_by(table.c.created_at)).all()
        return [Frozen(*row, members=self._folder / row.snapshot_id / MEMBERS) for row in rows]

    def get(self, name: str) -> Snapshot:
        """A snapshot by its name or its id.

        Raises:
            NotFound: there is none; the message lists those there are.
        """
        table = tables.snapshots
        with reading(self._engine) as connection:
            row = (
                connection.execute(
                    select(table).where((table.c.name == name) | (table.c.snapshot_id == name))
                )
                .mappings()
                .first()
            )
            if row is None:
                known = connection.scalars(select(table.c.name).order_by(table.c.created_at)).all()
                raise NotFound(
                    f"no snapshot {name!r}; existing snapshots: {', '.join(known) or 'none'}"
                )
        return Snapshot.of(row, self._folder)

    def examples(self, name: str, part: str | None = None) -> Examples:
        """The examples of a part of a snapshot, or of all; see `Snapshot.examples`."""
        return self.get(name).examples(self._store, part)

    def _check_name(self, name: str) -> None:
        if _NAME.fullmatch(name) is None:
            raise Invalid(
                f"snapshot name {name!r} is not letters, digits, '.', '_' and '-', 64 at most"
            )
        if parse_moment(name, now=0) is not None:
            raise Invalid(f"snapshot name {name!r} reads as a moment; choose another")
        if named_moment(self._engine, name) is not None:
            raise Conflict(f"there is a snapshot {name!r} already; choose another name")

    def _keep(
        self, row: dict[str, Any], members: pa.Table, labels: pa.Table, about: Mapping[str, Any]
    ) -> Snapshot:
        """Write the files, then the row that makes the snapshot count."""
        folder = self._folder / row["snapshot_id"]
        sha256 = write_files(folder, members, labels, about)

        def work(transaction: Transaction) -> dict[str, Any]:
            kept = {**row, "sha256": sha256, "created_at": transaction.clock.tick()}
            transaction.connection.execute(tables.snapshots.insert().values(**kept))
            return kept

        try:
            return Snapshot(**self._commit.run(work), folder=folder)
        except IntegrityError:
            # Another one of that name was made meanwhile.
            shutil.rmtree(folder)
            raise Conflict(
                f"there is a snapshot {row['name']!r} already; choose another name"
            ) from None


def named_moment(engine: Engine, name: str) -> int | None:
    """The moment of the snapshot of a name, in microseconds since 1970, if there is one."""
    table = tables.snapshots
    with reading(engine) as connection:
        found: int | None = connection.scalar(select(table.c.as_of).where(table.c.name == name))
        return found


def _definition(
    app: str,
    declared: AppSection,
    rule: SplitRule,
    include_unreviewed: bool,
    selection: Selection | None,
    alike: Alike | None,
) -> dict[str, Any]:
    definition: dict[str, Any] = {
        "format": FORMAT,
        "app": app,
        "task": declared.task,
        "labels": list(declared.labels),
        "split": rule.as_dict(),
        "include_unreviewed": include_unreviewed,
    }
    if selection is not None:
        definition["selection"] = selection.as_dict()
    if alike is not None:
        definition["alike"] = dict(alike.definition)
    return definition


def _candidates(found: pa.Table, alike: Alike | None) -> Sequence[Candidate]:
    names = ("object_id", "sha256", "group_key", "order_key", "subject_id", "given_part")
    columns = [found[name].to_pylist() for name in names]
    columns.append([None] * found.num_rows if alike is None else alike.of(columns[0]))
    return [Candidate(*values) for values in zip(*columns, strict=True)]


def _members(found: pa.Table, done: Split) -> pa.Table:
    """The rows of the images that are in a part."""
    import pyarrow as pa

    parts = pa.array([done.parts.get(key) for key in found["object_id"].to_pylist()], pa.string())
    members = found.append_column("part", parts).filter(parts.is_valid())
    return members.select(
        ["object_id", "part", "reviewed", "sha256", "media_type", "width", "height"]
    )


def _labels_of(labels: pa.Table, members: pa.Table) -> pa.Table:
    """The labels of the images that are in a part."""
    import pyarrow.compute as pc

    ids = members["object_id"].combine_chunks()
    return labels.filter(pc.is_in(labels["object_id"], value_set=ids))
