"""Has each fact of the operational database what it refers to, and its one event?"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from millpond.analytics.past import Past
from millpond.database.connection import reading
from millpond.pipelines import references
from millpond.pipelines.checks.check import Check, Ground
from millpond.pipelines.findings import Findings


def _parts(ground: Ground) -> Sequence[str]:
    return [str(number) for number, found in enumerate(references.REFERENCES) if not found.hubs]


def _archived_parts(ground: Ground) -> Sequence[str]:
    return [str(number) for number, found in enumerate(references.REFERENCES) if found.hubs]


def _run(ground: Ground, part: str, findings: Findings) -> None:
    reference = references.REFERENCES[int(part)]
    with closing(Past(ground.history)) as past, reading(ground.engine) as connection:
        for subject in references.amiss(connection, past, reference):
            findings.add(reference.name, subject, reference.problem, reference.what_to_do)


REFERENCES = Check("references", _run, _parts)
#: What is referred to may be in the history by now.
ARCHIVED_REFERENCES = Check("archived references", _run, _archived_parts, asks=True)
