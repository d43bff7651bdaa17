"""Predictions that another model server made are recorded, over real HTTP."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from millpond.settings import Settings
from millpond.settings.capture import CaptureSources
from millpond.values import new_id
from s3_server import s3_server, use
from serving.helpers import Served, picture

PATH = "/api/v1/apps/blood-cells/inferences"
FOUND = [
    {"label": "WBC", "score": 0.3, "box": [20, 20, 30, 30]},
    {"label": "RBC", "score": 0.87, "box": [0.5, 0, 10, 48]},
]


def document(**more: Any) -> dict[str, Any]:
    return {"model": "triton/cells:3", "predictions": FOUND, "duration_ms": 7.5, **more}


def send(client: httpx.Client, image: bytes, path: str = PATH, **more: Any) -> httpx.Response:
    """Send an image with what was seen in it, as a form."""
    headers = {"Idempotency-Key": more.pop("key")} if "key" in more else {}
    parts = {
        "file": ("cell.png", image, "image/png"),
        "inference": (None, json.dumps(document(**more)), "application/json"),
    }
    return client.post(path, files=parts, headers=headers)


def test_a_form_is_kept_as_one_of_ours(served: Served) -> None:
    client, image = served.client("user"), picture()
    answer = send(client, image, occurred_at="2026-01-02T03:04:05+01:00", subject="Ann")
    assert answer.status_code == 201, answer.text
    kept = answer.json()
    assert kept["captured"] is True
    assert (kept["model_version"], kept["duration_ms"]) == ("triton/cells:3", 7.5)
    assert (kept["width"], kept["height"]) == (64, 48)
    assert [one["label"] for one in kept["predictions"]] == ["RBC", "WBC"], "best first"
    assert [one["score"] for one in kept["predictions"]] == [0.87, 0.3], "not rounded"
    stored = client.get(f"/api/v1/objects/{kept['object_id']}").content
    assert hashlib.sha256(stored).digest() == hashlib.sha256(image).digest()
    full = client.get(f"/api/v1/inferences/{kept['inference_id']}?candidates=true").json()
    assert full["predictions"] == kept["predictions"]
    assert (full["threshold"], full["nms_threshold"]) == (0.3, 1.0)
    assert full["requested_by"] == "token:user"
    assert full["occurred_at"] == "2026-01-02T02:04:05.000000Z"
    [row] = served.layers.query("select occurred_at, model_version from inferences").to_pylist()
    assert row["occurred_at"].isoformat() == "2026-01-02T02:04:05"
    events = served.rows("select type from outbox order by recorded_at")
    assert [kind for (kind,) in events] == [
        "millpond.object.recorded",
        "millpond.inference.recorded",
    ]


def test_the_three_other_ways_to_tell_the_image(
    make_server: Callable[[Settings], Served], settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "seen"
    folder.mkdir()
    (folder / "1.png").write_bytes(picture(1))
    allowed = CaptureSources(addresses=(str(folder),))
    served = make_server(settings.model_copy(update={"capture": allowed}))
    client = served.client("user")
    encoded = base64.b64encode(picture()).decode()
    first = client.post(PATH, json=document(image=encoded))
    assert first.status_code == 201, first.text
    object_id = first.json()["object_id"]
    again = client.post(PATH, json=document(object_id=object_id)).json()
    assert again["object_id"] == object_id
    assert again["inference_id"] != first.json()["inference_id"]
    for address in (str(folder / "1.png"), f"file://{folder}/1.png"):
        there = client.post(PATH, json=document(address=address))
        assert there.status_code == 201, there.text
        got = client.get(f"/api/v1/objects/{there.json()['object_id']}").content
        assert got == picture(1)
    assert served.rows("select count(*) from objects") == [(2,)]


def test_an_object_of_s3_is_read_where_the_settings_allow(
    make_server: Callable[[Settings], Served],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with s3_server() as bucket:
        bucket.put({"seen/1.png": picture(1), "other/2.png": picture(2), "seen/note": b"text"})
        use(monkeypatch, bucket.address)
        allowed = CaptureSources(addresses=("s3://pictures/seen",))
        limits = settings.limits.model_copy(update={"upload_mb": 1})
        served = make_server(settings.model_copy(update={"capture": allowed, "limits": limits}))
        client = served.client("user")

        def status(key: str) -> int:
            return client.post(PATH, json=document(address=f"s3://pictures/{key}")).status_code

        assert status("seen/1.png") == 201
        [stored] = served.services.store.list("objects")
        assert served.services.store.get(stored.key) == picture(1)
        bucket.put({"seen/huge.png": bytes(1024 * 1024 + 1)})
        asked = ("other/2.png", "seen/none.png", "seen/note", "seen/huge.png")
        assert [status(key) for key in asked] == [422, 404, 400, 413]


def test_no_address_may_be_read_unless_the_settings_say_so(served: Served) -> None:
    answer = served.client("user").post(PATH, json=document(address="/etc/passwd"))
    assert answer.status_code == 422
    assert "set [capture] addresses" in answer.json()["detail"]


def test_bodies_that_are_no_inference(served: Served) -> None:
    client = served.client("user")
    assert client.post(PATH, content=b"{").status_code == 422
    assert client.post(PATH, json=document()).status_code == 422
    assert client.post(PATH, json=document(image="?")).status_code == 422
    assert client.post(PATH, json=document(image="aGVsbG8=")).status_code == 400
    assert client.post(PATH, content=b'{"model": NaN}').status_code == 422
    assert client.post(PATH, files={"file": picture()}).status_code == 422
    assert client.post(PATH, files={"inference": b"{}"}).status_code == 422
    assert send(client, b"no image").status_code == 400
    assert send(client, picture(), "/api/v1/apps/none/inferences").status_code == 404
    assert served.rows("select count(*) from objects") == [(0,)]


def test_classification_has_no_boxes(served: Served) -> None:
    client, path = served.client("user"), "/api/v1/apps/fruits/inferences"
    told = [{"label": "pear", "score": 0.2}, {"label": "apple", "score": 0.8}]
    kept = send(client, picture(), path, predictions=told).json()
    assert [(one["label"], one["box"]) for one in kept["predictions"]] == [
        ("apple", None),
        ("pear", None),
    ]
    refused = send(client, picture(), path, predictions=FOUND)
    assert refused.status_code == 422
    nothing = send(client, picture(), path, predictions=[])
    assert nothing.json()["predictions"] == []


@pytest.mark.parametrize("way", ["key", "inference_id"])
def test_sent_again_it_is_kept_once(served: Served, way: str) -> None:
    client, image = served.client("user"), picture()
    again = {way: new_id()}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: send(client, image, **again), range(16)))
    assert sorted({answer.status_code for answer in answers}) == [200, 201]
    assert [answer.status_code for answer in answers].count(201) == 1
    assert len({answer.text for answer in answers}) == 1
    assert served.rows("select count(*) from inferences") == [(1,)]
    if way == "inference_id":
        assert answers[0].json()["inference_id"] == again[way]
    other = send(client, picture(1), **again)
    assert other.status_code == 409
    assert served.rows("select count(*) from objects") == [(1,)]
    assert len(list(served.services.store.list("objects"))) == 1


def test_an_id_belongs_to_one_inference(served: Served) -> None:
    """Also where somebody else sends it, for another application, or once it was archived."""
    taken = send(served.client("user", name="a"), picture()).json()["inference_id"]
    client = served.client("user", name="b")
    fruits = "/api/v1/apps/fruits/inferences"
    told = {"inference_id": taken, "predictions": []}
    assert send(client, picture(), **told).status_code == 409
    assert send(client, picture(), fruits, **told).status_code == 409
    served.layers.run("history")
    served.layers.run("archive", older_than="0s")
    assert served.rows("select count(*) from inferences") == [(0,)]
    assert send(client, picture(), **told).status_code == 409
    # The one who sent it first is still answered.
    mine = {"inference_id": new_id(), "predictions": []}
    assert send(client, picture(), **mine).status_code == 201
    served.layers.run("history")
    served.layers.run("archive", older_than="0s")
    assert send(client, picture(), **mine).status_code == 200


def test_who_may_record(served: Served) -> None:
    mine = send(served.client("user", name="a"), picture()).json()
    other = served.client("user", name="b")
    assert other.get(f"/api/v1/inferences/{mine['inference_id']}").status_code == 404
    theirs = other.post(PATH, json=document(object_id=mine["object_id"]))
    assert theirs.status_code == 404, "an object of somebody else"
    engineer = served.client("engineer")
    assert engineer.post(PATH, json=document(object_id=mine["object_id"])).status_code == 201
    assert send(served.client("officer"), picture()).status_code == 403
    assert send(served.client("user", name="c", app="fruits"), picture()).status_code == 403
    assert send(served.open(), picture()).status_code == 401
    wrong_app = engineer.post(
        "/api/v1/apps/fruits/inferences",
        json=document(object_id=mine["object_id"], predictions=[]),
    )
    assert wrong_app.status_code == 404
    known = engineer.post(PATH, json=document(object_id=mine["object_id"], subject="Ann"))
    assert known.status_code == 422


def test_it_is_reviewed_and_exported_as_any_other(served: Served, tmp_path: Path) -> None:
    client = served.client("admin")
    kept = send(client, picture()).json()
    assert client.get(PATH).json()["inferences"][0]["inference_id"] == kept["inference_id"]
    for _ in range(100):
        queue = client.get("/api/v1/apps/blood-cells/queue?strategy=oldest").json()
        if queue["items"]:
            break
        time.sleep(0.05)
    [item] = queue["items"]
    assert (item["inference_id"], item["model_version"]) == (
        kept["inference_id"],
        "triton/cells:3",
    )
    red, white = kept["predictions"]
    review = f"/api/v1/inferences/{kept['inference_id']}/annotations"
    said = [
        {"action": "correct", "target": red["prediction_id"], "label": "Platelets"},
        {"action": "reject", "target": white["prediction_id"]},
        {"action": "complete"},
    ]
    assert client.post(review, json=said).status_code == 201
    served.layers.export("coco", tmp_path / "coco", app="blood-cells")
    coco = json.loads((tmp_path / "coco" / "annotations.json").read_text())
    names = {one["id"]: one["name"] for one in coco["categories"]}
    [box] = coco["annotations"]
    assert (names[box["category_id"]], box["bbox"]) == ("Platelets", [0.5, 0, 9.5, 48])
    assert served.layers.verify().findings == ()
    served.layers.run("history")
    assert served.layers.verify().findings == ()


def test_a_project_in_a_folder_records_as_well(served: Served) -> None:
    kept = served.layers.log(
        picture(), model="cells", predictions=FOUND, app="blood-cells", key="a", subject="Ann"
    )
    again = served.layers.log(
        picture(), model="cells", predictions=FOUND, app="blood_cells", key="a", subject="Ann"
    )
    assert again == kept
    assert kept["captured"]
    assert kept["duration_ms"] is None
    [row] = served.layers.query("select duration_ms, occurred_at from inferences").to_pylist()
    assert row == {"duration_ms": None, "occurred_at": None}
    [hour] = served.layers.query(
        "select sum(predictions) as n, max(p50_ms) as p from metrics_hourly"
    ).to_pylist()
    assert (hour["n"], hour["p"]) == (2, None)
