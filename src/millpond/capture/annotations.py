"""Annotations: what people said of a picture, each a new fact that points at what it corrects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast, get_args

from sqlalchemy import Connection

from millpond.capture import tables
from millpond.capture.inferences import box_columns, predictions_by_id
from millpond.capture.leases import release_leases
from millpond.capture.outbox import write_events
from millpond.capture.reviews import NOTHING, Earlier, Row, annotations_by_id, review_of
from millpond.capture.reviews import Place as Place
from millpond.capture.reviews import annotations_of as annotations_of
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
            ``add`` and ``reject`` do as they say, ``reopen`` leaves a prediction as nobody has
            reviewed it, ``complete`` says that the image is done.
        target: a ``prediction_id`` or an ``annotation_id``.
        annotation_id: the caller's own id, so that sending again changes nothing.
    """

    action: Action
    target: str | None = None
    label: str | None = None
    box: Box | None = None
    annotation_id: str | None = None

    @classmethod
    def of(cls, sent: Mapping[str, Any]) -> NewAnnotation:
        """The annotation that a mapping asks for; whether it fits is looked at when it is recorded.

        Args:
            sent: ``action``, and any of ``target`` or ``prediction_id``, ``label``, ``box`` (four
                numbers) and ``annotation_id``.

        Raises:
            Invalid: a field is missing, or there is one that no annotation has.
        """
        unknown = sorted(set(sent) - set(_FIELDS))
        if unknown or "action" not in sent:
            what = f"no {', '.join(unknown)}" if unknown else "an action"
            raise Invalid(f"an annotation has {what}; its fields are {', '.join(_FIELDS)}")
        target, prediction_id = sent.get("target"), sent.get("prediction_id")
        if target and prediction_id and target != prediction_id:
            raise Invalid("prediction_id and target are two names for one thing; send one of them")
        box = sent.get("box")
        return cls(
            action=cast(Action, sent["action"]),
            target=prediction_id or target,
            label=sent.get("label"),
            box=None if box is None else Box.of(box),
            annotation_id=sent.get("annotation_id"),
        )


_FIELDS = ("action", "target", "prediction_id", "label", "box", "annotation_id")


@dataclass(frozen=True)
class Kept:
    """Annotations as kept, and whether any of them is new."""

    rows: Sequence[Row]
    created: bool


@dataclass(frozen=True)
class _Target:
    """What an annotation answers to; `inference_id` is that of the review which it joins."""

    root_id: str
    label: str
    box: Box | None
    inference_id: str | None


def record_annotations(
    transaction: Transaction,
    place: Place,
    sent: Sequence[NewAnnotation],
    declared: AppSection,
    annotator: str,
    earlier: Earlier = NOTHING,
) -> Kept:
    """Record annotations, all or none, in the order in which they were sent.

    Args:
        earlier: what `sent` names of what may have left the operational database.

    Raises:
        Invalid: an action, target, label or box does not fit; the message says which.
        Conflict: an ``annotation_id`` is taken by another annotation.
    """
    batch = _Batch(transaction, place, earlier)
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
    if created and any(annotation.action == "complete" for annotation in sent):
        release_leases(transaction.connection, [place.object_id], annotator)
    rows = {**earlier.annotations, **annotations_by_id(transaction.connection, list(set(ids)))}
    return Kept([rows[annotation_id] for annotation_id in ids], created)


#: What speaks of its target, and what has no label or box.
_WITH_TARGET = ("confirm", "correct", "reject", "reopen")
_WITHOUT_LABEL = ("reject", "reopen", "complete")

#: The columns that an annotation has from its review.
_OF_REVIEW = ("object_id", "inference_id")


class _Batch:
    """New annotations on one place, written together: many statements would take long.

    Whatever reads annotations asks for `connection`, which writes what waits first.
    """

    def __init__(self, transaction: Transaction, place: Place, earlier: Earlier) -> None:
        self.place = place
        self.earlier = earlier
        self._transaction = transaction
        self._rows: list[dict[str, object]] = []
        self._events: list[Event] = []
        self._reviews: dict[str | None, str] = {}

    @property
    def connection(self) -> Connection:
        """The connection, by which everything added so far can be seen."""
        self.flush()
        return self._transaction.connection

    def prediction(self, prediction_id: str) -> Row | None:
        """The prediction of an id, wherever it is kept."""
        found = predictions_by_id(self.connection, [prediction_id])
        return found.get(prediction_id) or self.earlier.predictions.get(prediction_id)

    def annotation(self, annotation_id: str) -> Row | None:
        """The annotation of an id, wherever it is kept."""
        found = annotations_by_id(self.connection, [annotation_id])
        return found.get(annotation_id) or self.earlier.annotations.get(annotation_id)

    def add(self, annotation_id: str, content: Row) -> None:
        """Add an annotation with the next moment of the clock, and its event."""
        recorded_at = self._transaction.clock.tick()
        columns = {name: value for name, value in content.items() if name not in _OF_REVIEW}
        self._rows.append(
            {
                "annotation_id": annotation_id,
                "review_id": self._review(content["inference_id"]),
                "recorded_at": recorded_at,
                **columns,
            }
        )
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

    def _review(self, inference_id: str | None) -> str:
        if inference_id not in self._reviews:
            self._reviews[inference_id] = review_of(
                self._transaction.connection, self.place.object_id, inference_id
            )
        return self._reviews[inference_id]

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
    target = None if sent.target is None else _find_target(batch, sent.target)
    if target and sent.action == "reopen" and batch.prediction(target.root_id) is None:
        raise Invalid(
            f"{sent.target} was added, so it cannot be open again; reject it to take it away"
        )
    resolved = _resolve(sent, target)
    _check_fit(resolved, place, declared)
    annotation_id = sent.annotation_id or new_id()
    content = {
        "object_id": place.object_id,
        "inference_id": target.inference_id if target else place.inference_id,
        "target_id": sent.target,
        "root_id": target.root_id if target else (annotation_id if sent.action == "add" else None),
        "action": sent.action,
        "label": resolved.label,
        **box_columns(resolved.box),
        "annotator": annotator,
    }
    if sent.annotation_id and _is_kept(batch, sent.annotation_id, content):
        return annotation_id, False
    batch.add(annotation_id, content)
    return annotation_id, True


def _check_form(sent: NewAnnotation) -> None:
    """Refuse what no picture and no target could make right."""
    if sent.action not in get_args(Action):
        raise Invalid(f"action {sent.action!r} is not one of {', '.join(get_args(Action))}")
    if sent.annotation_id is not None and not is_id(sent.annotation_id):
        raise Invalid(f"annotation_id {sent.annotation_id!r} is not a UUID in lower case")
    takes_target = sent.action in _WITH_TARGET
    if takes_target and sent.target is None:
        raise Invalid(f"{sent.action} needs a prediction_id or a target")
    if not takes_target and sent.target is not None:
        raise Invalid(f"{sent.action} takes no target")
    if sent.action in ("confirm", *_WITHOUT_LABEL) and (sent.label or sent.box):
        raise Invalid(f"{sent.action} takes neither label nor box; use correct to change them")
    if sent.action == "correct" and sent.label is None and sent.box is None:
        raise Invalid("correct needs a label or a box; use confirm to leave both as they are")
    if sent.action == "add" and sent.label is None:
        raise Invalid("add needs a label")


def _find_target(batch: _Batch, target_id: str) -> _Target:
    """The label, box, root and review of a prediction or an annotation on this object."""
    place = batch.place
    row = batch.prediction(target_id)
    if row is not None and row["object_id"] == place.object_id:
        if place.inference_id not in (None, row["inference_id"]):
            raise Invalid(
                f"prediction {target_id} belongs to inference {row['inference_id']}; "
                "send the annotation there"
            )
        return _Target(target_id, row["label"], _box_of(row), place.inference_id)
    row = batch.annotation(target_id)
    if row is not None and row["object_id"] == place.object_id:
        if row["action"] in _WITHOUT_LABEL:
            raise Invalid(
                f"annotation {target_id} is a {row['action']}, which has no label or box; "
                "target the prediction or annotation itself"
            )
        return _Target(row["root_id"], row["label"], _box_of(row), row["inference_id"])
    raise Invalid(f"target {target_id!r} is no prediction or annotation on this object")


def _resolve(sent: NewAnnotation, target: _Target | None) -> NewAnnotation:
    """The annotation with the label and box that hold after it."""
    if target is None or sent.action in _WITHOUT_LABEL:
        return sent
    return replace(sent, label=sent.label or target.label, box=sent.box or target.box)


def _check_fit(resolved: NewAnnotation, place: Place, declared: AppSection) -> None:
    """Refuse a label outside the list, or a box that does not fit task and picture."""
    if resolved.action in _WITHOUT_LABEL:
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


def _is_kept(batch: _Batch, annotation_id: str, content: Row) -> bool:
    """Whether an id is kept with this very content.

    Raises:
        Conflict: it is kept with another.
    """
    row = batch.annotation(annotation_id)
    if row is None:
        return False
    if any(row[name] != value for name, value in content.items()):
        raise Conflict(
            f"annotation_id {annotation_id} is taken by another annotation; make a new id"
        )
    return True


def _box_of(row: Row) -> Box | None:
    if row["x_min"] is None:
        return None
    return Box(row["x_min"], row["y_min"], row["x_max"], row["y_max"])
