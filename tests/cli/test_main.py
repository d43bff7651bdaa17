"""The program as a shell sees it: what it prints where, and how it exits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from running import MILLPOND, Server

Run = Callable[..., Any]

HEAVY = (
    "torch",
    "duckdb",
    "deltalake",
    "onnxruntime",
    "pyarrow",
    "numpy",
    "pyspark",
    "ray",
    "transformers",
    "pydicom",
    "PIL",
    "sqlalchemy",
    "fastapi",
)
COMMANDS = (
    "init",
    "up",
    "demo",
    "ingest",
    "run",
    "runs",
    "query",
    "export",
    "snapshot",
    "train",
    "models",
    "verify",
    "doctor",
    "config",
    "token",
    "user",
)
ENDLESS = (
    "with recursive t(n) as (select 1 union all select n + 1 from t where n < 1000000000) "
    "select count(*) from t"
)


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from millpond.cli.main import main\n"
        "try:\n"
        "    main(['--help'])\n"
        "except SystemExit as done:\n"
        "    assert not done.code\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "Usage" in done.stdout


def test_help_names_every_command(run: Run) -> None:
    text = run("--help").out.decode()
    for command in COMMANDS:
        assert f" {command} " in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["init"], "Missing argument 'DIR'"),
        (["runs", "--project"], "option --project needs a value"),
        (["init", "p", "--labels", "a"], "--labels needs --task"),
        (["init", "p", "--app", "Not Good", "--task", "detection", "--labels", "a"], "Not Good"),
        (["init", "p", "--task", "guessing", "--labels", "a"], "'detection' or 'classification'"),
        (["init", "p", "--app", "cells"], "say what it is with --task and --labels"),
        (["query", "select 1", "--format", "csv", "--json"], "give one of them"),
        (["train", "--snapshot", "s", "--steps", "0"], "--steps"),
    ],
)
def test_wrong_usage_exits_2_with_one_line(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.code == 2
    assert done.out == b""
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1
    assert says in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_failure_exits_1_and_says_what_to_do(
    options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("runs", *options)
    assert (done.code, done.out) == (1, b"")
    assert "millpond init DIR" in done.err
    assert done.err.count("\n") == 1


def test_the_project_is_found_from_a_folder_inside_it(
    new_project: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    inside = new_project("--task", "detection", "--labels", "a") / "some" / "where"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    assert run("runs", "--json").out == b"[]\n"


def test_a_second_init_changes_nothing(new_project: Callable[..., Path], run: Run) -> None:
    folder = new_project("--task", "detection", "--labels", "a")
    before = (folder / "millpond.toml").read_bytes()
    done = run("init", folder, "--task", "classification", "--labels", "z")
    assert done.code == 1
    assert "is a Millpond project already" in done.err
    assert (folder / "millpond.toml").read_bytes() == before


def test_a_reader_that_has_seen_enough_is_no_error(new_project: Callable[..., Path]) -> None:
    folder = new_project("--task", "detection", "--labels", "a")
    reading, writing = os.pipe()
    os.close(reading)
    program = [*MILLPOND, "config", "show", "--project", str(folder)]
    done = subprocess.run(program, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert done.stderr == ""
    assert done.returncode == 1


def test_interrupted_work_exits_130(new_project: Callable[..., Path]) -> None:
    folder = new_project("--task", "detection", "--labels", "a")
    program = [*MILLPOND, "query", ENDLESS, "--project", str(folder)]
    with subprocess.Popen(program, stderr=subprocess.PIPE, text=True) as process:
        while not (folder / "lake" / "operations.db").exists():
            time.sleep(0.05)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (130, "")


def test_up_says_when_it_is_ready_and_serves_once(
    new_project: Callable[..., Path], run: Run, ask: Run
) -> None:
    server = Server(new_project("--task", "detection", "--labels", "a")).start()
    assert server.process is not None
    assert server.url.startswith("http://127.0.0.1:")
    assert server.admin_password
    second = run("up", "--port", "0", project=server.project)
    assert second.code == 1
    assert str(server.process.pid) in second.err
    assert server.stop() == 0
    (token,) = ask("token", "list", project=server.project)
    assert token["role"] == "admin"
    assert token["expires_at"] is not None


def test_people_see_tables_and_json_is_one_value(
    new_project: Callable[..., Path], run: Run, ask: Run
) -> None:
    folder = new_project("--task", "detection", "--labels", "a,b")
    shown = run("config", "show", project=folder).out.decode()
    assert "apps.cells.labels" in shown
    assert "millpond.toml" in shown
    settings = {one["name"]: one for one in ask("config", "show", project=folder)}
    assert settings["apps.cells.labels"]["value"] == ["a", "b"]
    assert settings["apps.cells.labels"]["source"] == "millpond.toml"
