"""The Delta tables: their physical rules, what a power cut may do to them, other readers."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from lake import Lake
from millpond.errors import Corrupted
from millpond.history import maintain
from millpond.history.history import History
from millpond.history.reconcile import reconcile
from millpond.history.vault import FACTS, VAULT


def log_of(lake: Lake, name: str) -> Path:
    return lake.history.folder / name / "_delta_log"


def test_the_vault_is_declared_whole() -> None:
    assert {name.split("_")[0] for name in VAULT} == {"hub", "link", "sat"}
    assert len(FACTS) >= 7
    for table in VAULT.values():
        assert table.personal <= set(table.fact_schema.names)
        assert not table.schema.field(table.key).nullable
        assert ("hash_diff" in table.schema.names) == (table.kind == "satellite")


def test_another_reader_finds_the_rows(lake: Lake) -> None:
    lake.some_of_everything()
    loaded = lake.load()
    for name, table in VAULT.items():
        other = DeltaTable(str(lake.history.folder / name))
        assert pa.schema(other.schema().to_arrow()).names == table.schema.names
        rows = pa.table(other.to_pyarrow_table())
        assert rows.num_rows > 0
        assert set(rows["load_id"].to_pylist()) == {loaded.load_id}
        assert rows["recorded_at"].type == pa.timestamp("us", tz="UTC")


def test_nothing_personal_in_logs_statistics_or_names(lake: Lake) -> None:
    object_id = lake.object(subject="Erika Mustermann", path="ward/Mustermann.png")
    lake.inference(object_id)
    lake.refuse()
    lake.load()
    secrets = ("Mustermann", "alice", str(lake.folder))
    for path in lake.history.folder.rglob("*"):
        assert "Mustermann" not in str(path.relative_to(lake.folder))
        if path.suffix == ".json":
            assert not any(secret in path.read_text() for secret in secrets)
    for name, table in VAULT.items():
        table_log = DeltaTable(str(lake.history.folder / name))
        chosen = table_log.metadata().configuration["delta.dataSkippingStatsColumns"].split(",")
        assert not table.personal & set(chosen)
        for file in lake.history.tables[name].active().files:
            group = pq.ParquetFile(file).metadata.row_group(0)
            for number in range(group.num_columns):
                column = group.column(number)
                has = column.statistics is not None and column.statistics.has_min_max
                assert not has or column.path_in_schema in chosen


def test_rows_are_in_a_fixed_order(lake: Lake) -> None:
    for _ in range(4):
        lake.some_of_everything()
    lake.load()
    for name, table in VAULT.items():
        [path] = lake.history.tables[name].active().files
        rows = pq.read_table(path, columns=["recorded_at", table.key]).to_pylist()
        order = [(row["recorded_at"], row[table.key]) for row in rows]
        assert order == sorted(order)


@pytest.mark.sqlite
def test_a_moved_lake_opens(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "here")
    lake.some_of_everything()
    lake.load()
    state = lake.state()
    lake.close()
    (tmp_path / "here").rename(tmp_path / "there")
    moved = Lake(tmp_path / "there")
    assert moved.state() == state
    assert list(reconcile(moved.engine, moved.history)) == []
    moved.close()


@pytest.mark.parametrize("torn", [b"", b'{"commitInfo":{"time', b"\0" * 400])
def test_an_entry_torn_by_a_power_cut_is_taken_away(lake: Lake, torn: bytes) -> None:
    """Of a load that did not complete, the last log entry may be anything."""
    lake.some_of_everything()
    lake.load()
    before = lake.state()
    entry = log_of(lake, "hub_object") / f"{2:020d}.json"
    entry.write_bytes(torn)
    lake.close()
    again = Lake(lake.folder)
    assert not entry.exists()
    assert again.state() == before
    again.some_of_everything()
    again.load()
    assert list(reconcile(again.engine, again.history)) == []
    again.close()


@pytest.mark.parametrize("which", [1, 2])
def test_a_lost_entry_that_counts_is_told(lake: Lake, which: int) -> None:
    """Delta skips an emptied entry in silence, the last one or one between; we do not."""
    lake.some_of_everything()
    lake.load()
    lake.some_of_everything()
    lake.load()
    (log_of(lake, "sat_object") / f"{which:020d}.json").write_bytes(b"")
    lake.close()
    again = Lake(lake.folder)
    with pytest.raises(Corrupted, match="sat_object has 1 rows in the history, but 2"):
        again.rows("select * from images")
    assert list(reconcile(again.engine, again.history))
    again.close()


def test_changed_bytes_are_found(lake: Lake) -> None:
    lake.some_of_everything()
    lake.load()
    [path] = map(Path, lake.history.tables["sat_prediction"].active().files)
    data = bytearray(path.read_bytes())
    data[len(data) // 4] ^= 0xFF
    path.write_bytes(data)
    [problem] = reconcile(lake.engine, lake.history)
    assert "sat_prediction" in problem


def test_a_missing_row_is_found(lake: Lake) -> None:
    lake.some_of_everything()
    lake.load()
    [path] = lake.history.tables["sat_prediction"].active().files
    rows = pq.read_table(path)
    pq.write_table(rows.slice(1), path)
    [problem] = reconcile(lake.engine, lake.history)
    assert "is not as capture has it" in problem


def test_checkpoints_keep_all_rows(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintain, "_VERSIONS", 2)
    monkeypatch.setattr(maintain, "_LOOK", 2)
    for _ in range(5):
        lake.some_of_everything()
        lake.load()
    log = log_of(lake, "hub_object")
    assert [path.name[:20] for path in sorted(log.glob("*.checkpoint.parquet"))] == [
        f"{version:020d}" for version in (2, 4)
    ]
    assert not list(lake.history.folder.glob(".*"))
    # The entries before the last checkpoint are not needed to open the table.
    for version in range(4):
        (log / f"{version:020d}.json").unlink()
    assert History(lake.history.folder).tables["hub_object"].active().rows == 5
    assert json.loads((log / f"{5:020d}.json").read_text().splitlines()[0])["commitInfo"]
