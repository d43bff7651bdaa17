"""Verification: every layer against every other, and every object against its hash.

Nothing is changed and nothing is held up: all that is compared is read as of one
moment, while others go on writing. The questions are those of ``checks``; the
parts of each are looked at side by side.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace

from millpond.database.clock import last
from millpond.database.connection import reading
from millpond.errors import Corrupted
from millpond.history.history import History
from millpond.pipelines.checks.check import RESTORE, Check, Ground
from millpond.pipelines.checks.checks import CHECKS
from millpond.pipelines.checks.journal import JOURNAL, Journal
from millpond.pipelines.findings import Findings, Verified

__all__ = ["Ground", "OnProgress", "Verified", "unreadable", "verify"]

_THREADS = min(4, os.cpu_count() or 1)

#: Called with a check, the number of its parts that are done and the number in all.
OnProgress = Callable[[str, int, int], None]


def verify(
    ground: Ground,
    *,
    resume: bool = False,
    on_progress: OnProgress = lambda check, done, total: None,
) -> Verified:
    """Reconcile every layer with every other, and read every byte of every object once.

    Args:
        ground: what is verified, as of now.
        resume: go on where the last verification broke off, as of its moment.
    """
    started = time.perf_counter()
    with reading(ground.engine) as connection:
        moment = last(connection)
    # What is known of the history is read from the disk again.
    try:
        history = History(ground.history.folder)
    except Corrupted as error:
        return unreadable(error)
    with Journal(ground.lake / JOURNAL, moment, resume=resume) as journal:
        ground = replace(ground, history=history, moment=journal.moment)
        found, skipped = _verify(ground, journal, on_progress)
        journal.finish()
    return found.result(round(time.perf_counter() - started, 3), skipped)


def unreadable(error: Corrupted) -> Verified:
    """What there is to say of a project whose history cannot even be opened."""
    findings = Findings()
    findings.add("history", "", str(error), RESTORE)
    return findings.result(0.0, tuple(check.name for check in CHECKS))


def _verify(
    ground: Ground, journal: Journal, on_progress: OnProgress
) -> tuple[Findings, tuple[str, ...]]:
    """What all checks found, and the names of those that could not be made.

    1. Look at each layer by itself, and at capture beside the history.
    2. Ask the questions that need a whole history, unless it was found not to be.
    """
    asking = [check for check in CHECKS if check.asks]
    found = _look(ground, [check for check in CHECKS if not check.asks], journal, on_progress)
    whole = not any(found[name].amiss for name in ("database", "history"))
    if whole:
        found |= _look(ground, asking, journal, on_progress)
    together = Findings()
    for check in CHECKS:
        if check.name in found:
            together.merge(found[check.name])
    return together, () if whole else tuple(check.name for check in asking)


def _look(
    ground: Ground, checks: Sequence[Check], journal: Journal, on_progress: OnProgress
) -> dict[str, Findings]:
    """What each of some checks found in all its parts."""
    found = dict(journal.done)
    parts = {check.name: _parts(ground, check, found) for check in checks}
    done = Counter(name for name, _ in found)
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="millpond-verify")
    try:
        futures = {
            pool.submit(_look_at, ground, check, part): (check.name, part)
            for check in checks
            for part in parts[check.name]
            if (check.name, part) not in found
        }
        for future in as_completed(futures):
            name, part = futures[future]
            found[name, part] = future.result()
            journal.keep(name, part, found[name, part])
            done[name] += 1
            on_progress(name, done[name], len(parts[name]))
    finally:
        pool.shutdown(cancel_futures=True)
    return {name: _merged([found[name, part] for part in parts[name]]) for name in parts}


def _parts(ground: Ground, check: Check, found: dict[tuple[str, str], Findings]) -> Sequence[str]:
    """The parts of a check; that they cannot be told is all that is found then."""
    try:
        return check.parts(ground)
    except Exception as error:
        found[check.name, ""] = _unchecked(check, "", error)
        return ("",)


def _look_at(ground: Ground, check: Check, part: str) -> Findings:
    """What a check found in one part; that it cannot be made is a finding, too."""
    findings = Findings()
    try:
        check.run(ground, part, findings)
    except Exception as error:
        findings.merge(_unchecked(check, part, error))
    return findings


def _unchecked(check: Check, part: str, error: Exception) -> Findings:
    findings = Findings()
    reason = str(error).partition("\n")[0] or type(error).__name__
    findings.add(check.name, part, f"it cannot be checked: {reason}", "see what else is amiss")
    return findings


def _merged(parts: Sequence[Findings]) -> Findings:
    together = Findings()
    for findings in parts:
        together.merge(findings)
    return together
