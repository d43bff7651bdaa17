"""Keeping: an image and what was said of it, on disk together before anyone is answered."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Engine

from millpond.capture.inferences import (
    IdempotencyKey,
    NewInference,
    SeenImage,
    find_answered,
    record_inference,
)
from millpond.capture.objects import NewObject, find_object, object_key, record_object
from millpond.database.connection import reading
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.raw.store import ObjectStore

#: Looks at a transaction before anything is written in it; what it raises undoes all of it.
Admission = Callable[[Transaction], None]


@dataclass(frozen=True)
class Kept:
    """What is on disk.

    Args:
        object_id: None where another request with the same key was first: the inference is
            that one's, and nothing of this request was written.
        prediction_ids: of the predictions that were written, in their order.
    """

    inference_id: str
    object_id: str | None = None
    prediction_ids: Sequence[str] = ()


class Keeper:
    """Keeps images with their inferences. Many threads may use one at the same time.

    Args:
        engine: of the operational database, for reading; `commit` is for writing to it.
        store: where the bytes go.
    """

    def __init__(self, engine: Engine, commit: GroupCommit, store: ObjectStore) -> None:
        self._engine = engine
        self._commit = commit
        self._store = store

    def answered(self, key: IdempotencyKey | None) -> str | None:
        """The inference that was answered to a key before, if any.

        Raises:
            Conflict: the key was used for another request.
        """
        if key is None:
            return None
        with reading(self._engine) as connection:
            return find_answered(connection, key)

    def keep(
        self,
        data: bytes,
        image: NewObject,
        inference: NewInference,
        key: IdempotencyKey | None = None,
        admission: Admission = lambda transaction: None,
    ) -> Kept:
        """Keep an image with what was said of it; when this returns, both are on disk.

        Args:
            inference: of `image`, or of the object that is kept of these bytes already.

        Raises:
            Conflict: the key was used for another request.
            DiskFull: there is no room; nothing was kept.
        """
        # Step 1. The bytes, durably, unless they are kept already.
        put = not self._is_kept(image)
        if put:
            self._store.put(object_key(image.object_id), data)
        # Step 2. Every row and event of them, in one transaction.
        named = False

        def work(transaction: Transaction) -> Kept:
            nonlocal named
            kept = _record(transaction, image, inference, key, admission)
            named = kept.object_id == image.object_id
            return kept

        try:
            return self._commit.run(work)
        finally:
            # Step 3. Where no row was to name the bytes, since another request was
            # first or the facts were refused, they go again. When the commit itself
            # fails they stay: a row may yet turn out to be kept, after a loss of the
            # connection or of power. Bytes that nothing names do no harm.
            if put and not named:
                with contextlib.suppress(OSError):
                    self._store.delete(object_key(image.object_id))

    def keep_again(
        self,
        inference: NewInference,
        key: IdempotencyKey | None = None,
        admission: Admission = lambda transaction: None,
    ) -> Kept:
        """Keep what was said of an object that is kept already; it is on disk afterwards.

        Raises:
            Conflict: the key was used for another request.
            DiskFull: there is no room; nothing was kept.
        """
        return self._commit.run(
            lambda transaction: _record(transaction, None, inference, key, admission)
        )

    def _is_kept(self, image: NewObject) -> bool:
        with reading(self._engine) as connection:
            found = find_object(connection, image.app, image.subject, image.sha256)
        return found is not None


def _record(
    transaction: Transaction,
    image: NewObject | None,
    inference: NewInference,
    key: IdempotencyKey | None,
    admission: Admission,
) -> Kept:
    """Record an inference, with its image where that is new."""
    if key is not None:
        answered = find_answered(transaction.connection, key)
        if answered is not None:
            return Kept(answered)
    admission(transaction)
    if image is not None:
        object_id = record_object(transaction, image)
        # Of an object that is kept already, its own row tells.
        seen = _seen(image) if object_id == image.object_id else None
        inference = replace(inference, object_id=object_id, image=seen)
    ids = record_inference(transaction, inference, key)
    return Kept(inference.inference_id, inference.object_id, ids)


def _seen(image: NewObject) -> SeenImage:
    return SeenImage(image.width, image.height, image.bytes, image.brightness, image.contrast)
