"""Whatever happens in whatever order: each answer stays, and truth is what its rules say."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import select

from lake import BOX, CELLS, Lake
from millpond.analytics.refresh import refresh
from millpond.capture import tables
from millpond.capture.annotations import NewAnnotation
from millpond.errors import Invalid
from millpond.history.load import Load
from millpond.history.reconcile import reconcile
from millpond.values import Prediction

VIEWS = ("documents", "reviews", "ground_truth")


class AnyOrder(RuleBasedStateMachine):
    """Records facts, loads, breaks loads off, opens again, and asks as of every moment so far."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.lake = Lake(self.folder)
        self.inferences: list[tuple[str, str | None]] = []
        self.targets: dict[str, list[str]] = defaultdict(list)
        self.noted: list[tuple[int, Any]] = []

    @rule(detections=st.integers(0, 3))
    def predict(self, detections: int) -> None:
        object_id = self.lake.object()
        sent = [Prediction("RBC", 0.9, BOX)] * detections
        inference_id, ids = self.lake.inference(object_id, sent)
        self.inferences += [(object_id, inference_id), (object_id, None)]
        self.targets[object_id] += ids

    @precondition(lambda self: self.inferences)
    @rule(
        action=st.sampled_from(["confirm", "correct", "add", "reject", "reopen", "complete"]),
        label=st.sampled_from(CELLS.labels),
        chance=st.randoms(use_true_random=False),
    )
    def annotate(self, action: Any, label: str, chance: random.Random) -> None:
        object_id, inference_id = chance.choice(self.inferences)
        targets = self.targets[object_id]
        needs = action in ("confirm", "correct", "reject", "reopen")
        if needs and not targets:
            return
        sent = NewAnnotation(
            action,
            chance.choice(targets) if needs else None,
            label if action in ("correct", "add") else None,
            BOX if action == "add" else None,
        )
        try:
            kept = self.lake.annotate(object_id, sent, inference_id=inference_id)
        except Invalid:
            return
        if action not in ("reject", "reopen", "complete"):
            targets += kept

    @rule()
    def note(self) -> None:
        self.noted.append((self.lake.now, self._state(None)))

    @rule()
    def load(self) -> None:
        self.lake.load()

    @rule()
    def refresh(self) -> None:
        lake = self.lake
        refresh(lake.engine, lake.history, lake.analytics, grace_seconds=0)

    @rule(steps=st.integers(1, 4))
    def break_off(self, steps: int) -> None:
        load = Load(self.lake.engine, self.lake.commit, self.lake.history)
        with self.lake.history.locked():
            if load.claim(self.lake.now):
                for step in (load.write, load.append, load.verify)[: steps - 1]:
                    step()

    @rule()
    def open_again(self) -> None:
        self.lake.close()
        self.lake = Lake(self.folder)

    @invariant()
    def answers_stay(self) -> None:
        for moment, state in self.noted[-2:]:
            assert self._state(moment) == state

    @invariant()
    def truth_is_what_its_rules_say(self) -> None:
        found = self.lake.rows("select object_id, annotation_id, label from ground_truth")
        assert sorted(found) == sorted(self._truth())

    def teardown(self) -> None:
        assert list(reconcile(self.lake.engine, self.lake.history)) == []
        self.lake.close()
        shutil.rmtree(self.folder)

    def _state(self, moment: int | None) -> Any:
        return [self.lake.rows(f"select * from {name} order by all", moment) for name in VIEWS]

    def _truth(self) -> list[tuple[str, str, str]]:
        """The truth after the words of the design, one annotation after the other."""
        query = select(tables.annotations, tables.reviews.c.object_id).join(tables.reviews)
        with self.lake.engine.connect() as connection:
            rows = connection.execute(query.order_by("recorded_at")).mappings().all()
        standing: dict[str, dict[str, Any]] = defaultdict(dict)
        latest: dict[str, str] = {}
        for row in rows:
            if row["action"] == "complete":
                latest[row["object_id"]] = row["review_id"]
            elif row["action"] in ("reject", "reopen"):
                standing[row["review_id"]].pop(row["root_id"], None)
            else:
                standing[row["review_id"]][row["root_id"]] = row
        return [
            (object_id, row["annotation_id"], row["label"])
            for object_id, review_id in latest.items()
            for row in standing[review_id].values()
        ]


AnyOrder.TestCase.settings = settings(
    max_examples=5,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestAnyOrder = AnyOrder.TestCase
