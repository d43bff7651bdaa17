"""Files in any order, late, corrected, repeated and broken off, against a few lines of truth."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbox import Inbox
from millpond.history.archive import archive
from millpond.pipelines import land as land_module

DAYS = [f"2026-03-0{day}" for day in range(1, 5)]
STARTS = [1_772_323_200_000_000 + day * 86_400_000_000 for day in range(4)]
KEYS, VALUES = st.integers(1, 3), st.sampled_from("abc")
NUMBERS = itertools.count()

THEN = st.sampled_from(["", "", "load", "archive"])
BROKEN = st.sampled_from(["", "", "", "keys", "versions", "sightings", "complete"])


@dataclass(frozen=True)
class File:
    """What lands: rows by key and day, for the file's day; perhaps it is broken off first."""

    day: int
    rows: dict[tuple[int, int], str]
    broken_off: str
    then: str


ROWED = st.builds(
    File,
    st.just(0),
    st.dictionaries(st.tuples(KEYS, st.integers(0, 3)), VALUES, max_size=4),
    BROKEN,
    THEN,
)
COMPLETE = st.builds(
    lambda day, rows, broken_off, then: File(
        day, {(key, day): value for key, value in rows.items()}, broken_off, then
    ),
    st.integers(0, 3), st.dictionaries(KEYS, VALUES, min_size=1), BROKEN, THEN,
)  # fmt: skip


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inbox]:
    inbox = Inbox(tmp_path_factory.mktemp("inbox"))
    yield inbox
    inbox.close()


class Killed(BaseException):
    pass


def land(inbox: Inbox, feed: str, file: File, header: list[str]) -> int:
    """Land a file, after it was broken off perhaps; the moment after."""
    rows = [header, *([key, DAYS[day], value] for (key, day), value in sorted(file.rows.items()))]
    if file.broken_off:
        with pytest.MonkeyPatch.context() as patched, contextlib.suppress(Killed):
            patched.setattr(land_module.Land, file.broken_off, broken_off(file.broken_off))
            inbox.land(rows, feed, date=DAYS[file.day])
        bring_away(inbox, file.then)
    inbox.land(rows, feed, date=DAYS[file.day])
    bring_away(inbox, file.then)
    return inbox.lake.now


def bring_away(inbox: Inbox, then: str) -> None:
    if then == "load":
        inbox.lake.load()
    if then == "archive":
        archive(inbox.lake.engine, inbox.lake.commit, inbox.lake.history, 0)


def broken_off(step: str) -> Any:
    whole = getattr(land_module.Land, step)

    def killed(self: land_module.Land) -> None:
        if step != "complete":
            whole(self)
        raise Killed

    return killed


def seen(inbox: Inbox, feed: str, as_of: int, valid_at: int) -> dict[int, str]:
    return dict(inbox.rows(f"select id, value from {feed}", as_of, valid_at))


def held(inbox: Inbox, feed: str, moment: int) -> dict[int, str]:
    """The same by the spans of the history."""
    at = f"make_timestamp({moment})"
    holds = f"valid_from <= {at} and ({at} < valid_to or valid_to is null)"
    return dict(inbox.rows(f"select id, value from {feed}_history where {holds}"))


@settings(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(ROWED, min_size=1, max_size=4), st.data())
def test_rows_that_say_when(inbox: Inbox, files: list[File], data: st.DataObject) -> None:
    feed = f"rowed{next(NUMBERS)}"
    columns = {"id": "integer", "day": "date", "value": "string"}
    inbox.declare(**{feed: {"key": ["id"], "columns": columns, "valid_from": "day"}})
    repeated = data.draw(st.lists(st.sampled_from(files), max_size=2))
    truth: dict[tuple[int, int], str] = {}
    known: list[tuple[int, dict[tuple[int, int], str]]] = []
    landed: list[dict[tuple[int, int], str]] = []
    for file in [*files, *repeated]:
        moment = land(inbox, feed, file, ["id", "day", "value"])
        if file.rows not in landed:
            truth = {**truth, **file.rows}
            landed.append(file.rows)
        known.append((moment, truth))
    for (moment, then), day in itertools.product(known, range(4)):
        # Of each record what is said of the latest day by then.
        expected = {key: value for (key, since), value in sorted(then.items()) if since <= day}
        assert seen(inbox, feed, moment, STARTS[day]) == expected
        if then is truth:
            assert held(inbox, feed, STARTS[day]) == expected


@settings(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(COMPLETE, min_size=1, max_size=4), st.data())
def test_files_that_list_every_record(inbox: Inbox, files: list[File], data: st.DataObject) -> None:
    feed = f"complete{next(NUMBERS)}"
    columns = {"id": "integer", "day": "date", "value": "string"}
    inbox.declare(**{feed: {"key": ["id"], "columns": columns, "complete": True}})
    repeated = data.draw(st.lists(st.sampled_from(files), max_size=2))
    truth: dict[int, dict[int, str]] = {}
    known: list[tuple[int, dict[int, dict[int, str]]]] = []
    landed: list[tuple[int, dict[int, str]]] = []
    for file in [*files, *repeated]:
        moment = land(inbox, feed, file, ["id", "day", "value"])
        listed = {key: value for (key, _), value in file.rows.items()}
        if (file.day, listed) not in landed:
            truth = {**truth, file.day: listed}
            landed.append((file.day, listed))
        known.append((moment, truth))
    for (moment, then), day in itertools.product(known, range(4)):
        # What the latest file by then lists, and nothing else.
        listing = max((listed for listed in then if listed <= day), default=None)
        expected = {} if listing is None else then[listing]
        assert seen(inbox, feed, moment, STARTS[day]) == expected
        if then is truth:
            assert held(inbox, feed, STARTS[day]) == expected
