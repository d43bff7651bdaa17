"""Landing from a topic: what comes in while a project is served lands in micro-batches.

The offsets move in the transaction that records the landing, so each message lands once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from millpond.database.clock import machine_now
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.errors import Invalid
from millpond.pipelines.land import Arrived, Landings
from millpond.raw.feeds.table_values import day_of
from millpond.settings import FeedSection, SourceSection
from millpond.streaming.consumers import ConsumerGroup
from millpond.streaming.kafka_address import KafkaAddress
from millpond.streaming.kafka_bus import check_installed
from millpond.streaming.source import Batch

#: Seconds after which a server that was killed is replaced as the one that lands.
_LEASE = 30.0


class TopicLanding:
    """A consumer of rows that lands them in a feed.

    Args:
        name: of the source, as the settings have it.
    """

    def __init__(self, name: str, landings: Landings, feed: str, section: FeedSection) -> None:
        self.name = f"source {name}"
        self._landings = landings
        self._feed = feed
        self._section = section
        self._scratch = Path()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock of landings, as `prepare` and the commit after it need it."""
        with self._landings.alone() as scratch:
            self._scratch = scratch
            yield

    def prepare(self, batch: Batch) -> Callable[[Transaction], None]:
        """Bring rows in, none of which counts before what comes back has recorded them."""
        from millpond.streaming.kafka_rows import LINE

        lines = [str(event.data[LINE]) for event in batch.events]
        try:
            return self._prepared(batch, lines)
        except Invalid:
            # Rows with columns without end can be no file. What is declared is taken.
            return self._prepared(batch, [self._declared(line) for line in lines])

    def stop(self) -> None:
        """A landing is short."""

    def _prepared(self, batch: Batch, lines: Sequence[str]) -> Callable[[Transaction], None]:
        path = self._scratch / "came"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="replace")
        day = day_of(machine_now())
        file = Arrived(path, _named(batch), day, dated=False, streamed=True)
        return self._landings.prepared(self._feed, self._section, file, self._scratch)

    def _declared(self, line: str) -> str:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            return line
        if not isinstance(row, dict):
            return line
        return json.dumps({name: row[name] for name in self._section.names if name in row})


def _named(batch: Batch) -> str:
    """A name for a file of these rows: the first and the last of each partition."""
    ends: dict[int, list[str]] = {}
    for event in batch.events:
        offset = event.entity_id.removeprefix(f"{event.partition}-")
        ends.setdefault(event.partition, [offset])[1:] = [offset]
    parts = (f"{partition}-{found[0]}-{found[-1]}" for partition, found in sorted(ends.items()))
    return f"{'_'.join(parts)}.jsonl"


def topic_group(
    name: str,
    source: SourceSection,
    section: FeedSection,
    landings: Landings,
    engine: Engine,
    commit: GroupCommit,
) -> ConsumerGroup:
    """What lands the rows of ``[sources.NAME]``, none of it started.

    Raises:
        ProjectError: the address is malformed.
        NotInstalled: the library is missing.
    """
    check_installed(f"sources.{name}.url")
    from millpond.streaming.kafka_rows import KafkaRows

    consumer = TopicLanding(name, landings, source.feed, section)
    return ConsumerGroup(
        KafkaRows(KafkaAddress.of(source.url, source.options)),
        consumer,
        engine,
        commit,
        most=source.rows,
        pause=source.seconds,
        lease=_LEASE,
        alone=consumer.alone,
    )
