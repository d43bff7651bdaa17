"""The loop, stage by stage: what a team does in weeks, in minutes and unattended."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millpond.database.clock import machine_now
from millpond.demo import workspace
from millpond.demo.control import predicted_labels, uncorrected
from millpond.demo.data import Data, Image, read_data, write_set
from millpond.demo.outcome import Outcome, Stage
from millpond.demo.roles import Roles, assign
from millpond.demo.server import serving
from millpond.demo.traffic import Answered, correct, send
from millpond.errors import Conflict
from millpond.pipelines.ingest import IngestOptions
from millpond.project import Project
from millpond.snapshots.split import SplitRule
from millpond.values import MICROSECONDS

if TYPE_CHECKING:
    from millpond.models.package import ModelPackage

#: Images that are drawn where no data are given, and the steps that suffice for them.
DRAWN = 240
DRAWN_STEPS = 400
#: The share of each part of the reviewed images, where the data leave it open.
_SPLIT = {"train": 0.85, "val": 0.15}
#: Seconds for which the tokens of the demo are good.
_TOKEN_SECONDS = 3600

#: Told the stage, how much of it is done, and of how much (0 if unknown).
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Options:
    """What the demo is to do.

    Args:
        app: the application; None is chest-xray, or named after the data's folder.
        data: labelled images; None draws some.
        folder: of the project to make.
        steps: of each training; None leaves it to the trainer.
        seed: of everything random.
    """

    app: str | None = None
    data: Path | None = None
    folder: Path = Path("millpond-demo")
    steps: int | None = None
    seed: int = 0


def run_demo(options: Options, *, by: str, tell: Tell = lambda stage, done, total: None) -> Outcome:
    """Run the loop once.

    Raises:
        Conflict: the folder holds something else than an earlier demo.
        UsageError: application and data do not go together.
    """
    app = workspace.app_of(options.app, options.data)
    folder = options.folder.resolve()
    own = workspace.clear(folder)
    began = time.perf_counter()
    tell("data", 0, 0)
    source = options.data or workspace.draw(app, own / "data", DRAWN, options.seed)
    data = read_data(source)
    outcome = Outcome(app, data.task, folder, data.labels)
    seconds = time.perf_counter() - began
    outcome.stages.append(Stage("data", len(data.images), seconds, str(source)))
    began = time.perf_counter()
    workspace.declare(app, data, folder)
    with Project.open(folder) as project:
        seconds = time.perf_counter() - began
        outcome.stages.append(Stage("init", 1, seconds, f"{folder}/millpond.toml"))
        steps = options.steps or (None if options.data else DRAWN_STEPS)
        _Loop(project, data, outcome, by=by, seed=options.seed, steps=steps, tell=tell).run()
    return outcome


class _Loop:
    """The stages on an open project; each adds its line to the outcome."""

    def __init__(
        self,
        project: Project,
        data: Data,
        outcome: Outcome,
        *,
        by: str,
        seed: int,
        steps: int | None,
        tell: Tell,
    ) -> None:
        self._project = project
        self._outcome = outcome
        self._app = outcome.app
        self._declared = project.section(outcome.app)
        self._by = by
        self._seed = seed
        self._steps = steps
        self._tell = tell
        self._data = data
        self._own = project.folder / workspace.OWN
        self._answered: list[Answered] = []
        self._versions: list[str] = []

    def run(self) -> None:
        """Run every stage, in order."""
        app = self._app
        roles = assign(self._data, self._declared, self._seed)
        self._outcome.left_out = self._data.left_out + roles.left_out
        self._stage(
            "ingest",
            "millpond query \"select * from images where source = 'ingest'\"",
            lambda: self._ingest([*roles.start, *roles.test]),
        )
        self._stage("snapshot", "millpond snapshot show first", lambda: self._freeze("first"))
        self._stage("train 1", f"millpond models show {app}-1", lambda: self._train("first"))
        self._stage("promote 1", "millpond models list", self._promote)
        with serving(self._project.folder) as url:
            self._stage(
                "traffic",
                'millpond query "select * from predictions"',
                lambda: self._send(url, roles),
            )
            self._stage(
                "corrections",
                'millpond query "select * from annotations"',
                lambda: self._correct(url),
            )
        if roles.told:
            self._stage(
                "origins", f"{self._own}/traffic/split.csv", lambda: self._origins(roles.traffic)
            )
        self._stage("history", "millpond runs", self._load)
        self._stage("mart", f"{self._project.folder}/export/annotations.json", self._export)
        self._stage("snapshot", "millpond snapshot show second", lambda: self._freeze("second"))
        self._stage("train 2", f"millpond models show {app}-2", lambda: self._train("second"))
        self._stage("train control", f"{self._own}/control", self._train_control)
        self._stage("evaluate", "the numbers below", self._evaluate)
        self._stage("promote 2", "millpond models list", self._promote)
        self._stage("verify", "millpond verify", self._verify)

    def _stage(self, name: str, look: str, work: Callable[[], int]) -> None:
        self._tell(name, 0, 0)
        began = time.perf_counter()
        rows = work()
        self._outcome.stages.append(Stage(name, rows, time.perf_counter() - began, look))

    def _advance(self, stage: str) -> Callable[[int, int], None]:
        return lambda done, total: self._tell(stage, done, total)

    def _ingest(self, images: list[Image]) -> int:
        labels = write_set(images, self._own / "labelled")
        done = self._project.ingest(
            labels,
            app=self._app,
            options=IngestOptions(format="csv", split=labels.parent / "split.csv"),
            by=self._by,
            on_progress=lambda files: self._tell("ingest", files, len(images)),
        )
        self._outcome.counts["images_ingested"] = done.objects
        return done.objects

    def _freeze(self, name: str) -> int:
        made = self._project.snapshot(
            name, app=self._app, rule=SplitRule(_SPLIT, self._seed), by=self._by
        )
        return made.images

    def _train(self, snapshot: str) -> int:
        made = self._project.train(
            snapshot,
            app=self._app,
            steps=self._steps,
            seed=self._seed,
            by=self._by,
            on_progress=lambda now: self._tell(f"train {snapshot}", now.step, now.steps),
        )
        self._versions.append(made.version)
        return self._project.snapshots.get(snapshot).parts.get("train", 0)

    def _promote(self) -> int:
        """Promote the newest version, if the validation part says that it is better."""
        version = self._versions[-1]
        try:
            done = self._project.promote(version, app=self._app, by=self._by)
            self._outcome.promoted, self._outcome.promotion = True, _why(done)
        except Conflict as error:
            self._outcome.promoted, self._outcome.promotion = False, str(error)
        self._outcome.champion = self._project.registry.champion(self._app) or ""
        return int(self._outcome.promoted)

    def _send(self, url: str, roles: Roles) -> int:
        self._answered = send(
            url,
            self._token("demo-visitor", "user"),
            self._app,
            self._declared,
            roles.traffic,
            self._advance("traffic"),
        )
        return len(self._answered)

    def _correct(self, url: str) -> int:
        token = self._token("simulated-reviewer", "reviewer")
        done = correct(url, token, self._answered, self._advance("corrections"))
        self._outcome.corrections = dict(sorted(done.items()))
        return done.total()

    def _token(self, name: str, role: str) -> str:
        return self._project.access.create_token(
            name,
            role,
            app=self._app,
            expires_at=machine_now() + _TOKEN_SECONDS * MICROSECONDS,
            by=self._by,
        )

    def _origins(self, images: Sequence[Image]) -> int:
        """Say of what came in live where it lies in its sequence, and so its part."""
        paths = write_set(images, self._own / "traffic", labels=False)
        self._project.ingest(
            paths,
            app=self._app,
            options=IngestOptions(format="csv", labels=False, split=paths.parent / "split.csv"),
            by=self._by,
        )
        return len(images)

    def _load(self) -> int:
        done = self._project.run("history", by=self._by)
        counts = self._outcome.counts
        counts["inferences"] = self._count("inferences")
        counts["annotations"] = self._count("annotations")
        counts["history_rows"] = done.rows or 0
        return counts["history_rows"]

    def _count(self, view: str) -> int:
        found = self._project.analytics.table(f"SELECT count(*) FROM {view}")
        return int(found.column(0)[0].as_py())

    def _export(self) -> int:
        done = self._project.export("coco", self._project.folder / "export", app=self._app)
        self._outcome.counts["mart_images"] = done.images
        self._outcome.counts["mart_annotations"] = done.annotations
        return done.annotations

    def _train_control(self) -> int:
        """Train on version 1's own answers, for as many steps and with the same seed."""
        from millpond.training.trainer import Plan, open_trainer

        project = self._project
        package = project.registry.package(self._versions[-1])
        examples = list(
            uncorrected(
                project.snapshots.examples("second", "train"),
                predicted_labels(project.analytics, self._app, self._versions[0]),
                (example.object_id for example in project.snapshots.examples("first")),
                self._declared.task,
            )
        )
        plan = Plan(
            app=self._app,
            labels=self._declared.labels,
            steps=int(package.training["steps"]),
            seed=self._seed,
            augment=self._declared.augment,
            on_progress=lambda now: self._tell("train control", now.step, now.steps),
        )
        made: ModelPackage = open_trainer(self._declared.task).train(examples, plan)
        made.write(self._own / "control")
        return len(examples)

    def _evaluate(self) -> int:
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

    def _verify(self) -> int:
        found = self._project.verify()
        self._outcome.verify = found.verify
        return sum(found.checked.values())


def _why(done: dict[str, Any]) -> str:
    """Why a version was promoted, in words."""
    evidence = done["evidence"]
    if evidence is None:
        return "no champion served before"
    metric = evidence["metric"]
    return (
        f"{metric} {evidence[done['version']]:.3f} against {evidence[done['previous']]:.3f} "
        f"on {evidence['images']} validation images"
    )
