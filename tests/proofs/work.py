"""The loop that the proofs interrupt: facts are captured, and pipelines run over them."""

from __future__ import annotations

import hashlib
import json
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from millpond.capture.inferences import NewInference, record_inference
from millpond.capture.objects import NewObject, object_key, record_object
from millpond.capture.refusals import record_refusal
from millpond.database.clock import last
from millpond.database.connection import reading
from millpond.database.group_commit import Transaction
from millpond.project import Project
from millpond.values import Box, Prediction, new_id

#: What a new project declares besides its application.
FEED = """
[feeds.counts]
key = ["id"]

[feeds.counts.columns]
id = "string"
n = "integer"
"""

#: Pipelines in the order of a round, with their parameters.
PIPELINES = (
    ("history", {}),
    ("views", {}),
    ("archive", {"older_than": "0s"}),
    ("maintain", {}),
)

#: Told of what the project has acknowledged or refused, as JSON.
Tell = Callable[[dict[str, Any]], None]

#: Views that together tell every fact: documents nest images, inferences and the rest.
VIEWS = ("documents", "reviews", "ground_truth", "metrics_hourly", "refusals", "counts")

_STATE = " union all ".join(
    f"select '{name}' as view, to_json(t)::varchar as row from {name} as t" for name in VIEWS
)


def declare(project: Path) -> Path:
    """Have a new project know the feed ``counts``."""
    with open(project / "millpond.toml", "a", encoding="utf-8") as settings:
        settings.write(FEED)
    return project


def state(project: Project, moment: int) -> str:
    """A digest of all that the views answer as of a moment."""
    rows = project.analytics.table(_STATE, moment).to_pylist()
    told = sorted(json.dumps(_rounded([row["view"], json.loads(row["row"])])) for row in rows)
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


class Work:
    """Captures facts as a server does, and tells what was acknowledged.

    Args:
        project: with the application ``cells`` and the labels a and b.
        tell: called with ``{view, key}`` once a fact is acknowledged, and with
            ``{moment, state}`` once a question was answered.
    """

    def __init__(self, project: Project, tell: Tell, seed: int) -> None:
        self._aside = Path(tempfile.gettempdir())
        self._project = project
        self._tell = tell
        self._chance = random.Random(seed)
        #: What can be annotated: an inference, and its predictions.
        self._seen: list[tuple[str, list[str]]] = []

    def capture(self) -> None:
        """Record a fact of some kind."""
        kind = self._chance.random()
        if kind < 0.05:
            self.land()
        elif kind < 0.1:
            self._refuse()
        elif kind < 0.5 and self._seen:
            self._annotate()
        else:
            self._predict()

    def answer(self) -> None:
        """Answer every view as of now."""
        with reading(self._project.engine) as connection:
            moment = last(connection)
        self._tell({"moment": moment, "state": state(self._project, moment)})

    def run(self) -> None:
        """Run every pipeline, and answer after each."""
        for pipeline, parameters in PIPELINES:
            self._project.run(pipeline, **parameters)
            self.answer()

    def land(self) -> None:
        """Land a file of the feed ``counts``, of any day."""
        rows = {key: self._chance.randint(0, 3) for key in "wxyz" if self._chance.random() < 0.7}
        lines = [f"{key},{number}\n" for key, number in [("id", "n"), *rows.items()]]
        file = self._aside / f"{new_id()}.csv"
        file.write_text("".join(lines))
        date = f"2026-01-0{self._chance.randint(1, 9)}"
        landed = self._project.land(file, feed="counts", date=date)
        file.unlink()
        self._tell({"view": "landings", "key": landed.landing_id})

    def _predict(self) -> None:
        data = self._chance.randbytes(self._chance.randint(1, 3000))
        box = Box(1, 2, 30, 40)
        predictions = [Prediction("a", self._chance.random(), box)] * self._chance.randint(0, 3)
        object_id, inference_id = new_id(), new_id()
        new = NewObject(
            object_id,
            "cells",
            hashlib.sha256(data).hexdigest(),
            "image/png",
            100,
            80,
            len(data),
            "upload",
            subject=self._chance.choice([None, "ann", "bob"]),
        )
        inference = NewInference(
            inference_id,
            object_id,
            "cells",
            "cells-1",
            0.5,
            0.45,
            9.0,
            "user:ann",
            predictions,
            b"packed" * 20,
        )

        def record(transaction: Transaction) -> list[str]:
            record_object(transaction, new)
            return record_inference(transaction, inference)

        self._project.store.put(object_key(object_id), data)
        ids = self._project.commit.run(record)
        self._tell({"view": "images", "key": object_id})
        self._tell({"view": "inferences", "key": inference_id})
        for prediction_id in ids:
            self._tell({"view": "predictions", "key": prediction_id})
        self._seen.append((inference_id, ids))

    def _annotate(self) -> None:
        inference_id, ids = self._chance.choice(self._seen)
        sent: list[dict[str, Any]] = [
            {"action": self._chance.choice(["confirm", "reject"]), "target": target}
            for target in ids
        ]
        sent.append({"action": "add", "label": "b", "box": [1, 1, 9, 9]})
        sent.append({"action": "complete"})
        for annotation in sent:
            annotation["annotation_id"] = new_id()
        self._project.annotate(sent, inference_id=inference_id)
        for annotation in sent:
            self._tell({"view": "annotations", "key": annotation["annotation_id"]})

    def _refuse(self) -> None:
        refusal_id = self._project.commit.run(
            lambda transaction: record_refusal(transaction, "cells", 400, "is no image")
        )
        self._tell({"view": "refusals", "key": refusal_id})


#: The key of each view whose facts are acknowledged one by one.
KEYS = {
    "images": "object_id",
    "inferences": "inference_id",
    "predictions": "prediction_id",
    "annotations": "annotation_id",
    "refusals": "refusal_id",
    "landings": "landing_id",
}


def amiss(folder: Path, told: list[dict[str, Any]]) -> list[str]:
    """Open a project after a crash: what is wrong with it, given what it had acknowledged."""
    with Project.open(folder) as project:
        found = [f"{each.check}: {each.problem}" for each in project.verify().findings]
        found += [each["refused"] for each in told if "refused" in each]
        return found + _lost_or_doubled(project, told) + _changed(project, told)


def _lost_or_doubled(project: Project, told: list[dict[str, Any]]) -> list[str]:
    sql = " union all ".join(f"select '{view}', {key} from {view}" for view, key in KEYS.items())
    rows = [tuple(row.values()) for row in project.analytics.table(sql).to_pylist()]
    acknowledged = {(each["view"], each["key"]) for each in told if "view" in each}
    lost = [f"lost: {view} {key}" for view, key in sorted(acknowledged - set(rows))]
    return lost + ([f"doubled: {len(rows) - len(set(rows))}"] if len(rows) > len(set(rows)) else [])


def _changed(project: Project, told: list[dict[str, Any]]) -> list[str]:
    """The answers that are not what they were; of many the last and a few before are asked."""
    answers = [each for each in told if "moment" in each]
    asked = answers[-1:] + answers[:-1:7]
    return [
        f"changed: the answer as of {each['moment']}"
        for each in asked
        if state(project, each["moment"]) != each["state"]
    ]


def _rounded(value: Any) -> Any:
    """JSON with its numbers to nine digits: sums may be taken in another order."""
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return value
