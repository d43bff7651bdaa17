"""The rows of table files, and the values that their cells become."""

from __future__ import annotations

import csv
import datetime as dt
import decimal
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from millpond.errors import Invalid
from millpond.raw.feeds import table_blocks
from millpond.raw.feeds.table import BadRow, open_table
from millpond.raw.feeds.table_values import read_value
from millpond.settings import FeedColumn


def read(path: Path, wanted: tuple[str, ...] = ("a", "b")) -> tuple[Any, list[BadRow]]:
    """The rows with their lines, and those that are bad."""
    table = open_table(path, path.name, "auto", wanted)
    rows, bad = [], []
    for some in table:
        texts = [list(map(plain, cells)) for cells in some.texts.values()]
        cells = zip(*texts, strict=True) if texts else ()
        rows += list(zip(some.lines, cells, strict=True))
        bad += some.bad
    return rows, bad


def plain(cell: Any) -> Any:
    return cell.as_py() if isinstance(cell, pa.Scalar) else cell


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        (b"a,b\n1,2\n", [(2, ("1", "2"))]),
        (b"\xef\xbb\xbfa,b\r\n1,2", [(2, ("1", "2"))]),
        (b"a;b\n1,5;2\n", [(2, ("1,5", "2"))]),
        (b"a\tb\n1;2\t\n", [(2, ("1;2", ""))]),
        (b"a|b\r\r1|2\r", [(3, ("1", "2"))]),
        (
            b' a ,"b"\n"x\n\ny","say ""hi"""\n\n3,4\n',
            [(2, ("x\n\ny", 'say "hi"')), (6, ("3", "4"))],
        ),
        ("a,b\nü,2\n".encode("utf-16"), [(2, ("ü", "2"))]),
        (b"a,b\n", []),
    ],
)
def test_csv(tmp_path: Path, data: bytes, rows: list[Any]) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(data)
    assert read(path) == (rows, [])


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("spoilt", ["", "7", "7,8,9", "7,\udcff"])
def test_a_big_plain_file_is_read_as_a_small_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: str, spoilt: str
) -> None:
    monkeypatch.setattr(table_blocks, "_BLOCK", 1000)
    path = tmp_path / "x.csv"
    lines = ["a,b", *(f"{number},ü{number}" for number in range(500))]
    lines[250] = spoilt
    path.write_bytes(ends.join(lines).encode(errors="surrogateescape"))
    rows, bad = read(path)
    assert rows == [
        (line, (str(line - 2), f"ü{line - 2}")) for line in range(2, 502) if line != 251
    ]
    assert [row.line for row in bad] == ([251] if spoilt else [])


def test_a_bad_row_does_not_spoil_the_next(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    endless = b'3,"' + b"x" * 140_000 + b"\n"
    path.write_bytes(b"a,b\n1\n\xff,2\n\0,2\n" + endless + b"4,5\n6,7,8\n")
    rows, bad = read(path)
    assert rows == [(6, ("4", "5"))]
    assert [(row.line, row.reason.split(":")[0]) for row in bad] == [
        (2, "the row has 1 fields, but the header has 2"),
        (3, "the row holds bytes that are no text"),
        (4, "the row holds bytes that are no text"),
        (5, "the lines to 5 are no CSV"),
        (7, "the row has 3 fields, but the header has 2"),
    ]


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(CELLS, CELLS), max_size=8), st.sampled_from(["\n", "\r\n"]))
@example([("\n", '"'), ("", "x")], "\n")
def test_whatever_was_written_is_read(
    tmp_path: Path, rows: list[tuple[str, str]], ends: str
) -> None:
    text = io.StringIO()
    # Python's writer leaves a carriage return bare where lines end otherwise.
    bare = any("\r" in cell for row in rows for cell in row)
    quoting = csv.QUOTE_ALL if bare else csv.QUOTE_MINIMAL
    writer = csv.writer(text, lineterminator=ends, quoting=quoting)
    writer.writerow(["a", "b"])
    lines = []
    for row in rows:
        # A line ends as Python's own reader of files has it.
        lines.append(len(io.StringIO(text.getvalue(), newline="").readlines()) + 1)
        writer.writerow(row)
    path = tmp_path / "x.csv"
    path.write_bytes(text.getvalue().encode())
    assert read(path) == (list(zip(lines, rows, strict=True)), [])


def test_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    lines = ['{"a": 1, "b": "x"}', "", "[]", '{"a": true, "c": {"d": [1.5]}}', '{"b": "\\ud800"}']
    path.write_bytes("\n".join(lines).encode() + b'\n{"a": "\xff"}\n' + b"[" * 200_000)
    table = open_table(path, path.name, "auto", ())
    [rows] = list(table)
    assert table.columns == ["a", "b", "c"]
    assert rows.lines == [1, 4]
    assert rows.texts == {"a": ["1", "true"], "b": ["x", None], "c": [None, '{"d": [1.5]}']}
    assert [(row.line, row.reason.split(":")[0]) for row in rows.bad] == [
        (3, "the row is no JSON object"),
        (5, "the row holds bytes that are no text"),
        (6, "the row holds bytes that are no text"),
        (7, "the row is nested too deeply"),
    ]


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    two, zone = dt.datetime(2026, 1, 1, 2), dt.timezone(dt.timedelta(hours=2))
    table = pa.table(
        {
            "a": pa.array(["x", None]).dictionary_encode(),
            "b": [decimal.Decimal("1.50"), None],
            "when": pa.array([two.replace(tzinfo=zone), None], pa.timestamp("ns", "UTC")),
            "local": pa.array([two, None], pa.timestamp("ms")),
            "day": [dt.date(2026, 1, 1), None],
            "yes": [True, None],
            "list": [[1, 2], None],
        }
    )  # fmt: skip
    pq.write_table(table, path)
    rows, bad = read(path)
    assert not bad
    assert rows == [
        (1, ("x", "1.50", "2026-01-01T00:00:00.000000Z", "2026-01-01T02:00:00.000000",
             "2026-01-01", "true", "[1, 2]")),
        (2, (None,) * 7),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.csv", ",".join(map(str, range(3_000))).encode()),
        ("x.jsonl", json.dumps({str(number): 1 for number in range(3_000)}).encode()),
    ],
)
def test_a_file_of_very_many_columns_is_refused(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(Invalid, match="more than the 2,000 columns"):
        list(open_table(path, name, "auto", ("a",)))


@pytest.mark.parametrize("name", ["x.csv", "x.parquet"])
def test_an_empty_file_has_no_columns(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"")
    with pytest.raises(Invalid):
        open_table(path, name, "auto", ("a",))


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("string", ' "ü" ', ' "ü" '),
        ("integer", " +07 ", 7),
        ("integer", "7.00", 7),
        ("integer", "9223372036854775807", 2**63 - 1),
        ("number", "1.50", 1.5),
        ("number", "-0", 0.0),
        ("number", "1e3", 1000.0),
        ("boolean", "Yes", True),
        ("boolean", "0", False),
        ("date", "2026-02-28", "2026-02-28"),
        ("date", "2026-02-28 00:00:00", "2026-02-28"),
        ("date(%d.%m.%Y)", "28.2.2026", "2026-02-28"),
        ("timestamp", "2026-02-28T01:00+02:00", "2026-02-27T23:00:00.000000Z"),
        ("timestamp", "2026-02-28", "2026-02-28T00:00:00.000000Z"),
        ("timestamp(%m/%d/%Y %H:%M)", "2/28/2026 7:05", "2026-02-28T07:05:00.000000Z"),
    ],
)
def test_a_value(kind: str, text: str, value: object) -> None:
    found = json.loads(read_value(column(kind), text))
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("string", "a\0b"),
        ("integer", "1.5"),
        ("integer", "9223372036854775808"),
        ("integer", "1_000"),
        ("integer", "٣"),
        ("number", "nan"),
        ("number", "1e999"),
        ("number", "1,5"),
        ("number", "0x10"),
        ("boolean", "maybe"),
        ("date", "2026-02-30"),
        ("date", "20260228"),
        ("date", "2026-02-28T12:00"),
        ("timestamp", "noon"),
        ("timestamp", "0001-01-01T00:00+14:00"),
        ("timestamp(%d/%m/%Y)", "2026-02-28"),
    ],
)
def test_no_such_value(kind: str, text: str) -> None:
    with pytest.raises(ValueError, match="is '"):
        read_value(column(kind), text)


def column(kind: str) -> FeedColumn:
    name, _, pattern = kind.partition("(")
    return FeedColumn(name, pattern[:-1] or None)
