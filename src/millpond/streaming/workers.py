"""The consumer groups that a server runs: begun once it serves, ended with it."""

from __future__ import annotations

from collections.abc import Sequence

from millpond.capture.tables import OUTBOX
from millpond.database.group_commit import GroupCommit
from millpond.streaming.consumers import ConsumerGroup
from millpond.streaming.positions import forget_others


class ConsumerGroups:
    """All that reads events in one process.

    Args:
        groups: none of them started.
    """

    def __init__(self, commit: GroupCommit, groups: Sequence[ConsumerGroup]) -> None:
        self._commit = commit
        self._groups = groups
        self._started: list[ConsumerGroup] = []

    def start(self) -> None:
        """Begin to read; a consumer that the settings name no longer holds nothing back."""
        names = [group.name for group in self._groups if group.source == OUTBOX]
        self._commit.run(lambda transaction: forget_others(transaction.connection, OUTBOX, names))
        for group in self._groups:
            group.start()
            self._started.append(group)

    def stop(self) -> None:
        """End each with the batch that it is at; calling it twice does no harm."""
        # All at once: one may wait some seconds for a broker that does not answer.
        for group in self._started:
            group.end()
        while self._started:
            self._started.pop().stop()
