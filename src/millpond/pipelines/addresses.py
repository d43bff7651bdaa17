"""The two addresses in ``millpond.toml`` that a restored project may have to change."""

from __future__ import annotations

import json
import re
import tomllib

from millpond.errors import UsageError
from millpond.settings import FILE


def with_url(text: str, section: str, url: str) -> str:
    """The settings with another ``url`` in a section; everything else stays as it is written.

    >>> print(with_url('[database]\\nurl = "a"  # the old one', "database", "b"))
    [database]
    url = "b"

    Raises:
        UsageError: the file is written so that the line cannot be found.
    """
    line = f"url = {json.dumps(url)}"
    header = re.search(rf"^\[{section}\][^\n]*$", text, re.MULTILINE)
    if header is None:
        changed = f"{text.rstrip()}\n\n[{section}]\n{line}\n"
    else:
        head, body = text[: header.end()], text[header.end() :]
        end = re.search(r"^\[", body, re.MULTILINE)
        own, rest = (body, "") if end is None else (body[: end.start()], body[end.start() :])
        own, found = re.subn(r"^url\s*=[^\n]*$", lambda _: line, own, count=1, flags=re.MULTILINE)
        changed = f"{head}{own}{rest}" if found else f"{head}\n{line}{own}{rest}"
    _check(text, changed, section, url)
    return changed


def _check(before: str, after: str, section: str, url: str) -> None:
    expected = tomllib.loads(before)
    expected.setdefault(section, {})["url"] = url
    try:
        fits = tomllib.loads(after) == expected
    except tomllib.TOMLDecodeError:
        fits = False
    if not fits:
        raise UsageError(
            f"cannot write {section}.url into {FILE}; write it as a line of its own below "
            f"[{section}] before the next backup, or set MILLPOND_{section.upper()}__URL"
        )
