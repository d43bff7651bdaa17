"""The files of a snapshot, whose bytes are a function of its definition and its moment.

::

    members.parquet   object_id, part, reviewed, sha256, media_type, width, height
    labels.parquet    object_id, annotation_id, label, x_min, y_min, x_max, y_max
    manifest.json     definition, moment, what the split did, and the checksums

Members are sorted by object id, labels by object id and annotation id. What could
identify a person (paths, groups, subjects) decides the split and is not written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millpond.durable import new_folder
from millpond.errors import Corrupted

if TYPE_CHECKING:
    import pyarrow as pa

MEMBERS = "members.parquet"
LABELS = "labels.parquet"
MANIFEST = "manifest.json"

#: Rows of one row group; fixed, so that the bytes do not depend on how rows arrived.
_ROW_GROUP = 65_536


def write_files(folder: Path, members: pa.Table, labels: pa.Table, about: Mapping[str, Any]) -> str:
    """Write a snapshot's folder, whole and durable.

    Args:
        about: what the manifest says besides the checksums.

    Returns:
        The SHA-256 of the manifest, which covers the other files.

    Raises:
        DiskFull: nothing of it is kept.
    """
    with new_folder(folder) as aside:
        _write_table(aside / MEMBERS, members)
        _write_table(aside / LABELS, labels)
        files = {name: sha256_of(aside / name) for name in (MEMBERS, LABELS)}
        text = json.dumps({**about, "files": files}, indent=2, sort_keys=True) + "\n"
        (aside / MANIFEST).write_text(text, encoding="utf-8")
        return sha256_of(aside / MANIFEST)


def read_manifest(folder: Path, sha256: str) -> dict[str, Any]:
    """The manifest of a snapshot, after every file of it has been verified.

    Raises:
        Corrupted: a file is missing or is not what was written.
    """
    _check(folder / MANIFEST, sha256)
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    for name, expected in manifest["files"].items():
        _check(folder / name, expected)
    return manifest


def read_table(path: Path) -> pa.Table:
    """A file of a snapshot, as Arrow."""
    import pyarrow.parquet as pq

    return pq.read_table(path)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, read piece by piece."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_table(path: Path, table: pa.Table) -> None:
    import pyarrow.parquet as pq

    pq.write_table(
        table.combine_chunks().replace_schema_metadata(None),
        path,
        row_group_size=_ROW_GROUP,
        compression="zstd",
        store_schema=False,
    )


def _check(path: Path, expected: str) -> None:
    try:
        found = sha256_of(path)
    except FileNotFoundError:
        raise Corrupted(f"{path.name} of snapshot {path.parent.name} is missing") from None
    if found != expected:
        raise Corrupted(
            f"{path.name} of snapshot {path.parent.name} is not what was written: "
            f"its SHA-256 is {found}, not {expected}"
        )
