"""What a project declares of a feed: ``[feeds.NAME]``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from millpond.settings.section import Section

_COLUMN = re.compile(
    r"(string|integer|number|boolean|(?:date|timestamp)(?:\((?P<pattern>.+)\))?)(?P<blank>\??)"
)


#: Columns that the view of every feed has besides those declared.
_VIEW_COLUMNS = frozenset({"valid_from", "valid_to", "recorded_at", "record_id", "extra"})


@dataclass(frozen=True)
class FeedColumn:
    """What a feed declares of a column.

    Args:
        kind: string, integer, number, boolean, date or timestamp.
        pattern: how a date or timestamp is written, as strftime has it; ISO 8601 without.
        blank: whether it may be.
    """

    kind: str
    pattern: str | None = None
    blank: bool = False


class FeedSection(Section):
    """A source of rows, landed file by file: ``[feeds.NAME]``."""

    path: str | None = Field(
        None,
        description="Where its files arrive, such as inbox/customers_{date}.csv; * is allowed.",
    )
    format: Literal["auto", "csv", "jsonl", "parquet"] = Field(
        "auto", description="auto (by the ending), csv, jsonl or parquet."
    )
    key: tuple[str, ...] = Field(description="The columns that tell its records apart.")
    columns: dict[str, str] = Field(
        description="Type of each column: string, integer, number, boolean, date or timestamp, "
        "the last two with a (pattern) where they are not ISO 8601; ending in ? it may be blank."
    )
    business_date: str | None = Field(
        None, description="Column with the day that a row is of; else --date, or the file name's."
    )
    valid_from: str | None = Field(
        None, description="Column with the moment from which a row holds; else its business date."
    )
    complete: bool = Field(
        False, description="Each file lists every record: one that is missing has gone."
    )
    personal: tuple[str, ...] = Field(
        (), description="Columns that identify a person, or could; they are kept apart."
    )
    extra: Literal["ignore", "keep"] = Field(
        "ignore", description="What becomes of columns that are not declared: ignore or keep."
    )
    from_path: dict[str, str] = Field(
        default_factory=dict,
        description="Columns that the file name tells: a regular expression with one group each.",
    )

    def column(self, name: str) -> FeedColumn:
        """What is declared of a column; one that only the file name tells is a string."""
        match = _COLUMN.fullmatch(self.columns.get(name, "string"))
        assert match is not None
        return FeedColumn(match[1].split("(")[0], match["pattern"], bool(match["blank"]))

    @property
    def names(self) -> list[str]:
        """Every column, in the order declared; those of the file name that are not come first."""
        return [*(name for name in self.from_path if name not in self.columns), *self.columns]

    @property
    def kept_apart(self) -> list[str]:
        """The personal columns that are not of the key, which is kept apart by itself."""
        return [name for name in self.names if name in self.personal and name not in self.key]

    @property
    def described(self) -> list[str]:
        """The columns that say something of a record: neither of its key nor personal."""
        apart = {*self.key, *self.personal}
        return [name for name in self.names if name not in apart]

    @field_validator("columns")
    @classmethod
    def _columns_are_typed(cls, columns: dict[str, str]) -> dict[str, str]:
        for name, kind in columns.items():
            if _COLUMN.fullmatch(kind) is None:
                raise ValueError(
                    f"type {kind!r} of column {name!r} is not one of string, integer, number, "
                    "boolean, date, timestamp, date(%d/%m/%Y), timestamp(%d/%m/%Y %H:%M), "
                    "each with or without a ? at its end"
                )
        if len({name.lower() for name in columns}) < len(columns):
            raise ValueError("two columns have the same name but for upper and lower case")
        return columns

    @field_validator("from_path")
    @classmethod
    def _patterns_have_one_group(cls, patterns: dict[str, str]) -> dict[str, str]:
        for name, pattern in patterns.items():
            try:
                groups = re.compile(pattern).groups
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
            if groups != 1:
                raise ValueError(f"{pattern!r} of column {name!r} has {groups} groups, not one")
        return patterns

    @model_validator(mode="after")
    def _columns_are_declared(self) -> Self:
        named = [*self.key, *self.personal, self.business_date, self.valid_from]
        for name in named:
            if name is not None and name not in self.names:
                raise ValueError(f"column {name!r} is not one of {', '.join(self.names)}")
        for name in self.names:
            if name.lower() in _VIEW_COLUMNS and name != self.valid_from:
                raise ValueError(f"column {name!r} has the name of one that every feed's view has")
        if not self.key or any(self.column(name).blank for name in self.key):
            raise ValueError("key names one column or more, none of which may be blank")
        for name in (self.business_date, self.valid_from):
            if name is not None and self.column(name).kind not in ("date", "timestamp"):
                raise ValueError(f"column {name!r} is neither a date nor a timestamp")
            if name is not None and self.column(name).blank:
                raise ValueError(f"column {name!r} says when, so it may not be blank (no ?)")
        if self.complete and (self.business_date or self.valid_from):
            raise ValueError(
                "a complete feed holds from the date of its file: "
                "it has neither business_date nor valid_from"
            )
        return self
