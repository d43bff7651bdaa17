"""The views of every project: their SQL, their columns, and what each is made from.

A view is a file of ``views/``. Its first comment says what it is, ``-- column: text``
lines say what its columns are; the reference documentation is made from both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from millpond.history.vault import VAULT

_COLUMN = re.compile(r"([a-z0-9_]+): (.+)")
_NAME = re.compile(r"\b(?:from|join)\s+([a-z_]+)")


@dataclass(frozen=True)
class View:
    """One view of the contract.

    Args:
        sql: its definition, a SELECT over other views and tables of the vault.
        about: what it is, in a sentence or two.
        columns: what each column is, in their order.
        needs: names of the views and vault tables that it is made from.
    """

    name: str
    sql: str
    about: str
    columns: dict[str, str]
    needs: tuple[str, ...]


@cache
def views() -> dict[str, View]:
    """Every view by its name, sorted."""
    folder = files("millpond.analytics") / "views"
    found = (
        _parse(entry.name.removesuffix(".sql"), entry.read_text(encoding="utf-8"))
        for entry in folder.iterdir()
        if entry.name.endswith(".sql")
    )
    return {view.name: view for view in sorted(found, key=lambda view: view.name)}


def closure(names: Iterable[str]) -> list[str]:
    """The views and vault tables named, with all that they are made from, the lowest first."""
    ordered: dict[str, None] = {}

    def visit(name: str) -> None:
        if name not in ordered:
            for needed in views()[name].needs if name in views() else ():
                visit(needed)
            ordered[name] = None

    for name in names:
        visit(name)
    return list(ordered)


def _parse(name: str, sql: str) -> View:
    comments = [line[3:] for line in sql.splitlines() if line.startswith("-- ")]
    about: list[str] = []
    columns: dict[str, str] = {}
    for line in comments:
        match = _COLUMN.fullmatch(line)
        if match:
            columns[match[1]] = match[2]
        elif not columns:
            about.append(line)
    known = {*VAULT, *_view_names()}
    needs = dict.fromkeys(found for found in _NAME.findall(sql) if found in known)
    return View(name, sql, " ".join(about), columns, tuple(needs))


@cache
def _view_names() -> frozenset[str]:
    folder = files("millpond.analytics") / "views"
    return frozenset(
        entry.name.removesuffix(".sql") for entry in folder.iterdir() if entry.name.endswith(".sql")
    )
