"""How a value, such as a subject or a group, is found in a feed's item."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from millpond.errors import Invalid, UsageError
from millpond.raw.feeds.item import FeedItem


@dataclass(frozen=True, slots=True)
class Rule:
    """A regular expression on the path, a column of the CSV file, or a DICOM tag."""

    kind: Literal["path", "column", "dicom"]
    text: str

    @classmethod
    def parse(cls, text: str) -> Rule:
        r"""A rule as a user writes it.

        >>> Rule.parse("column:patient").kind
        'column'

        Args:
            text: a regular expression with one group, which is searched for in the
                relative path; or ``column:NAME``; or ``dicom:TAG``.

        Raises:
            UsageError: the expression is malformed or has not exactly one group, the
                column has no name, or DICOM has no such tag.
        """
        kind, _, name = text.partition(":")
        if kind == "column":
            if not name.strip():
                raise UsageError("the rule column: needs a name, such as column:patient")
            return cls("column", name.strip())
        if kind == "dicom":
            return cls("dicom", _checked_keyword(name.strip()))
        try:
            groups = re.compile(text).groups
        except re.error as error:
            raise UsageError(f"the rule {text!r} is no regular expression: {error}") from error
        if groups != 1:
            raise UsageError(
                f"the rule {text!r} has {groups} groups and needs one, such as ^([^/]+)/; "
                "write (?:...) for a group that is not the value"
            )
        return cls("path", text)

    def value(self, item: FeedItem) -> str | None:
        """What the rule finds in an item; None when it finds nothing, or nothing but space."""
        if self.kind == "column":
            found = item.columns.get(self.text)
        elif self.kind == "dicom":
            found = _tag(item, self.text)
        else:
            match = re.search(self.text, item.path)
            found = match[1] if match else None
        return (found or "").strip() or None


# pydicom is imported when the first rule needs it.
def _checked_keyword(keyword: str) -> str:
    from millpond.raw.dicom import check_keyword

    try:
        check_keyword(keyword)
    except Invalid as error:
        raise UsageError(str(error)) from error
    return keyword


def _tag(item: FeedItem, keyword: str) -> str | None:
    from millpond.raw.dicom import tag

    return tag(item.read(), keyword)
