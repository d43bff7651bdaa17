"""One call of a batch function, made by a worker: its rows, or why there are none."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa

from millpond.engines.engine import SHARD, BatchFunction
from millpond.errors import Invalid, MillpondError


@dataclass(frozen=True)
class Outcome:
    """What a call came to, as it travels to the coordinator.

    An error travels as a value: a cluster would take one that is raised for a loss,
    try again in vain, and bury the reason in traces of its own.
    """

    batches: list[pa.RecordBatch]
    error: MillpondError | None = None

    def rows(self) -> Iterator[pa.RecordBatch]:
        """The batches of a call that succeeded.

        Raises:
            MillpondError: it failed.
        """
        if self.error is not None:
            raise self.error
        yield from self.batches


def call(function: BatchFunction, schema: pa.Schema, numbers: Iterable[int]) -> Outcome:
    """Call a function with the numbers of some shards, and keep all that it yields."""
    try:
        return Outcome(list(checked(function(shard_batches(numbers)), schema)))
    except Exception as error:
        return Outcome([], portable(error))


def shard_batches(numbers: Iterable[int]) -> Iterator[pa.RecordBatch]:
    """A batch of one row for each number, made when it is asked for."""
    for number in numbers:
        yield pa.record_batch([pa.array([number], pa.int64())], schema=SHARD)


def checked(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The same batches.

    Raises:
        Invalid: one is not of the schema that was promised.
    """
    for batch in batches:
        if not batch.schema.equals(schema):
            raise Invalid(f"the function yields {_named(batch.schema)}, not {_named(schema)}")
        yield batch


def portable(error: Exception) -> MillpondError:
    """An error that can be sent to another process, with its trace as a note."""
    if not isinstance(error, MillpondError) or not _survives(error):
        trace = "".join(traceback.format_exception(error))
        error = MillpondError(f"{type(error).__name__}: {error}")
        error.add_note(trace)
    return error


def _survives(error: MillpondError) -> bool:
    """Whether pickle brings it back; an error with arguments of its own may not come."""
    try:
        return str(pickle.loads(pickle.dumps(error))) == str(error)
    except Exception:
        return False


def _named(schema: pa.Schema) -> str:
    return ", ".join(f"{field.name} {field.type}" for field in schema)
