"""The shape that a feed's declaration gives to rows: key, valid_from, content and version.

Most cells are said many times, so each different text of a column is read once, and
the JSON of a row is put together from what its cells became.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from millpond.raw.feeds.table import BadRow, Rows, Texts
from millpond.raw.feeds.table_csv import shown
from millpond.raw.feeds.table_values import day_of, moment_of, read_value
from millpond.settings import FeedColumn, FeedSection

#: A row of a feed: `valid_from` and `day` in microseconds since 1970, the rest as it is kept.
SHAPED = pa.schema(
    [
        pa.field("line", pa.int64(), nullable=False),
        pa.field("key", pa.string(), nullable=False),
        pa.field("valid_from", pa.int64(), nullable=False),
        pa.field("day", pa.int64(), nullable=False),
        pa.field("version", pa.string(), nullable=False),
        pa.field("content", pa.string(), nullable=False),
        pa.field("personal", pa.string()),
    ]
)


@dataclass
class _Cells:
    """What the cells of a column became: JSON, None where blank; and what is wrong with them.

    Both are of the different texts only, at `places` of which the rows have theirs.
    """

    places: pa.Array
    json: list[str | None] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def taken(self, made: Sequence[object], kind: pa.DataType | None = None) -> pa.Array:
        """What was made of each different text, for each row."""
        return pa.array(made, kind or pa.string()).take(self.places)

    def led(self, before: str) -> pa.Array:
        """The JSON of each row after some text; empty where it is blank."""
        return self.taken(["" if one is None else before + one for one in self.json])


class Shape:
    """Gives rows the shape of a feed.

    Args:
        section: the declaration of the feed.
        told: values of the columns that the file name tells.
        day: the business day of the file, in microseconds; for a feed whose rows say
            theirs it is not looked at.
        iso: columns whose dates are in ISO 8601 whatever is declared.
    """

    def __init__(
        self, section: FeedSection, told: Mapping[str, str], day: int, iso: Collection[str] = ()
    ) -> None:
        self._section = section
        self._told = told
        self._day = day
        self._columns = {name: self._column(name, iso) for name in section.names}
        self._declared = frozenset(section.names)

    def rows(self, rows: Rows) -> tuple[pa.RecordBatch, list[BadRow]]:
        """The rows as `SHAPED` has them, and those that are bad."""
        size = len(rows.lines)
        cells = {name: self._cells(name, rows.texts.get(name), size) for name in self._columns}
        batch = self._batch(rows, cells, size)
        wrong = [one.taken(one.problems) for one in cells.values() if any(one.problems)]
        if not wrong:
            return batch, list(rows.bad)
        problems = pc.binary_join_element_wise(*wrong, "")
        bad = [
            BadRow(rows.lines[place], why.removeprefix("; "), _shown(rows, place))
            for place, why in enumerate(problems.to_pylist())
            if why
        ]
        return batch.filter(pc.equal(problems, "")), [*rows.bad, *bad]

    def _batch(self, rows: Rows, cells: Mapping[str, _Cells], size: int) -> pa.RecordBatch:
        section = self._section
        key = _wrapped([cells[name].led(",") for name in section.key], "[]", size)
        content = [_named(name, cells[name]) for name in sorted(section.described)]
        if section.extra == "keep":
            content.append(self._extra(rows, size))
        personal = [_named(name, cells[name]) for name in sorted(section.kept_apart)]
        said = _wrapped(content, "{}", size)
        apart = _wrapped(personal, "{}", size) if personal else pa.nulls(size, pa.string())
        day = self._moments(cells, section.business_date, day_of, self._day, size)
        valid_from = (
            self._moments(cells, section.valid_from, lambda moment: moment, 0, size)
            if section.valid_from
            else day
        )
        columns = [pa.array(rows.lines, pa.int64()), key, valid_from, day]
        return pa.record_batch(
            [*columns, _versions(said, apart), said, apart],
            # Rows that are bad are still among them; they have nulls where there may be none.
            schema=pa.schema([one.with_nullable(True) for one in SHAPED]),
        )

    def _moments(
        self,
        cells: Mapping[str, _Cells],
        name: str | None,
        of: Callable[[int], int],
        otherwise: int,
        size: int,
    ) -> pa.Array:
        if name is None:
            return pa.repeat(pa.scalar(otherwise, pa.int64()), size)
        moments = [None if one is None else of(moment_of(one)) for one in cells[name].json]
        return cells[name].taken(moments, pa.int64())

    def _extra(self, rows: Rows, size: int) -> pa.Array:
        """``,"extra":{...}`` for each row, empty where there is nothing of the kind."""
        found = [
            _named(name, self._read(rows.texts[name], name, FeedColumn("string", blank=True)))
            for name in sorted(set(rows.texts) - self._declared)
        ]
        inside = _wrapped(found, "{}", size)
        whole = pc.binary_join_element_wise(',"extra":', inside, "")
        return pc.if_else(pc.equal(inside, "{}"), "", whole)

    def _cells(self, name: str, texts: Texts | None, size: int) -> _Cells:
        if name in self._told:
            texts = [self._told[name]] * size
        return self._read([None] * size if texts is None else texts, name, self._columns[name])

    def _read(self, texts: Texts, name: str, column: FeedColumn) -> _Cells:
        array = texts if isinstance(texts, pa.Array) else pa.array(texts, pa.string())
        array = array.dictionary_encode(null_encoding="encode")
        cells = _Cells(array.indices)
        for text in array.dictionary.to_pylist():
            value, problem = None, ""
            if text is None or not text.strip():
                problem = "" if column.blank else f"; {name} is blank"
            else:
                try:
                    value = read_value(column, text)
                except ValueError as error:
                    problem = f"; {name} {error}"
            cells.json.append(value)
            cells.problems.append(problem)
        return cells

    def _column(self, name: str, iso: Collection[str]) -> FeedColumn:
        column = self._section.column(name)
        return FeedColumn(column.kind, None, column.blank) if name in iso else column


def _named(name: str, cells: _Cells) -> pa.Array:
    """``,"name":value`` for each row, empty where it is blank."""
    return cells.led(f",{json.dumps(name, ensure_ascii=False)}:")


def _wrapped(parts: Sequence[pa.Array], marks: str, size: int) -> pa.Array:
    """The parts of each row, which begin with a comma, together and with marks around."""
    if not parts:
        return pa.repeat(pa.scalar(marks), size)
    inside = pc.utf8_slice_codeunits(pc.binary_join_element_wise(*parts, ""), 1)
    return pc.binary_join_element_wise(marks[0], inside, marks[1], "")


def _shown(rows: Rows, place: int) -> str:
    cells = [texts[place] for texts in rows.texts.values()]
    return shown([cell.as_py() if isinstance(cell, pa.Scalar) else cell for cell in cells])


def _versions(content: pa.Array, personal: pa.Array) -> pa.Array:
    """A hash of what each row says; equal hashes are the same version of a record."""
    said = pc.binary_join_element_wise(content, pc.fill_null(personal, ""), "\n")
    texts = said.cast(pa.binary()).to_pylist()
    return pa.array([hashlib.blake2b(text, digest_size=16).hexdigest() for text in texts])
