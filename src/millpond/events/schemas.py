"""The JSON schemas of the events' data, one file for each type (JSON Schema 2020-12)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, get_args

from millpond.errors import NotFound
from millpond.events.event import EventType

_FOLDER = Path(__file__).parent / "schemas"

#: Every type of event, sorted.
EVENT_TYPES: tuple[str, ...] = tuple(sorted(get_args(EventType)))


@cache
def schema_of(kind: str) -> dict[str, Any]:
    """The schema of the data of a type of event; its ``$id`` is what ``dataschema`` says.

    Raises:
        NotFound: there is no such type; the message lists those there are.
    """
    if kind not in EVENT_TYPES:
        raise NotFound(f"no event is of type {kind!r}; types are {', '.join(EVENT_TYPES)}")
    found: dict[str, Any] = json.loads((_FOLDER / f"{kind}.json").read_text(encoding="utf-8"))
    return found
