"""The refresh: the rows of materialized views, made anew where it is time.

One row in the operational database completes a materialization, in five steps. Where
it is interrupted before the fourth nothing counts of it, and it is simply run again.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Engine, func, select

from millpond.analytics.analytics import Analytics
from millpond.analytics.catalogue import closure
from millpond.analytics.definitions import fingerprints, record_definitions
from millpond.analytics.own import check_usable
from millpond.analytics.plan import TOUCHING
from millpond.analytics.relations import Wanted, stored_folder
from millpond.analytics.stored import Stored, StoredViews, materializations, stored_path
from millpond.analytics.view import AFTER_HISTORY, View
from millpond.database.clock import Clock, last, machine_now
from millpond.database.connection import reading, writing
from millpond.durable import PART, make_folder, sync_file, sync_folder
from millpond.errors import Invalid
from millpond.history.history import History
from millpond.history.lock import exclusive
from millpond.history.room import room
from millpond.history.tables import loads
from millpond.settings import QuerySection
from millpond.values import new_id

#: What the SQL of users may take while nobody waits for it.
_LIMITS = QuerySection(seconds=3_600)
#: An incremental view is made anew when this share of its rows was touched.
_SHARE = 20
#: Seconds for which a file stays that is no longer needed; a question may be reading it.
_GRACE = 3_600.0


def refresh(
    engine: Engine,
    history: History,
    analytics: Analytics,
    names: Sequence[str] | None = None,
    as_of: int | None = None,
    *,
    grace_seconds: float = _GRACE,
) -> int:
    """Make the rows of materialized views anew, those first that others are made from.

    Two at once are one after the other, and the second finds little to do.

    Args:
        names: of the views, time or not; by default those for which it is time.
        as_of: the moment of which the rows tell, in microseconds since 1970; None is now.
        grace_seconds: for which files stay that are no longer needed.

    Returns:
        The rows written.

    Raises:
        Invalid: a view is not there, is not materialized, or is wrong; the others that
            it is time for have been made by then.
    """
    work = Refresh(engine, history, analytics, as_of)
    rows, problems = 0, []
    with work.alone():
        for name in work.chosen(names):
            try:
                rows += work.make(name)
            except Invalid as error:
                problems.append(str(error))
        work.tidy(grace_seconds)
    if problems:
        raise Invalid("; ".join(problems))
    return rows


@dataclass(frozen=True)
class _Made:
    """A durable file that no row names yet."""

    materialization_id: str
    columns: list[tuple[str, str]]
    rows: int
    bytes: int


class Refresh:
    """The steps of a refresh. Only one process at a time may take them (`alone`)."""

    def __init__(
        self, engine: Engine, history: History, analytics: Analytics, as_of: int | None = None
    ) -> None:
        self._engine = engine
        self._analytics = analytics
        self._as_of = as_of
        self._folder = stored_folder(history)
        self._views = analytics.understood()
        self._prints: Mapping[str, str] = fingerprints(self._views)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the materializations for writing, and have the definitions on record."""
        make_folder(self._folder)
        with exclusive(self._folder.with_suffix(".lock")):
            record_definitions(self._engine, self._views)
            yield

    def chosen(self, names: Sequence[str] | None) -> list[str]:
        """The views to make, the lowest first.

        Raises:
            Invalid: one of `names` is not there, or is not materialized.
        """
        for name in names or ():
            if name not in self._views:
                raise Invalid(f"view {name!r} is not found; existing: {', '.join(self._views)}")
            if self._views[name].refresh is None:
                raise Invalid(
                    f"view {name!r} is virtual, so there is nothing to refresh; materialized: "
                    + (", ".join(self._prints) or "none")
                )
        ordered = closure(self._prints if names is None else names, self._views)
        wanted = self._prints if names is None else names
        return [name for name in ordered if name in wanted and (names or self._is_time(name))]

    def make(self, name: str) -> int:
        """Make the rows of a view; how many there are.

        Raises:
            Invalid: the view is wrong; nothing is kept.
            DiskFull: there is no room; nothing is kept.
        """
        check_usable(self._views, [name])
        # Step 1. Take the moment. All facts up to it are visible from here on.
        as_of = self._now() if self._as_of is None else self._as_of
        # Steps 2 and 3. Write the rows beside, and have them on disk under their name.
        with room():
            made = self._write(name, as_of)
        # Step 4. Say in one row that the view is answered from them, from this commit on.
        self._complete(name, as_of, made)
        return made.rows

    def tidy(self, grace_seconds: float = _GRACE) -> int:
        """Step 5. Remove the files that nobody has needed for a while; how many there were."""
        with reading(self._engine) as connection:
            stored = StoredViews(connection, self._folder, self._prints)
            newest = [stored.newest(name) for name in self._prints]
        current = {one.view: one.path for one in newest if one is not None}
        removed = 0
        for path in self._folder.glob("*/*"):
            kept = current.get(path.parent.name)
            # One that was superseded only now may still be read.
            unneeded = min(_age(path), _age(kept) if kept and kept.is_file() else _age(path))
            if path != kept and unneeded >= grace_seconds:
                path.unlink(missing_ok=True)
                removed += 1
        return removed

    def _write(self, name: str, as_of: int) -> _Made:
        materialization_id = new_id()
        path = stored_path(self._folder, name, materialization_id)
        make_folder(path.parent)
        aside = path.with_name(f"{PART}{path.name}")
        wanted = Wanted((name,), (as_of,), anew=True)
        try:
            rows = 0
            with self._analytics.ask(wanted, lambda _: f"select * from {name}", _LIMITS) as result:
                columns = list(zip(result.schema.names, result.types, strict=True))
                _check_kept(name, columns)
                with _writer(aside, result.schema) as writer:
                    for batch in result.batches:
                        writer.write_batch(batch)
                        rows += batch.num_rows
            sync_file(aside)
            size = aside.stat().st_size
            aside.rename(path)
            sync_folder(path.parent)
        except BaseException:
            with suppress(OSError):
                aside.unlink()
            raise
        return _Made(materialization_id, columns, rows, size)

    def _complete(self, name: str, as_of: int, made: _Made) -> None:
        with writing(self._engine) as connection:
            clock = Clock(connection)
            connection.execute(
                materializations.insert().values(
                    materialization_id=made.materialization_id,
                    view=name,
                    fingerprint=self._prints[name],
                    as_of=as_of,
                    recorded_at=clock.tick(),
                    columns=made.columns,
                    rows=made.rows,
                    bytes=made.bytes,
                )
            )
            clock.keep()

    def _is_time(self, name: str) -> bool:
        view = self._views[name]
        with reading(self._engine) as connection:
            newest = StoredViews(connection, self._folder, self._prints).newest(name)
            loaded = connection.scalar(select(func.max(loads.c.completed_at)))
        assert view.refresh is not None
        if view.problem is not None or newest is None:
            return True
        if view.refresh.every is not None:
            return newest.recorded_at + view.refresh.every <= machine_now()
        if view.refresh.text == AFTER_HISTORY:
            return loaded is not None and loaded > newest.recorded_at
        return not newest.is_there or self._touched(view, newest) > newest.rows // _SHARE

    def _touched(self, view: View, stored: Stored) -> int:
        """How many objects, or facts of inferences, came since."""
        tables = ("link_inference_object",) if view.key[0] == "hour" else TOUCHING
        facts = " union all ".join(f"select object_id, recorded_at from {one}" for one in tables)
        sql = f"select count(distinct object_id) as n from ({facts})"
        since = f"{sql} where recorded_at > make_timestamp({stored.as_of})"
        found: int = self._analytics.table(since)["n"][0].as_py()
        return found

    def _now(self) -> int:
        with reading(self._engine) as connection:
            return last(connection)


def _check_kept(name: str, columns: list[tuple[str, str]]) -> None:
    """Refuse columns that a Parquet file does not give back as they were."""
    for column, kind in columns:
        if lost := re.search(r"\b(INTERVAL|BIT|TIME_NS|TIME WITH TIME ZONE)\b", kind):
            raise Invalid(
                f"column {column!r} of view {name!r} cannot be kept: cast its {lost[0]} to VARCHAR"
            )


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(path, schema, compression="zstd", write_page_checksum=True)


def _age(path: Path) -> float:
    """Seconds since a file was written; 0 when it has just gone."""
    with suppress(FileNotFoundError):
        return time.time() - path.stat().st_mtime
    return 0.0
