"""The pages with the sign that their first content is there, and ways to come to them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from playwright.sync_api import Page

from benchmarks.pages.generated import APP


@dataclass(frozen=True)
class Visit:
    """A page.

    Args:
        ready: JavaScript that is true once what one comes for can be seen: a figure, a
            picture, a list; not a frame, nor a placeholder.
    """

    name: str
    address: str
    ready: str


def visits(images: Sequence[str], inferences: Sequence[str]) -> list[Visit]:
    """Every page once, of these objects and inferences."""
    # Next to each other are pages whose signs differ.
    stage, grid = _picture("[role=application] img"), _picture("[role=gridcell] [data-state=here]")
    return [
        Visit("home", "/", "document.querySelectorAll('main article strong').length > 0"),
        Visit("an inference", f"/predict/{APP}/{inferences[0]}", stage),
        Visit("images", f"/images/{APP}", grid),
        Visit("review", f"/review/{APP}?strategy=uncertain", stage),
        Visit("images of a filter", f"/images/{APP}?label=WBC&outcome=fp", grid),
        Visit("an image", f"/images/{APP}/{images[0]}", _picture('main img[alt]:not([alt=""])')),
        Visit("predict", f"/predict/{APP}", "document.querySelector('main nav li a') !== null"),
    ]


def first_content(page: Page, url: str, visit: Visit) -> float:
    """Milliseconds from the start of a whole load of a page to its first content."""
    page.goto(url + visit.address, wait_until="commit")
    # A function: the policy of the pages lets no text be evaluated.
    found = page.wait_for_function(f"() => {visit.ready} && performance.now()", timeout=60_000)
    return float(found.json_value())


def go(page: Page, visit: Visit) -> None:
    """Come to a page as a link leads there, without a load."""
    page.evaluate(
        "to => { history.pushState({}, '', to); dispatchEvent(new PopStateEvent('popstate')); }",
        visit.address,
    )
    page.wait_for_function(f"() => {visit.ready}", timeout=60_000)


def _picture(selector: str) -> str:
    return (
        f"(() => {{ const img = document.querySelector('{selector}');"
        " return img && img.complete && img.naturalWidth > 0; })()"
    )


def total_shown(page: Page) -> str:
    """How many images the grid says that it has."""
    name = page.get_by_role("grid").get_attribute("aria-label") or ""
    return re.sub(r"\D", "", name)
