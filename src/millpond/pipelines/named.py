"""The pipelines that every project has, by name: what each does, and in which steps."""

from __future__ import annotations

from sqlalchemy import Engine, literal, select

from millpond.database.connection import reading
from millpond.database.group_commit import GroupCommit
from millpond.history.history import History
from millpond.history.load import load, not_loaded
from millpond.history.vault import FACTS
from millpond.pipelines.pipeline import Pipeline, Step
from millpond.settings import PipelinesSection


def history_pipeline(
    engine: Engine, commit: GroupCommit, history: History, settings: PipelinesSection
) -> Pipeline:
    """``history``: what was captured into the history."""

    def pending() -> bool:
        with reading(engine) as connection:
            return any(
                connection.scalar(select(literal(1)).where(not_loaded(fact)).limit(1))
                for fact in FACTS
            )

    return Pipeline(
        "history",
        lambda parameters: [Step("load", lambda say: load(engine, commit, history).rows)],
        pending=pending,
        schedule=settings.history.schedule,
        retries=settings.history.retries,
    )
