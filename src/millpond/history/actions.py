"""What an entry of a Delta log says: a table made, files added and removed, columns added.

After the Delta protocol, "Actions". Nothing personal is in them, and no absolute path.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pyarrow as pa

from millpond.history.data_file import DataFile
from millpond.history.vault import VaultTable
from millpond.values import iso

if TYPE_CHECKING:
    from deltalake.table import Metadata

#: One action of an entry: its kind, and what the protocol has it say.
Action = Mapping[str, Mapping[str, Any]]

#: The setting of a table whose older files lack columns.
ADDED = "millpond.columnsAdded"


def created(name: str, schema: pa.Schema, statistics: Sequence[str]) -> list[Action]:
    """A new table, without rows.

    Args:
        statistics: the columns by which a reader can skip files.
    """
    from deltalake import Schema

    return [
        {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}},
        {
            "metaData": {
                "id": str(uuid4()),
                "name": name,
                "format": {"provider": "parquet", "options": {}},
                "schemaString": Schema.from_arrow(schema).to_json(),
                "partitionColumns": [],
                "createdTime": now_ms(),
                "configuration": {"delta.dataSkippingStatsColumns": ",".join(statistics)},
            }
        },
    ]


def added(file: DataFile, *, data_change: bool) -> Action:
    """A file of the vault, with the moments and loads that its rows are of."""
    statistics = {
        "numRecords": file.rows,
        "minValues": {"recorded_at": iso(file.first), "load_id": file.first_load},
        "maxValues": {"recorded_at": iso(file.last), "load_id": file.last_load},
        "nullCount": {"recorded_at": 0, "load_id": 0},
    }
    return added_file(file.path.name, file.bytes, statistics, data_change=data_change)


def added_file(
    name: str, size: int, statistics: Mapping[str, Any], *, data_change: bool = True
) -> Action:
    """A file of a table, by its name in the table's folder."""
    return {
        "add": {
            "path": name,
            "partitionValues": {},
            "size": size,
            "modificationTime": now_ms(),
            "dataChange": data_change,
            "stats": json.dumps(statistics),
        }
    }


def removed(name: str, *, data_change: bool) -> Action:
    return {
        "remove": {
            "path": name,
            "deletionTimestamp": now_ms(),
            "dataChange": data_change,
        }
    }


def evolved(table: VaultTable, metadata: Metadata, new: Sequence[str]) -> Action:
    """A table with columns that were declared later; they may be null in each row."""
    from deltalake import Schema

    columns = [field.with_nullable(True) if field.name in new else field for field in table.schema]
    before = metadata.configuration.get(ADDED)
    names = ",".join([*([before] if before else []), *new])
    return {
        "metaData": {
            "id": str(metadata.id),
            "name": table.name,
            "format": {"provider": "parquet", "options": {}},
            "schemaString": Schema.from_arrow(pa.schema(columns)).to_json(),
            "partitionColumns": [],
            "createdTime": metadata.created_time,
            "configuration": {**metadata.configuration, ADDED: names},
        }
    }


def now_ms() -> int:
    """Milliseconds since 1970, as a log has them."""
    return time.time_ns() // 1_000_000
