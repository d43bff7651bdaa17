"""Inferences with their predictions, as facts of the operational database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, exists, func, select

from millpond.capture import tables
from millpond.capture.outbox import write_events
from millpond.capture.reviews import Row, is_completed
from millpond.database.group_commit import Transaction
from millpond.errors import Conflict, NotFound
from millpond.events.event import Event
from millpond.values import Box, Prediction, new_id


@dataclass(frozen=True)
class SeenImage:
    """What is told of the image that an inference is about: pixels, bytes and grey values."""

    width: int
    height: int
    bytes: int
    brightness: float | None
    contrast: float | None


@dataclass(frozen=True)
class NewInference:
    """What a model, or nobody yet, answered for an object.

    Args:
        model_version: None where the application has no champion.
        duration_ms: milliseconds of decoding and inference, where they are known.
        predictions: those answered, best first.
        candidates: those kept below the thresholds, packed.
        image: what its event tells of the object; None reads it from the object's row.
        occurred_at: when another server answered, in microseconds since 1970.
    """

    inference_id: str
    object_id: str
    app: str
    model_version: str | None
    threshold: float
    nms_threshold: float
    duration_ms: float | None
    requested_by: str
    predictions: Sequence[Prediction]
    candidates: bytes
    image: SeenImage | None = None
    occurred_at: int | None = None


@dataclass(frozen=True)
class IdempotencyKey:
    """A caller's promise that requests with the same key are one request."""

    app: str
    requested_by: str
    key: str
    request_sha256: str


# Built once: every prediction with a key asks it.
_ANSWERED = select(tables.idempotency.c.request_sha256, tables.idempotency.c.inference_id).where(
    *(tables.idempotency.c[name] == bindparam(name) for name in ("app", "requested_by", "key"))
)


def find_answered(connection: Connection, key: IdempotencyKey) -> str | None:
    """The inference that was answered to this key before, if any.

    Raises:
        Conflict: the key was used for another request.
    """
    row = connection.execute(_ANSWERED, vars(key)).first()
    if row is None:
        return None
    if row.request_sha256 != key.request_sha256:
        raise Conflict(
            f"Idempotency-Key {key.key!r} was used for another request; "
            "use a new key for a new request"
        )
    return str(row.inference_id)


def record_inference(
    transaction: Transaction, new: NewInference, key: IdempotencyKey | None = None
) -> list[str]:
    """Record an inference with its predictions and its event.

    Returns:
        The ids of the predictions, in their order.
    """
    return record_inferences(transaction, [(new, key)])[0]


def record_inferences(
    transaction: Transaction, said: Sequence[tuple[NewInference, IdempotencyKey | None]]
) -> list[list[str]]:
    """Record inferences, each with its predictions, its event and the key that it answers.

    Returns:
        The ids of the predictions of each, in their order.
    """
    connection = transaction.connection
    inferences, predictions, answered, events, ids = [], [], [], [], []
    for new, key in said:
        recorded_at = transaction.clock.tick()
        own = [new_id() for _ in new.predictions]
        ids.append(own)
        inferences.append(_row(new, recorded_at))
        predictions += _prediction_rows(new, own)
        if key is not None:
            answered.append({**vars(key), "inference_id": new.inference_id})
        events.append(_event(connection, new, recorded_at))
    for table, rows in (
        (tables.inferences, inferences),
        (tables.predictions, predictions),
        (tables.idempotency, answered),
    ):
        if rows:
            connection.execute(table.insert(), rows)
    write_events(connection, events)
    return ids


def _row(new: NewInference, recorded_at: int) -> dict[str, Any]:
    return {
        "inference_id": new.inference_id,
        "object_id": new.object_id,
        "model_version": new.model_version,
        "threshold": new.threshold,
        "nms_threshold": new.nms_threshold,
        "duration_ms": new.duration_ms,
        "requested_by": new.requested_by,
        "candidates": new.candidates,
        "occurred_at": new.occurred_at,
        "recorded_at": recorded_at,
    }


def _prediction_rows(new: NewInference, ids: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {
            "prediction_id": prediction_id,
            "inference_id": new.inference_id,
            "ordinal": ordinal,
            "label": prediction.label,
            "score": prediction.score,
            **box_columns(prediction.box),
        }
        for ordinal, (prediction_id, prediction) in enumerate(
            zip(ids, new.predictions, strict=True)
        )
    ]


def _event(connection: Connection, new: NewInference, recorded_at: int) -> Event:
    image = new.image or _seen_image(connection, new.object_id)
    return Event.of(
        "millpond.inference.recorded",
        new.app,
        new.inference_id,
        recorded_at,
        object_id=new.object_id,
        model_version=new.model_version,
        duration_ms=new.duration_ms,
        predictions=[
            {"label": prediction.label, "score": prediction.score} for prediction in new.predictions
        ],
        image={**vars(image)},
    )


_SEEN = select(*(tables.objects.c[field.name] for field in fields(SeenImage))).where(
    tables.objects.c.object_id == bindparam("of_object")
)


def _seen_image(connection: Connection, object_id: str) -> SeenImage:
    return SeenImage(*connection.execute(_SEEN, {"of_object": object_id}).one())


def box_columns(box: Box | None) -> dict[str, float | None]:
    """The four box columns of a row; all None where there is no box."""
    numbers: list[float | None] = [None] * 4 if box is None else [*box.as_list()]
    return dict(zip(("x_min", "y_min", "x_max", "y_max"), numbers, strict=True))


def get_inference(connection: Connection, inference_id: str) -> RowMapping:
    """The row of an inference with its object's ``app``, ``media_type``, ``width`` and ``height``.

    Raises:
        NotFound: there is none of that id.
    """
    objects, inferences = tables.objects, tables.inferences
    about = (objects.c.app, objects.c.media_type, objects.c.width, objects.c.height)
    row = (
        connection.execute(
            select(inferences, *about)
            .join(objects, objects.c.object_id == inferences.c.object_id)
            .where(inferences.c.inference_id == inference_id)
        )
        .mappings()
        .first()
    )
    if row is None:
        raise NotFound(f"no inference {inference_id!r}")
    return row


def list_inferences(
    connection: Connection, app: str, by: str | None, most: int, before: str | None
) -> Sequence[RowMapping]:
    """Inferences of an application, those with the greatest ids first.

    Args:
        by: only what they asked for; None is everybody.
        before: only ids less than this one.

    Returns:
        Rows with the number of `predictions`, and whether they are `reviewed`.
    """
    # Ids are UUIDv7: their order is that of time, and the primary key has it ready.
    inferences, objects = tables.inferences, tables.objects
    query = (
        select(
            inferences.c.inference_id,
            inferences.c.object_id,
            inferences.c.recorded_at,
            inferences.c.model_version,
            select(func.count())
            .where(tables.predictions.c.inference_id == inferences.c.inference_id)
            .scalar_subquery()
            .label("predictions"),
            is_completed(inferences).label("reviewed"),
        )
        .join(objects, objects.c.object_id == inferences.c.object_id)
        .where(objects.c.app == app)
        .order_by(inferences.c.inference_id.desc())
        .limit(most)
    )
    if before is not None:
        query = query.where(inferences.c.inference_id < before)
    if by is not None:
        query = query.where(inferences.c.requested_by == by)
    return connection.execute(query).mappings().all()


def is_recorded(connection: Connection, inference_id: str) -> bool:
    """Whether there is an inference of an id that has not been archived."""
    taken = exists().where(tables.inferences.c.inference_id == inference_id)
    return bool(connection.scalar(select(taken)))


def has_sent(connection: Connection, object_id: str, requested_by: str) -> bool:
    """Whether somebody has asked for an inference of an object."""
    table = tables.inferences
    sent = exists().where(table.c.object_id == object_id, table.c.requested_by == requested_by)
    return bool(connection.scalar(select(sent)))


def predictions_of(connection: Connection, inference_id: str) -> Sequence[RowMapping]:
    """The predictions of an inference, best first."""
    table = tables.predictions
    return (
        connection.execute(
            select(table).where(table.c.inference_id == inference_id).order_by(table.c.ordinal)
        )
        .mappings()
        .all()
    )


def predictions_by_id(connection: Connection, ids: Sequence[str]) -> dict[str, Row]:
    """The predictions of some ids, those that there are, with the object that they are about."""
    predictions, inferences = tables.predictions, tables.inferences
    query = (
        select(predictions, inferences.c.object_id)
        .join(inferences, inferences.c.inference_id == predictions.c.inference_id)
        .where(predictions.c.prediction_id.in_(ids))
    )
    return {row["prediction_id"]: row for row in connection.execute(query).mappings()}
