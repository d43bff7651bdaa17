"""The route by which another site sends the files of a feed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Annotated, cast

from anyio import CapacityLimiter, to_thread
from fastapi import Path as PathParameter
from fastapi import Query
from starlette.requests import Request

from millpond.durable import PART
from millpond.errors import TooLarge
from millpond.pipelines.land import LandedFile
from millpond.serving.bodies import declared_length
from millpond.serving.routes import Backends, Caller, Routes

routes = Routes("Feeds")

_MEGABYTE = 1024 * 1024
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


@routes.post("/api/v1/feeds/{feed}", "feeds.land", openapi_extra=_BODY, errors=(404, 413, 422, 507))
async def land(
    request: Request,
    feed: Annotated[str, PathParameter(description="Name of the feed.")],
    caller: Caller,
    services: Backends,
    file_name: Annotated[
        str | None,
        Query(description="Its ending tells the format; by default the feed's name and `.csv`."),
    ] = None,
    date: Annotated[
        str | None,
        Query(description="Business date as YYYY-MM-DD; else that in the name, or today."),
    ] = None,
    again: Annotated[bool, Query(description="Land a file anew that has landed before.")] = False,
) -> LandedFile:
    """Land a file of a feed, which is the body; the same file again adds nothing."""
    services.settings.feed(feed)
    name = Path(file_name or "").name or f"{feed}.csv"
    async with _received(request, services.folder / services.settings.storage.url) as path:

        def work() -> LandedFile:
            return services.work.land(
                path, feed=feed, date=date, name=name, again=again, by=caller.name
            )

        limiter = cast(CapacityLimiter, request.app.state.landings)
        return await to_thread.run_sync(work, limiter=limiter)


@asynccontextmanager
async def _received(request: Request, folder: Path) -> AsyncIterator[Path]:
    """The body in a file that goes at the end; one that a crash left is swept as a part.

    Raises:
        TooLarge: it has more bytes than are taken.
    """
    most = request.app.state.services.settings.limits.batch_mb * _MEGABYTE
    declared_length(request, most)
    with NamedTemporaryFile(dir=folder, prefix=PART) as file:
        size = 0
        async for part in request.stream():
            size += len(part)
            if size > most:
                raise TooLarge(f"the file has more than the {most // _MEGABYTE} MB that are taken")
            await to_thread.run_sync(file.write, part)
        file.flush()
        yield Path(file.name)
