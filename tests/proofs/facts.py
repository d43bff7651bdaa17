"""Facts that are recorded in one transaction, and told as the truth keeps them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from sqlalchemy import select

from lake import BOX
from millpond.capture import tables
from millpond.capture.inferences import NewInference, get_inference, record_inference
from millpond.capture.objects import NewObject, get_object, object_key, record_object
from millpond.capture.refusals import record_refusal
from millpond.database.group_commit import Transaction
from millpond.raw.store import ObjectStore
from millpond.values import Prediction, new_id
from proofs.truth import BOX_COLUMNS, Row

#: Records some facts, and gives the rows of the truth by the names of its lists.
Record = Callable[[Transaction], dict[str, list[Row]]]


def an_object(store: ObjectStore, source: str, subject: str | None) -> Record:
    """An image, whose bytes are its id."""
    key = new_id()
    sha256 = hashlib.sha256(key.encode()).hexdigest()
    new = NewObject(key, "cells", sha256, "image/png", 100, 80, len(key), source, subject)
    store.put(object_key(key), key.encode())

    def record(transaction: Transaction) -> dict[str, list[Row]]:
        record_object(transaction, new)
        return {"images": [dict(get_object(transaction.connection, key))]}

    return record


def an_inference(object_id: str, found: Sequence[tuple[str, float]], duration_ms: float) -> Record:
    """An inference with a label and a score for each of its predictions."""
    key = new_id()
    predictions = [Prediction(label, score, BOX) for label, score in found]
    new = NewInference(
        key, object_id, "cells", "cells-1", 0.5, 0.4, duration_ms, "user:ann", predictions, b"few"
    )

    def record(transaction: Transaction) -> dict[str, list[Row]]:
        ids = record_inference(transaction, new)
        row = dict(get_inference(transaction.connection, key))
        about = {"inference_id": key, "object_id": object_id, "recorded_at": row["recorded_at"]}
        box = dict(zip(BOX_COLUMNS, BOX.as_list(), strict=True))
        rows = [
            {"prediction_id": prediction_id, "label": label, "score": score, **about, **box}
            for prediction_id, (label, score) in zip(ids, found, strict=True)
        ]
        return {"inferences": [row], "predictions": rows}

    return record


def a_refusal(status: int) -> Record:
    """A request that was refused."""

    def record(transaction: Transaction) -> dict[str, list[Row]]:
        key = record_refusal(transaction, "cells", status, "is no image")
        query = select(tables.refusals).where(tables.refusals.c.refusal_id == key)
        return {"refusals": [dict(transaction.connection.execute(query).mappings().one())]}

    return record
