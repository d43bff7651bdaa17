"""Images like one over HTTP: those of the same application, for those who look for images."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import numpy as np
import pytest

from features.rows import add_rows
from millpond.features.tables import FeatureTables
from millpond.settings import Settings
from serving.helpers import Served, picture, serving

APP = "/api/v1/apps/blood-cells"


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("project"), settings) as served:
        served.promote()
        yield served


@pytest.fixture(scope="module")
def admin(cells: Served) -> httpx.Client:
    return cells.client("admin")


@pytest.fixture(scope="module")
def sent(cells: Served, admin: httpx.Client) -> list[str]:
    """Four objects whose vectors turn away from the first, and one without a vector."""
    ids = [
        admin.post(f"{APP}/predict", content=picture(seed)).json()["object_id"] for seed in range(5)
    ]
    angles = np.linspace(0, 0.6, 4)
    vectors = np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
    table = FeatureTables(cells.layers.lake / "features").features
    add_rows(table, "net-000000000000", [*ids[:4], "/a.jpg"], np.vstack([vectors, vectors[:1]]))
    return ids


def _path(object_id: str) -> str:
    return f"/api/v1/objects/{object_id}/similar"


def test_the_most_alike_come_first(admin: httpx.Client, sent: list[str]) -> None:
    answer = admin.get(_path(sent[0]), params={"k": 2}).json()
    assert answer["object_id"] == sent[0]
    assert [one["object_id"] for one in answer["similar"]] == sent[1:3]
    assert answer["similar"][0]["similarity"] == pytest.approx(np.cos(0.2), abs=1e-6)
    assert len(admin.get(_path(sent[0])).json()["similar"]) == 3


def test_only_those_who_look_for_images_may_ask(cells: Served, sent: list[str]) -> None:
    reviewer = cells.client("reviewer")
    assert reviewer.get(_path(sent[0])).status_code == 200
    line = ("token:reviewer", "images.read", f"what is similar to {sent[0]}")
    assert line in cells.rows("select who, action, what from audit")
    assert cells.client("user").get(_path(sent[0])).status_code == 403
    assert (
        cells.client("reviewer", name="other", app="chest").get(_path(sent[0])).status_code == 403
    )
    assert httpx.get(cells.url + _path(sent[0])).status_code == 401


def test_what_is_not_there_is_told(admin: httpx.Client, sent: list[str]) -> None:
    missing = admin.get(_path(sent[4]))
    assert missing.status_code == 404
    assert "has no vector; millpond features makes them" in missing.json()["detail"]
    assert admin.get(_path("0199a000-0000-7000-8000-000000000000")).status_code == 404
    assert admin.get(_path(sent[0]), params={"model": "other"}).status_code == 404
    assert admin.get(_path(sent[0]), params={"k": 0}).status_code == 422
