"""Whatever happens in whatever order, every view at every moment is what the truth says."""

from __future__ import annotations

import json
import random
import shutil
import tempfile
import threading
import time
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from lake import BOX
from millpond.analytics.refresh import refresh
from millpond.database import clock
from millpond.database.connection import reading, writing
from millpond.database.group_commit import Transaction
from millpond.history.archive import archive
from millpond.history.compact import compact
from millpond.history.load import Load, load
from millpond.history.maintain import maintain
from millpond.history.reconcile import reconcile
from millpond.project import Project
from millpond.values import new_id
from proofs.facts import Record, a_refusal, an_inference, an_object
from proofs.report import report
from proofs.truth import BOX_COLUMNS, Truth, comparable, increases, micros
from proofs.work import declare
from running import millpond

#: The columns of each view that the truth knows.
COLUMNS = {
    "images": ("object_id", "source", "recorded_at"),
    "inferences": ("inference_id", "object_id", "duration_ms", "recorded_at"),
    "predictions": ("prediction_id", "inference_id", "label", "score", "x_min"),
    "annotations": (
        *("annotation_id", "object_id", "inference_id", "target_id", "root_id", "action"),
        *("label", "x_min", "x_max", "annotator", "recorded_at"),
    ),
    "reviews": ("object_id", "inference_id", "completed_at", "annotator"),
    "ground_truth": ("object_id", "annotation_id", "label", "x_min", "y_max"),
    "refusals": ("recorded_at", "status"),
    "documents": ("object_id", "inferences", "annotations"),
    "counts": ("id", "n", "valid_from"),
    "metrics_hourly": ("hour", "label", "inferences", "predictions", "mean_score", "p50_ms"),
}
LABELS = ("a", "b")
_MACHINE = clock.machine_now


class Model(RuleBasedStateMachine):
    """A project and the truth, to which the same things happen."""

    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=fast_disk())) / "cells"
        shutil.copytree(template(), self.folder)
        self.project = Project.open(self.folder)
        self.truth = Truth()
        self.noted: list[tuple[int, str, list[str]]] = []
        self.chance = random.Random(0)
        self.copies = 0

    @initialize(seed=st.integers(0, 2**32))
    def begin(self, seed: int) -> None:
        self.chance = random.Random(seed)
        for _ in range(3):
            self.record(an_object(self.project.store, "upload", None))
            self.record(self.an_inference(["a", "b"], 5))

    # Facts.

    @rule(ingested=st.booleans(), subject=st.sampled_from([None, "ann", "bob"]))
    def bring_an_object(self, ingested: bool, subject: str | None) -> None:
        source = "ingest" if ingested else "upload"
        self.record(an_object(self.project.store, source, subject))

    @rule(labels=st.lists(st.sampled_from(LABELS), max_size=3), duration=st.integers(1, 99))
    def predict(self, labels: list[str], duration: int) -> None:
        self.record(self.an_inference(labels, duration))

    @rule(
        actions=st.lists(
            st.sampled_from(["confirm", "correct", "add", "reject", "reopen", "complete"]),
            min_size=1,
            max_size=5,
        ),
        label=st.sampled_from(LABELS),
        by_inference=st.booleans(),
    )
    def annotate(self, actions: list[str], label: str, by_inference: bool) -> None:
        image = self.chance.choice(self.truth.images[-5:])["object_id"]
        about = [row for row in self.truth.inferences if row["object_id"] == image]
        inference = self.chance.choice(about)["inference_id"] if about and by_inference else None
        for action in actions:
            self.say(action, label, image, inference)

    @precondition(lambda self: self.truth.annotations)
    @rule()
    def send_the_same_again(self) -> None:
        row = self.chance.choice(self.truth.annotations)
        sent = {"action": row["action"], "annotation_id": row["annotation_id"]}
        if row["target_id"]:
            sent["target"] = row["target_id"]
        if row["action"] in ("correct", "add"):
            sent |= {"label": row["label"], "box": [row[name] for name in BOX_COLUMNS]}
        place = {"inference_id": row["inference_id"]}
        if row["inference_id"] is None:
            place = {"object_id": row["object_id"]}
        before = self.now()
        self.project.annotate([sent], by=row["annotator"], **place)
        assert self.now() == before

    @rule(status=st.sampled_from([400, 413, 422]))
    def refuse(self, status: int) -> None:
        self.record(a_refusal(status))

    @rule(fails=st.booleans())
    def write_two_at_once(self, fails: bool) -> None:
        """One writer is in the middle of its transaction when another begins, and one asks."""
        first, second = self.an_inference(["a"], 7), a_refusal(400)
        other = threading.Thread(target=self.record, args=[second])
        try:
            with writing(self.project.engine) as connection:
                transaction = Transaction(connection, clock.Clock(connection))
                done = first(transaction)
                transaction.clock.keep()
                other.start()
                self.ask(self.now())
                if fails:
                    raise _Broken
            self.truth.add(done)
        except _Broken:
            pass
        other.join()

    @rule(day=st.integers(1, 3), rows=st.dictionaries(st.sampled_from("xyz"), st.integers(0, 2)))
    def land(self, day: int, rows: dict[str, int]) -> None:
        """A file of a feed, for any day in any order: late, corrected, or the same again."""
        file, date = self.folder.parent / "inbox.csv", f"2026-01-0{day}"
        file.write_text(
            "".join(f"{key},{number}\n" for key, number in [("id", "n"), *rows.items()])
        )
        landed = self.project.land(file, feed="counts", date=date)
        self.truth.land(date, rows, self.moment_of(landed.landing_id))

    @rule(hours=st.integers(-5, 5))
    def set_the_clock(self, hours: int) -> None:
        clock.machine_now = lambda: _MACHINE() + hours * 3_600_000_000

    # What must change no answer.

    @rule()
    def load(self) -> None:
        load(self.project.engine, self.project.commit, self.project.history)

    @rule()
    def archive(self) -> None:
        archive(self.project.engine, self.project.commit, self.project.history, 0)

    @rule()
    def refresh(self) -> None:
        analytics = self.project.analytics
        stored = [name for name, view in analytics.understood().items() if view.refresh]
        refresh(self.project.engine, self.project.history, analytics, stored, grace_seconds=0)

    @rule()
    def compact(self) -> None:
        compact(self.project.engine, self.project.commit, self.project.history)

    @rule()
    def maintain(self) -> None:
        maintain(self.project.engine, self.project.commit, self.project.history, grace_seconds=0)

    @precondition(lambda self: not self.copies)
    @rule()
    def back_up_and_restore(self) -> None:
        self.copies += 1
        self.project.backup(self.folder.parent / "backup")
        self.project.close()
        self.folder = self.folder.parent / "restored"
        restored = Project.restore(self.folder.parent / "backup", self.folder)
        assert list(restored.verified.findings) == []
        self.project = Project.open(self.folder)

    @rule(steps=st.integers(0, 3))
    def break_a_load_off(self, steps: int) -> None:
        load = Load(self.project.engine, self.project.commit, self.project.history)
        with self.project.history.locked():
            if load.claim(self.now()):
                for step in (load.write, load.append, load.verify)[:steps]:
                    step()

    @rule()
    def restart(self) -> None:
        self.project.close()
        self.project = Project.open(self.folder)

    # Questions.

    @rule()
    def note(self) -> None:
        moment = self.now()
        name = self.chance.choice(list(COLUMNS))
        self.noted.append((moment, name, self.rows(name, moment)))

    @invariant()
    def answers_are_the_truth(self) -> None:
        type(self).steps += 1
        moments = self.truth.moments()
        assert increases(moments)
        if self.chance.random() < 0.5:
            self.ask(self.chance.choice(moments) - self.chance.randint(0, 1))

    def teardown(self) -> None:
        clock.machine_now = _MACHINE
        try:
            for moment, name, rows in self.noted:
                assert self.rows(name, moment) == rows
            moments = self.truth.moments()
            for name in COLUMNS:
                for moment in (self.now(), self.chance.choice(moments)):
                    self.ask(moment, name)
            assert list(reconcile(self.project.engine, self.project.history)) == []
        finally:
            self.project.close()
            shutil.rmtree(self.folder.parent)

    # How a fact is recorded, in the project and in the truth.

    def record(self, fact: Record) -> None:
        self.truth.add(self.project.commit.run(fact))

    def an_inference(self, labels: list[str], duration: int) -> Record:
        image = self.chance.choice(self.truth.images)["object_id"]
        scores = [round(self.chance.random(), 3) for _ in labels]
        return an_inference(image, list(zip(labels, scores, strict=True)), float(duration))

    def say(self, action: str, label: str, object_id: str, inference_id: str | None) -> None:
        """Annotate with a target that fits, if there is one."""
        sent: dict[str, Any] = {"action": action, "annotation_id": new_id()}
        if action in ("confirm", "correct", "reject", "reopen"):
            if not (targets := self.targets(object_id, inference_id, action)):
                return
            sent["target"] = self.chance.choice(targets)
        if action in ("correct", "add"):
            sent["label"] = label
        if action == "add":
            sent["box"] = BOX.as_list()
        self.send(sent, object_id, inference_id)

    def send(self, sent: dict[str, Any], object_id: str, inference_id: str | None) -> None:
        place = {"inference_id": inference_id} if inference_id else {"object_id": object_id}
        [answer] = self.project.annotate([sent], by="user:ann", **place)
        row = self.truth.annotate(sent, object_id, inference_id)
        moment = datetime.fromisoformat(answer["recorded_at"])
        row |= {"annotator": "user:ann", "recorded_at": micros(moment)}
        self.truth.annotations.append(row)

    def moment_of(self, landing_id: str) -> int:
        """When a landing was recorded, wherever it is kept by now."""
        sql = f"select recorded_at from landings where landing_id = '{landing_id}'"
        return micros(self.project.analytics.table(sql)["recorded_at"][0].as_py())

    def targets(self, object_id: str, inference_id: str | None, action: str) -> list[str]:
        """What an annotation on an object, or on an inference of it, can target."""
        predicted = {row["prediction_id"] for row in self.truth.predictions}
        predictions = [
            row["prediction_id"]
            for row in self.truth.predictions
            if row["object_id"] == object_id and inference_id in (None, row["inference_id"])
        ]
        return predictions + [
            row["annotation_id"]
            for row in self.truth.annotations
            if row["object_id"] == object_id
            and row["action"] not in ("reject", "reopen", "complete")
            and (action != "reopen" or row["root_id"] in predicted)
        ]

    # How a view is asked.

    def now(self) -> int:
        with reading(self.project.engine) as connection:
            return clock.last(connection)

    def ask(self, moment: int, name: str | None = None) -> None:
        name = name or self.chance.choice(list(COLUMNS))
        expected = [comparable(row, COLUMNS[name]) for row in self.truth.view(name, moment)]
        found = self.rows(name, moment)
        assert found == sorted(expected), (name, moment, set(found) ^ set(expected))

    def rows(self, name: str, moment: int) -> list[str]:
        found = self.project.analytics.table(f"select * from {name}", moment).to_pylist()
        if name == "documents":
            found = [as_told(json.loads(row["document"])) for row in found]
        return sorted(comparable(row, COLUMNS[name]) for row in found)


class _Broken(Exception):
    """The first of two writers goes back on what it wrote."""


def as_told(document: dict[str, Any]) -> dict[str, Any]:
    """A document as the truth has it."""
    return {
        "object_id": document["object_id"],
        "inferences": [
            (
                inference["inference_id"],
                inference["recorded_at"],
                [
                    (row["prediction_id"], row["label"], row["score"])
                    for row in inference["predictions"]
                ],
            )
            for inference in document["inferences"]
        ],
        "annotations": [
            (row["annotation_id"], row["action"], row["label"], row["recorded_at"])
            for row in document["annotations"]
        ],
    }


@cache
def template() -> Path:
    """A new project, to be copied."""
    folder = Path(tempfile.mkdtemp(dir=fast_disk())) / "cells"
    millpond("init", folder, "--task", "detection", "--labels", ",".join(LABELS))
    return declare(folder)


def fast_disk() -> str | None:
    """A folder in memory, where there is one: here nothing is about durability."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def check(examples: int, steps: int) -> None:
    Model.steps, started = 0, time.monotonic()
    try:
        run_state_machine_as_test(
            Model,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        report("model check", steps=Model.steps, seconds=round(time.monotonic() - started, 1))


#: A minute on an idle machine; a failure is made shorter for some more.
@pytest.mark.timeout(900)
def test_every_view_at_every_moment_is_the_truth() -> None:
    check(examples=10, steps=50)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(4))
def test_every_view_at_every_moment_is_the_truth_for_long(part: int) -> None:
    check(examples=290, steps=50)
