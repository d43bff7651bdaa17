"""A project's events and a champion with a profile, as live metrics and alerts look at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select

from millpond.capture.tables import outbox
from millpond.database.clock import machine_now
from millpond.database.connection import reading
from millpond.models.registry import Registry
from millpond.settings import AlertSection, AppSection, Settings
from millpond.streaming.alerts import Alerts
from millpond.streaming.live import LiveMetrics
from millpond.streaming.source import Batch, StreamEvent
from millpond.streaming.windows import WindowsConsumer
from millpond.values import MICROSECONDS, new_id, parse_age
from serving.helpers import detector_package
from streaming.bus import Bus

APP = "blood-cells"
APPS = (APP, "fruits")
SETTINGS = Settings(
    apps={
        "blood_cells": AppSection(task="detection", labels=("RBC", "WBC", "Platelets")),
        "fruits": AppSection(task="classification", labels=("apple", "pear")),
    }
)
#: A hundred images with one box each, as bright as `Watched.see` makes them.
PROFILE = {
    "answers": {
        "images": 100,
        "labels": {"RBC": 60, "WBC": 40},
        "scores": [0] * 16 + [25, 25, 25, 25],
        "boxes": [0, 100] + [0] * 14,
        "threshold": 0.5,
    },
    "looks": {
        "images": 100,
        "brightness": [0] * 6 + [25, 25, 25, 25] + [0] * 6,
        "contrast": [0] * 6 + [25, 25, 25, 25] + [0] * 6,
    },
}


class Watched(Bus):
    """An operational database with windows, a registry, and what looks at both."""

    def __init__(self, folder: Path, settings: Settings = SETTINGS) -> None:
        super().__init__(folder)
        self.registry = Registry(self.engine, self.commit, folder / "models")
        self.live = LiveMetrics(self.engine, self.registry, settings)
        self.random = np.random.default_rng(4)
        self.version = "nobody"

    def promote(self, profile: Mapping[str, Any] = PROFILE) -> None:
        """Make a model with a profile the champion."""
        package = replace(detector_package(), profile=profile)
        self.version = self.registry.register(package, by="os:test").version
        self.registry.set_champion(APP, self.version, by="os:test")

    def rules(self, **rules: AlertSection) -> Alerts:
        return Alerts(self.commit, self.live, rules, APPS)

    def see(
        self,
        images: int,
        *,
        ago: float = 0,
        labels: Sequence[str] = ("RBC", "RBC", "RBC", "WBC", "WBC"),
        darker: float = 0,
        duration_ms: float = 10.0,
        score: float | None = None,
    ) -> None:
        """Count inferences that were just made, or seconds ago."""
        events = []
        for number in range(images):
            said = self.random.uniform(0.8, 1) if score is None else score
            data = {
                "model_version": self.version,
                "duration_ms": duration_ms,
                "predictions": [{"label": str(self.random.choice(labels)), "score": said}],
                "image": {
                    "width": 64,
                    "height": 48,
                    "brightness": self.random.uniform(0.376, 0.62) - darker,
                    "contrast": self.random.uniform(0.19, 0.31),
                },
            }
            events.append(self._event("inference", number, ago, data))
        self._count(events)

    def refuse(self, requests: int, status: int = 503, app: str = APP) -> None:
        """Count refusals that were just made."""
        data = {"status": status}
        self._count([self._event("refusal", number, 0, data, app) for number in range(requests)])

    def told(self, name: str = "") -> list[tuple[str, str, dict[str, Any]]]:
        """Type, application and data of the events of alerts, in their order."""
        query = select(outbox).where(outbox.c.type.like("millpond.alert.%"))
        with reading(self.engine) as connection:
            rows = connection.execute(query.order_by(outbox.c.recorded_at)).all()
        return [
            (row.type.removeprefix("millpond.alert."), row.app, row.data)
            for row in rows
            if name in ("", row.data["name"])
        ]

    def check(self, rules: Alerts) -> None:
        """Look once."""
        with reading(self.engine) as connection:
            rules.check(connection)

    def _event(
        self, kind: str, number: int, ago: float, data: dict[str, Any], app: str = APP
    ) -> StreamEvent:
        moment = machine_now() - round(ago * MICROSECONDS)
        kind = f"millpond.{kind}.recorded"
        return StreamEvent(new_id(), kind, app, str(number), "", moment, 0, data)

    def _count(self, events: list[StreamEvent]) -> None:
        self.commit.run(WindowsConsumer(parse_age("26h")).prepare(Batch(events, {})))
