"""The pipelines that every project has, by name: what each does, and in which steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, literal, select

from millpond.analytics.analytics import Analytics
from millpond.analytics.refresh import Refresh, refresh
from millpond.database.connection import reading
from millpond.database.group_commit import GroupCommit
from millpond.history.archive import Archive, cutoff
from millpond.history.compact import compact
from millpond.history.history import History
from millpond.history.load import load, not_loaded
from millpond.history.maintain import checkpoint, clean, vacuum
from millpond.history.sweep import sweep
from millpond.history.vault import FACTS
from millpond.pipelines.pipeline import Parameters, Pipeline, Say, Step
from millpond.settings import PipelinesSection
from millpond.values import iso, parse_age, to_micros


@dataclass(frozen=True)
class Works:
    """What the pipelines work on: the backends of a project.

    Args:
        analytics: opens what answers questions.
    """

    engine: Engine
    commit: GroupCommit
    history: History
    analytics: Callable[[], Analytics]
    settings: PipelinesSection


def named_pipelines(works: Works) -> Iterator[Pipeline]:
    """Every pipeline of a project."""
    yield _history(works)
    yield _views(works)
    yield _archive(works)
    yield _maintain(works)


def _history(works: Works) -> Pipeline:
    """What was captured into the history."""

    def steps(parameters: Parameters) -> list[Step]:
        return [
            Step("load", lambda say: load(works.engine, works.commit, works.history).rows),
        ]

    def pending() -> bool:
        with reading(works.engine) as connection:
            return any(
                connection.scalar(select(literal(1)).where(not_loaded(fact)).limit(1))
                for fact in FACTS
            )

    settings = works.settings.history
    return Pipeline(
        "history", steps, pending=pending, schedule=settings.schedule, retries=settings.retries
    )


def _views(works: Works) -> Pipeline:
    """The rows of materialized views, anew where it is time."""

    def settled(parameters: Parameters) -> Parameters:
        moment = works.analytics().resolve(parameters.get("as_of"))
        return {} if moment is None else {"as_of": iso(moment)}

    def steps(parameters: Parameters) -> list[Step]:
        told = parameters.get("as_of")
        as_of = None if told is None else to_micros(datetime.fromisoformat(told))
        return [
            Step(
                "refresh",
                lambda say: refresh(works.engine, works.history, works.analytics(), as_of=as_of),
            )
        ]

    settings = works.settings.views
    return Pipeline(
        "views",
        steps,
        takes=("as_of",),
        settled=settled,
        pending=lambda: bool(Refresh(works.engine, works.history, works.analytics()).chosen(None)),
        schedule=settings.schedule,
        retries=settings.retries,
    )


def _archive(works: Works) -> Pipeline:
    """Facts older than an age out of the operational database."""
    settings = works.settings.archive

    def settled(parameters: Parameters) -> Parameters:
        age = parameters.get("older_than", settings.older_than)
        until = cutoff(works.engine, parse_age(age))
        return {"older_than": age, "until": iso(until)}

    def steps(parameters: Parameters) -> list[Step]:
        until = to_micros(datetime.fromisoformat(parameters["until"]))
        archive = Archive(works.engine, works.commit, works.history, until)
        return [
            Step("load", lambda say: archive.load(), counted=False),
            Step("verify", lambda say: archive.verify(), counted=False),
            Step("trim", lambda say: archive.trim()),
            _rowless("shrink", archive.shrink, "bytes were given back"),
        ]

    return Pipeline(
        "archive",
        steps,
        takes=("older_than",),
        settled=settled,
        schedule=settings.schedule,
        retries=settings.retries,
    )


def _maintain(works: Works) -> Pipeline:
    """Fewer files and shorter logs in the history."""
    engine, commit, history = works.engine, works.commit, works.history

    def fewer() -> int:
        files = compact(engine, commit, history)
        return files.files_before - files.files_after

    def steps(parameters: Parameters) -> list[Step]:
        return [
            _rowless("sweep", lambda: sweep(engine, commit, history), "files were swept"),
            _rowless("compact", fewer, "files fewer"),
            _rowless("checkpoint", lambda: checkpoint(history), "logs were summed up"),
            _rowless("clean", lambda: clean(history), "entries of logs are gone"),
            _rowless("vacuum", lambda: vacuum(history), "files are gone"),
        ]

    settings = works.settings.maintain
    return Pipeline("maintain", steps, schedule=settings.schedule, retries=settings.retries)


def _rowless(name: str, work: Callable[[], int], what: str) -> Step:
    """A step that writes no rows; the log tells the number of what it did."""

    def told(say: Say) -> int:
        say(f"{name}: {work():,} {what}")
        return 0

    return Step(name, told)
