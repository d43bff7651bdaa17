-- What was asked of a model, one row each time.
-- key: inference_id
-- facts: recorded_at
-- inference_id: random id of the inference
-- app: application that was asked
-- object_id: the object that it was about
-- model_version: that answered, ours or another server's; null where there was no champion
-- recorded_at: when it was kept, before it was answered (UTC)
-- threshold: lowest score that was answered
-- nms_threshold: overlap (IoU) above which the weaker box was left out
-- duration_ms: milliseconds of decoding and inference; null where another server did not say
-- requested_by: who asked, such as user:alice
-- occurred_at: when another server answered, where that was told (UTC)
select
    inference.inference_id, object.app, link.object_id, inference.model_version,
    inference.recorded_at, inference.threshold, inference.nms_threshold, inference.duration_ms,
    inference.requested_by, inference.occurred_at::timestamp as occurred_at
from sat_inference as inference
join link_inference_object as link using (inference_id)
join sat_object as object using (object_id)
