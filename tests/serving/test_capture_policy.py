"""An application that keeps a part of what it is asked, over real HTTP."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from millpond.capture.policy import lot
from millpond.database.clock import last
from millpond.database.connection import reading
from millpond.settings import AppSection, Settings
from millpond.settings.capture import CaptureSection
from serving.helpers import LABELS, Served, picture

PREDICT = "/api/v1/apps/blood-cells/predict"


@pytest.fixture
def keeping(make_server: Callable[[Settings], Served]) -> Callable[..., Served]:
    """Serves a detector that answers an RBC of 0.9, by some policy."""

    def serve(**capture: Any) -> Served:
        section = AppSection(
            task="detection", labels=LABELS, capture=CaptureSection.model_validate(capture)
        )
        served = make_server(Settings(apps={"blood_cells": section}))
        served.promote()
        return served

    return serve


def predict(client: httpx.Client, seed: int, **more: Any) -> dict[str, Any]:
    headers = {"Idempotency-Key": more.pop("key")} if "key" in more else {}
    answer = client.post(PREDICT, content=picture(seed), params=more, headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_what_is_left_out_is_answered_and_leaves_nothing(keeping: Callable[..., Served]) -> None:
    served = keeping(policy="rate", rate=0)
    client, before = served.client("user"), served.kept()
    answer = predict(client, 0, candidates="true", threshold=0.3, nms=1)
    assert [answer[name] for name in ("captured", "inference_id", "object_id")] == [
        False,
        None,
        None,
    ]
    assert answer["model_version"] == "blood-cells-1"
    assert (answer["width"], answer["height"]) == (64, 48)
    assert answer["duration_ms"] > 0
    assert [one["label"] for one in answer["predictions"]] == ["RBC", "RBC", "WBC"]
    assert {one["prediction_id"] for one in answer["predictions"]} == {None}
    assert len(answer["candidates"]) == 3
    assert served.kept() == before
    assert served.rows("select count(*) from refusals") == [(0,)]


def test_a_rate_decides_by_the_image(keeping: Callable[..., Served]) -> None:
    served = keeping(policy="rate", rate=0.5)
    client = served.client("user")
    with ThreadPoolExecutor(8) as pool:
        first = list(pool.map(lambda seed: predict(client, seed), range(32)))
        again = list(pool.map(lambda seed: predict(client, seed), range(32)))
    kept = [answer["captured"] for answer in first]
    assert [answer["captured"] for answer in again] == kept, "the same image, the same decision"
    assert 4 <= sum(kept) <= 28
    assert served.rows("select count(*) from objects") == [(sum(kept),)]
    assert served.rows("select count(*) from inferences") == [(2 * sum(kept),)]
    for seed, was_kept in enumerate(kept):
        sha256 = hashlib.sha256(picture(seed)).hexdigest()
        assert (lot(("blood-cells", None, sha256)) < 0.5) == was_kept


def test_low_confidence_keeps_what_is_below_or_nothing(keeping: Callable[..., Served]) -> None:
    client = keeping(policy="low_confidence", below=0.6).client("user")
    assert not predict(client, 0)["captured"], "0.9 alone"
    assert predict(client, 1, threshold=0.2)["captured"], "0.3 among them"
    assert predict(client, 2, threshold=0.95)["captured"], "nothing found"


def test_a_quota_of_an_hour_is_exact_under_load(keeping: Callable[..., Served]) -> None:
    served = keeping(per_hour=10)
    client = served.client("user")
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda seed: predict(client, seed), range(60)))
    assert Counter(answer["captured"] for answer in answers) == {True: 10, False: 50}
    assert served.rows("select count(*) from inferences") == [(10,)]
    assert served.rows("select count(*) from objects") == [(10,)]
    assert len(list(served.services.store.list("objects"))) == 10, "no bytes of the others"
    assert served.layers.uncaptured.totals() == {("blood-cells", "blood-cells-1", "quota"): 50}


def test_a_key_is_answered_again_whatever_the_policy_says_now(
    keeping: Callable[..., Served],
) -> None:
    client = keeping(per_hour=1).client("user")
    first = predict(client, 0, key="a")
    assert first["captured"]
    assert predict(client, 0, key="a") == first, "no second place is taken for it"
    left_out = predict(client, 1, key="b")
    assert not left_out["captured"]
    assert not predict(client, 1, key="b")["captured"], "asked again, it is computed again"


def test_what_is_told_by_another_server_is_always_kept(keeping: Callable[..., Served]) -> None:
    served = keeping(policy="rate", rate=0, per_hour=1)
    for seed in range(3):
        kept = served.layers.log(
            picture(seed), model="cells", predictions=[], app="blood-cells", by="os:test"
        )
        assert kept["captured"]


def test_the_view_counts_what_was_left_out_at_every_moment(keeping: Callable[..., Served]) -> None:
    served = keeping(policy="low_confidence", below=0.5)
    client, project = served.client("user"), served.layers

    def counted(as_of: int | None = None) -> list[dict[str, Any]]:
        return project.query("select * exclude (hour) from uncaptured", as_of).to_pylist()

    for seed in range(3):
        predict(client, seed)
    project.uncaptured.flush()
    with reading(served.services.engine) as connection:
        moment = last(connection)
    for seed in range(2):
        predict(client, seed)
    project.uncaptured.flush()
    of = {"app": "blood-cells", "model_version": "blood-cells-1", "reason": "confident"}
    assert counted() == [{**of, "requests": 5}]
    assert counted(moment) == [{**of, "requests": 3}]
    assert project.verify().findings == ()
    project.run("history")
    project.run("archive", older_than="0s")
    assert served.rows("select count(*) from uncaptured") == [(0,)]
    assert counted() == [{**of, "requests": 5}]
    assert counted(moment) == [{**of, "requests": 3}]
    assert project.verify().findings == ()
    [hour] = project.query("select hour from uncaptured").to_pylist()
    assert hour["hour"].minute == hour["hour"].second == 0
