-- The boxes or labels that were answered, at the thresholds asked for.
-- key: prediction_id
-- facts: recorded_at
-- prediction_id: random id of the prediction
-- inference_id: the inference that it belongs to
-- object_id: the object that it is about
-- app: application that was asked
-- label: what the model says it is
-- score: from 0 to 1
-- x_min: pixels from the left, after EXIF rotation; null in classification
-- y_min: pixels from the top
-- x_max: exclusive
-- y_max: exclusive
-- ordinal: place in the answer, from 0, best first
-- recorded_at: when it was kept, with its inference (UTC)
select
    prediction.prediction_id, link.inference_id, inference.object_id, object.app,
    prediction.label, prediction.score,
    prediction.x_min, prediction.y_min, prediction.x_max, prediction.y_max, prediction.ordinal,
    prediction.recorded_at
from sat_prediction as prediction
join link_prediction_inference as link using (prediction_id)
join link_inference_object as inference using (inference_id)
join sat_object as object using (object_id)
