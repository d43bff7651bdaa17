"""What the stream counted is what the history says, and what `metrics_hourly` tells."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from sqlalchemy import select

from lake import BOX, Lake
from millpond.capture.annotations import NewAnnotation
from millpond.database.connection import reading
from millpond.streaming.pane_store import EVER, ever, pane_of
from millpond.streaming.pane_tables import panes
from millpond.streaming.panes import PANE, PaneKey, Series
from millpond.streaming.recompute import recompute
from millpond.streaming.sums import Measure, Sums
from millpond.values import Prediction
from streaming.counting import count_outbox


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """Facts of two applications, of which some are loaded, and all are counted."""
    opened = Lake(tmp_path_factory.mktemp("lake"))
    random = np.random.default_rng(2)
    for number in range(60):
        object_id = opened.object("cells" if number % 3 else "fruits")
        labels = ("RBC", "WBC") if number % 3 else ("apple",)
        found = [
            Prediction(str(random.choice(labels)), round(float(random.beta(5, 2)), 4), BOX)
            for _ in range(random.poisson(1.5))
        ]
        opened.inference(
            object_id,
            found,
            app="cells" if number % 3 else "fruits",
            model=None if number == 7 else f"m-{number % 2}",
            duration_ms=round(float(random.lognormal(2, 1)), 3),
        )
        if number % 10 == 0:
            opened.refuse(400 + number, app=None if number == 20 else "cells")
        if number == 40:
            opened.load()
    opened.annotate(object_id, NewAnnotation("complete"), app="cells")
    count_outbox(opened.engine, opened.commit)
    yield opened
    opened.close()


def stored(lake: Lake) -> dict[PaneKey, Sums]:
    with reading(lake.engine) as connection:
        return {
            PaneKey(
                row.pane,
                Series(row.app, row.model_version or None, None if row.whole else row.label),
            ): Sums.from_bytes(row.sums)
            for row in connection.execute(select(panes).where(panes.c.pane != EVER))
        }


def test_windows_recomputed_from_the_history_are_those_of_the_stream(lake: Lake) -> None:
    found = stored(lake)
    assert sum(sums.total(Measure.REFUSALS) for sums in found.values()) == 6
    first = min(key.pane for key in found)
    assert recompute(lake.analytics, first, pane_of(lake.now) + PANE) == found
    lake.load()
    assert recompute(lake.analytics, first, pane_of(lake.now) + PANE) == found


def test_a_window_without_facts(lake: Lake) -> None:
    assert recompute(lake.analytics, 0, PANE) == {}


def test_the_hours_of_the_history_agree_with_the_stream(lake: Lake) -> None:
    """The same inferences: counts are equal, and quantiles within 1 %."""
    hourly = lake.rows(
        "select app, model_version, label, sum(inferences), sum(predictions), "
        "sum(mean_score * predictions) / sum(predictions), max(p50_ms), max(p99_ms), count(*) "
        "from metrics_hourly group by all"
    )
    with reading(lake.engine) as connection:
        live = ever(connection)
    assert {Series(app, model, label or "") for app, model, label, *_ in hourly} == {
        series for series in live if series.label is not None
    }
    for app, model, label, inferences, predictions, score, p50, p99, hours in hourly:
        sums = live[Series(app, model, label or "")]
        assert sums.total(Measure.INFERENCES) == inferences
        assert sums.total(Measure.PREDICTIONS) == predictions
        assert sums.mean(Measure.CONFIDENCE) == (score and pytest.approx(score, rel=0.01))
        if hours == 1:  # Unless the hour has struck meanwhile.
            assert sums.quantile(Measure.LATENCY, 0.5) == pytest.approx(p50, rel=0.0100001)
            assert sums.quantile(Measure.LATENCY, 0.99) == pytest.approx(p99, rel=0.0100001)
