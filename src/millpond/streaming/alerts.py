"""Alerts: rules over the live metrics, of which each change is an event, told once.

What holds is in a table. Whoever looks, in whichever process, writes what has changed and
its event in one transaction, and only where the table still says what it said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, RowMapping, delete, select, update
from typing_extensions import TypedDict

from millpond.capture.outbox import write_events
from millpond.database.clock import machine_now
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.events.event import Event
from millpond.settings import AlertSection
from millpond.streaming.alert_tables import alerts
from millpond.streaming.drift import worst
from millpond.streaming.live import LiveMetrics
from millpond.streaming.live_answers import error_rate
from millpond.streaming.panes import Series
from millpond.streaming.sums import Measure, Sums
from millpond.streaming.windows import panes_within
from millpond.values import app_route, iso, new_id, parse_age

#: What becomes of an alert.
Change = Literal["begin", "raise", "drop", "resolve"]

#: The distributions that a measure of drift is of; ``drift`` alone is of all.
_DRIFT = {
    "drift.labels": ("labels",),
    "drift.confidence": ("confidence",),
    "drift.boxes": ("boxes",),
    "drift.images": ("brightness", "contrast"),
}
_LATENCY = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}


class AlertAnswer(TypedDict):
    """An alert; `resolved_at` is null while it holds."""

    alert_id: str
    name: str
    app: str
    measure: str
    value: float | None
    raised_at: str
    resolved_at: str | None


@dataclass(frozen=True)
class Look:
    """What a rule sees of an application.

    Args:
        value: None where there is nothing to measure; then the condition does not hold.
        lasting: microseconds for which it must have held before the alert is raised.
    """

    name: str
    app: str
    measure: str
    value: float | None = None
    holds: bool = False
    lasting: int = 0


class Alerts:
    """The rules of a project.

    Args:
        rules: by name.
        apps: names of the applications, as routes have them.
    """

    def __init__(
        self,
        commit: GroupCommit,
        live: LiveMetrics,
        rules: Mapping[str, AlertSection],
        apps: Sequence[str],
    ) -> None:
        self._commit = commit
        self._live = live
        self._rules = rules
        self._apps = apps

    def check(self, connection: Connection) -> None:
        """Look once; what has changed is recorded and told.

        Args:
            connection: to read what is known, so that a look without news writes nothing.
        """
        known, now = _open(connection), machine_now()
        looks = {(look.name, look.app): look for look in self._looks()}
        for key, row in known.items():
            # The rule or the application is no longer declared.
            looks.setdefault(key, Look(*key, row["measure"]))
        news = [look for key, look in looks.items() if change_of(look, known.get(key), now)]
        if news:
            self._commit.run(lambda transaction: _record(transaction, news, now))

    def _looks(self) -> Iterator[Look]:
        for name, rule in self._rules.items():
            for app in self._apps if rule.app is None else [app_route(rule.app)]:
                value, holds = self._measured(rule, app)
                yield Look(name, app, rule.measure, value, holds, parse_age(rule.lasting))

    def _measured(self, rule: AlertSection, app: str) -> tuple[float | None, bool]:
        if rule.measure.startswith("drift"):
            return self._drifted(rule.measure, app)
        span = panes_within(machine_now(), parse_age(rule.window))
        value = measured(rule.measure, self._live.sums(app, span))
        if value is None:
            return None, False
        above = rule.above is not None and value > rule.above
        return value, above or (rule.below is not None and value < rule.below)

    def _drifted(self, measure: str, app: str) -> tuple[float | None, bool]:
        wanted = _DRIFT.get(measure)
        found = [
            one
            for one in self._live.drift(app).measures
            if one.psi is not None and (wanted is None or one.measure in wanted)
        ]
        return max((one.psi or 0.0 for one in found), default=None), worst(found) == "alarm"


def measured(measure: str, sums: Mapping[Series, Sums]) -> float | None:
    """A measure of a window of an application; None where there is nothing to measure."""
    whole = Sums.merged(one for series, one in sums.items() if series.label is None)
    if measure in _LATENCY:
        return whole.quantile(Measure.LATENCY, _LATENCY[measure])
    if measure == "error_rate":
        return error_rate(whole)
    if measure == "confidence":
        scores = Sums.merged(one for series, one in sums.items() if series.label)
        return scores.mean(Measure.CONFIDENCE)
    return float(whole.total(Measure[measure.upper()]))


def change_of(look: Look, row: RowMapping | None, now: int) -> Change | None:
    """What becomes of an alert, given what is known of it; None where all stays as it is.

    Args:
        row: None where the condition did not hold before.
    """
    if row is None:
        return ("begin" if look.lasting else "raise") if look.holds else None
    if row["raised_at"] is None:
        if not look.holds:
            return "drop"
        return "raise" if now - row["since"] >= look.lasting else None
    return None if look.holds else "resolve"


def list_alerts(connection: Connection, app: str | None, most: int) -> list[AlertAnswer]:
    """The alerts that were raised: those that hold first, then the newest."""
    query = (
        select(alerts)
        .where(alerts.c.raised_at.is_not(None))
        .order_by(alerts.c.resolved_at.is_not(None), alerts.c.raised_at.desc())
        .limit(most)
    )
    if app is not None:
        query = query.where(alerts.c.app == app)
    return [_answer(row) for row in connection.execute(query).mappings()]


def _open(connection: Connection) -> dict[tuple[str, str], RowMapping]:
    """The alerts that hold, and those whose condition does not hold for long enough yet."""
    query = select(alerts).where(alerts.c.resolved_at.is_(None))
    return {(row["name"], row["app"]): row for row in connection.execute(query).mappings()}


def _record(transaction: Transaction, looks: Sequence[Look], now: int) -> None:
    known = _open(transaction.connection)
    for look in looks:
        row = known.get((look.name, look.app))
        # Another process may have been faster: what holds is what is seen under the lock.
        change = change_of(look, row, now)
        if change is None:
            continue
        if row is None:
            row = _begin(transaction.connection, look, now)
        if change == "drop":
            query = delete(alerts).where(alerts.c.alert_id == row["alert_id"])
            transaction.connection.execute(query)
        elif change in ("raise", "resolve"):
            _tell(transaction, look, row, raised=change == "raise")


def _begin(connection: Connection, look: Look, now: int) -> RowMapping:
    alert_id = new_id()
    connection.execute(
        alerts.insert().values(
            alert_id=alert_id,
            name=look.name,
            app=look.app,
            measure=look.measure,
            value=look.value,
            since=now,
        )
    )
    query = select(alerts).where(alerts.c.alert_id == alert_id)
    return connection.execute(query).mappings().one()


def _tell(transaction: Transaction, look: Look, row: RowMapping, *, raised: bool) -> None:
    moment = transaction.clock.tick()
    column = alerts.c.raised_at if raised else alerts.c.resolved_at
    query = update(alerts).where(alerts.c.alert_id == row["alert_id"])
    transaction.connection.execute(query.values({column: moment, alerts.c.value: look.value}))
    event = Event.of(
        "millpond.alert.raised" if raised else "millpond.alert.resolved",
        look.app,
        row["alert_id"],
        moment,
        name=look.name,
        measure=look.measure,
        value=look.value,
    )
    write_events(transaction.connection, [event])


def _answer(row: RowMapping) -> AlertAnswer:
    resolved = row["resolved_at"]
    return {
        "alert_id": row["alert_id"],
        "name": row["name"],
        "app": row["app"],
        "measure": row["measure"],
        "value": row["value"],
        "raised_at": iso(row["raised_at"]),
        "resolved_at": None if resolved is None else iso(resolved),
    }
