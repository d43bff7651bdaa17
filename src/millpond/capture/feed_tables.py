"""The tables of the operational database that hold what feeds brought.

A record is told by its key alone, a version is what one of its rows said, and a
sighting says from when a version holds: an extended tracking satellite (Linstedt and
Olschimke, "Building a Scalable Data Warehouse with Data Vault 2.0"), in which files
may come late, corrected and repeated, in any order.

What names a landing counts from the moment that the landing's own row, the last to
be written, is there. Many rows come at once, so those that nothing refers to have
no id but the moment at which they were recorded: the clock gives each out once.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from millpond.database.schema import metadata

_ID = String(36)


class Moment(BigInteger):
    """Microseconds since 1970 that the history shows as a moment."""


def _moment_as_key() -> Column[int]:
    kind = BigInteger().with_variant(Integer(), "sqlite")
    return Column("recorded_at", kind, primary_key=True, autoincrement=False)


def _load() -> tuple[Column[str], Index]:
    return Column("load_id", _ID, nullable=True), Index(None, "load_id", "recorded_at")


landings = Table(
    "landings",
    metadata,
    Column("landing_id", _ID, primary_key=True),
    Column("feed", String(64), nullable=False),
    #: The day that the file is of, as YYYY-MM-DD.
    Column("business_date", String(10), nullable=False),
    Column("file_name", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    #: Rows of the file, those quarantined among them.
    Column("rows", BigInteger, nullable=False),
    #: Sightings that said something new, and those of them that said that a record has gone.
    Column("added", BigInteger, nullable=False),
    Column("gone", BigInteger, nullable=False),
    Column("quarantined", BigInteger, nullable=False),
    #: 1 where the file lists every record of its day, so that one not in it has gone.
    Column("complete", Integer, nullable=False),
    #: JSON: the columns of the file that the feed does not declare.
    Column("extra", Text, nullable=False),
    Column("recorded_at", BigInteger, nullable=False, index=True),
    *_load(),
)

#: The records, by their keys: a JSON array of the values of the key columns.
record_keys = Table(
    "record_keys",
    metadata,
    Column("record_id", _ID, primary_key=True),
    Column("feed", String(64), nullable=False),
    Column("key", Text, nullable=False),
    Column("recorded_at", BigInteger, nullable=False, index=True),
    *_load(),
)

#: What was said of a record, once however often it is said again.
record_versions = Table(
    "record_versions",
    metadata,
    _moment_as_key(),
    Column("record_id", _ID, nullable=False),
    Column("landing_id", _ID, nullable=False),
    #: A hash of content and personal: the hash difference by which versions are told apart.
    Column("version", String(32), nullable=False),
    #: JSON: the columns but those of the key and the personal ones; nulls are left out.
    Column("content", Text, nullable=False),
    #: JSON: the personal columns, where the feed declares any.
    Column("personal", Text, nullable=True),
    *_load(),
)

#: From when a version holds; the version is null where the record was taken back.
record_sightings = Table(
    "record_sightings",
    metadata,
    _moment_as_key(),
    Column("record_id", _ID, nullable=False),
    Column("landing_id", _ID, nullable=False),
    Column("valid_from", Moment, nullable=False),
    Column("version", String(32), nullable=True),
    *_load(),
)

#: Rows that were not taken, with the line they begin at and why.
quarantined_rows = Table(
    "quarantined_rows",
    metadata,
    _moment_as_key(),
    Column("landing_id", _ID, nullable=False),
    Column("line", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("content", Text, nullable=False),
    *_load(),
)

#: Every fact that a feed brings.
FEED_FACTS = (landings, record_keys, record_versions, record_sightings, quarantined_rows)
