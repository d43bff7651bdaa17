"""The routes that give objects out as small pictures: one in any window, or many at once."""

from __future__ import annotations

from typing import Annotated, cast

from anyio import CapacityLimiter
from fastapi import Query, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from millpond.errors import Invalid, NotAnImage, TooLarge, Unsupported
from millpond.raw.picture import Window
from millpond.raw.thumbnail import View
from millpond.serving.api.parameters import ObjectId
from millpond.serving.looks import CACHE, headers_of, is_known, look, look_at_many
from millpond.serving.parts import CONTENT_TYPE, Part, joined
from millpond.serving.routes import Backends, Caller, Routes
from millpond.serving.thumbnails import Thumbnails

routes = Routes("Objects")

_BEYOND = 2.0**32
Center = Annotated[
    float | None,
    Query(ge=-_BEYOND, le=_BEYOND, description="The grey value that is shown as middle grey."),
]
Width = Annotated[
    float | None,
    Query(gt=0, le=_BEYOND, description="How many grey values there are from black to white."),
]
Size = Annotated[
    int, Query(ge=16, le=2048, description="Pixels of the longer side; never enlarged.")
]
_MOST = 64
Several = Annotated[
    list[str],
    Query(
        min_length=1,
        max_length=_MOST,
        description=f"Id of an object. Given again: several, at most {_MOST}.",
    ),
]

_JPEG = {"content": {"image/jpeg": {}}, "description": "The picture as JPEG."}
_JPEGS = {
    "content": {CONTENT_TYPE: {}},
    "description": "A part with a JPEG for each picture, named by the id of its object.",
}


@routes.get(
    "/api/v1/objects/{object_id}/thumbnail",
    "objects.read",
    response_class=Response,
    responses={200: _JPEG},
)
async def get_thumbnail(
    request: Request,
    object_id: ObjectId,
    caller: Caller,
    services: Backends,
    size: Size = 256,
    center: Center = None,
    width: Width = None,
    invert: Annotated[bool, Query(description="Show black as white.")] = False,
) -> Response:
    """An object as a JPEG that every browser shows: upright, and no larger than asked for.

    `center` and `width` choose which grey values are shown, after the rescale of a DICOM
    file; without them it is as the file says. What a picture of 8 bits has is from 0 to 255.
    """
    view = View(size, _window(center, width), invert)
    row = await run_in_threadpool(look, request, object_id, caller, services)
    headers = headers_of(row, "jpg", f"{row['sha256']}-{size}-{center}-{width}-{invert:d}")
    if is_known(request, headers):
        return Response(status_code=304, headers=headers)
    data = await _picture(request, object_id, view)
    return Response(data, media_type="image/jpeg", headers=headers)


@routes.get(
    "/api/v1/thumbnails",
    "objects.read",
    response_class=Response,
    responses={200: _JPEGS},
    errors=(404,),
)
async def get_thumbnails(
    request: Request,
    object_id: Several,
    caller: Caller,
    services: Backends,
    size: Size = 256,
) -> Response:
    """Many objects as JPEGs in one answer: upright, and no larger than asked for.

    What is not there, or that the caller may not see, has no part. Each of the others is in
    the audit log as if it had been asked for alone.
    """
    rows = await run_in_threadpool(look_at_many, request, object_id, caller, services)
    parts = []
    for row in rows:
        try:
            data = await _picture(request, row["object_id"], View(size))
        except (NotAnImage, TooLarge, Unsupported):
            continue
        parts.append(Part(row["object_id"], "image/jpeg", data))
    media_type, body = joined(parts)
    headers = {"Cache-Control": CACHE, "Content-Type": media_type}
    return Response(body, headers=headers)


async def _picture(request: Request, object_id: str, view: View) -> bytes:
    """One that is kept, or made as soon as it is its turn."""
    thumbnails = cast(Thumbnails, request.app.state.thumbnails)
    data = thumbnails.kept(object_id, view)
    if data is not None:
        return data
    async with cast(CapacityLimiter, request.app.state.pictures):
        # Whoever scrolled on while it waited has no more use for it.
        if await request.is_disconnected():
            raise ClientDisconnect
        return await run_in_threadpool(thumbnails.get, object_id, view)


def _window(center: float | None, width: float | None) -> Window | None:
    if center is None and width is None:
        return None
    if center is None or width is None:
        raise Invalid("a window has a center and a width; send both, or neither")
    return Window(center, width)
