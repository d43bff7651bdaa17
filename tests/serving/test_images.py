"""The list of images over HTTP: pages, CSV, facets, the chain, and saved filters."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import httpx
import pytest

from millpond.settings import Settings
from serving.helpers import Served, picture, serving

APP = "/api/v1/apps/blood-cells"
IMAGES = f"{APP}/images"


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("project"), settings) as served:
        served.promote()
        yield served


@pytest.fixture(scope="module")
def admin(cells: Served) -> httpx.Client:
    return cells.client("admin")


@pytest.fixture(scope="module")
def sent(admin: httpx.Client) -> list[dict[str, str]]:
    """The answers to five pictures, each with one box of RBC at 0.9."""
    return [
        admin.post(f"{APP}/predict", content=picture(seed), params={"subject": f"s{seed}"}).json()
        for seed in range(5)
    ]


def test_images_are_paged_with_their_boxes(admin: httpx.Client, sent: list[dict[str, str]]) -> None:
    page = admin.get(IMAGES, params={"limit": 2, "offset": 1}).json()
    assert (page["total"], page["offset"]) == (5, 1)
    ids = [answer["object_id"] for answer in reversed(sent)]
    assert [image["object_id"] for image in page["images"]] == ids[1:3]
    [image] = admin.get(IMAGES, params={"limit": 1}).json()["images"]
    assert image["best"] == {"label": "RBC", "score": pytest.approx(0.9)}
    assert image["boxes"] == []
    assert image["recorded_at"].endswith("Z")
    [image] = admin.get(IMAGES, params={"limit": 1, "boxes": True}).json()["images"]
    assert [(box["label"], box["box"], box["outcome"]) for box in image["boxes"]] == [
        ("RBC", [0, 0, 10, 10], None)
    ]


def test_a_review_shows_in_the_next_answer(admin: httpx.Client, sent: list[dict[str, str]]) -> None:
    first = sent[0]["inference_id"]
    [prediction] = admin.get(f"/api/v1/inferences/{first}").json()["predictions"]
    missed = {"action": "add", "label": "WBC", "box": [30, 30, 40, 40]}
    said = [
        {"action": "confirm", "target": prediction["prediction_id"]},
        missed,
        {"action": "complete"},
    ]
    assert admin.get(IMAGES, params={"reviewed": "yes"}).json()["total"] == 0
    assert admin.post(f"/api/v1/inferences/{first}/annotations", json=said).status_code == 201
    page = admin.get(IMAGES, params={"reviewed": "yes", "boxes": True}).json()
    [image] = page["images"]
    assert (image["tp"], image["fp"], image["fn"]) == (1, 0, 1)
    assert image["labels"] == ["RBC", "WBC"]
    assert image["annotators"] == ["token:admin"]
    assert [(box["label"], box["outcome"]) for box in image["boxes"]] == [
        ("RBC", "tp"),
        ("WBC", "fn"),
    ]
    for params, total in (
        ({"label": "WBC"}, 1),
        ({"label": ["WBC", "RBC"]}, 5),
        ({"label": "WBC", "outcome": "tp"}, 0),
        ({"outcome": ["fn", "fp"]}, 1),
        ({"label": "Platelets", "outcome": "tn"}, 1),
        ({"min_score": 0.95}, 0),
        ({"model": "blood-cells-1", "source": "upload"}, 5),
        ({"subject": image["subject_id"]}, 1),
        ({"annotator": "token:admin"}, 1),
        ({"since": "2020-01-01", "until": "1h ago"}, 0),
        ({"label": "", "reviewed": ""}, 5),
    ):
        assert admin.get(IMAGES, params=params).json()["total"] == total, params
    facets = admin.get(f"{IMAGES}/facets", params={"label": "WBC"}).json()
    assert facets["total"] == 1
    assert facets["facets"]["label"] == [{"value": "RBC", "count": 5}, {"value": "WBC", "count": 1}]
    assert facets["facets"]["outcome"] == [{"value": "fn", "count": 1}]
    assert sum(day["count"] for day in facets["days"]) == 1
    assert len(facets["scores"]) == 20


@pytest.mark.parametrize(
    "params",
    [
        {"reviewed": "maybe"},
        {"outcome": "xp"},
        {"min_score": "high"},
        {"max_score": "1.5"},
        {"min_score": "nan"},
        {"since": "yesterday"},
        {"subject": "ann"},
        {"snapshot": "none-such"},
        {"sort": "best"},
        {"limit": 501},
        {"offset": -1},
        {"format": "xml"},
    ],
)
def test_what_does_not_fit_is_refused(admin: httpx.Client, params: dict[str, str | int]) -> None:
    assert admin.get(IMAGES, params=params).status_code == 422


def test_csv_has_every_image_and_no_formula(admin: httpx.Client, cells: Served) -> None:
    answer = admin.get(IMAGES, params={"format": "csv", "limit": 1, "sort": "oldest"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 5
    assert rows[0]["labels"] == "RBC | WBC"
    assert float(rows[0]["best_score"]) == pytest.approx(0.9)


def test_the_chain_of_an_image(
    admin: httpx.Client, cells: Served, sent: list[dict[str, str]]
) -> None:
    object_id = sent[0]["object_id"]
    frozen = admin.post("/api/v1/snapshots", json={"name": "first", "app": "blood-cells"})
    assert frozen.status_code == 201
    before = admin.get(f"{IMAGES}/{object_id}").json()
    assert before["object"]["object_id"] == object_id
    [inference] = before["inferences"]
    assert inference == admin.get(f"/api/v1/inferences/{sent[0]['inference_id']}").json()
    assert [said["action"] for said in before["annotations"]] == ["confirm", "add", "complete"]
    [review] = before["reviews"]
    assert review["is_truth"]
    assert review["completed_at"] == before["annotations"][-1]["recorded_at"]
    assert sorted(true["label"] for true in before["truth"]) == ["RBC", "WBC"]
    assert [(one["name"], one["part"]) for one in before["snapshots"]] == [("first", "train")]
    assert before["models"] == [
        {"version": "blood-cells-1", "alias": "champion", "predicted": True, "trained_on": None}
    ]
    page = admin.get(IMAGES, params={"snapshot": "first"}).json()
    assert [image["object_id"] for image in page["images"]] == [object_id]
    cells.layers.run("history", by="os:test")
    cells.layers.run("archive", by="os:test", older_than="0s")
    assert cells.rows("select count(*) from annotations") == [(0,)]
    assert admin.get(f"{IMAGES}/{object_id}").json() == before
    assert admin.get(f"/api/v1/apps/fruits/images/{object_id}").status_code == 404
    missing = "0190b1a2-0000-7000-8000-00000000000a"
    assert admin.get(f"{IMAGES}/{missing}").status_code == 404


def test_filters_are_shared_and_nobody_elses_to_replace(cells: Served, admin: httpx.Client) -> None:
    ann, ben = cells.client("reviewer", name="ann"), cells.client("scientist", name="ben")
    saved = ann.post(f"{APP}/filters", json={"name": "Missed WBC", "query": "label=WBC&outcome=fn"})
    [kept] = saved.json()["filters"]
    assert (kept["name"], kept["made_by"]) == ("Missed WBC", "token:ann")
    assert ben.get(f"{APP}/filters").json() == saved.json()
    changed = {"name": "Missed WBC", "query": "label=WBC"}
    assert ben.post(f"{APP}/filters", json=changed).status_code == 409
    assert ben.post(f"{APP}/filters/Missed%20WBC/remove").status_code == 409
    [kept] = ann.post(f"{APP}/filters", json=changed).json()["filters"]
    assert kept["query"] == "label=WBC"
    assert admin.get("/api/v1/apps/fruits/filters").json() == {"filters": []}
    assert ann.post(f"{APP}/filters", json={"name": " ", "query": ""}).status_code == 422
    assert admin.post(f"{APP}/filters/Missed%20WBC/remove").json() == {"filters": []}
    assert admin.post(f"{APP}/filters/Missed%20WBC/remove").status_code == 404
    assert cells.client("user").get(f"{APP}/filters").status_code == 403
