"""``millpond ingest --feed``: the rows of a feed's file, or of each file of a folder."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from millpond.cli.line import local_user, opened
from millpond.cli.output import answer, error_console
from millpond.cli.progress import progress
from millpond.errors import Invalid, MillpondError

if TYPE_CHECKING:
    from rich.console import Console

    from millpond.pipelines.land import LandedFile
    from millpond.project import Project


def land(
    context: typer.Context, path: Path, feed: str | None, date: str | None, again: bool
) -> None:
    """Land a file, or all files of a folder in the order of their names."""
    with opened(context) as project:
        if not path.is_dir():
            landed = _land(project, path, feed, date, again)
            answer(context, _as_json(landed), lambda out: _show(out, path.name, landed))
            return
        found, refused = _land_folder(project, path, feed, date, again)
    files = [{"file": name, **_as_json(one)} for name, one in found.items()]
    total = {key: sum(file[key] for file in files) for key in ("rows", "added", "quarantined")}
    refusals = [{"path": name, "reason": reason} for name, reason in refused.items()]
    answer(
        context,
        {**total, "files": files, "refused": len(refused), "refusals": refusals},
        lambda out: _show_all(out, found),
    )
    if refused:
        name, reason = next(iter(refused.items()))
        raise Invalid(f"{len(refused)} of the files were refused; the first, {name}: {reason}")


def _land(
    project: Project, path: Path, feed: str | None, date: str | None, again: bool
) -> LandedFile:
    with progress(path.name) as advance:
        landed = project.land(
            path,
            feed=feed,
            date=date,
            again=again,
            by=local_user(),
            on_progress=lambda rows: advance(rows, 0),
        )
    if landed.extra:
        error_console().print(
            f"{path.name} has columns that the feed {landed.feed} does not declare: "
            f"{', '.join(landed.extra)}; they are kept in the file as it came",
            markup=False,
        )
    return landed


def _land_folder(
    project: Project, folder: Path, feed: str | None, date: str | None, again: bool
) -> tuple[dict[str, LandedFile], dict[str, str]]:
    """What each file brought in, and why others were refused."""
    from millpond.pipelines.arrivals import arrivals

    feed = project.feed_name(feed)
    landed: dict[str, LandedFile] = {}
    refused: dict[str, str] = {}
    for path in arrivals(folder):
        try:
            landed[path.name] = _land(project, path, feed, date, again)
        except MillpondError as error:
            if error.status >= 500:
                raise
            refused[path.name] = str(error)
    return landed, refused


def _as_json(landed: LandedFile) -> dict[str, Any]:
    return {**asdict(landed), "extra": list(landed.extra)}


def _show_all(out: Console, found: dict[str, LandedFile]) -> None:
    for name, landed in found.items():
        _show(out, name, landed)


def _show(out: Console, name: str, landed: LandedFile) -> None:
    from millpond.pipelines.land_days import told

    out.print(f"{name}: {told(landed)}", markup=False)
    if landed.quarantined and not landed.repeated:
        out.print(
            '  why  millpond query "select line, reason from quarantined_rows '
            f"where landing_id = '{landed.landing_id}'\"",
            markup=False,
        )
