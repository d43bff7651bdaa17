"""What there is to say of each view: how it is kept, and what is wrong with it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from millpond.analytics.analytics import Analytics
from millpond.analytics.own import check_usable
from millpond.analytics.relations import Wanted
from millpond.analytics.view import View
from millpond.errors import Invalid


@dataclass(frozen=True)
class ViewReport:
    """One view.

    Args:
        origin: standard, feed or own.
        refresh: when its rows are made anew; None for a virtual one.
        key: the columns that tell its rows apart.
        columns: in their order; empty where something is wrong.
        problem: what is wrong, with its file and line; None where nothing is.
    """

    name: str
    origin: str
    refresh: str | None
    key: list[str]
    columns: list[str]
    problem: str | None

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON has it."""
        return asdict(self)


def view_reports(analytics: Analytics) -> list[ViewReport]:
    """A report of each view; the project's own are tried."""
    views = analytics.understood()
    # A file whose name is taken is no view, but its author would like to know.
    taken = [view for view in analytics.catalogue.own() if views.get(view.name, view).path == ""]
    return [_report(analytics, view) for view in (*views.values(), *taken)]


def _report(analytics: Analytics, view: View) -> ViewReport:
    columns, problem = list(view.columns), None
    if view.origin == "own":
        columns, problem = _tried(analytics, view)
    refresh = view.refresh.text if view.refresh else None
    return ViewReport(view.name, view.origin, refresh, list(view.key), columns, problem)


def _tried(analytics: Analytics, view: View) -> tuple[list[str], str | None]:
    """The columns of an own view, or what is wrong with it."""
    sql = f"select * from {view.name} limit 0"
    try:
        check_usable({view.name: view}, [view.name])
        with analytics.ask(Wanted((view.name,)), lambda _: sql) as result:
            columns = result.schema.names
    except Invalid as error:
        return [], str(error)
    if missing := [column for column in view.key if column not in columns]:
        return [], f"{view.path}: its key {missing[0]!r} is none of {', '.join(columns)}"
    return columns, None
