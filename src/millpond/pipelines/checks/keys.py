"""Is each fact in the history exactly once, and has each key its hub?

A column that is named as the key of a hub refers to it: a link by each of its
columns, a satellite by its first. A target is a prediction or an annotation.
"""

from __future__ import annotations

from collections.abc import Sequence

from millpond.history.vault import LANDINGS, VAULT
from millpond.pipelines.checks.check import RESTORE, Check, Ground
from millpond.pipelines.findings import Findings

#: Rows whose keys are held in memory at once.
_AT_ONCE = 2_000_000

_HUBS = {table.key: table.name for table in VAULT.values() if table.kind == "hub"}
#: Columns that refer to any of several hubs.
_EITHER = dict.fromkeys(("target_id", "root_id"), ("hub_prediction", "hub_annotation"))
#: Rows of a landing that was broken off are there, and of no account: theirs is in no hub.
_MAY_BE_BROKEN_OFF = "landing_id"


def _tables(ground: Ground) -> Sequence[str]:
    return list(VAULT)


def _find_twice(ground: Ground, part: str, findings: Findings) -> None:
    """Find the facts of a table that are there more than once."""
    table = VAULT[part]
    fact = table.key if table.kind != "satellite" else f"{table.key}, recorded_at"
    findings.looked_at("facts", _rows(ground, part))
    for slice_of in _slices(ground, table.key, part):
        for subject in _ids(
            ground,
            f"SELECT DISTINCT {table.key} FROM (SELECT {fact} FROM {part} WHERE {slice_of}"
            f" GROUP BY {fact} HAVING count(*) > 1)",
        ):
            findings.add("facts", subject, f"{part} has it more than once", RESTORE)


def _references(ground: Ground) -> Sequence[str]:
    """Each column that refers to a hub, as ``table.column``."""
    return [
        f"{table.name}.{column.name}"
        for table in VAULT.values()
        if table.kind != "hub"
        for column in table.columns
        if (column.name in _HUBS or column.name in _EITHER)
        and (column.name != _MAY_BE_BROKEN_OFF or table.source is LANDINGS)
    ]


def _find_dangling(ground: Ground, part: str, findings: Findings) -> None:
    """Find the rows of a link or a satellite that refer to what no hub has."""
    name, column = part.split(".")
    table = VAULT[name]
    hubs = _EITHER.get(column) or (_HUBS[column],)
    problem = f"the {column} that {name} has of it is in no {' and no '.join(hubs)}"
    findings.looked_at("links", _rows(ground, name))
    for slice_of in _slices(ground, column, name, *hubs):
        known = " UNION ALL ".join(
            f"SELECT {VAULT[hub].key} AS {column} FROM {hub}" for hub in hubs
        )
        for subject in _ids(
            ground,
            f"SELECT {table.key} FROM (SELECT {table.key}, {column} FROM {name} WHERE {slice_of})"
            f" ANTI JOIN (SELECT {column} FROM ({known}) WHERE {slice_of}) USING ({column})"
            f" WHERE {column} IS NOT NULL",
        ):
            findings.add("links", subject, problem, RESTORE)


def _slices(ground: Ground, column: str, *names: str) -> list[str]:
    """Conditions that cut tables by the hash of a column, so that each part fits into memory."""
    number = sum(_rows(ground, name) for name in names) // _AT_ONCE + 1
    return [f"hash({column}) % {number} = {which}" for which in range(number)]


def _rows(ground: Ground, name: str) -> int:
    found = ground.analytics.table(f"SELECT count(*) FROM {name}", ground.moment)
    return int(found.column(0)[0].as_py())


def _ids(ground: Ground, sql: str) -> list[str]:
    """What SQL answers in its one column, sorted."""
    found = ground.analytics.table(f"FROM ({sql}) ORDER BY ALL", ground.moment)
    return [str(subject) for subject in found.column(0).to_pylist()]


FACTS = Check("facts", _find_twice, _tables, asks=True)
LINKS = Check("links", _find_dangling, _references, asks=True)
