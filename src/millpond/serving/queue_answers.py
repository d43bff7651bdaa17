"""The JSON forms of the queue: its items, who is at them, and how far the work has come."""

from __future__ import annotations

from typing_extensions import TypedDict

from millpond.serving.reasons import Strategy


class BestAnswer(TypedDict):
    """What the latest inference is most sure of."""

    label: str
    score: float


class QueueItem(TypedDict):
    """An image to review, and why; `degree` is from 0 to 1, the larger the sooner, or null."""

    object_id: str
    inference_id: str | None
    media_type: str
    width: int
    height: int
    recorded_at: str
    model_version: str | None
    predictions: int
    best: BestAnswer | None
    reason: Strategy
    degree: float | None
    detail: str
    leased_by: str | None
    leased_until: str | None


class Reviewer(TypedDict):
    """Who reviewed how many images today (UTC)."""

    name: str
    today: int


class Progress(TypedDict):
    """How far the work has come; `remaining` are the images without a completed review."""

    remaining: int
    reviewed: int
    reviewed_today: int
    mine_today: int
    seconds_per_image: float | None
    reviewers: list[Reviewer]


class QueuePage(TypedDict):
    """A part of the queue; `counts` has the images that each strategy would give."""

    strategy: Strategy
    total: int
    items: list[QueueItem]
    counts: dict[Strategy, int]
    progress: Progress


class Held(TypedDict):
    """An image that somebody else is at."""

    object_id: str
    leased_by: str
    leased_until: str


class Taken(TypedDict):
    """What the caller holds now, and for how many seconds; `held` is what others do."""

    items: list[QueueItem]
    held: list[Held]
    lease_s: int
