"""What a landing asks of what is known already: SQL over the vault and the rows put aside.

Contents, which are long, take no part in it: what is held in memory is small for each row.
"""

#: The landing that brought the same bytes: feed, sha256, whether any day will do and the
#: day, whether any name will do and the name.
REPEATED = """
select landing_id, strftime(business_date, '%Y-%m-%d') as business_date, rows, quarantined
from landings
where feed = ? and sha256 = ? and (? or business_date = ?::date) and (? or file_name = ?)
order by recorded_at desc
limit 1
"""

#: Each key of the rows with its record, null for one that was never seen: rows, feed.
KEYS = """
select staged.key, known.record_id
from (select distinct key from read_parquet(?)) as staged
left join (select key, record_id from sat_record_key where feed = ?) as known using (key)
"""

#: Rows of a key and moment that an earlier row has had: three times the rows.
TWICE = """
with many as (
    select key, valid_from, min(line) as line
    from read_parquet(?)
    group by key, valid_from
    having count(*) > 1
)
select
    later.line,
    'line ' || earlier.line || ' says otherwise of the same key' as reason,
    later.key || ' ' || later.content as content,
    later.version <> earlier.version as differs
from read_parquet(?) as later
join many on many.key = later.key and many.valid_from = later.valid_from and many.line < later.line
join read_parquet(?) as earlier on earlier.line = many.line
"""

#: Lines whose versions are new to their records: feed, rows, keys, rows dropped.
VERSIONS = """
with known as (
    select version.record_id, version.version
    from sat_record as version
    join landings using (landing_id)
    where landings.feed = ?
),
kept as (
    select staged.line, keys.record_id, staged.version
    from (select line, key, version from read_parquet(?)) as staged
    join read_parquet(?) as keys using (key)
    anti join read_parquet(?) as dropped using (line)
)
select min(line) as line, record_id
from kept
anti join known using (record_id, version)
group by record_id, version
order by line
"""

#: Sightings that differ from what stands: feed, first and last moment, rows, keys, rows
#: dropped, whether what is not listed has gone.
SIGHTINGS = """
with standing as (
    select
        sighting.record_id,
        epoch_us(sighting.valid_from) as valid_from,
        arg_max({version: sighting.version}, landings.recorded_at).version as version
    from sat_record_sighting as sighting
    join landings using (landing_id)
    where landings.feed = ? and epoch_us(sighting.valid_from) between ? and ?
    group by all
),
seen as (
    select keys.record_id, staged.valid_from, staged.version
    from (select line, key, valid_from, version from read_parquet(?)) as staged
    join read_parquet(?) as keys using (key)
    anti join read_parquet(?) as dropped using (line)
)
select seen.record_id, seen.valid_from, seen.version
from seen
left join standing using (record_id, valid_from)
where standing.version is distinct from seen.version
union all
select standing.record_id, standing.valid_from, null
from standing
anti join seen using (record_id, valid_from)
where ? and standing.version is not null
"""
