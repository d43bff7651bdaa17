"""One line for each proof, printed at the end of the tests."""

from __future__ import annotations

from typing import Any

#: The lines, in the order of the proofs.
LINES: list[str] = []


def report(proof: str, **numbers: Any) -> None:
    """Say what a proof did and found, such as ``kills=1000, lost=0``."""
    told = ", ".join(f"{name} {number}" for name, number in numbers.items())
    LINES.append(f"{proof}: {told}")
