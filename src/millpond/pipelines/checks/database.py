"""Is the operational database sound in itself?"""

from __future__ import annotations

from sqlalchemy import func, select

from millpond.capture import tables as capture
from millpond.database.backend import backend_of
from millpond.database.connection import reading
from millpond.pipelines.checks.check import RESTORE, Check, Ground
from millpond.pipelines.findings import Findings

_COUNTED = (capture.inferences, capture.predictions, capture.annotations)


def _run(ground: Ground, part: str, findings: Findings) -> None:
    with reading(ground.engine) as connection:
        for problem in backend_of(ground.engine.dialect.name).damages(connection):
            findings.add("database", str(ground.engine.url.database), problem, RESTORE)
        for table in _COUNTED:
            number = connection.scalar(select(func.count()).select_from(table))
            findings.looked_at(table.name, number or 0)


DATABASE = Check("database", _run)
