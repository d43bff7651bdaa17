"""Files of a feed, sent over real HTTP."""

from __future__ import annotations

import pytest

from millpond.settings import FeedSection, LimitsSection, Settings
from serving.helpers import Served, serving

CUSTOMERS = "/api/v1/feeds/customers"
ROWS = b"id,plan\n1,basic\n2,fibre\nx,basic\n"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Served:
    feed = FeedSection(key=("id",), columns={"id": "integer", "plan": "string"})
    settings = Settings(feeds={"customers": feed}, limits=LimitsSection(batch_mb=1))
    with serving(tmp_path_factory.mktemp("project"), settings) as served:
        yield served


def test_an_engineer_lands_a_file(served: Served) -> None:
    client = served.client("engineer")
    sent = {"file_name": "../customers.csv", "date": "2026-03-02"}
    done = client.post(CUSTOMERS, params=sent, content=ROWS)
    assert done.status_code == 200, done.text
    landed = done.json()
    assert (landed["rows"], landed["added"], landed["quarantined"]) == (3, 2, 1)
    assert landed["business_date"] == "2026-03-02"
    again = client.post(CUSTOMERS, params=sent, content=ROWS).json()
    assert (again["landing_id"], again["added"]) == (landed["landing_id"], 0)
    sql = "select id, plan from customers order by id"
    assert client.post("/api/v1/query", json={"sql": sql}).json()["rows"] == [
        [1, "basic"],
        [2, "fibre"],
    ]
    named = client.post("/api/v1/query", json={"sql": "select file_name from landings"})
    assert named.json()["rows"] == [["customers.csv"]]


@pytest.mark.parametrize(
    ("path", "options", "status"),
    [
        ("/api/v1/feeds/none", {"content": ROWS}, 404),
        (CUSTOMERS, {"content": b"id\n1\n"}, 422),
        (CUSTOMERS, {"content": ROWS, "params": {"date": "today"}}, 422),
        (CUSTOMERS, {"content": b"PK", "params": {"file_name": "x.xlsx"}}, 422),
        (CUSTOMERS, {"content": b"x" * (1 << 20) + b"x"}, 413),
        (CUSTOMERS, {"content": (b"x" * (1 << 19) for _ in range(3))}, 413),
    ],
)
def test_what_is_refused(
    served: Served, path: str, options: dict[str, object], status: int
) -> None:
    done = served.client("engineer").post(path, **options)
    assert done.status_code == status, done.text
    assert not list(served.services.folder.rglob(".part-*"))


@pytest.mark.parametrize("role", ["user", "reviewer", "scientist", "officer"])
def test_others_may_not(served: Served, role: str) -> None:
    assert served.client(role).post(CUSTOMERS, content=ROWS).status_code == 403
