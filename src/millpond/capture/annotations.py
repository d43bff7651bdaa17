"""Annotations: what people said of a picture, each a new fact that points at what it corrects.

A review is all annotations on one (object, inference); those sent to the object
itself, and imported ones, share the review without an inference. An annotation
that targets another joins that one's review.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from sqlalchemy import Connection, RowMapping, select

from millpond.capture import tables
from millpond.capture.inferences import box_columns
from millpond.capture.outbox import write_events
from millpond.database.group_commit import Transaction
from millpond.errors import Conflict, Invalid
from millpond.events.event import Event
from millpond.settings import AppSection
from millpond.values import Action, Box, is_id, new_id


@dataclass(frozen=True)
class NewAnnotation:
    """One action of a reviewer, as sent.

    Args:
        action: ``confirm`` copies its target, ``correct`` overrides the fields given,
            ``add`` and ``reject`` do as they say, ``complete`` says that the image is done.
        target: a ``prediction_id`` or an ``annotation_id``.
        annotation_id: the caller's own id, so that sending again changes nothing.
    """

    action: Action
    target: str | None = None
    label: str | None = None
    box: Box | None = None
    annotation_id: str | None = None


@dataclass(frozen=True)
class Place:
    """What annotations are sent to: an object, or one inference of it."""

    object_id: str
    app: str
    width: int
    height: int
    inference_id: str | None = None


@dataclass(frozen=True)
class Kept:
    """Annotations as kept, and whether any of them is new."""

    rows: Sequence[RowMapping]
    created: bool


@dataclass(frozen=True)
class _Target:
    root_id: str
    label: str
    box: Box | None
    review_id: str | None


def record_annotations(
    transaction: Transaction,
    place: Place,
    sent: Sequence[NewAnnotation],
    declared: AppSection,
    annotator: str,
) -> Kept:
    """Record annotations, all or none, in the order in which they were sent.

    Raises:
        Invalid: an action, target, label or box does not fit; the message says which.
        Conflict: an ``annotation_id`` is taken by another annotation.
    """
    batch = _Batch(transaction, place)
    ids: list[str] = []
    created = False
    for number, annotation in enumerate(sent, start=1):
        try:
            annotation_id, is_new = _record(batch, annotation, declared, annotator)
        except Invalid as error:
            if len(sent) == 1:
                raise
            raise Invalid(f"annotation {number} of {len(sent)}: {error}") from error
        ids.append(annotation_id)
        created = created or is_new
    batch.flush()
    rows = {
        row["annotation_id"]: row for row in _select(transaction.connection, ids=list(set(ids)))
    }
    return Kept([rows[annotation_id] for annotation_id in ids], created)


def annotations_of(
    connection: Connection, *, inference_id: str | None = None, object_id: str | None = None
) -> Sequence[RowMapping]:
    """The annotations of an inference's review, or all on an object, oldest first."""
    return _select(connection, inference_id=inference_id, object_id=object_id)


class _Batch:
    """New annotations on one place, written together: many statements would take long.

    Whatever reads annotations asks for `connection`, which writes what waits first.
    """

    def __init__(self, transaction: Transaction, place: Place) -> None:
        self.place = place
        self._transaction = transaction
        self._rows: list[dict[str, object]] = []
        self._events: list[Event] = []
        self._review_id: str | None = None

    @property
    def connection(self) -> Connection:
        """The connection, by which everything added so far can be seen."""
        self.flush()
        return self._transaction.connection

    @property
    def review_id(self) -> str:
        """The review of the place, made at its first annotation."""
        if self._review_id is None:
            self._review_id = _review(self._transaction.connection, self.place)
        return self._review_id

    def add(self, annotation_id: str, content: Mapping[str, object]) -> None:
        """Add an annotation with the next moment of the clock, and its event."""
        recorded_at = self._transaction.clock.tick()
        self._rows.append({"annotation_id": annotation_id, "recorded_at": recorded_at, **content})
        self._events.append(
            Event.of(
                "millpond.annotation.recorded",
                self.place.app,
                annotation_id,
                recorded_at,
                object_id=self.place.object_id,
                action=content["action"],
                target_id=content["target_id"],
                label=content["label"],
            )
        )

    def flush(self) -> None:
        """Write what waits."""
        if self._rows:
            self._transaction.connection.execute(tables.annotations.insert(), self._rows)
            write_events(self._transaction.connection, self._events)
            self._rows, self._events = [], []


def _record(
    batch: _Batch, sent: NewAnnotation, declared: AppSection, annotator: str
) -> tuple[str, bool]:
    _check_form(sent)
    place = batch.place
    target = None if sent.target is None else _find_target(batch.connection, place, sent.target)
    resolved = _resolve(sent, target)
    _check_fit(resolved, place, declared)
    annotation_id = sent.annotation_id or new_id()
    review_id = (target and target.review_id) or batch.review_id
    root_id = target.root_id if target else (annotation_id if sent.action == "add" else None)
    content = {
        "review_id": review_id,
        "target_id": sent.target,
        "root_id": root_id,
        "action": sent.action,
        "label": resolved.label,
        **box_columns(resolved.box),
        "annotator": annotator,
    }
    if sent.annotation_id and _is_kept(batch.connection, sent.annotation_id, content):
        return annotation_id, False
    batch.add(annotation_id, content)
    return annotation_id, True


def _check_form(sent: NewAnnotation) -> None:
    """Refuse what no picture and no target could make right."""
    if sent.action not in get_args(Action):
        raise Invalid(f"action {sent.action!r} is not one of {', '.join(get_args(Action))}")
    if sent.annotation_id is not None and not is_id(sent.annotation_id):
        raise Invalid(f"annotation_id {sent.annotation_id!r} is not a UUID in lower case")
    takes_target = sent.action in ("confirm", "correct", "reject")
    if takes_target and sent.target is None:
        raise Invalid(f"{sent.action} needs a prediction_id or a target")
    if not takes_target and sent.target is not None:
        raise Invalid(f"{sent.action} takes no target")
    if sent.action in ("confirm", "reject", "complete") and (sent.label or sent.box):
        raise Invalid(f"{sent.action} takes neither label nor box; use correct to change them")
    if sent.action == "correct" and sent.label is None and sent.box is None:
        raise Invalid("correct needs a label or a box; use confirm to leave both as they are")
    if sent.action == "add" and sent.label is None:
        raise Invalid("add needs a label")


def _find_target(connection: Connection, place: Place, target_id: str) -> _Target:
    """The label, box, root and review of a prediction or an annotation on this object."""
    predictions, inferences = tables.predictions, tables.inferences
    row = (
        connection.execute(
            select(predictions, inferences.c.object_id)
            .join(inferences, inferences.c.inference_id == predictions.c.inference_id)
            .where(predictions.c.prediction_id == target_id)
        )
        .mappings()
        .first()
    )
    if row is not None and row["object_id"] == place.object_id:
        if place.inference_id not in (None, row["inference_id"]):
            raise Invalid(
                f"prediction {target_id} belongs to inference {row['inference_id']}; "
                "send the annotation there"
            )
        return _Target(target_id, row["label"], _box_of(row), None)
    found = _select(connection, ids=[target_id])
    if found and found[0]["object_id"] == place.object_id:
        row = found[0]
        if row["action"] in ("reject", "complete"):
            raise Invalid(
                f"annotation {target_id} is a {row['action']}, which has no label or box; "
                "target the prediction or annotation itself"
            )
        return _Target(row["root_id"], row["label"], _box_of(row), row["review_id"])
    raise Invalid(f"target {target_id!r} is no prediction or annotation on this object")


def _resolve(sent: NewAnnotation, target: _Target | None) -> NewAnnotation:
    """The annotation with the label and box that hold after it."""
    if target is None or sent.action == "reject":
        return sent
    return replace(sent, label=sent.label or target.label, box=sent.box or target.box)


def _check_fit(resolved: NewAnnotation, place: Place, declared: AppSection) -> None:
    """Refuse a label outside the list, or a box that does not fit task and picture."""
    if resolved.action in ("complete", "reject"):
        return
    if resolved.label not in declared.labels:
        raise Invalid(
            f"label {resolved.label!r} is not one of {', '.join(declared.labels)} (app {place.app})"
        )
    if declared.task == "classification" and resolved.box is not None:
        raise Invalid(f"app {place.app} is a classification: its labels have no box")
    if declared.task == "detection":
        if resolved.box is None:
            raise Invalid(f"app {place.app} is a detection: a label needs a box")
        resolved.box.check_inside(place.width, place.height)


def _review(connection: Connection, place: Place) -> str:
    """The id of the review of an (object, inference), made at its first annotation."""
    table = tables.reviews
    query = select(table.c.review_id).where(
        table.c.object_id == place.object_id,
        table.c.inference_id.is_(None)
        if place.inference_id is None
        else table.c.inference_id == place.inference_id,
    )
    known = connection.scalar(query)
    if known is not None:
        return str(known)
    review_id = new_id()
    connection.execute(
        table.insert().values(
            review_id=review_id, object_id=place.object_id, inference_id=place.inference_id
        )
    )
    return review_id


def _is_kept(connection: Connection, annotation_id: str, content: Mapping[str, object]) -> bool:
    """Whether an id is kept with this very content.

    Raises:
        Conflict: it is kept with another.
    """
    table = tables.annotations
    row = (
        connection.execute(select(table).where(table.c.annotation_id == annotation_id))
        .mappings()
        .first()
    )
    if row is None:
        return False
    if any(row[name] != value for name, value in content.items()):
        raise Conflict(
            f"annotation_id {annotation_id} is taken by another annotation; make a new id"
        )
    return True


def _select(
    connection: Connection,
    *,
    ids: list[str] | None = None,
    inference_id: str | None = None,
    object_id: str | None = None,
) -> Sequence[RowMapping]:
    annotations, reviews = tables.annotations, tables.reviews
    query = (
        select(annotations, reviews.c.object_id, reviews.c.inference_id)
        .join(reviews, reviews.c.review_id == annotations.c.review_id)
        .order_by(annotations.c.recorded_at)
    )
    if ids is not None:
        query = query.where(annotations.c.annotation_id.in_(ids))
    if inference_id is not None:
        query = query.where(reviews.c.inference_id == inference_id)
    if object_id is not None:
        query = query.where(reviews.c.object_id == object_id)
    return connection.execute(query).mappings().all()


def _box_of(row: RowMapping) -> Box | None:
    if row["x_min"] is None:
        return None
    return Box(row["x_min"], row["y_min"], row["x_max"], row["y_max"])
