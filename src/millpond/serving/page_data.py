"""Where the data of a page are had: its address with ``.json`` or ``.csv`` leads to a call."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode

_APP = r"(?P<app>[a-z][a-z0-9_-]*)"
_ID = r"(?P<id>[0-9a-f-]{36})"

#: The call behind each kind of page, and whether it also answers as CSV.
_CALLS = (
    (re.compile("/home"), "/api/v1/layers", True),
    (re.compile(f"/predict/{_APP}"), "/api/v1/apps/{app}/inferences", True),
    (re.compile(f"/predict/{_APP}/{_ID}"), "/api/v1/inferences/{id}", False),
    (re.compile(f"/review/{_APP}"), "/api/v1/apps/{app}/queue", True),
    (re.compile(f"/review/{_APP}/{_ID}"), "/api/v1/apps/{app}/images/{id}", False),
    (re.compile(f"/images/{_APP}"), "/api/v1/apps/{app}/images", True),
    (re.compile(f"/images/{_APP}/{_ID}"), "/api/v1/apps/{app}/images/{id}", False),
)


def call_behind(path: str, query: str) -> str | None:
    """The address of the call that answers with what a page shows.

    Args:
        path: of the page, with ``.json`` or ``.csv`` at its end.
        query: of the page, which the call takes as it is.

    Returns:
        None where there is no such page, or none that is a table.
    """
    page, _, form = path.rpartition(".")
    for pattern, call, is_table in _CALLS:
        found = pattern.fullmatch(page)
        if found is None or form not in ("json", "csv") or (form == "csv" and not is_table):
            continue
        items = [item for item in parse_qsl(query, keep_blank_values=True) if item[0] != "format"]
        items += [("format", "csv")] if form == "csv" else []
        asked = f"?{urlencode(items)}" if items else ""
        return call.format_map(found.groupdict()) + asked
    return None
