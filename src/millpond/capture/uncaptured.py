"""What was answered but not kept, by the policy of its application: counted, and the counts kept.

A count of each second is a fact like any other, so that the history has it and every
moment has its answer. A process that is killed takes the counts of its last second along.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from typing import NamedTuple

from millpond.capture import tables
from millpond.capture.outbox import write_events
from millpond.capture.policy import Reason
from millpond.capture.quotas import hour_of
from millpond.database.clock import machine_now
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.events.event import Event
from millpond.values import new_id

_log = logging.getLogger(__name__)

#: Seconds between two writings.
_EVERY = 1.0


class Uncaptured(NamedTuple):
    """What is counted together: requests of an application in an hour (µs since 1970)."""

    app: str
    model_version: str | None
    hour: int
    reason: Reason


class UncapturedCounts:
    """Counts what is not kept, and writes the counts about every second, and when it is closed.

    Many threads may use one at the same time.
    """

    def __init__(self, commit: GroupCommit) -> None:
        self._commit = commit
        self._lock = threading.Lock()
        self._waiting: Counter[Uncaptured] = Counter()
        self._totals: Counter[tuple[str, str | None, Reason]] = Counter()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def count(self, app: str, model_version: str | None, reason: Reason) -> None:
        """Count one request."""
        with self._lock:
            self._waiting[Uncaptured(app, model_version, hour_of(machine_now()), reason)] += 1
            self._totals[app, model_version, reason] += 1
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._write, name="millpond-uncaptured", daemon=True
                )
                self._thread.start()

    def totals(self) -> dict[tuple[str, str | None, Reason], int]:
        """How many since this process began, by application, model version and reason."""
        with self._lock:
            return dict(self._totals)

    def flush(self) -> None:
        """Write what was counted.

        Raises:
            MillpondError: it cannot be written now; the counts are kept for the next time.
        """
        with self._lock:
            counted, self._waiting = self._waiting, Counter()
        if not counted:
            return
        try:
            self._commit.run(lambda transaction: record_uncaptured(transaction, counted))
        except BaseException:
            with self._lock:
                self._waiting += counted
            raise

    def close(self) -> None:
        """Write what was counted, and stop. Calling it twice does no harm."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
        self._flush_or_say()

    def _write(self) -> None:
        while not self._closing.wait(_EVERY):
            self._flush_or_say()

    def _flush_or_say(self) -> None:
        try:
            self.flush()
        except Exception as error:  # Whatever it is, they are counted on, and tried again.
            _log.warning("counts of what was not captured wait: %s", error)


def record_uncaptured(transaction: Transaction, counted: Counter[Uncaptured]) -> None:
    """Record how many requests were not kept, each count with its event."""
    rows = [
        {
            "uncaptured_id": new_id(),
            **of._asdict(),
            "requests": requests,
            "recorded_at": transaction.clock.tick(),
        }
        for of, requests in counted.items()
    ]
    transaction.connection.execute(tables.uncaptured.insert(), rows)
    write_events(
        transaction.connection,
        [
            Event.of(
                "millpond.uncaptured.recorded",
                str(row["app"]),
                str(row["uncaptured_id"]),
                row["recorded_at"],
                **{name: row[name] for name in ("model_version", "reason", "requests")},
            )
            for row in rows
        ],
    )
