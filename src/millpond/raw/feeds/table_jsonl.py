"""Rows of a file of JSON lines: one object a line (jsonlines.org)."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, Any

from millpond.raw.feeds.table import BATCH, BadRow, Rows, check_width

#: Bytes of a line above which it is no row.
_LONGEST = 16 << 20
_SHOWN = 10_000


class JsonTable:
    """The rows of a file of JSON lines; what a line lacks is null."""

    iso: Collection[str] = ()

    def __init__(self, file: Path, name: str) -> None:
        self._file = file
        self._name = name
        self.columns: list[str] = []

    def __iter__(self) -> Iterator[Rows]:
        """See `TableFile.__iter__`."""
        rows: list[dict[str, str | None]] = []
        numbers: list[int] = []
        bad: list[BadRow] = []
        with open(self._file, "rb") as file:
            for number, line in _lines(file):
                if not line.strip():
                    continue
                try:
                    rows.append(_row(line))
                    numbers.append(number)
                except (ValueError, RecursionError) as error:
                    bad.append(BadRow(number, _reason(error), _shown(line)))
                if len(rows) + len(bad) >= BATCH:
                    yield self._rows(rows, numbers, bad)
                    rows, numbers, bad = [], [], []
        yield self._rows(rows, numbers, bad)

    def _rows(
        self, rows: list[dict[str, str | None]], numbers: list[int], bad: list[BadRow]
    ) -> Rows:
        self.columns = list(dict.fromkeys([*self.columns, *(name for row in rows for name in row)]))
        check_width(self.columns, self._name)
        texts = {name: [row.get(name) for row in rows] for name in self.columns}
        return Rows(numbers, texts, bad)


def _lines(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Each line with its number; of one that is far too long only the beginning."""
    number, within = 0, False
    while line := file.readline(_LONGEST):
        if not within:
            number += 1
            yield number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        within = not line.endswith(b"\n")


def _row(line: bytes) -> dict[str, str | None]:
    found = json.loads(line.decode())
    if not isinstance(found, dict):
        raise ValueError("it is no object")
    row = {name: _text(value) for name, value in found.items()}
    # An escape such as \ud800 alone is JSON, but no text.
    for text in (*row, *row.values()):
        if text is not None and "\\u" in ascii(text)[1:-1]:
            text.encode()
    if any("\0" in text for text in (*row, *row.values()) if text):
        raise ValueError("it holds the character NUL")
    return row


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


def _reason(error: ValueError | RecursionError) -> str:
    if isinstance(error, UnicodeError):
        return "the row holds bytes that are no text"
    if isinstance(error, RecursionError):
        return "the row is nested too deeply"
    return f"the row is no JSON object: {error}"


def _shown(line: bytes) -> str:
    text = line[:_SHOWN].decode(errors="replace").rstrip("\r\n")
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")
