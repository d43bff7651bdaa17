"""Feeds of real files: customers with blank charges, and a year of traffic with its gaps."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from inbox import Inbox


@pytest.fixture
def inbox(tmp_path: Path, real_data: Path) -> Iterator[Inbox]:
    with open(real_data / "telco" / "customers.csv", encoding="utf-8") as file:
        names = next(csv.reader(file))
    typed = {"tenure": "integer", "MonthlyCharges": "number", "TotalCharges": "number?"}
    typed |= {"SeniorCitizen": "boolean", "Churn": "boolean"}
    inbox = Inbox(
        tmp_path,
        customers={
            "key": ["customerID"],
            "columns": {name: typed.get(name, "string") for name in names},
            "personal": ["customerID"],
        },
        lte={
            "key": ["cell", "DateTime"],
            "columns": {"DateTime": "timestamp(%m/%d/%Y %H:%M)", "Traffic": "number"},
            "valid_from": "DateTime",
            "from_path": {"cell": r"cell_(\w+)\.csv"},
        },
    )
    yield inbox
    inbox.close()


def test_customers(inbox: Inbox, real_data: Path) -> None:
    path = real_data / "telco" / "customers.csv"
    with open(path, encoding="utf-8") as file:
        truth = list(csv.DictReader(file))
    done = inbox.land(path, date="2026-03-01")
    assert (done.rows, done.added, done.quarantined, done.extra) == (len(truth), len(truth), 0, ())
    found = 'select "customerID", tenure, "TotalCharges", "Churn" from customers'
    assert {row[0]: row[1:] for row in inbox.rows(found)} == {
        row["customerID"]: (
            int(row["tenure"]),
            float(row["TotalCharges"]) if row["TotalCharges"].strip() else None,
            row["Churn"] == "Yes",
        )
        for row in truth
    }
    inbox.lake.load()
    assert inbox.land(path, date="2026-03-01").added == 0
    assert inbox.land(path, date="2026-03-02").added == len(truth)
    assert inbox.rows("select count(*) from sat_record") == [(len(truth),)]


def test_traffic(inbox: Inbox, real_data: Path) -> None:
    rows = 0
    for path in sorted((real_data / "lte").glob("*.csv")):
        with open(path, encoding="utf-8") as file:
            truth = [float(row["Traffic"]) for row in csv.DictReader(file)]
        assert inbox.land(path, "lte").added == len(truth)
        rows += len(truth)
        cell = path.stem.removeprefix("cell_")
        found = inbox.rows(f"select \"Traffic\" from lte where cell = '{cell}' order by valid_from")
        assert [traffic for (traffic,) in found] == truth
    hours = "select date_diff('hour', min(valid_from), max(valid_from)) + 1 from lte"
    [(expected,)] = inbox.rows(hours)
    assert inbox.rows("select count(*) from lte") == [(rows,)]
    # The gaps are there as they were: hours without a row.
    assert rows < 2 * expected
