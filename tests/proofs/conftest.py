"""The lines that the proofs report are printed at the end."""

from __future__ import annotations

import pytest

from proofs.report import LINES


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if LINES:
        terminalreporter.section("proofs")
        for line in LINES:
            terminalreporter.write_line(line)
