"""Promotions under load: no answer is lost, and each names the model that computed it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from millpond.models.predictor import Predictor
from millpond.models.registry import Registry
from millpond.settings import AppSection, Settings
from proofs.report import report
from serving.helpers import Served, picture, serving
from serving.loaded import APP, LABELS, PREDICT, package

SETTINGS = Settings(apps={APP: AppSection(task="classification", labels=LABELS)})


def test_each_answer_is_of_the_model_that_it_names(tmp_path: Path) -> None:
    promote_under_load(tmp_path, promotions=12, every=0.1)


@pytest.mark.soak
def test_a_promotion_every_second_for_a_minute(tmp_path: Path) -> None:
    promote_under_load(tmp_path, promotions=60, every=1.0)


def promote_under_load(folder: Path, promotions: int, every: float) -> None:
    """Promote six models in turn; only four are kept in memory, so some are loaded each time."""
    with serving(folder, SETTINGS) as served:
        registry = served.services.registry
        scores = {}
        for number in range(6):
            made = registry.register(package(score=1.0 + number, times=1), by="os:test")
            scores[made.version] = _score(registry, made.version)
        assert len(set(scores.values())) == 6
        versions = list(scores)
        registry.set_champion(APP, versions[0], by="os:test")
        wrong: list[object] = []
        answered: Counter[str] = Counter()
        ending = threading.Event()
        senders = [
            threading.Thread(target=_send, args=(served, number, ending, scores, answered, wrong))
            for number in range(6)
        ]
        for sender in senders:
            sender.start()
        client = served.client("admin", name="promoter")
        for promoted in range(1, promotions + 1):
            body = {"force": True, "reason": "the next one"}
            version = versions[promoted % len(versions)]
            told = client.post(f"/api/v1/models/{version}/promote", json=body)
            assert told.status_code == 200, told.text
            # From the next request on it is the new one that answers.
            answer = client.post(PREDICT, content=picture(10_000 + promoted)).json()
            assert answer["model_version"] == version
            time.sleep(every)
        ending.set()
        for sender in senders:
            sender.join()
        kept = dict(served.rows("select model_version, count(*) from inferences group by 1"))
    report("promotions", promoted=promotions, answered=answered.total(), wrong=len(wrong))
    assert wrong == []
    assert len(answered) == 6
    for version, count in answered.items():
        answered[version] = count + sum(
            versions[number % 6] == version for number in range(1, promotions + 1)
        )
    assert kept == answered


def _score(registry: Registry, version: str) -> float:
    predictor = Predictor(registry.package(version))
    return predictor.candidates(np.zeros((48, 64, 3), np.uint8))[0].score


def _send(
    served: Served,
    number: int,
    ending: threading.Event,
    scores: dict[str, float],
    answered: Counter[str],
    wrong: list[object],
) -> None:
    client = served.client("user", name=f"sender-{number}")
    seed = 100_000 * (number + 1)
    while not ending.is_set():
        seed += 1
        response = client.post(PREDICT, content=picture(seed))
        answer = response.json()
        if response.status_code != 200:
            wrong.append(answer)
            continue
        version = answer["model_version"]
        if abs(answer["predictions"][0]["score"] - scores[version]) > 1e-6:
            wrong.append(answer)
        answered[version] += 1


def test_many_who_ask_for_a_model_wait_for_one_loading(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = served.promote()
    read, registry = [], served.services.registry
    registry._loaded.clear()
    package = registry.package

    def counted(asked: str) -> object:
        read.append(asked)
        time.sleep(0.1)
        return package(asked)

    monkeypatch.setattr(registry, "package", counted)
    found: list[Predictor] = []
    threads = [
        threading.Thread(target=lambda: found.append(registry.predictor(version))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read == [version]
    assert len(set(map(id, found))) == 1
    assert len(found) == 8


def test_a_model_that_cannot_be_loaded_can_be_asked_for_again(cells: Served) -> None:
    registry = cells.services.registry
    version = registry.champion("blood-cells")
    assert version is not None
    registry._loaded.clear()
    folder: Path = registry._folder / version
    aside = folder.with_name("aside")
    folder.rename(aside)
    with pytest.raises(Exception, match="model"):
        registry.predictor(version)
    aside.rename(folder)
    assert registry.predictor(version).version == version


def test_the_next_champion_is_loaded_before_it_takes_over(cells: Served) -> None:
    registry = cells.services.registry
    client = cells.client("user")
    path = "/api/v1/apps/blood-cells/predict"
    assert client.post(path, content=picture(1)).status_code == 200
    before = registry.champion("blood-cells")
    after = cells.promote()
    assert {before, after} <= registry._loaded.keys()
    registry._loaded.pop(before)
    assert registry.rollback("blood-cells", by="os:test") == before
    assert before in registry._loaded
