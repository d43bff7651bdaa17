"""Windows of a minute over the same events: ``python -m benchmarks.streaming.windows``.

A million events as JSON lines, shuffled within 45 seconds and one in twenty of them twice, are
counted by application, model and label by Millpond and by PySpark Structured Streaming, in turn
and each in a process of its own. The clock runs from the first file that could be read to the
last window on disk; a start of Java or Python is nobody's cost. Then the windows are compared:
counts must be equal, and are held against those that DuckDB makes of the same files at once.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import pyarrow.parquet

from benchmarks.streaming import events

_HERE = Path(__file__).parent
_KEEP = Path.home() / ".cache" / "millpond-benchmarks" / "streaming"
#: What Millpond should be at least, as a multiple of Spark's speed.
AIM = 10.0
#: Inferences of a window from which quantiles are compared: of few, Spark does not interpolate.
MANY = 1_000

#: The windows by one query over all files, each event once; a row for each label beside all.
_BATCH = """
with events as (
    select distinct on (event_id) * from read_json($1, format = 'newline_delimited', columns = {
        event_id: 'varchar', type: 'varchar', app: 'varchar', recorded_at: 'bigint',
        data: 'struct(model_version varchar, duration_ms double,
            predictions struct(label varchar, score double)[])'})
),
rows as (
    select
        recorded_at // 60000000 * 60000000 as start, app,
        coalesce(data.model_version, '') as model_version,
        type = 'millpond.inference.recorded' as asked, data,
        unnest(case when not asked then ['*'] when len(data.predictions) = 0 then ['*', '']
            else list_concat(['*'], list_distinct([p.label for p in data.predictions])) end)
            as label
    from events
)
select
    start, app, model_version, label,
    count(*) filter (asked) as inferences, count(*) filter (not asked) as refusals,
    coalesce(sum(len([p for p in data.predictions if p.label = rows.label])), 0) as predictions,
    quantile_cont(data.duration_ms, [0.5, 0.95, 0.99]) as duration_ms
from rows
group by all
"""
_KEY = ("start", "app", "model_version", "label")
_COUNTS = ("inferences", "refusals", "predictions")


def main() -> None:
    """Make the events, run both in turn, and compare."""
    arguments = _arguments()
    folder = _KEEP / f"events-{arguments.events}"
    paths = events.files(folder, arguments.events)
    tools = {
        "millpond": ["in_millpond"],
        "spark": ["in_spark", str(arguments.files)],
    }
    seconds: dict[str, list[float]] = {name: [] for name in tools}
    processor: dict[str, list[float]] = {name: [] for name in tools}
    found: dict[str, dict[Any, Any]] = {}
    for _ in range(arguments.rounds):
        for name, command in tools.items():
            with tempfile.TemporaryDirectory() as out:
                took, used = _run(command, folder, Path(out))
                seconds[name].append(took)
                processor[name].append(used)
                found[name] = _rows(pyarrow.parquet.read_table(out).to_pylist())
    lines = sum(path.read_bytes().count(b"\n") for path in paths)
    for name, taken in seconds.items():
        rate, used = lines / median(taken), median(processor[name])
        print(
            f"{name:10} {rate:12,.0f} events a second ({median(taken):.2f} s; "
            f"{used:.1f} s of the processor)"
        )
    ratio = median(seconds["spark"]) / median(seconds["millpond"])
    print(f"millpond is {ratio:.1f} times as fast; the aim is {AIM:.0f}")
    batch = _batch(folder)
    for name, rows in found.items():
        print(f"{name}: {_compared(rows, batch)}")


def _run(command: list[str], folder: Path, out: Path) -> tuple[float, float]:
    script = [sys.executable, "-m", f"benchmarks.streaming.{command[0]}", str(folder), str(out)]
    done = subprocess.run(
        [*script, *command[1:]], cwd=_HERE.parents[1], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{command[0]} failed: {done.stderr[-2000:]}")
    said = json.loads(done.stdout.splitlines()[-1])
    return said["seconds"], said["processor"]


def _batch(folder: Path) -> dict[Any, Any]:
    with duckdb.connect() as connection:
        found = connection.sql(_BATCH, params=[f"{folder}/*.json"]).to_arrow_table()
    return _rows(found.to_pylist())


def _rows(rows: list[dict[str, Any]]) -> dict[Any, Any]:
    return {tuple(row[name] for name in _KEY): row for row in rows}


def _compared(rows: dict[Any, Any], batch: dict[Any, Any]) -> str:
    """How windows differ from those of a batch; the last, which ends the others, is left out."""
    last = max(key[0] for key in batch)
    expected = {key: row for key, row in batch.items() if key[0] != last}
    rows = {key: row for key, row in rows.items() if key[0] != last}
    missing = len(expected.keys() ^ rows.keys())
    wrong = sum(
        any(rows[key][name] != row[name] for name in _COUNTS)
        for key, row in expected.items()
        if key in rows
    )
    worst = max(
        abs(mine - exact) / exact
        for key, row in expected.items()
        if key in rows and row["inferences"] >= MANY
        for mine, exact in zip(rows[key]["duration_ms"] or (), row["duration_ms"], strict=False)
        if exact
    )
    return (
        f"{len(rows)} windows, {missing} missing or too many, {wrong} with other counts; "
        f"quantiles of {MANY} inferences and more at most {worst:.2%} off"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--files", type=int, default=5, help="files a trigger of Spark (50,000 each)"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
