"""The routes of the queue: what to review next and why, who is at it, and what is sent to it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from millpond.serving.api.parameters import AppName
from millpond.serving.csv_answer import csv_answer
from millpond.serving.queue_answers import QueuePage, Taken
from millpond.serving.reasons import Strategy
from millpond.serving.routes import Backends, Caller, Routes
from millpond.serving.services import Services
from millpond.values import app_route

routes = Routes("Queue")

#: The columns of the queue as CSV.
_COLUMNS = (
    "object_id",
    "reason",
    "degree",
    "detail",
    "inference_id",
    "model_version",
    "predictions",
    "recorded_at",
    "leased_by",
    "leased_until",
)
_CSV = {"content": {"text/csv": {"schema": {"type": "string"}}}}

ObjectIds = Annotated[list[str], Field(min_length=1, max_length=10_000)]


class TakeBody(BaseModel):
    """What the caller is going to review."""

    model_config = ConfigDict(extra="forbid")

    strategy: Strategy = Field("uncertain", description="The first ones of this queue.")
    count: int = Field(1, ge=1, le=100, description="As many, if there are.")
    skip: list[str] = Field(default=[], max_length=10_000, description="But none of these.")
    object_ids: list[str] | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="Exactly these instead, whether they are in the queue or not.",
    )


class ReleaseBody(BaseModel):
    """What the caller lets go of."""

    model_config = ConfigDict(extra="forbid")

    object_ids: ObjectIds


class RequestBody(BaseModel):
    """What is sent to review: some images, or all of a filter."""

    model_config = ConfigDict(extra="forbid")

    object_ids: ObjectIds | None = None
    filter: dict[str, Any] | None = Field(
        None, description="Fields of the list of images, each with a value or a list of values."
    )


class ReleasedAnswer(TypedDict):
    """How many images were let go of."""

    released: int


class RequestedAnswer(TypedDict):
    """How many images wait for a review that did not before."""

    requested: int


@routes.get(
    "/api/v1/apps/{app}/queue", "queue.read", response_model=QueuePage, responses={200: _CSV}
)
def read_queue(
    app: AppName,
    caller: Caller,
    services: Backends,
    strategy: Annotated[Strategy, Query(description="What makes an image useful.")] = "uncertain",
    limit: Annotated[int, Query(ge=1, le=500, description="Most items of the answer.")] = 50,
    offset: Annotated[int, Query(ge=0, description="Items that are left out before them.")] = 0,
    format: Annotated[
        Literal["json", "csv"], Query(description="`csv` gives the whole queue, items alone.")
    ] = "json",
) -> QueuePage | StreamingResponse:
    """What to review next, the most useful first, with the reason.

    Images that somebody is at are listed, too; `take` gives others.
    """
    name = _app(app, services)
    if format == "csv":
        every = services.queue.every(name, strategy)
        return csv_answer(f"{name}-queue-{strategy}", _COLUMNS, every)
    return services.queue.page(name, strategy, caller.name, limit=limit, offset=offset)


@routes.post("/api/v1/apps/{app}/queue/take", "queue.take", errors=(404,))
def take(app: AppName, body: TakeBody, caller: Caller, services: Backends) -> Taken:
    """Lease images for ten minutes, so that nobody else is given them.

    Sent again for the same images it renews the lease. `complete` ends it.
    """
    name, leasing, by = _app(app, services), services.leasing, caller.name
    if body.object_ids is not None:
        return leasing.take_these(name, body.strategy, body.object_ids, by)
    return leasing.take(name, body.strategy, body.count, by, body.skip)


@routes.post("/api/v1/apps/{app}/queue/release", "queue.take")
def release(app: AppName, body: ReleaseBody, caller: Caller, services: Backends) -> ReleasedAnswer:
    """Let go of images that were leased and are not done."""
    name = _app(app, services)
    return {"released": services.leasing.release(name, body.object_ids, caller.name)}


@routes.post("/api/v1/apps/{app}/queue/requests", "queue.request", errors=(404,))
def request_review(
    app: AppName, body: RequestBody, caller: Caller, services: Backends
) -> RequestedAnswer:
    """Send images to review, also those that were reviewed: they come first in their queue.

    A completed review answers. What waits for one already is not sent twice.
    """
    name = _app(app, services)
    sent = services.queue.request(name, body.object_ids, body.filter, caller.name)
    return {"requested": sent}


def _app(app: str, services: Services) -> str:
    """The application's name as the index has it.

    Raises:
        NotFound: the project has none of that name.
    """
    services.settings.app(app)
    return app_route(app)
