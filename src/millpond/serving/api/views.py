"""The routes of views: what there is, what is different between moments, and what changed when."""

from __future__ import annotations

from functools import partial
from typing import Annotated, cast

from fastapi import Path, Query
from fastapi.responses import StreamingResponse
from starlette.requests import Request
from typing_extensions import TypedDict

from millpond.serving.api.query import QueryAnswer, answered
from millpond.serving.routes import Caller, LayerWork, Routes

routes = Routes("Views")

_MOST = 10_000

ViewName = Annotated[str, Path(description="Name of a view.")]


class ViewAnswer(TypedDict):
    """One view; see `millpond.analytics.reports`."""

    name: str
    origin: str
    refresh: str | None
    key: list[str]
    columns: list[str]
    problem: str | None


class ViewsAnswer(TypedDict):
    """Every view."""

    views: list[ViewAnswer]


@routes.get("/api/v1/views", "query")
def views(caller: Caller, layers: LayerWork) -> ViewsAnswer:
    """Every view, how it is kept, and what is wrong with it, if something is."""
    return {"views": [cast(ViewAnswer, report.as_dict()) for report in layers.views()]}


@routes.get(
    "/api/v1/views/{view}/diff",
    "query",
    response_class=StreamingResponse,
    responses={200: {"model": QueryAnswer}},
)
async def diff(
    request: Request,
    view: ViewName,
    caller: Caller,
    layers: LayerWork,
    before: Annotated[str, Query(alias="from", description="The earlier moment.")],
    after: Annotated[
        str | None, Query(alias="to", description="The later moment; default: now.")
    ] = None,
) -> StreamingResponse:
    """What is different in a view: `change`, the columns of its key, `before` and `after`."""
    return await answered(request, partial(layers.diff, view, before, after or None))


@routes.get(
    "/api/v1/views/{view}/history",
    "query",
    response_class=StreamingResponse,
    responses={200: {"model": QueryAnswer}},
)
async def history(
    request: Request,
    view: ViewName,
    caller: Caller,
    layers: LayerWork,
    key: Annotated[
        str | None, Query(description="Only rows with this value in a column of the key.")
    ] = None,
    since: Annotated[str | None, Query(description="Only later changes.")] = None,
    until: Annotated[str | None, Query(description="Only changes up to then.")] = None,
    limit: Annotated[
        int, Query(ge=1, le=_MOST, description="Most moments of change, the newest ones.")
    ] = 100,
) -> StreamingResponse:
    """What changed in a view and when, the newest first."""
    work = partial(
        layers.changes,
        view,
        key=key or None,
        since=since or None,
        until=until or None,
        limit=limit,
    )
    return await answered(request, work)
