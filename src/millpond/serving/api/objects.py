"""The routes that give objects out: the bytes as they came, and what a file says of itself."""

from __future__ import annotations

from dataclasses import asdict
from typing import cast

from anyio import CapacityLimiter
from fastapi import Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from typing_extensions import TypedDict

from millpond.capture.objects import object_key
from millpond.capture.reviews import Row
from millpond.raw.picture import Picture
from millpond.serving.api.parameters import ObjectId
from millpond.serving.looks import headers_of, is_known, look
from millpond.serving.predict import decode_limits
from millpond.serving.routes import Backends, Caller, Routes
from millpond.serving.services import Services

routes = Routes("Objects")

_EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/tiff": "tif",
    "image/bmp": "bmp",
    "application/dicom": "dcm",
}

_BYTES = {"content": {"application/octet-stream": {}}, "description": "The bytes as they came."}


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
    row = look(request, object_id, caller, services)
    headers = headers_of(row, _EXTENSIONS.get(row["media_type"], "bin"), row["sha256"])
    if is_known(request, headers):
        return Response(status_code=304, headers=headers)
    data = services.store.get(object_key(object_id))
    return Response(data, media_type=row["media_type"], headers=headers)


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
    row = await run_in_threadpool(look, request, object_id, caller, services, what)
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
