"""User SQL: what it answers, what is refused, and the limits that hold it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from lake import Lake
from millpond.analytics import analytics
from millpond.analytics.catalogue import standard_views as views
from millpond.analytics.guard import views_used
from millpond.errors import Busy, Invalid
from millpond.settings import QuerySection


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A lake with rows loaded and rows not loaded, and tight limits."""
    lake = Lake(
        tmp_path_factory.mktemp("asked"), QuerySection(seconds=20, memory_mb=256, rows=1000)
    )
    lake.some_of_everything()
    lake.load()
    lake.some_of_everything()
    yield lake
    lake.close()


def test_answers_as_json_has_them(asked: Lake) -> None:
    answer = asked.analytics.query(
        "select app, count(*) as n, max(recorded_at) as latest, sum(width) as wide, "
        "avg(bytes) as mean, null as nothing, 'nan'::double as odd, [1, 2] as list from Images "
        "group by app"
    )
    found = json.loads(json.dumps(answer.as_json(), allow_nan=False))
    assert [column["name"] for column in found["columns"]] == [
        "app", "n", "latest", "wide", "mean", "nothing", "odd", "list",
    ]  # fmt: skip
    assert [column["type"] for column in found["columns"][:3]] == ["VARCHAR", "BIGINT", "TIMESTAMP"]
    [[app, n, latest, wide, mean, nothing, odd, items]] = found["rows"]
    assert (app, n, wide, mean, nothing, odd, items) == (
        "cells", 2, 200, 1234.0, None, None, [1, 2],
    )  # fmt: skip
    assert latest.endswith("Z")
    assert found["as_of"] >= latest


@pytest.mark.parametrize("name", ["images", "ground_truth", "documents", "metrics_hourly"])
def test_answers_are_those_of_the_engine_of_our_own(asked: Lake, name: str) -> None:
    sql = f"select * from {name} order by all"
    assert asked.analytics.query(sql).table.to_pylist() == asked.analytics.table(sql).to_pylist()


@pytest.mark.parametrize(
    "sql",
    [
        "with images as (select 1 as x) select * from images",
        "with recursive t(n) as (select 1 union all select n + 1 from t where n < 5) from t",
        "select count(*) from images i join inferences using (object_id) where i.width > 1",
        "from predictions select label, max(score) group by label",
        "select unnest([1, 2])",
        "select * from range(3)",
        "select label from ground_truth union all select label from predictions",
        "select (select max(score) from predictions), document ->> 'app' from documents",
        "select object_id, row_number() over (order by recorded_at) from images",
        "select * from predictions pivot (count(*) for label in ('RBC', 'WBC'))",
        "values (1, 2)",
    ],
)
def test_reading_is_free(asked: Lake, sql: str) -> None:
    assert asked.analytics.query(sql).table.num_columns > 0


ATTACKS = [
    "",
    "select 1; select 2",
    "selec 1",
    "create table x (i int)",
    "create view images as select 1",
    "insert into images values (1)",
    "delete from images",
    "drop view images",
    "update images set app = 'x'",
    "attach '/tmp/x.db' as x",
    "copy images to '/tmp/millpond-attack.csv'",
    "copy (select 1) to '/tmp/millpond-attack.csv'",
    "export database '/tmp/millpond-attack'",
    "install httpfs",
    "load httpfs",
    "set enable_external_access = true",
    "reset lock_configuration",
    "pragma database_list",
    "call pragma_version()",
    "explain select 1",
    "describe images",
    "show tables",
    "select * from (show tables)",
    "select * from '/etc/passwd'",
    "select * from '/etc/*.csv'",
    "select * from read_csv('/etc/passwd')",
    "select * from read_text('/etc/passwd')",
    "select * from read_blob('/proc/self/environ')",
    "select * from read_parquet('/tmp/*.parquet')",
    "select * from parquet_metadata('/tmp/x.parquet')",
    "select * from glob('/*')",
    "select * from sniff_csv('/etc/passwd')",
    "select * from query('select 1')",
    "select * from query_table('images')",
    "select * from json_execute_serialized_sql('{}')",
    "select * from duckdb_settings()",
    "select * from duckdb_views()",
    "select * from duckdb_secrets()",
    "select * from information_schema.tables",
    "select * from pg_catalog.pg_views",
    "select * from sqlite_master",
    "select * from temp.main.images",
    "select current_setting('temp_directory')",
    "select getenv('HOME')",
    "select pg_get_viewdef(1)",
    "select write_log('x')",
    "select sleep_ms(10)",
    "select * from sat_object",
    "select * from hub_object_unloaded",
    "select * from completed_loads",
    "select * from (with sat_object as (select 1) select * from sat_object), sat_object",
    "with x as (select * from read_text('/etc/passwd')) select * from x",
    "select (select content from read_text('/etc/passwd'))",
    "select 1 where exists (from glob('/*'))",
    "select * from images where app in (select content from read_text('/etc/passwd'))",
    "from images order by (select content from read_text('/etc/passwd'))",
    "from images limit (select count(*) from glob('/*'))",
    "select * from connection",
    "select * from range((select count(*) from glob('/*')))",
    "select * from https_images.'http://127.0.0.1:9/x.csv'",
    "with x as (insert into images values (1) returning *) select * from x",
]


@pytest.mark.parametrize("sql", ATTACKS)
def test_all_else_is_refused(sql: str) -> None:
    hidden = {"sat_object", "hub_object_unloaded", "completed_loads"}
    with duckdb.connect() as connection:
        [(tree,)] = connection.execute("select json_serialize_sql(?::varchar)", [sql]).fetchall()
    with pytest.raises(Invalid):
        views_used(tree, views(), hidden)


@pytest.mark.parametrize("sql", ATTACKS[::9])
def test_refusals_reach_the_user(asked: Lake, sql: str) -> None:
    with pytest.raises(Invalid) as refused:
        asked.analytics.query(sql)
    assert str(asked.folder) not in str(refused.value)
    assert not list(Path("/tmp").glob("millpond-attack*"))


def test_messages_say_what_there_is(asked: Lake) -> None:
    with pytest.raises(Invalid, match=r"view 'foo' is not found; existing views: annotations, "):
        asked.analytics.query("select * from foo")
    with pytest.raises(Invalid, match=r"\"widht\" not found.*images\(object_id, app,"):
        asked.analytics.query("select widht from images")
    with pytest.raises(Invalid, match=r"\"widht\" was not found") as refused:
        asked.analytics.query("select widht")
    assert "the views have" not in str(refused.value)


def test_the_engine_is_locked_besides(asked: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the check of the SQL passed by, the process itself would refuse."""
    monkeypatch.setattr(analytics, "views_used", lambda *_: ["images"])
    for sql in (
        "select * from read_text('/etc/passwd')",
        "select * from read_csv('/etc/passwd')",
        "select * from glob('/etc/*')",
        "copy (select 1) to '/tmp/millpond-attack.csv'",
        "attach '/tmp/millpond-attack.db'",
        "set enable_external_access = true",
        "set allowed_directories = ['/']",
        "install httpfs",
        "select * from job",
        "select getenv('HOME')",
    ):
        with pytest.raises(Invalid):
            asked.analytics.query(sql)
    assert not list(Path("/tmp").glob("millpond-attack*"))


def test_rows_are_limited(asked: Lake) -> None:
    assert asked.analytics.query("select * from range(1000)").table.num_rows == 1000
    with pytest.raises(Invalid, match="more than 1,000 rows; add a LIMIT"):
        asked.analytics.query("select * from range(1001)")
    with pytest.raises(Invalid, match="more than 1,000 rows"):
        asked.analytics.query("select * from range(1000000000000)")


def test_time_is_limited(asked: Lake) -> None:
    lake = Lake(asked.folder, QuerySection(seconds=3))
    began = time.monotonic()
    with pytest.raises(Invalid, match="longer than 3 seconds"):
        lake.analytics.query("select count(*) from range(1000000000000)")
    assert time.monotonic() - began < 10
    lake.close()


def test_queries_at_once_are_limited(asked: Lake) -> None:
    lake = Lake(asked.folder, QuerySection(seconds=3))
    errors: list[str] = []

    def ask() -> None:
        try:
            lake.analytics.query("select count(*) from range(1000000000000)")
        except (Busy, Invalid) as error:
            errors.append(type(error).__name__)

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors.count("Invalid") >= 4
    assert lake.analytics.query("select 1").table.num_rows == 1, "their places are free again"
    lake.close()


def test_memory_is_limited(asked: Lake) -> None:
    with pytest.raises(Invalid, match=r"memory"):
        asked.analytics.query("select count(distinct i || 'x') from range(100000000) t(i)")
    with pytest.raises(Invalid):
        asked.analytics.query("select repeat('x', 1000000000) from range(5)")


@pytest.mark.parametrize(
    "sql",
    [
        "select " + "(" * 20_000 + "1" + ")" * 20_000,
        "select " + "-" * 1 + " -".join(["1"] * 20_000),
        "select 1" + " union all select 1" * 1_000,
        "select '" + "x" * 200_000 + "'",
        "select \0",
    ],
    ids=["brackets", "minus", "unions", "long", "nul"],
)
def test_what_is_nested_too_deeply_ends_in_a_message(asked: Lake, sql: str) -> None:
    with contextlib.suppress(Invalid):
        asked.analytics.query(sql)
    assert asked.analytics.query("select 1").table.num_rows == 1


ASK = """
import sys
from pathlib import Path
from lake import Lake

lake = Lake(Path(sys.argv[1]))
print("asking", flush=True)
lake.analytics.query("select count(*) from range(1000000000000)")
"""


def test_the_process_dies_with_its_parent(asked: Lake) -> None:
    path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    parent = subprocess.Popen(
        [sys.executable, "-c", ASK, str(asked.folder)],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    parent.stdout.readline()
    children = _wait_for(lambda: _children(parent.pid))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert _wait_for(lambda: not any(Path(f"/proc/{child}").exists() for child in children))


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in found.split()]


def _wait_for(condition: Callable[[], Any]) -> Any:
    for _ in range(200):
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come to pass in 20 seconds")
