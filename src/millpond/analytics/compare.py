"""What changed in a view between two moments, and what changed when.

Rows are told apart by the key of the view: one that is there at both moments and says
something else has changed. A view without a key has rows that came and rows that went.
Numbers with a fraction that differ by no more than a billionth are the same, since a
sum made again may be.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa

from millpond.analytics.analytics import Analytics
from millpond.analytics.answer import Answer
from millpond.analytics.catalogue import closure
from millpond.analytics.relations import Relations, Wanted
from millpond.analytics.separable import is_of_objects
from millpond.analytics.source import quoted
from millpond.analytics.view import View
from millpond.capture.feed_tables import FEED_FACTS, landings
from millpond.errors import Invalid
from millpond.history.vault import VAULT

#: Moments that are compared in one question to the engine.
_AT_ONCE = 16

#: Name and SQL type of each column.
Columns = Sequence[tuple[str, str]]

#: Tables whose rows count from the moment on that their landing was recorded.
_IN_LANDINGS = frozenset(
    name
    for name, table in VAULT.items()
    if table.source.fact in FEED_FACTS and table.source.fact is not landings
)


def diff_view(
    analytics: Analytics, name: str, before: str | int, after: str | int | None
) -> Answer:
    """What is different in a view as of two moments.

    Args:
        before: the earlier moment, as `Analytics.resolve` takes it; so is `after`, None
            for the latest.

    Returns:
        A row for each that differs: ``change`` (added, removed or changed), the columns
        of the key, and ``before`` and ``after`` with the others; null where there was no
        such row. Without a key, all columns are in these two.

    Raises:
        Invalid: there is no such view, or a moment does not fit.
    """
    moments = (analytics.fixed(before), analytics.fixed(after))
    view = _view(analytics, name)
    columns = _columns(analytics, view, moments[1])

    def sql(found: Relations) -> str:
        one, other = (world.named(name) for world in found.worlds)
        return f"{difference(one, other, columns, view.key)} order by all"

    with analytics.ask(Wanted((name,), moments, touched=is_of_objects(view)), sql) as result:
        return Answer(analytics.gathered(result), result.types, moments[1])


def view_history(
    analytics: Analytics,
    name: str,
    *,
    key: str | None = None,
    since: str | int | None = None,
    until: str | int | None = None,
    limit: int = 100,
) -> Answer:
    """What changed in a view, and when: the newest first.

    Args:
        key: only the rows that have this value in a column of the key.
        since: changes recorded later than this moment, as `Analytics.resolve` takes it.
        until: and up to this one; None for the latest.
        limit: the most moments of change that are looked at, the newest ones.

    Returns:
        The rows of `diff_view`, with ``at``, the moment of the change.

    Raises:
        Invalid: there is no such view, it has no key, or a moment does not fit.
    """
    first, last = analytics.resolve(since), analytics.fixed(until)
    view = _view(analytics, name)
    if key is not None and not view.key:
        raise Invalid(f"view {name!r} has no key; leave --key out")
    columns = _columns(analytics, view, last)
    if view.facts is not None:
        return _facts(analytics, view, columns, key, first, last, limit)
    moments = _moments(analytics, view, first, last, limit)
    return _steps(analytics, view, columns, key, moments, last)


def difference(before: str, after: str, columns: Columns, key: Sequence[str]) -> str:
    """SQL that gives what differs between two relations, as `diff_view` describes it.

    Args:
        before: SQL that can stand in FROM; so is `after`.
    """
    if not key:
        return _multiset(before, after, columns)
    rest = [(name, kind) for name, kind in columns if name not in key]
    keys = ", ".join(f"coalesce(a.r.{_name(one)}, b.r.{_name(one)}) as {_name(one)}" for one in key)
    same = " and ".join(f"b.r.{_name(one)} is not distinct from a.r.{_name(one)}" for one in key)
    differs = " or ".join(_differs(name, kind) for name, kind in rest) or "false"
    return (
        "select case when b.r is null then 'added' when a.r is null then 'removed' "
        f"else 'changed' end as change, {keys}, "
        f"{_packed('b', rest)} as before, {_packed('a', rest)} as after "
        f"from (select row_of as r from {before} as row_of) as b "
        f"full join (select row_of as r from {after} as row_of) as a on {same} "
        f"where b.r is null or a.r is null or {differs}"
    )


def _multiset(before: str, after: str, columns: Columns) -> str:
    listed = ", ".join(_name(name) for name, _ in columns)

    def gone(one: str, other: str) -> str:
        rows = f"select {listed} from {one} except all select {listed} from {other}"
        return f"select row_of as r from ({rows}) as row_of"

    pack_b, pack_a = (_packed(side, columns) for side in "ba")
    return (
        f"select 'removed' as change, {pack_b} as before, null as after "
        f"from ({gone(before, after)}) as b union all "
        f"select 'added' as change, null as before, {pack_a} as after "
        f"from ({gone(after, before)}) as a"
    )


def _differs(name: str, kind: str) -> str:
    one, other = f"b.r.{_name(name)}", f"a.r.{_name(name)}"
    if kind not in ("DOUBLE", "FLOAT"):
        return f"{one} is distinct from {other}"
    near = f"abs({one} - {other}) <= 1e-9 * greatest(1, abs({other}))"
    return f"({one} is distinct from {other} and not coalesce({near}, false))"


def _packed(side: str, columns: Columns) -> str:
    """The columns of a side as one value, null where the row is not there."""
    if not columns:
        return "null"
    fields = ", ".join(f"{_name(name)} := {side}.r.{_name(name)}" for name, _ in columns)
    return f"case when {side}.r is not null then struct_pack({fields}) end"


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _view(analytics: Analytics, name: str) -> View:
    views = analytics.catalogue.views()
    if name not in views:
        raise Invalid(f"view {name!r} is not found; existing views: {', '.join(views)}")
    return views[name]


def _columns(analytics: Analytics, view: View, as_of: int) -> list[tuple[str, str]]:
    sql = f"select * from {view.name} limit 0"
    with analytics.ask(Wanted((view.name,), (as_of,)), lambda _: sql) as result:
        columns = list(zip(result.schema.names, result.types, strict=True))
    names = [column for column, _ in columns]
    if missing := [column for column in view.key if column not in names]:
        raise Invalid(
            f"{view.path or view.name}: its key {missing[0]!r} is none of {', '.join(names)}"
        )
    return columns


def _facts(
    analytics: Analytics,
    view: View,
    columns: Columns,
    key: str | None,
    first: int | None,
    last: int,
    limit: int,
) -> Answer:
    """The history of a view whose rows are facts: each was added, and none ever changes."""
    assert view.facts is not None
    at = _name(view.facts)
    rest = [(name, kind) for name, kind in columns if name not in view.key]
    keys = "".join(f", a.r.{_name(one)} as {_name(one)}" for one in view.key)
    chosen = [f"a.r.{at} > make_timestamp({first})"] if first is not None else []
    chosen += [_has_key(view, key, lambda one: f"a.r.{one}")] if key is not None else []
    where = f" where {' and '.join(chosen)}" if chosen else ""
    sql = (
        f"select a.r.{at} as \"at\", 'added' as change{keys}, null as before, "
        f"{_packed('a', rest)} as after from (select row_of as r from {view.name} as row_of) as a"
        f"{where} qualify dense_rank() over (order by a.r.{at} desc) <= {limit} order by all desc"
    )
    with analytics.ask(Wanted((view.name,), (last,)), lambda _: sql) as result:
        return Answer(analytics.gathered(result), result.types, result.as_of)


def _moments(
    analytics: Analytics, view: View, first: int | None, last: int, limit: int
) -> list[int]:
    """The newest moments at which a fact under a view was recorded, the oldest first."""
    needed = closure([view.name], analytics.understood())
    facts = [one for one in needed if one in VAULT and one not in _IN_LANDINGS]
    listed = " union ".join(f"select recorded_at from {one}" for one in facts)
    if view.origin == "feed":
        names = f"{quoted(view.name)}, {quoted(view.name.removesuffix('_history'))}"
        listed = f"select recorded_at from landings where feed in ({names})"
    if not listed:
        return []
    where = "" if first is None else f" where recorded_at > make_timestamp({first})"
    newest = f"order by moment desc limit {limit}"
    sql = f"select epoch_us(recorded_at) as moment from ({listed}){where} {newest}"
    found = analytics.table(sql, last)
    return sorted(found["moment"].to_pylist())


def _steps(
    analytics: Analytics,
    view: View,
    columns: Columns,
    key: str | None,
    moments: Sequence[int],
    last: int,
) -> Answer:
    """The history of any view: what differs at each moment from the one before."""
    chosen = f" where {_has_key(view, key, str)}" if key is not None else ""

    def sql(found: Relations) -> str:
        worlds = found.worlds
        states = ", ".join(
            f"state_{place} as materialized (select * from {world.named(view.name)})"
            for place, world in enumerate(worlds)
        )
        steps = " union all ".join(
            f'select make_timestamp({world.as_of}) as "at", * '
            f"from ({difference(f'state_{place}', f'state_{place + 1}', columns, view.key)})"
            for place, world in enumerate(worlds[1:])
        )
        # The newest first; of one moment, by what else there is.
        others = ", ".join(str(place) for place in range(2, len(view.key) + 5))
        return f"with {states} select * from ({steps}){chosen} order by 1 desc, {others}"

    tables: list[pa.Table] = []
    # A view without facts is compared with itself, for the columns of its empty history.
    wanted = [moments[at : at + _AT_ONCE] for at in range(0, len(moments), _AT_ONCE)] or [[last]]
    for part in reversed(wanted):
        worlds = Wanted((view.name,), (part[0] - 1, *part), touched=is_of_objects(view))
        with analytics.ask(worlds, sql) as result:
            tables.append(analytics.gathered(result))
    return Answer(pa.concat_tables(tables), result.types, last)


def _has_key(view: View, key: str, column: Callable[[str], str]) -> str:
    """SQL that holds for rows with a value in one of the columns of the key."""
    said = " or ".join(f"{column(_name(one))}::varchar = {quoted(key)}" for one in view.key)
    return f"({said})"
