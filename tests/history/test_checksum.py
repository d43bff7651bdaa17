"""Checksums and hash differences: of rows, not of how they are cut or encoded."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millpond.history.checksum import checksum_of
from millpond.history.hash_diff import hash_diffs

#: No database is in it.
pytestmark = pytest.mark.sqlite

SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("bytes", pa.binary()),
        ("number", pa.int64()),
        ("score", pa.float64()),
        ("at", pa.timestamp("us", tz="UTC")),
    ]
)
ROW = st.tuples(
    st.none() | st.text(max_size=5),
    st.none() | st.binary(max_size=5),
    st.none() | st.integers(-5, 5),
    st.none() | st.floats(allow_nan=False, width=16),
    st.none() | st.integers(0, 5),
)


def batch_of(rows: list[tuple[object, ...]]) -> pa.RecordBatch:
    columns = list(zip(*rows, strict=True)) or [()] * len(SCHEMA)
    arrays = [
        pa.array(list(column), kind) for column, kind in zip(columns, SCHEMA.types, strict=True)
    ]
    return pa.record_batch(arrays, schema=SCHEMA)


@settings(max_examples=40)
@given(st.lists(ROW, max_size=20), st.integers(1, 7))
def test_the_same_however_the_rows_are_cut(rows: list[tuple[object, ...]], size: int) -> None:
    batch = batch_of(rows)
    cut = checksum_of(batch.slice(at, size) for at in range(0, len(rows), size))
    whole = checksum_of([batch])
    assert (cut.rows, cut.hexdigest()) == (len(rows), whole.hexdigest())
    names, columns = SCHEMA.names, batch.columns
    parts = [hash_diffs(names, batch.slice(at, size).columns) for at in range(0, len(rows), size)]
    assert [value for part in parts for value in part.to_pylist()] == hash_diffs(
        names, columns
    ).to_pylist()


@settings(max_examples=40)
@given(st.lists(ROW, min_size=1, max_size=9), st.lists(ROW, min_size=1, max_size=9))
def test_equal_only_where_the_rows_are(
    rows: list[tuple[object, ...]], others: list[tuple[object, ...]]
) -> None:
    one, other = checksum_of([batch_of(rows)]), checksum_of([batch_of(others)])
    assert (one.hexdigest() == other.hexdigest()) == (rows == others)
    hashes = hash_diffs(SCHEMA.names, batch_of(rows + others).columns).to_pylist()
    distinct = {repr([0.0 if value == 0 else value for value in row]) for row in rows + others}
    assert len(set(hashes)) >= len(distinct)


def test_a_column_that_is_declared_later_changes_nothing() -> None:
    batch = batch_of([("a", b"b", 1, 0.5, 2), (None, None, None, None, None)])
    later = batch.append_column("later", pa.nulls(2, pa.string()))
    assert checksum_of([later]).hexdigest() == checksum_of([batch]).hexdigest()
    assert hash_diffs(later.schema.names, later.columns) == hash_diffs(SCHEMA.names, batch.columns)


@pytest.mark.parametrize("column", range(len(SCHEMA)))
def test_a_value_and_none_differ(column: int) -> None:
    row: list[object] = ["", b"", 0, 0.0, 0]
    without = [*row[:column], None, *row[column + 1 :]]
    given_, none = batch_of([tuple(row)]), batch_of([tuple(without)])
    assert checksum_of([given_]).hexdigest() != checksum_of([none]).hexdigest()
    assert hash_diffs(SCHEMA.names, given_.columns) != hash_diffs(SCHEMA.names, none.columns)


def test_the_hashes_are_those_of_earlier_releases() -> None:
    """They are kept in projects: a release that computes others finds all of them wrong."""
    batch = batch_of([("RBC", b"\1\2", 3, 0.25, 4), (None, None, 5, None, None)])
    assert checksum_of([batch]).hexdigest() == (
        "772e230c705453e0e42951f8704f9edb9fa3f90b64e6a02ede08333a9cb7fc98"
    )
    assert hash_diffs(SCHEMA.names, batch.columns).to_pylist() == [
        "25879193df4aeba37752b8a131998e5f",
        "1233f90fd8ddb4a630905071a7e7e434",
    ]
