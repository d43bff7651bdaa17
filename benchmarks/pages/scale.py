"""The pages over many images: ``python -m benchmarks.pages.scale --images 100000``.

Makes a project of that many images with ten boxes each, or takes up the one in ``--dir``,
serves it, and looks at it in Chromium: the first content of each page, the grid while it is
scrolled, filters, and memory over many visits.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page

from benchmarks.history.measure import show
from benchmarks.pages.browser import WINDOW, chromium
from benchmarks.pages.generated import APP, BOXES, LABELS, generate
from benchmarks.pages.memory import browser_mb, heap_mb, server_mb
from benchmarks.pages.scrolling import FLING, STEADY, scroll
from benchmarks.pages.server import Server, make, serving
from benchmarks.pages.visits import Visit, first_content, go, total_shown, visits

_TIMES = 5
_SCROLL_S = 6.0
#: Filters as people combine them; the last is the widest.
_FILTERS = (
    "label=WBC",
    "label=WBC&outcome=fp",
    "reviewed=no&min_score=0.5&max_score=0.6",
    f"model={APP}-2&source=upload",
    "annotator=user:rita&outcome=fn",
    "sort=uncertain",
    "",
)


def main() -> None:
    """Make it, serve it, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--dir", type=Path, help="a project to take up, or to make and keep")
    parser.add_argument("--visits", type=int, default=500)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.dir or Path(temporary) / "many"
        if not folder.exists():
            make(folder, APP, LABELS)
            generate(folder, arguments.images)
        started = time.monotonic()
        with serving(folder) as server, chromium() as browser:
            show("the server", started_up(server, started))
            show("filters over the interface, ms", filters(server))
            with signed_in(server, browser) as page:
                show("first content, ms", first_contents(server, page))
                show("filters on the page, ms", filtering(server, page))
                show("scrolling", scrolling(server, page))
                show("memory, MB", visiting(server, browser, page, arguments.visits))


@contextmanager
def signed_in(server: Server, browser: Browser) -> Iterator[Page]:
    """A page of somebody who may see every one of them."""
    context = browser.new_context(viewport=WINDOW)
    server.sign_in(context, f"ada{time.time_ns()}", "admin")
    yield context.new_page()
    context.close()


def started_up(server: Server, started: float) -> dict[str, float]:
    """Until the first answer over all images, and what it takes to keep it."""
    ready = time.monotonic() - started
    first = _timed(server, f"/api/v1/apps/{APP}/images?limit=1")
    page = server.get(f"/api/v1/apps/{APP}/images?limit=1").json()
    return {
        "images": page["total"],
        "boxes, about": page["total"] * BOXES,
        "ready after s": ready,
        "first list after s": first / 1000,
        "MB": server_mb(server.process),
    }


def filters(server: Server) -> dict[str, float]:
    """The middle and the longest of each filter's list and facets."""
    numbers = {}
    for query in _FILTERS:
        for what, path in (("list", "images"), ("facets", "images/facets")):
            took = [_timed(server, f"/api/v1/apps/{APP}/{path}?{query}") for _ in range(_TIMES)]
            numbers[f"{what} of {query or 'all'}"] = median(took)
            numbers[f"{what} of {query or 'all'}: longest"] = max(took)
    return numbers


def first_contents(server: Server, page: Page) -> dict[str, float]:
    """The first visit of each page, which fills the caches, and the middle of those after."""
    numbers = {}
    for visit in _some_visits(server):
        first, *more = [first_content(page, server.url, visit) for _ in range(_TIMES)]
        numbers[f"{visit.name}: first"] = first
        numbers[f"{visit.name}: then"] = median(more)
    return numbers


def filtering(server: Server, page: Page) -> dict[str, float]:
    """From the click on a value of a facet until the grid and its pictures are there."""
    numbers = {}
    for value in ("WBC", "Platelets", "upload"):
        page.goto(f"{server.url}/images/{APP}")
        box = page.get_by_role("checkbox", name=value).first
        box.wait_for()
        _wait_for_grid(page, "")
        before = total_shown(page)
        started = time.monotonic()
        box.click()
        _wait_for_grid(page, before)
        numbers[f"click on {value}"] = 1000 * (time.monotonic() - started)
    return numbers


def scrolling(server: Server, page: Page) -> dict[str, float]:
    """The longest blank, at a steady pace and in flings to where nobody has been."""
    page.goto(f"{server.url}/images/{APP}")
    _wait_for_grid(page, "")
    numbers = {}
    for name, speed in (("steady", STEADY), ("fling", FLING)):
        seen = scroll(page, speed, _SCROLL_S)
        numbers |= {
            f"{name}: frames/s": seen.frames_per_second,
            f"{name}: cells that waited": seen.blanks,
            f"{name}: blank ms, 95 of 100": seen.p95_ms,
            f"{name}: longest blank ms (aim: 200 or less)": seen.longest_ms,
        }
    return numbers


def visiting(server: Server, browser: Browser, page: Page, most: int) -> dict[str, float]:
    """What is held after a first round of visits, and after all."""
    page.goto(server.url)
    numbers = {}
    for number, visit in enumerate(_many_visits(server, most), start=1):
        go(page, visit)
        if number in (most // 10, most // 2, most):
            numbers |= {
                f"server after {number} visits": server_mb(server.process),
                f"browser after {number} visits": browser_mb(browser),
                f"JavaScript heap after {number} visits": heap_mb(page),
            }
    return numbers


def _some_visits(server: Server, offset: int = 0) -> list[Visit]:
    found = server.get(f"/api/v1/apps/{APP}/images?limit=1&offset={offset}").json()["images"]
    return visits([one["object_id"] for one in found], [one["inference_id"] for one in found])


def _many_visits(server: Server, most: int) -> Iterator[Visit]:
    """Round by round to other images."""
    done = 0
    while done < most:
        for visit in _some_visits(server, offset=17 * done)[: most - done]:
            done += 1
            yield visit


def _wait_for_grid(page: Page, other_than: str) -> None:
    """Until the grid has another total, and every cell that is in sight its picture."""
    page.wait_for_function(
        """before => {
            const grid = document.querySelector('[role=grid]');
            const total = grid?.getAttribute('aria-label').replace(/\\D/g, '');
            if (total === undefined || total === before) return false;
            const cells = [...grid.querySelectorAll('[data-place]')];
            const near = cells.filter((cell) => cell.getBoundingClientRect().top < innerHeight);
            return near.length > 0 && near.every((cell) => cell.querySelector('[data-state=here]'));
        }""",
        arg=other_than,
        timeout=60_000,
    )


def _timed(server: Server, path: str) -> float:
    started = time.monotonic()
    server.get(path)
    return 1000 * (time.monotonic() - started)


if __name__ == "__main__":
    main()
