"""Durable workflows: the runs of the pipelines, step by step, and on after a kill.

Each step that was done is on record in the operational database before the next one
begins. A run whose process is gone is taken up by whoever runs its pipeline next,
under its own id, at the step that it had reached. There is one lock for each
pipeline, freed by the system when its holder dies, so that a pipeline never runs
twice at once: who holds it knows that every other run of the pipeline either waits
or was interrupted.

::

    Step 1. Put the run on record: it waits.
    Step 2. Take the pipeline's lock, after all who took it before.
    Step 3. Take up what was interrupted, and what waits longer, oldest first.
    Step 4. Begin each step that is not done yet, do it, and put its end on record.
    Step 5. Put the end of the run on record, and free the lock.
"""

from __future__ import annotations

import fcntl
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine, select

from millpond import errors
from millpond.database.connection import reading
from millpond.database.group_commit import GroupCommit
from millpond.durable import make_folder
from millpond.errors import DiskFull, Invalid, MillpondError
from millpond.history.lock import exclusive
from millpond.pipelines import tables
from millpond.pipelines.journal import Journal
from millpond.pipelines.pipeline import Parameters, Pipeline, Step
from millpond.pipelines.retries import may_pass, pause
from millpond.pipelines.runs import Run, RunStep, get_run, run_of, steps_of

#: How often a process may end in the middle of one step before the run is given up.
_MOST_ENDS = 10


class Workflows:
    """Runs the pipelines of a project.

    Args:
        folder: where the locks lie.
        pipelines: those that it can run.
    """

    def __init__(
        self, engine: Engine, commit: GroupCommit, folder: Path, pipelines: Iterable[Pipeline]
    ) -> None:
        self._engine = engine
        self._journal = Journal(commit)
        self._folder = folder
        self.pipelines = {pipeline.name: pipeline for pipeline in pipelines}

    def pipeline(self, name: str) -> Pipeline:
        """The pipeline of that name.

        Raises:
            Invalid: there is none; the message lists those that there are.
        """
        if name not in self.pipelines:
            raise Invalid(f"pipeline {name!r} is not one of {', '.join(self.pipelines)}")
        return self.pipelines[name]

    def run(self, name: str, parameters: Parameters, by: str) -> Run:
        """Run a pipeline, after what was interrupted or waits longer, until its end.

        Raises:
            Invalid: there is none of that name, or a parameter does not fit.
            Exception: whatever a step raised, after it is on record.
        """
        run = self.request(name, parameters, by)
        with self._turn(run):
            for waiting in self.unfinished(name):
                if waiting.run_id == run.run_id:
                    return self._execute(waiting)
                with suppress(Exception):
                    self._execute(waiting)
        return self.outcome(run.run_id)

    def request(self, name: str, parameters: Parameters, by: str) -> Run:
        """Put a run on record that the next to work on its pipeline does.

        Raises:
            Invalid: there is none of that name, or a parameter does not fit.
        """
        return self._journal.request(name, self.pipeline(name).settle(parameters), by)

    def work(self, name: str) -> None:
        """Do every run of a pipeline that was interrupted or that waits; errors are on record.

        Raises:
            Invalid: there is none of that name.
        """
        self.pipeline(name)
        seen: set[str] = set()
        with exclusive(self._lock(name)):
            while waiting := [run for run in self.unfinished(name) if run.run_id not in seen]:
                for run in waiting:
                    seen.add(run.run_id)
                    with suppress(Exception):
                        self._execute(run)

    def unfinished(self, name: str | None = None) -> list[Run]:
        """The runs that wait, run or were interrupted, oldest first."""
        table = tables.runs
        query = select(table).where(table.c.status.in_(("queued", "running")))
        if name is not None:
            query = query.where(table.c.pipeline == name)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(table.c.started_at, table.c.run_id))
            return [run_of(row) for row in rows.mappings()]

    def is_free(self, name: str) -> bool:
        """Whether nobody works on a pipeline at the moment."""
        with open(self._lock(name), "a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    def outcome(self, run_id: str) -> Run:
        """A run, wherever it was done.

        Raises:
            MillpondError: it failed; the error is of the kind that is on record.
        """
        kind = tables.runs.c.error_kind
        with reading(self._engine) as connection:
            run = get_run(connection, run_id)
            name = connection.scalar(select(kind).where(tables.runs.c.run_id == run_id))
        if run.status == "failed":
            raise _error(name)(run.error or "the run failed")
        return run

    def _lock(self, name: str) -> Path:
        make_folder(self._folder)
        return self._folder / f"{name}.lock"

    @contextmanager
    def _turn(self, run: Run) -> Iterator[None]:
        """Hold the lock of a run's pipeline; a run that is given up before it began goes."""
        try:
            with exclusive(self._lock(run.pipeline)):
                yield
        except BaseException:
            with suppress(MillpondError):
                self._journal.withdraw(run.run_id)
            raise

    def _execute(self, waiting: Run) -> Run:
        run = self._journal.begin(waiting)
        done = self._done(run)
        before = sum(step.seconds or 0 for step in done)
        started = time.perf_counter()

        def ended(error: Exception | None, rows: int | None = None) -> Run:
            end = replace(
                run,
                status="failed" if error else "done",
                rows=rows,
                seconds=round(before + time.perf_counter() - started, 3),
                error=str(error) if error else None,
            )
            self._journal.end(end, error)
            return end

        try:
            rows = self._steps(run, {step.name: step.rows or 0 for step in done})
        except Exception as error:
            with suppress(MillpondError):
                ended(error)
            raise
        return ended(None, rows)

    def _done(self, run: Run) -> list[RunStep]:
        with reading(self._engine) as connection:
            return [step for step in steps_of(connection, run.run_id) if step.status == "done"]

    def _steps(self, run: Run, done: Mapping[str, int]) -> int:
        """Do the steps that are not done, and give the rows of all that count."""
        pipeline = self.pipeline(run.pipeline)
        rows, failures = 0, {}
        steps = pipeline.steps(run.parameters)
        for number, step in enumerate(steps, start=1):
            try:
                written = done[step.name] if step.name in done else self._step(run, number, step)
            except Exception as error:
                if not pipeline.goes_on or isinstance(error, DiskFull):
                    raise
                failures[step.name] = error
            else:
                rows += written if step.counted else 0
        if failures:
            told = "; ".join(f"{name}: {error}" for name, error in failures.items())
            raise _together(failures.values())(
                f"{len(failures)} of {len(steps)} steps failed, the others are done; "
                f"mend these and run it again: {told}"
            )
        return rows

    def _step(self, run: Run, number: int, step: Step) -> int:
        """Do one step, again where its error may pass."""
        pipeline = self.pipeline(run.pipeline)
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._attempt(run, number, step)
            except Exception as error:
                if attempt > pipeline.retries or not may_pass(error):
                    raise
                wait = pause(error, attempt, pipeline.wait)
                self._journal.say(run.run_id, f"{step.name}: again in {wait:g} s")
                time.sleep(wait)

    def _attempt(self, run: Run, number: int, step: Step) -> int:
        ends = self._journal.begin_step(run.run_id, number, step.name)
        started = time.perf_counter()
        try:
            if ends >= _MOST_ENDS:
                raise MillpondError(f"step {step.name} ended its process {ends} times")
            rows = step.work(lambda line: self._journal.say(run.run_id, line))
        except Exception as error:
            seconds = time.perf_counter() - started
            self._journal.end_step(run.run_id, number, seconds, _told(step, error), error=error)
            raise
        seconds = time.perf_counter() - started
        line = f"{step.name}: done, {rows:,} rows in {seconds:.3f} s"
        self._journal.end_step(run.run_id, number, seconds, line, rows=rows)
        return rows


def _told(step: Step, error: Exception) -> str:
    """What the log says of an error; one that nobody foresaw comes with its traceback."""
    if isinstance(error, (MillpondError, OSError)):
        return f"{step.name}: failed, {error}"
    return f"{step.name}: failed\n{''.join(traceback.format_exception(error)).rstrip()}"


def _together(failures: Iterable[Exception]) -> type[MillpondError]:
    """The kind of several errors: what was asked for is wrong only where each of them says so."""
    wrong = all(isinstance(error, MillpondError) and error.status < 500 for error in failures)
    return Invalid if wrong else MillpondError


def _error(name: str | None) -> type[MillpondError]:
    kind = getattr(errors, name or "", None)
    if isinstance(kind, type) and issubclass(kind, MillpondError):
        return kind
    return MillpondError
