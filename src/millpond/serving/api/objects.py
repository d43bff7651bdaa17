"""The routes that give objects out: the bytes as they came, a picture for the eye, and tags."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, cast

from anyio import CapacityLimiter
from fastapi import Query, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from typing_extensions import TypedDict

from millpond.access.principal import Principal
from millpond.capture.objects import object_key
from millpond.capture.reviews import Row
from millpond.database.connection import reading
from millpond.errors import Invalid
from millpond.raw.picture import Picture, Window
from millpond.raw.thumbnail import View
from millpond.serving.api.parameters import ObjectId
from millpond.serving.predict import decode_limits
from millpond.serving.routes import Backends, Caller, Routes
from millpond.serving.services import Services
from millpond.serving.sight import visible_object
from millpond.serving.thumbnails import Thumbnails

routes = Routes("Objects")

_EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/tiff": "tif",
    "image/bmp": "bmp",
    "application/dicom": "dcm",
}

#: An object never changes, but only those who may look at it keep a copy.
_CACHE = "private, max-age=86400, immutable"
#: Should a browser ever take an object for a page, then for one that can do nothing.
_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"

_BEYOND = 2.0**32
Center = Annotated[
    float | None,
    Query(ge=-_BEYOND, le=_BEYOND, description="The grey value that is shown as middle grey."),
]
Width = Annotated[
    float | None,
    Query(gt=0, le=_BEYOND, description="How many grey values there are from black to white."),
]

_BYTES = {"content": {"application/octet-stream": {}}, "description": "The bytes as they came."}
_JPEG = {"content": {"image/jpeg": {}}, "description": "The picture as JPEG."}


@routes.get(
    "/api/v1/objects/{object_id}",
    "objects.read",
    response_class=Response,
    responses={200: _BYTES},
)
def get_object(
    request: Request, object_id: ObjectId, caller: Caller, services: Backends
) -> Response:
    """The bytes of an object, as they came."""
    row = _look(request, object_id, caller, services)
    headers = _headers(row, _EXTENSIONS.get(row["media_type"], "bin"), row["sha256"])
    if _is_known(request, headers):
        return Response(status_code=304, headers=headers)
    data = services.store.get(object_key(object_id))
    return Response(data, media_type=row["media_type"], headers=headers)


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
    size: Annotated[
        int, Query(ge=16, le=2048, description="Pixels of the longer side; never enlarged.")
    ] = 256,
    center: Center = None,
    width: Width = None,
    invert: Annotated[bool, Query(description="Show black as white.")] = False,
) -> Response:
    """An object as a JPEG that every browser shows: upright, and no larger than asked for.

    `center` and `width` choose which grey values are shown, after the rescale of a DICOM
    file; without them it is as the file says. What a picture of 8 bits has is from 0 to 255.
    """
    view = View(size, _window(center, width), invert)
    row = await run_in_threadpool(_look, request, object_id, caller, services)
    headers = _headers(row, "jpg", f"{row['sha256']}-{size}-{center}-{width}-{invert:d}")
    if _is_known(request, headers):
        return Response(status_code=304, headers=headers)
    thumbnails = cast(Thumbnails, request.app.state.thumbnails)
    data = thumbnails.kept(object_id, view)
    if data is None:
        async with cast(CapacityLimiter, request.app.state.pictures):
            # Whoever scrolled on while it waited has no more use for it.
            if await request.is_disconnected():
                raise ClientDisconnect
            data = await run_in_threadpool(thumbnails.get, object_id, view)
    return Response(data, media_type="image/jpeg", headers=headers)


class TagAnswer(TypedDict):
    """One tag; one in a sequence has the path to it before, such as `(0008,1140)[1]`.

    `keyword` is empty for a private tag. `identifying` says that its value may tell who
    somebody is, where, or when.
    """

    tag: str
    keyword: str
    name: str
    vr: str
    value: str
    identifying: bool


class WindowAnswer(TypedDict):
    """The grey values that are shown, and the lowest and highest that there are."""

    center: float
    width: float
    min: float
    max: float


class TagsAnswer(TypedDict):
    """What a file says of its picture.

    `tags` is empty where it is no DICOM. `withheld` is the number of identifying ones
    that the caller may not see. `window` is null for a picture in colour.
    """

    tags: list[TagAnswer]
    withheld: int
    window: WindowAnswer | None


@routes.get("/api/v1/objects/{object_id}/tags", "tags.read")
async def get_tags(
    request: Request, object_id: ObjectId, caller: Caller, services: Backends
) -> TagsAnswer:
    """The tags of a DICOM file, and the grey window of any picture.

    Tags that may identify a person are for the officer and admin; others get the rest.
    """
    which = "all tags" if caller.sees_identities else "tags"
    what = f"{which} of object {object_id}"
    row = await run_in_threadpool(_look, request, object_id, caller, services, what)
    async with cast(CapacityLimiter, request.app.state.pictures):
        tags = await run_in_threadpool(_tags, row, services)
        picture = await run_in_threadpool(services.predict.picture, object_id)
    shown = [tag for tag in tags if caller.sees_identities or not tag["identifying"]]
    return {"tags": shown, "withheld": len(tags) - len(shown), "window": _levels(picture)}


def _tags(row: Row, services: Services) -> list[TagAnswer]:
    if row["media_type"] != "application/dicom":
        return []
    # pydicom is imported when the first of them is read.
    from millpond.raw.dicom_tags import read_tags

    data = services.store.get(object_key(row["object_id"]))
    found = read_tags(data, decode_limits(services.settings.limits))
    return [cast(TagAnswer, asdict(tag)) for tag in found]


def _levels(picture: Picture) -> WindowAnswer | None:
    levels = picture.levels
    if levels is None:
        return None
    return {
        "center": levels.window.center,
        "width": levels.window.width,
        "min": levels.lowest,
        "max": levels.highest,
    }


def _window(center: float | None, width: float | None) -> Window | None:
    if center is None and width is None:
        return None
    if center is None or width is None:
        raise Invalid("a window has a center and a width; send both, or neither")
    return Window(center, width)


def _look(
    request: Request,
    object_id: str,
    caller: Principal,
    services: Services,
    what: str | None = None,
) -> Row:
    """The row of an object, once the look at it is in the audit log."""
    with reading(services.engine) as connection:
        row = visible_object(connection, services.lookup, object_id, caller)
    request.state.app = row["app"]
    services.access.note(caller.name, "objects.read", what or f"object {object_id}")
    return row


def _headers(row: Row, extension: str, tag: str) -> dict[str, str]:
    return {
        "Cache-Control": _CACHE,
        "Content-Disposition": f'inline; filename="{row["object_id"]}.{extension}"',
        "Content-Security-Policy": _POLICY,
        "ETag": f'"{tag}"',
    }


def _is_known(request: Request, headers: dict[str, str]) -> bool:
    return request.headers.get("if-none-match") == headers["ETag"]
