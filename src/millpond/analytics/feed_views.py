"""The views of a project's feeds: what holds of each record, and its whole history.

Every file adds sightings: from ``valid_from`` on, this version of this record holds.
Of two for the same record and ``valid_from`` the one that landed later stands, so late
and corrected files are right in whatever order they came. What stays as it was, day
after day, is one row that holds since it was first so. ``valid_at()`` is the moment
in the world that is asked about; without one it is the end of time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from millpond.analytics.source import quoted
from millpond.analytics.view import View
from millpond.settings import FeedSection

_TYPES = {
    "string": "varchar",
    "integer": "bigint",
    "number": "double",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}

_LANDED = """landed as (
    select landing_id, recorded_at, business_date::timestamp as day, complete
    from landings
    where feed = '{feed}'
)"""

#: What was held to be true of each record, and from when until when. Of two sightings for
#: the same ``valid_from`` the later one stands; it holds until the record's next one, or
#: until a complete file that does not list the record; the same seen again goes on.
_RUNS = """standing as (
    select
        sighting.record_id,
        sighting.valid_from::timestamp as valid_from,
        arg_max(
            {{version: sighting.version, recorded_at: landed.recorded_at}}, landed.recorded_at
        ) as seen
    from sat_record_sighting as sighting
    join landed using (landing_id)
    group by sighting.record_id, sighting.valid_from::timestamp
),
complete_days as (select distinct day from landed where complete),
spans as (
    select
        record_id, seen.version, seen.recorded_at, valid_from, day,
        lead(valid_from) over (partition by record_id order by valid_from) as following
    from standing
    asof left join complete_days on standing.valid_from < complete_days.day
),
seen_spans as (
    select record_id, version, valid_from, least(following, day) as valid_to, recorded_at
    from spans
    where version is not null
),
marked_spans as (
    select
        *,
        version is distinct from lag(version) over by_time
            or valid_from is distinct from lag(valid_to) over by_time as begins
    from seen_spans
    window by_time as (partition by record_id order by valid_from)
),
numbered_spans as (
    select
        *,
        count(*) filter (where begins) over (partition by record_id order by valid_from) as run
    from marked_spans
),
runs as (
    select
        record_id,
        any_value(version) as version,
        min(valid_from) as valid_from,
        case when count(valid_to) = count(*) then max(valid_to) end as valid_to,
        arg_min(recorded_at, valid_from) as recorded_at
    from numbered_spans
    group by record_id, run
)"""

#: Of each record what holds at valid_at().
_NOW = """holding as (
    select * from runs
    where valid_from <= valid_at() and (valid_to is null or valid_at() < valid_to)
)"""
_EVER = "holding as (select * from runs)"


def feed_views(feeds: Mapping[str, FeedSection]) -> list[View]:
    """Two views for each feed: one of its name, and one that ends in ``_history``."""
    return [view for feed, section in feeds.items() for view in _views(feed, section)]


def _views(feed: str, section: FeedSection) -> Iterator[View]:
    since = {"valid_from": "from when the row holds (UTC)"}
    until = {"valid_to": "until when it holds, exclusive (UTC); null while it still does"}
    ends = {
        "recorded_at": "when the row was kept (UTC)",
        "record_id": "random id of the record: the same for the same key",
    }
    declared = {
        name: section.columns.get(name, "string")
        for name in section.names
        if name.lower() != "valid_from"
    }
    if section.extra == "keep":
        declared["extra"] = "JSON: columns that are not declared"
    yield View(
        name=feed,
        sql=_sql(feed, section, _NOW, [*since, *ends]),
        about=f"What holds of each record of the feed {feed}, at --valid-at where that is said.",
        columns=declared | since | ends,
        needs=_needs(section),
        key=section.key,
        origin="feed",
    )
    yield View(
        name=f"{feed}_history",
        sql=_sql(feed, section, _EVER, [*since, *until, *ends]),
        about=f"All that holds or held of the records of the feed {feed}, by valid_from.",
        columns=declared | since | until | ends,
        needs=_needs(section),
        key=tuple(dict.fromkeys((*section.key, "valid_from"))),
        origin="feed",
    )


def _needs(section: FeedSection) -> tuple[str, ...]:
    needed = ("landings", "sat_record_sighting", "sat_record_key", "sat_record")
    return (*needed, "sat_record_personal") if section.kept_apart else needed


def _sql(feed: str, section: FeedSection, holding: str, ends: list[str]) -> str:
    personal = "left join sat_record_personal as apart using (record_id, version, landing_id)"
    described = [*section.described, *(["extra"] if section.extra == "keep" else [])]
    found = {
        **_picked("key", "key.key", [f"$[{place}]" for place in range(len(section.key))]),
        **_picked("said", "said.content", map(_path, described)),
        **_picked("apart", "apart.personal", map(_path, section.kept_apart)),
    }
    shown = [
        *_columns(section, "key", section.key),
        *_columns(section, "said", section.described),
        *_columns(section, "apart", section.kept_apart),
    ]
    by_name = dict(shown)
    columns = [by_name[name] for name in section.names if name.lower() != "valid_from"]
    if section.extra == "keep":
        columns.append(f"said[{len(described)}]::json as extra")
    return f"""with {_LANDED.format(feed=feed)},
{_RUNS.format()},
{holding}
select {", ".join([*columns, *ends])}
from (
    select {", ".join(["holding.*", *found.values()])}
    from holding
    join sat_record_key as key using (record_id)
    join sat_record as said using (record_id, version)
    join landed using (landing_id)
    {personal if section.kept_apart else ""}
)
"""


def _picked(name: str, column: str, paths: Iterator[str] | list[str] | map[str]) -> dict[str, str]:
    """The values of JSON at some paths, as a list of texts; each document is read once."""
    listed = ", ".join(map(quoted, paths))
    return {name: f"json_extract_string({column}, [{listed}]) as {name}"} if listed else {}


def _path(name: str) -> str:
    return '$."' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _columns(
    section: FeedSection, found: str, names: tuple[str, ...] | list[str]
) -> Iterator[tuple[str, str]]:
    for place, name in enumerate(names, start=1):
        kind = section.column(name).kind
        # Kept as ISO 8601 with its offset; the engine's own zone is UTC.
        text = f"{found}[{place}]"
        if kind == "timestamp":
            text = f"try_cast({text} as timestamptz)"
        quoted = '"' + name.replace('"', '""') + '"'
        # What an older declaration let in may not fit the present one: it reads as null.
        yield name, f"try_cast({text} as {_TYPES[kind]}) as {quoted}"
