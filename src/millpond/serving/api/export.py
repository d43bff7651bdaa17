"""The route of marts: images and labels in a form that others read, as a streamed ZIP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import Path, Query
from fastapi.responses import StreamingResponse

from millpond.marts.content import Labels
from millpond.marts.marts import Choice
from millpond.serving.api.parameters import AppName
from millpond.serving.routes import Backends, Caller, LayerWork, Routes
from millpond.values import app_route

routes = Routes("Export")

_ZIP = {"content": {"application/zip": {}}, "description": "The mart, as a ZIP."}


@routes.get(
    "/api/v1/apps/{app}/export/{format}",
    "export",
    response_class=StreamingResponse,
    responses={200: _ZIP},
)
def export(
    app: AppName,
    format: Annotated[str, Path(description="A format of marts: `coco` or `documents`.")],
    caller: Caller,
    services: Backends,
    layers: LayerWork,
    labels: Annotated[
        Labels, Query(description="The truth, or the predictions of each latest inference.")
    ] = "truth",
    as_of: Annotated[
        str | None, Query(description="ISO 8601, a date, an age such as `2h ago`; now.")
    ] = None,
    snapshot: Annotated[str | None, Query(description="Only what this snapshot froze.")] = None,
    include_unreviewed: Annotated[
        bool, Query(description="Of the truth, the images too that nobody reviewed.")
    ] = False,
) -> StreamingResponse:
    """A mart, made as it is sent; the same moment gives the same bytes."""
    declared = services.settings.app(app)
    name = app_route(app)
    choice = Choice(labels, as_of or None, snapshot or None, include_unreviewed)
    pieces = layers.marts.zip(format, name, declared, choice)
    services.access.note(caller.name, "export", f"{labels} of {name} as {format}")
    return StreamingResponse(
        _without_empty(pieces),
        media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}-{format}.zip"'},
    )


def _without_empty(pieces: Iterator[bytes]) -> Iterator[bytes]:
    return (piece for piece in pieces if piece)
