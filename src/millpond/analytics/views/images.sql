-- The objects that are images, one row each.
-- key: object_id
-- facts: recorded_at
-- object_id: random id of the object
-- app: application that it came to
-- media_type: as its bytes say, such as image/jpeg
-- width: pixels, after EXIF rotation
-- height: pixels, after EXIF rotation
-- bytes: size of the original
-- subject_id: surrogate of whom it is about; null where nobody was named
-- source: upload or ingest
-- recorded_at: when it was kept (UTC)
-- sha256: of the original bytes
-- brightness: mean of grey, from 0 (black) to 1; null of images from before it was kept
-- contrast: standard deviation of grey, from 0 to 0.5; null likewise
select
    object.object_id, object.app, object.media_type, object.width, object.height, object.bytes,
    about.subject_id, object.source, object.recorded_at, object.sha256,
    object.brightness, object.contrast
from sat_object as object
left join link_object_subject as about using (object_id)
