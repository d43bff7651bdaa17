-- What was predicted but not kept, since the policy of its application keeps a part only.
-- key: app, model_version, hour, reason
-- app: application that was asked
-- model_version: that answered; null where there was no champion
-- hour: in which it was asked (UTC)
-- reason: rate, confident or quota; tensors are those of no picture
-- requests: how many
select
    app, model_version, date_trunc('hour', hour::timestamp) as hour, reason,
    sum(requests)::bigint as requests
from sat_uncaptured
group by all
