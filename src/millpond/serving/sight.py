"""What a caller may see: a user sees what is their own, and a restricted token its application."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from millpond.access.principal import Principal
from millpond.analytics.lookup import Lookup
from millpond.capture.objects import find_objects, get_object
from millpond.capture.reviews import Row
from millpond.errors import NotFound


def visible_inference(
    connection: Connection, lookup: Lookup, inference_id: str, caller: Principal
) -> Row:
    """The row of an inference that the caller may see.

    Raises:
        NotFound: there is none, or it is another user's.
        NotAllowed: it is of another application than the caller is restricted to.
    """
    row = lookup.inference(connection, inference_id)
    if caller.sees_own_only and row["requested_by"] != caller.name:
        raise NotFound(f"no inference {inference_id!r}")
    caller.check_app(row["app"])
    return row


def visible_object(
    connection: Connection, lookup: Lookup, object_id: str, caller: Principal
) -> Row:
    """The row of an object that the caller may see; a user sees those that they sent.

    Raises:
        NotFound: there is none, or the caller never sent it.
        NotAllowed: it is of another application than the caller is restricted to.
    """
    row = get_object(connection, object_id)
    if caller.sees_own_only and not lookup.has_sent(connection, row, caller.name):
        raise NotFound(f"no object {object_id!r}")
    caller.check_app(row["app"])
    return row


def visible_objects(
    connection: Connection, lookup: Lookup, object_ids: Sequence[str], caller: Principal
) -> list[Row]:
    """The rows of those objects that the caller may see, in the order asked for, each once."""
    rows = {row["object_id"]: row for row in find_objects(connection, object_ids)}
    asked = [rows[object_id] for object_id in dict.fromkeys(object_ids) if object_id in rows]
    return [
        row
        for row in asked
        if caller.may_act_on(row["app"])
        and not (caller.sees_own_only and not lookup.has_sent(connection, row, caller.name))
    ]
