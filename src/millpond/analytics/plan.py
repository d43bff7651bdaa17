"""The plan of a question: the statements that make its views, the lowest first.

The views of a question stand in *worlds*. A world is all views as of one moment;
a name inside a view means what its own world has under it. Most questions have one
world. There are others, each a database of its own inside the engine, where

- a materialized view is answered as of its latest refresh, whose file is gone;
- an incremental view takes the rows that were made at another moment, and computes
  again only what was touched between the two;
- two moments are compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from millpond.analytics.source import VaultSource
from millpond.analytics.stored import Stored, StoredViews
from millpond.analytics.view import View
from millpond.history.vault import VAULT
from millpond.values import MICROSECONDS

#: The facts by which an object is touched: tables with its id, a row for each fact.
TOUCHING = ("sat_object", "link_inference_object", "link_annotation")
#: The tables of which an inference is the fact, its predictions among them.
_OF_INFERENCES = frozenset(
    name for name, table in VAULT.items() if table.source.fact.name == "inferences"
)
_HOUR = 3_600 * MICROSECONDS


@dataclass(frozen=True)
class World:
    """All views as of one moment.

    Args:
        as_of: microseconds since 1970.
        database: its name inside the engine; none for the question's own.
        touched: the name of a table with the objects that count; all do by default.
        since: inferences recorded before it do not count.
        stored: whether rows may come from materializations.
    """

    as_of: int
    database: str = ""
    touched: str | None = None
    since: int | None = None
    stored: bool = True

    def named(self, name: str) -> str:
        """A view of this world, as SQL outside of it names it."""
        return f"{self.database}.{name}" if self.database else name


@dataclass(frozen=True)
class Step:
    """A statement with a project's own SQL in it, and whose view that is."""

    sql: str
    view: View


@dataclass
class Plan:
    """Collects the statements of a question.

    Args:
        views: those that there are, by name.
        sources: the vault tables that the question may need.
        stored: the materializations that there are.
        valid_at: microseconds since 1970; None for no bound.
        unique: makes the names inside the engine this question's own.
    """

    views: Mapping[str, View]
    sources: Mapping[str, VaultSource]
    stored: StoredViews
    valid_at: int | None
    unique: str
    #: Run before the engine is locked.
    opening: list[str] = field(default_factory=list)
    #: Run in the locked engine, since users wrote them.
    guarded: list[Step] = field(default_factory=list)
    databases: list[str] = field(default_factory=list)
    files: dict[str, None] = field(default_factory=dict)
    #: The latest moment of which rows are needed.
    latest: int = 0
    _made: set[tuple[str, str]] = field(default_factory=set)
    _refreshes: dict[int, World] = field(default_factory=dict)

    def __post_init__(self) -> None:
        bound = "'infinity'" if self.valid_at is None else f"make_timestamp({self.valid_at})"
        self.opening.append(f"create temp macro valid_at() as {bound}::timestamp")

    def open(self, world: World) -> World:
        """A world in a database of its own."""
        named = replace(world, database=f"world_{self.unique}_{len(self.databases)}")
        self.databases.append(named.database)
        self.opening.append(f"attach ':memory:' as {named.database}")
        return named

    def make(self, world: World, name: str, *, anew: bool = False) -> None:
        """Have a view, or a table of the vault, in a world, with all that it is made from.

        Args:
            anew: computed, though it has been refreshed; not so for an incremental view.
        """
        if (world.database, name) in self._made:
            return
        self._made.add((world.database, name))
        if name in VAULT:
            self._define(world, name, self._vault(world, name))
            return
        view = self.views[name]
        incremental = view.refresh is not None and view.refresh.incremental
        chosen = None if anew and not incremental else self._chosen(world, view)
        if chosen is None:
            self._compute(world, view)
        elif incremental:
            self._define(world, name, self._renewed(world, view, chosen), view)
        else:
            self._define(world, name, self._refreshed(view, chosen), view)

    def touched(self, low: int, high: int) -> str:
        """The name of a table with the objects that facts in (`low`, `high`] are about."""
        name = f"touched_{self.unique}_{len(self.opening)}"
        self.latest = max(self.latest, high)
        facts = " union all ".join(
            f"select object_id from ({self._from(table, high, low)})"
            for table in TOUCHING
            if table in self.sources
        )
        self.opening.append(f"create temp table {name} as select distinct object_id from ({facts})")
        return name

    def _compute(self, world: World, view: View) -> None:
        for needed in view.needs:
            if needed in self.views or needed in VAULT:
                self.make(world, needed)
        self._define(world, view.name, view.sql, view)

    def _define(self, world: World, name: str, sql: str, view: View | None = None) -> None:
        temporary = "" if world.database else "temp "
        statement = f"create {temporary}view {world.named(name)} as\n{sql}"
        if view is not None and view.origin == "own":
            self.guarded.append(Step(statement, view))
        else:
            self.opening.append(statement)

    def _vault(self, world: World, name: str) -> str:
        self.latest = max(self.latest, world.as_of)
        if world.since is not None and name in _OF_INFERENCES:
            return self._from(name, world.as_of, world.since - 1)
        if world.touched is not None and "object_id" in VAULT[name].query_schema.names:
            condition = f"object_id in (select object_id from {world.touched})"
            return self._from(name, world.as_of, condition=condition)
        return self._from(name, world.as_of)

    def _from(
        self, name: str, as_of: int, after: int | None = None, condition: str | None = None
    ) -> str:
        source = self.sources[name]
        self.files.update(dict.fromkeys(source.active.files))
        return source.sql(as_of, after, condition)

    def _chosen(self, world: World, view: View) -> Stored | None:
        """The materialization that answers a view in a world, if one does.

        An incremental view takes any that is there, best the nearest in time. Another
        takes the latest that there was at the world's moment, there or not: its answer
        stays what it was.
        """
        if view.refresh is None or not world.stored:
            return None
        if not view.refresh.incremental:
            return self.stored.newest(view.name, world.as_of)
        if self.valid_at is not None and view.origin == "own":
            return None
        return self.stored.nearest(view.name, world.as_of)

    def _refreshed(self, view: View, stored: Stored) -> str:
        """The rows of a refresh: from its file, or computed as of its moment."""
        if stored.is_there and self.valid_at is None:
            return self._stored(stored)
        if stored.as_of not in self._refreshes:
            self._refreshes[stored.as_of] = self.open(World(stored.as_of))
        then = self._refreshes[stored.as_of]
        self.make(then, view.name, anew=True)
        return f"select * from {then.named(view.name)}"

    def _renewed(self, world: World, view: View, stored: Stored) -> str:
        """The rows of an incremental view: those that nothing has touched, and the others."""
        low, high = sorted((stored.as_of, world.as_of))
        if low == high:
            return self._stored(stored)
        if view.key[0] == "hour":
            since = low - low % _HOUR
            rest = f" where hour < make_timestamp({since})"
            part = self.open(World(world.as_of, since=since, stored=False))
        else:
            touched = self.touched(low, high)
            rest = f" anti join {touched} using (object_id)"
            part = self.open(World(world.as_of, touched=touched, stored=False))
        self.make(part, view.name)
        return f"{self._stored(stored, rest)} union all select * from {part.named(view.name)}"

    def _stored(self, stored: Stored, rest: str = "") -> str:
        self.files[str(stored.path)] = None
        return stored.sql(rest)
