"""What changes in capture's tables from one format to the next."""

from __future__ import annotations

from millpond.capture import tables
from millpond.database.rebuild import rebuilt

#: To format 2: an inference that is archived leaves, while what names it may stay.
TO_2 = (
    rebuilt("reviews without a foreign key to inferences", tables.reviews),
    rebuilt("idempotency without a foreign key to inferences", tables.idempotency),
)
