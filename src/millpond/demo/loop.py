"""The loop, stage by stage: what a team does in weeks, in minutes and unattended."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from millpond.demo import workspace
from millpond.demo.data import Data, read_data
from millpond.demo.outcome import Outcome, Stage
from millpond.demo.roles import assign
from millpond.demo.server import serving
from millpond.demo.work import Work
from millpond.project import Project

Result = TypeVar("Result")

#: Images that are drawn where no data are given.
DRAWN = 200

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
    clock = _Clock(tell)
    source = options.data or own / "data"

    def prepare() -> Data:
        if options.data is None:
            workspace.draw(app, source, DRAWN, options.seed)
        return read_data(source)

    data = clock.time("data", str(source), prepare, lambda data: len(data.images))
    outcome = Outcome(app, data.task, folder, data.labels, clock.stages)
    toml = f"{folder}/millpond.toml"
    clock.time("init", toml, lambda: workspace.declare(app, data, folder), lambda _: 1)
    with Project.open(folder) as project:
        work = Work(
            project, outcome, by=by, seed=options.seed, steps=options.steps, advance=clock.advance
        )
        _run(data, work, outcome, clock)
    return outcome


def _run(data: Data, work: Work, outcome: Outcome, clock: _Clock) -> None:
    """Every stage on an open project, in order."""
    app, folder = outcome.app, outcome.folder
    roles = assign(data, work.declared, work.seed)
    outcome.left_out = data.left_out + roles.left_out
    stage = clock.count
    stage(
        "ingest",
        "millpond query \"select * from images where source = 'ingest'\"",
        lambda: work.ingest([*roles.start, *roles.test]),
    )
    stage("snapshot first", "millpond snapshot show first", lambda: work.freeze("first"))
    stage("train 1", f"millpond models show {app}-1", lambda: work.train("first"))
    stage("promote 1", "millpond models list", work.promote)
    with serving(folder) as url:
        query = "millpond query 'select * from {}'"
        stage("traffic", query.format("predictions"), lambda: work.send(url, roles.traffic))
        stage("corrections", query.format("annotations"), lambda: work.correct(url))
    if roles.told:
        origins = f"{folder}/{workspace.OWN}/traffic/split.csv"
        stage("origins", origins, lambda: work.tell_origins(roles.traffic))
    stage("history", "millpond runs", work.load)
    stage("mart", f"{folder}/export/annotations.json", work.export)
    stage("snapshot second", "millpond snapshot show second", lambda: work.freeze("second"))
    stage("train 2", f"millpond models show {app}-2", lambda: work.train("second"))
    stage("train control", f"{folder}/{workspace.OWN}/control", work.train_control)
    stage("evaluate", "the numbers below", work.evaluate)
    stage("promote 2", "millpond models list", work.promote)
    stage("verify", "millpond verify", work.verify)


class _Clock:
    """Times the stages, and tells which one is under way."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._now = ""
        self.stages: list[Stage] = []

    def time(
        self, stage: str, look: str, work: Callable[[], Result], rows: Callable[[Result], int]
    ) -> Result:
        """Do the work of a stage, and note how long it took."""
        self._now = stage
        self.advance(0, 0)
        began = time.perf_counter()
        result = work()
        seconds = time.perf_counter() - began
        self.stages.append(Stage(stage, rows(result), seconds, look))
        return result

    def count(self, stage: str, look: str, work: Callable[[], int]) -> None:
        """As `time`, for work that gives its number of rows."""
        self.time(stage, look, work, lambda rows: rows)

    def advance(self, done: int, total: int) -> None:
        """Tell how far the stage is."""
        self._tell(self._now, done, total)
