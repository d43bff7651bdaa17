"""The index against plain Python, through uploads, reviews, loads and archives in any order."""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analytics.images.slow import Slow
from lake import CELLS, FRUITS, Lake
from millpond.analytics.images.filter import ImageFilter
from millpond.analytics.images.index import Frozen, ImageIndex
from millpond.analytics.past import Past
from millpond.capture.annotations import NewAnnotation
from millpond.capture.review_requests import record_requests
from millpond.errors import Busy, Invalid
from millpond.history.archive import archive
from millpond.values import Action, Box, Prediction, new_id

APPS = {"cells": CELLS, "fruits": FRUITS}
PEOPLE = ("user:ann", "user:bob", "user:cid", "import")
MODELS = ("m-1", "m-2", None)
SCORES = (0.35, 0.5, 0.55, 0.9, 1.0)
FACETS = {
    "label": ["RBC", "WBC", "apple"],
    "outcome": ["tp", "fp", "fn", "tn"],
    "reviewed": ["yes", "no"],
    "annotator": list(PEOPLE),
    "model": ["m-1", "m-2"],
    "source": ["upload", "ingest"],
    "requested": ["yes", "no"],
}


class Life:
    """A project to which things happen by chance."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.lake = Lake(folder)
        self.past = Past(self.lake.history)
        self.chance = random.Random(seed)
        self.objects: list[tuple[str, str]] = []
        self.inferences: list[tuple[str, str]] = []
        #: What can be spoken of on each object: predictions, and what was said.
        self.targets: dict[str, list[str]] = defaultdict(list)
        self.frozen: list[Frozen] = []
        self.members: dict[str, list[str]] = {}

    def index(self) -> ImageIndex:
        lake = self.lake
        return ImageIndex(lake.engine, lake.analytics, self.past, APPS, lambda: self.frozen)

    def close(self) -> None:
        self.past.close()
        self.lake.close()

    def step(self) -> None:
        steps = (self.upload, self.infer, self.infer, self.say, self.say, self.say, self.ask)
        rare = (self.lake.load, self.archive, self.freeze)
        self.chance.choice(rare if self.chance.random() < 0.1 else steps)()

    def upload(self) -> None:
        app = self.chance.choice(("cells", "cells", "fruits"))
        subject = self.chance.choice((None, "ann", "ben"))
        path = self.chance.choice((None, "a/b.png"))
        self.objects.append((app, self.lake.object(app, subject=subject, path=path)))

    def infer(self) -> None:
        app, object_id = self.any_object()
        found = [
            Prediction(self.label(app), self.chance.choice(SCORES), self.box(app))
            for _ in range(self.chance.randrange(5))
        ]
        model = self.chance.choice(MODELS)
        found = sorted(found, key=lambda one: -one.score) if model else []
        inference_id, found_ids = self.lake.inference(object_id, found, app=app, model=model)
        self.targets[object_id] += found_ids
        self.inferences.append((object_id, inference_id))

    def say(self) -> None:
        app, object_id = self.any_object()
        mine = [None, *(one for about, one in self.inferences if about == object_id)]
        inference_id = self.chance.choice(mine[-2:])
        for _ in range(self.chance.randrange(1, 4)):
            try:
                self.targets[object_id] += self.lake.annotate(
                    object_id,
                    self.word(app, object_id),
                    inference_id=inference_id,
                    app=app,
                    by=self.chance.choice(PEOPLE),
                )
            except Invalid:
                continue

    def word(self, app: str, object_id: str) -> NewAnnotation:
        action = self.chance.choice(
            ("confirm", "correct", "correct", "reject", "reopen", "add", "complete", "complete")
        )
        if action == "complete":
            return NewAnnotation("complete")
        if action == "add":
            return NewAnnotation("add", label=self.label(app), box=self.box(app))
        target = self.chance.choice(self.targets[object_id] or [new_id()])
        label, box = self.label(app), self.box(app)
        return NewAnnotation(
            action,
            target,
            label if action == "correct" else None,
            box if action == "correct" and self.chance.random() < 0.5 else None,
        )

    def ask(self) -> None:
        _, object_id = self.any_object()
        self.lake.commit.run(lambda t: record_requests(t, [object_id], "user:ann"))

    def archive(self) -> None:
        archive(self.lake.engine, self.lake.commit, self.lake.history, 0)

    def freeze(self) -> None:
        name = f"s{len(self.frozen)}"
        taken = [key for app, key in self.objects if app == "cells" and self.chance.random() < 0.5]
        path = self.lake.folder / f"{name}.parquet"
        pq.write_table(pa.table({"object_id": taken, "part": ["train"] * len(taken)}), path)
        self.lake.refuse()
        self.frozen.append(Frozen(new_id(), name, "cells", self.lake.now, path))
        self.members[name] = taken

    def any_object(self) -> tuple[str, str]:
        if not self.objects or self.chance.random() < 0.2:
            self.upload()
        return self.chance.choice(self.objects)

    def label(self, app: str) -> str:
        return self.chance.choice(APPS[app].labels)

    def box(self, app: str) -> Box | None:
        if app == "fruits":
            return None
        left, top = self.chance.choice((0, 2, 8, 40)), self.chance.choice((0, 2, 30))
        return Box(left, top, left + 20, top + 20)

    def filter(self) -> ImageFilter:
        """Some fields, each with some values."""
        asked: dict[str, Any] = {}
        for field, values in FACETS.items():
            if self.chance.random() < 0.25:
                several = field not in ("reviewed", "requested")
                chosen = self.chance.sample(values, 2 if several else 1)
                asked[field] = tuple(chosen) if several else chosen[0]
        for field in ("min_score", "max_score"):
            if self.chance.random() < 0.15:
                asked[field] = self.chance.choice(SCORES)
        if self.frozen and self.chance.random() < 0.2:
            asked["snapshot"] = self.chance.choice(self.frozen).name
        if self.chance.random() < 0.2:
            asked[self.chance.choice(("since", "until"))] = self.lake.now - 50_000
        return ImageFilter(**asked)


@pytest.fixture
def life(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Life]:
    life = Life(tmp_path, request.param)
    yield life
    life.close()


def everything(index: ImageIndex, app: str) -> dict[str, dict[str, Any]]:
    page = index.page(app, ImageFilter(), limit=10_000, boxes=True)
    return {row["object_id"]: row for row in page.images}


def assert_right(life: Life, index: ImageIndex) -> None:
    slow = Slow(life.lake, APPS, life.members)
    for app in APPS:
        rows = everything(index, app)
        expected = {key: row for key, row in slow.images.items() if row["app"] == app}
        assert rows.keys() == expected.keys()
        for key, right in expected.items():
            row = {name: rows[key][name] for name in right}
            for one in (row, right):
                one["boxes"] = sorted(one["boxes"], key=str)
            assert row == right
        for chosen in (ImageFilter(), *(life.filter() for _ in range(4))):
            assert_filtered(life, index, slow, app, chosen)


def assert_filtered(
    life: Life, index: ImageIndex, slow: Slow, app: str, chosen: ImageFilter
) -> None:
    if app == "fruits" and chosen.snapshot:
        with pytest.raises(Invalid, match="existing snapshots: none"):
            index.ids(app, chosen)
        return
    held = slow.holds(app, chosen)
    assert sorted(index.ids(app, chosen)) == held
    assert sorted(row["object_id"] for row in index.rows(app, chosen)) == held
    found = index.facets(app, chosen)
    assert found.total == len(held)
    assert found.scores == slow.scores(app, chosen)
    values = {**FACETS, "snapshot": list(life.members) if app == "cells" else []}
    values["subject"] = sorted({row["subject_id"] for row in slow.images.values()} - {None})
    values["label"] = slow.labels(app)
    for field, known in values.items():
        assert dict(found.facets[field]) == slow.facet(app, chosen, field, known), field
    assert all(
        list(counts) == sorted(counts, key=lambda pair: (-pair[1], pair[0]))
        for counts in found.facets.values()
    )


@pytest.mark.parametrize("life", range(3), indirect=True)
def test_every_figure_is_that_of_plain_python(life: Life) -> None:
    index = life.index()
    life.upload()
    for step in range(60):
        life.step()
        if step % 15 == 14:
            assert_right(life, index)
    fresh = life.index()
    for app in APPS:
        assert everything(fresh, app) == everything(index, app), "kept up as if built anew"
    index.close()
    fresh.close()


@pytest.mark.parametrize("life", [0], indirect=True)
def test_nothing_is_built_once_it_is_closed(life: Life) -> None:
    life.upload()
    for _ in range(20):
        index = life.index()
        index.warm()
        index.close()
        assert "images" not in {thread.name for thread in threading.enumerate()}
        with pytest.raises(Busy, match="is being closed"):
            index.count("cells")


@pytest.mark.parametrize("life", [0], indirect=True)
def test_what_was_archived_unseen_is_seen(life: Life) -> None:
    index, lake = life.index(), life.lake
    object_id = lake.object()
    assert index.count("cells") == 1
    inference_id, [prediction] = lake.inference(object_id)
    lake.annotate(object_id, NewAnnotation("reject", prediction), inference_id=inference_id)
    life.archive()
    lake.annotate(object_id, NewAnnotation("complete"), inference_id=inference_id)
    [image] = index.select("cells", where="reviewed")
    assert (image["tp"], image["fp"], image["fn"]) == (0, 1, 0)
    index.close()


@pytest.mark.parametrize("life", [0], indirect=True)
def test_a_change_of_ones_mind_is_no_dispute(life: Life) -> None:
    index, lake = life.index(), life.lake
    object_id = lake.object()
    inference_id, [prediction] = lake.inference(object_id)

    def say(by: str, action: Action, **fields: Any) -> tuple[int, list[str]]:
        word = NewAnnotation(action, prediction, **fields)
        lake.annotate(object_id, word, inference_id=inference_id, by=by)
        [image] = index.select("cells")
        return image["disputed"], image["disputed_by"]

    both = (1, ["user:ann", "user:bob"])
    assert say("user:ann", "confirm") == (0, [])
    assert say("user:bob", "reject") == both
    assert say("user:bob", "correct", box=Box(11, 21, 31, 41)) == (0, []), "nearly the same box"
    assert say("user:bob", "correct", label="WBC") == both
    assert say("user:cid", "confirm") == (0, []), "a third settles it"
    assert say("user:cid", "reopen") == both
    assert say("user:bob", "reopen") == (0, []), "bob took his word back"
    assert say("import", "reject") == (0, []), "an import is nobody"
    index.close()


@pytest.mark.parametrize("life", [0], indirect=True)
def test_what_is_closed_says_so(life: Life) -> None:
    index = life.index()
    index.close()
    with pytest.raises(Busy, match="being closed"):
        index.count("cells")
