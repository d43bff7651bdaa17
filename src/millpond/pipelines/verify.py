"""Verification: every layer against every other, and every object against its hash.

Nothing is changed and nothing is held up: all that is compared is read as of one
moment, while others go on writing.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from sqlalchemy import Engine, func, select, text

from millpond.capture import tables as capture
from millpond.capture.objects import object_key
from millpond.database.connection import reading
from millpond.errors import MillpondError, NotFound
from millpond.history.history import History
from millpond.history.reconcile import reconcile
from millpond.history.tables import loads
from millpond.models.registry import Registry
from millpond.pipelines.findings import Findings, Verified
from millpond.pipelines.references import REFERENCES
from millpond.raw.store import ObjectStore
from millpond.snapshots.files import MEMBERS, read_table
from millpond.snapshots.snapshot import Snapshot
from millpond.snapshots.snapshots import Snapshots

__all__ = ["Verified", "verify"]

_THREADS = 2
_RESTORE = "restore it from a backup"


def verify(
    engine: Engine, store: ObjectStore, history: History, registry: Registry, snapshots: Snapshots
) -> Verified:
    """Reconcile every layer with every other, and read every byte of every object once.

    - Each object has its bytes, of the right length and SHA-256.
    - Each fact has what it refers to, and its one event.
    - Each row of the history is the capture row that it was loaded from.
    - Each snapshot and each model is what was frozen and registered.
    """
    findings = Findings()
    _verify_database(engine, findings)
    _verify_objects(engine, store, findings)
    _verify_history(engine, history, findings)
    _verify_snapshots(engine, snapshots, findings)
    _verify_models(registry, findings)
    return findings.result()


def _verify_database(engine: Engine, findings: Findings) -> None:
    with reading(engine) as connection:
        if engine.dialect.name == "sqlite":
            for problem in connection.scalars(text("PRAGMA quick_check")):
                if problem != "ok":
                    findings.add("database", "operations.db", str(problem), _RESTORE)
        for table in (capture.inferences, capture.predictions, capture.annotations):
            number = connection.scalar(select(func.count()).select_from(table))
            findings.looked_at(table.name, number or 0)
        for check in REFERENCES:
            for (subject,) in connection.execute(text(check.sql)):
                findings.add(check.name, str(subject), check.problem, check.what_to_do)


def _verify_objects(engine: Engine, store: ObjectStore, findings: Findings) -> None:
    table = capture.objects
    query = select(table.c.object_id, table.c.sha256, table.c.bytes)
    present = 0
    with reading(engine) as connection:
        rows = connection.execution_options(yield_per=1000).execute(query)
        for object_id, problem in _compared(store, (_Kept(*row) for row in rows)):
            findings.looked_at("objects")
            present += problem != _MISSING
            if problem is not None:
                findings.add("objects", object_id, problem, _RESTORE)
    listed = sum(1 for _ in store.list("objects"))
    findings.looked_at("unreferenced", max(0, listed - present))


_MISSING = "the bytes are missing"


class _Kept(NamedTuple):
    object_id: str
    sha256: str
    length: int


def _compared(store: ObjectStore, rows: Iterable[_Kept]) -> Iterator[tuple[str, str | None]]:
    """Each object's id with what is wrong with its bytes, a few threads ahead."""
    ahead: deque[tuple[str, Future[str | None]]] = deque()
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="millpond-verify") as pool:
        for kept in rows:
            ahead.append((kept.object_id, pool.submit(_compare, store, kept)))
            if len(ahead) >= 2 * _THREADS:
                object_id, problem = ahead.popleft()
                yield object_id, problem.result()
        for object_id, problem in ahead:
            yield object_id, problem.result()


def _compare(store: ObjectStore, kept: _Kept) -> str | None:
    try:
        data = store.get(object_key(kept.object_id))
    except NotFound:
        return _MISSING
    except OSError as error:
        return f"the bytes cannot be read: {error.strerror or error}"
    if len(data) != kept.length:
        return f"there are {len(data):,} bytes, but {kept.length:,} were kept"
    found = hashlib.sha256(data).hexdigest()
    return None if found == kept.sha256 else f"their SHA-256 is {found}, not {kept.sha256}"


def _verify_history(engine: Engine, history: History, findings: Findings) -> None:
    with reading(engine) as connection:
        found = connection.execute(
            select(func.count(), func.sum(loads.c.rows)).where(loads.c.completed_at.is_not(None))
        ).one()
    findings.looked_at("loads", found[0])
    findings.looked_at("history_rows", found[1] or 0)
    for problem in reconcile(engine, history):
        findings.add("history", problem.partition(":")[0], problem, "restore a backup of lake")


def _verify_snapshots(engine: Engine, snapshots: Snapshots, findings: Findings) -> None:
    for snapshot in snapshots.list():
        findings.looked_at("snapshots")
        try:
            snapshot.manifest()
            lost = _lost_members(engine, snapshot)
        except MillpondError as error:
            findings.add("snapshots", snapshot.name, str(error), _RESTORE)
            continue
        if lost:
            problem = f"{lost} of its {snapshot.images} images are no objects of the project"
            findings.add("snapshots", snapshot.name, problem, _RESTORE)


def _lost_members(engine: Engine, snapshot: Snapshot) -> int:
    """How many images of a snapshot are no objects."""
    table = capture.objects
    members = read_table(snapshot.folder / MEMBERS)["object_id"]
    found = 0
    with reading(engine) as connection:
        query = select(func.count()).select_from(table)
        for chunk in (members.slice(at, 500) for at in range(0, len(members), 500)):
            found += connection.scalar(query.where(table.c.object_id.in_(chunk.to_pylist()))) or 0
    return len(members) - found


def _verify_models(registry: Registry, findings: Findings) -> None:
    for model in registry.list():
        findings.looked_at("models")
        try:
            package = registry.package(model.version)
        except (MillpondError, OSError) as error:
            findings.add("models", model.version, str(error), _RESTORE)
            continue
        if hashlib.sha256(package.model).hexdigest() != model.sha256:
            findings.add("models", model.version, "it is another model than registered", _RESTORE)
