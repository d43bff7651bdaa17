"""Is the operational database sound in itself?"""

from __future__ import annotations

from sqlalchemy import func, select, text

from millpond.capture import tables as capture
from millpond.database.connection import reading
from millpond.pipelines.checks.check import RESTORE, Check, Ground
from millpond.pipelines.findings import Findings

_COUNTED = (capture.inferences, capture.predictions, capture.annotations)


def _run(ground: Ground, part: str, findings: Findings) -> None:
    with reading(ground.engine) as connection:
        if ground.engine.dialect.name == "sqlite":
            for problem in connection.scalars(text("PRAGMA quick_check")):
                if problem != "ok":
                    findings.add("database", "operations.db", str(problem), RESTORE)
        for table in _COUNTED:
            number = connection.scalar(select(func.count()).select_from(table))
            findings.looked_at(table.name, number or 0)


DATABASE = Check("database", _run)
