"""Annotating: what people say of an image is kept, also where its facts were archived."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine

from millpond.access.audit import write_audit
from millpond.access.milestones import reach
from millpond.analytics.lookup import Lookup
from millpond.capture.annotations import Kept, NewAnnotation, record_annotations
from millpond.capture.reviews import Place
from millpond.database.clock import last
from millpond.database.connection import reading
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.history.horizon import archived_until
from millpond.settings import AppSection


class AnnotateService:
    """Keeps annotations, with an entry in the audit log.

    Args:
        engine: of the operational database, for reading; `commit` is for writing to it.
        lookup: finds what annotations name, where it was archived.
    """

    def __init__(self, engine: Engine, commit: GroupCommit, lookup: Lookup) -> None:
        self._engine = engine
        self._commit = commit
        self._lookup = lookup

    def annotate(
        self, place: Place, sent: Sequence[NewAnnotation], declared: AppSection, by: str
    ) -> Kept:
        """Keep annotations, all or none, in the order in which they were sent.

        Raises:
            Invalid: an action, target, label or box does not fit; the message says which.
            Conflict: an ``annotation_id`` is taken by another annotation.
        """
        kept = None
        while kept is None:
            kept = self._attempt(place, sent, declared, by)
        return kept

    def _attempt(
        self, place: Place, sent: Sequence[NewAnnotation], declared: AppSection, by: str
    ) -> Kept | None:
        """Look up what is named, then keep; None where some of it came and left in between."""
        with reading(self._engine) as connection:
            moment = last(connection)
            earlier = self._lookup.earlier(connection, place.object_id, sent)

        def work(transaction: Transaction) -> Kept | None:
            if archived_until(transaction.connection) > moment:
                return None
            kept = record_annotations(transaction, place, sent, declared, by, earlier)
            if kept.created:
                what = f"object {place.object_id}, {len(sent)} annotations"
                write_audit(transaction, by, "annotate", what)
                reach(transaction, "correct")
            return kept

        return self._commit.run(work)
