"""The values of a feed's columns: from the text of a cell to JSON, in one form for each value.

``29.850`` and ``29.85`` are the same number, so a file that says it anew in other
words says nothing new.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Callable
from json.encoder import encode_basestring

from millpond.settings import FeedColumn
from millpond.values import MICROSECONDS, iso, to_micros

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}(\.0+)?")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})([T ]00:00(:00(\.0+)?)?Z?)?")
_BOOLEANS = {
    **dict.fromkeys(("true", "t", "yes", "y", "1"), "true"),
    **dict.fromkeys(("false", "f", "no", "n", "0"), "false"),
}
_DAY_MICROS = 86_400 * MICROSECONDS
_SHOWN = 60


def read_value(column: FeedColumn, text: str) -> str:
    """The JSON of a cell that is not blank.

    Raises:
        ValueError: it is no such value; the message ends a sentence that begins with
            the name of the column.
    """
    try:
        return _READERS[column.kind](column, text if column.kind == "string" else text.strip())
    except (ValueError, OverflowError):
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
        written = f" written as {column.pattern}" if column.pattern else ""
        article = "an" if column.kind == "integer" else "a"
        raise ValueError(f"is {shown!r}, not {article} {column.kind}{written}") from None


def moment_of(value: str) -> int:
    """Microseconds since 1970 of a date, its beginning, or of a timestamp, as `read_value` has it.

    >>> moment_of('"1970-01-02"') // 1_000_000
    86400
    """
    return to_micros(dt.datetime.fromisoformat(json.loads(value)))


def day_of(moment: int) -> int:
    """The beginning of the day that a moment is in."""
    return moment - moment % _DAY_MICROS


def _string(column: FeedColumn, text: str) -> str:
    if "\0" in text:
        raise ValueError
    return encode_basestring(text)


def _integer(column: FeedColumn, text: str) -> str:
    if _INTEGER.fullmatch(text) is None:
        raise ValueError
    value = int(text.partition(".")[0])
    if not -(1 << 63) <= value < 1 << 63:
        raise ValueError
    return str(value)


def _number(column: FeedColumn, text: str) -> str:
    if _NUMBER.fullmatch(text) is None:
        raise ValueError
    # Adding nothing makes -0.0 the number that 0.0 is.
    value = float(text) + 0.0
    if not math.isfinite(value):
        raise ValueError
    return repr(value)


def _boolean(column: FeedColumn, text: str) -> str:
    if text.lower() not in _BOOLEANS:
        raise ValueError
    return _BOOLEANS[text.lower()]


def _date(column: FeedColumn, text: str) -> str:
    if column.pattern is not None:
        return f'"{dt.datetime.strptime(text, column.pattern).date().isoformat()}"'
    match = _DAY.fullmatch(text)
    if match is None:
        raise ValueError
    return f'"{dt.date.fromisoformat(match[1]).isoformat()}"'


def _timestamp(column: FeedColumn, text: str) -> str:
    if column.pattern is not None:
        return f'"{iso(to_micros(dt.datetime.strptime(text, column.pattern)))}"'
    return f'"{iso(to_micros(dt.datetime.fromisoformat(text)))}"'


_READERS: dict[str, Callable[[FeedColumn, str], str]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "timestamp": _timestamp,
}
