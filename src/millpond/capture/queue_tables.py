"""The tables of the review queue: what was sent to review, and who is at which image.

Requests are kept for good; leases are gone with their end. Neither tells anything of an
image, so neither is loaded into the history.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, String, Table

from millpond.capture.tables import objects
from millpond.database.schema import metadata

_ID = String(36)

#: Somebody asks that an image is reviewed, or reviewed again; the next completed review answers.
review_requests = Table(
    "review_requests",
    metadata,
    Column("request_id", _ID, primary_key=True),
    Column("object_id", _ID, ForeignKey(objects.c.object_id), nullable=False, index=True),
    Column("requested_by", String(128), nullable=False),
    Column("recorded_at", BigInteger, nullable=False, index=True),
)

#: Somebody is at an image until a moment of the machine's clock; what has passed is of no account.
leases = Table(
    "leases",
    metadata,
    Column("object_id", _ID, ForeignKey(objects.c.object_id), primary_key=True),
    Column("annotator", String(128), nullable=False, index=True),
    Column("until", BigInteger, nullable=False, index=True),
)
