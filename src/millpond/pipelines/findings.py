"""Findings: what is not as it should be, and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

#: The most findings of one check that are listed; all of them are counted.
_LISTED = 100


@dataclass(frozen=True)
class Finding:
    """One thing that is amiss.

    Args:
        check: which check found it.
        subject: the id of what it is about.
        what_to_do: a command where there is one.
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

    def merge(self, other: Findings) -> None:
        """Add what another part looked at and found."""
        for finding in other._found:
            self.add(finding.check, finding.subject, finding.problem, finding.what_to_do)
        # What was counted there and not listed is not listed here either.
        listed = Counter(finding.check for finding in other._found)
        self._amiss += other._amiss - listed
        for what, number in other._checked.items():
            self.looked_at(what, number)

    @property
    def amiss(self) -> bool:
        """Whether anything was found."""
        return bool(self._amiss)

    def result(self, seconds: float, skipped: tuple[str, ...] = ()) -> Verified:
        """All of it."""
        listed = Counter(finding.check for finding in self._found)
        more = [
            Finding(check, "", f"{number:,} more of the same", "see those listed")
            for check, number in (self._amiss - listed).items()
        ]
        return Verified((*self._found, *more), dict(self._checked), seconds, skipped)

    def as_dict(self) -> dict[str, Any]:
        """As JSON values, from which `of` makes it again."""
        return {
            "found": [asdict(finding) for finding in self._found],
            "amiss": dict(self._amiss),
            "checked": dict(self._checked),
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """What `as_dict` told of."""
        findings = cls()
        findings._found = [Finding(**each) for each in kept["found"]]
        findings._amiss.update(kept["amiss"])
        findings._checked.update(kept["checked"])
        return findings


@dataclass(frozen=True)
class Verified:
    """What `verify` found; nothing, when all is well.

    Args:
        checked: how much of each kind was looked at. ``unreferenced`` is of no
            concern: bytes of uploads that were never answered.
        seconds: that it took.
        skipped: the checks that could not be made before what was found is put right.
    """

    findings: tuple[Finding, ...]
    checked: Mapping[str, int]
    seconds: float = 0.0
    skipped: tuple[str, ...] = ()

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
            "skipped": list(self.skipped),
            "seconds": self.seconds,
        }
