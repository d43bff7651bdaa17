"""Looks at objects: each is in the audit log before anything of it is given out."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request

from millpond.access.principal import Principal
from millpond.capture.reviews import Row
from millpond.database.connection import reading
from millpond.errors import NotFound
from millpond.serving.services import Services
from millpond.serving.sight import visible_object, visible_objects

#: An object never changes, but only those who may look at it keep a copy.
CACHE = "private, max-age=86400, immutable"
#: Should a browser ever take an object for a page, then for one that can do nothing.
POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


def look(
    request: Request,
    object_id: str,
    caller: Principal,
    services: Services,
    what: str | None = None,
) -> Row:
    """The row of an object, once the look at it is in the audit log.

    Args:
        what: what the log says was looked at, where it is not the whole object.
    """
    with reading(services.engine) as connection:
        row = visible_object(connection, services.lookup, object_id, caller)
    request.state.app = row["app"]
    services.access.note(caller.name, "objects.read", what or f"object {object_id}")
    return row


def look_at_many(
    request: Request, object_ids: Sequence[str], caller: Principal, services: Services
) -> list[Row]:
    """The rows of those objects that the caller may see, each with its line in the audit log.

    Raises:
        NotFound: it is none of them.
    """
    with reading(services.engine) as connection:
        rows = visible_objects(connection, services.lookup, object_ids, caller)
    if not rows:
        raise NotFound("there is none of these objects")
    request.state.app = rows[0]["app"]
    looked_at = [f"object {row['object_id']}" for row in rows]
    services.access.note_all(caller.name, "objects.read", looked_at)
    return rows


def headers_of(row: Row, extension: str, tag: str) -> dict[str, str]:
    """The headers of an answer that is an object, or its picture.

    Args:
        tag: the same for the same bytes.
    """
    return {
        "Cache-Control": CACHE,
        "Content-Disposition": f'inline; filename="{row["object_id"]}.{extension}"',
        "Content-Security-Policy": POLICY,
        "ETag": f'"{tag}"',
    }


def is_known(request: Request, headers: dict[str, str]) -> bool:
    """Whether the caller has kept the same bytes from before."""
    return request.headers.get("if-none-match") == headers["ETag"]
