"""Questions, snapshots and models over real HTTP."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import httpx
import pytest

from millpond.marts.marts import Choice
from millpond.settings import Settings
from serving.helpers import Served, detector_package, picture, serving

PREDICT = "/api/v1/apps/blood-cells/predict"
CELL = {"action": "add", "label": "RBC", "box": [1, 2, 30, 40]}


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> Served:
    with serving(tmp_path_factory.mktemp("project"), settings) as served:
        served.promote()
        yield served


@pytest.fixture(scope="module")
def admin(cells: Served) -> httpx.Client:
    return cells.client("admin")


def review(admin: httpx.Client, seed: int) -> str:
    """Send an image and say that one cell is in it; the id of its object."""
    answer = admin.post(PREDICT, content=picture(seed)).json()
    done = admin.post(
        f"/api/v1/inferences/{answer['inference_id']}/annotations",
        json=[CELL, {"action": "complete"}],
    )
    assert done.status_code == 201, done.text
    return str(answer["object_id"])


def test_a_query_is_answered_as_of_a_moment(admin: httpx.Client) -> None:
    def count(as_of: str | None = None) -> int:
        body = {"sql": "select count(*) as n from inferences", "as_of": as_of}
        answer = admin.post("/api/v1/query", json=body)
        assert answer.status_code == 200, answer.text
        assert set(answer.json()) == {"columns", "rows", "as_of"}
        assert answer.json()["columns"] == [{"name": "n", "type": "BIGINT"}]
        return int(answer.json()["rows"][0][0])

    first = count()
    moment = admin.post("/api/v1/query", json={"sql": "select 1"}).json()["as_of"]
    admin.post(PREDICT, content=picture(1))
    assert count() == first + 1
    assert count(moment) == first


@pytest.mark.parametrize(
    "sql",
    [
        "delete from inferences",
        "select * from read_csv('/etc/passwd')",
        "copy (select 1) to '/tmp/out.csv'",
        "attach '/tmp/x.db'",
        "select * from nothing",
        "not sql",
        "",
        "select 1; select 2",
    ],
)
def test_sql_that_is_not_allowed(admin: httpx.Client, cells: Served, sql: str) -> None:
    answer = admin.post("/api/v1/query", json={"sql": sql})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    kept = cells.rows("select status, reason from refusals order by recorded_at desc limit 1")
    assert kept == [(422, answer.json()["detail"])]


def test_a_moment_to_come_is_refused(admin: httpx.Client) -> None:
    for as_of in ("2999-01-01", "yesterweek"):
        answer = admin.post("/api/v1/query", json={"sql": "select 1", "as_of": as_of})
        assert answer.status_code == 422


def test_snapshots_are_made_and_found(admin: httpx.Client, cells: Served) -> None:
    for seed in range(20, 26):
        review(admin, seed)
    made = admin.post("/api/v1/snapshots", json={"name": "first", "app": "blood_cells"})
    assert made.status_code == 201, made.text
    assert made.json()["images"] == 6
    assert admin.get("/api/v1/snapshots/first").json() == made.json()
    assert admin.get("/api/v1/snapshots").json() == {"snapshots": [made.json()]}
    assert admin.get("/api/v1/snapshots?app=fruits").json() == {"snapshots": []}
    taken = admin.post("/api/v1/snapshots", json={"name": "first", "app": "blood-cells"})
    assert taken.status_code == 409
    nothing = admin.post("/api/v1/snapshots", json={"name": "second", "app": "fruits"})
    assert nothing.status_code == 422
    assert admin.get("/api/v1/snapshots/none").status_code == 404
    fruits = cells.client("scientist", app="fruits")
    assert fruits.get("/api/v1/snapshots").json() == {"snapshots": []}
    assert fruits.get("/api/v1/snapshots/first").status_code == 403
    made = fruits.post("/api/v1/snapshots", json={"name": "x", "app": "blood-cells"})
    assert made.status_code == 403


def test_models_are_listed_promoted_and_rolled_back(admin: httpx.Client, cells: Served) -> None:
    second = cells.services.registry.register(detector_package(), by="os:test").version
    assert [model["version"] for model in admin.get("/api/v1/models").json()["models"]] == [
        "blood-cells-1",
        second,
    ]
    assert admin.get("/api/v1/models/blood-cells-1").json()["aliases"] == ["champion"]
    assert admin.get("/api/v1/models/none").status_code == 404
    promote = f"/api/v1/models/{second}/promote"
    not_better = admin.post(promote, json={})
    assert not_better.status_code == 409
    assert "force" in not_better.json()["detail"]
    assert admin.post(promote, json={"force": True}).status_code == 422
    forced = admin.post(promote, json={"force": True, "reason": "a test"}).json()
    assert forced["version"] == second
    assert forced["previous"] == "blood-cells-1"
    assert admin.post(PREDICT, content=picture(2)).json()["model_version"] == second
    back = admin.post("/api/v1/models/rollback", json={"app": "blood-cells"})
    assert back.json() == {"app": "blood-cells", "version": "blood-cells-1"}
    again = admin.post("/api/v1/models/rollback", json={"app": "blood-cells"})
    assert again.status_code == 409


def test_the_open_inference_protocol_says_what_serves(cells: Served) -> None:
    user = cells.client("user")
    names = {model["name"] for model in user.get("/v2/models").json()["models"]}
    assert names == {"blood-cells", "fruits"}
    ready = user.get("/v2/models/blood-cells/ready").json()
    assert ready == {"name": "blood-cells", "ready": True}
    assert user.get("/v2/models/fruits/ready").status_code == 404
    assert user.get("/v2/models/blood-cells/versions/blood-cells-1/ready").status_code == 200
    assert user.get("/v2/models/fruits/versions/blood-cells-1/ready").status_code == 404


def test_runs_are_started_and_listed(admin: httpx.Client, cells: Served) -> None:
    admin.post(PREDICT, content=picture(3))
    done = admin.post("/api/v1/runs", json={"pipeline": "history"})
    assert done.status_code == 200, done.text
    assert done.json()["status"] == "done"
    assert done.json()["rows"] > 0
    assert done.json()["requested_by"] == "token:admin"
    assert admin.get("/api/v1/runs").json()["runs"][0] == done.json()
    unknown = admin.post("/api/v1/runs", json={"pipeline": "laundry"})
    assert unknown.status_code == 422
    assert "history" in unknown.json()["detail"]


def test_a_mart_is_pulled_as_a_zip(admin: httpx.Client, cells: Served, tmp_path: Path) -> None:
    object_id = review(admin, 30)
    moment = admin.post("/api/v1/query", json={"sql": "select 1"}).json()["as_of"]
    path = "/api/v1/apps/blood-cells/export/coco"
    pulled = admin.get(path, params={"as_of": moment})
    assert pulled.status_code == 200, pulled.text
    assert pulled.headers["content-type"] == "application/zip"
    review(admin, 31)
    assert admin.get(path, params={"as_of": moment}).content == pulled.content
    declared = cells.services.settings.app("blood-cells")
    choice = Choice(as_of=moment)
    done = cells.layers.marts.export("coco", "blood-cells", declared, tmp_path / "out", choice)
    with zipfile.ZipFile(io.BytesIO(pulled.content)) as archive:
        assert archive.testzip() is None
        assert archive.read(f"images/{object_id}.png") == picture(30)
        assert archive.read("annotations.json") == done.path.read_bytes()
    truth = {"sql": "select count(*) from ground_truth", "as_of": moment}
    assert admin.post("/api/v1/query", json=truth).json()["rows"] == [[done.annotations]]


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("coco", {"labels": "guesses"}, 422),
        ("coco", {"as_of": "2999-01-01"}, 422),
        ("coco", {"snapshot": "none"}, 404),
        ("nothing", {}, 422),
    ],
)
def test_a_mart_that_cannot_be_made(
    admin: httpx.Client, path: str, params: dict[str, str], status: int
) -> None:
    answer = admin.get(f"/api/v1/apps/blood-cells/export/{path}", params=params)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
