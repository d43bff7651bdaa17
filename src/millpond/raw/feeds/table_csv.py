"""Rows of a CSV file, each with the line that it begins at.

As RFC 4180 has it, and what else is met: a byte-order mark, UTF-16, other separators,
and lines that end in any way. A row that is not as it should be is told by its line,
and those after it are read.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pyarrow as pa

from millpond.errors import Invalid
from millpond.raw.feeds.table import BATCH, BadRow, Rows, check_width
from millpond.raw.feeds.table_blocks import blocks, columns_of, is_plain

if TYPE_CHECKING:
    from _csv import Reader

_SEPARATORS = (",", ";", "\t", "|")
#: What bytes that are no text become, and NUL, which no database keeps in a text.
_NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")
_MARKS = (b"\xff\xfe", b"\xfe\xff")
#: Characters of a header that a separator is looked for in.
_HEADER = 1_000_000
_LONGEST = 10_000


class CsvTable:
    """The rows of a CSV file whose first line names its columns.

    Args:
        wanted: columns declared: the separator is the one that finds most of them.

    Raises:
        Invalid: the file has no header, or one that is no text.
    """

    iso: Collection[str] = ()

    def __init__(self, file: Path, name: str, wanted: Collection[str]) -> None:
        self._file = file
        self._name = name
        with open(file, "rb") as beginning:
            utf16 = beginning.read(2) in _MARKS
        self._encoding = "utf-16" if utf16 else "utf-8-sig"
        headers = {separator: self._header(separator) for separator in _SEPARATORS}
        self._separator = max(headers, key=lambda one: len({*headers[one]} & {*wanted}))
        self.columns = headers[self._separator]
        check_width(self.columns, name)
        twice = {column for column in self.columns if self.columns.count(column) > 1}
        if twice & {*wanted}:
            raise Invalid(f"{name} has the column {min(twice & {*wanted})!r} twice")

    def __iter__(self) -> Iterator[Rows]:
        """See `TableFile.__iter__`."""
        if self._encoding == "utf-16" or not is_plain(self._file):
            with self._open() as file:
                yield from self._parsed(file, 0)
            return
        for first, block in blocks(self._file):
            cells = columns_of(block, self._separator, len(self.columns))
            if cells is not None:
                yield from self._sliced(first, cells)
                continue
            text = block.decode(errors="surrogateescape")
            yield from self._parsed(io.StringIO(text, newline=""), first - 1)

    def _sliced(self, first: int, cells: Sequence[pa.Array]) -> Iterator[Rows]:
        """The rows of a block, whose lines follow each other."""
        size = len(cells[0])
        for start in range(0, size, BATCH):
            lines = range(first + start, first + min(start + BATCH, size))
            parts = [column.slice(start, BATCH) for column in cells]
            yield Rows(lines, dict(zip(self.columns, parts, strict=True)))

    def _parsed(self, file: IO[str], before: int) -> Iterator[Rows]:
        """The rows of text, row by row.

        Args:
            before: lines before it; none where the text begins with the header.
        """
        lines = _Lines(file)
        reader = csv.reader(lines, delimiter=self._separator)
        if before == 0:
            next(reader)
            lines.spoilt = False
        ended = False
        while not ended:
            rows, numbers, bad, ended = self._batch(reader, lines, before)
            cells = zip(*rows, strict=True) if rows else ([] for _ in self.columns)
            yield Rows(numbers, dict(zip(self.columns, cells, strict=True)), bad)

    def _batch(
        self, reader: Reader, lines: _Lines, before: int
    ) -> tuple[list[list[str]], list[int], list[BadRow], bool]:
        """Rows, the line of each, those that are bad, and whether the text has ended."""
        rows: list[list[str]] = []
        numbers: list[int] = []
        bad: list[BadRow] = []
        fields = len(self.columns)
        for _ in range(BATCH):
            line = before + reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                return rows, numbers, bad, True
            except csv.Error as error:
                lines.spoilt = False
                reason = f"the lines to {before + reader.line_num} are no CSV: {error}"
                bad.append(BadRow(line, reason, ""))
                continue
            if lines.spoilt:
                lines.spoilt = False
                bad.append(BadRow(line, "the row holds bytes that are no text", shown(row)))
            elif len(row) == fields:
                rows.append(row)
                numbers.append(line)
            elif row:
                reason = f"the row has {len(row)} fields, but the header has {fields}"
                bad.append(BadRow(line, reason, shown(row)))
        return rows, numbers, bad, False

    def _header(self, separator: str) -> list[str]:
        try:
            with self._open() as file:
                lines = iter([file.readline(_HEADER)])
                names = next(csv.reader(lines, delimiter=separator), [])
        except (csv.Error, UnicodeError) as error:
            raise Invalid(f"the header of {self._name} is no CSV: {error}") from error
        if not names or any(_NO_TEXT.search(name) for name in names):
            raise Invalid(f"{self._name} has no header: its first line names no columns")
        return [name.strip() for name in names]

    def _open(self) -> IO[str]:
        return open(self._file, encoding=self._encoding, errors="surrogateescape", newline="")


class _Lines:
    """The lines of a file; `spoilt` tells whether one that was read is no text."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self.spoilt = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = next(self._file)
        if not line.isascii() or "\0" in line:
            self.spoilt = self.spoilt or _NO_TEXT.search(line) is not None
        return line


def shown(row: object) -> str:
    """A row as JSON, for a person who looks why it was not taken."""
    text = json.dumps(row, ensure_ascii=False)
    if _NO_TEXT.search(text):
        text = json.dumps(row)
    return text[:_LONGEST]
