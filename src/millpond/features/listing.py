"""What features are made from: images of a folder, of S3, of an application or a snapshot.

Each listing is a stream of Arrow batches in the shape of `LISTING`, in no order; none
holds more than one batch, however many images there are. An image of a folder or of S3
is known by its address, and its label is the name of the folder that it lies in.

Names decide as little as they can, for scans often come without an ending: a file is
left out when it is hidden or when its ending says that it is no picture (`NO_PICTURES`).
Everything else is listed, and what turns out to be no picture is quarantined later.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from millpond.analytics.analytics import Analytics
from millpond.analytics.memory import InMemory
from millpond.capture.objects import object_key
from millpond.errors import NotAllowed, NotFound
from millpond.features.s3 import SCHEME, Patience, check_installed, list_keys, split_address
from millpond.raw.feeds.files import files, printable, suffix
from millpond.snapshots.files import LABELS, MEMBERS
from millpond.snapshots.snapshot import Snapshot

#: The columns of a listing; `uri` is what `reading.Reader` takes.
LISTING = pa.schema(
    [
        pa.field("object_id", pa.string(), nullable=False),
        pa.field("label", pa.string()),
        pa.field("uri", pa.string(), nullable=False),
        pa.field("bytes", pa.int64(), nullable=False),
    ]
)

_ENDINGS = """
txt text md rst log csv tsv json jsonl ndjson geojson xml html htm css js yaml yml toml ini cfg
conf pdf doc docx xls xlsx ppt pptx odt ods parquet arrow feather avro orc db sqlite duckdb npy
npz h5 hdf5 mat pkl pickle pt pth onnx safetensors ckpt zip tar gz tgz bz2 xz zst 7z rar py ipynb
sh bat exe so dll mp3 wav mp4 avi mov mkv webm
"""
#: How the names of files end that are no pictures.
NO_PICTURES = frozenset(f".{ending}" for ending in _ENDINGS.split())

_BATCH = 10_000
_Row: TypeAlias = tuple[str, str | None, str, int]

_OF_APP = """
SELECT i.object_id, t.label, i.bytes
FROM images AS i
LEFT JOIN (
    SELECT object_id, min(label) AS label FROM ground_truth WHERE app = ?
    GROUP BY object_id HAVING count(DISTINCT label) = 1
) AS t ON t.object_id = i.object_id
WHERE i.app = ?
"""

_OF_SNAPSHOT = """
SELECT m.object_id, l.label
FROM read_parquet(?) AS m
LEFT JOIN (
    SELECT object_id, min(label) AS label FROM read_parquet(?)
    GROUP BY object_id HAVING count(DISTINCT label) = 1
) AS l ON l.object_id = m.object_id
"""


def list_prefix(prefix: str) -> Iterator[pa.RecordBatch]:
    """The images below a folder or an ``s3://`` prefix; see `list_folder` and `list_s3`."""
    return list_s3(prefix) if "://" in prefix else list_folder(Path(prefix))


def list_folder(path: Path) -> Iterator[pa.RecordBatch]:
    """The images below a folder; those directly in it have no label.

    Links are followed to files that lie in the folder too, and nowhere else.

    Raises:
        NotFound: there is no such folder.
        NotAllowed: a folder in it may not be read.
    """
    if not path.is_dir():
        raise NotFound(
            f"there is no folder {str(path)!r}; name a folder or s3://bucket/prefix, "
            "or an application with --app"
        )
    return _batches(_in_folder(str(path.resolve()).rstrip("/")))


def list_s3(prefix: str, patience: Patience | None = None) -> Iterator[pa.RecordBatch]:
    """The images below ``s3://bucket/prefix``; those directly under it have no label.

    The prefix is a folder: ``s3://fruits/train`` does not reach ``training/``.

    Raises:
        Invalid: the address is none of S3, or a key below it has an empty part.
        NotInstalled: the library for S3 is missing.
        NotFound, NotAllowed, Busy: see `s3.list_keys`.
    """
    bucket, folder = split_address(prefix)
    check_installed()
    return _batches(_in_bucket(bucket, folder.strip("/"), patience or Patience()))


def list_app(
    analytics: Analytics, lake: Path, app: str, as_of: int | None
) -> Iterator[pa.RecordBatch]:
    """The images of an application; the label is the true one, where that is one.

    Args:
        lake: the folder that the objects lie in.
        as_of: microseconds since 1970, as `Analytics.resolve` gives them; None is the latest.
    """
    for batch in analytics.batches(_OF_APP, as_of, (app, app)):
        yield _of_lake(batch, lake, batch["bytes"])


def list_snapshot(snapshot: Snapshot, lake: Path) -> Iterator[pa.RecordBatch]:
    """The images of a snapshot; the label is the one that was frozen, where that is one.

    Raises:
        Corrupted: a file of the snapshot is not what was written.
    """
    snapshot.manifest()
    engine = InMemory()
    with contextlib.closing(engine), engine.cursor() as cursor:
        paths = [str(snapshot.folder / name) for name in (MEMBERS, LABELS)]
        for batch in cursor.sql(_OF_SNAPSHOT, params=paths).to_arrow_reader(_BATCH):
            keys = batch["object_id"].to_pylist()
            sizes = [_size(f"{lake}/{object_key(key)}") or 0 for key in keys]
            yield _of_lake(batch, lake, pa.array(sizes, pa.int64()))


def write_listing(batches: Iterable[pa.RecordBatch], path: Path) -> int:
    """Write a listing to a Parquet file; the number of its images."""
    count = 0
    with pq.ParquetWriter(path, LISTING, compression="zstd", write_statistics=False) as writer:
        for batch in batches:
            writer.write_batch(batch)
            count += batch.num_rows
    return count


def address_of(path: str) -> str:
    """A path itself; where it is no UTF-8, as a ``file://`` address.

    >>> address_of("/data/apple/3.jpg")
    '/data/apple/3.jpg'
    """
    return path if printable(path) == path else Path(path).as_uri()


def _in_folder(root: str) -> Iterator[_Row]:
    try:
        for name in files(Path(f"{root}/"), ordered=False):
            # Names are joined as text: with millions of them, paths take longer than the disk.
            path = f"{root}/{name}"
            size = None if suffix(name) in NO_PICTURES else _size(path)
            if size is not None:
                label = name.rpartition("/")[0].rpartition("/")[2]
                address = address_of(path)
                yield address, printable(label) or None, address, size
    except PermissionError as error:
        raise NotAllowed(f"{error.filename} may not be read; ask for the right to it") from error


def _in_bucket(bucket: str, folder: str, patience: Patience) -> Iterator[_Row]:
    below = f"{folder}/" if folder else ""
    for page in list_keys(bucket, folder, patience):
        for found in page:
            key, size = found["path"], found["size"]
            parts = key.removeprefix(below).split("/")
            ending = suffix(parts[-1])
            # Without an ending and without a byte, a key is the mark of a folder.
            if any(part[0] == "." for part in parts) or ending in NO_PICTURES:
                continue
            if size or ending:
                address = f"{SCHEME}{bucket}/{key}"
                yield address, parts[-2] if len(parts) > 1 else None, address, size


def _batches(rows: Iterator[_Row]) -> Iterator[pa.RecordBatch]:
    while some := list(islice(rows, _BATCH)):
        columns = zip(*some, strict=True)
        arrays = [pa.array(c, field.type) for c, field in zip(columns, LISTING, strict=True)]
        yield pa.record_batch(arrays, schema=LISTING)


def _of_lake(batch: pa.RecordBatch, lake: Path, sizes: pa.Array) -> pa.RecordBatch:
    ids = batch["object_id"]
    folder = address_of(str(lake.resolve()))
    uris = [f"{folder}/{object_key(key)}" for key in ids.to_pylist()]
    columns = [ids, batch["label"], pa.array(uris, pa.string()), sizes]
    arrays = [c.cast(field.type) for c, field in zip(columns, LISTING, strict=True)]
    return pa.record_batch(arrays, schema=LISTING)


def _size(path: str) -> int | None:
    """The length of a file; none where it has gone since it was listed."""
    with contextlib.suppress(FileNotFoundError):
        return os.stat(path).st_size
    return None
