"""Dragging one of many boxes: frames a second, as the page itself is given them.

    python -m benchmarks.pages.drag --boxes 100

The page's own ``requestAnimationFrame`` tells the moment of each frame while the mouse moves a box
in circles, and again while it drags an edge. Chromium draws in software here, so a machine with a
screen is quicker.
"""

from __future__ import annotations

import argparse
import io
import math
import statistics
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page

from benchmarks.pages.browser import chromium
from benchmarks.pages.server import Server, make, serving

APP = "cells"
WIDTH, HEIGHT = 1280, 960
#: How often a second a mouse tells its place.
_MOVES = 120

_WATCH = """() => {
    window.frames_at = [];
    const note = (at) => { window.frames_at.push(at); window.watch = requestAnimationFrame(note); };
    window.watch = requestAnimationFrame(note);
}"""
_SEEN = "() => { cancelAnimationFrame(window.watch); return window.frames_at; }"


def main() -> None:
    """Print a line for moving and one for resizing."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--boxes", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=4.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "drag"
        make(folder, APP, ("RBC", "WBC"))
        with serving(folder) as server, chromium() as browser:
            inference_id = _crowded(server, given.boxes)
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            server.sign_in(context, "rita", "reviewer")
            page = context.new_page()
            page.goto(f"{server.url}/predict/{APP}/{inference_id}")
            page.wait_for_function(
                "number => document.querySelectorAll('svg [data-key]').length === number",
                arg=given.boxes,
            )
            page.wait_for_timeout(1000)
            print(f"{'':8}{'frames/s':>10}{'median ms':>11}{'p95 ms':>9}{'longest ms':>12}")
            for name, share in (("move", 0.5), ("resize", 1.0)):
                print(f"{name:8}{_measured(page, share, given.seconds)}", flush=True)


def _crowded(server: Server, boxes: int) -> str:
    """An image with so many boxes, drawn by a person on a grid."""
    noise = np.random.default_rng(1).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC).save(out, "JPEG")
    api = f"{server.url}/api/v1"
    answer = server.client.post(f"{api}/apps/{APP}/predict", content=out.getvalue())
    inference_id = str(answer.raise_for_status().json()["inference_id"])
    columns = math.ceil(math.sqrt(boxes * WIDTH / HEIGHT))
    step = WIDTH / columns
    corners = [(index % columns * step, index // columns * step) for index in range(boxes)]
    said = [
        {"action": "add", "label": "RBC", "box": [x + 8, y + 8, x + 0.7 * step, y + 0.7 * step]}
        for x, y in corners
    ]
    server.client.post(f"{api}/inferences/{inference_id}/annotations", json=said).raise_for_status()
    return inference_id


def _measured(page: Page, share: float, seconds: float) -> str:
    """Drag the box in the middle by a place of its width for so long."""
    boxes = page.locator("svg [data-key]")
    frame = boxes.nth(boxes.count() // 2).bounding_box()
    assert frame is not None
    x, y = frame["x"] + share * frame["width"], frame["y"] + 0.5 * frame["height"]
    page.mouse.move(frame["x"] + 0.5 * frame["width"], y)
    page.wait_for_timeout(200)
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(_WATCH)
    start = time.monotonic()
    while (now := time.monotonic() - start) < seconds:
        page.mouse.move(x + 60 * math.sin(3 * now), y + 40 * math.cos(3 * now))
        time.sleep(1 / _MOVES)
    at = page.evaluate(_SEEN)
    page.mouse.up()
    page.wait_for_timeout(300)
    gaps = sorted(later - earlier for earlier, later in pairwise(at))
    rate = 1000 * len(gaps) / sum(gaps)
    p95 = gaps[int(0.95 * len(gaps))]
    return f"{rate:10.1f}{statistics.median(gaps):11.1f}{p95:9.1f}{gaps[-1]:12.1f}"


if __name__ == "__main__":
    main()
