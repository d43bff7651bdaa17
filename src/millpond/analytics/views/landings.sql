-- The files that feeds brought in, one row for each.
-- key: landing_id
-- facts: recorded_at
-- landing_id: random id of the landing
-- feed: name of the feed
-- business_date: the day that the file is of
-- file_name: its name, without folders
-- sha256: of its bytes, which are kept as batches/../landing_id in the object store
-- bytes: its size
-- rows: rows of the file, those quarantined among them
-- added: what it said that was not known before
-- gone: of those, records that an earlier file of the same day had and it has not
-- quarantined: rows that were not taken; the view quarantined_rows has them
-- complete: whether it lists every record of its day, so that one not in it has gone
-- extra: JSON array of the columns that the feed does not declare
-- recorded_at: when all of it was kept (UTC)
select
    landing_id, feed, business_date::date as business_date, file_name, sha256, bytes, rows, added,
    gone, quarantined, complete = 1 as complete, extra, recorded_at
from sat_landing
