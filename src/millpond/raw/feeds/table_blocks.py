"""Blocks of a CSV file in which nothing is special, so that Arrow can read them at once.

Special is what could make a line more or less than a row: a quotation mark anywhere,
or a line that ends in a carriage return alone.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv

_BLOCK = 4 << 20
_ALONE = re.compile(rb"\r(?!\n)")


def is_plain(file: Path) -> bool:
    """Whether each line of a file that is not empty is a row; memory stays flat."""
    with open(file, "rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data.find(b'"') >= 0 or data.find(b"\0") >= 0:
            return False
        return data.find(b"\r") < 0 or _ALONE.search(data) is None


def blocks(file: Path) -> Iterator[tuple[int, bytes]]:
    """Lines of a plain file after its header, some megabytes at a time.

    Yields:
        The number of the first line, and the lines.
    """
    with open(file, "rb") as opened:
        opened.readline()
        first = 2
        while block := opened.read(_BLOCK):
            block += opened.readline()
            yield first, block
            first += block.count(b"\n")


def columns_of(block: bytes, separator: str, width: int) -> list[pa.Array] | None:
    """The cells of each column; None where a line has not `width` fields, or is no text."""
    if block.startswith((b"\n", b"\r")) or b"\n\n" in block or b"\n\r\n" in block:
        return None
    names = [str(place) for place in range(width)]
    try:
        table = pacsv.read_csv(
            pa.BufferReader(block),
            pacsv.ReadOptions(column_names=names, block_size=2 * _BLOCK + len(block)),
            pacsv.ParseOptions(delimiter=separator, quote_char=False, ignore_empty_lines=False),
            pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None
    return [column.combine_chunks() for column in table.columns]
