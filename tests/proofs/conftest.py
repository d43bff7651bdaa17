"""The lines that the proofs report are printed at the end, whichever process they ran in."""

from __future__ import annotations

from typing import Any

import pytest

from proofs.report import LINES


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the lines to the process that prints them."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["proofs"] = list(LINES)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    LINES.extend(getattr(node, "workeroutput", {}).get("proofs", []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if LINES:
        terminalreporter.section("proofs")
        for line in LINES:
            terminalreporter.write_line(line)
