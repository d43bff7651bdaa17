"""Has each object its bytes, of the length and the SHA-256 that they had when they came?"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import islice

from sqlalchemy import select

from millpond.capture import tables as capture
from millpond.capture.objects import object_key
from millpond.database.connection import reading
from millpond.errors import NotFound
from millpond.pipelines.checks.check import Check, Ground
from millpond.pipelines.findings import Findings
from millpond.raw.store import ObjectStore

#: Objects of one part, and keys that are looked up at once.
_CHUNK = 500

_OBJECTS = capture.objects


def _ranges(ground: Ground) -> Sequence[str]:
    """The first and the last id of each run of objects."""
    ids = select(_OBJECTS.c.object_id).where(_OBJECTS.c.recorded_at <= ground.moment)
    with reading(ground.engine) as connection:
        rows = connection.execution_options(yield_per=10_000).scalars(
            ids.order_by(_OBJECTS.c.object_id)
        )
        return [f"{chunk[0]}/{chunk[-1]}" for chunk in rows.partitions(_CHUNK)]


def _compare(ground: Ground, part: str, findings: Findings) -> None:
    first, last = part.split("/")
    query = select(_OBJECTS.c.object_id, _OBJECTS.c.sha256, _OBJECTS.c.bytes).where(
        _OBJECTS.c.object_id.between(first, last), _OBJECTS.c.recorded_at <= ground.moment
    )
    with reading(ground.engine) as connection:
        rows = connection.execute(query).all()
    for object_id, sha256, length in rows:
        findings.looked_at("objects")
        key = object_key(object_id)
        problem = bytes_problem(ground.store, key, sha256, length)
        if problem is not None:
            findings.add("objects", object_id, problem, ground.copy_back(key))


def bytes_problem(store: ObjectStore, key: str, sha256: str, length: int) -> str | None:
    """What is wrong with the bytes of a key."""
    try:
        data = store.get(key)
    except NotFound:
        return "the bytes are missing"
    except OSError as error:
        return f"the bytes cannot be read: {error.strerror or error}"
    if len(data) != length:
        return f"there are {len(data):,} bytes, but {length:,} were kept"
    found = hashlib.sha256(data).hexdigest()
    return None if found == sha256 else f"their SHA-256 is {found}, not {sha256}"


def _count_unreferenced(ground: Ground, part: str, findings: Findings) -> None:
    """Count the bytes that no object names: of uploads that were never answered."""
    findings.looked_at("unreferenced", 0)
    names = (stored.key.rpartition("/")[2] for stored in ground.store.list("objects"))
    while chunk := list(islice(names, _CHUNK)):
        with reading(ground.engine) as connection:
            query = select(_OBJECTS.c.object_id).where(_OBJECTS.c.object_id.in_(chunk))
            known = connection.scalars(query).all()
        findings.looked_at("unreferenced", len(chunk) - len(known))


OBJECTS = Check("objects", _compare, _ranges)
UNREFERENCED = Check("unreferenced", _count_unreferenced)
