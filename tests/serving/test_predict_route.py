"""The route that predicts, over real HTTP."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from millpond.serving.api import inferences
from millpond.settings import ServerSection, Settings
from serving.helpers import Served, picture

PREDICT = "/api/v1/apps/blood-cells/predict"
KEYS = {
    "inference_id",
    "captured",
    "object_id",
    "app",
    "model_version",
    "width",
    "height",
    "duration_ms",
    "predictions",
}


def test_without_a_champion_the_image_is_kept(served: Served) -> None:
    answer = served.client("user").post(PREDICT, content=picture()).json()
    assert set(answer) == KEYS
    assert answer["captured"] is True
    assert answer["model_version"] is None
    assert answer["predictions"] == []
    assert (answer["width"], answer["height"]) == (64, 48)
    assert served.rows("select count(*) from inferences") == [(1,)]


def test_thresholds_decide_what_is_answered(cells: Served) -> None:
    client = cells.client("user")

    def found(**asked: float) -> list[tuple[str, float]]:
        answer = client.post(PREDICT, content=picture(), params=asked).json()
        assert answer["model_version"] == "blood-cells-1"
        return [(p["label"], round(p["score"], 3)) for p in answer["predictions"]]

    assert found() == [("RBC", 0.9)]
    assert found(nms=0.9) == [("RBC", 0.9), ("RBC", 0.6)]
    assert found(threshold=0.05) == [("RBC", 0.9), ("WBC", 0.3)]
    assert found(threshold=0.95) == []


def test_candidates_are_added_when_asked_for(cells: Served) -> None:
    client = cells.client("user")
    answer = client.post(PREDICT, content=picture(), params={"candidates": "true"}).json()
    assert set(answer) == {*KEYS, "candidates"}
    assert [candidate["label"] for candidate in answer["candidates"]] == ["RBC", "RBC", "WBC"]
    assert answer["candidates"][2]["box"] == [20, 20, 30, 30]
    again = client.get(f"/api/v1/inferences/{answer['inference_id']}?candidates=true").json()
    assert again["candidates"] == answer["candidates"]
    assert again["predictions"] == answer["predictions"]


def test_blank_parameters_are_left_out_ones(cells: Served) -> None:
    params = {"threshold": "", "nms": "", "subject": "", "candidates": ""}
    answer = cells.client("user").post(PREDICT, content=picture(), params=params)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == KEYS


def test_a_form_and_a_raw_body_are_the_same_object(served: Served) -> None:
    client, data = served.client("user"), picture()
    raw = client.post(PREDICT, content=data, headers={"Content-Type": "text/plain"}).json()
    form = client.post(PREDICT, files={"file": ("cell.jpg", data)}, data={"note": "x"}).json()
    assert form["object_id"] == raw["object_id"]
    assert form["inference_id"] != raw["inference_id"]
    kept = client.get(f"/api/v1/objects/{raw['object_id']}")
    assert hashlib.sha256(kept.content).digest() == hashlib.sha256(data).digest()


def test_the_same_bytes_are_kept_once_per_subject(served: Served) -> None:
    client, data = served.client("user"), picture()
    ids = [
        client.post(PREDICT, content=data, params={"subject": subject}).json()["object_id"]
        for subject in ("ann", "ann", "bob")
    ]
    assert ids[0] == ids[1] != ids[2]
    assert len(list(served.services.store.list("objects"))) == 2


def test_a_repeated_key_is_one_request(cells: Served) -> None:
    client = cells.client("user")
    headers = {"Idempotency-Key": "first"}
    answers = [client.post(PREDICT, content=picture(), headers=headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert cells.rows("select count(*) from inferences") == [(1,)]
    for change in ({"content": picture(1)}, {"content": picture(), "params": {"threshold": 0.6}}):
        refused = client.post(PREDICT, headers=headers, **change)  # type: ignore[arg-type]
        assert refused.status_code == 409
        assert "first" in refused.json()["detail"]
    assert cells.rows("select count(*) from inferences") == [(1,)]
    assert len(list(cells.services.store.list("objects"))) == 1


def test_concurrent_repeats_of_a_key_are_one_request(cells: Served) -> None:
    client, headers = cells.client("user"), {"Idempotency-Key": "k"}
    with ThreadPoolExecutor(16) as pool:
        answers = list(
            pool.map(lambda _: client.post(PREDICT, content=picture(), headers=headers), range(16))
        )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["inference_id"] for answer in answers}) == 1
    assert len(list(cells.services.store.list("objects"))) == 1


def test_200_concurrent_predictions_are_captured_once_each(
    make_server: Callable[[Settings], Served], settings: Settings
) -> None:
    room = ServerSection(waiting=200, longest_wait_seconds=300, deadline_seconds=300)
    cells = make_server(settings.model_copy(update={"server": room}))
    cells.promote()
    client = cells.client("user")
    # Each image is sent twice, so that the race for one object is run as well.
    images = [picture(seed // 2) for seed in range(200)]
    with ThreadPoolExecutor(200) as pool:
        answers = list(pool.map(lambda data: client.post(PREDICT, content=data), images))
    assert {answer.status_code for answer in answers} == {200}
    ids = {answer.json()["inference_id"] for answer in answers}
    assert len(ids) == 200
    assert {row[0] for row in cells.rows("select inference_id from inferences")} == ids
    told = "select entity_id from outbox where type = 'millpond.inference.recorded'"
    assert sorted(str(row[0]) for row in cells.rows(told)) == sorted(ids)
    assert cells.rows("select count(*) from objects") == [(100,)]
    assert len(list(cells.services.store.list("objects"))) == 100


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WebP", "TIFF", "BMP"])
def test_every_format_is_answered(served: Served, form: str) -> None:
    answer = served.client("user").post(PREDICT, content=picture(form=form))
    assert answer.status_code == 200, answer.text


def test_the_name_of_an_app_may_have_underscores(served: Served) -> None:
    answer = served.client("user").post("/api/v1/apps/blood_cells/predict", content=picture())
    assert answer.json()["app"] == "blood-cells"


def test_the_list_is_a_table_too(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inferences, "_AT_ONCE", 2)
    mine, admin = served.client("user", name="uma"), served.client("admin")
    for seed in range(3):
        mine.post(PREDICT, content=picture(seed))
    admin.post(PREDICT, content=picture(9))
    path = "/api/v1/apps/blood-cells/inferences"
    lines = admin.get(path, params={"format": "csv", "limit": 1}).text.splitlines()
    assert lines[0] == "inference_id,object_id,recorded_at,model_version,predictions,reviewed"
    listed = [one["inference_id"] for one in admin.get(path).json()["inferences"]]
    assert [line.split(",")[0] for line in lines[1:]] == listed
    assert len(listed) == 4
    assert len(mine.get(path, params={"format": "csv"}).text.splitlines()) == 1 + 3


def test_an_inference_says_what_kind_of_file_it_saw(served: Served) -> None:
    client = served.client("user")
    answer = client.post(PREDICT, content=picture(form="WebP")).json()
    found = client.get(f"/api/v1/inferences/{answer['inference_id']}").json()
    assert found["media_type"] == "image/webp"
