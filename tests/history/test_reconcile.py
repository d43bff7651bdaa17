"""Reconciliation: each damage is found, also where capture no longer has the rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import update

from lake import Lake
from millpond.database.connection import writing
from millpond.history.hash_diff import first_hash_diffs, hash_diffs
from millpond.history.horizon import move_horizon
from millpond.history.reconcile import reconcile
from millpond.history.tables import loaded_tables
from millpond.history.vault import VAULT

NAME = "sat_prediction"
DESCRIBED = [column.name for column in VAULT[NAME].columns[1:]]


@pytest.fixture
def archived(lake: Lake) -> Lake:
    """A lake with two loads, whose facts are looked for in the history alone."""
    for _ in range(2):
        lake.some_of_everything()
        lake.load()
    with writing(lake.engine) as connection:
        move_horizon(connection, lake.now)
    assert found(lake) == []
    return lake


def found(lake: Lake) -> list[str]:
    return list(reconcile(lake.engine, lake.history, [NAME]))


def rewrite(lake: Lake, change: Callable[[pa.Table], pa.Table]) -> None:
    """Put other rows into the first file of the table."""
    path = Path(lake.history.tables[NAME].active().files[0])
    pq.write_table(change(pq.read_table(path, partitioning=None)), path)


def with_column(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    at = table.schema.get_field_index(name)
    return table.set_column(at, table.schema.field(name), values)


def other_scores(table: pa.Table) -> pa.Table:
    return with_column(table, "score", pa.array([0.25] * table.num_rows))


def hashed_again(table: pa.Table) -> pa.Table:
    columns = [table[name].combine_chunks() for name in DESCRIBED]
    return with_column(table, "hash_diff", hash_diffs(DESCRIBED, columns))


def test_a_value_that_is_not_that_of_its_hash_difference(archived: Lake) -> None:
    rewrite(archived, other_scores)
    [problem] = found(archived)
    assert problem.startswith(f"{NAME}: row ")
    assert "does not have the hash difference of what it says" in problem


def test_a_value_whose_hash_difference_was_changed_with_it(archived: Lake) -> None:
    rewrite(archived, lambda table: hashed_again(other_scores(table)))
    [problem] = found(archived)
    assert "do not have the checksum" in problem


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.slice(1),
        lambda table: pa.concat_tables([table, table.slice(1)]),
        lambda table: table.slice(0, 0),
    ],
    ids=["fewer", "twice", "none"],
)
def test_other_rows_than_a_load_brought(
    archived: Lake, change: Callable[[pa.Table], pa.Table]
) -> None:
    rewrite(archived, change)
    assert len(found(archived)) == 1


def test_hash_differences_of_the_first_format_stand(archived: Lake) -> None:
    def older(table: pa.Table) -> pa.Table:
        columns = [table[name] for name in DESCRIBED]
        return with_column(table, "hash_diff", pa.array(first_hash_diffs(DESCRIBED, columns)))

    rewrite(archived, older)
    assert found(archived) == []


def test_a_load_without_a_checksum_goes_by_its_count(archived: Lake) -> None:
    with writing(archived.engine) as connection:
        connection.execute(update(loaded_tables).values(checksum=None))
    assert found(archived) == []
    rewrite(archived, lambda table: table.slice(1))
    assert len(found(archived)) == 1


def test_rows_of_capture_that_no_load_accounts_for(lake: Lake) -> None:
    lake.some_of_everything()
    lake.load()
    with writing(lake.engine) as connection:
        table = loaded_tables
        connection.execute(table.delete().where(table.c.table_name == NAME))
    assert found(lake) == [
        f"{NAME}: capture has 2 loaded rows, but 0 are there",
        f"{NAME}: load {lake_load(lake)} has more rows there than it brought",
    ]


def lake_load(lake: Lake) -> str:
    [part] = lake.history.tables[NAME].active().parts
    assert part.load_id is not None
    return part.load_id
