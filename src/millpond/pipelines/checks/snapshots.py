"""Is each snapshot what was frozen, and are its images objects of the project?"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine, func, select

from millpond.capture import tables as capture
from millpond.database.connection import reading
from millpond.errors import MillpondError
from millpond.pipelines.checks.check import RESTORE, Check, Ground
from millpond.pipelines.findings import Findings
from millpond.snapshots.files import MEMBERS, read_table
from millpond.snapshots.snapshot import Snapshot


def _names(ground: Ground) -> Sequence[str]:
    found = ground.snapshots.list()
    return [snapshot.name for snapshot in found if snapshot.created_at <= ground.moment]


def _run(ground: Ground, name: str, findings: Findings) -> None:
    snapshot = ground.snapshots.get(name)
    findings.looked_at("snapshots")
    try:
        snapshot.manifest()
        lost = _lost_members(ground.engine, snapshot)
    except MillpondError as error:
        copy = ground.copy_back(f"snapshots/{snapshot.snapshot_id}")
        findings.add("snapshots", name, str(error), copy)
        return
    if lost:
        problem = f"{lost} of its {snapshot.images} images are no objects of the project"
        findings.add("snapshots", name, problem, RESTORE)


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


SNAPSHOTS = Check("snapshots", _run, _names)
