"""What becomes of an answer: the list, one in full, annotations, and the object itself."""

from __future__ import annotations

import io

import httpx
import numpy as np
import pytest
from PIL import Image
from pydicom.data import get_testdata_file

from millpond.settings import Settings
from serving.helpers import Served, picture, serving

PREDICT = "/api/v1/apps/blood-cells/predict"
LIST = "/api/v1/apps/blood-cells/inferences"
ID = "0190b1a2-0000-7000-8000-00000000000a"


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> Served:
    with serving(tmp_path_factory.mktemp("project"), settings) as served:
        served.promote()
        yield served


@pytest.fixture(scope="module")
def admin(cells: Served) -> httpx.Client:
    return cells.client("admin")


def test_the_list_is_paged_newest_first(admin: httpx.Client) -> None:
    sent = [admin.post(PREDICT, content=picture(seed)).json() for seed in range(5)]
    sent.reverse()
    whole = admin.get(LIST).json()
    assert whole["next"] is None
    assert [line["inference_id"] for line in whole["inferences"]] == [
        answer["inference_id"] for answer in sent
    ]
    assert whole["inferences"][0] == {
        "inference_id": sent[0]["inference_id"],
        "object_id": sent[0]["object_id"],
        "recorded_at": whole["inferences"][0]["recorded_at"],
        "model_version": "blood-cells-1",
        "predictions": 1,
        "reviewed": False,
    }
    paged, cursor = [], None
    while True:
        page = admin.get(LIST, params={"limit": 2, **({"cursor": cursor} if cursor else {})})
        paged += page.json()["inferences"]
        cursor = page.json()["next"]
        if cursor is None:
            break
    assert paged == whole["inferences"]
    assert admin.get(LIST, params={"cursor": "x"}).status_code == 422
    assert admin.get(LIST, params={"limit": 0}).status_code == 422
    assert admin.get("/api/v1/apps/fruits/inferences").json()["inferences"] == []


def test_annotations_are_kept_and_shown(admin: httpx.Client) -> None:
    answer = admin.post(PREDICT, content=picture(10), params={"nms": 0.9}).json()
    first, second = (prediction["prediction_id"] for prediction in answer["predictions"])
    path = f"/api/v1/inferences/{answer['inference_id']}"
    sent = [
        {"action": "confirm", "prediction_id": first},
        {"action": "correct", "target": second, "label": "WBC"},
        {"annotation_id": ID, "action": "add", "label": "Platelets", "box": [1, 2, 3, 4.5]},
        {"action": "complete"},
    ]
    kept = admin.post(f"{path}/annotations", json=sent)
    assert kept.status_code == 201
    confirmed, corrected, added, complete = kept.json()
    assert set(confirmed) == {
        "annotation_id",
        "object_id",
        "inference_id",
        "action",
        "target",
        "label",
        "box",
        "annotator",
        "recorded_at",
    }
    assert (confirmed["label"], confirmed["box"]) == ("RBC", [0, 0, 10, 10])
    assert (corrected["label"], corrected["box"]) == ("WBC", [1, 1, 11, 11])
    assert (added["annotation_id"], added["target"], added["box"]) == (ID, None, [1, 2, 3, 4.5])
    assert complete["box"] is None
    assert confirmed["annotator"] == "token:admin"
    full = admin.get(path).json()
    assert full["annotations"] == kept.json()
    assert (full["threshold"], full["nms_threshold"]) == (0.5, 0.9)
    line = admin.get(LIST, params={"limit": 1}).json()["inferences"][0]
    assert (line["predictions"], line["reviewed"]) == (2, True)


def test_sending_again_changes_nothing(admin: httpx.Client, cells: Served) -> None:
    answer = admin.post(PREDICT, content=picture(11)).json()
    path = f"/api/v1/inferences/{answer['inference_id']}/annotations"
    ids = [f"0190b1a2-0000-7000-8000-0000000000b{number}" for number in range(2)]
    sent = [
        {"annotation_id": ids[0], "action": "add", "label": "RBC", "box": [1, 2, 30, 40]},
        {"annotation_id": ids[1], "action": "complete"},
    ]
    first = admin.post(path, json=sent)
    assert first.status_code == 201
    before = cells.kept()
    for body in (sent, {"annotations": sent}):
        again = admin.post(path, json=body)
        assert again.status_code == 200
        assert again.json() == first.json()
    assert cells.kept() == before


def test_an_object_is_annotated_without_an_inference(admin: httpx.Client) -> None:
    answer = admin.post(PREDICT, content=picture(12)).json()
    path = f"/api/v1/objects/{answer['object_id']}/annotations"
    cell = {"action": "add", "label": "RBC", "box": [1, 2, 30, 40]}
    kept = admin.post(path, params={"app": "blood-cells"}, json=[cell])
    assert kept.status_code == 201
    assert kept.json()[0]["inference_id"] is None
    assert admin.post(path, json=[{"action": "complete"}]).status_code == 201
    assert admin.post(path, params={"app": "fruits"}, json=[cell]).status_code == 404
    assert admin.post(path, params={"app": "moons"}, json=[cell]).status_code == 404


def test_an_object_comes_as_it_went(admin: httpx.Client) -> None:
    data = picture(13, "JPEG")
    object_id = admin.post(PREDICT, content=data).json()["object_id"]
    answer = admin.get(f"/api/v1/objects/{object_id}")
    assert answer.content == data
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-disposition"] == f'inline; filename="{object_id}.jpg"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"].startswith("private")
    known = {"If-None-Match": answer.headers["etag"]}
    assert admin.get(f"/api/v1/objects/{object_id}", headers=known).status_code == 304


def test_a_thumbnail_is_upright_and_no_larger_than_asked(admin: httpx.Client) -> None:
    image = Image.fromarray(np.full((100, 200, 3), 128, np.uint8))
    exif = image.getexif()
    exif[0x0112] = 6
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif)
    answer = admin.post(PREDICT, content=out.getvalue()).json()
    assert (answer["width"], answer["height"]) == (100, 200)
    path = f"/api/v1/objects/{answer['object_id']}/thumbnail"

    def size(asked: int) -> tuple[int, int]:
        shown = admin.get(path, params={"size": asked})
        assert shown.headers["content-type"] == "image/jpeg"
        return Image.open(io.BytesIO(shown.content)).size

    assert size(50) == (25, 50)
    assert size(2048) == (100, 200)
    for wrong in (15, 2049, "big"):
        assert admin.get(path, params={"size": wrong}).status_code == 422


def test_dicom_is_shown_as_a_picture(admin: httpx.Client) -> None:
    found = get_testdata_file("CT_small.dcm", download=False)
    assert isinstance(found, str)
    with open(found, "rb") as file:
        answer = admin.post(PREDICT, content=file.read()).json()
    path = f"/api/v1/objects/{answer['object_id']}"
    assert admin.get(path).headers["content-type"] == "application/dicom"
    shown = admin.get(f"{path}/thumbnail")
    assert Image.open(io.BytesIO(shown.content)).size == (128, 128)


def test_the_applications_are_listed(admin: httpx.Client) -> None:
    answer = admin.get("/api/v1/apps").json()
    assert answer["apps"][0] == {
        "app": "blood-cells",
        "task": "detection",
        "labels": ["RBC", "WBC", "Platelets"],
        "threshold": 0.5,
        "nms": 0.45,
        "champion": "blood-cells-1",
    }
    assert answer["apps"][1]["champion"] is None
