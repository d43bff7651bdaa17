"""The pipeline ``land``: the files that arrived for each feed and day, a step for each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from millpond.database.clock import machine_now
from millpond.errors import Invalid, MillpondError
from millpond.pipelines.arrivals import DATE, arrivals_of, days
from millpond.pipelines.land import LandedFile, Landings
from millpond.pipelines.pipeline import Parameters, Pipeline, Say, Step
from millpond.settings import FeedSection, LandPipeline
from millpond.values import from_micros

#: Days before today that a run looks at when it is not told which: files come late.
_LOOKS_BACK = 7


def land_pipeline(
    landings: Callable[[], Landings],
    feeds: Mapping[str, FeedSection],
    project: Path,
    settings: LandPipeline,
) -> Pipeline:
    """Lands what has arrived and is new, of one feed or of all that have a ``path``.

    It takes ``from`` and ``to`` (YYYY-MM-DD; by default the last week) and ``feed``.

    Args:
        landings: opens what lands a file.
        project: what the paths of the feeds are relative to.
    """

    def settled(parameters: Parameters) -> Parameters:
        today = from_micros(machine_now()).date()
        last = parameters.get("to") or max(today.isoformat(), parameters.get("from", ""))
        first = parameters.get("from") or _earlier(last)
        days(first, last)
        if "feed" in parameters:
            _with_path(feeds, parameters["feed"])
        return {**parameters, "from": first, "to": last}

    def steps(parameters: Parameters) -> list[Step]:
        chosen = [parameters["feed"]] if "feed" in parameters else _with_paths(feeds)
        span = days(parameters["from"], parameters["to"])
        return [
            Step(name, partial(land_day, landings, feed, section, project, day))
            for feed in chosen
            if (section := _with_path(feeds, feed))
            for name, day in _named(feed, section, span)
        ]

    return Pipeline(
        "land",
        steps,
        takes=("from", "to", "feed"),
        settled=settled,
        pending=lambda: bool(_with_paths(feeds)),
        goes_on=True,
        schedule=settings.schedule,
        retries=settings.retries,
    )


def land_day(
    landings: Callable[[], Landings],
    feed: str,
    section: FeedSection,
    project: Path,
    day: str,
    say: Say,
) -> int:
    """Land the files that arrived for one day; those that have landed before add nothing.

    Returns:
        What they said that was not known.

    Raises:
        Invalid: some of them could not be landed; the others were.
    """
    added, problems = 0, []
    for file in arrivals_of(project, section, day):
        try:
            landed = landings().land(feed, section, file)
        except MillpondError as error:
            if error.status >= 500:
                raise
            problems.append(f"{file.name}: {error}")
            continue
        added += landed.added
        if not landed.repeated:
            say(f"{file.name}: {told(landed)}")
    if problems:
        raise Invalid("; ".join(problems))
    return added


def told(landed: LandedFile) -> str:
    """What a file brought in, in words."""
    if landed.repeated:
        words = f"it had landed before, for {landed.business_date}; nothing is new"
        if landed.quarantined:
            words += f", {landed.quarantined:,} rows stay quarantined (declared anew? use --again)"
        return words
    words = f"{landed.rows:,} rows of {landed.business_date}, {landed.added:,} of them new"
    if landed.gone:
        words += f", {landed.gone:,} records gone"
    if landed.quarantined:
        words += f", {landed.quarantined:,} quarantined"
    return words


def _named(feed: str, section: FeedSection, span: list[str]) -> list[tuple[str, str]]:
    """The steps of a feed and the day of each; files without a day are looked at once."""
    if section.path is not None and DATE not in section.path:
        return [(feed, span[-1])]
    return [(f"{feed} {day}", day) for day in span]


def _with_paths(feeds: Mapping[str, FeedSection]) -> list[str]:
    return [name for name, section in feeds.items() if section.path is not None]


def _with_path(feeds: Mapping[str, FeedSection], feed: str) -> FeedSection:
    if feed not in _with_paths(feeds):
        known = ", ".join(_with_paths(feeds)) or "none"
        raise Invalid(f"feed {feed!r} has no path in millpond.toml; feeds with one: {known}")
    return feeds[feed]


def _earlier(day: str) -> str:
    days(day, day)
    return (dt.date.fromisoformat(day) - dt.timedelta(days=_LOOKS_BACK)).isoformat()
