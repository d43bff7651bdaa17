"""Other people's engines read the tables of the history as they are: the same rows as ours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import polars
import pyarrow as pa
import pytest
from deltalake import DeltaTable

from lake import Lake
from millpond.history.checksum import checksum_of
from millpond.history.load import Load
from millpond.history.maintain import maintain
from millpond.history.sweep import sweep

#: Tables of each kind, with text, numbers, nulls, moments and packed bytes.
TABLES = ("hub_prediction", "link_annotation", "sat_object", "sat_inference", "sat_prediction")


def by_deltalake(folder: Path) -> pa.Table:
    """deltalake, the Rust implementation of Delta, with its own reader."""
    return DeltaTable(str(folder)).to_pyarrow_table()


def by_polars(folder: Path) -> pa.Table:
    """Polars, which follows the log of the table."""
    return polars.scan_delta(str(folder)).collect().to_arrow()


def by_duckdb(folder: Path) -> pa.Table:
    """DuckDB over the files of the newest version."""
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    return connection.read_parquet(DeltaTable(str(folder)).file_uris()).to_arrow_table()


def by_spark(folder: Path) -> pa.Table:
    """Spark over the files of the newest version."""
    spark = pytest.importorskip("pyspark.sql", reason="PySpark is not installed")
    session = (
        spark.SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "1")
        .getOrCreate()
    )
    return session.read.parquet(*DeltaTable(str(folder)).file_uris()).toArrow()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Some loads, and facts that no load has."""
    lake = Lake(tmp_path)
    for _ in range(3):
        for _ in range(4):
            lake.some_of_everything()
        lake.load()
    lake.some_of_everything()
    return lake


#: PySpark leaves sockets to its garbage.
SPARK = pytest.param(
    by_spark,
    marks=pytest.mark.filterwarnings(
        "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"
    ),
)


@pytest.mark.parametrize("read", [by_deltalake, by_polars, by_duckdb, SPARK])
def test_an_engine_reads_what_we_read(lake: Lake, read: Callable[[Path], pa.Table]) -> None:
    assert_same(lake, read, loads=3)
    maintain(lake.engine, lake.commit, lake.history, grace_seconds=0)
    assert_same(lake, read, loads=3)
    break_off(lake)
    sweep(lake.engine, lake.commit, lake.history)
    assert_same(lake, read, loads=3)
    lake.load()
    assert_same(lake, read, loads=4)
    lake.close()


def break_off(lake: Lake) -> None:
    """A load that is killed when its files are in the tables already."""
    load = Load(lake.engine, lake.commit, lake.history)
    with lake.history.locked():
        assert load.claim(lake.now)
        load.write()
        load.append()


def assert_same(lake: Lake, read: Callable[[Path], pa.Table], loads: int) -> None:
    for name in TABLES:
        files = lake.history.tables[name]
        table = read(files.folder)
        ours = pa.Table.from_batches(files.rows(files.active().parts), files.table.schema)
        assert len(set(table["load_id"].to_pylist())) == loads
        assert table.num_rows == ours.num_rows
        assert checksum(table, ours) == checksum(ours, ours)


def checksum(table: pa.Table, like: pa.Table) -> str:
    """Of all columns, the rows in the order of the facts."""
    key = like.schema.names[0]
    ordered = table.select(like.schema.names).cast(like.schema)
    ordered = ordered.sort_by([("recorded_at", "ascending"), (key, "ascending")])
    return checksum_of(ordered.combine_chunks().to_batches()).hexdigest()
