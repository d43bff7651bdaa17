"""The index of images: built once in memory, then kept up by what was recorded since.

Before each answer it looks at the clock of the project. What was recorded after its mark
names the objects that were touched; their rows alone are made again, from the facts of both
the operational database and the history. So whatever was acknowledged is in the next answer.
Facts that an archive took before they were seen cannot be found so: then it is built anew.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from sqlalchemy import Connection, Engine

from millpond.analytics.analytics import Analytics
from millpond.analytics.images.chain import Chain, read_chain
from millpond.analytics.images.derive import derive
from millpond.analytics.images.facets import Facets, facets
from millpond.analytics.images.facts import read_all, read_some, touched_since
from millpond.analytics.images.filter import ImageFilter
from millpond.analytics.images.tables import BOX_COLUMNS, IMAGE_COLUMNS, TABLES
from millpond.analytics.memory import InMemory
from millpond.analytics.past import Past
from millpond.capture.reviews import Row
from millpond.database.clock import last
from millpond.database.connection import reading
from millpond.errors import Busy, Invalid, MillpondError
from millpond.history.horizon import archived_until
from millpond.settings import AppSection
from millpond.values import from_micros

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_CLOSING = "the project is being closed; start it again"
#: Objects whose rows are made again at once.
_AT_ONCE = 5_000
#: Images that are handed out at once where all are wanted.
_BATCH = 1_000


@dataclass(frozen=True)
class Frozen:
    """A snapshot, as far as the index knows it.

    Args:
        as_of: microseconds since 1970.
        members: its file with ``object_id`` and ``part`` of each image.
    """

    snapshot_id: str
    name: str
    app: str
    as_of: int
    members: Path


@dataclass(frozen=True)
class Page:
    """A part of the images that a filter holds; each row may have a list ``boxes``."""

    total: int
    images: list[dict[str, Any]]


class ImageIndex:
    """Answers filters over all images of a project; see `tables` for what it knows of each.

    Args:
        past: finds facts that were archived.
        apps: the applications by their names as output shows them.
        frozen: lists the snapshots.
    """

    def __init__(
        self,
        engine: Engine,
        analytics: Analytics,
        past: Past,
        apps: Mapping[str, AppSection],
        frozen: Callable[[], Sequence[Frozen]],
    ) -> None:
        self._engine = engine
        self._analytics = analytics
        self._past = past
        self._apps = apps
        self._frozen = frozen
        self._lock = threading.Lock()
        self._memory = InMemory()
        self._mark: int | None = None
        self._closed = False
        self._building: DuckDBPyConnection | None = None
        self._warming: threading.Thread | None = None

    def close(self) -> None:
        """Let go of the memory; a build that is under way ends soon, and is waited for."""
        self._closed = True
        building, warming = self._building, self._warming
        if building is not None:
            building.interrupt()
        if warming is not None:
            # One that was still inside the engine would abort the process as it exits.
            warming.join()
        with self._lock:
            self._memory.close()

    def warm(self) -> None:
        """Build it in the background, so that nobody has to wait for the first answer."""

        def build() -> None:
            # Whatever is wrong, the first who asks hears of it.
            with suppress(MillpondError):
                self.refresh()

        self._warming = threading.Thread(target=build, name="images", daemon=True)
        self._warming.start()

    # Questions.

    def page(
        self,
        app: str,
        chosen: ImageFilter,
        *,
        offset: int = 0,
        limit: int = 100,
        boxes: bool = False,
    ) -> Page:
        """A part of the images that a filter holds, in its order.

        Args:
            boxes: with the boxes of each image.

        Raises:
            Invalid: the filter names a snapshot that the application has not.
        """
        where, values = chosen.images(app)
        with self._asking() as cursor:
            self._check_snapshot(cursor, app, chosen)
            total = _rows(cursor, f"select count(*) as n from images where {where}", values)
            images = _rows(
                cursor,
                f"select {IMAGE_COLUMNS} from images where {where} order by {chosen.order}"
                f" limit {limit:d} offset {offset:d}",
                values,
            )
            if boxes:
                _add_boxes(cursor, images)
        return Page(total[0]["n"], images)

    def facets(self, app: str, chosen: ImageFilter) -> Facets:
        """How many images there are by each value of each field.

        Raises:
            Invalid: the filter names a snapshot that the application has not.
        """
        with self._asking() as cursor:
            self._check_snapshot(cursor, app, chosen)
            return facets(cursor, app, chosen)

    def ids(self, app: str, chosen: ImageFilter) -> list[str]:
        """The objects that a filter holds, in its order.

        Raises:
            Invalid: the filter names a snapshot that the application has not.
        """
        where, values = chosen.images(app)
        sql = f"select object_id::varchar from images where {where} order by {chosen.order}"
        with self._asking() as cursor:
            self._check_snapshot(cursor, app, chosen)
            return [object_id for (object_id,) in cursor.execute(sql, values).fetchall()]

    def rows(self, app: str, chosen: ImageFilter) -> Iterator[dict[str, Any]]:
        """All images that a filter holds, in its order, some at a time.

        Raises:
            Invalid: the filter names a snapshot that the application has not.
        """
        where, values = chosen.images(app)
        sql = f"select {IMAGE_COLUMNS} from images where {where} order by {chosen.order}"
        with self._asking() as cursor:
            self._check_snapshot(cursor, app, chosen)
            for batch in cursor.sql(sql, params=values).to_arrow_reader(_BATCH):
                yield from batch.to_pylist()

    def select(
        self,
        app: str,
        *,
        where: str = "true",
        order: str = "recorded_at, object_id",
        limit: int | None = None,
        offset: int = 0,
        columns: str = IMAGE_COLUMNS,
        parameters: Mapping[str, Any] | None = None,
    ) -> list[dict[str, Any]]:
        """Rows of ``images`` by SQL of our own; see `tables` for its columns.

        Args:
            parameters: the values of each ``$name``.
        """
        part = "" if limit is None else f" limit {limit:d}"
        sql = (
            f"select {columns} from images where app = $app and ({where})"
            f" order by {order}{part} offset {offset:d}"
        )
        with self._asking() as cursor:
            return _rows(cursor, sql, {"app": app, **(parameters or {})})

    def count(
        self, app: str, where: str = "true", parameters: Mapping[str, Any] | None = None
    ) -> int:
        """How many rows of ``images`` some SQL of our own holds."""
        sql = f"select count(*) as n from images where app = $app and ({where})"
        with self._asking() as cursor:
            [found] = _rows(cursor, sql, {"app": app, **(parameters or {})})
        return int(found["n"])

    def snapshots_of(self, object_id: str) -> list[dict[str, Any]]:
        """The snapshots that an object is in, oldest first: ``name, as_of, part``."""
        sql = (
            "select snapshot_id::varchar as snapshot_id, name, as_of, part"
            " from members join snapshots using (snapshot_id)"
            " where object_id = $object_id::uuid order by as_of, name"
        )
        with self._asking() as cursor:
            return _rows(cursor, sql, {"object_id": object_id})

    def chain(self, connection: Connection, about: Row) -> Chain:
        """Everything known of the object of a row; see `chain.Chain`.

        Args:
            connection: inside a read transaction of the operational database.
        """
        with self._memory.cursor() as cursor:
            return read_chain(cursor, connection, self._past, about)

    # Keeping it up.

    def refresh(self) -> None:
        """Take in whatever was recorded since; the first time, everything.

        Raises:
            Busy: the project is being closed.
        """
        with self._lock:
            if self._closed:
                raise Busy(_CLOSING)
            with reading(self._engine) as connection:
                moment, mark = last(connection), self._mark
                if moment == mark:
                    return
                known = mark is not None and archived_until(connection) <= mark
                if mark is not None and known:
                    self._renew(connection, mark)
            if not known:
                self._build(moment)
            self._add_snapshots()
            self._mark = moment

    @contextmanager
    def _asking(self) -> Iterator[DuckDBPyConnection]:
        """A cursor that sees one state of the tables, with all that was acknowledged."""
        self.refresh()
        with self._memory.cursor() as cursor:
            cursor.execute("begin")
            yield cursor

    def _renew(self, connection: Connection, mark: int) -> None:
        """Make the rows again of what was touched since the mark."""
        touched = touched_since(connection, mark)
        for at in range(0, len(touched), _AT_ONCE):
            with self._memory.cursor() as cursor:
                self._declare(cursor)
                read_some(cursor, connection, self._past, touched[at : at + _AT_ONCE])
                derive(cursor)
                _replace(cursor)

    def _build(self, moment: int) -> None:
        """Make all rows, in memory of their own; who still asks the old ones may end."""
        import duckdb

        built = InMemory()
        with built.cursor() as cursor:
            self._building = cursor
            try:
                self._fill(cursor, moment)
            except duckdb.InterruptException:
                raise Busy(_CLOSING) from None
            finally:
                self._building = None
        self._memory.close()
        self._memory = built

    def _fill(self, cursor: DuckDBPyConnection, moment: int) -> None:
        for table in TABLES:
            cursor.execute(table)
        self._declare(cursor)
        for _ in read_all(cursor, self._engine, self._analytics, moment):
            if self._closed:
                raise Busy(_CLOSING)
        derive(cursor)
        _replace(cursor)

    def _declare(self, cursor: DuckDBPyConnection) -> None:
        """Tell what the settings say of the applications."""
        cursor.execute("create temp table apps (app varchar, task varchar, threshold double)")
        for name, declared in self._apps.items():
            cursor.execute(
                "insert into apps values (?, ?, ?)", [name, declared.task, declared.threshold]
            )

    def _add_snapshots(self) -> None:
        with self._memory.cursor() as cursor:
            found = cursor.execute("select snapshot_id::varchar from snapshots").fetchall()
            known = {snapshot_id for (snapshot_id,) in found}
            for frozen in self._frozen():
                # One whose files are lost is `verify`'s business.
                if frozen.snapshot_id not in known and frozen.members.exists():
                    _add_snapshot(cursor, frozen)

    def _check_snapshot(self, cursor: DuckDBPyConnection, app: str, chosen: ImageFilter) -> None:
        if chosen.snapshot is None:
            return
        found = cursor.execute("select name from snapshots where app = ? order by as_of", [app])
        names = [name for (name,) in found.fetchall()]
        if chosen.snapshot not in names:
            raise Invalid(
                f"snapshot {chosen.snapshot!r} is not one of app {app}; "
                f"existing snapshots: {', '.join(names) or 'none'}"
            )


def _rows(cursor: DuckDBPyConnection, sql: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cursor.sql(sql, params=dict(values)).to_arrow_table().to_pylist()
    return found


def _add_boxes(cursor: DuckDBPyConnection, images: Sequence[dict[str, Any]]) -> None:
    """Give each image the list of its boxes, the best first."""
    lists: dict[str, list[dict[str, Any]]] = {image["object_id"]: [] for image in images}
    cursor.register("asked", pa.table({"object_id": pa.array(lists, pa.string())}))
    rows = _rows(
        cursor,
        f"select {BOX_COLUMNS} from boxes"
        " semi join (select object_id::uuid as object_id from asked) using (object_id)"
        " order by object_id, place",
        {},
    )
    for row in rows:
        lists[row.pop("object_id")].append(row)
    for image in images:
        image["boxes"] = lists[image["object_id"]]


def _replace(cursor: DuckDBPyConnection) -> None:
    """Put the new rows of some objects in the place of their old ones, in one transaction."""
    cursor.execute("begin")
    for name in ("images", "boxes"):
        table = f"memory.main.{name}"
        cursor.execute(f"delete from {table} where object_id in (select object_id from new_images)")
        cursor.execute(f"insert into {table} by name from new_{name}")
    cursor.execute("commit")


def _add_snapshot(cursor: DuckDBPyConnection, frozen: Frozen) -> None:
    as_of = from_micros(frozen.as_of).replace(tzinfo=None)
    cursor.execute("begin")
    cursor.execute(
        "insert into members select object_id::uuid, ?::uuid, part from read_parquet(?)",
        [frozen.snapshot_id, str(frozen.members)],
    )
    cursor.execute(
        "insert into snapshots values (?, ?, ?, ?)",
        [frozen.snapshot_id, frozen.name, frozen.app, as_of],
    )
    cursor.execute("commit")
