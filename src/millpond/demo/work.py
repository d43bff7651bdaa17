"""The work of each stage of the demo, on an open project; each gives its number of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from millpond.database.clock import machine_now
from millpond.demo import workspace
from millpond.demo.control import predicted_labels, uncorrected
from millpond.demo.data import Image, write_set
from millpond.demo.outcome import Outcome
from millpond.demo.traffic import Answered, correct, send
from millpond.errors import Conflict
from millpond.pipelines.ingest import IngestOptions
from millpond.project import Project
from millpond.snapshots.split import SplitRule
from millpond.values import MICROSECONDS

#: The share of each part of the reviewed images, where the data leave it open.
_SPLIT = {"train": 0.85, "val": 0.15}
#: Seconds for which the tokens of the demo are good.
_TOKEN_SECONDS = 3600


class Work:
    """What the stages do; what they find out goes into the outcome.

    Args:
        by: who runs the demo.
        steps: of each training; None leaves it to the trainer.
        advance: told how much of a stage is done, and of how much.
    """

    def __init__(
        self,
        project: Project,
        outcome: Outcome,
        *,
        by: str,
        seed: int,
        steps: int | None,
        advance: Callable[[int, int], None],
    ) -> None:
        self.declared = project.section(outcome.app)
        self.seed = seed
        self._project = project
        self._outcome = outcome
        self._app = outcome.app
        self._by = by
        self._steps = steps
        self._advance = advance
        self._own = project.folder / workspace.OWN
        self._answered: list[Answered] = []
        self._versions: list[str] = []

    def ingest(self, images: Sequence[Image]) -> int:
        """Ingest images with their labels."""
        labels = write_set(images, self._own / "labelled")
        done = self._project.ingest(
            labels,
            app=self._app,
            options=IngestOptions(format="csv", split=labels.parent / "split.csv"),
            by=self._by,
            on_progress=lambda files: self._advance(files, len(images)),
        )
        self._outcome.counts["images_ingested"] = done.objects
        return done.objects

    def freeze(self, name: str) -> int:
        """Make a snapshot."""
        rule = SplitRule(_SPLIT, self.seed)
        return self._project.snapshot(name, app=self._app, rule=rule, by=self._by).images

    def train(self, snapshot: str) -> int:
        """Train the next version on a snapshot."""
        made = self._project.train(
            snapshot,
            app=self._app,
            steps=self._steps,
            seed=self.seed,
            by=self._by,
            on_progress=lambda now: self._advance(now.step, now.steps),
        )
        self._versions.append(made.version)
        return self._project.snapshots.get(snapshot).parts.get("train", 0)

    def promote(self) -> int:
        """Promote the newest version, if the validation part says that it is better."""
        outcome = self._outcome
        try:
            done = self._project.promote(self._versions[-1], app=self._app, by=self._by)
            outcome.promoted, outcome.promotion = True, _why(done)
        except Conflict as error:
            outcome.promoted, outcome.promotion = False, str(error)
        outcome.champion = self._project.registry.champion(self._app) or ""
        return int(outcome.promoted)

    def send(self, url: str, images: Sequence[Image]) -> int:
        """Send images to be predicted."""
        token = self._token("demo-visitor", "user")
        self._answered = send(url, token, self._app, self.declared, images, self._advance)
        return len(self._answered)

    def correct(self, url: str) -> int:
        """Send the simulated reviewer's annotations of all that was answered."""
        token = self._token("simulated-reviewer", "reviewer")
        done = correct(url, token, self._answered, self._advance)
        self._outcome.corrections = dict(sorted(done.items()))
        return done.total()

    def tell_origins(self, images: Sequence[Image]) -> int:
        """Say of what came in live where it lies in its sequence, and so its part."""
        paths = write_set(images, self._own / "traffic", labels=False)
        split = paths.parent / "split.csv"
        options = IngestOptions(format="csv", labels=False, split=split)
        self._project.ingest(paths, app=self._app, options=options, by=self._by)
        return len(images)

    def load(self) -> int:
        """Load the history."""
        done = self._project.run("history", by=self._by)
        counts = self._outcome.counts
        counts["inferences"] = self._count("inferences")
        counts["annotations"] = self._count("annotations")
        counts["history_rows"] = done.rows or 0
        return counts["history_rows"]

    def export(self) -> int:
        """Export the COCO mart."""
        out = self._project.folder / "export"
        done = self._project.export("coco", out, app=self._app, by=self._by)
        self._outcome.counts["mart_images"] = done.images
        self._outcome.counts["mart_annotations"] = done.annotations
        return done.annotations

    def train_control(self) -> int:
        """Train on version 1's own answers, for as many steps and with the same seed."""
        from millpond.training.trainer import Plan, open_trainer

        project = self._project
        trained = project.registry.package(self._versions[-1]).training
        known_before = [one.object_id for one in project.snapshots.examples("first")]
        predicted = predicted_labels(project.analytics, self._app, self._versions[0])
        second = project.snapshots.examples("second", "train")
        task = self.declared.task
        examples = list(uncorrected(second, predicted, known_before, task))
        plan = Plan(
            app=self._app,
            labels=self.declared.labels,
            steps=int(trained["steps"]),
            seed=self.seed,
            augment=self.declared.augment,
            on_progress=lambda now: self._advance(now.step, now.steps),
        )
        open_trainer(task).train(examples, plan).write(self._own / "control")
        return len(examples)

    def evaluate(self) -> int:
        """Measure all three on the part that nobody has looked at, once."""
        from millpond.models.package import ModelPackage
        from millpond.models.predictor import Predictor
        from millpond.training.evaluation import evaluate

        registry = self._project.registry
        examples = self._project.snapshots.examples("second", "test")
        predictors = {
            "before": registry.predictor(self._versions[0]),
            "control": Predictor(ModelPackage.read(self._own / "control")),
            "after": registry.predictor(self._versions[1]),
        }
        for which, predictor in predictors.items():
            self._outcome.measured[which] = evaluate(predictor, examples)
        return len(examples)

    def verify(self) -> int:
        """Reconcile every layer with every other."""
        found = self._project.verify()
        self._outcome.verify = found.verify
        return sum(found.checked.values())

    def _token(self, name: str, role: str) -> str:
        return self._project.access.create_token(
            name,
            role,
            app=self._app,
            expires_at=machine_now() + _TOKEN_SECONDS * MICROSECONDS,
            by=self._by,
        )

    def _count(self, view: str) -> int:
        found = self._project.analytics.table(f"SELECT count(*) FROM {view}")
        return int(found.column(0)[0].as_py())


def _why(done: dict[str, Any]) -> str:
    """Why a version was promoted, in words."""
    evidence = done["evidence"]
    if evidence is None:
        return "no champion served before"
    return (
        f"{evidence['metric']} {evidence[done['version']]:.3f} against "
        f"{evidence[done['previous']]:.3f} on {evidence['images']} validation images"
    )
