"""The tables of the operational database that hold facts, in third normal form.

Facts are only ever inserted. ``load_id`` is the one column that changes: a load
claims the rows that it carries into the history. ``recorded_at`` is in
microseconds since 1970, from the persisted clock.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    func,
)

from millpond.capture.feed_tables import Moment
from millpond.database.schema import metadata

_ID = String(36)


def _recorded(*, leaves: bool = False) -> tuple[Column[int], Column[str], Index]:
    """The columns of every fact; those that leave one day are looked for by their moment."""
    return (
        Column("recorded_at", BigInteger, nullable=False, index=leaves),
        Column("load_id", _ID, nullable=True),
        # A load takes the oldest that have none, and reads its own in their order.
        Index(None, "load_id", "recorded_at"),
    )


subjects = Table(
    "subjects",
    metadata,
    Column("subject_id", _ID, primary_key=True),
    *_recorded(),
)

#: What identifies a subject, apart from everything else, so that it can go alone.
subject_identities = Table(
    "subject_identities",
    metadata,
    Column("subject_id", _ID, ForeignKey(subjects.c.subject_id), primary_key=True),
    Column("identifier", Text, nullable=False, unique=True),
    *_recorded(),
)

objects = Table(
    "objects",
    metadata,
    Column("object_id", _ID, primary_key=True),
    Column("app", String(64), nullable=False),
    Column("subject_id", _ID, ForeignKey(subjects.c.subject_id), nullable=True),
    Column("sha256", String(64), nullable=False),
    Column("media_type", String(64), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("source", String(16), nullable=False),
    #: Mean and standard deviation of grey, from 0 to 1; null of what came before they were kept.
    Column("brightness", Float, nullable=True),
    Column("contrast", Float, nullable=True),
    *_recorded(),
)

# The same bytes are kept once per subject and application.
Index(
    "uq_objects_bytes",
    objects.c.sha256,
    objects.c.app,
    func.coalesce(objects.c.subject_id, ""),
    unique=True,
)

#: Where an ingested object came from; a path may identify a person.
object_origins = Table(
    "object_origins",
    metadata,
    Column("object_id", _ID, ForeignKey(objects.c.object_id), primary_key=True),
    Column("path", Text, nullable=False),
    Column("group_key", Text, nullable=True),
    Column("order_key", Text, nullable=True),
    Column("part", String(16), nullable=True),
    *_recorded(),
)

inferences = Table(
    "inferences",
    metadata,
    Column("inference_id", _ID, primary_key=True),
    Column("object_id", _ID, ForeignKey(objects.c.object_id), nullable=False, index=True),
    Column("model_version", String(128), nullable=True),
    Column("threshold", Float, nullable=False),
    Column("nms_threshold", Float, nullable=False),
    #: Null where another server answered, and did not say.
    Column("duration_ms", Float, nullable=True),
    Column("requested_by", String(128), nullable=False),
    Column("candidates", LargeBinary, nullable=False),
    #: When another server answered, where that was told; ours is recorded as it answers.
    Column("occurred_at", Moment, nullable=True),
    *_recorded(leaves=True),
)

predictions = Table(
    "predictions",
    metadata,
    Column("prediction_id", _ID, primary_key=True),
    Column("inference_id", _ID, ForeignKey(inferences.c.inference_id), nullable=False, index=True),
    Column("ordinal", Integer, nullable=False),
    Column("label", Text, nullable=False),
    Column("score", Float, nullable=False),
    Column("x_min", Float, nullable=True),
    Column("y_min", Float, nullable=True),
    Column("x_max", Float, nullable=True),
    Column("y_max", Float, nullable=True),
)

#: All annotations on one (object, inference) are a review; an import has no inference.
reviews = Table(
    "reviews",
    metadata,
    Column("review_id", _ID, primary_key=True),
    Column("object_id", _ID, ForeignKey(objects.c.object_id), nullable=False),
    #: No foreign key: an inference that was archived leaves, its review may stay.
    Column("inference_id", _ID, nullable=True),
)
Index(
    "uq_reviews_target",
    reviews.c.object_id,
    func.coalesce(reviews.c.inference_id, ""),
    unique=True,
)

annotations = Table(
    "annotations",
    metadata,
    Column("annotation_id", _ID, primary_key=True),
    Column("review_id", _ID, ForeignKey(reviews.c.review_id), nullable=False, index=True),
    Column("target_id", _ID, nullable=True),
    #: The prediction or the added annotation at the bottom of the chain of targets.
    Column("root_id", _ID, nullable=True),
    Column("action", String(16), nullable=False),
    #: The label and box that hold after the action: a confirmation copies its target's.
    Column("label", Text, nullable=True),
    Column("x_min", Float, nullable=True),
    Column("y_min", Float, nullable=True),
    Column("x_max", Float, nullable=True),
    Column("y_max", Float, nullable=True),
    Column("annotator", String(128), nullable=False),
    *_recorded(leaves=True),
)

refusals = Table(
    "refusals",
    metadata,
    Column("refusal_id", _ID, primary_key=True),
    Column("app", String(64), nullable=True),
    Column("status", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    *_recorded(leaves=True),
)

#: How many requests of an hour were answered but not kept, and why: counts to be added up.
uncaptured = Table(
    "uncaptured",
    metadata,
    Column("uncaptured_id", _ID, primary_key=True),
    Column("app", String(64), nullable=False),
    Column("model_version", String(128), nullable=True),
    Column("hour", Moment, nullable=False),
    Column("reason", String(16), nullable=False),
    Column("requests", Integer, nullable=False),
    *_recorded(leaves=True),
)

#: Which request an ``Idempotency-Key`` was first used for, and what it was answered.
idempotency = Table(
    "idempotency",
    metadata,
    Column("app", String(64), primary_key=True),
    Column("requested_by", String(128), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("request_sha256", String(64), nullable=False),
    #: No foreign key: the inference may have been archived.
    Column("inference_id", _ID, nullable=False),
)

#: The events of the facts above, written with them, in the order of ``recorded_at``.
outbox = Table(
    "outbox",
    metadata,
    Column("event_id", _ID, primary_key=True),
    Column("recorded_at", BigInteger, nullable=False, index=True),
    Column("type", String(64), nullable=False),
    Column("app", String(64), nullable=False),
    Column("entity_id", String(128), nullable=False, index=True),
    Column("data", JSON, nullable=False),
    #: What order is kept for, and the share of all events that this one is of.
    Column("key", String(128), nullable=True),
    Column("partition", Integer, nullable=True),
)

#: The source of events that the table above is.
OUTBOX = "outbox"

#: How far each consumer of events has come in each partition, and which worker reads it.
stream_positions = Table(
    "stream_positions",
    metadata,
    #: `OUTBOX`, or the topic that is read instead.
    Column("source", String(255), primary_key=True),
    Column("consumer", String(128), primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    #: Of the outbox ``recorded_at``, of a topic the offset; all up to it is done with.
    Column("position", BigInteger, nullable=False),
    Column("worker", _ID, nullable=True),
)

#: The workers that read for a consumer; one that does not renew its row in time is gone.
stream_workers = Table(
    "stream_workers",
    metadata,
    Column("source", String(255), primary_key=True),
    Column("consumer", String(128), primary_key=True),
    Column("worker", _ID, primary_key=True),
    Column("alive_until", BigInteger, nullable=False),
)
