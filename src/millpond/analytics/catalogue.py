"""The catalogue: every view that a project has, by its name.

The standard views are files of this package's ``views/``, those of feeds are made
from their declarations, and a project's own are files of its folder ``views/``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

from millpond.analytics.view import View, parse_view
from millpond.errors import Conflict, Invalid
from millpond.history.vault import VAULT

#: Where a project's own views lie, in its folder.
FOLDER = "views"

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_LONGEST = 100_000


@cache
def standard_views() -> Mapping[str, View]:
    """The views that every project has, sorted by their names."""
    folder = files("millpond.analytics") / "views"
    found = {
        name: parse_view(name, entry.read_text(encoding="utf-8"))
        for entry in folder.iterdir()
        if (name := entry.name.removesuffix(".sql")) != entry.name
    }
    return dict(sorted(found.items()))


class Catalogue:
    """The views of a project.

    Args:
        feeds: the views of its feeds.
        folder: with its own views; None where it has none.

    Raises:
        Conflict: the view of a feed has the name of another.
    """

    def __init__(self, feeds: Iterable[View] = (), folder: Path | None = None) -> None:
        self._folder = folder
        self._fixed = dict(standard_views())
        for view in feeds:
            if view.name in self._fixed or view.name in VAULT:
                raise Conflict(
                    f"the feed's view {view.name!r} has the name of another view; "
                    "call the feed something else in millpond.toml"
                )
            self._fixed[view.name] = view

    def trusted(self) -> dict[str, View]:
        """The views that are no user's SQL: the standard ones and those of feeds."""
        return self._fixed

    def views(self) -> dict[str, View]:
        """Every view, sorted by name, as the files of the project are at this moment."""
        taken = {*self._fixed, *VAULT}
        own = {view.name: view for view in self.own() if view.name not in taken}
        return dict(sorted({**self._fixed, **own}.items()))

    def own(self) -> list[View]:
        """The project's own views, also those whose file is wrong by itself."""
        if self._folder is None or not self._folder.is_dir():
            return []
        return [self._read(path) for path in sorted(self._folder.glob("*.sql"))]

    def _read(self, path: Path) -> View:
        shown = f"{FOLDER}/{path.name}"
        try:
            sql = path.read_text(encoding="utf-8")
            self._check(path.stem, sql)
            return parse_view(path.stem, sql, "own", shown)
        except (OSError, UnicodeDecodeError, Invalid) as error:
            why = str(error)
        return View(path.stem, "", "", {}, (), origin="own", path=shown, problem=why)

    def _check(self, name: str, sql: str) -> None:
        """Refuse what cannot be a view.

        Raises:
            Invalid: the message says why.
        """
        if _NAME.fullmatch(name) is None:
            raise Invalid(f"{name!r} is no name of a view: lower-case words joined by _")
        if name in self._fixed or name in VAULT or name.endswith("_unloaded"):
            raise Invalid(f"the name {name!r} is taken; call the file something else")
        if len(sql) > _LONGEST:
            raise Invalid(f"it has {len(sql):,} characters; at most {_LONGEST:,} are taken")


def closure(names: Iterable[str], views: Mapping[str, View]) -> list[str]:
    """The views and vault tables named, with all that they are made from, the lowest first.

    Views that are made from themselves are listed too; `own` refuses them.
    """
    ordered: dict[str, None] = {}
    seen: set[str] = set()

    def visit(name: str) -> None:
        if name in seen or (name not in views and name not in VAULT):
            return
        seen.add(name)
        for needed in views[name].needs if name in views else ():
            visit(needed)
        ordered[name] = None

    for name in names:
        visit(name)
    return list(ordered)
