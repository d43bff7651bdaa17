"""From facts to the rows of the index: one derivation, for all objects or for a few.

It works on temporary tables ``images``, ``inferences``, ``predictions`` and ``annotations``
with the columns of the views of the same names, and on ``requests``. Reviews and truth come
from the SQL of those very views.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from millpond.analytics.catalogue import standard_views
from millpond.analytics.images.matching import IOU, OVERLAP, match

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: The latest inference of each object, and the latest of each of the two model versions that
#: answered last (turn 1 and 2); from a relation `inferences`.
PICKED = """
with latest as (
    select inference_id, object_id, model_version, recorded_at
    from inferences
    qualify row_number() over (
        partition by object_id, model_version order by recorded_at desc, inference_id desc
    ) = 1
),
placed as (
    select
        inference_id, object_id, model_version,
        row_number() over (
            partition by object_id order by recorded_at desc, inference_id desc
        ) as place,
        case when model_version is not null then row_number() over (
            partition by object_id, model_version is null
            order by recorded_at desc, inference_id desc
        ) end as turn
    from latest
)
select inference_id, object_id, model_version, place, turn
from placed where place = 1 or turn <= 2
"""

#: What counts of the answers, numbered as they choose; in classification the best alone.
_ANSWERS = """
select
    row_number() over (order by picked.inference_id, score desc, ordinal) - 1 as number,
    picked.object_id, picked.inference_id, picked.place, picked.turn, image.app,
    label, score, ordinal, x_min, y_min, x_max, y_max
from predictions
join picked using (inference_id)
join images as image on image.object_id = picked.object_id
left join apps on apps.app = image.app
qualify apps.task is distinct from 'classification' or row_number() over (
    partition by picked.inference_id order by score desc, ordinal
) = 1
"""

_TRUTHS = """
select
    row_number() over (order by object_id, annotation_id) - 1 as number,
    object_id, label, x_min, y_min, x_max, y_max
from ground_truth
"""

#: Images of which the latest inference, by a model, can be held against a truth.
_COMPARED = """
select object_id
from picked join reviews using (object_id)
where picked.place = 1 and picked.turn = 1 and reviews.is_truth
"""

_BOXES = """
with found as (
    select
        answer.object_id, answer.number, label, score, x_min, y_min, x_max, y_max,
        case
            when compared.object_id is null then null
            when pair.left_number is null then 'fp' else 'tp'
        end as outcome
    from latest_answers as answer
    left join compared using (object_id)
    left join true_pairs as pair on pair.left_number = answer.number
),
missed as (
    select
        truth.object_id, truth.number, label, null as score, x_min, y_min, x_max, y_max,
        case when compared.object_id is not null then 'fn' end as outcome
    from truths as truth
    left join compared using (object_id)
    where truth.number not in (select right_number from true_pairs)
        and (compared.object_id is not null
            or truth.object_id not in (select object_id from latest_answers))
)
select
    object_id,
    row_number() over (
        partition by object_id order by score desc nulls last, number
    ) - 1 as place,
    label, score, x_min, y_min, x_max, y_max, outcome
from (select * from found union all select * from missed)
order by object_id, place
"""

#: The latest words of each person on each finding; in classification the image is the one
#: finding. To open a finding again is to take one's word back.
_WORDS = """
with said as (
    select
        annotation.object_id, annotator, action, label, x_min, y_min, x_max, y_max,
        case when apps.task = 'classification' then annotation.object_id else root_id end
            as finding,
        annotation.recorded_at, annotation_id
    from annotations as annotation
    join images as image using (object_id)
    left join apps on apps.app = image.app
    where root_id is not null and annotator <> 'import'
    qualify row_number() over (
        partition by annotation.object_id, annotator, finding
        order by annotation.recorded_at desc, annotation_id desc
    ) = 1
)
select * from said where action <> 'reopen'
"""

#: The word of a third person settles what two have seen differently.
_DISPUTES = f"""
with pairs as (
    from words qualify count(*) over (partition by object_id, finding) = 2
)
select
    object_id, count(distinct finding) as disputed,
    list_sort(list_distinct(flatten(list([one, other])))) as disputed_by
from (
    select
        l.object_id, l.finding, l.annotator as one, r.annotator as other,
        l.label is distinct from r.label as relabelled, {IOU} as overlap
    from pairs as l join pairs as r
        on l.object_id = r.object_id and l.finding = r.finding and l.annotator < r.annotator
)
where relabelled or overlap < {OVERLAP}
group by object_id
"""

_VERSIONS = """
select
    newer.object_id,
    newer.model_version as newer_version, older.model_version as older_version,
    coalesce(newer_answers.found, 0) as newer_found,
    coalesce(older_answers.found, 0) as older_found,
    coalesce(shared.agreed, 0) as agreed,
    case
        when newer_found + older_found = 0 then 0
        else 1 - 2 * coalesce(shared.agreed, 0) / (newer_found + older_found)
    end as disagreement
from (from picked where turn = 1) as newer
join (from picked where turn = 2) as older using (object_id)
left join counted as newer_answers on newer_answers.inference_id = newer.inference_id
left join counted as older_answers on older_answers.inference_id = older.inference_id
left join (
    select object_id, count(*) as agreed
    from newer_answers join version_pairs on left_number = number
    group by object_id
) as shared on shared.object_id = newer.object_id
"""

_IMAGES = """
with scored as (
    select
        object_id,
        arg_max(label, (score, -ordinal)) as best_label, max(score) as best_score,
        arg_min({label: label, score: score}, (abs(score - threshold), ordinal)) as nearest,
        min(abs(score - threshold)) as distance,
        list_sort(list_distinct(list(label))) as labels
    from latest_answers
    left join (select app, threshold from apps) using (app)
    group by object_id
),
counted_predictions as (
    select object_id, count(*) as predictions
    from predictions join (from picked where place = 1) using (inference_id)
    group by object_id
),
outcomes as (
    select
        object_id,
        count(*) filter (outcome = 'tp') as tp,
        count(*) filter (outcome = 'fp') as fp,
        count(*) filter (outcome = 'fn') as fn
    from new_boxes group by object_id
),
true_labels as (
    select object_id, list_sort(list_distinct(list(label))) as labels from truths group by object_id
),
reviewers as (
    select
        review.object_id, any_value(review.completed_at) as completed_at,
        any_value(review.annotator) as completed_by,
        list_sort(list_distinct(list(annotation.annotator))) as annotators
    from (from reviews where is_truth) as review
    join annotations as annotation
        on annotation.object_id = review.object_id
        and annotation.inference_id is not distinct from review.inference_id
    group by review.object_id
)
select
    image.object_id, image.app, image.media_type, image.width, image.height, image.bytes,
    image.source, image.subject_id, image.recorded_at,
    latest.inference_id, latest.model_version, coalesce(counted.predictions, 0) as predictions,
    scored.best_label, scored.best_score,
    scored.nearest.label as near_label, scored.nearest.score as near_score,
    case when scored.distance is not null then greatest(0, 1 - 2 * scored.distance) end
        as uncertainty,
    versions.newer_version, versions.newer_found, versions.older_version, versions.older_found,
    versions.agreed, versions.disagreement,
    reviewers.completed_at, reviewers.completed_by,
    coalesce(reviewers.annotators, []) as annotators,
    case
        when reviewers.completed_at is null then coalesce(scored.labels, [])
        else coalesce(true_labels.labels, [])
    end as labels,
    reviewers.completed_at is not null as reviewed,
    case when compared.object_id is not null then coalesce(outcomes.tp, 0) end as tp,
    case when compared.object_id is not null then coalesce(outcomes.fp, 0) end as fp,
    case when compared.object_id is not null then coalesce(outcomes.fn, 0) end as fn,
    coalesce(disputes.disputed, 0) as disputed,
    coalesce(disputes.disputed_by, []) as disputed_by,
    request.recorded_at as requested_at, request.requested_by
from images as image
left join (from picked where place = 1) as latest using (object_id)
left join counted_predictions as counted using (object_id)
left join scored using (object_id)
left join versions using (object_id)
left join reviewers using (object_id)
left join true_labels using (object_id)
left join outcomes using (object_id)
left join compared using (object_id)
left join disputes using (object_id)
left join requests as request using (object_id)
"""


def pick(cursor: DuckDBPyConnection) -> None:
    """Make the table ``picked``: the inferences whose predictions count."""
    cursor.execute(f"create or replace temp table picked as {PICKED}")


def judge(cursor: DuckDBPyConnection) -> None:
    """Make the tables ``reviews`` and ``ground_truth`` of ``annotations``."""
    for name in ("reviews", "ground_truth"):
        _table(cursor, name, standard_views()[name].sql)


def derive(cursor: DuckDBPyConnection) -> None:
    """Make the tables ``new_images`` and ``new_boxes`` of the facts, once ``picked`` is there."""
    judge(cursor)
    _table(cursor, "answers", _ANSWERS)
    _table(cursor, "counted", "select inference_id, count(*) as found from answers group by all")
    for name, condition in (("latest", "place = 1"), ("newer", "turn = 1"), ("older", "turn = 2")):
        cursor.execute(
            f"create or replace temp view {name}_answers as from answers where {condition}"
        )
    _table(cursor, "truths", _TRUTHS)
    _table(cursor, "compared", _COMPARED)
    cursor.execute(
        "create or replace temp view compared_answers as"
        " from latest_answers semi join compared using (object_id)"
    )
    match(cursor, "compared_answers", "truths", "true_pairs")
    _table(cursor, "new_boxes", _BOXES)
    match(cursor, "newer_answers", "older_answers", "version_pairs")
    _table(cursor, "versions", _VERSIONS)
    _table(cursor, "words", _WORDS)
    _table(cursor, "disputes", _DISPUTES)
    _table(cursor, "new_images", _IMAGES)


def _table(cursor: DuckDBPyConnection, name: str, sql: str) -> None:
    cursor.execute(f"create or replace temp table {name} as {sql}")
