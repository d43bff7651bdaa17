"""Parameters that several routes share."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query
from pydantic import BeforeValidator


def _blank_is_none(value: object) -> object:
    return None if value == "" else value


def _blank_is_false(value: object) -> object:
    return False if value == "" else value


_BLANK = BeforeValidator(_blank_is_none)

AppName = Annotated[str, Path(description="Name of the application, such as `blood-cells`.")]
InferenceId = Annotated[str, Path(description="Id of an inference.")]
ObjectId = Annotated[str, Path(description="Id of an object.")]
Candidates = Annotated[
    bool,
    BeforeValidator(_blank_is_false),
    Query(description="Add what was kept before thresholds and suppression."),
]
Threshold = Annotated[
    float | None,
    _BLANK,
    Query(description="Lowest score that is answered, from 0.05 to 1; the application's own."),
]
Nms = Annotated[
    float | None,
    _BLANK,
    Query(description="Overlap above which the weaker box is left out, from 0 to 1."),
]
Subject = Annotated[
    str | None,
    _BLANK,
    Query(description="The caller's own name for whom the image is about."),
]
