"""Records that do not fit are refused, and leave nothing, whichever way they come."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from millpond.settings import Settings
from millpond.settings.capture import CaptureSources
from millpond.values import new_id
from serving.helpers import Served, picture, serving
from serving.test_record import FOUND, PATH, document, send


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> Iterator[Served]:
    """One server for all that is refused: nothing of it may stay. It may read two places."""
    folder = tmp_path_factory.mktemp("strict")
    seen = folder / "seen"
    seen.mkdir()
    (folder / "secret.png").write_bytes(picture())
    (seen / "link.png").symlink_to(folder / "secret.png")
    (seen / "note.txt").write_text("no image")
    os.mkfifo(seen / "pipe")
    allowed = CaptureSources(addresses=("../seen", "s3://bucket/seen/"))
    with serving(folder / "project", settings.model_copy(update={"capture": allowed})) as served:
        yield served


@pytest.mark.parametrize(
    ("address", "status", "says"),
    [
        ("{out}/secret.png", 422, "may not be read"),
        ("{seen}/../secret.png", 422, "may not be read"),
        ("{seen}/link.png", 422, "may not be read"),
        ("{seen}x/secret.png", 422, "may not be read"),
        ("file:///etc/passwd", 422, "may not be read"),
        ("s3://bucket/seen/../other.png", 422, "may not be read"),
        ("s3://bucket/seenother/1.png", 422, "may not be read"),
        ("http://127.0.0.1/1.png", 422, "may not be read"),
        ("{seen}/pipe", 404, "there is no file"),
        ("{seen}/none.png", 404, "there is no file"),
        ("{seen}/note.txt", 400, "looks like"),
        ("\0", 422, "may not be read"),
    ],
)
def test_an_address_is_read_only_where_the_settings_allow(
    strict: Served, address: str, status: int, says: str
) -> None:
    before = strict.kept()
    folder = strict.services.folder.parent
    asked = address.format(out=folder, seen=folder / "seen")
    answer = strict.client("user").post(PATH, json=document(address=asked))
    assert (answer.status_code, says in answer.json()["detail"]) == (status, True), answer.text
    assert strict.kept() == before


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"predictions": [FOUND[0], {**FOUND[1], "label": "WBD"}]}, "prediction 2 of 2: label 'WBD'"),
    ({"predictions": [{**FOUND[0], "score": 1.2}]}, "prediction 1 of 1: score 1.2"),
    ({"predictions": [{**FOUND[0], "score": -0.1}]}, "score -0.1 is not from 0 to 1"),
    ({"predictions": [{**FOUND[0], "score": "high"}]}, "predictions.0.score"),
    ({"predictions": [{**FOUND[0], "score": True}]}, "predictions.0.score"),
    ({"predictions": [{**FOUND[0], "box": [0, 0, 65, 10]}]}, "outside the picture of 64 x 48"),
    ({"predictions": [{**FOUND[0], "box": [9, 0, 3, 10]}]}, "empty or inside out"),
    ({"predictions": [{**FOUND[0], "box": [9, 0, 3]}]}, "a box is [x_min"),
    ({"predictions": [{"label": "RBC", "score": 0.5}]}, "a prediction needs a box"),
    ({"predictions": [FOUND[0]] * 1001}, "predictions: "),
    ({"predictions": "none"}, "predictions: "),
    ({"model": ""}, "is no name"),
    ({"model": "x" * 129}, "is no name"),
    ({"model": "blood-cells-1"}, "named as the models of this project are"),
    ({"model": "fruits-12"}, "'triton/fruits-12'"),
    ({"threshold": 0.5}, "below the threshold 0.5"),
    ({"threshold": 2}, "threshold: "),
    ({"duration_ms": -1}, "duration_ms: "),
    ({"occurred_at": "yesterday"}, "is no moment"),
    ({"occurred_at": "2199-01-01T00:00:00Z"}, "still to come"),
    ({"inference_id": "7"}, "is no UUIDv7"),
    ({"inference_id": "0190b6a3-0000-4000-8000-000000000001"}, "is no UUIDv7"),
    ({"inference_id": "f190b6a3-0000-7000-8000-000000000001"}, "still to come"),
    ({"inference_id": new_id(), "key": "a"}, "leave out the Idempotency-Key"),
    ({"subject": ""}, "a subject has from 1"),
    ({"object_id": new_id()}, "told by file and object_id"),
    ({"colour": "red"}, "colour: "),
]


@pytest.mark.parametrize(("wrong", "says"), WRONG, ids=[says for _, says in WRONG])
def test_what_does_not_fit_is_refused_and_leaves_nothing(
    strict: Served, wrong: dict[str, Any], says: str
) -> None:
    before = strict.kept()
    answer = send(strict.client("user"), picture(), **wrong)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert says in answer.json()["detail"]
    assert strict.kept() == before
