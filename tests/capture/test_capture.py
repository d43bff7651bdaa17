"""Objects and inferences: once each, whole, with their events."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import Engine, func, select

from millpond.capture import tables
from millpond.capture.inferences import (
    IdempotencyKey,
    NewInference,
    find_answered,
    get_inference,
    predictions_of,
    record_inference,
)
from millpond.capture.objects import NewObject, Origin, find_object, object_key, record_object
from millpond.capture.refusals import record_refusal
from millpond.database.connection import reading
from millpond.database.group_commit import GroupCommit
from millpond.errors import Conflict, NotFound
from millpond.values import Box, Prediction, new_id


def an_object(**changes: object) -> NewObject:
    return replace(
        NewObject(new_id(), "cells", "a" * 64, "image/png", 100, 80, 1234, "upload"),
        **changes,  # type: ignore[arg-type]
    )


def an_inference(object_id: str) -> NewInference:
    found = [Prediction("RBC", 0.9, Box(1, 2, 30, 40)), Prediction("WBC", 0.6, Box(5, 5, 9, 9))]
    return NewInference(
        new_id(), object_id, "cells", "cells-1", 0.5, 0.45, 12.5, "user:ann", found, b"packed"
    )


def count(engine: Engine, table: str) -> int:
    with reading(engine) as connection:
        return connection.scalar(select(func.count()).select_from(tables.metadata.tables[table]))  # type: ignore[return-value]


def test_the_same_bytes_are_kept_once_per_subject_and_application(
    engine: Engine, commit: GroupCommit
) -> None:
    sent = [
        an_object(),
        an_object(),
        an_object(subject="p1"),
        an_object(subject="p1"),
        an_object(subject="p2"),
        an_object(app="other"),
    ]
    with ThreadPoolExecutor(6) as pool:
        ids = list(pool.map(lambda new: commit.run(lambda t: record_object(t, new)), sent))
    assert len(set(ids)) == 4
    assert ids[0] == ids[1]
    assert ids[2] == ids[3]
    assert count(engine, "objects") == count(engine, "outbox") == 4
    assert count(engine, "subjects") == 2
    with reading(engine) as connection:
        found = find_object(connection, "cells", "p2", "a" * 64)
        assert found is not None
        assert found["object_id"] == ids[4]
        assert found["subject_id"] not in ("p1", "p2")


def test_the_origin_is_kept_apart(engine: Engine, commit: GroupCommit) -> None:
    origin = Origin("ann/1.png", "ann", "1", "test")
    object_id = commit.run(lambda t: record_object(t, an_object(origin=origin)))
    with reading(engine) as connection:
        row = connection.execute(select(tables.object_origins)).mappings().one()
        assert (row["object_id"], row["path"], row["part"]) == (object_id, "ann/1.png", "test")


def test_keys_of_the_store_spread(engine: Engine) -> None:
    object_id = "0192f0c1-0000-7000-8000-0000000000ab"
    assert object_key(object_id) == f"objects/ab/{object_id}"


def test_an_inference_is_kept_whole(engine: Engine, commit: GroupCommit) -> None:
    object_id = commit.run(lambda t: record_object(t, an_object()))
    new = an_inference(object_id)
    ids = commit.run(lambda t: record_inference(t, new))
    with reading(engine) as connection:
        row = get_inference(connection, new.inference_id)
        assert (row["app"], row["width"], row["requested_by"]) == ("cells", 100, "user:ann")
        kept = predictions_of(connection, new.inference_id)
        assert [row["prediction_id"] for row in kept] == ids
        assert [(row["label"], row["x_max"]) for row in kept] == [("RBC", 30), ("WBC", 9)]
        event = connection.execute(
            select(tables.outbox).where(tables.outbox.c.entity_id == new.inference_id)
        ).one()
        assert event.data["object_id"] == object_id
        with pytest.raises(NotFound, match="no inference 'nope'"):
            get_inference(connection, "nope")


def test_an_idempotency_key_names_one_request(engine: Engine, commit: GroupCommit) -> None:
    object_id = commit.run(lambda t: record_object(t, an_object()))
    new = an_inference(object_id)
    key = IdempotencyKey("cells", "user:ann", "k1", "f" * 64)
    commit.run(lambda t: record_inference(t, new, key))
    with reading(engine) as connection:
        assert find_answered(connection, key) == new.inference_id
        assert find_answered(connection, replace(key, requested_by="user:bob")) is None
        with pytest.raises(Conflict, match="k1"):
            find_answered(connection, replace(key, request_sha256="0" * 64))


def test_a_refusal_is_a_fact(engine: Engine, commit: GroupCommit) -> None:
    commit.run(lambda t: record_refusal(t, "cells", 400, "empty body"))
    assert count(engine, "refusals") == count(engine, "outbox") == 1
