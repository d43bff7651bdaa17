"""The two addresses of a restored project: where its lake is, and its operational database."""

from __future__ import annotations

import json
import os
import re
import tomllib
from pathlib import Path

from sqlalchemy.engine import make_url

from millpond.durable import sync_file
from millpond.errors import UsageError
from millpond.pipelines.manifest import DATABASE, LAKE
from millpond.settings import FILE, read_settings


def settled(aside: Path, database: str | None) -> tuple[str, str]:
    """The folder of the lake and the address of the database, as the settings say from now on.

    A path that leads out of the project is not taken over: something else may lie there.

    Args:
        aside: folder with the settings that a backup has.
        database: address to write into them; None leaves them theirs.

    Raises:
        UsageError: an environment variable says something else.
    """
    settings = read_settings(aside, older=True)
    lake = settings.storage.url if _is_inside(settings.storage.url) else LAKE
    url = database or settings.database.url
    path = sqlite_path(url)
    if path is not None and not _is_inside(path):
        url = f"sqlite:///{DATABASE}"
    for section, found, wanted in (
        ("storage", settings.storage.url, lake),
        ("database", settings.database.url, url),
    ):
        if found != wanted:
            text = (aside / FILE).read_text(encoding="utf-8")
            (aside / FILE).write_text(with_url(text, section, wanted), encoding="utf-8")
            sync_file(aside / FILE)
    settings = read_settings(aside, older=True)
    if (settings.storage.url, settings.database.url) != (lake, url):
        raise UsageError(
            "the project would be restored to other places than the environment says; "
            "unset MILLPOND_STORAGE__URL and MILLPOND_DATABASE__URL"
        )
    return lake, url


def sqlite_path(url: str) -> str | None:
    """The file of an SQLite address; None for a server's."""
    address = make_url(url)
    return address.database if address.get_backend_name() == "sqlite" else None


def _is_inside(path: str) -> bool:
    return not os.path.isabs(path) and ".." not in Path(path).parts


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
