"""Buckets of S3, asked with patience: what fails or stalls is asked for again.

Where the server is and who asks come from the environment, in the names that all
tools of S3 know: ``AWS_ENDPOINT_URL`` (``http://`` too), ``AWS_REGION``,
``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY``, ``AWS_SESSION_TOKEN``, and
``AWS_SKIP_SIGNATURE=true`` for a bucket that is open to anyone; without keys, those of
the machine's role.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from millpond.errors import Busy, Invalid, MillpondError, NotAllowed, NotFound, NotInstalled
from millpond.raw.limits import Limits

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import S3Store

#: How an address in S3 begins.
SCHEME = "s3://"

#: Keys of one answer of S3.
_PAGE = 1_000
_LONGEST_PAUSE = 5.0
#: Without keys the machine is asked for those of its role.
_NO_KEYS = (
    "needs credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
    "AWS_SKIP_SIGNATURE=true for what is open to anyone; and this machine has no role"
)


@dataclass(frozen=True, slots=True)
class Patience:
    """How often, and how long, S3 is asked for one thing.

    Args:
        stall: seconds without a byte after which the first request counts as lost; doubled
            for each further one, up to ten times as many, for a server may be just slow.
        attempts: requests in all, the first one among them.
        pause: seconds before the second attempt, doubled before each further one, up to
            five; half of each is left to chance, so that workers do not come back at once.
    """

    stall: float = 2.0
    attempts: int = 8
    pause: float = 0.2

    def lost_after(self, failed: int) -> float:
        """Seconds without a byte that end the request after so many that failed."""
        return self.stall * min(2.0**failed, 10.0)

    def wait(self, failed: int) -> None:
        """Sleep after that many attempts have failed."""
        pause = min(self.pause * 2 ** (failed - 1), _LONGEST_PAUSE)
        time.sleep(pause * random.uniform(0.5, 1.0))


def split_address(address: str) -> tuple[str, str]:
    """The bucket, and the key or prefix, of an address in S3.

    >>> split_address("s3://fruits/train/apple/3.jpg")
    ('fruits', 'train/apple/3.jpg')

    Raises:
        Invalid: it is none.
    """
    bucket, _, key = address.removeprefix(SCHEME).partition("/")
    if not address.startswith(SCHEME) or not bucket:
        raise Invalid(f"{address!r} is no address in S3; write s3://bucket/prefix")
    return bucket, key


def check_installed() -> None:
    """Raises NotInstalled where the library for S3 is missing."""
    try:
        import obstore as obstore
    except ImportError as error:
        raise NotInstalled("s3:// needs obstore: pip install 'millpond[s3]'") from error


def list_keys(bucket: str, prefix: str, patience: Patience) -> Iterator[Sequence[ObjectMeta]]:
    """All objects below a prefix, which is a folder, in the order of their keys.

    One answer of S3 is held at a time. After one that is lost, the listing goes on
    behind the last key that was seen, so each is told once.

    Raises:
        NotFound: there is no such bucket.
        NotAllowed: these credentials may not list it.
        Invalid: a key cannot be addressed; the message names it.
        Busy: the server cannot be reached, or does not answer.
    """
    last, failed = None, 0
    while True:
        try:
            store = _store(bucket, patience.lost_after(failed))
            for page in store.list(prefix or None, offset=last, chunk_size=_PAGE):
                yield page
                last, failed = page[-1]["path"], 0
            return
        except Exception as error:
            failed += 1
            _check_worth_another(error, f"{SCHEME}{bucket}/{prefix}", failed, patience)
            patience.wait(failed)


def read_object(address: str, limits: Limits, patience: Patience) -> bytes:
    """The bytes of an object.

    Raises:
        TooLarge: it is longer than the limit; its bytes are left where they are.
        NotFound: there is none.
        NotAllowed: these credentials may not read it.
        Busy: the server cannot be reached, or does not answer.
    """
    bucket, key = split_address(address)
    failed = 0
    while True:
        try:
            answer = _store(bucket, patience.lost_after(failed)).get(key)
            limits.check_bytes(answer.meta["size"])
            content: bytes = answer.bytes().to_bytes()
            return content
        except MillpondError:
            raise
        except Exception as error:
            failed += 1
            _check_worth_another(error, address, failed, patience)
            patience.wait(failed)


def _store(bucket: str, stall: float) -> S3Store:
    names = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
    endpoint = next((os.environ[name] for name in names if os.environ.get(name)), "")
    return _open(bucket, endpoint, stall)


@lru_cache(maxsize=64)
def _open(bucket: str, endpoint: str, stall: float) -> S3Store:
    """A client, which keeps its connections; one for all threads of a process."""
    from obstore.store import S3Store

    return S3Store(
        bucket,
        client_options={
            "allow_http": endpoint.startswith("http://"),
            "connect_timeout": timedelta(seconds=stall),
            "read_timeout": timedelta(seconds=stall),
            # Of a whole request: bytes that keep coming are no stall.
            "timeout": timedelta(minutes=10),
        },
        # One place decides what is asked for again: it sees lost pages and bodies too.
        retry_config={"max_retries": 0},
    )


def _check_worth_another(error: Exception, what: str, failed: int, patience: Patience) -> None:
    """Raise what an error means, unless asking again may help."""
    from obstore import exceptions as known

    reason = str(error).partition("\n")[0][:300]
    refusals: Sequence[tuple[bool, Callable[[str], MillpondError], str]] = (
        (isinstance(error, FileNotFoundError), NotFound, "is not there"),
        ("<Code>NoSuchBucket<" in str(error), NotFound, "lies in a bucket that is not there"),
        (
            isinstance(error, known.PermissionDeniedError | known.UnauthenticatedError),
            NotAllowed,
            "is not open to these credentials",
        ),
        (
            isinstance(error, known.InvalidPathError | known.NotSupportedError | ValueError),
            Invalid,
            "cannot be addressed; rename the key, or take a prefix without it",
        ),
        # The one thing that is put is the question for the keys of the machine's role.
        ("performing PUT" in reason and failed > 1, NotAllowed, _NO_KEYS),
        (
            failed >= patience.attempts,
            Busy,
            f"did not answer {failed} times; is AWS_ENDPOINT_URL right, and the server up?",
        ),
    )
    for holds, refusal, trouble in refusals:
        if holds:
            raise refusal(f"{what} {trouble} ({reason})") from error
