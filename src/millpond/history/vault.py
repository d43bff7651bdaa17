"""The vault: its hubs, links and satellites, each declared in a few lines.

A declaration names the capture rows that a table of the history is projected
from. The same projection serves the load and, for rows not loaded yet, the
queries; so it makes no difference to an answer whether a row has been loaded.

Hubs hold what exists, links what belongs together, satellites what is known of
it (Linstedt and Olschimke, "Building a Scalable Data Warehouse with Data Vault
2.0", chapter 4). Facts are only ever inserted. What identifies a person is named
``personal``: it is kept out of the statistics of the files.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import pyarrow as pa
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Float,
    FromClause,
    Integer,
    LargeBinary,
    Select,
    Table,
    case,
    literal,
    select,
)
from sqlalchemy.types import TypeEngine

from millpond.capture import feed_tables
from millpond.capture import tables as capture

MOMENT = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, eq=False)
class Source:
    """Capture rows that tables of the vault are projected from.

    Args:
        fact: the table whose ``recorded_at`` and ``load_id`` the rows go by.
        rows: the fact, with whatever is joined to it.
        record_source: how the rows came: ``capture`` or ``ingest``.
    """

    fact: Table
    rows: FromClause
    record_source: ColumnElement[str]


@dataclass(frozen=True, eq=False)
class VaultTable:
    """One table of the vault.

    Args:
        columns: those of the capture rows, the key first.
        personal: names of the columns that identify a person, or could.
        present: which rows of the source it takes; all by default.
    """

    name: str
    kind: Literal["hub", "link", "satellite"]
    source: Source
    columns: tuple[Column[Any], ...]
    personal: frozenset[str] = frozenset()
    present: ColumnElement[bool] | None = None

    @property
    def key(self) -> str:
        """Name of the column that tells its rows apart."""
        return self.columns[0].name

    @cached_property
    def fact_schema(self) -> pa.Schema:
        """The columns that a fact itself has, loaded or not."""
        return pa.schema(
            [
                *(
                    pa.field(
                        column.name, _arrow_type(column.type), nullable=column.name != self.key
                    )
                    for column in self.columns
                ),
                pa.field("recorded_at", MOMENT, nullable=False),
                pa.field("record_source", pa.string(), nullable=False),
            ]
        )

    @cached_property
    def query_schema(self) -> pa.Schema:
        """The columns of a fact that a query sees: all but packed bytes, which are no SQL."""
        fields = [field for field in self.fact_schema if field.type != pa.binary()]
        return pa.schema(fields)

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns of the Delta table: those of the fact, and what the load adds."""
        added = [
            pa.field("load_id", pa.string(), nullable=False),
            pa.field("loaded_at", MOMENT, nullable=False),
        ]
        if self.kind == "satellite":
            added.append(pa.field("hash_diff", pa.string(), nullable=False))
        return pa.schema([*self.fact_schema, *added])

    def projection(self, where: ColumnElement[bool], names: Collection[str]) -> Select[Any]:
        """The rows of the table among the capture rows `where` holds, in a fixed order.

        Args:
            names: of the columns wanted, in their order; the others are not even read.
        """
        fact = self.source.fact
        added = (fact.c.recorded_at, self.source.record_source.label("record_source"))
        query = (
            select(*(column for column in (*self.columns, *added) if column.name in names))
            .select_from(self.source.rows)
            .where(where)
            .order_by(fact.c.recorded_at, self.columns[0])
        )
        return query if self.present is None else query.where(self.present)


def _arrow_type(kind: TypeEngine[Any]) -> pa.DataType:
    if isinstance(kind, feed_tables.Moment):
        return MOMENT
    if isinstance(kind, (BigInteger, Integer)):
        return pa.int64()
    if isinstance(kind, Float):
        return pa.float64()
    return pa.binary() if isinstance(kind, LargeBinary) else pa.string()


def _hub(name: str, source: Source, *columns: Column[Any]) -> VaultTable:
    return VaultTable(name, "hub", source, columns)


def _link(
    name: str, source: Source, *columns: Column[Any], present: ColumnElement[bool] | None = None
) -> VaultTable:
    return VaultTable(name, "link", source, columns, present=present)


def _satellite(
    name: str,
    source: Source,
    *columns: Column[Any],
    personal: tuple[str, ...] = (),
    present: ColumnElement[bool] | None = None,
) -> VaultTable:
    return VaultTable(name, "satellite", source, columns, frozenset(personal), present)


_objects, _origins, _inferences = capture.objects, capture.object_origins, capture.inferences
_predictions, _annotations = capture.predictions, capture.annotations
_CAPTURED = literal("capture")

SUBJECTS = Source(capture.subjects, capture.subjects, _CAPTURED)
IDENTITIES = Source(capture.subject_identities, capture.subject_identities, _CAPTURED)
OBJECTS = Source(
    _objects, _objects, case((_objects.c.source == "ingest", "ingest"), else_="capture")
)
ORIGINS = Source(_origins, _origins, literal("ingest"))
INFERENCES = Source(_inferences, _inferences, _CAPTURED)
PREDICTIONS = Source(_inferences, _predictions.join(_inferences), _CAPTURED)
ANNOTATIONS = Source(
    _annotations,
    _annotations.join(capture.reviews),
    case((_annotations.c.annotator == "import", "ingest"), else_="capture"),
)
REFUSALS = Source(capture.refusals, capture.refusals, _CAPTURED)
UNCAPTURED = Source(capture.uncaptured, capture.uncaptured, _CAPTURED)
LANDINGS, RECORD_KEYS, RECORD_VERSIONS, RECORD_SIGHTINGS, QUARANTINED_ROWS = (
    Source(table, table, literal("feed")) for table in feed_tables.FEED_FACTS
)

_DECLARED = (
    _hub("hub_subject", SUBJECTS, capture.subjects.c.subject_id),
    _hub("hub_object", OBJECTS, _objects.c.object_id),
    _hub("hub_inference", INFERENCES, _inferences.c.inference_id),
    _hub("hub_prediction", PREDICTIONS, _predictions.c.prediction_id),
    _hub("hub_annotation", ANNOTATIONS, _annotations.c.annotation_id),
    _hub("hub_refusal", REFUSALS, capture.refusals.c.refusal_id),
    _hub("hub_uncaptured", UNCAPTURED, capture.uncaptured.c.uncaptured_id),
    _link(
        "link_object_subject",
        OBJECTS,
        _objects.c.object_id,
        _objects.c.subject_id,
        present=_objects.c.subject_id.is_not(None),
    ),
    _link("link_inference_object", INFERENCES, _inferences.c.inference_id, _inferences.c.object_id),
    _link(
        "link_prediction_inference",
        PREDICTIONS,
        _predictions.c.prediction_id,
        _predictions.c.inference_id,
    ),
    _link(
        "link_annotation",
        ANNOTATIONS,
        _annotations.c.annotation_id,
        capture.reviews.c.object_id,
        capture.reviews.c.inference_id,
        _annotations.c.target_id,
    ),
    _satellite(
        "sat_subject_identity",
        IDENTITIES,
        capture.subject_identities.c.subject_id,
        capture.subject_identities.c.identifier,
        personal=("identifier",),
    ),
    _satellite(
        "sat_object",
        OBJECTS,
        _objects.c.object_id,
        _objects.c.app,
        _objects.c.sha256,
        _objects.c.media_type,
        _objects.c.width,
        _objects.c.height,
        _objects.c.bytes,
        _objects.c.source,
        _objects.c.brightness,
        _objects.c.contrast,
        personal=("sha256",),
    ),
    _satellite(
        "sat_object_origin",
        ORIGINS,
        _origins.c.object_id,
        _origins.c.path,
        _origins.c.group_key,
        _origins.c.order_key,
        _origins.c.part,
        personal=("path", "group_key", "order_key"),
    ),
    _satellite(
        "sat_inference",
        INFERENCES,
        _inferences.c.inference_id,
        _inferences.c.model_version,
        _inferences.c.threshold,
        _inferences.c.nms_threshold,
        _inferences.c.duration_ms,
        _inferences.c.requested_by,
        _inferences.c.candidates,
        _inferences.c.occurred_at,
        personal=("requested_by",),
    ),
    _satellite(
        "sat_prediction",
        PREDICTIONS,
        _predictions.c.prediction_id,
        _predictions.c.ordinal,
        _predictions.c.label,
        _predictions.c.score,
        _predictions.c.x_min,
        _predictions.c.y_min,
        _predictions.c.x_max,
        _predictions.c.y_max,
    ),
    _satellite(
        "sat_annotation",
        ANNOTATIONS,
        _annotations.c.annotation_id,
        _annotations.c.root_id,
        _annotations.c.action,
        _annotations.c.label,
        _annotations.c.x_min,
        _annotations.c.y_min,
        _annotations.c.x_max,
        _annotations.c.y_max,
        _annotations.c.annotator,
        personal=("annotator",),
    ),
    _satellite(
        "sat_refusal",
        REFUSALS,
        capture.refusals.c.refusal_id,
        capture.refusals.c.app,
        capture.refusals.c.status,
        capture.refusals.c.reason,
        personal=("reason",),
    ),
    _satellite(
        "sat_uncaptured",
        UNCAPTURED,
        capture.uncaptured.c.uncaptured_id,
        capture.uncaptured.c.app,
        capture.uncaptured.c.model_version,
        capture.uncaptured.c.hour,
        capture.uncaptured.c.reason,
        capture.uncaptured.c.requests,
    ),
    _hub("hub_landing", LANDINGS, feed_tables.landings.c.landing_id),
    _hub("hub_record", RECORD_KEYS, feed_tables.record_keys.c.record_id),
    _satellite(
        "sat_landing",
        LANDINGS,
        feed_tables.landings.c.landing_id,
        feed_tables.landings.c.feed,
        feed_tables.landings.c.business_date,
        feed_tables.landings.c.file_name,
        feed_tables.landings.c.sha256,
        feed_tables.landings.c.bytes,
        feed_tables.landings.c.rows,
        feed_tables.landings.c.added,
        feed_tables.landings.c.gone,
        feed_tables.landings.c.quarantined,
        feed_tables.landings.c.complete,
        feed_tables.landings.c.extra,
        personal=("file_name", "sha256"),
    ),
    _satellite(
        "sat_record_key",
        RECORD_KEYS,
        feed_tables.record_keys.c.record_id,
        feed_tables.record_keys.c.feed,
        feed_tables.record_keys.c.key,
        personal=("key",),
    ),
    _satellite(
        "sat_record",
        RECORD_VERSIONS,
        feed_tables.record_versions.c.record_id,
        feed_tables.record_versions.c.landing_id,
        feed_tables.record_versions.c.version,
        feed_tables.record_versions.c.content,
    ),
    _satellite(
        "sat_record_personal",
        RECORD_VERSIONS,
        feed_tables.record_versions.c.record_id,
        feed_tables.record_versions.c.landing_id,
        feed_tables.record_versions.c.version,
        feed_tables.record_versions.c.personal,
        personal=("personal",),
        present=feed_tables.record_versions.c.personal.is_not(None),
    ),
    _satellite(
        "sat_record_sighting",
        RECORD_SIGHTINGS,
        feed_tables.record_sightings.c.record_id,
        feed_tables.record_sightings.c.landing_id,
        feed_tables.record_sightings.c.valid_from,
        feed_tables.record_sightings.c.version,
    ),
    _satellite(
        "sat_quarantined_row",
        QUARANTINED_ROWS,
        feed_tables.quarantined_rows.c.landing_id,
        feed_tables.quarantined_rows.c.line,
        feed_tables.quarantined_rows.c.reason,
        feed_tables.quarantined_rows.c.content,
        personal=("reason", "content"),
    ),
)

#: Every table of the vault, by its name.
VAULT: dict[str, VaultTable] = {table.name: table for table in _DECLARED}

#: The capture tables that a load claims rows of.
FACTS: tuple[Table, ...] = tuple(dict.fromkeys(table.source.fact for table in _DECLARED))
