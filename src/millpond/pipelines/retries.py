"""Which errors may pass by themselves, and how long to wait before trying again."""

from __future__ import annotations

from millpond.durable import is_full
from millpond.errors import Busy

#: Errors of files that no waiting mends.
_LASTING = (FileNotFoundError, FileExistsError, PermissionError, NotADirectoryError)


def may_pass(error: Exception) -> bool:
    """Whether the same work may succeed a little later.

    So it is when something was busy, and when the system failed to read or to
    write for another reason than a full disk or a file that is not there.
    """
    if isinstance(error, OSError):
        return not is_full(error.errno) and not isinstance(error, _LASTING)
    return isinstance(error, Busy)


def pause(error: Exception, attempt: int, first: float) -> float:
    """Seconds to wait after a failed attempt.

    Args:
        attempt: 1 after the first one.
        first: seconds after the first one; after each next one it is twice as long.
    """
    seconds = first * 2.0 ** (attempt - 1)
    return max(seconds, error.retry_after) if isinstance(error, Busy) and first else seconds
