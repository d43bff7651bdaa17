"""A column that is declared later: the tables get it, and what is there is not rewritten."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars
import pyarrow as pa
import pytest
from deltalake import DeltaTable

from lake import Lake
from millpond.history.maintain import maintain
from millpond.history.reconcile import reconcile
from millpond.history.vault import VAULT

TABLE, COLUMN = "sat_object_origin", "order_key"
QUERY = f"select object_id, path, {COLUMN} from {TABLE} order by object_id"


@pytest.fixture
def older(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lake with loads of a release that did not know the column."""
    table = VAULT[TABLE]
    columns = tuple(column for column in table.columns if column.name != COLUMN)
    with monkeypatch.context() as patch:
        patch.setitem(VAULT, TABLE, replace(table, columns=columns))
        lake = Lake(tmp_path)
        for _ in range(2):
            lake.some_of_everything()
            lake.load()
        lake.close()
    return tmp_path


def test_a_column_that_is_declared_later(older: Path) -> None:
    before = {path: path.read_bytes() for path in older.rglob("*.parquet")}
    lake = Lake(older)
    files = lake.history.tables[TABLE]
    assert (files.active().version, files.active().evolved) == (3, True)
    assert [row[2] for row in lake.rows(QUERY)] == [None, None]
    assert list(reconcile(lake.engine, lake.history)) == []
    lake.some_of_everything()
    lake.load()
    rows = lake.rows(QUERY)
    assert len(rows) == 3
    assert list(reconcile(lake.engine, lake.history)) == []
    assert {path: path.read_bytes() for path in before} == before

    maintain(lake.engine, lake.commit, lake.history, grace_seconds=0)
    assert lake.rows(QUERY) == rows
    assert list(reconcile(lake.engine, lake.history)) == []
    lake.close()


def test_other_engines_see_the_column(older: Path) -> None:
    lake = Lake(older)
    lake.some_of_everything()
    lake.load()
    folder = str(lake.history.folder / TABLE)
    assert polars.scan_delta(folder).collect()[COLUMN].to_list() == [None] * 3
    table = DeltaTable(folder)
    assert pa.schema(table.schema().to_arrow()).field(COLUMN).nullable
    assert table.to_pyarrow_table().num_rows == 3
    lake.close()


def test_opening_again_adds_nothing(older: Path) -> None:
    Lake(older).close()
    again = Lake(older)
    assert again.history.tables[TABLE].active().version == 3
    assert again.history.tables["hub_object"].active().version == 2
    again.close()


def test_a_history_with_a_broken_log_opens(older: Path) -> None:
    """So that a verification can say what is amiss, and other tables answer."""
    (older / "lake" / "history" / "hub_subject" / "_delta_log" / f"{0:020d}.json").write_bytes(b"")
    lake = Lake(older)
    assert [problem for problem in reconcile(lake.engine, lake.history) if "hub_subject" in problem]
    assert lake.rows("select count(*) from refusals") == [(2,)]
    lake.close()
