"""How long a cell of the grid is in sight without its picture while it is scrolled."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page

#: Pixels a second: a reading pace, and the fling of a touch pad.
STEADY, FLING = 1_500, 12_000

# At each frame: move on, then look at the cells that lie at least half in sight. A cell is
# blank from the frame in which it is seen without its picture until it has it, or is gone.
_SCROLL = """async ([speed, milliseconds]) => {
    const grid = document.querySelector('[role=grid]');
    let frame = grid.parentElement;
    while (frame.scrollHeight <= frame.clientHeight) frame = frame.parentElement;
    const sight = frame.getBoundingClientRect();
    const since = new Map(), blanks = [];
    const start = performance.now(), end = start + milliseconds;
    let frames = 0, before = start;
    const next = () => new Promise((done) => requestAnimationFrame(done));
    const close = (place, now) => {
        blanks.push(now - since.get(place));
        since.delete(place);
    };
    while (before < end || since.size > 0) {
        const now = await next();
        if (now < end) frame.scrollTop += (speed * (now - before)) / 1000;
        else if (now > end + 5000) break;
        before = now;
        frames += 1;
        const blank = new Set();
        for (const cell of grid.querySelectorAll('[data-place]')) {
            const { top, bottom } = cell.getBoundingClientRect();
            const middle = (top + bottom) / 2;
            if (middle < sight.top || middle > sight.bottom) continue;
            const image = cell.querySelector('img');
            if (image?.dataset.state !== 'here') blank.add(cell.dataset.place);
        }
        for (const place of blank) if (!since.has(place)) since.set(place, now);
        for (const place of since.keys()) if (!blank.has(place)) close(place, now);
    }
    for (const place of [...since.keys()]) close(place, before);
    blanks.sort((a, b) => a - b);
    const at = (share) => blanks[Math.floor(share * (blanks.length - 1))] ?? 0;
    const rate = (1000 * frames) / (before - start);
    return { frames: rate, blanks: blanks.length, p95: at(0.95), longest: at(1) };
}"""


@dataclass(frozen=True)
class Scrolled:
    """What a scroll showed.

    Args:
        blanks: cells that were in sight without their picture.
        p95_ms: of the times that they were so.
    """

    frames_per_second: float
    blanks: int
    p95_ms: float
    longest_ms: float


def scroll(page: Page, speed: float, seconds: float) -> Scrolled:
    """Scroll the grid of an open page downwards."""
    found = page.evaluate(_SCROLL, [speed, 1000 * seconds])
    return Scrolled(found["frames"], found["blanks"], found["p95"], found["longest"])
