"""What a load costs, and an archive: ``python -m benchmarks.history.load --rows 10000000``.

All ratios are of one run on one machine. A bare `write_deltalake` is given the very rows
that our tables hold, a table at a time; a copy by an ORM takes a sample row by row.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Column, MetaData, Table, create_engine
from sqlalchemy.orm import Session, registry

from benchmarks.history.filling import ROWS, Lake, fill
from benchmarks.history.measure import measured, show
from millpond.capture import tables
from millpond.history.archive import archive
from millpond.history.load import load
from millpond.history.vault import VAULT

#: Rows that the ORM copies.
_SAMPLE = 5_000


def main() -> None:
    """Fill, load, and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the vault to load")
    parser.add_argument("--dir", type=Path, help="where to work; a temporary folder by default")
    rows = parser.parse_args().rows
    folder = Path(tempfile.mkdtemp(dir=parser.parse_args().dir))
    try:
        show(f"load of {rows:,} rows", compare(folder, rows))
    finally:
        shutil.rmtree(folder)


def compare(folder: Path, rows: int) -> dict[str, float]:
    """The numbers, for about so many rows."""
    whole, tenth = folder / "whole", folder / "tenth"
    inferences = round(rows / ROWS)
    measured(make, tenth, inferences // 10, 0)
    small = measured(load_all, tenth)
    measured(make, whole, inferences, 0)
    full = measured(load_all, whole)
    bare = measured(write_bare, whole, folder / "bare")
    orm = measured(copy_by_orm, whole, folder / "orm.db")
    measured(write_plain, whole, folder / "plain")
    measured(make, whole, max(1, inferences // 10_000), inferences)
    little = measured(load_all, whole)
    archived = measured(archive_all, whole)
    loaded, seconds = full.result
    written, seconds_bare = bare.result
    _, seconds_little = little.result
    return {
        "rows": loaded,
        "seconds": seconds,
        "rows/s": loaded / seconds,
        "write_deltalake: rows/s": written / seconds_bare,
        "load / write_deltalake (aim: 0.5 or more)": seconds_bare / seconds,
        "ORM: rows/s": orm.result[0] / orm.result[1],
        "load / ORM (aim: 20 or more)": loaded / seconds / (orm.result[0] / orm.result[1]),
        "0.01 % new rows: seconds": seconds_little,
        "0.01 % new rows / full load (aim: 0.01 or less)": seconds_little / seconds,
        "peak MB": full.peak_mb,
        "peak / that of a tenth (aim: 1.2 or less)": full.peak_mb / small.peak_mb,
        "archive: rows/s": archived.result / archived.seconds,
        "bytes per row": size(whole / "lake" / "history") / loaded,
        "bytes / plain Parquet": size(whole / "lake" / "history") / size(folder / "plain"),
    }


def make(folder: Path, inferences: int, after: int) -> None:
    folder.mkdir(exist_ok=True)
    lake = Lake(folder)
    fill(lake, inferences, after=after)
    lake.close()


def load_all(folder: Path) -> tuple[int, float]:
    """The rows loaded, and the seconds that it took, as in a process that has it all open."""
    import_module("deltalake")  # A tenth of a second, once in the life of a process.

    lake = Lake(folder)
    started = time.perf_counter()
    rows = load(lake.engine, lake.commit, lake.history).rows
    seconds = time.perf_counter() - started
    lake.close()
    return rows, seconds


def archive_all(folder: Path) -> int:
    lake = Lake(folder)
    rows = archive(lake.engine, lake.commit, lake.history, 0).rows
    lake.close()
    return rows


def write_bare(folder: Path, out: Path) -> tuple[int, float]:
    """The rows of every table by `write_deltalake` alone, in as many commits as tables."""
    from deltalake import write_deltalake

    lake, rows = Lake(folder), 0
    started = time.perf_counter()
    for name, files in lake.history.tables.items():
        active = files.active()
        reader = pa.RecordBatchReader.from_batches(VAULT[name].schema, files.rows(active.parts))
        if active.rows:
            write_deltalake(str(out / name), reader)
            rows += active.rows
    seconds = time.perf_counter() - started
    lake.close()
    return rows, seconds


def write_plain(folder: Path, out: Path) -> int:
    """The facts of every table in one Parquet file each, as pyarrow writes it by default."""
    lake, rows = Lake(folder), 0
    out.mkdir()
    for name, files in lake.history.tables.items():
        schema = VAULT[name].fact_schema
        with pq.ParquetWriter(out / f"{name}.parquet", schema, compression="zstd") as writer:
            for batch in files.rows(files.active().parts):
                writer.write_batch(batch.select(schema.names))
                rows += batch.num_rows
    lake.close()
    return rows


def copy_by_orm(folder: Path, out: Path) -> tuple[int, float]:
    """A sample of the predictions by an ORM, row by row; the rows and the seconds."""

    class Prediction:
        pass

    class Copy:
        pass

    mappers = registry()
    mappers.map_imperatively(Prediction, tables.predictions)
    target = Table("copies", MetaData(), *_plain_columns())
    mappers.map_imperatively(Copy, target)
    names = [column.name for column in target.columns]
    lake, copies = Lake(folder), create_engine(f"sqlite:///{out}")
    target.create(copies)
    started, rows = time.perf_counter(), 0
    with Session(lake.engine) as source, Session(copies) as sink:
        for row in source.query(Prediction).limit(_SAMPLE):
            copy = Copy()
            for name in names:
                setattr(copy, name, getattr(row, name))
            sink.add(copy)
            sink.flush()
            rows += 1
        sink.commit()
    seconds = time.perf_counter() - started
    lake.close()
    return rows, seconds


def _plain_columns() -> list[Any]:
    """The columns of a prediction without what ties them to other tables."""
    return [
        Column(column.name, column.type, primary_key=column.primary_key)
        for column in tables.predictions.columns
    ]


def size(folder: Path) -> int:
    """The bytes of all Parquet files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*.parquet"))


if __name__ == "__main__":
    main()
