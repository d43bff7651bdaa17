"""Rows of a Parquet file, numbered from 1, as texts like those of the other formats."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from millpond.errors import Invalid
from millpond.raw.feeds.table import BATCH, Rows, check_width


class ParquetTable:
    """The rows of a Parquet file.

    Raises:
        Invalid: the file is no Parquet file.
    """

    iso: Collection[str]

    def __init__(self, file: Path, name: str) -> None:
        self._file = file
        self._name = name
        try:
            schema = pq.read_schema(file)
        except (pa.ArrowException, OSError) as error:
            raise Invalid(f"{name} is no Parquet file: {error}") from error
        self.columns: list[str] = schema.names
        check_width(self.columns, name)
        self.iso = {field.name for field in schema if pa.types.is_temporal(field.type)}

    def __iter__(self) -> Iterator[Rows]:
        """See `TableFile.__iter__`."""
        first = 1
        try:
            with pq.ParquetFile(self._file) as file:
                for batch in file.iter_batches(batch_size=BATCH):
                    texts = {
                        field.name: texts_of(batch.column(place)).to_pylist()
                        for place, field in enumerate(batch.schema)
                    }
                    yield Rows(range(first, first + batch.num_rows), texts)
                    first += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            raise Invalid(f"{self._name} cannot be read from row {first}: {error}") from error


def texts_of(array: pa.Array) -> pa.Array:
    """The values as texts: moments in ISO 8601 and UTC, what is nested as JSON."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        return texts_of(array.dictionary_decode())
    if pa.types.is_timestamp(kind):
        zone = kind.tz and "UTC"
        moments = array.cast(pa.timestamp("us", zone), safe=False)
        texts = pc.strftime(moments, "%Y-%m-%dT%H:%M:%S")
        return pc.binary_join_element_wise(texts, "Z", "") if zone else texts
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        found = [None if one is None else json.dumps(one, default=str) for one in array.to_pylist()]
        return pa.array(found, pa.string())
    return array.cast(pa.string())
