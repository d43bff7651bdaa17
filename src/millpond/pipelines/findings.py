"""Findings: what is not as it should be, and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

#: The most findings of one check that are listed; all of them are counted.
_LISTED = 100


@dataclass(frozen=True)
class Finding:
    """One thing that is amiss.

    Args:
        check: which check found it.
        subject: the id of what it is about.
    """

    check: str
    subject: str
    problem: str
    what_to_do: str


class Findings:
    """What the checks looked at, and what they found."""

    def __init__(self) -> None:
        self._found: list[Finding] = []
        self._amiss: Counter[str] = Counter()
        self._checked: Counter[str] = Counter()

    def looked_at(self, what: str, number: int = 1) -> None:
        """Count what was checked."""
        self._checked[what] += number

    def add(self, check: str, subject: str, problem: str, what_to_do: str) -> None:
        """Something is amiss."""
        self._amiss[check] += 1
        if self._amiss[check] <= _LISTED:
            self._found.append(Finding(check, subject, problem, what_to_do))

    def result(self) -> Verified:
        """All of it."""
        more = [
            Finding(check, "", f"{number - _LISTED:,} more of the same", "see those listed")
            for check, number in self._amiss.items()
            if number > _LISTED
        ]
        return Verified((*self._found, *more), dict(self._checked))


@dataclass(frozen=True)
class Verified:
    """What `verify` found; nothing, when all is well.

    Args:
        checked: how much of each kind was looked at. ``unreferenced`` is of no
            concern: bytes of uploads that were never answered.
    """

    findings: tuple[Finding, ...]
    checked: Mapping[str, int]

    @property
    def verify(self) -> str:
        """``ok`` or ``amiss``."""
        return "amiss" if self.findings else "ok"

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "verify": self.verify,
            "findings": [asdict(finding) for finding in self.findings],
            "checked": dict(self.checked),
        }
