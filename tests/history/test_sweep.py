"""The sweep: after it, another engine sees the rows of completed loads and no others."""

from __future__ import annotations

import polars
import pytest
from sqlalchemy import select

from lake import Lake
from millpond.history.delta import VaultFiles
from millpond.history.load import Load
from millpond.history.maintain import vacuum
from millpond.history.reconcile import reconcile
from millpond.history.sweep import sweep
from millpond.history.tables import loads
from millpond.history.vault import FACTS


def rows_of(lake: Lake) -> dict[str, int]:
    """What another engine finds in each table."""
    return {
        name: polars.scan_delta(str(lake.history.folder / name)).collect().height
        for name in lake.history.tables
    }


@pytest.fixture
def broken_off(lake: Lake) -> Load:
    """A load that stopped after its files were appended, and before they counted."""
    lake.some_of_everything()
    lake.load()
    lake.some_of_everything()
    load = Load(lake.engine, lake.commit, lake.history)
    load.claim(lake.now)
    load.write()
    load.append()
    return load


def test_outside_engines_see_completed_loads_only(lake: Lake, broken_off: Load) -> None:
    completed = {name: rows for name, rows in rows_of(lake).items() if rows}
    before = lake.state()
    files = sweep(lake.engine, lake.commit, lake.history)
    assert files == len(completed)
    assert {name: 2 * rows for name, rows in rows_of(lake).items() if rows} == completed
    with lake.engine.connect() as connection:
        assert connection.scalars(select(loads.c.completed_at)).all() != [None]
        for fact in FACTS:
            named = select(fact).where(fact.c.load_id == broken_off.load_id)
            assert connection.execute(named).first() is None
    assert lake.state() == before
    assert sweep(lake.engine, lake.commit, lake.history) == 0
    assert vacuum(lake.history) == 0, "another engine may be reading them"
    assert vacuum(lake.history, grace_seconds=0) == files
    lake.load()
    assert lake.state() == before
    assert list(reconcile(lake.engine, lake.history)) == []


def test_a_sweep_that_was_broken_off_is_taken_up(
    lake: Lake, broken_off: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = lake.state()
    remove, swept = VaultFiles.remove, []

    def third_fails(self: VaultFiles, *arguments: object) -> int:
        swept.append(remove(self, *arguments))
        if len(swept) == 3:
            raise KeyboardInterrupt
        return swept[-1]

    with monkeypatch.context() as patch:
        patch.setattr(VaultFiles, "remove", third_fails)
        with pytest.raises(KeyboardInterrupt):
            sweep(lake.engine, lake.commit, lake.history)
    assert lake.state() == before
    lake.load()
    assert lake.state() == before
    assert list(reconcile(lake.engine, lake.history)) == []


def test_a_load_sweeps_first(lake: Lake, broken_off: Load) -> None:
    before = lake.state()
    lake.load()
    assert lake.state() == before
    with lake.engine.connect() as connection:
        assert connection.scalars(select(loads.c.completed_at)).all().count(None) == 0
    for name, rows in rows_of(lake).items():
        assert rows == lake.history.tables[name].active().rows
