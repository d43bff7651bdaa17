"""Has each landed file its bytes, and did it bring what it says?"""

from __future__ import annotations

from millpond.capture.feeds import batch_key
from millpond.pipelines.checks.check import RESTORE, Check, Ground
from millpond.pipelines.checks.objects import bytes_problem
from millpond.pipelines.findings import Findings

_LANDINGS = """
SELECT landing_id, sha256, bytes, added, quarantined,
       coalesce(s.rows, 0) AS sightings, coalesce(q.rows, 0) AS bad
FROM sat_landing
LEFT JOIN (SELECT landing_id, count(*) AS rows FROM sat_record_sighting GROUP BY ALL) AS s
    USING (landing_id)
LEFT JOIN (SELECT landing_id, count(*) AS rows FROM sat_quarantined_row GROUP BY ALL) AS q
    USING (landing_id)
ORDER BY landing_id
"""


def _run(ground: Ground, part: str, findings: Findings) -> None:
    for batch in ground.analytics.batches(_LANDINGS, ground.moment):
        for row in batch.to_pylist():
            findings.looked_at("landings")
            key = batch_key(row["landing_id"])
            problem = bytes_problem(ground.store, key, row["sha256"], row["bytes"])
            if problem is not None:
                findings.add("landings", row["landing_id"], problem, ground.copy_back(key))
            brought = (row["sightings"], row["bad"])
            if brought != (row["added"], row["quarantined"]):
                problem = (
                    f"it added {row['added']:,} and quarantined {row['quarantined']:,} rows, "
                    f"but {brought[0]:,} and {brought[1]:,} are there"
                )
                findings.add("landings", row["landing_id"], problem, RESTORE)


LANDED = Check("landings", _run, asks=True)
