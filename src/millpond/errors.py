"""Every error that Millpond raises on purpose, in one tree.

::

    MillpondError                 anything that a caller may catch
    ├── NotAnImage          400   the bytes are no image, or cannot be decoded
    ├── NotSignedIn         401   no credentials, or none that are valid
    ├── NotAllowed          403   the role does not cover the action
    ├── NotFound            404   no such application, object, inference, model, ...
    ├── Conflict            409   an id or a name is taken by something else
    ├── TooLarge            413   too many bytes, pixels or frames
    ├── Unsupported         415   a format or transfer syntax that is not taken
    ├── Invalid             422   a label, box, action, time or SQL that does not fit
    │   └── UsageError            a command line or a setting that does not fit
    ├── Throttled           429   too many attempts to sign in
    ├── Busy                503   try again a little later
    ├── DiskFull            507   nothing was kept, because there is no room for it
    ├── ProjectError        500   the project folder cannot be used as it is
    ├── Corrupted           500   bytes at rest are not what was written
    └── NotInstalled        500   an optional library is missing

A message says what is wrong with the bad value in it, what would be right, and
what to do next. The number is the status of the answer over HTTP.
"""

from __future__ import annotations

from typing import ClassVar


class MillpondError(Exception):
    """The base of all errors raised on purpose.

    ``str(error)`` is one line for a person: what, why, what to do next.
    """

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Millpond cannot do this"


class NotAnImage(MillpondError):
    """The bytes are no image, or are one that cannot be decoded."""

    status = 400
    title = "Not an image"


class NotSignedIn(MillpondError):
    """The request carries no credentials, or none that are valid."""

    status = 401
    title = "Not signed in"


class NotAllowed(MillpondError):
    """The role of the caller does not cover the action."""

    status = 403
    title = "Not allowed"


class NotFound(MillpondError):
    """No application, object, inference, model or snapshot of that name."""

    status = 404
    title = "Not found"


class Conflict(MillpondError):
    """An id, a key or a name is already taken by something else."""

    status = 409
    title = "Conflict"


class TooLarge(MillpondError):
    """More bytes, pixels or frames than the limits allow."""

    status = 413
    title = "Too large"


class Unsupported(MillpondError):
    """A format or transfer syntax that is not taken."""

    status = 415
    title = "Unsupported format"


class Invalid(MillpondError):
    """A label, box, action, time or SQL that does not fit or is not allowed."""

    status = 422
    title = "Invalid"


class UsageError(Invalid):
    """A command line or a setting that does not fit."""


class Throttled(MillpondError):
    """Too many attempts to sign in."""

    status = 429
    title = "Too many attempts"


class Busy(MillpondError):
    """Too much is under way; the same request may succeed a little later.

    Args:
        message: what is busy.
        retry_after: seconds after which to try again.
    """

    status = 503
    title = "Busy"

    def __init__(self, message: str, *, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DiskFull(MillpondError):
    """There is no room left; nothing of the request was kept."""

    status = 507
    title = "Disk full"


class ProjectError(MillpondError):
    """The project folder is missing, in use, of a newer format, or malformed."""

    title = "Project cannot be used"


class Corrupted(MillpondError):
    """Bytes at rest are not those that were written."""

    title = "Corrupted"


class NotInstalled(MillpondError):
    """An optional library is missing; the message names the command that brings it."""

    title = "Not installed"
