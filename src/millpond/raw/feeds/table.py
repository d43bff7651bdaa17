"""Tables: files of rows that are no pictures, read as texts a batch at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

import pyarrow as pa

from millpond.errors import Invalid

#: Rows that are read at once.
BATCH = 25_000
#: The most columns of a file.
WIDEST = 2_000

_ENDINGS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}


@dataclass(frozen=True)
class BadRow:
    """A row that was not taken.

    Args:
        line: of the file, from 1, that it begins at; in Parquet the number of the row.
        content: the row as it came, as JSON; cut where it is very long.
    """

    line: int
    reason: str
    content: str


#: Of some rows the cells in a column, None where there is nothing; or a string array.
Texts: TypeAlias = Sequence[str | None] | pa.Array


@dataclass(frozen=True)
class Rows:
    """Some rows of a file.

    Args:
        lines: where each begins.
        texts: of each column its cells.
        bad: rows that could not even be read; they are not in the others.
    """

    lines: Sequence[int]
    texts: Mapping[str, Texts]
    bad: Sequence[BadRow] = ()


def check_width(columns: Sequence[str], name: str) -> None:
    """Refuse a file of so many columns that its rows would not fit into memory.

    Raises:
        Invalid: it has more than `WIDEST`.
    """
    if len(columns) > WIDEST:
        raise Invalid(f"{name} has more than the {WIDEST:,} columns that are taken")


class TableFile(Protocol):
    """A file of rows.

    Attributes:
        columns: those found so far; a JSON line may bring more of them.
        iso: columns whose dates are in ISO 8601 whatever was declared of them.
    """

    columns: list[str]
    iso: Collection[str]

    def __iter__(self) -> Iterator[Rows]:
        """The rows, a bounded number at a time.

        Raises:
            Invalid: the file is not of its format.
        """
        ...


def open_table(file: Path, name: str, format: str, wanted: Collection[str]) -> TableFile:
    """The rows of a file.

    Args:
        file: where its bytes are.
        name: how messages call it, and whose ending tells the format.
        format: ``csv``, ``jsonl`` or ``parquet``, or ``auto`` by the ending.
        wanted: columns declared; they tell a comma from a semicolon.

    Raises:
        Invalid: the file is not of its format, or the ending tells none.
    """
    if format == "auto":
        ending = Path(name).suffix.lower()
        if ending not in _ENDINGS:
            raise Invalid(
                f"{name} has an ending that tells no format ({', '.join(_ENDINGS)}); "
                "say format = csv, jsonl or parquet of the feed in millpond.toml"
            )
        format = _ENDINGS[ending]
    if format == "csv":
        from millpond.raw.feeds.table_csv import CsvTable

        return CsvTable(file, name, wanted)
    if format == "jsonl":
        from millpond.raw.feeds.table_jsonl import JsonTable

        return JsonTable(file, name)
    from millpond.raw.feeds.table_parquet import ParquetTable

    return ParquetTable(file, name)
