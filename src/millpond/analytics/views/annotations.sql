-- What people said of the images, each action a row; label and box are those that hold after it.
-- key: annotation_id
-- facts: recorded_at
-- annotation_id: id of the annotation
-- object_id: the object that it is about
-- app: application of the object
-- inference_id: the inference whose review it belongs to; null for the object's own review
-- target_id: the prediction or annotation that it answers to
-- action: confirm, correct, add, reject, reopen or complete
-- label: as it holds after the action; null for reject, reopen and complete
-- x_min: pixels from the left, after EXIF rotation; null in classification
-- y_min: pixels from the top
-- x_max: exclusive
-- y_max: exclusive
-- annotator: who said so, such as user:alice, or import
-- recorded_at: when it was kept (UTC)
-- root_id: the prediction or added annotation at the bottom of its targets
select
    annotation.annotation_id, link.object_id, object.app, link.inference_id, link.target_id,
    annotation.action, annotation.label,
    annotation.x_min, annotation.y_min, annotation.x_max, annotation.y_max,
    annotation.annotator, annotation.recorded_at, annotation.root_id
from sat_annotation as annotation
join link_annotation as link using (annotation_id)
join sat_object as object using (object_id)
