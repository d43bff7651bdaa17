"""The options of every command, wherever they stand on the line."""

from __future__ import annotations

import pytest

from millpond.cli.line import globals_first
from millpond.errors import UsageError


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        (["runs"], ["runs"]),
        (["runs", "--json"], ["--json", "runs"]),
        (["runs", "--project", "p"], ["--project", "p", "runs"]),
        (["runs", "--project=p", "--json"], ["--project=p", "--json", "runs"]),
        (
            ["--json", "token", "--project", "p", "list"],
            ["--json", "--project", "p", "token", "list"],
        ),
        (
            ["query", "--url", "http://h", "--token=t", "select 1"],
            ["--url", "http://h", "--token=t", "query", "select 1"],
        ),
        (["query", "--", "--json"], ["query", "--", "--json"]),
        (["query", "--json", "--", "--project"], ["--json", "query", "--", "--project"]),
        (["user", "add", "--projects"], ["user", "add", "--projects"]),
    ],
)
def test_options_of_every_command_move_to_the_front(typed: list[str], seen: list[str]) -> None:
    assert globals_first(typed) == seen


@pytest.mark.parametrize("option", ["--project", "--url", "--token"])
def test_an_option_without_its_value_is_refused(option: str) -> None:
    with pytest.raises(UsageError, match=f"option {option} needs a value"):
        globals_first(["runs", option])
