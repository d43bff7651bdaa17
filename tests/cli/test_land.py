"""``millpond ingest --feed`` and ``run land``: what they print, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

DECLARED = """
[feeds.customers]
path = "inbox/customers_{date}.csv"
key = ["id"]
[feeds.customers.columns]
id = "integer"
plan = "string"
"""


@pytest.fixture
def project(tmp_path: Path, run: Callable[..., Any]) -> Path:
    folder = tmp_path / "p"
    assert run("init", folder, "--task", "detection", "--labels", "a").code == 0
    with open(folder / "millpond.toml", "a", encoding="utf-8") as file:
        file.write(DECLARED)
    (folder / "inbox").mkdir()
    return folder


def test_a_file(project: Path, tmp_path: Path, run: Callable[..., Any]) -> None:
    path = tmp_path / "customers_2026-03-01.csv"
    path.write_text("id,plan,note\n1,basic,x\n2,,x\n")
    done = run("ingest", path, "--feed", "customers", "--json", project=project)
    assert done.code == 0, done.err
    landed = done.json
    assert landed.pop("landing_id")
    assert landed == {
        "feed": "customers",
        "business_date": "2026-03-01",
        "rows": 2,
        "added": 1,
        "gone": 0,
        "quarantined": 1,
        "extra": ["note"],
        "repeated": False,
    }
    assert "columns that the feed customers does not declare: note" in done.err
    again = run("ingest", path, "--feed", "customers", project=project)
    assert b"it had landed before, for 2026-03-01; nothing is new" in again.out
    dated = run("ingest", path, "--feed", "customers", "--date", "2026-03-02", "--json",
                project=project)  # fmt: skip
    assert dated.json["added"] == 1


def test_a_folder(project: Path, tmp_path: Path, run: Callable[..., Any]) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "2026-03-01.csv").write_text("id,plan\n1,basic\n")
    (folder / "2026-03-02.csv").write_text("id\n1\n")
    (folder / "2026-03-03.csv").write_text("id,plan\n1,fibre\n")
    done = run("ingest", folder, "--feed", "customers", "--json", project=project)
    assert done.code == 1
    assert (done.json["rows"], done.json["added"], done.json["refused"]) == (2, 2, 1)
    assert "1 of the files were refused; the first, 2026-03-02.csv" in done.err
    held = run("query", "select plan from customers", "--json", project=project)
    assert held.json["rows"] == [["fibre"]]


def test_the_days_of_a_feed(project: Path, run: Callable[..., Any]) -> None:
    for day in (1, 2):
        file = project / "inbox" / f"customers_2026-03-0{day}.csv"
        file.write_text(f"id,plan\n1,plan{day}\n")
    done = run("run", "land", "--from", "2026-03-01", "--to", "2026-03-03", "--json",
               project=project)  # fmt: skip
    assert done.code == 0, done.err
    assert (done.json["status"], done.json["rows"]) == ("done", 2)
    found = run("query", "select plan from customers", "--valid-at", "2026-03-01", "--json",
                project=project)  # fmt: skip
    assert found.json["rows"] == [["plan1"]]


@pytest.mark.parametrize(
    ("declared", "problem"),
    [
        ('key = ["none"]', "column 'none' is not one of id, plan"),
        ('key = ["id"]\nvalid_from = "plan"', "column 'plan' is neither a date nor a timestamp"),
        ('key = ["id"]\npersonal = ["x"]', "column 'x' is not one of id, plan"),
        ('key = ["id"]\nformat = "xls"', "Input should be 'auto', 'csv', 'jsonl' or 'parquet'"),
        ('key = ["id"]\nfrom_path = {cell = "x"}', "has 0 groups, not one"),
    ],
)
def test_a_declaration_that_does_not_fit(
    project: Path, run: Callable[..., Any], declared: str, problem: str
) -> None:
    toml = project / "millpond.toml"
    toml.write_text(toml.read_text().replace('key = ["id"]', declared))
    done = run("query", "select 1", project=project)
    assert done.code == 2
    assert problem in done.err


def test_a_feed_that_is_named_as_a_view_is(project: Path, run: Callable[..., Any]) -> None:
    toml = project / "millpond.toml"
    toml.write_text(toml.read_text().replace("feeds.customers", "feeds.images"))
    done = run("query", "select 1", project=project)
    assert done.code == 1
    assert "'images' has the name of another view" in done.err
