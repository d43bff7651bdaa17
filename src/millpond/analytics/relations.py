"""What a question is given: each fact once, from the history or from the rows not yet loaded.

The protocol of a reader, in this order:

1. In one read transaction of the operational database, take the moment, the
   completed loads and the capture rows that none of them has.
2. Take the files of the Delta tables. They hold all rows of those loads by now,
   and perhaps rows of others.
3. Answer from the rows of the completed loads in the files and the capture rows,
   both recorded at or before the moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from sqlalchemy import Connection, Engine, select

from millpond.analytics.catalogue import closure
from millpond.analytics.definitions import fingerprints
from millpond.analytics.plan import Plan, Step, World
from millpond.analytics.source import COMPLETED, VaultSource, unloaded_name
from millpond.analytics.stored import StoredViews
from millpond.analytics.view import View
from millpond.database.clock import last
from millpond.database.connection import reading
from millpond.history.history import History
from millpond.history.load import not_loaded
from millpond.history.rows import batches
from millpond.history.tables import loads
from millpond.history.vault import VAULT
from millpond.values import new_id


@dataclass(frozen=True)
class Wanted:
    """What a question needs.

    Args:
        names: of views and vault tables.
        moments: microseconds since 1970, None for the last fact recorded; where there
            are several, the views stand in a database for each.
        valid_at: microseconds since 1970; None for no bound.
        stored: whether rows may come from materializations.
        anew: whether the views named are computed, whatever there is of themselves.
        touched: whether only the objects count that were touched between the moments.
    """

    names: tuple[str, ...]
    moments: tuple[int | None, ...] = (None,)
    valid_at: int | None = None
    stored: bool = True
    anew: bool = False
    touched: bool = False


@dataclass(frozen=True)
class Relations:
    """What the views of a question are answered from.

    Args:
        worlds: the views as of each moment that was wanted.
        opening: SQL that makes them, once `tables` are known by their names.
        guarded: what follows it, with SQL of users in it.
        files: the Parquet files that are read.
        databases: those that `opening` makes inside the engine.
        latest: the latest moment of which rows are needed.
    """

    worlds: list[World]
    opening: list[str]
    guarded: list[Step]
    files: list[str]
    databases: list[str]
    latest: int
    _connection: Connection
    _vault: list[str]

    @property
    def as_of(self) -> int:
        """Microseconds since 1970; of the first world."""
        return self.worlds[0].as_of

    @property
    def table_names(self) -> list[str]:
        """The names of `tables`, in their order."""
        return [COMPLETED, *map(unloaded_name, self._vault)]

    def tables(self) -> Iterator[tuple[str, pa.Schema, Iterator[pa.RecordBatch]]]:
        """The Arrow tables that the statements refer to: name, schema and batches.

        To be taken one after the other, while the transaction is open.
        """
        query = select(loads.c.load_id).where(loads.c.completed_at.is_not(None))
        # Where no file has rows of others, as is usual, they need not be known.
        wanted = any(COMPLETED in sql for sql in self.opening)
        completed = self._connection.scalars(query).all() if wanted else []
        batch = pa.record_batch({"load_id": pa.array(completed, pa.string())})
        yield COMPLETED, batch.schema, iter([batch])
        for name in self._vault:
            table = VAULT[name]
            fact = table.source.fact
            where = not_loaded(fact) & (fact.c.recorded_at <= self.latest)
            schema = table.query_schema
            rows = batches(self._connection, table, where, schema)
            yield unloaded_name(name), schema, rows


@contextmanager
def relations(
    engine: Engine, history: History, views: Mapping[str, View], wanted: Wanted
) -> Iterator[Relations]:
    """What some views and vault tables are answered from, in one read transaction.

    Args:
        views: those that there are, by name.

    Raises:
        Corrupted: the history has less than was loaded.
    """
    needed = closure(wanted.names, views)
    vault = [name for name in needed if name in VAULT]
    with reading(engine) as connection:
        moments = [last(connection) if one is None else one for one in wanted.moments]
        found = {name: views[name] for name in needed if name in views}
        plan = Plan(
            views,
            {
                name: VaultSource(name, active)
                for name, active in history.active(connection, vault).items()
            },
            StoredViews(connection, stored_folder(history), fingerprints(found)),
            wanted.valid_at,
            unique=new_id().replace("-", ""),
        )
        worlds = [World(moment, stored=wanted.stored) for moment in moments]
        if wanted.touched:
            touched = plan.touched(min(moments), max(moments))
            worlds = [World(moment, touched=touched, stored=False) for moment in moments]
        several = len(worlds) > 1
        if several or any(view.refresh is not None for view in found.values()):
            # Views of a question's own would hide those of the same name in other worlds.
            worlds = [plan.open(world) for world in worlds]
        for world in worlds:
            for name in wanted.names:
                plan.make(world, name, anew=wanted.anew)
        if not several and worlds[0].database:
            plan.opening.append(f"use {worlds[0].database}")
        yield Relations(
            worlds,
            plan.opening,
            plan.guarded,
            list(plan.files),
            plan.databases,
            plan.latest,
            connection,
            vault,
        )


def stored_folder(history: History) -> Path:
    """Where the materializations lie, beside the history."""
    return history.folder.with_name("views")
