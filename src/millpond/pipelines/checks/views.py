"""Are the rows that are kept of a view those that it computes from the facts?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from millpond.analytics.definitions import fingerprints
from millpond.analytics.relations import Wanted, stored_folder
from millpond.analytics.stored import Stored, StoredViews
from millpond.analytics.view import View
from millpond.database.connection import reading
from millpond.pipelines.checks.check import Check, Ground
from millpond.pipelines.findings import Findings
from millpond.settings import QuerySection

#: What the SQL of users may take here.
_LIMITS = QuerySection(seconds=3_600)
#: Two computations of one float may differ by this share of it.
_TOLERANCE = 1e-9
#: Rows that are compared one by one, where the whole is not the same.
_MOST = 1_000_000


def _names(ground: Ground) -> Sequence[str]:
    """The materialized views, but for those whose file is wrong in itself."""
    views = ground.analytics.catalogue.views()
    return [name for name, view in views.items() if view.refresh and view.problem is None]


def _run(ground: Ground, name: str, findings: Findings) -> None:
    # What a project's own views are made from takes a process to find out.
    trusted = ground.analytics.catalogue.trusted()
    views = trusted if name in trusted else ground.analytics.understood()
    with reading(ground.engine) as connection:
        folder = stored_folder(ground.history)
        stored = StoredViews(connection, folder, fingerprints(views)).newest(name)
    # Without a file, the rows are computed whenever they are asked for.
    if stored is None or not stored.is_there:
        return
    findings.looked_at("view_rows", stored.rows)
    problem = _problem(ground, views[name], stored)
    if problem is not None:
        findings.add("views", name, problem, f"rm {stored.path} && millpond run views")


def _problem(ground: Ground, view: View, stored: Stored) -> str | None:
    """How the rows that are kept differ from those that are computed as of the same moment."""
    try:
        kept = ground.analytics.table(_digest(f"({stored.sql()})"))
    except Exception as error:
        return f"its rows cannot be read: {str(error).partition(chr(10))[0]}"
    if kept.equals(_computed(ground, view, stored, _digest(view.name))):
        return None
    rows = kept["rows"][0].as_py()
    if rows > _MOST:
        return f"its {rows:,} rows are not those that are computed anew"
    every = ground.analytics.table(f"SELECT * FROM ({stored.sql()})")
    computed = _computed(ground, view, stored, f"SELECT * FROM {view.name}")
    if _equal(every, computed):
        return None
    return f"its {rows:,} rows are not the {computed.num_rows:,} that are computed anew"


def _digest(source: str) -> str:
    """SQL for a number that rows have in common in whatever order they come."""
    return (
        "SELECT count(*) AS rows, coalesce(sum(hash(v)::HUGEINT), 0)::VARCHAR AS digest"
        f" FROM {source} AS v"
    )


def _computed(ground: Ground, view: View, stored: Stored, sql: str) -> pa.Table:
    """What SQL answers over a view whose rows are computed from the facts.

    An incremental view is that of no other materialization; another may be made from
    views that are answered as of their latest refresh.
    """
    assert view.refresh is not None
    incremental = view.refresh.incremental
    wanted = Wanted((view.name,), (stored.as_of,), stored=not incremental, anew=not incremental)
    with ground.analytics.ask(wanted, lambda _: sql, _LIMITS) as result:
        return pa.Table.from_batches(list(result.batches), result.schema)


def _equal(ours: pa.Table, theirs: pa.Table) -> bool:
    """Whether two tables have the same rows, floats within the tolerance."""
    if ours.num_rows != theirs.num_rows or ours.column_names != theirs.column_names:
        return False
    floats = [field.name for field in ours.schema if pa.types.is_floating(field.type)]
    exact = [name for name in ours.column_names if name not in floats]
    ours, theirs = (_sorted(each, [*exact, *floats]) for each in (ours, theirs))
    return ours.select(exact).equals(theirs.select(exact)) and all(
        np.allclose(ours[name].to_numpy(), theirs[name].to_numpy(), _TOLERANCE, 0.0, equal_nan=True)
        for name in floats
    )


def _sorted(table: pa.Table, names: Sequence[str]) -> pa.Table:
    plain = [name for name in names if not pa.types.is_nested(table.schema.field(name).type)]
    return table.sort_by([(name, "ascending") for name in plain])


VIEWS = Check("views", _run, _names, asks=True)
