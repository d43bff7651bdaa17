"""Shows every page of two demo projects, and of an empty one, as pictures in ``docs/images/``.

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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
MILLPOND = [sys.executable, "-m", "millpond"]
CHEST = "chest-xray"
FRUITS = "fruits"

SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
THEMES = ("light", "dark")
#: Of a picture with many greys; WebP without loss is used where that is smaller.
QUALITY = 90

#: Waits for the pictures; those out of sight may never be asked for, so not for long.
_PICTURES = """Promise.race([
    Promise.all([...document.images].map((one) => one.decode().catch(() => {}))),
    new Promise((late) => setTimeout(late, 3000)),
])"""


@dataclass(frozen=True)
class Shot:
    """A page in a certain state."""

    name: str
    #: Its address, with the ids of `example` in braces.
    address: str
    #: What is there once it has what it shows.
    there: str
    #: Done first, as a person would.
    act: Callable[[Page], None] | None = None
    sizes: Sequence[str] = tuple(SIZES)


def _open_api(page: Page) -> None:
    page.get_by_role("button", name="Use the API").click()
    page.get_by_role("dialog").wait_for()


def _open_keys(page: Page) -> None:
    page.locator("svg [data-key]").first.wait_for(state="attached")
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()


def _to_chain(page: Page) -> None:
    chain = page.get_by_role("heading", name="What became of it")
    chain.evaluate("(title) => title.scrollIntoView({ block: 'center' })")


def _choose(page: Page) -> None:
    """Pick a run of images: the first and, with Shift, the fifth."""
    page.get_by_role("button", name="Select image 1", exact=True).click()
    page.get_by_role("button", name="Select image 5", exact=True).click(modifiers=["Shift"])


def _label(page: Page) -> None:
    """Label two of the batch."""
    cells = page.get_by_role("option")
    cells.nth(1).click()
    cells.nth(6).click(modifiers=["Control"])
    page.keyboard.press("3")
    page.get_by_text("All saved").wait_for()


EMPTY = (
    Shot("home-empty", "/", "article strong"),
    Shot("predict-empty", f"/predict/{CHEST}", "#drop"),
    Shot("review-empty", f"/review/{CHEST}", "main p"),
    Shot("images-empty", f"/images/{CHEST}", "main p"),
)
FULL = (
    Shot("home-full", "/", "article strong"),
    Shot("predict-full", f"/predict/{CHEST}/{{inference}}", "svg [data-key]"),
    Shot("review-full", f"/review/{CHEST}", "svg [data-key]"),
    Shot("review-four", f"/review/{CHEST}?view=four", "svg [data-key]", sizes=("desktop",)),
    Shot("review-nine", f"/review/{CHEST}?view=nine", "svg [data-key]", sizes=("desktop",)),
    Shot("review-differ", f"/review/{CHEST}?strategy=disputed", "[data-differs=true]"),
    Shot("keys", f"/review/{CHEST}", "svg [data-key]", _open_keys, ("desktop",)),
    Shot("images-full", f"/images/{CHEST}", "main img"),
    Shot("images-chosen", f"/images/{CHEST}?label=nodule", "main img", _choose),
    Shot("api", f"/images/{CHEST}?label=nodule", "main img", _open_api),
    Shot("image-full", f"/images/{CHEST}/{{object}}", "main img"),
    Shot("image-chain", f"/images/{CHEST}/{{object}}", "main img", _to_chain, ("phone",)),
)
SORTED = (
    Shot("predict-fruits", f"/predict/{FRUITS}/{{inference}}", "main img"),
    Shot("review-fruits", f"/review/{FRUITS}", "[role=option] img", _label),
)


@dataclass(frozen=True)
class Served:
    """A server of a project, where the administrator is signed in."""

    url: str
    cookies: dict[str, str]

    def ask(self, path: str, body: Any = None) -> Any:
        """What the interface answers the administrator."""
        return (
            httpx.request(
                "GET" if body is None else "POST",
                f"{self.url}/api/v1{path}",
                json=body,
                cookies=self.cookies,
                timeout=60,
            )
            .raise_for_status()
            .json()
        )


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
        with served(made(Path(folder, "new", "ward"), CHEST)) as server:
            shoot(browser, server, EMPTY, {}, sign_in=True)
        with served(Path(folder, "ward"), "--demo") as server:
            differ(server)
            shoot(browser, server, FULL, example(server, CHEST))
        with served(made(Path(folder, "orchard"), FRUITS), "--demo") as server:
            shoot(browser, server, SORTED, example(server, FRUITS))
        browser.close()
    return 0


def made(folder: Path, app: str) -> Path:
    """A new project."""
    folder.parent.mkdir(exist_ok=True)
    subprocess.run([*MILLPOND, "init", str(folder), "--app", app], check=True)
    return folder


@contextmanager
def served(project: Path, *options: str) -> Iterator[Served]:
    """A project behind a server, which ends with the block."""
    command = [*MILLPOND, "up", "--json", "--port", "0", "--project", str(project), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            ready = json.loads(process.stdout.readline())
            who = {"user": "admin", "password": ready["password"]}
            login = httpx.post(f"{ready['url']}/api/v1/login", json=who, timeout=60)
            yield Served(ready["url"], dict(login.raise_for_status().cookies))
        finally:
            process.terminate()


def example(server: Served, app: str) -> dict[str, str]:
    """An inference with findings, and its object."""
    answer = server.ask(f"/apps/{app}/inferences?limit=100")
    found = max(answer["inferences"], key=lambda one: (one["reviewed"], one["predictions"]))
    return {"inference": found["inference_id"], "object": found["object_id"]}


def differ(server: Served) -> None:
    """Contradict the reviewer on one image: another label, another edge, no finding at all."""
    listed = server.ask(f"/apps/{CHEST}/inferences?limit=100")["inferences"]
    done = [one for one in listed if one["reviewed"]]
    chosen = max(done, key=lambda one: one["predictions"])
    path = f"/inferences/{chosen['inference_id']}"
    found = server.ask(path)["predictions"]
    left, top, right, bottom = found[0]["box"]
    words: tuple[dict[str, Any], ...] = (
        {"action": "correct", "box": [left, top, right, bottom - 0.3 * (bottom - top)]},
        {"action": "correct", "label": "mass" if found[1]["label"] == "nodule" else "nodule"},
        {"action": "reject"},
    )
    other = [
        {"prediction_id": one["prediction_id"], **word}
        for one, word in zip(found, words, strict=False)
    ]
    server.ask(f"{path}/annotations", other)


def shoot(
    browser: Browser,
    server: Served,
    shots: Sequence[Shot],
    ids: dict[str, str],
    *,
    sign_in: bool = False,
) -> None:
    """Every page in both themes and sizes; the way in too, if asked for."""
    for size, (width, height) in SIZES.items():
        for theme in THEMES:
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme=theme,  # type: ignore[arg-type]
                reduced_motion="reduce",
                has_touch=size == "phone",
                is_mobile=size == "phone",
            )
            page = context.new_page()
            if sign_in:
                page.goto(f"{server.url}/sign-in")
                keep(page, Shot("sign-in", "/sign-in", "form"), f"{theme}-{size}")
            for name, value in server.cookies.items():
                context.add_cookies([{"name": name, "value": value, "url": server.url}])
            for shot in shots:
                if size in shot.sizes:
                    page.goto(server.url + shot.address.format(**ids))
                    keep(page, shot, f"{theme}-{size}")
            context.close()


def keep(page: Page, shot: Shot, kind: str) -> None:
    """Wait until a page has what it shows, and write it as a small file."""
    page.locator(shot.there).first.wait_for(state="attached", timeout=60_000)
    page.wait_for_load_state("networkidle")
    if shot.act is not None:
        shot.act(page)
    page.evaluate(_PICTURES)
    file = IMAGES / f"{shot.name}-{kind}.webp"
    with Image.open(io.BytesIO(page.screenshot(animations="disabled"))) as drawn:
        file.write_bytes(min(packed(drawn, lossless=True), packed(drawn), key=len))
    print(file.relative_to(ROOT), flush=True)


def packed(picture: Image.Image, lossless: bool = False) -> bytes:
    """A picture as WebP."""
    out = io.BytesIO()
    picture.convert("RGB").save(out, "WEBP", lossless=lossless, quality=QUALITY, method=4)
    return out.getvalue()


if __name__ == "__main__":
    sys.exit(main())
