"""What a project declares of the bus and of topics that are landed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from millpond.errors import UsageError
from millpond.settings import FILE, effective, read_settings

FEED = """
[feeds.plans]
key = ["id"]
columns = { id = "integer", plan = "string" }
"""


def test_by_default_the_outbox_is_the_bus(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("")
    assert read_settings(tmp_path).bus.url == "outbox:"


def test_options_may_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / FILE).write_text('[bus]\nurl = "kafka://host:1/topic"\n')
    monkeypatch.setenv("MILLPOND_BUS__OPTIONS", json.dumps({"sasl.password": "hidden"}))
    bus = read_settings(tmp_path).bus
    assert (bus.url, bus.options) == ("kafka://host:1/topic", {"sasl.password": "hidden"})


def test_a_password_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(
        f'{FEED}[bus.options]\n"sasl.password" = "hidden"\n'
        '[sources.crm]\nurl = "kafka://host:1/t"\nfeed = "plans"\n'
        'options = { "ssl.key.password" = "hidden", "sasl.username" = "me" }\n'
    )
    shown = {one.name: one.value for one in effective(tmp_path)}
    assert shown["bus.options"] == {"sasl.password": "***"}
    assert shown["sources.crm.options"] == {"ssl.key.password": "***", "sasl.username": "me"}
    assert "hidden" not in str(shown)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ('feed = "others"', "feed 'others', which is not declared; feeds are plans"),
        ('feed = "plans"\n[feeds.plans.from_path]\nplan = "(.*)"', "has complete or from_path"),
        ('feed = "plans"\nrows = 0', "greater than or equal to 1"),
    ],
)
def test_a_source_that_does_not_fit_is_refused(tmp_path: Path, more: str, problem: str) -> None:
    (tmp_path / FILE).write_text(f'{FEED}[sources.crm]\nurl = "kafka://host:1/t"\n{more}\n')
    with pytest.raises(UsageError, match=problem):
        read_settings(tmp_path)
