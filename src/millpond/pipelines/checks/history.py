"""Is the history what was loaded into it, and what capture has?"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, func, select

from millpond.database.connection import reading
from millpond.history.reconcile import reconcile
from millpond.history.tables import loaded_tables, loads
from millpond.history.vault import VAULT
from millpond.pipelines.checks.check import RESTORE, Check, Ground
from millpond.pipelines.findings import Findings

#: The part that counts the loads; the others are the tables of the vault.
_LOADS = "loads"


def _parts(ground: Ground) -> Sequence[str]:
    return [_LOADS, *VAULT]


def _run(ground: Ground, part: str, findings: Findings) -> None:
    if part == _LOADS:
        query = select(func.count()).select_from(loads).where(loads.c.completed_at.is_not(None))
        findings.looked_at("loads", _count(ground, query))
        return
    query = select(func.sum(loaded_tables.c.rows)).where(loaded_tables.c.table_name == part)
    findings.looked_at("history_rows", _count(ground, query))
    for problem in reconcile(ground.engine, ground.history, [part]):
        findings.add("history", part, problem, RESTORE)


def _count(ground: Ground, query: Select[int]) -> int:
    with reading(ground.engine) as connection:
        return int(connection.scalar(query) or 0)


HISTORY = Check("history", _run, _parts)
