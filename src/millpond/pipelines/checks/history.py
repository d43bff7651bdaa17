"""Is every row that was loaded in the history as capture has it, and as it was written?"""

from __future__ import annotations

from sqlalchemy import func, select

from millpond.database.connection import reading
from millpond.history.reconcile import reconcile
from millpond.history.tables import loads
from millpond.pipelines.checks.check import RESTORE, Check, Ground
from millpond.pipelines.findings import Findings


def _run(ground: Ground, part: str, findings: Findings) -> None:
    with reading(ground.engine) as connection:
        found = connection.execute(
            select(func.count(), func.sum(loads.c.rows)).where(loads.c.completed_at.is_not(None))
        ).one()
    findings.looked_at("loads", found[0])
    findings.looked_at("history_rows", found[1] or 0)
    for problem in reconcile(ground.engine, ground.history):
        findings.add("history", problem.partition(":")[0], problem, RESTORE)


HISTORY = Check("history", _run)
