-- Each image with all that was predicted and said of it, as one JSON document.
-- kind: materialized
-- refresh: incremental
-- key: object_id
-- object_id: the object
-- app: application of the object
-- document: JSON; lists are in the order in which their items were recorded
with nested_predictions as (
    select
        inference_id,
        list({
            prediction_id: prediction_id, label: label, score: score,
            box: case when x_min is not null then [x_min, y_min, x_max, y_max] end
        } order by ordinal) as predictions
    from predictions
    group by inference_id
),
nested_inferences as (
    select
        inference.object_id,
        list({
            inference_id: inference.inference_id, model_version: inference.model_version,
            recorded_at: strftime(inference.recorded_at, '%Y-%m-%dT%H:%M:%S.%fZ'),
            threshold: inference.threshold, nms_threshold: inference.nms_threshold,
            duration_ms: inference.duration_ms, requested_by: inference.requested_by,
            predictions: coalesce(nested.predictions, [])
        } order by inference.recorded_at, inference.inference_id) as inferences
    from inferences as inference
    left join nested_predictions as nested using (inference_id)
    group by inference.object_id
),
nested_annotations as (
    select
        object_id,
        list({
            annotation_id: annotation_id, inference_id: inference_id, target_id: target_id,
            action: action, label: label,
            box: case when x_min is not null then [x_min, y_min, x_max, y_max] end,
            annotator: annotator,
            recorded_at: strftime(recorded_at, '%Y-%m-%dT%H:%M:%S.%fZ')
        } order by recorded_at, annotation_id) as annotations
    from annotations
    group by object_id
)
select
    image.object_id, image.app,
    to_json({
        object_id: image.object_id, app: image.app, media_type: image.media_type,
        width: image.width, height: image.height, bytes: image.bytes,
        subject_id: image.subject_id, source: image.source,
        recorded_at: strftime(image.recorded_at, '%Y-%m-%dT%H:%M:%S.%fZ'),
        inferences: coalesce(nested_inferences.inferences, []),
        annotations: coalesce(nested_annotations.annotations, [])
    }) as document
from images as image
left join nested_inferences using (object_id)
left join nested_annotations using (object_id)
