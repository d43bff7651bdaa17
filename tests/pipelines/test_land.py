"""Landing: each rule of what a file says, against a real database, store and history."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from inbox import Inbox
from millpond.analytics.compare import view_history
from millpond.capture.feeds import batch_key
from millpond.errors import Invalid, NotFound
from millpond.history.archive import archive
from millpond.pipelines import land as land_module
from millpond.pipelines.arrivals import arrived

CUSTOMERS: dict[str, Any] = {
    "key": ["id"],
    "columns": {"id": "integer", "plan": "string", "charges": "number?"},
}
HEAD = ["id", "plan", "charges"]
MONDAY, TUESDAY, WEDNESDAY = "2026-03-02", "2026-03-03", "2026-03-04"


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    inbox = Inbox(
        tmp_path,
        customers=CUSTOMERS,
        members={**CUSTOMERS, "complete": True},
        contracts={
            "key": ["id"],
            "columns": {"id": "integer", "plan": "string", "since": "date"},
            "valid_from": "since",
        },
        people={
            "key": ["email"],
            "columns": {"email": "string", "name": "string?", "plan": "string"},
            "personal": ["email", "name"],
            "extra": "keep",
        },
    )
    yield inbox
    inbox.close()


def at(day: str) -> int:
    moment = dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC)
    return int(moment.timestamp()) * 1_000_000


def plans(inbox: Inbox, feed: str = "customers", **moments: int | None) -> dict[int, str]:
    return dict(inbox.rows(f"select id, plan from {feed}", **moments))


def test_rows_land_typed(inbox: Inbox) -> None:
    done = inbox.land([HEAD, [1, "basic", "9.5"], [2, "fibre", " "]], date=MONDAY)
    assert (done.rows, done.added, done.quarantined) == (2, 2, 0)
    assert done.business_date == MONDAY
    monday = dt.datetime(2026, 3, 2)
    assert inbox.rows("select id, plan, charges, valid_from from customers order by id") == [
        (1, "basic", 9.5, monday),
        (2, "fibre", None, monday),
    ]


def test_the_same_file_again_adds_nothing(inbox: Inbox) -> None:
    rows = [HEAD, [1, "basic", 1], [2, "fibre", 2]]
    first = inbox.land(rows, date=MONDAY)
    before = inbox.rows("select * from customers_history order by all")
    for _ in range(2):
        again = inbox.land(rows, date=MONDAY)
        assert (again.landing_id, again.added, again.repeated) == (first.landing_id, 0, True)
        inbox.lake.load()
    assert inbox.rows("select * from customers_history order by all") == before
    assert inbox.rows("select count(*) from landings") == [(1,)]


def test_the_same_rows_in_another_file_add_nothing(inbox: Inbox) -> None:
    inbox.land([HEAD, [1, "basic", "1.50"], [2, "fibre", ""]], date=MONDAY)
    inbox.lake.load()
    again = inbox.land([HEAD[::-1], [" ", "fibre", "2"], ["1.5", "basic", 1]], date=MONDAY)
    assert (again.rows, again.added, again.repeated) == (2, 0, False)


def test_a_file_without_a_date_is_known_by_its_bytes(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [HEAD, [1, "basic", 1]]
    inbox.land(rows)
    tomorrow = arrived(inbox.folder / "customers.csv").day + 86_400_000_000
    monkeypatch.setattr("millpond.pipelines.arrivals.machine_now", lambda: tomorrow)
    assert inbox.land(rows).repeated


def test_the_date_is_in_the_name(inbox: Inbox) -> None:
    done = inbox.land([HEAD, [1, "basic", 1]], name=f"customers_{TUESDAY}.csv")
    assert done.business_date == TUESDAY
    with pytest.raises(Invalid, match="'today' is no date"):
        inbox.land([HEAD, [1, "basic", 1]], date="today")


def test_a_corrected_file_supersedes_and_the_past_stays(inbox: Inbox) -> None:
    inbox.land([HEAD, [1, "basic", 1], [2, "fibre", 2]], date=MONDAY)
    before = inbox.lake.now
    corrected = inbox.land([HEAD, [1, "basic", 1], [2, "copper", 2]], date=MONDAY)
    assert corrected.added == 1
    assert plans(inbox) == {1: "basic", 2: "copper"}
    assert plans(inbox, as_of=before) == {1: "basic", 2: "fibre"}


def test_a_late_file_says_what_was_true_then(inbox: Inbox) -> None:
    inbox.land([HEAD, [1, "new", 1]], date=WEDNESDAY)
    before = inbox.lake.now
    inbox.land([HEAD, [1, "old", 1], [2, "other", 1]], date=MONDAY)
    assert plans(inbox) == {1: "new", 2: "other"}
    assert plans(inbox, valid_at=at(TUESDAY)) == {1: "old", 2: "other"}
    assert plans(inbox, valid_at=at(TUESDAY), as_of=before) == {}
    assert plans(inbox, valid_at=at("2026-03-01")) == {}


def test_the_file_of_before_again_does_not_undo_a_correction(inbox: Inbox) -> None:
    original = [HEAD, [1, "basic", 1]]
    inbox.land(original, date=MONDAY)
    inbox.land([HEAD, [1, "fibre", 1]], date=MONDAY)
    assert inbox.land(original, date=MONDAY).added == 0
    assert plans(inbox) == {1: "fibre"}
    assert inbox.land(original, date=MONDAY, again=True).added == 1
    assert plans(inbox) == {1: "basic"}


def test_valid_from_of_the_rows_themselves(inbox: Inbox) -> None:
    head = ["id", "plan", "since"]
    rows = [
        head,
        [1, "basic", "2025-01-01"],
        [1, "fibre", "2026-02-01"],
        [2, "basic", "2030-01-01"],
    ]
    assert inbox.land(rows, "contracts", date=MONDAY).added == 3
    assert plans(inbox, "contracts", valid_at=at("2026-01-31")) == {1: "basic"}
    assert plans(inbox, "contracts", valid_at=at("2026-02-01")) == {1: "fibre"}
    assert plans(inbox, "contracts") == {1: "fibre", 2: "basic"}
    spans = inbox.rows(
        "select id, valid_from::date::text, valid_to::date::text "
        "from contracts_history order by all"
    )
    assert spans == [
        (1, "2025-01-01", "2026-02-01"),
        (1, "2026-02-01", None),
        (2, "2030-01-01", None),
    ]


def test_what_stays_as_it_was_is_one_row(inbox: Inbox) -> None:
    inbox.land([HEAD, [1, "a", 1]], date=MONDAY)
    inbox.land([HEAD, [1, "a", 1]], date=WEDNESDAY)
    spans = "select plan, valid_from::date::text, valid_to::date::text from customers_history"
    assert inbox.rows(spans) == [("a", MONDAY, None)]
    # What was so on Tuesday comes late, and Wednesday is known to be otherwise.
    inbox.land([HEAD, [1, "b", 1]], date=TUESDAY)
    assert inbox.rows(f"{spans} order by valid_from") == [
        ("a", MONDAY, TUESDAY),
        ("b", TUESDAY, WEDNESDAY),
        ("a", WEDNESDAY, None),
    ]
    since = "select valid_from::date::text from customers"
    assert inbox.rows(since) == [(WEDNESDAY,)]


def test_what_changed_of_a_record_beside_much_else(inbox: Inbox) -> None:
    inbox.land([HEAD, [1, "a", 1], [2, "a", 1]], date=MONDAY)
    inbox.land([HEAD, [1, "b", 1], [2, "a", 1]], date=TUESDAY)
    inbox.land([HEAD, *([number, "a", 1] for number in range(120))], "members", date=MONDAY)
    found = view_history(
        inbox.lake.analytics, "customers", key="1", since=None, until=None, limit=100
    ).table.to_pylist()
    assert [(row["change"], row["id"]) for row in found] == [("changed", 1), ("added", 1)]
    assert (found[0]["before"]["plan"], found[0]["after"]["plan"]) == ("a", "b")


def test_who_is_missing_from_a_complete_file_has_gone(inbox: Inbox) -> None:
    inbox.land([HEAD, [1, "a", 1], [2, "b", 1]], "members", date=MONDAY)
    inbox.land([HEAD, [2, "b", 1]], "members", date=WEDNESDAY)
    assert plans(inbox, "members") == {2: "b"}
    assert plans(inbox, "members", valid_at=at(TUESDAY)) == {1: "a", 2: "b"}
    ended = "select valid_to::date::text from members_history where id = 1"
    assert inbox.rows(ended) == [(WEDNESDAY,)]
    # Tuesday's comes late, and has somebody back; then it is corrected.
    inbox.land([HEAD, [1, "c", 1], [2, "b", 1], [3, "d", 1]], "members", date=TUESDAY)
    assert plans(inbox, "members") == {2: "b"}
    assert plans(inbox, "members", valid_at=at(TUESDAY)) == {1: "c", 2: "b", 3: "d"}
    corrected = inbox.land([HEAD, [2, "b", 1]], "members", date=TUESDAY)
    assert (corrected.added, corrected.gone) == (2, 2)
    assert plans(inbox, "members", valid_at=at(TUESDAY)) == {2: "b"}


@pytest.mark.parametrize("rows", [[], [[1, "a", 1], ["?", "b", 1]]])
def test_a_file_that_failed_lets_nobody_go(inbox: Inbox, rows: list[list[object]]) -> None:
    inbox.land([HEAD, [1, "a", 1], [2, "b", 1]], "members", date=MONDAY)
    inbox.land([HEAD, *rows], "members", date=TUESDAY)
    assert plans(inbox, "members") == {1: "a", 2: "b"}


def test_a_row_that_does_not_parse_is_quarantined_with_its_line(inbox: Inbox) -> None:
    text = (
        'id,plan,charges\r\n1,"two\r\nlines",1\r\n\r\nx,basic,1\r\n3,,1\r\n4,basic\r\n'
        "5,basic,much\r\n6,basic,1\r\n"
    )
    done = inbox.land(text.encode() + b"7,\xff,1\r\n8,fibre,2\r\n", date=MONDAY)
    assert (done.rows, done.added, done.quarantined) == (8, 3, 5)
    assert plans(inbox) == {1: "two\r\nlines", 6: "basic", 8: "fibre"}
    bad = "select line, reason, content from quarantined_rows where landing_id = '{}' order by line"
    assert inbox.rows(bad.format(done.landing_id)) == [
        (5, "id is 'x', not an integer", '["x", "basic", "1"]'),
        (6, "plan is blank", '["3", "", "1"]'),
        (7, "the row has 2 fields, but the header has 3", '["4", "basic"]'),
        (8, "charges is 'much', not a number", '["5", "basic", "much"]'),
        (10, "the row holds bytes that are no text", '["7", "\\udcff", "1"]'),
    ]


def test_of_rows_with_the_same_key_the_first_is_taken(inbox: Inbox) -> None:
    rows = [HEAD, [1, "a", 1], [2, "b", 1], [1, "a", "1.0"], [1, "c", 1], [1, "d", 1]]
    done = inbox.land(rows, date=MONDAY)
    assert (done.rows, done.added, done.quarantined) == (5, 2, 2)
    assert plans(inbox) == {1: "a", 2: "b"}
    assert inbox.rows("select line, reason from quarantined_rows order by line") == [
        (5, "line 2 says otherwise of the same key"),
        (6, "line 2 says otherwise of the same key"),
    ]


def test_a_missing_column_refuses_the_whole_file(inbox: Inbox) -> None:
    before = inbox.lake.now
    with pytest.raises(Invalid, match=r"has no column 'plan'; it has id, charges"):
        inbox.land([["id", "charges"], [1, 1]])
    with pytest.raises(Invalid, match=r"has no column 'plan'; it has id"):
        inbox.land('{"id": 1}\n{"id": 2}\n', name="customers.jsonl")
    assert inbox.lake.now == before
    assert list(inbox.store.list("batches")) == []
    # One that may be blank may be missing.
    inbox.land([["id", "plan"], [1, "a"]])
    assert plans(inbox) == {1: "a"}


def test_extra_columns_are_named_and_kept_when_told_to(inbox: Inbox) -> None:
    done = inbox.land([[*HEAD, "note"], [1, "a", 1, "hello"]])
    assert done.extra == ("note",)
    assert inbox.rows("select extra from landings") == [('["note"]',)]
    inbox.land([["email", "plan", "note"], ["a@b", "x", "hello"], ["c@d", "y", ""]], "people")
    found = inbox.rows("select plan, extra->>'note' from people order by plan")
    assert found == [("x", "hello"), ("y", None)]


def test_what_is_personal_is_kept_apart(inbox: Inbox) -> None:
    inbox.land([["email", "name", "plan"], ["ann@b.c", "Ann", "x"]], "people")
    assert inbox.rows("select email, name, plan from people") == [("ann@b.c", "Ann", "x")]
    said = json.dumps(inbox.rows("select content from sat_record"))
    assert "nn" not in said
    assert inbox.rows("select personal from sat_record_personal") == [('{"name":"Ann"}',)]
    assert inbox.rows("select key from sat_record_key") == [('["ann@b.c"]',)]


def test_the_bytes_are_kept_as_they_came(inbox: Inbox) -> None:
    data = b"\xef\xbb\xbfid;plan\r\n1;a\r\nx;b\r\n"
    done = inbox.land(data)
    assert inbox.store.get(batch_key(done.landing_id)) == data
    assert plans(inbox) == {1: "a"}


def test_json_lines_and_parquet_say_the_same(inbox: Inbox) -> None:
    inbox.land([HEAD, [1, "a", "1.5"], [2, "b", ""]], date=MONDAY)
    lines = '{"id": 1, "plan": "a", "charges": 1.5}\n\n{"id": "2", "plan": "b"}\n[3]\n'
    done = inbox.land(lines, name="customers.jsonl", date=MONDAY)
    assert (done.rows, done.added, done.quarantined) == (3, 0, 1)
    assert inbox.rows("select line from quarantined_rows") == [(4,)]
    path = inbox.folder / "customers.parquet"
    pq.write_table(pa.table({"id": [1, 2], "plan": ["a", "b"], "charges": [1.5, None]}), path)
    assert inbox.land(path, date=MONDAY).added == 0


def test_a_file_of_another_format_is_refused(inbox: Inbox) -> None:
    with pytest.raises(Invalid, match="is no Parquet file"):
        inbox.land(b"id,plan\n1,a\n", name="customers.parquet")
    with pytest.raises(Invalid, match="has no header"):
        inbox.land(b"")
    with pytest.raises(Invalid, match=r"customers.xls has an ending that tells no format"):
        inbox.land(b"id,plan\n1,a\n", name="customers.xls")
    with pytest.raises(NotFound):
        inbox.land(inbox.folder / "none.csv")


#: Lands a big file in a process of its own.
CHILD = """
import sys
from pathlib import Path
from inbox import Inbox
columns = {"id": "integer", "plan": "string", "charges": "number?"}
inbox = Inbox(Path(sys.argv[1]), customers={"key": ["id"], "columns": columns})
inbox.land(inbox.folder / "big.csv", date="2026-03-02")
"""
STEPS = ["keep", "keys", "twice", "versions", "sightings", "quarantine", "complete"]


def test_all_of_it_may_have_been_archived(inbox: Inbox) -> None:
    rows = [HEAD, [1, "a", 1], [2, "b", 1], ["x", "", ""]]
    first = inbox.land(rows, date=MONDAY)
    views = ("customers", "customers_history", "landings", "quarantined_rows")
    state = [inbox.rows(f"select * from {view} order by all") for view in views]
    archive(inbox.lake.engine, inbox.lake.commit, inbox.lake.history, 0)
    assert [inbox.rows(f"select * from {view} order by all") for view in views] == state
    assert inbox.land(rows, date=MONDAY).landing_id == first.landing_id
    assert inbox.land([*rows, [3, "c", 1]], date=MONDAY).added == 1
    assert plans(inbox) == {1: "a", 2: "b", 3: "c"}


@pytest.mark.parametrize("step", STEPS)
def test_a_landing_that_was_broken_off_counts_for_nothing_and_is_run_again(
    inbox: Inbox, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.land([HEAD, [1, "a", 1], [2, "b", 1]], date=MONDAY)
    state = inbox.rows("select * from customers_history order by all")
    rows = [HEAD, [2, "c", 1], [3, "d", 1], ["x", "", ""], [3, "e", 1]]

    class Killed(BaseException):
        pass

    def killed(self: land_module.Land) -> None:
        if step != "complete":
            getattr(Whole, step)(self)
        raise Killed

    Whole = type("Whole", (), dict(vars(land_module.Land)))
    with monkeypatch.context() as patched:
        patched.setattr(land_module.Land, step, killed)
        with pytest.raises(Killed):
            inbox.land(rows, date=MONDAY)
    assert inbox.rows("select * from customers_history order by all") == state
    inbox.lake.load()
    assert inbox.rows("select * from customers_history order by all") == state
    assert inbox.rows("select count(*) from quarantined_rows") == [(0,)]
    done = inbox.land(rows, date=MONDAY)
    assert (done.added, done.quarantined, done.repeated) == (2, 2, False)
    assert plans(inbox) == {1: "a", 2: "c", 3: "d"}
    assert inbox.rows("select count(*), count(distinct key) from sat_record_key") == [(3, 3)]


def test_a_process_that_was_killed_leaves_nothing_that_counts(inbox: Inbox) -> None:
    inbox.land([HEAD, [1, "a", 1]], date=MONDAY)
    state = inbox.rows("select * from customers_history")
    inbox.write([HEAD, *([number, "b", number] for number in range(8_000))], "big.csv")
    for reached in ("keys.parquet", "conflicts.parquet"):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(inbox.folder)],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        )
        # What is done so far tells how far it is.
        while child.poll() is None and not (inbox.folder / "lake/.landing" / reached).exists():
            time.sleep(0.001)
        assert child.poll() is None
        child.kill()
        child.wait()
        assert inbox.rows("select * from customers_history") == state
    assert inbox.land(inbox.folder / "big.csv", date=MONDAY).added == 8_000
    assert inbox.rows("select count(*), count(distinct id) from customers") == [(8_000, 8_000)]
    assert not (inbox.folder / "lake/.landing").exists()


def test_several_at_once_land_a_file_once(inbox: Inbox) -> None:
    path = inbox.write([HEAD, [1, "a", 1], [2, "b", 1]], "customers.csv")
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda turn: inbox.land(path, date=MONDAY), range(4)))
    assert sorted(one.added for one in done) == [0, 0, 0, 2]
    assert len({one.landing_id for one in done}) == 1


def test_a_name_that_is_no_text(inbox: Inbox) -> None:
    inbox.land([HEAD, [1, "a", 1]], name=os.fsdecode(b"caf\xe9.csv"))
    assert inbox.rows("select file_name from landings") == [("caf?.csv",)]


def test_a_view_without_any_landing_is_empty(inbox: Inbox) -> None:
    for feed in inbox.feeds:
        assert inbox.rows(f"select * from {feed}") == []
        assert inbox.rows(f"select * from {feed}_history") == []
