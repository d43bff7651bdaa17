"""What is measured while it runs, and when that is an alert: ``[metrics]``, ``[alerts.NAME]``."""

from __future__ import annotations

from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, Field, model_validator

from millpond.errors import MillpondError
from millpond.settings.section import Section
from millpond.values import MICROSECONDS, parse_age

#: What an alert may look at. Those of drift are raised by its own thresholds.
AlertMeasure = Literal[
    "inferences",
    "refusals",
    "error_rate",
    "p50_ms",
    "p95_ms",
    "p99_ms",
    "confidence",
    "drift",
    "drift.labels",
    "drift.confidence",
    "drift.boxes",
    "drift.images",
]

#: The shortest of what is measured, in microseconds: that of a pane.
_SHORTEST = 10 * MICROSECONDS


def _is_an_age(text: str) -> str:
    try:
        parse_age(text)
    except MillpondError as error:
        raise ValueError(str(error)) from error
    return text


def _is_long_enough(text: str) -> str:
    if parse_age(_is_an_age(text)) < _SHORTEST:
        raise ValueError(f"{text!r} is shorter than 10s")
    return text


Age = Annotated[str, AfterValidator(_is_an_age)]
Length = Annotated[str, AfterValidator(_is_long_enough)]


class MetricsSection(Section):
    """What is measured while it runs."""

    live: bool = Field(True, description="Whether a server counts what is predicted, in windows.")
    lateness: Age = Field("1m", description="How late an event may come; windows are final then.")
    keep: Length = Field("26h", description="How long what was counted is kept, by the time of it.")
    drift_images: int = Field(
        200, ge=30, description="Of how many of the newest images drift is told, at least."
    )


class AlertSection(Section):
    """A rule that raises an alert: ``[alerts.NAME]``."""

    app: str | None = Field(
        None, description="The application that is looked at; each by itself where none is named."
    )
    measure: AlertMeasure = Field(
        description=f"What is looked at: {', '.join(get_args(AlertMeasure))}."
    )
    above: float | None = Field(None, description="Raised when the measure is above this.")
    below: float | None = Field(None, description="Raised when the measure is below this.")
    window: Length = Field("5m", description="Over how long it is measured; not of drift.")
    lasting: Age = Field("0s", description="How long it must have been so before it is raised.")

    @model_validator(mode="after")
    def _has_one_bound(self) -> Self:
        bounds = [bound for bound in (self.above, self.below) if bound is not None]
        if self.measure.startswith("drift"):
            if bounds:
                raise ValueError(
                    f"measure {self.measure!r} has thresholds of its own; leave out above and below"
                )
        elif len(bounds) != 1:
            raise ValueError(f"measure {self.measure!r} needs one of above and below")
        return self
