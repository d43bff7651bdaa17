-- What stands as true: of each object, the boxes or the label of the review completed last.
-- key: object_id, root_id
-- object_id: the object that it is about
-- app: application of the object
-- label: what it is
-- x_min: pixels from the left, after EXIF rotation; null in classification
-- y_min: pixels from the top
-- x_max: exclusive
-- y_max: exclusive
-- annotation_id: the annotation that stands
-- root_id: the prediction or added annotation at the bottom of its targets
with truth as (
    select object_id, app, inference_id from reviews where is_truth
),
-- Of all that was said of one prediction or added box, the latest stands.
said as (
    select annotation.*
    from annotations as annotation
    join truth
        on annotation.object_id = truth.object_id
        and annotation.inference_id is not distinct from truth.inference_id
    where annotation.root_id is not null
    qualify row_number() over (
        partition by annotation.object_id, annotation.app, annotation.root_id
        order by annotation.recorded_at desc, annotation.annotation_id desc
    ) = 1
)
select object_id, app, label, x_min, y_min, x_max, y_max, annotation_id, root_id
from said
where action not in ('reject', 'reopen')
-- A label without a box is the label of the whole image, which has one.
qualify x_min is not null or row_number() over (
    partition by object_id, app, x_min is null order by recorded_at desc, annotation_id desc
) = 1
