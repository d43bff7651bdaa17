"""Shards: every image in exactly one, about as much work in each, in flat memory."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from millpond.features.listing import LISTING, write_listing
from millpond.features.shards import Cut, cut, read_shard

_IDS = pa.schema([LISTING.field("object_id")])


def listed(sizes: Sequence[int]) -> pa.RecordBatch:
    """A listing, last name first."""
    ids = [f"/data/{number:06d}.jpg" for number in reversed(range(len(sizes)))]
    columns = [pa.array(ids), pa.nulls(len(ids), pa.string()), pa.array(ids), pa.array(sizes)]
    return pa.record_batch(columns, schema=LISTING)


def cut_up(folder: Path, sizes: Sequence[int], workers: int, done: Sequence[Path] = ()) -> Cut:
    assert write_listing([listed(sizes)], folder / "listing.parquet") == len(sizes)
    return cut(folder / "listing.parquet", done, folder / "work.parquet", workers)


def shards(folder: Path, made: Cut) -> Iterator[pa.Table]:
    return (read_shard(folder / "work.parquet", number) for number in range(made.shards))


def ids(tables: Iterator[pa.Table]) -> list[str]:
    return [key for table in tables for key in table["object_id"].to_pylist()]


def done_file(path: Path, keys: Sequence[str]) -> Path:
    pq.write_table(pa.table([pa.array(keys)], schema=_IDS), path)
    return path


def test_every_image_is_in_one_shard_of_256_at_most(tmp_path: Path) -> None:
    made = cut_up(tmp_path, [1000] * 5000, 3)
    assert (made.objects, made.bytes) == (5000, 5_000_000)
    assert ids(shards(tmp_path, made)) == [f"/data/{number:06d}.jpg" for number in range(5000)]
    sizes = [table.num_rows for table in shards(tmp_path, made)]
    assert max(sizes) == 256


def test_the_last_shards_are_small_so_that_workers_end_together(tmp_path: Path) -> None:
    made = cut_up(tmp_path, [1000] * 3000, 2)
    sizes = [table.num_rows for table in shards(tmp_path, made)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] <= 8
    # What is left when the first of four workers finds nothing more is one small shard each.
    assert sum(sizes[-4:]) < 64


def test_shards_are_even_in_bytes_where_images_are_not(tmp_path: Path) -> None:
    megabyte = 1024 * 1024
    made = cut_up(tmp_path, [megabyte] * 500 + [10_000] * 500, 2)
    weights = [sum(table["bytes"].to_pylist()) for table in shards(tmp_path, made)]
    assert max(weights) <= 65 * megabyte
    rows = [table.num_rows for table in shards(tmp_path, made)]
    assert rows[0] > 2 * min(rows[3:6]), "small images share a shard with more of their like"


def test_what_is_done_is_left_out(tmp_path: Path) -> None:
    odd = [f"/data/{number:06d}.jpg" for number in range(1, 1000, 2)]
    done = [
        done_file(tmp_path / "first.parquet", odd[:200]),
        done_file(tmp_path / "second.parquet", [*odd[200:], "/data/gone.jpg"]),
    ]
    made = cut_up(tmp_path, [7] * 1000, 2, done)
    assert (made.objects, made.bytes) == (500, 3500)
    assert ids(shards(tmp_path, made)) == [
        f"/data/{number:06d}.jpg" for number in range(0, 1000, 2)
    ]


def test_nothing_left_is_no_shard(tmp_path: Path) -> None:
    done = done_file(tmp_path / "done.parquet", ["/data/000000.jpg"])
    assert cut_up(tmp_path, [7], 2, [done]) == Cut(shards=0, objects=0, bytes=0)
    assert cut_up(tmp_path, [], 2) == Cut(shards=0, objects=0, bytes=0)


def test_only_the_work_is_left_in_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "it's a run"
    folder.mkdir()
    cut_up(folder, [7] * 100, 2)
    assert sorted(path.name for path in folder.iterdir()) == ["listing.parquet", "work.parquet"]


def test_a_file_that_is_cut_anew_is_read_anew(tmp_path: Path) -> None:
    cut_up(tmp_path, [7] * 4, 2)
    assert read_shard(tmp_path / "work.parquet", 0).num_rows == 4
    cut_up(tmp_path, [7] * 5, 2)
    assert read_shard(tmp_path / "work.parquet", 0).num_rows == 5


_PEAK = """
import resource, sys
from pathlib import Path
import pyarrow as pa
from millpond.features.listing import LISTING, write_listing
from millpond.features.shards import cut, read_shard

folder, count = Path(sys.argv[1]), int(sys.argv[2])

def listed():
    for first in range(0, count, 10_000):
        ids = [f"s3://bucket/a/folder/of/pictures/{i * 7919 % count:09d}.jpg"
               for i in range(first, min(first + 10_000, count))]
        sizes = [20_000] * len(ids)
        columns = [pa.array(ids), pa.array(["a"] * len(ids)), pa.array(ids), pa.array(sizes)]
        yield pa.record_batch(columns, schema=LISTING)

assert write_listing(listed(), folder / "listing.parquet") == count
made = cut(folder / "listing.parquet", [folder / "listing.parquet"], folder / "none.parquet", 2, 32)
assert made.objects == 0
made = cut(folder / "listing.parquet", [], folder / "work.parquet", 2, 32)
shards = (read_shard(folder / "work.parquet", number) for number in range(made.shards))
assert made.objects == sum(shard.num_rows for shard in shards)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def peak(folder: Path, count: int) -> int:
    """The most memory that a process took to list and cut so many images, in MiB.

    32 MiB for sorting and comparing, so that these outgrow it.
    """
    folder.mkdir()
    command = [sys.executable, "-c", _PEAK, str(folder), str(count)]
    return int(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def test_memory_does_not_grow_with_the_listing(tmp_path: Path) -> None:
    few, many = peak(tmp_path / "few", 80_000), peak(tmp_path / "many", 200_000)
    assert many < 1.1 * few, f"{few} MiB for 80,000 images, {many} MiB for 200,000"
