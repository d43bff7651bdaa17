-- Rows of files that were not taken, and why.
-- key: landing_id, line
-- facts: recorded_at
-- landing_id: the landing of the file
-- feed: name of the feed
-- business_date: the day that the file is of
-- file_name: its name, without folders
-- line: line of the file that the row begins at, from 1; in Parquet the row, from 1
-- reason: why it was not taken
-- content: the row as it came, its fields as a JSON array; cut where it is very long
-- recorded_at: when all of the file was kept (UTC)
select
    landing_id, landing.feed, landing.business_date, landing.file_name,
    bad.line, bad.reason, bad.content, landing.recorded_at
from sat_quarantined_row as bad
join landings as landing using (landing_id)
