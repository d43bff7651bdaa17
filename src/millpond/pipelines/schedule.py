"""Schedules: when a server runs a pipeline by itself.

A schedule is ``never``, ``every AGE`` such as ``every 10m``, ``after NAME`` for
after each run of another pipeline, ``hourly``, ``daily``, ``weekly`` (Sunday at
midnight), ``monthly``, or the five fields of cron; all times are UTC. Moments that
passed while no server ran are made up for by one run, not by one for each.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from millpond.errors import Invalid, UsageError
from millpond.values import from_micros, parse_age, to_micros

_NAMED = ("hourly", "daily", "weekly", "monthly")


class Schedule:
    """When a pipeline is due.

    Args:
        text: as the settings have it.
        last_end: when the newest run of a pipeline ended well that wrote something,
            in microseconds since 1970, or None.

    Raises:
        UsageError: the text is none of the forms.
    """

    def __init__(self, text: str, last_end: Callable[[str], int | None]) -> None:
        self._text = text.strip()
        #: The pipeline that it comes after, where it does.
        self.after: str | None = None
        self._last_end = last_end
        self._due = self._parsed()

    def due(self, since: int, now: int) -> int | None:
        """The newest moment at which it was due, after `since` and up to `now`; or None."""
        moment = self._due(since, now)
        return moment if moment is not None and since < moment <= now else None

    def _parsed(self) -> Callable[[int, int], int | None]:
        kind, _, rest = self._text.partition(" ")
        if self._text == "never":
            return lambda since, now: None
        if kind == "after" and rest:
            self.after = rest
            return lambda since, now: self._last_end(rest)
        if kind == "every":
            try:
                age = parse_age(rest)
            except Invalid as error:
                raise UsageError(f"schedule {self._text!r}: {error}") from error
            return lambda since, now: now if now - since >= age else None
        fields = f"@{self._text}" if self._text in _NAMED else self._text
        return _cron(fields, self._text)


def _cron(fields: str, text: str) -> Callable[[int, int], int | None]:
    from croniter import croniter

    if not croniter.is_valid(fields):
        raise UsageError(
            f"schedule {text!r} is none of: never, every AGE, after PIPELINE, "
            f"{', '.join(_NAMED)}, or five fields of cron such as '30 2 * * 1'"
        )

    def newest(since: int, now: int) -> int:
        # What begins a microsecond later than now would be is not yet due.
        after = from_micros(now) + dt.timedelta(microseconds=1)
        moment: dt.datetime = croniter(fields, after).get_prev(dt.datetime)
        return to_micros(moment)

    return newest
