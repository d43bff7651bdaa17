"""Memory of a server and of a browser."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page


def server_mb(process: int) -> float:
    """Resident memory of a process and of those that it started, MB."""
    return sum(_resident(one) for one in _family(process))


def browser_mb(browser: Browser) -> float:
    """Resident memory of all processes of a browser, MB; what they share counts in each."""
    about = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")
    return sum(_resident(one["id"]) for one in about["processInfo"])


def heap_mb(page: Page) -> float:
    """What a page's JavaScript holds on to, MB."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    return float(used) / 1e6


def _family(process: int) -> list[int]:
    children: list[int] = []
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        children += [int(child) for child in task.read_text().split()]
    return [process, *(one for child in children for one in _family(child))]


def _resident(process: int) -> float:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return 0.0
    lines = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return int(lines[0].split()[1]) / 1024 if lines else 0.0
