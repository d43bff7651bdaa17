"""An inference as the one who answered it tells of it, and whether it fits the application."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from millpond.database.clock import machine_now
from millpond.errors import Invalid
from millpond.settings import AppSection
from millpond.values import Box, Prediction, is_id, parse_moment

#: The most predictions of one inference.
_MOST = 1000
_LONGEST_MODEL = 128
#: Microseconds that another machine's clock may be ahead of ours.
_AHEAD = 24 * 3_600_000_000


class SentPrediction(BaseModel):
    """What another model saw: a label, its score, and where, in pixels of the upright picture."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    label: str
    score: float = Field(description="From 0 to 1.")
    box: list[float] | None = Field(
        None, description="[x_min, y_min, x_max, y_max] in pixels; none in classification."
    )


class SentInference(BaseModel):
    """What another model server answered. The image is a part `file`, or one of the three ways."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    model: str = Field(description="Name of the model there, such as `triton/cells:3`.")
    predictions: list[SentPrediction] = Field(max_length=_MOST)
    object_id: str | None = Field(None, description="The image: an object that is kept already.")
    address: str | None = Field(
        None, description="The image: s3:// or a path, within what the settings allow."
    )
    image: str | None = Field(None, description="The image: its bytes in base64.")
    duration_ms: float | None = Field(None, ge=0, description="Milliseconds that the model took.")
    threshold: float | None = Field(
        None, ge=0, le=1, description="Lowest score that was answered; the application's own."
    )
    nms: float | None = Field(
        None, ge=0, le=1, description="Overlap above which the weaker box was left out; 1."
    )
    occurred_at: str | None = Field(
        None, description="When it was answered: ISO 8601, UTC where it has no offset."
    )
    subject: str | None = Field(
        None, description="The caller's own name for whom the image is about."
    )
    inference_id: str | None = Field(
        None, description="A UUIDv7 made by the caller, so that sending again changes nothing."
    )

    @classmethod
    def of(cls, sent: bytes | Mapping[str, Any]) -> SentInference:
        """An inference from JSON, or from the values of such a document.

        Raises:
            Invalid: it does not have the form; the message says where.
        """
        try:
            if isinstance(sent, bytes):
                return cls.model_validate_json(sent)
            return cls.model_validate(dict(sent))
        except ValidationError as error:
            raise Invalid(_first_problem(error)) from error

    def lowest_answered(self, section: AppSection) -> float:
        """The lowest score that was answered: as told, or so that it holds of every prediction.

        Raises:
            Invalid: a prediction has a lower score than was told.
        """
        lowest = min((prediction.score for prediction in self.predictions), default=1.0)
        if self.threshold is None:
            return min(section.threshold, lowest)
        if lowest < self.threshold:
            raise Invalid(
                f"a prediction has the score {lowest}, which is below the threshold "
                f"{self.threshold} that was told; leave the threshold out, or the prediction"
            )
        return self.threshold

    def moment(self) -> int | None:
        """When it was answered, in microseconds since 1970.

        Raises:
            Invalid: it is no moment, or is still to come.
        """
        if self.occurred_at is None:
            return None
        found = parse_moment(self.occurred_at, now=machine_now())
        if found is None:
            raise Invalid(
                f"occurred_at {self.occurred_at!r} is no moment; write ISO 8601, "
                "such as 2026-11-20T08:30:00Z"
            )
        if found > machine_now() + _AHEAD:
            raise Invalid(f"occurred_at {self.occurred_at} is still to come; set the clock there")
        return found


def sent_schema() -> dict[str, Any]:
    """The JSON schema of `SentInference`, whole in itself, for the documentation."""
    schema = SentInference.model_json_schema()
    schema["properties"]["predictions"]["items"] = schema.pop("$defs")[SentPrediction.__name__]
    return schema


def fitting_predictions(
    sent: SentInference, app: str, section: AppSection, width: int, height: int
) -> list[Prediction]:
    """The predictions, best first.

    Args:
        width: pixels of the upright picture; so is `height`.

    Raises:
        Invalid: a label, score or box does not fit; the message says which.
    """
    found = []
    for number, prediction in enumerate(sent.predictions, start=1):
        try:
            found.append(_fitting(prediction, app, section, width, height))
        except Invalid as error:
            raise Invalid(f"prediction {number} of {len(sent.predictions)}: {error}") from error
    return sorted(found, key=lambda prediction: -prediction.score)


def check_model(name: str, apps: Collection[str]) -> None:
    """Refuse a name that a model of this project has, or could have one day.

    Raises:
        Invalid: it is that, or is empty, too long or not printable.
    """
    if not 1 <= len(name) <= _LONGEST_MODEL or name != name.strip() or not name.isprintable():
        raise Invalid(
            f"model {name[:_LONGEST_MODEL]!r} is no name: write from 1 to {_LONGEST_MODEL} "
            "printable characters, without blanks around them"
        )
    app, _, number = name.rpartition("-")
    if app in apps and number.isdecimal():
        raise Invalid(
            f"model {name!r} is named as the models of this project are, which answer here; "
            f"say where it answers, such as 'triton/{name}'"
        )


def check_inference_id(text: str) -> None:
    """Refuse an id by which inferences would not stay in the order of time.

    Raises:
        Invalid: it is no UUIDv7, or its time is still to come.
    """
    if not is_id(text) or _VERSION_7.fullmatch(text[14:20]) is None:
        raise Invalid(
            f"inference_id {text!r} is no UUIDv7 in lower case (RFC 9562); "
            "or leave it out and send an Idempotency-Key"
        )
    if int(text[:8] + text[9:13], 16) * 1000 > machine_now() + _AHEAD:
        raise Invalid(f"the time in inference_id {text} is still to come; set the clock there")


_VERSION_7 = re.compile("7...-[89ab]")


def _fitting(
    sent: SentPrediction, app: str, section: AppSection, width: int, height: int
) -> Prediction:
    if sent.label not in section.labels:
        raise Invalid(f"label {sent.label!r} is not one of {', '.join(section.labels)} (app {app})")
    if not 0 <= sent.score <= 1:
        raise Invalid(f"score {sent.score} is not from 0 to 1")
    box = None if sent.box is None else Box.of(sent.box)
    if section.task == "classification" and box is not None:
        raise Invalid(f"app {app} is a classification: its predictions have no box")
    if section.task == "detection":
        if box is None:
            raise Invalid(f"app {app} is a detection: a prediction needs a box")
        box.check_inside(width, height)
    return Prediction(sent.label, sent.score, box)


def _first_problem(error: ValidationError) -> str:
    """The first thing that does not fit. Its value is left out: it may be a whole image."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place or 'inference'}: {first['msg']}"
