"""The client against a real server: the same methods, the same answers, the same errors."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from pycocotools.coco import COCO

import millpond
from millpond.client.client import Client
from millpond.errors import Conflict, Invalid, MillpondError, NotAnImage, NotFound, NotSignedIn
from running import Server


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with millpond.open(server.url, token=server.token) as client:
        assert isinstance(client, Client)
        yield client


def png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), "white").save(buffer, "PNG")
    return buffer.getvalue()


def test_the_loop_from_another_machine(client: Client, server: Server, tmp_path: Path) -> None:
    answer = client.predict(png(), key="one", subject="ann")
    assert client.predict(png(), key="one", subject="ann") == answer
    add = {"action": "add", "label": "a", "box": [1, 2, 30, 40]}
    kept = client.annotate([add, {"action": "complete"}], inference_id=answer["inference_id"])
    assert [row["action"] for row in kept] == ["add", "complete"]
    assert len(client.inference(answer["inference_id"])["annotations"]) == 2
    assert client.query("select label, x_max from ground_truth").to_pylist() == [
        {"label": "a", "x_max": 30.0}
    ]
    assert client.run("history")["status"] == "done"
    snapshot = client.snapshot("first")
    assert snapshot["images"] == 1
    past = client.query("select count(*) n from ground_truth", as_of="first")
    assert past.to_pylist() == [{"n": 1}]
    out = client.export("coco", tmp_path / "mart")
    assert len(COCO(str(out / "annotations.json")).anns) == 1
    with pytest.raises(Conflict):
        client.export("coco", out)
    assert client.models() == []
    assert client.request_review([answer["object_id"]]) == 1
    assert client.request_review(filter={"reviewed": "yes"}) == 0, "it waits already"
    [item] = client.review_queue("requested")["items"]
    assert item["object_id"] == answer["object_id"]
    with millpond.open(str(server.project)) as here:
        assert here.query("select count(*) n from ground_truth").to_pylist() == [{"n": 1}]
        assert here.review_queue("requested")["items"] == [item]
        with pytest.raises(Invalid, match="either object_ids or a filter"):
            here.request_review()


def test_refusals_come_back_as_their_errors(client: Client, server: Server) -> None:
    with pytest.raises(NotAnImage, match="text"):
        client.predict(b"hello, this is no image")
    with pytest.raises(NotFound, match="no application 'dogs'"):
        client.predict(png(), app="dogs")
    with pytest.raises(Invalid, match="threshold"):
        client.predict(png(), threshold=0.01)
    with pytest.raises(NotSignedIn), Client(server.url, token="mp_wrong") as stranger:
        stranger.models()
    with (
        pytest.raises(MillpondError, match="cannot be reached"),
        Client("http://127.0.0.1:9") as no,
    ):
        no.models()
