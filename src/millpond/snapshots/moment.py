"""The moment that something frozen or exported is as of."""

from __future__ import annotations

from sqlalchemy import Engine

from millpond.analytics.analytics import Analytics
from millpond.database import clock
from millpond.database.connection import reading


def fixed_moment(analytics: Analytics, engine: Engine, as_of: str | int | None) -> int:
    """The moment that a user means, in microseconds since 1970; None is now.

    Raises:
        Invalid: the text is no moment, or the moment is still to come.
    """
    moment = analytics.resolve(as_of)
    if moment is not None:
        return moment
    with reading(engine) as connection:
        # Whatever is recorded from now on is later than the last that was given out.
        return clock.last(connection)
