"""Objects and whom they are about, as facts of the operational database."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, select

from millpond.capture import tables
from millpond.capture.outbox import write_events
from millpond.database.group_commit import Transaction
from millpond.errors import NotFound
from millpond.events.event import Event
from millpond.values import new_id


def object_key(object_id: str) -> str:
    """Where the bytes of an object lie in the object store.

    The last characters of a UUIDv7 are random, so the folders fill evenly.
    """
    return f"objects/{object_id[-2:]}/{object_id}"


@dataclass(frozen=True)
class Origin:
    """Where an ingested object came from, and how it may be split."""

    path: str
    group_key: str | None = None
    order_key: str | None = None
    part: str | None = None


#: What there is only one object of: application, subject and SHA-256.
Identity = tuple[str, str | None, str]


@dataclass(frozen=True)
class NewObject:
    """An object whose bytes are already durable in the store, under ``object_key(object_id)``.

    Args:
        width: pixels, after EXIF rotation; so is ``height``.
        subject: the caller's own name for whom it is about.
        source: ``upload`` or ``ingest``.
        brightness: mean of grey, from 0 to 1, where it is known.
        contrast: standard deviation of grey, likewise.
    """

    object_id: str
    app: str
    sha256: str
    media_type: str
    width: int
    height: int
    bytes: int
    source: str
    subject: str | None = None
    origin: Origin | None = None
    brightness: float | None = None
    contrast: float | None = None

    @property
    def identity(self) -> Identity:
        """The same for what is kept once."""
        return self.app, self.subject, self.sha256


# Built once: every prediction asks it.
_OF_BYTES = (
    select(
        tables.objects.c.object_id,
        tables.objects.c.app,
        tables.objects.c.sha256,
        tables.objects.c.subject_id,
        tables.subject_identities.c.identifier,
    )
    .outerjoin(
        tables.subject_identities,
        tables.subject_identities.c.subject_id == tables.objects.c.subject_id,
    )
    .where(tables.objects.c.sha256.in_(bindparam("hashes", expanding=True)))
)


def kept_objects(connection: Connection, images: Collection[NewObject]) -> dict[Identity, str]:
    """The ids of the objects that are kept already of the same bytes as some new ones."""
    rows = connection.execute(_OF_BYTES, {"hashes": [image.sha256 for image in images]})
    return {
        (row.app, row.identifier, row.sha256): str(row.object_id)
        for row in rows
        # One whose subject has no name any more is nobody's whom a caller could name.
        if (row.subject_id is None) == (row.identifier is None)
    }


def find_object(
    connection: Connection, app: str, subject: str | None, sha256: str
) -> RowMapping | None:
    """The row of the same bytes for the same subject and application, if they are kept."""
    query = select(tables.objects).where(
        tables.objects.c.sha256 == sha256, tables.objects.c.app == app
    )
    if subject is None:
        query = query.where(tables.objects.c.subject_id.is_(None))
    else:
        query = query.join(
            tables.subject_identities,
            tables.subject_identities.c.subject_id == tables.objects.c.subject_id,
        ).where(tables.subject_identities.c.identifier == subject)
    return connection.execute(query).mappings().first()


def get_object(connection: Connection, object_id: str) -> RowMapping:
    """The row of an object.

    Raises:
        NotFound: there is none of that id.
    """
    row = (
        connection.execute(select(tables.objects).where(tables.objects.c.object_id == object_id))
        .mappings()
        .first()
    )
    if row is None:
        raise NotFound(f"no object {object_id!r}")
    return row


def find_objects(connection: Connection, object_ids: Collection[str]) -> Sequence[RowMapping]:
    """The rows of those objects that there are, in no order."""
    return (
        connection.execute(select(tables.objects).where(tables.objects.c.object_id.in_(object_ids)))
        .mappings()
        .all()
    )


def record_object(transaction: Transaction, new: NewObject) -> str:
    """Record an object, once per subject, application and bytes.

    Returns:
        Its id: that of the object kept before, where these bytes are known already.
    """
    return record_objects(transaction, [new])[0]


def record_objects(transaction: Transaction, images: Sequence[NewObject]) -> list[str]:
    """Record objects, each once per subject, application and bytes.

    Returns:
        Their ids, in their order: of the objects kept before, where the bytes are known already.
    """
    connection = transaction.connection
    known = kept_objects(connection, images)
    rows = []
    for new in images:
        if new.identity not in known:
            known[new.identity] = new.object_id
            rows.append(_row(transaction, new))
    if rows:
        connection.execute(tables.objects.insert(), rows)
    added = {row["object_id"]: row["recorded_at"] for row in rows}
    for new in images:
        if new.origin is not None and new.object_id in added:
            record_origin(connection, new.object_id, new.origin, added[new.object_id])
    write_events(connection, [_event(row) for row in rows])
    return [known[new.identity] for new in images]


def _row(transaction: Transaction, new: NewObject) -> dict[str, Any]:
    return {
        "object_id": new.object_id,
        "app": new.app,
        "subject_id": None if new.subject is None else _subject(transaction, new.subject),
        "sha256": new.sha256,
        "media_type": new.media_type,
        "width": new.width,
        "height": new.height,
        "bytes": new.bytes,
        "source": new.source,
        "brightness": new.brightness,
        "contrast": new.contrast,
        "recorded_at": transaction.clock.tick(),
    }


def _event(row: Mapping[str, Any]) -> Event:
    told = {name: row[name] for name in ("media_type", "width", "height", "bytes", "source")}
    return Event.of(
        "millpond.object.recorded", row["app"], row["object_id"], row["recorded_at"], **told
    )


def record_origin(connection: Connection, object_id: str, origin: Origin, recorded_at: int) -> None:
    """Record where an object came from, which is said once for each object."""
    connection.execute(
        tables.object_origins.insert().values(
            object_id=object_id,
            path=origin.path,
            group_key=origin.group_key,
            order_key=origin.order_key,
            part=origin.part,
            recorded_at=recorded_at,
        )
    )


def origin_of(connection: Connection, object_id: str) -> Origin | None:
    """Where an object came from, if it was ever ingested."""
    table = tables.object_origins
    row = connection.execute(
        select(table.c.path, table.c.group_key, table.c.order_key, table.c.part).where(
            table.c.object_id == object_id
        )
    ).first()
    return None if row is None else Origin(*row)


def _subject(transaction: Transaction, identifier: str) -> str:
    """The surrogate of a subject, made at first sight."""
    identities = tables.subject_identities
    known = transaction.connection.scalar(
        select(identities.c.subject_id).where(identities.c.identifier == identifier)
    )
    if known is not None:
        return str(known)
    subject_id = new_id()
    recorded_at = transaction.clock.tick()
    transaction.connection.execute(
        tables.subjects.insert().values(subject_id=subject_id, recorded_at=recorded_at)
    )
    transaction.connection.execute(
        identities.insert().values(
            subject_id=subject_id, identifier=identifier, recorded_at=recorded_at
        )
    )
    return subject_id
