"""Documents: ``documents.jsonl``, a line of JSON for each image with all that was said of it.

Each line is the document of the view ``documents``, and they are in the order of the ids
of their images. No moment is written: a mart made again of the same facts has the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator

from millpond.marts.content import Content
from millpond.marts.mart import File, Tally

DOCUMENTS = "documents.jsonl"
#: How a line begins, so that an older mart is known for one.
BEGINS = b'{"object_id":'


def documents(content: Content, tally: Tally) -> Iterator[File]:
    """The one file of a mart of documents."""
    yield DOCUMENTS, _lines(content, tally)


def _lines(content: Content, tally: Tally) -> Iterator[bytes]:
    for document, said in content.documents():
        tally.images += 1
        tally.annotations += said
        yield document.encode() + b"\n"
