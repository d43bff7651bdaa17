"""Shows every page of a demo project, and of an empty one, as pictures in ``docs/images/``.

Light and dark, on a desk and on a phone, of what a real server answers.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
MILLPOND = [sys.executable, "-m", "millpond"]
APP = "chest-xray"

SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
THEMES = ("light", "dark")
#: Pixels of a screen for one of the page: enough for print, and small.
SCALE = 1
#: Colours of a picture: few are needed, and it is a third of the size.
COLOURS = 256

#: Waits for the pictures; those out of sight may never be asked for, so not for long.
_PICTURES = """Promise.race([
    Promise.all([...document.images].map((one) => one.decode().catch(() => {}))),
    new Promise((late) => setTimeout(late, 3000)),
])"""

#: The pages by name: the address, and what is there once they have what they show.
FULL = {
    "home": ("/", "article strong"),
    "predict": (f"/predict/{APP}/{{inference}}", "svg [data-key]"),
    "review": (f"/review/{APP}", "svg [data-key]"),
    "images": (f"/images/{APP}", "main img"),
    "image": (f"/images/{APP}/{{object}}", "main img"),
}
EMPTY = {
    "home": ("/", "article strong"),
    "predict": (f"/predict/{APP}", "#drop"),
    "review": (f"/review/{APP}", "main p"),
    "images": (f"/images/{APP}", "main p"),
}


@dataclass(frozen=True)
class Served:
    """A server of a project, and how its administrator signs in."""

    url: str
    token: str
    password: str


def main() -> int:
    """Take all pictures."""
    chromium = os.environ.get("MILLPOND_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        print("there is no Chromium: install Debian's, or name one in MILLPOND_CHROMIUM")
        return 1
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        empty = Path(folder, "new") / "ward"
        empty.parent.mkdir()
        subprocess.run([*MILLPOND, "init", str(empty), "--app", APP], check=True)
        with served(empty) as server:
            shoot(browser, server, EMPTY, "empty", {})
        full = Path(folder) / "ward"
        full.mkdir()
        with served(full, "--demo") as server:
            shoot(browser, server, FULL, "full", example(server))
        browser.close()
    return 0


@contextmanager
def served(project: Path, *options: str) -> Iterator[Served]:
    """A project behind a server, which ends with the block."""
    command = [*MILLPOND, "up", "--json", "--port", "0", "--project", str(project), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            ready = json.loads(process.stdout.readline())
            yield Served(ready["url"], ready["token"], ready["password"])
        finally:
            process.terminate()


def example(server: Served) -> dict[str, str]:
    """An inference with findings, and its object."""
    answer = httpx.get(
        f"{server.url}/api/v1/apps/{APP}/inferences?limit=100",
        headers={"Authorization": f"Bearer {server.token}"},
        timeout=60,
    ).raise_for_status()
    found = max(answer.json()["inferences"], key=lambda one: (one["reviewed"], one["predictions"]))
    return {"inference": found["inference_id"], "object": found["object_id"]}


def shoot(
    browser: Browser,
    server: Served,
    pages: dict[str, tuple[str, str]],
    state: str,
    ids: dict[str, str],
) -> None:
    """Every page in both themes and sizes; the way in too, once."""
    login = httpx.post(
        f"{server.url}/api/v1/login",
        json={"user": "admin", "password": server.password},
        timeout=60,
    ).raise_for_status()
    for size, (width, height) in SIZES.items():
        for theme in THEMES:
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme=theme,  # type: ignore[arg-type]
                device_scale_factor=SCALE,
                reduced_motion="reduce",
            )
            page = context.new_page()
            if state == "empty":
                page.goto(f"{server.url}/sign-in")
                keep(page, "form", f"sign-in-{theme}-{size}")
            for name, value in login.cookies.items():
                context.add_cookies([{"name": name, "value": value, "url": server.url}])
            for name, (address, there) in pages.items():
                page.goto(server.url + address.format(**ids))
                keep(page, there, f"{name}-{state}-{theme}-{size}")
            context.close()


def keep(page: Page, there: str, name: str) -> None:
    """Wait until a page has what it shows, and write it as a small PNG."""
    page.locator(there).first.wait_for(state="attached", timeout=60_000)
    page.wait_for_load_state("networkidle")
    page.evaluate(_PICTURES)
    with Image.open(io.BytesIO(page.screenshot(animations="disabled"))) as shot:
        few = shot.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        few.save(IMAGES / f"{name}.png", optimize=True)
    print(f"docs/images/{name}.png", flush=True)


if __name__ == "__main__":
    sys.exit(main())
