-- The completed reviews: all annotations on one (object, inference), said to be done.
-- key: object_id, app, inference_id
-- object_id: the object that was reviewed
-- app: application of the object
-- completed_at: of its latest complete (UTC)
-- annotator: who gave the latest complete
-- inference_id: the inference that was reviewed; null for imports and the object's own review
-- is_truth: whether it is the one that ground_truth takes, of all reviews of the object
select
    object_id, app,
    max(recorded_at) as completed_at,
    arg_max(annotator, (recorded_at, annotation_id)) as annotator,
    inference_id,
    row_number() over (
        partition by object_id, app order by max((recorded_at, annotation_id)) desc
    ) = 1 as is_truth
from annotations
where action = 'complete'
group by object_id, app, inference_id
