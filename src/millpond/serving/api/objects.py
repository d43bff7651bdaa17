"""The routes that give objects out: the bytes as they came, and a picture for the eye."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response
from starlette.requests import Request

from millpond.access.principal import Principal
from millpond.capture.objects import object_key
from millpond.capture.reviews import Row
from millpond.database.connection import reading
from millpond.raw.picture import thumbnail
from millpond.serving.api.parameters import ObjectId
from millpond.serving.routes import Backends, Caller, Routes
from millpond.serving.services import Services
from millpond.serving.sight import visible_object

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
def get_thumbnail(
    request: Request,
    object_id: ObjectId,
    caller: Caller,
    services: Backends,
    size: Annotated[
        int, Query(ge=16, le=2048, description="Pixels of the longer side; never enlarged.")
    ] = 256,
) -> Response:
    """An object as a JPEG that every browser shows: upright, and no larger than asked for."""
    row = _look(request, object_id, caller, services)
    headers = _headers(row, "jpg", f"{row['sha256']}-{size}")
    if _is_known(request, headers):
        return Response(status_code=304, headers=headers)
    picture = services.predict.picture(services.store.get(object_key(object_id)))
    return Response(thumbnail(picture, size), media_type="image/jpeg", headers=headers)


def _look(request: Request, object_id: str, caller: Principal, services: Services) -> Row:
    """The row of an object, once the look at it is in the audit log."""
    with reading(services.engine) as connection:
        row = visible_object(connection, services.lookup, object_id, caller)
    request.state.app = row["app"]
    services.access.note(caller.name, "objects.read", f"object {object_id}")
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
