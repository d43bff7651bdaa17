"""Which predictions are kept, how many in an hour, and how the others are counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError

from millpond.capture import quotas, tables, uncaptured
from millpond.capture.policy import left_out, lot
from millpond.capture.quotas import QuotaReached, Quotas, hour_of
from millpond.capture.uncaptured import UncapturedCounts
from millpond.database.clock import machine_now
from millpond.database.group_commit import GroupCommit
from millpond.settings.capture import CaptureSection
from millpond.values import Prediction


def image(number: int) -> tuple[str, str | None, str]:
    return ("cells", None, f"{number:064x}")


def seen(*scores: float) -> list[Prediction]:
    return [Prediction("a", score) for score in scores]


def test_all_is_kept_unless_the_settings_say_otherwise() -> None:
    assert left_out(CaptureSection(), image(1), seen(0.99)) is None


@pytest.mark.parametrize("rate", [0.0, 0.03, 0.5, 1.0])
def test_a_rate_keeps_that_share_of_the_images(rate: float) -> None:
    policy = CaptureSection(policy="rate", rate=rate)
    kept = sum(left_out(policy, image(number), []) is None for number in range(20_000))
    # Six standard deviations of a fair draw.
    assert abs(kept - 20_000 * rate) <= 6 * (20_000 * rate * (1 - rate)) ** 0.5


def test_the_lot_of_an_image_stays_and_is_kept_at_every_greater_rate() -> None:
    assert lot(image(7)) == lot(image(7)) != lot(("cells", "Ann", image(7)[2]))
    small, great = (CaptureSection(policy="rate", rate=rate) for rate in (0.1, 0.3))
    chosen = [number for number in range(1000) if left_out(small, image(number), []) is None]
    assert all(left_out(great, image(number), seen(0.9)) is None for number in chosen)
    assert left_out(small, image(chosen[0]), seen(0.9)) is None, "whatever was seen"


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        ((), None),
        ((0.59,), None),
        ((0.99, 0.1), None),
        ((0.6,), "confident"),
        ((0.7, 0.9), "confident"),
    ],
)
def test_low_confidence_keeps_what_the_model_is_unsure_of(
    scores: tuple[float, ...], reason: str | None
) -> None:
    policy = CaptureSection(policy="low_confidence", below=0.6)
    assert left_out(policy, image(1), seen(*scores)) == reason


def test_a_quota_is_exact_also_with_several_processes_at_once(
    commit: GroupCommit, engine: Engine
) -> None:
    other = GroupCommit(engine)
    both = [(commit, Quotas()), (other, Quotas())]
    hour = hour_of(machine_now())

    def take(number: int) -> bool:
        each, quota = both[number % 2]
        try:
            each.run(quota.admission("cells", 25))
        except QuotaReached:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        taken = Counter(pool.map(take, range(100)))
    other.close()
    assert hour == hour_of(machine_now()), "the hour ended in between: run it again"
    assert taken[True] == 25


def test_a_place_that_is_not_committed_is_given_back(commit: GroupCommit) -> None:
    quota = Quotas()

    def fail() -> None:
        take = quota.admission("cells", 1)
        commit.run(lambda transaction: (take(transaction), 1 / 0))

    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            fail()
    commit.run(quota.admission("cells", 1))
    with pytest.raises(QuotaReached):
        commit.run(quota.admission("cells", 1))
    # Known by now, without a look at the database.
    with pytest.raises(QuotaReached):
        quota.admission("cells", 1)
    commit.run(quota.admission("fruits", 1))
    commit.run(quota.admission("cells", None))


def test_the_next_hour_has_places_again(
    commit: GroupCommit, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    quota = Quotas()
    commit.run(quota.admission("cells", 1))
    with pytest.raises(QuotaReached):
        commit.run(quota.admission("cells", 1))
    later = machine_now() + 3_600_000_000
    monkeypatch.setattr("millpond.database.clock.machine_now", lambda: later)
    monkeypatch.setattr(quotas, "machine_now", lambda: later)
    commit.run(quota.admission("cells", 1))
    with engine.connect() as connection:
        rows = connection.execute(select(quotas.capture_quotas)).all()
    assert rows == [("cells", hour_of(later), 1)], "only the latest hour is kept"


@pytest.fixture
def rows(engine: Engine) -> Callable[[], list[tuple[object, ...]]]:
    table = tables.uncaptured
    query = select(table.c.app, table.c.model_version, table.c.reason, table.c.requests)

    def read() -> list[tuple[object, ...]]:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(query.order_by(table.c.recorded_at))]

    return read


def test_what_is_counted_is_written_together_and_with_its_event(
    commit: GroupCommit, engine: Engine, rows: Callable[[], list[tuple[object, ...]]]
) -> None:
    counts = UncapturedCounts(commit)
    with ThreadPoolExecutor(8) as pool:
        for _ in range(1000):
            pool.submit(counts.count, "cells", "cells-1", "rate")
    counts.count("cells", None, "quota")
    counts.close()
    counts.close()
    assert sum(row[3] for row in rows() if row[2] == "rate") == 1000  # type: ignore[misc]
    assert ("cells", None, "quota", 1) in rows()
    assert counts.totals() == {("cells", "cells-1", "rate"): 1000, ("cells", None, "quota"): 1}
    with engine.connect() as connection:
        told = connection.execute(select(tables.outbox).order_by(tables.outbox.c.recorded_at)).all()
    assert {event.type for event in told} == {"millpond.uncaptured.recorded"}
    assert len(told) == len(rows())
    assert told[-1].data["requests"] == rows()[-1][3]


def test_counts_are_written_by_themselves(
    commit: GroupCommit,
    rows: Callable[[], list[tuple[object, ...]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(uncaptured, "_EVERY", 0.02)
    counts = UncapturedCounts(commit)
    counts.count("cells", "cells-1", "confident")
    for _ in range(500):
        if rows():
            break
        counts._closing.wait(0.01)
    assert rows() == [("cells", "cells-1", "confident", 1)]
    counts.close()
    assert len(rows()) == 1


def test_counts_that_cannot_be_written_wait(
    commit: GroupCommit, engine: Engine, rows: Callable[[], list[tuple[object, ...]]]
) -> None:
    counts = UncapturedCounts(commit)
    counts.count("cells", "cells-1", "rate")
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE uncaptured RENAME TO elsewhere"))
    with pytest.raises(DBAPIError):
        counts.flush()
    counts.count("cells", "cells-1", "rate")
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO uncaptured"))
    counts.close()
    assert rows() == [("cells", "cells-1", "rate", 2)]
