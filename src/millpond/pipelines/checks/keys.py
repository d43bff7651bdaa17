"""Is each fact in the history exactly once, and has each key its hub?

A column that is named as the key of a hub refers to it: a link by each of its
columns, a satellite by its first. A target is a prediction or an annotation.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from millpond.database.connection import reading
from millpond.history.totals import totals
from millpond.history.vault import LANDINGS, VAULT, VaultTable
from millpond.pipelines.checks.check import RESTORE, Check, Ground
from millpond.pipelines.findings import Findings

#: Rows whose keys are held in memory at once.
_AT_ONCE = 2_000_000

_HUBS = {table.key: table.name for table in VAULT.values() if table.kind == "hub"}
#: Columns that refer to any of several hubs.
_EITHER = dict.fromkeys(("target_id", "root_id"), ("hub_prediction", "hub_annotation"))
#: Rows of a landing that was broken off are there, and of no account: theirs is in no hub.
_MAY_BE_BROKEN_OFF = "landing_id"


def _filled(ground: Ground) -> list[VaultTable]:
    """The tables that have any rows, loaded or not."""
    with reading(ground.engine) as connection:
        loaded = totals(connection, list(VAULT))
        return [
            table
            for name, table in VAULT.items()
            if loaded[name] or connection.execute(select(table.source.fact).limit(1)).first()
        ]


def _tables(ground: Ground) -> Sequence[str]:
    return [table.name for table in _filled(ground)]


def _find_twice(ground: Ground, part: str, findings: Findings) -> None:
    """Find the facts of a table that are there more than once."""
    table = VAULT[part]
    # Facts without an id of their own are told apart by their moments.
    by_moment = "recorded_at" in table.source.fact.primary_key
    fact = "recorded_at" if by_moment else table.key
    for slice_of in _slices(ground, fact, part):
        rows, twice = _answer(
            ground,
            f"fact AS (SELECT {table.key}, {fact} FROM {part} WHERE {slice_of})",
            f"SELECT min({table.key}) AS id FROM fact GROUP BY {fact} HAVING count(*) > 1",
        )
        findings.looked_at("facts", rows)
        for subject in twice:
            findings.add("facts", subject, f"{part} has it more than once", RESTORE)


def _references(ground: Ground) -> Sequence[str]:
    """Each column that refers to a hub, as ``table.column``."""
    return [
        f"{table.name}.{column.name}"
        for table in _filled(ground)
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
    hub_keys = " UNION ALL ".join(f"SELECT {VAULT[hub].key} AS {column} FROM {hub}" for hub in hubs)
    for slice_of in _slices(ground, column, name, *hubs):
        rows, dangling = _answer(
            ground,
            f"fact AS (SELECT {table.key} AS id, {column} FROM {name} WHERE {slice_of}),"
            f" known AS (SELECT {column} FROM ({hub_keys}) WHERE {slice_of})",
            f"SELECT id FROM fact ANTI JOIN known USING ({column}) WHERE {column} IS NOT NULL",
        )
        findings.looked_at("links", rows)
        for subject in dangling:
            findings.add("links", subject, problem, RESTORE)


def _slices(ground: Ground, column: str, *names: str) -> list[str]:
    """Conditions that cut tables by the hash of a column, so that each part fits into memory."""
    with reading(ground.engine) as connection:
        number = sum(totals(connection, names).values()) // _AT_ONCE + 1
    return [f"hash({column}) % {number} = {which}" for which in range(number)]


def _answer(ground: Ground, tables: str, amiss: str) -> tuple[int, list[str]]:
    """How many facts there are in ``fact``, and the ids of those that are amiss, sorted."""
    sql = (
        f"WITH {tables} SELECT (SELECT count(*) FROM fact) AS rows,"
        f" (SELECT list(id ORDER BY id) FROM ({amiss})) AS ids"
    )
    [row] = ground.analytics.table(sql, ground.moment).to_pylist()
    return int(row["rows"]), row["ids"] or []


FACTS = Check("facts", _find_twice, _tables, asks=True)
LINKS = Check("links", _find_dangling, _references, asks=True)
