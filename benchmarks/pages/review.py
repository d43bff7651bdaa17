"""What a review takes in Millpond and in Label Studio: ``python -m benchmarks.pages.review``.

The same images with the same answers of a model, which err in the same places, are made right
by mouse and keyboard at a person's pace in both tools. Afterwards each tool's interface is
asked what it kept, and that has to be the truth. Needs `MILLPOND_TEST_DATA`, Chromium, and
room for Label Studio in an environment of its own.
"""

from __future__ import annotations

import argparse
import os
import signal
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from benchmarks.history.measure import show
from benchmarks.pages import in_millpond, label_studio
from benchmarks.pages.browser import WINDOW, chromium
from benchmarks.pages.cells import LABELS, Finding, Task, differences, tasks
from benchmarks.pages.hand import Hand
from benchmarks.pages.in_label_studio import InLabelStudio
from benchmarks.pages.in_millpond import InMillpond
from benchmarks.pages.reviewer import Reviewer
from benchmarks.pages.server import make, serving

#: Millpond with one image at a time, and with several.
TOOLS = ("millpond-one", "millpond-four", "millpond-nine", "label-studio")
#: Milliseconds in which what was said last is sent.
_REST = 3_000


def main() -> None:
    """Review, in each tool that is asked for, and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=50)
    parser.add_argument("--pace", type=float, default=1.0, help="of the pauses; 0 makes none")
    parser.add_argument("--tool", choices=TOOLS, action="append", help="by default all")
    parser.add_argument("--keep", type=Path, help="a folder for Label Studio, to be used again")
    arguments = parser.parse_args()
    # Told to end, the servers end too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    data = Path(os.environ["MILLPOND_TEST_DATA"])
    work = tasks(data, arguments.images)
    with tempfile.TemporaryDirectory() as temporary:
        kept = arguments.keep or Path(temporary) / "tools"
        kept.mkdir(exist_ok=True)
        for tool in arguments.tool or TOOLS:
            folder = kept if tool == "label-studio" else Path(temporary)
            show(f"review in {tool}", _REVIEWS[tool](work, arguments.pace, folder))


def reviewed_in_millpond(
    view: str, work: Sequence[Task], pace: float, folder: Path
) -> dict[str, float]:
    """The numbers of Millpond with ``one``, ``four`` or ``nine`` images at a time."""
    project = folder / view
    make(project, in_millpond.APP, LABELS)
    names = in_millpond.fill(project, work)
    with serving(project) as server, chromium() as browser:
        context = browser.new_context(viewport=WINDOW)
        server.sign_in(context, "rita", "reviewer")
        page = context.new_page()
        hand = Hand(page, pace)
        numbers = review(InMillpond(hand, server, names, view), {task.name: task for task in work})
        page.wait_for_timeout(_REST)
        return {**numbers, **checked(work, in_millpond.results(server, names))}


def reviewed_in_label_studio(work: Sequence[Task], pace: float, folder: Path) -> dict[str, float]:
    """The numbers of Label Studio."""
    command = label_studio.install(folder)
    data = folder / "label-studio-data"
    data.mkdir(exist_ok=True)
    by_name = {task.name: task for task in work}
    with label_studio.running(command, data) as studio, chromium() as browser:
        studio.fill(work)
        page = browser.new_page(viewport=WINDOW)
        hand = Hand(page, pace)
        numbers = review(InLabelStudio(hand, studio, by_name), by_name)
        page.wait_for_timeout(_REST)
        return {**numbers, **checked(work, studio.results())}


def review(reviewer: Reviewer, by_name: Mapping[str, Task]) -> dict[str, float]:
    """Every image once; what it took a person, an image."""
    hand, images = reviewer.hand, len(by_name)
    reviewer.open()
    started = time.monotonic()
    for _ in range(images):
        task = by_name[reviewer.current()]
        hand.think()
        reviewer.repair(task)
        reviewer.submit()
    wall = time.monotonic() - started
    return {
        "images": images,
        "boxes": sum(len(task.truth) for task in by_name.values()),
        "repairs": sum(len(task.repairs) for task in by_name.values()),
        **{f"{kind}s": hand.counts[kind] for kind in ("key", "click", "drag")},
        "actions an image": hand.actions / images,
        "seconds an image": (wall - hand.paused + hand.seconds) / images,
        "of them waiting for the tool": (wall - hand.paused) / images,
    }


def checked(work: Sequence[Task], results: Mapping[str, Sequence[Finding]]) -> dict[str, float]:
    """How many images are not as they should be after it."""
    amiss = {task.name: differences(task.truth, results.get(task.name, ())) for task in work}
    for name, what in amiss.items():
        for line in what:
            print(f"  {name}: {line}")
    return {"images not right": sum(bool(what) for what in amiss.values())}


_REVIEWS = {
    **{f"millpond-{view}": partial(reviewed_in_millpond, view) for view in ("one", "four", "nine")},
    "label-studio": reviewed_in_label_studio,
}


if __name__ == "__main__":
    main()
