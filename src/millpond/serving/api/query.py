"""The route of questions: SQL over the views, as of any moment."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, cast

from anyio import CapacityLimiter, to_thread
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from typing_extensions import TypedDict

from millpond.analytics.analytics import Definitions
from millpond.analytics.answer import Answer
from millpond.serving.routes import Caller, LayerWork, Routes
from millpond.values import iso

routes = Routes("Query")


class QueryBody(BaseModel):
    """A question."""

    model_config = ConfigDict(extra="forbid")

    sql: str = Field(description="One SELECT over the views.")
    as_of: str | None = Field(
        None,
        description="What was known then: ISO 8601, a date, an age such as `2h ago`, or a "
        "snapshot's name.",
    )
    valid_at: str | None = Field(
        None, description="What was true then, of feeds; written in the same ways."
    )
    definitions: Definitions = Field(
        "now", description="`then` takes the views as they were defined at `as_of`."
    )


class ColumnAnswer(TypedDict):
    """A column of the answer, with its SQL type."""

    name: str
    type: str


class QueryAnswer(TypedDict):
    """The answer; asked again as of its moment, it is the same."""

    columns: list[ColumnAnswer]
    as_of: str
    rows: list[list[Any]]


@routes.post(
    "/api/v1/query",
    "query",
    response_class=StreamingResponse,
    responses={200: {"model": QueryAnswer}},
)
async def query(
    request: Request, body: QueryBody, caller: Caller, layers: LayerWork
) -> StreamingResponse:
    """Ask the views, as of now or of a moment that has passed."""
    work = partial(
        layers.answer,
        body.sql,
        body.as_of,
        valid_at=body.valid_at,
        definitions=body.definitions,
    )
    return await answered(request, work)


async def answered(request: Request, work: Callable[[], Answer]) -> StreamingResponse:
    """What a question answers, when there is a place for it."""
    limiter = cast(CapacityLimiter, request.app.state.queries)
    answer = await to_thread.run_sync(work, limiter=limiter)
    return StreamingResponse(_as_json(answer), media_type="application/json")


def _as_json(answer: Answer) -> Iterator[str]:
    """The answer as JSON, some rows at a time: it may have a million."""
    names = answer.table.column_names
    columns = [{"name": name, "type": kind} for name, kind in zip(names, answer.types, strict=True)]
    yield f'{{"columns": {json.dumps(columns)}, "as_of": "{iso(answer.as_of)}", "rows": ['
    lines: list[str] = []
    comma = ""
    for row in answer.rows():
        lines.append(json.dumps(row, ensure_ascii=False))
        if len(lines) == 1000:
            yield comma + ", ".join(lines)
            comma = ", "
            lines.clear()
    if lines:
        yield comma + ", ".join(lines)
    yield "]}"
