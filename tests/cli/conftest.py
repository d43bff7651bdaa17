"""Command lines run in this process: the same program, without the price of starting it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from millpond.cli.main import main


@dataclass(frozen=True)
class Done:
    """What a command line came to."""

    code: int
    out: bytes
    err: str

    @property
    def json(self) -> Any:
        """The one value on stdout."""
        return json.loads(self.out)


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[..., Done]:
    """Runs a command line: ``run("runs", "--json", project=folder)``."""

    def run(*arguments: str | Path, project: Path | None = None) -> Done:
        line = [*map(str, arguments), *([] if project is None else ["--project", str(project)])]
        capfdbinary.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(line)
        captured = capfdbinary.readouterr()
        return Done(int(ended.value.code or 0), captured.out, captured.err.decode())

    return run


@pytest.fixture
def ask(run: Callable[..., Done]) -> Callable[..., Any]:
    """What a command prints with ``--json``, given that it does well."""

    def ask(*arguments: str | Path, project: Path | None = None) -> Any:
        done = run(*arguments, "--json", project=project)
        assert done.code == 0, done.err
        return done.json

    return ask


@pytest.fixture
def new_project(tmp_path: Path, ask: Callable[..., Any]) -> Callable[..., Path]:
    """Makes project folders: ``new_project("--task", "detection", "--labels", "a,b")``."""

    def make(*options: str, name: str = "cells") -> Path:
        folder = tmp_path / name
        ask("init", folder, *options)
        return folder

    return make
