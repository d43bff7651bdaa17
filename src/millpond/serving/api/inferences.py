"""The routes of inferences: one in full, the list of an application, and those made elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, cast

from anyio import CapacityLimiter, to_thread
from fastapi import Header, Query, Response
from fastapi.responses import StreamingResponse
from starlette.requests import Request
from typing_extensions import TypedDict

from millpond.capture.reviews import Row
from millpond.database.connection import reading
from millpond.errors import Invalid
from millpond.serving.answers import InferenceAnswer, InferenceInFull, read_inference_in_full
from millpond.serving.api.parameters import AppName, Candidates, InferenceId
from millpond.serving.bodies import FILE, declared_length, parts_of, read_body
from millpond.serving.csv_answer import csv_answer
from millpond.serving.gate import Gate
from millpond.serving.recording import Recorded
from millpond.serving.routes import Backends, Caller, Routes
from millpond.serving.sent_inference import SentInference, sent_schema
from millpond.serving.services import Services
from millpond.serving.sight import visible_inference
from millpond.values import app_route, is_id, iso

routes = Routes("Inferences")

#: Lines that are read at once for the list as CSV.
_AT_ONCE = 500
_CSV = {"content": {"text/csv": {"schema": {"type": "string"}}}}


#: What a body may hold besides the image.
_AROUND = 1024 * 1024
_DOCUMENT = sent_schema()
_SENT = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file", "inference"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "inference": _DOCUMENT,
                    },
                }
            },
            "application/json": {"schema": _DOCUMENT},
        },
    }
}


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


@routes.get(
    "/api/v1/apps/{app}/inferences",
    "inferences.read",
    response_model=InferencePage,
    responses={200: _CSV},
)
def list_inferences(
    app: AppName,
    caller: Caller,
    services: Backends,
    limit: Annotated[int, Query(ge=1, le=500, description="Most lines of the answer.")] = 50,
    cursor: Annotated[str | None, Query(description="`next` of the page before.")] = None,
    format: Annotated[
        Literal["json", "csv"], Query(description="`csv` gives all from the cursor on.")
    ] = "json",
) -> InferencePage | StreamingResponse:
    """The inferences of an application, newest first; a user sees their own."""
    services.settings.app(app)
    if cursor is not None and not is_id(cursor):
        raise Invalid(f"cursor {cursor!r} is no `next` of an earlier answer")
    by = caller.name if caller.sees_own_only else None
    name = app_route(app)
    if format == "csv":
        columns = list(InferenceSummary.__annotations__)
        return csv_answer(f"{name}-inferences", columns, _all(services, name, by, cursor))
    return _page(services, name, by, limit, cursor)


@routes.post(
    "/api/v1/apps/{app}/inferences",
    "inferences.record",
    status_code=201,
    openapi_extra=_SENT,
    errors=(400, 409, 413, 415, 507),
)
async def record_inference(
    request: Request,
    response: Response,
    app: AppName,
    caller: Caller,
    services: Backends,
    idempotency_key: Annotated[
        str | None,
        Header(description="Requests with the same key are one request."),
    ] = None,
) -> InferenceAnswer:
    """Record a prediction that another model server made, as one of ours is.

    The body is a multipart form with the parts `file`, the image, and `inference`, JSON; or
    that JSON alone, with the image in base64, its address, or the id of a kept object.
    201 when it is new; 200 when it was sent before.
    """
    services.settings.app(app)
    # Base64 takes four bytes for three.
    most = services.settings.limits.upload_mb * 1024 * 1024 * 4 // 3 + _AROUND
    gate = cast(Gate, request.app.state.gate)
    with gate.admitted(declared_length(request, most)):
        body = await read_body(request, most)

        def work() -> Recorded:
            parts = parts_of(request.headers.get("content-type", ""), body, FILE, "inference")
            sent = SentInference.of(body if parts is None else parts["inference"])
            image = None if parts is None else parts[FILE]
            return services.record.record(app, sent, caller, image=image, key=idempotency_key)

        limiter = cast(CapacityLimiter, request.app.state.predictions)
        recorded = await to_thread.run_sync(work, limiter=limiter)
    if not recorded.created:
        response.status_code = 200
    return recorded.answer


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
        row = visible_inference(connection, services.lookup, inference_id, caller)
        request.state.app = row["app"]
        return read_inference_in_full(connection, services.lookup, row, candidates=candidates)


def _page(
    services: Services, app: str, by: str | None, limit: int, cursor: str | None
) -> InferencePage:
    with reading(services.engine) as connection:
        rows = services.lookup.page(connection, app, by, limit + 1, cursor)
    more = len(rows) > limit
    summaries = [_summary(row) for row in rows[:limit]]
    return {"inferences": summaries, "next": summaries[-1]["inference_id"] if more else None}


def _all(
    services: Services, app: str, by: str | None, cursor: str | None
) -> Iterator[InferenceSummary]:
    """Every line from a cursor on, some at a time."""
    more = True
    while more:
        page = _page(services, app, by, _AT_ONCE, cursor)
        yield from page["inferences"]
        cursor = page["next"]
        more = cursor is not None


def _summary(row: Row) -> InferenceSummary:
    return {
        "inference_id": row["inference_id"],
        "object_id": row["object_id"],
        "recorded_at": iso(row["recorded_at"]),
        "model_version": row["model_version"],
        "predictions": row["predictions"],
        "reviewed": bool(row["reviewed"]),
    }
