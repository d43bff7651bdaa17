"""After an archive every answer is the same, and what was archived can still be corrected."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from millpond.database.clock import last
from millpond.database.connection import reading
from millpond.history.archive import Archived, archive
from millpond.pipelines.ingest import IngestOptions
from millpond.settings import Settings
from millpond.values import new_id
from serving.helpers import Served, picture, serving

PREDICT = "/api/v1/apps/blood-cells/predict"
LIST = "/api/v1/apps/blood-cells/inferences"
VIEWS = (
    "images",
    "inferences",
    "predictions",
    "annotations",
    "reviews",
    "ground_truth",
    "documents",
    "metrics_hourly",
    "refusals",
)
LEAVE = ("inferences", "predictions", "annotations", "refusals", "outbox", "reviews")


@dataclass
class Scene:
    """A project in which everything has happened, and who looks at it."""

    served: Served
    admin: httpx.Client
    user: httpx.Client
    moments: list[int]

    def predict(self, seed: int, by: httpx.Client | None = None, **options: Any) -> Any:
        answer = (by or self.admin).post(PREDICT, content=picture(seed), **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def annotate(self, place: str, *sent: dict[str, Any], expect: int = 201) -> Any:
        answer = self.admin.post(f"/api/v1/{place}/annotations", json=list(sent))
        assert answer.status_code == expect, answer.text
        return answer.json()

    def archive(self, older_than: int = 0) -> Archived:
        project = self.served.layers
        return archive(project.engine, project.commit, project.history, older_than)

    def pass_by(self) -> None:
        """Remember the moment of the last fact."""
        with reading(self.served.layers.engine) as connection:
            self.moments.append(last(connection))

    def left(self) -> dict[str, int]:
        """Rows of the tables that facts leave, where there are any."""
        found = {name: self.served.rows(f"select count(*) from {name}")[0][0] for name in LEAVE}
        return {name: int(str(rows)) for name, rows in found.items() if rows}

    def answers(self) -> dict[str, Any]:
        """Every answer that a reader can get, the views as of each moment."""
        found: dict[str, Any] = {}
        for caller, client in (("admin", self.admin), ("user", self.user)):
            for limit in (2, 50):
                found[f"{caller} {limit}"] = lines = list(pages(client, limit))
            for line in lines:
                for path in (
                    f"inferences/{line['inference_id']}?candidates=true",
                    f"objects/{line['object_id']}",
                ):
                    answer = client.get(f"/api/v1/{path}")
                    found[f"{caller} {path}"] = (answer.status_code, answer.content)
        for (object_id,) in self.served.rows("select object_id from objects"):
            found[f"sees {object_id}"] = self.user.get(f"/api/v1/objects/{object_id}").status_code
        for moment in self.moments[1::2]:
            for view in VIEWS:
                table = self.served.layers.analytics.table(
                    f"select * from {view} order by all", moment
                )
                found[f"{view} as of {moment}"] = table.to_pylist()
        return found


def pages(client: httpx.Client, limit: int) -> Iterator[dict[str, Any]]:
    """The lines of the list, page by page."""
    cursor = None
    while True:
        asked = {"limit": limit, **({"cursor": cursor} if cursor else {})}
        page = client.get(LIST, params=asked).json()
        yield from page["inferences"]
        cursor = page["next"]
        if cursor is None:
            return


@pytest.fixture
def scene(tmp_path: Path, settings: Settings) -> Iterator[Scene]:
    with serving(tmp_path / "project", settings) as served:
        served.promote()
        scene = Scene(served, served.client("admin"), served.client("user"), [])
        scene.user = served.client("user", name="ann")
        yield scene


def happen(scene: Scene, folder: Path) -> None:
    """Have something of everything recorded, and remember moments in between."""
    first = scene.predict(1, params={"nms": 0.9, "subject": "patient 7"})
    one, two = (prediction["prediction_id"] for prediction in first["predictions"])
    place = f"inferences/{first['inference_id']}"
    scene.pass_by()
    said = scene.annotate(
        place,
        {"action": "confirm", "prediction_id": one},
        {"action": "correct", "target": two, "label": "WBC"},
        {"action": "add", "label": "Platelets", "box": [1, 2, 3, 4.5]},
        {"action": "complete"},
    )
    scene.pass_by()
    scene.annotate(
        place,
        {"action": "reject", "target": said[2]["annotation_id"]},
        {"action": "correct", "target": said[1]["annotation_id"], "box": [5, 5, 6, 6]},
    )
    scene.predict(2, by=scene.user, headers={"Idempotency-Key": "k"})
    scene.predict(2, by=scene.user)
    scene.predict(3)
    scene.annotate(
        f"objects/{scene.predict(4)['object_id']}",
        {"action": "add", "label": "RBC", "box": [0, 0, 9, 9]},
        {"action": "complete"},
    )
    assert scene.admin.post(PREDICT, content=b"no image").status_code == 400
    record(scene)
    scene.pass_by()
    bring(scene, folder, "RBC")
    scene.pass_by()


def record(scene: Scene) -> None:
    """Record what another server answered, a while ago."""
    sent = {
        "model": "triton/cells:3",
        "predictions": [{"label": "RBC", "score": 0.9, "box": [0, 0, 9, 9]}],
        "image": base64.b64encode(picture(5)).decode(),
        "occurred_at": "2026-01-02T03:04:05Z",
    }
    answer = scene.admin.post(LIST, json=sent)
    assert answer.status_code == 201, answer.text


def bring(scene: Scene, folder: Path, label: str) -> Any:
    """Ingest two pictures with a box of a label each."""
    folder.mkdir(exist_ok=True)
    for seed in (50, 51):
        out = io.BytesIO(picture(seed))
        Image.open(out).save(folder / f"{seed}.png")
        (folder / f"{seed}.xml").write_text(
            f"<annotation><object><name>{label}</name><bndbox><xmin>1</xmin><ymin>1</ymin>"
            "<xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>"
        )
    options = IngestOptions(format="voc")
    return scene.served.layers.ingest(folder, app="blood-cells", options=options)


def test_every_answer_is_the_same_before_and_after(scene: Scene, tmp_path: Path) -> None:
    happen(scene, tmp_path / "feed")
    before = scene.answers()
    done = scene.archive()
    assert done.rows > 20
    assert done.archived_until >= scene.moments[-1]
    assert not scene.left()
    assert scene.answers() == before
    assert scene.served.layers.verify().findings == ()
    # Life goes on with what was archived, and is archived in its turn.
    happen(scene, tmp_path / "feed")
    between = scene.answers()
    assert {name: between[name] for name in before if " as of " in name} == {
        name: answer for name, answer in before.items() if " as of " in name
    }
    assert scene.served.layers.verify().findings == ()
    scene.archive()
    assert not scene.left()
    assert scene.answers() == between
    assert scene.served.layers.verify().findings == ()


def test_what_was_archived_can_be_corrected(scene: Scene) -> None:
    answer = scene.predict(1, params={"nms": 0.9})
    place, object_id = f"inferences/{answer['inference_id']}", answer["object_id"]
    one, two = (prediction["prediction_id"] for prediction in answer["predictions"])
    known, added = new_id(), new_id()
    sent = [
        {"annotation_id": known, "action": "confirm", "target": one},
        {"annotation_id": added, "action": "add", "label": "RBC", "box": [1, 2, 3, 4]},
    ]
    first = scene.annotate(place, *sent)
    scene.archive()
    assert scene.annotate(place, *sent, expect=200) == first
    assert not scene.left()
    scene.annotate(place, {**sent[0], "target": two}, expect=409)
    scene.annotate(f"objects/{object_id}", {**sent[1]}, expect=409)
    other = scene.predict(2)
    wrong = scene.annotate(
        f"inferences/{other['inference_id']}", {"action": "confirm", "target": one}, expect=422
    )
    assert "no prediction or annotation on this object" in wrong["detail"]
    again = scene.predict(1)
    wrong = scene.annotate(
        f"inferences/{again['inference_id']}", {"action": "confirm", "target": one}, expect=422
    )
    assert f"belongs to inference {answer['inference_id']}" in wrong["detail"]
    later = scene.annotate(
        f"objects/{object_id}",
        {"action": "reject", "target": two},
        {"action": "correct", "target": added, "label": "WBC"},
        {"action": "complete"},
    )
    # One that targets another joins its review, though that review has left.
    assert [row["inference_id"] for row in later] == [None, answer["inference_id"], None]
    # Whether it can be open again depends on what left with it.
    opened = scene.annotate(place, {"action": "reopen", "target": known})
    wrong = scene.annotate(place, {"action": "reopen", "target": added}, expect=422)
    assert "was added, so it cannot be open again" in wrong["detail"]
    done = scene.annotate(place, {"action": "complete"}, {"action": "reject", "target": added})
    listed = {line["inference_id"]: line["reviewed"] for line in pages(scene.admin, 50)}
    assert listed == {
        again["inference_id"]: False,
        other["inference_id"]: False,
        answer["inference_id"]: True,
    }
    shown = scene.admin.get(f"/api/v1/{place}").json()["annotations"]
    assert shown == [*first, later[1], *opened, *done]
    assert scene.served.layers.verify().findings == ()
    scene.archive()
    assert scene.admin.get(f"/api/v1/{place}").json()["annotations"] == shown
    assert {line["inference_id"]: line["reviewed"] for line in pages(scene.admin, 50)} == listed


def test_a_key_is_answered_as_before(scene: Scene) -> None:
    key = {"Idempotency-Key": "once"}
    answer = scene.predict(1, headers=key, params={"candidates": True})
    scene.archive()
    assert scene.predict(1, headers=key, params={"candidates": True}) == answer
    refused = scene.admin.post(PREDICT, content=picture(2), headers=key)
    assert refused.status_code == 409
    assert len(list(pages(scene.admin, 50))) == 1


def test_an_ingest_knows_what_was_archived(scene: Scene, tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    assert bring(scene, folder, "RBC").annotations == 2
    scene.archive()
    again = bring(scene, folder, "RBC")
    assert (again.objects, again.annotations, again.refused) == (0, 0, 0)
    assert not scene.left()
    assert bring(scene, folder, "WBC").annotations == 2
    truth = scene.served.layers.analytics.table("select label from ground_truth")
    assert truth["label"].to_pylist() == ["WBC", "WBC"]
    scene.archive()
    assert bring(scene, folder, "WBC").annotations == 0
