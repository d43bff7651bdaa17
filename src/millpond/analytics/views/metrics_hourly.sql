-- Volume, scores and speed by application, model version, hour and label.
-- An inference without predictions counts in the row whose label is null, so the sum over all
-- rows of `predictions` is the number of predictions; an inference that answered two labels
-- counts in `inferences` of both rows.
-- kind: materialized
-- refresh: incremental
-- key: hour, app, model_version, label
-- app: application that was asked
-- model_version: that answered; null where there was no champion
-- hour: its beginning (UTC)
-- label: of the predictions
-- inferences: that answered this label
-- predictions: of this label
-- mean_score: of the predictions
-- p50_ms: median milliseconds of those inferences
-- p99_ms: 99th percentile of the same, both interpolated
with answered as (
    select inference_id, label, count(*) as predictions, favg(score) as mean_score
    from predictions
    group by inference_id, label
)
select
    inference.app, inference.model_version, date_trunc('hour', inference.recorded_at) as hour,
    answered.label,
    count(*) as inferences,
    coalesce(sum(answered.predictions), 0)::bigint as predictions,
    fsum(answered.mean_score * answered.predictions) / sum(answered.predictions) as mean_score,
    quantile_cont(inference.duration_ms, 0.5) as p50_ms,
    quantile_cont(inference.duration_ms, 0.99) as p99_ms
from inferences as inference
left join answered using (inference_id)
group by all
