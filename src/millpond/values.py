"""Small values that every layer speaks: ids, boxes, application names and moments.

Nothing here imports a library beyond the standard one, apart from the maker of
UUIDv7 ids.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

import uuid_utils

from millpond.errors import Invalid

Task = Literal["detection", "classification"]
Action = Literal["confirm", "correct", "add", "reject", "reopen", "complete"]

#: The lowest score of a candidate that is kept with an inference.
CANDIDATE_FLOOR = 0.05
#: The most candidates that are kept with an inference.
CANDIDATE_LIMIT = 300

MICROSECONDS = 1_000_000


def new_id() -> str:
    """A new random id: UUIDv7 (RFC 9562, section 5.7), in canonical text form."""
    return str(uuid_utils.uuid7())


def is_id(text: str) -> bool:
    """Whether a text is a UUID in canonical form, as `new_id` makes them."""
    return _ID.fullmatch(text) is not None


_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels, origin top left; ``x_max`` and ``y_max`` are exclusive."""

    x_min: float
    y_min: float
    x_max: float
    y_max: float

    @classmethod
    def of(cls, numbers: Sequence[float]) -> Box:
        """A box from ``[x_min, y_min, x_max, y_max]``.

        Raises:
            Invalid: there are not four numbers.
        """
        if len(numbers) != 4:
            raise Invalid(f"a box is [x_min, y_min, x_max, y_max], not {list(numbers)}")
        return cls(*(float(number) for number in numbers))

    def as_list(self) -> list[float]:
        """``[x_min, y_min, x_max, y_max]``."""
        return [self.x_min, self.y_min, self.x_max, self.y_max]

    @property
    def area(self) -> float:
        """Square pixels; 0 for a box that is inside out."""
        return max(0.0, self.x_max - self.x_min) * max(0.0, self.y_max - self.y_min)

    def iou(self, other: Box) -> float:
        """Intersection over union, from 0 (apart) to 1 (the same)."""
        width = min(self.x_max, other.x_max) - max(self.x_min, other.x_min)
        height = min(self.y_max, other.y_max) - max(self.y_min, other.y_min)
        if width <= 0 or height <= 0:
            return 0.0
        shared = width * height
        return shared / (self.area + other.area - shared)

    def clipped(self, width: int, height: int) -> Box:
        """The part of the box that lies in a picture of `width` x `height` pixels."""
        return Box(
            min(max(self.x_min, 0.0), width),
            min(max(self.y_min, 0.0), height),
            min(max(self.x_max, 0.0), width),
            min(max(self.y_max, 0.0), height),
        )

    def check_inside(self, width: int, height: int) -> None:
        """Refuse a box that is empty, inside out, or outside its picture.

        Raises:
            Invalid: the message says which, with the box and the picture's size.
        """
        numbers = self.as_list()
        if not all(abs(number) < float("inf") for number in numbers):
            raise Invalid(f"box {numbers} has a number that is not finite")
        if self.x_min >= self.x_max or self.y_min >= self.y_max:
            raise Invalid(
                f"box {numbers} is empty or inside out: "
                "x_min must be below x_max and y_min below y_max"
            )
        if self.x_min < 0 or self.y_min < 0 or self.x_max > width or self.y_max > height:
            raise Invalid(f"box {numbers} lies outside the picture of {width} x {height} pixels")


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model said: a label, its score from 0 to 1, and where (detection only)."""

    label: str
    score: float
    box: Box | None = None


class Told(TypedDict, total=False):
    """What may be told of an inference that another model server made.

    ``address`` and ``object_id`` say which image it was, where its bytes are not sent.
    """

    address: str | None
    object_id: str | None
    duration_ms: float | None
    threshold: float | None
    nms: float | None
    occurred_at: str | dt.datetime | None
    subject: str | None
    inference_id: str | None


def inference_document(
    model: str, predictions: Sequence[Mapping[str, Any] | Prediction], told: Told
) -> dict[str, Any]:
    """The JSON form of an inference that another model server made.

    >>> inference_document("cells:3", [Prediction("WBC", 0.9)], {"duration_ms": 4.5})
    {'model': 'cells:3', 'predictions': [{'label': 'WBC', 'score': 0.9}], 'duration_ms': 4.5}
    """
    values = {name: value for name, value in told.items() if value is not None}
    moment = values.get("occurred_at")
    if isinstance(moment, dt.datetime):
        values["occurred_at"] = iso(to_micros(moment))
    return {"model": model, "predictions": [_told(one) for one in predictions], **values}


def _told(prediction: Mapping[str, Any] | Prediction) -> dict[str, Any]:
    if not isinstance(prediction, Prediction):
        return {name: _plain(value) for name, value in prediction.items()}
    box = {} if prediction.box is None else {"box": prediction.box.as_list()}
    return {"label": prediction.label, "score": prediction.score, **box}


def _plain(value: Any) -> Any:
    """Numbers of NumPy and PyTorch as those of Python, which JSON can hold."""
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value.tolist() if hasattr(value, "tolist") else value


def app_route(name: str) -> str:
    """An application's name as routes, output and ``app`` columns show it.

    >>> app_route("blood_cells")
    'blood-cells'
    """
    return name.replace("_", "-")


def app_key(name: str) -> str:
    """An application's name as TOML and Python write it.

    >>> app_key("blood-cells")
    'blood_cells'
    """
    return name.replace("-", "_")


_APP = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")


def check_app_name(name: str) -> str:
    """The route form of a valid application name.

    Raises:
        Invalid: the name is not lower-case words joined by hyphens or underscores.
    """
    if _APP.fullmatch(name) is None or len(name) > 64:
        raise Invalid(
            f"application name {name!r} is not lower-case words joined by hyphens, "
            "such as blood-cells"
        )
    return app_route(name)


def to_micros(moment: dt.datetime) -> int:
    """Microseconds since 1970 of a moment; one without an offset is UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * MICROSECONDS + since.microseconds


def from_micros(micros: int) -> dt.datetime:
    """The moment, in UTC, of microseconds since 1970."""
    return _EPOCH + dt.timedelta(microseconds=micros)


def iso(micros: int) -> str:
    """ISO 8601 in UTC with all six digits.

    >>> iso(1_000_001)
    '1970-01-01T00:00:01.000001Z'
    """
    # Twice as fast as `strftime`, and it is done for every event.
    return f"{from_micros(micros).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def parse_age(text: str) -> int:
    """Microseconds of an age such as ``7d``: a number with s, m, h, d or w.

    >>> parse_age("2h") // 1_000_000
    7200

    Raises:
        Invalid: the text is no age.
    """
    match = _AGE.fullmatch(text.strip())
    if match is None:
        raise Invalid(f"{text!r} is no age; write a number with s, m, h, d or w, such as 7d")
    return round(float(match[1]) * _UNITS[match[2]] * MICROSECONDS)


def parse_moment(text: str, *, now: int) -> int | None:
    """Microseconds of ISO 8601, a date (its last microsecond) or ``AGE ago``.

    Args:
        text: as a user writes it; a time without an offset is UTC.
        now: microseconds since 1970 from which an age counts back.

    Returns:
        None where the text has none of these forms; it may be a snapshot's name.
    """
    text = text.strip()
    if text == "now":
        return now
    if text.endswith(" ago") and _AGE.fullmatch(text[:-4].strip()):
        return now - parse_age(text[:-4])
    try:
        if _DATE.fullmatch(text):
            day = dt.datetime.combine(dt.date.fromisoformat(text), dt.time(), dt.UTC)
            return to_micros(day + dt.timedelta(days=1)) - 1
        return to_micros(dt.datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None
