"""The throttle on signing in: so many failures by user and address, then a pause."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict, deque

from millpond.errors import Throttled

_WINDOW = 300.0
#: The most pairs of user and address that are remembered.
_MOST = 10_000


class TooManyAttempts(Throttled):
    """The pair of user and address has failed too often.

    Args:
        retry_after: seconds after which to try again.
    """

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many failed attempts to sign in; try again in {retry_after} seconds")
        self.retry_after = retry_after


class Throttle:
    """Counts the attempts of the last five minutes, in memory.

    Args:
        attempts: how many may fail.
    """

    def __init__(self, attempts: int) -> None:
        self._attempts = attempts
        self._failures: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, user: str, address: str) -> None:
        """Count an attempt as failed until `succeed` says otherwise.

        It counts before the password is looked at, so that many attempts at the
        same instant gain nothing.

        Raises:
            TooManyAttempts: it is one too many, and is not to be looked at.
        """
        now = time.monotonic()
        with self._lock:
            failures = self._failures.setdefault((user, address), deque())
            self._failures.move_to_end((user, address))
            while failures and failures[0] <= now - _WINDOW:
                failures.popleft()
            if len(failures) >= self._attempts:
                raise TooManyAttempts(math.ceil(failures[0] + _WINDOW - now))
            failures.append(now)
            while len(self._failures) > _MOST:
                self._failures.popitem(last=False)

    def succeed(self, user: str, address: str) -> None:
        """Forget the failures of a pair that has signed in."""
        with self._lock:
            self._failures.pop((user, address), None)
