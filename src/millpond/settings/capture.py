"""What an application keeps of what it is asked: ``[apps.NAME.capture]``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from millpond.settings.section import Section


class CaptureSection(Section):
    """Which predictions are kept; what is not kept is counted."""

    policy: Literal["all", "rate", "low_confidence"] = Field(
        "all", description="Which predictions are kept: all, rate or low_confidence."
    )
    rate: float = Field(
        0.1, ge=0, le=1, description="With rate: the share of the images that is kept, 0 to 1."
    )
    below: float = Field(
        0.6,
        ge=0,
        le=1,
        description="With low_confidence: kept is what has a score below this, or nothing found.",
    )
    per_hour: int | None = Field(
        None, ge=1, description="Most that is kept in an hour (UTC), whatever the policy."
    )


class CaptureSources(Section):
    """What may be captured from elsewhere: ``[capture]``."""

    addresses: tuple[str, ...] = Field(
        (),
        description="Where images may be read that are recorded by their address: s3://bucket/"
        "prefix, or folders, relative to the project. None: their bytes must be sent.",
    )
