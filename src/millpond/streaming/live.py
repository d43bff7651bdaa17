"""Live metrics: what the newest windows say of each application, and whether it drifts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, func, select

from millpond.capture.tables import OUTBOX, outbox, stream_positions
from millpond.database.clock import machine_now
from millpond.database.connection import reading
from millpond.errors import Invalid
from millpond.models.registry import Registry
from millpond.settings import Settings
from millpond.streaming.drift import LEAST
from millpond.streaming.live_answers import (
    Drifted,
    MetricsAnswer,
    drift_answer,
    window_answer,
)
from millpond.streaming.pane_store import Mark, pane_of, read_mark, since_images, window
from millpond.streaming.panes import PANE, Series
from millpond.streaming.profile import drifts, has_profile
from millpond.streaming.sums import NOTHING, Measure, Sums
from millpond.streaming.windows import NAME, Kind, panes_within
from millpond.values import iso, parse_age

#: The windows that are told of where none is asked for.
WINDOWS = ("1m", "5m", "1h")
#: Windows that are kept in memory, for those who ask for the same.
_KEPT = 64

Found = TypeVar("Found")


class LiveMetrics:
    """Reads windows. Many threads may use one at the same time.

    Args:
        registry: knows the champions, whose profiles drift is compared with.
    """

    def __init__(self, engine: Engine, registry: Registry, settings: Settings) -> None:
        self._engine = engine
        self._registry = registry
        self._settings = settings
        self._section = settings.metrics
        self._profiles: dict[str, Mapping[str, Any]] = {}
        self._answered: dict[tuple[Any, ...], tuple[Mark, Any]] = {}
        self._lock = threading.Lock()

    def answer(
        self,
        windows: Sequence[str] = WINDOWS,
        app: str | None = None,
        label: str | None = None,
        kind: Kind = "sliding",
    ) -> MetricsAnswer:
        """What the newest windows say.

        Args:
            windows: their lengths, such as ``5m``.
            app: of this application alone.
            label: of this label alone, where windows tell of labels.
            kind: sliding windows end now, tumbling ones have ended last.

        Raises:
            Invalid: a window is no age, shorter than 10 s, or longer than panes are kept.
        """
        lengths = {name: self._length(name) for name in windows}
        with reading(self._engine) as connection:
            mark = read_mark(connection)
            behind = self._behind(connection)
        spans = {
            name: panes_within(machine_now(), length, kind) for name, length in lengths.items()
        }
        watermark = mark.newest - parse_age(self._section.lateness)
        names = [app] if app is not None else self._settings.app_names
        return {
            "at": iso(machine_now()),
            "watermark": iso(watermark) if mark.newest else None,
            "lag_ms": behind,
            "dropped": mark.dropped,
            "apps": [
                {
                    "app": name,
                    "windows": [
                        window_answer(text, span, self.sums(name, span), label, watermark)
                        for text, span in spans.items()
                    ],
                    "drift": drift_answer(self.drift(name)),
                }
                for name in names
            ],
        }

    def sums(self, app: str, span: tuple[int, int]) -> dict[Series, Sums]:
        """The sums of each series of an application in a window.

        Args:
            span: the first pane, and the one after the last; see `windows.panes_within`.
        """

        def read(connection: Connection) -> dict[Series, Sums]:
            return window(connection, *span, app)

        return self._kept((app, span), read)

    def drift(self, app: str) -> Drifted:
        """How far the newest images of an application are from its champion's profile."""
        if self._settings.app(app).capture.policy == "low_confidence":
            return Drifted("by its policy what is unsure is kept, which is no sample of all")
        champion = self._registry.champion(app)
        if champion is None:
            return Drifted("no champion")
        profile = self._profile(champion)
        if not has_profile(profile):
            return Drifted("the champion has no profile", champion)
        until = pane_of(machine_now()) + PANE

        def read(connection: Connection) -> Drifted:
            since = since_images(connection, app, champion, self._section.drift_images)
            found = window(connection, since or 0, until, app)
            own = {one.label: sums for one, sums in found.items() if one.model_version == champion}
            whole = own.pop(None, NOTHING)
            images = whole.total(Measure.INFERENCES)
            if images < LEAST:
                return Drifted(f"fewer than {LEAST} images", champion, images)
            labels = {label: sums for label, sums in own.items() if label is not None}
            return Drifted(None, champion, images, since, drifts(profile, whole, labels))

        return self._kept(("drift", app, champion, until), read)

    def _kept(self, key: tuple[Any, ...], read: Callable[[Connection], Found]) -> Found:
        """What was read before, as long as nothing was counted since."""
        with reading(self._engine) as connection:
            mark = read_mark(connection)
            with self._lock:
                kept = self._answered.get(key)
            if kept is not None and kept[0] == mark:
                found: Found = kept[1]
                return found
            found = read(connection)
        with self._lock:
            if len(self._answered) >= _KEPT:
                self._answered.clear()
            self._answered[key] = (mark, found)
        return found

    def _profile(self, version: str) -> Mapping[str, Any]:
        if version not in self._profiles:
            self._profiles[version] = self._registry.package(version).profile
        return self._profiles[version]

    def _length(self, text: str) -> int:
        length, longest = parse_age(text), parse_age(self._section.keep)
        if not PANE <= length <= longest:
            raise Invalid(f"window {text!r} is not from 10s to {self._section.keep}")
        return length

    def _behind(self, connection: Connection) -> float | None:
        """Milliseconds since the oldest event was recorded that is still to be counted."""
        position = stream_positions
        waiting = (
            select(func.min(outbox.c.recorded_at))
            .where(
                outbox.c.partition == position.c.partition,
                outbox.c.recorded_at > position.c.position,
            )
            .scalar_subquery()
        )
        own = (position.c.source == OUTBOX) & (position.c.consumer == NAME)
        found = connection.scalars(select(waiting).select_from(position).where(own)).all()
        since = [moment for moment in found if moment is not None]
        if not found:
            return None
        return max(0.0, (machine_now() - min(since)) / 1000) if since else 0.0
