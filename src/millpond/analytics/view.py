"""A view: its SQL, and what the comments at its head say of it.

The first comments say what it is. Then come lines that say how it is kept, each
only where it differs from the default::

    -- kind: materialized        (default: virtual, answered from the facts each time)
    -- refresh: 1h               (or `after history`, or `incremental`; see `Refresh`)
    -- key: object_id, app       (the columns that tell its rows apart)
    -- facts: recorded_at        (each row is one fact, recorded at the moment in this column)

and then ``-- column: text``, a line for each column.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

from millpond.errors import Invalid
from millpond.values import parse_age

Kind = Literal["virtual", "materialized"]
Origin = Literal["standard", "feed", "own"]

_LINE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*): (.+)")
_NAMED = re.compile(r"\b(?:from|join)\s+([A-Za-z_][A-Za-z0-9_]*)", re.IGNORECASE)
_HEAD = ("kind", "refresh", "key", "facts")

AFTER_HISTORY = "after history"
INCREMENTAL = "incremental"


@dataclass(frozen=True)
class Refresh:
    """When the rows of a materialized view are made anew.

    Args:
        text: as its file says it.
        every: microseconds after which they are; None for the two others.

    ``after history`` is after each load that brought something. With either, the view
    is answered as of its latest refresh. ``incremental`` is exact at every moment: only
    what was touched since the rows were made is computed again.
    """

    text: str
    every: int | None = None

    @property
    def incremental(self) -> bool:
        """Whether the view is exact at every moment."""
        return self.text == INCREMENTAL


@dataclass(frozen=True)
class View:
    """One view.

    Args:
        sql: its definition, a SELECT over other views and tables of the vault.
        about: what it is, in a sentence or two.
        columns: what each column is, in their order, as far as its file says.
        needs: names that stand where a view or a vault table may stand.
        key: the columns that tell its rows apart; empty where nothing does.
        refresh: when it is made anew; None for a virtual one.
        facts: the column with the moment of the fact that each row is, if so.
        origin: who defines it.
        path: of the file of a project's own view, as messages show it.
        problem: what is wrong with the file itself; such a view cannot be asked.
    """

    name: str
    sql: str
    about: str
    columns: Mapping[str, str]
    needs: tuple[str, ...]
    key: tuple[str, ...] = ()
    refresh: Refresh | None = None
    facts: str | None = None
    origin: Origin = "standard"
    path: str = ""
    problem: str | None = None


def parse_view(name: str, sql: str, origin: Origin = "standard", path: str = "") -> View:
    """A view from the text of its file.

    Raises:
        Invalid: a line at its head does not fit.
    """
    about: list[str] = []
    head: dict[str, str] = {}
    columns: dict[str, str] = {}
    for line in _comments(sql):
        match = _LINE.fullmatch(line)
        if match and match[1] in _HEAD and not columns:
            head[match[1]] = match[2].strip()
        elif match:
            columns[match[1]] = match[2]
        elif not columns and not head:
            about.append(line)
    view = View(
        name=name,
        sql=sql,
        about=" ".join(about),
        columns=columns,
        needs=tuple(dict.fromkeys(found.lower() for found in _NAMED.findall(sql))),
        key=tuple(column.strip() for column in head.get("key", "").split(",") if column.strip()),
        facts=head.get("facts"),
        origin=origin,
        path=path,
    )
    return replace(view, refresh=_refresh(head, view.key))


def _comments(sql: str) -> list[str]:
    """The comments of the file, those within its SELECT left out."""
    lines: list[str] = []
    for line in sql.splitlines():
        if line.startswith("--"):
            lines.append(line[2:].strip())
        elif line.strip():
            break
    return lines


def _refresh(head: Mapping[str, str], key: tuple[str, ...]) -> Refresh | None:
    kind, text = head.get("kind", "virtual"), head.get("refresh")
    if kind not in get_args(Kind):
        raise Invalid(f"kind {kind!r} is not one of {', '.join(get_args(Kind))}")
    if kind == "virtual":
        if text is not None:
            raise Invalid("a virtual view has no refresh; say kind: materialized, or leave it out")
        return None
    if text is None:
        raise Invalid(
            f"a materialized view says its refresh: an age such as 1h, {AFTER_HISTORY}, "
            f"or {INCREMENTAL}"
        )
    if text == INCREMENTAL and not key:
        raise Invalid("an incremental view says its key: the columns that tell its rows apart")
    if text in (AFTER_HISTORY, INCREMENTAL):
        return Refresh(text)
    try:
        return Refresh(text, parse_age(text))
    except Invalid:
        raise Invalid(
            f"refresh {text!r} is no age such as 1h, nor {AFTER_HISTORY} nor {INCREMENTAL}"
        ) from None
