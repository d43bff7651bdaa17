"""The routes of past inferences: one in full, and the list of an application."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from sqlalchemy import Connection, Exists, RowMapping, exists, func, select
from starlette.requests import Request
from typing_extensions import TypedDict

from millpond.access.principal import Principal
from millpond.capture import tables
from millpond.database.connection import reading
from millpond.errors import Invalid
from millpond.serving.answers import InferenceInFull, read_inference_in_full
from millpond.serving.api.parameters import AppName, Candidates, InferenceId
from millpond.serving.routes import Backends, Caller, Routes
from millpond.serving.sight import visible_inference
from millpond.values import app_route, is_id, iso

routes = Routes("Inferences")


class InferenceSummary(TypedDict):
    """A line of the list; `predictions` is their number."""

    inference_id: str
    object_id: str
    recorded_at: str
    model_version: str | None
    predictions: int
    reviewed: bool


class InferencePage(TypedDict):
    """A part of the list; `next` is the cursor of the one after it, or null."""

    inferences: list[InferenceSummary]
    next: str | None


@routes.get("/api/v1/apps/{app}/inferences", "inferences.read")
def list_inferences(
    app: AppName,
    caller: Caller,
    services: Backends,
    limit: Annotated[int, Query(ge=1, le=500, description="Most lines of the answer.")] = 50,
    cursor: Annotated[str | None, Query(description="`next` of the page before.")] = None,
) -> InferencePage:
    """The inferences of an application, newest first; a user sees their own."""
    services.settings.app(app)
    if cursor is not None and not is_id(cursor):
        raise Invalid(f"cursor {cursor!r} is no `next` of an earlier answer")
    with reading(services.engine) as connection:
        rows = _page(connection, app_route(app), caller, limit + 1, cursor)
        more = len(rows) > limit
        summaries = [_summary(row) for row in rows[:limit]]
    return {"inferences": summaries, "next": summaries[-1]["inference_id"] if more else None}


@routes.get("/api/v1/inferences/{inference_id}", "inferences.read")
def get_inference(
    request: Request,
    inference_id: InferenceId,
    caller: Caller,
    services: Backends,
    candidates: Candidates = False,
) -> InferenceInFull:
    """One inference as it was answered, with the annotations made since."""
    with reading(services.engine) as connection:
        row = visible_inference(connection, inference_id, caller)
        request.state.app = row["app"]
        return read_inference_in_full(connection, row, candidates=candidates)


def _page(
    connection: Connection, app: str, caller: Principal, limit: int, before: str | None
) -> list[RowMapping]:
    # Ids are UUIDv7: their order is that of time, and the primary key has it ready.
    inferences, objects = tables.inferences, tables.objects
    query = (
        select(
            inferences.c.inference_id,
            inferences.c.object_id,
            inferences.c.recorded_at,
            inferences.c.model_version,
            select(func.count())
            .where(tables.predictions.c.inference_id == inferences.c.inference_id)
            .scalar_subquery()
            .label("predictions"),
            _is_reviewed().label("reviewed"),
        )
        .join(objects, objects.c.object_id == inferences.c.object_id)
        .where(objects.c.app == app)
        .order_by(inferences.c.inference_id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(inferences.c.inference_id < before)
    if caller.sees_own_only:
        query = query.where(inferences.c.requested_by == caller.name)
    return list(connection.execute(query).mappings())


def _is_reviewed() -> Exists:
    """Whether somebody has said that the image of an inference is done."""
    reviews, annotations = tables.reviews, tables.annotations
    return (
        exists()
        .where(
            reviews.c.inference_id == tables.inferences.c.inference_id,
            annotations.c.review_id == reviews.c.review_id,
            annotations.c.action == "complete",
        )
        .correlate(tables.inferences)
    )


def _summary(row: RowMapping) -> InferenceSummary:
    return {
        "inference_id": row["inference_id"],
        "object_id": row["object_id"],
        "recorded_at": iso(row["recorded_at"]),
        "model_version": row["model_version"],
        "predictions": row["predictions"],
        "reviewed": bool(row["reviewed"]),
    }
