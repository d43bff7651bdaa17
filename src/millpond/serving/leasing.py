"""Leasing: who reviews what, so that no two reviewers are given the same image."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Engine

from millpond.access.audit import write_audit
from millpond.capture.leases import (
    LEASE_SECONDS,
    Lease,
    leases_in_force,
    release_leases,
    take_leases,
)
from millpond.capture.reviews import completed_since
from millpond.database.clock import last
from millpond.database.connection import reading
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.serving.queue_answers import Held, Taken
from millpond.serving.queue_items import QueueItems, check_ids
from millpond.serving.reasons import Strategy
from millpond.values import iso


class LeaseService:
    """Takes, renews and lets go of leases.

    Args:
        engine: of the operational database, for reading; `commit` is for writing to it.
        items: reads the queues.
    """

    def __init__(self, engine: Engine, commit: GroupCommit, items: QueueItems) -> None:
        self._engine = engine
        self._commit = commit
        self._items = items

    def take(
        self, app: str, strategy: Strategy, count: int, by: str, skip: Sequence[str] = ()
    ) -> Taken:
        """Lease the first images of a queue that nobody else is at.

        1.  Read the queue as of a moment, without what others hold.
        2.  In one transaction, lease what is still free and was not completed since.
        3.  Begin again for what is missing, until the queue has no more.

        Args:
            skip: images that are not wanted.
        """
        passed, mine = set(check_ids(skip)), dict[str, Lease]()
        while len(mine) < count:
            with reading(self._engine) as connection:
                moment = last(connection)
                leases = leases_in_force(connection, app).values()
            others = {lease.object_id for lease in leases if lease.annotator != by}
            rows = self._items.first(
                app, strategy, count - len(mine), without=passed | others | set(mine)
            )
            if not rows:
                break
            ids = [row["object_id"] for row in rows]
            met = self._lease(app, ids, by, since=moment)
            mine |= {key: lease for key, lease in met.items() if lease.annotator == by}
            passed |= set(ids) - set(mine)
        return self._taken(app, strategy, mine, by)

    def take_these(self, app: str, strategy: Strategy, object_ids: Sequence[str], by: str) -> Taken:
        """Lease some images, or lease them longer, whether they are in the queue or not.

        Raises:
            NotFound: the application has no object of an id.
        """
        known = self._items.check_known(app, object_ids)
        return self._taken(app, strategy, self._lease(app, list(known), by), by)

    def release(self, app: str, object_ids: Sequence[str], by: str) -> int:
        """Let go of images; the number of those that were held."""
        ids = check_ids(object_ids)

        def work(transaction: Transaction) -> int:
            released = release_leases(transaction.connection, ids, by)
            if released:
                write_audit(transaction, by, "queue.take", f"release {released} images of {app}")
            return released

        return self._commit.run(work)

    def _lease(
        self, app: str, object_ids: Collection[str], by: str, since: int | None = None
    ) -> dict[str, Lease]:
        """Lease what nobody else is at, and what nobody has completed since a moment."""

        def work(transaction: Transaction) -> dict[str, Lease]:
            connection = transaction.connection
            done = set() if since is None else completed_since(connection, list(object_ids), since)
            left = [object_id for object_id in object_ids if object_id not in done]
            before = leases_in_force(connection, app)
            met = take_leases(transaction, left, by, len(left))
            new = sum(lease.annotator == by and key not in before for key, lease in met.items())
            if new:
                write_audit(transaction, by, "queue.take", f"take {new} images of {app}")
            return met

        return self._commit.run(work)

    def _taken(self, app: str, strategy: Strategy, met: Mapping[str, Lease], by: str) -> Taken:
        mine = [lease for lease in met.values() if lease.annotator == by]
        rows = self._items.these(app, [lease.object_id for lease in mine])
        return {
            "items": [
                self._items.item(app, strategy, rows[lease.object_id], lease) for lease in mine
            ],
            "held": [_held(lease) for lease in met.values() if lease.annotator != by],
            "lease_s": LEASE_SECONDS,
        }


def _held(lease: Lease) -> Held:
    return {
        "object_id": lease.object_id,
        "leased_by": lease.annotator,
        "leased_until": iso(lease.until),
    }
