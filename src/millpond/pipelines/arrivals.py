"""Arrivals: which files of a feed there are, and which day each is of."""

from __future__ import annotations

import datetime as dt
import glob
import re
from collections.abc import Iterator
from pathlib import Path

from millpond.database.clock import machine_now
from millpond.errors import Invalid, NotFound
from millpond.pipelines.land import Arrived
from millpond.raw.feeds.table_values import day_of, moment_of
from millpond.settings import FeedSection

#: What stands for the business date, as YYYY-MM-DD, in the ``path`` of a feed.
DATE = "{date}"
_DATED = re.compile(r"(?<![0-9])[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")


def arrived(path: Path, date: str | None = None, name: str | None = None) -> Arrived:
    """A file with its business day: the one given, or that in its name, or today (UTC).

    Args:
        date: as YYYY-MM-DD.
        name: its name, where the path is not what it came under.

    Raises:
        Invalid: the date is none.
    """
    # A name need not be text; what is kept of it has to be.
    name = (name or path.name).encode(errors="replace").decode()
    for found in [date] if date is not None else _DATED.findall(name):
        try:
            return Arrived(path, name, parse_day(found), True)
        except Invalid:
            if date is not None:
                raise
    return Arrived(path, name, day_of(machine_now()), False)


def arrivals(folder: Path) -> list[Path]:
    """The files right in a folder, sorted by name; hidden ones are not looked at.

    Raises:
        NotFound: there is no such folder.
    """
    if not folder.is_dir():
        raise NotFound(f"there is no file or folder {folder}")
    return [path for path in sorted(folder.iterdir()) if _is_file(path)]


def arrivals_of(project: Path, section: FeedSection, day: str) -> Iterator[Arrived]:
    """The files that lie where those of a feed arrive, for one day.

    Where the path of the feed has no date, all its files are of any day: each is landed
    once, as of the day that its name says, or the day on which that is.

    Args:
        project: what a relative path is relative to.
        day: as YYYY-MM-DD.
    """
    if section.path is None:
        return
    pattern = section.path.replace(DATE, day)
    for found in sorted(glob.glob(pattern, root_dir=project, recursive=True)):
        if _is_file(path := project / found):
            yield arrived(path, day if DATE in section.path else None)


def days(first: str, last: str) -> list[str]:
    """Each day from the first to the last, as YYYY-MM-DD.

    >>> days("2026-02-28", "2026-03-01")
    ['2026-02-28', '2026-03-01']

    Raises:
        Invalid: one is no date, or the last comes before the first.
    """
    begin, end = (dt.date.fromordinal(_ordinal(text)) for text in (first, last))
    if end < begin:
        raise Invalid(f"the days go from {first} to {last}, which comes before it")
    return [(begin + dt.timedelta(days=more)).isoformat() for more in range((end - begin).days + 1)]


def parse_day(text: str) -> int:
    """The beginning of a day, in microseconds since 1970.

    Raises:
        Invalid: the text is no date as YYYY-MM-DD.
    """
    _ordinal(text)
    return moment_of(f'"{text}"')


def _ordinal(text: str) -> int:
    try:
        if _DATED.fullmatch(text):
            return dt.date.fromisoformat(text).toordinal()
    except ValueError:
        pass
    raise Invalid(f"{text!r} is no date; write it as YYYY-MM-DD")


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".")
