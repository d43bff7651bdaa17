"""The filter of images: what it may say, and the SQL over the index that it stands for."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeAlias, get_args

from millpond.analytics.images.tables import IS_REQUESTED
from millpond.errors import Invalid
from millpond.values import MICROSECONDS, is_id, iso, parse_moment

Outcome = Literal["tp", "fp", "fn", "tn"]
Sort = Literal["newest", "oldest", "uncertain", "disagreement", "wrong"]
YesNo = Literal["yes", "no"]

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DAY = 86_400 * MICROSECONDS

#: SQL, and the values of its parameters by their names.
Where: TypeAlias = tuple[str, dict[str, Any]]

_ORDERS: Mapping[Sort, str] = {
    "newest": "recorded_at desc, object_id desc",
    "oldest": "recorded_at, object_id",
    "uncertain": "uncertainty desc nulls last, recorded_at desc, object_id desc",
    "disagreement": "disagreement desc nulls last, recorded_at desc, object_id desc",
    "wrong": "fp + fn desc nulls last, recorded_at desc, object_id desc",
}
_LISTS = ("label", "outcome", "annotator", "model", "source")
_CHOICES: Mapping[str, Sequence[str]] = {
    "outcome": get_args(Outcome),
    "reviewed": get_args(YesNo),
    "requested": get_args(YesNo),
    "sort": get_args(Sort),
}
#: The fields that speak of one and the same box.
BOX_FIELDS = frozenset({"label", "outcome", "min_score", "max_score"})

_CONDITIONS: Mapping[str, str] = {
    "annotator": "list_has_any(annotators, $annotator)",
    "since": "recorded_at >= make_timestamp($since)",
    "until": "recorded_at <= make_timestamp($until)",
    "subject": "subject_id = $subject::uuid",
    "model": "list_contains($model, model_version)",
    "source": "list_contains($source, source)",
    "snapshot": "object_id in (select object_id from members join snapshots using (snapshot_id)"
    " where name = $snapshot)",
}


@dataclass(frozen=True)
class ImageFilter:
    """Which images, and in what order. Lists are "any of these"; None and () ask nothing.

    Args:
        label: of a box of the latest inference, or of a true one that it missed.
        outcome: of such a box; ``tn``: none of those labels is there, in truth or answer.
        min_score: of the box; so is `max_score`.
        annotator: who said something in the review that is the truth.
        since: when the image was recorded, in microseconds since 1970; so is `until`.
        subject: surrogate of whom it is about.
        model: that answered last.
        snapshot: name of one that it is in.
        requested: whether it was sent to review and waits for it.
    """

    label: tuple[str, ...] = ()
    outcome: tuple[Outcome, ...] = ()
    min_score: float | None = None
    max_score: float | None = None
    reviewed: YesNo | None = None
    annotator: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None
    subject: str | None = None
    model: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    snapshot: str | None = None
    requested: YesNo | None = None
    sort: Sort = "newest"

    @classmethod
    def of(cls, sent: Mapping[str, Any], *, now: int) -> ImageFilter:
        """The filter that a query string or a JSON object says; blank values ask nothing.

        Args:
            sent: a value or a list for each field; moments are ISO 8601, dates or ages.
            now: microseconds since 1970 from which an age counts back.

        Raises:
            Invalid: there is no such field, or a value does not fit.
        """
        names = [field.name for field in fields(cls)]
        values: dict[str, Any] = {}
        for name, value in sent.items():
            if name not in names:
                raise Invalid(f"a filter has no {name!r}; its fields are {', '.join(names)}")
            given = [one for one in _listed(value) if one not in (None, "")]
            if given:
                values[name] = _read(name, given, now)
        return cls(**values)

    def as_dict(self) -> dict[str, Any]:
        """What it asks, as JSON values; `of` takes it back."""
        found: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value != field.default:
                found[field.name] = list(value) if isinstance(value, tuple) else value
        for name in {"since", "until"} & found.keys():
            found[name] = iso(found[name])
        return found

    @property
    def order(self) -> str:
        """SQL of the order."""
        return _ORDERS[self.sort]

    def asks(self, name: str) -> bool:
        """Whether a field is given."""
        return getattr(self, name) not in (None, ())

    def images(self, app: str, without: Collection[str] = ()) -> Where:
        """The condition on ``images``.

        Args:
            without: fields that do not count.
        """
        sql, values = self.images_apart_from_boxes(app, without)
        box, box_values = self._has_box(without)
        return (f"{sql} and {box}", values | box_values) if box else (sql, values)

    def images_apart_from_boxes(self, app: str, without: Collection[str] = ()) -> Where:
        """As `images`, without the fields that speak of a box."""
        conditions, values = ["app = $app"], {"app": app}
        for name, condition in _CONDITIONS.items():
            if name not in without and self.asks(name):
                conditions.append(condition)
                values[name] = _parameter(getattr(self, name))
        for name, condition in (("reviewed", "reviewed"), ("requested", IS_REQUESTED)):
            answer = getattr(self, name)
            if answer and name not in without:
                conditions.append(condition if answer == "yes" else f"not {condition}")
        return " and ".join(conditions), values

    def boxes(self, without: Collection[str] = ()) -> Where:
        """The condition on ``boxes``; ``tn`` holds for none."""
        conditions: list[str] = []
        values: dict[str, Any] = {}
        for name, condition in (
            ("label", "list_contains($label, label)"),
            ("outcome", "list_contains($outcome, outcome)"),
            ("min_score", "score >= $min_score"),
            ("max_score", "score <= $max_score"),
        ):
            if name not in without and self.asks(name):
                conditions.append(condition)
                values[name] = _parameter(getattr(self, name))
        return " and ".join(conditions) or "true", values

    @property
    def with_absence(self) -> bool:
        """Whether it asks for images where something is rightly not found; that has no score."""
        return "tn" in self.outcome and self.min_score is None and self.max_score is None

    def _has_box(self, without: Collection[str]) -> Where:
        if not any(self.asks(name) for name in BOX_FIELDS.difference(without)):
            return "", {}
        sql, values = self.boxes(without)
        has = f"object_id in (select object_id from boxes where {sql})"
        if self.with_absence:
            absent, more = self._absent()
            return f"({has} or {absent})", values | more
        return has, values

    def _absent(self) -> Where:
        """Images of which neither answer nor truth has one of the labels, or any box at all."""
        if not self.label:
            return "(tp is not null and object_id not in (select object_id from boxes))", {}
        return (
            "(tp is not null and object_id not in (select object_id from boxes"
            " where list_contains($label, label) group by object_id"
            " having count(distinct label) = $labels))",
            {"label": list(self.label), "labels": len(set(self.label))},
        )


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _parameter(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _read(name: str, given: list[Any], now: int) -> Any:
    """The value of a field, from all that was sent for it."""
    if name in _CHOICES:
        for one in given:
            if one not in _CHOICES[name]:
                raise Invalid(f"{name} {one!r} is not one of {', '.join(_CHOICES[name])}")
    if name in _LISTS:
        if not all(isinstance(one, str) for one in given):
            raise Invalid(f"{name} {given!r} is no list of texts")
        return tuple(dict.fromkeys(given))
    if len(given) > 1:
        raise Invalid(f"{name} is given {len(given)} times; it takes one value")
    [one] = given
    if name in ("min_score", "max_score"):
        return _score(name, one)
    if name in ("since", "until"):
        return _moment(name, one, now)
    if name == "subject" and not is_id(str(one)):
        raise Invalid(f"subject {one!r} is no surrogate of a subject, such as an image shows it")
    return str(one)


def _score(name: str, value: Any) -> float:
    try:
        score = float(value)
    except (TypeError, ValueError):
        score = -1.0
    if not 0 <= score <= 1:
        raise Invalid(f"{name} {value!r} is no number from 0 to 1")
    return score


def _moment(name: str, value: Any, now: int) -> int:
    """A date is its first microsecond as `since`, and its last as `until`."""
    moment = parse_moment(str(value), now=now)
    if moment is None:
        raise Invalid(f"{name} {value!r} is no moment: write ISO 8601, a date, or '2h ago'")
    is_date = _DATE.fullmatch(str(value).strip()) is not None
    return moment - _DAY + 1 if is_date and name == "since" else moment
