"""Why an image is in the queue of review: the strategies, and a sentence for people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from millpond.analytics.images.tables import IS_REQUESTED
from millpond.errors import Invalid
from millpond.settings import AppSection
from millpond.values import to_micros

Strategy = Literal["requested", "uncertain", "disagree", "disputed", "random", "oldest"]
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)

#: A row of the index of images.
Row: TypeAlias = Mapping[str, Any]

#: The end of an id is random (RFC 9562, section 5.7), so it draws the same images every time:
#: 26 of 256, about one of every ten. What they say holds for all, whatever a model thinks.
_DRAWN = "right(object_id::varchar, 2) < '1a'"
_DRAW = "right(object_id::varchar, 8)"


@dataclass(frozen=True)
class Rule:
    """A strategy in SQL over the index of images.

    Args:
        where: which images are in the queue.
        order: the most useful first.
        degree: from 0 to 1, the larger the sooner; null where it is no matter of degree.
    """

    where: str
    order: str
    degree: str = "null"


RULES: Mapping[Strategy, Rule] = {
    "requested": Rule(IS_REQUESTED, "requested_at"),
    "uncertain": Rule(
        "(not reviewed and uncertainty is not null)", "uncertainty desc", "uncertainty"
    ),
    "disagree": Rule("(not reviewed and disagreement > 0)", "disagreement desc", "disagreement"),
    "disputed": Rule("(disputed > 0)", "disputed desc"),
    "random": Rule(f"(not reviewed and {_DRAWN})", _DRAW),
    "oldest": Rule("(not reviewed)", "recorded_at"),
}


def check_strategy(name: str) -> Strategy:
    """A strategy by its name.

    Raises:
        Invalid: there is none of that name.
    """
    if name not in STRATEGIES:
        raise Invalid(f"strategy {name!r} is not one of {', '.join(STRATEGIES)}")
    return name


def sentence(strategy: Strategy, row: Row, declared: AppSection, now: int) -> str:
    """Why an image is in the queue.

    Args:
        row: of the index, for which the rule of the strategy holds.
        declared: what the settings say of the application.
        now: microseconds since 1970.
    """
    return _SENTENCES[strategy](row, declared, now)


def reviewed(row: Row, now: int) -> str:
    """What is said of an image that is in no queue, because it was reviewed."""
    return f"reviewed {_day(row['completed_at'], now)}"


def _requested(row: Row, declared: AppSection, now: int) -> str:
    return f"asked for by {_name(row['requested_by'])}, {_ago(row['requested_at'], now)}"


def _uncertain(row: Row, declared: AppSection, now: int) -> str:
    threshold = declared.threshold
    near = "near" if abs(row["near_score"] - threshold) <= 0.1 else "nearest to"
    return (
        f"{row['near_label']} at {_percent(row['near_score'])}, {near} the threshold"
        f" of {_percent(threshold)}"
    )


def _disagree(row: Row, declared: AppSection, now: int) -> str:
    older, newer = row["older_version"], row["newer_version"]
    if declared.task == "classification":
        return f"{older} and {newer} see different classes"
    return (
        f"{older} finds {row['older_found']}, {newer} finds {row['newer_found']};"
        f" they agree on {row['agreed'] or 'none'}"
    )


def _disputed(row: Row, declared: AppSection, now: int) -> str:
    *others, last = (_name(each) for each in row["disputed_by"])
    findings = "1 finding" if row["disputed"] == 1 else f"{row['disputed']} findings"
    return f"{', '.join(others)} and {last} differ on {findings}"


def _random(row: Row, declared: AppSection, now: int) -> str:
    return "drawn by chance, as one of every ten"


def _oldest(row: Row, declared: AppSection, now: int) -> str:
    return f"waiting since {_day(row['recorded_at'], now)}"


_SENTENCES: Mapping[Strategy, Callable[[Row, AppSection, int], str]] = {
    "requested": _requested,
    "uncertain": _uncertain,
    "disagree": _disagree,
    "disputed": _disputed,
    "random": _random,
    "oldest": _oldest,
}

_AGES = ((86_400, "days"), (3_600, "h"), (60, "min"))


def _name(who: str) -> str:
    """Somebody without the kind of credentials: ``user:ana`` is ana."""
    return who.partition(":")[2] or who


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")


def _ago(moment: dt.datetime, now: int) -> str:
    seconds = (now - to_micros(moment)) // 1_000_000
    for size, unit in _AGES:
        if seconds >= size:
            count = seconds // size
            return f"{count} {'day' if (count, unit) == (1, 'days') else unit} ago"
    return "just now"


def _day(moment: dt.datetime, now: int) -> str:
    """A day as people say it: today, 3 May, or 3 May 2025."""
    today = dt.datetime.fromtimestamp(now / 1_000_000, dt.UTC).date()
    day = moment.date()
    if day == today:
        return "today"
    text = f"{day.day} {day:%B}"
    return text if day.year == today.year else f"{text} {day.year}"
