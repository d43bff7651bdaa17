"""The tables of the index, in the memory of the process that serves.

``images`` has a row for each object:

=================  =========================================================================
object_id, app, media_type, width, height, bytes, source, subject_id, recorded_at
                   as the view ``images`` has them; ids are UUIDs, moments UTC
inference_id, model_version, predictions
                   the latest inference, who answered it, and how many answers it has
best_label, best_score
                   its best answer
near_label, near_score, uncertainty
                   its answer nearest to the application's threshold, and how near that is:
                   1 at the threshold, 0 at a distance of a half; null without answers
newer_version, newer_found, older_version, older_found, agreed, disagreement
                   the latest answers of the two model versions that answered last, how many
                   boxes each has, how many they share, and 1 - F1 of the one against the
                   other; null where there is only one version
completed_at, completed_by, annotators, labels, reviewed
                   the review that is its truth: when and by whom it was completed last, and who
                   spoke in it; the true labels, or those of the latest inference where nobody
                   reviewed it
tp, fp, fn         the latest inference against the truth; null where there is nothing to
                   compare: nobody reviewed it, or no model has answered
disputed, disputed_by
                   findings on which the latest words of two people differ, and those people; the
                   word of a third settles it
requested_at, requested_by
                   when it was sent to review last, and by whom; see `IS_REQUESTED`
=================  =========================================================================

``boxes`` has a row for each box (or label) of the latest inference and for each true one that
it missed: ``object_id, place, label, score, x_min, y_min, x_max, y_max, outcome``. The score of
a missed one is null; the outcome, ``tp``, ``fp`` or ``fn``, is null where nothing is compared.
In classification, only the best answer of an inference counts, here and in every number.

``members`` has a row for each image of a snapshot: ``object_id, snapshot_id, part``; ``snapshots``
their ``snapshot_id, name, app, as_of``.

100,000 images with a million boxes take about 120 MB, and seven times that while they are made.
"""

from __future__ import annotations

TABLES = (
    """
    create table images (
        object_id uuid, app varchar, media_type varchar, width integer, height integer,
        bytes bigint, source varchar, subject_id uuid, recorded_at timestamp,
        inference_id uuid, model_version varchar, predictions integer,
        best_label varchar, best_score double,
        near_label varchar, near_score double, uncertainty double,
        newer_version varchar, newer_found integer, older_version varchar, older_found integer,
        agreed integer, disagreement double,
        completed_at timestamp, completed_by varchar, annotators varchar[], labels varchar[],
        reviewed boolean,
        tp integer, fp integer, fn integer,
        disputed integer, disputed_by varchar[],
        requested_at timestamp, requested_by varchar
    )
    """,
    """
    create table boxes (
        object_id uuid, place integer, label varchar, score double,
        x_min double, y_min double, x_max double, y_max double, outcome varchar
    )
    """,
    "create table snapshots (snapshot_id uuid, name varchar, app varchar, as_of timestamp)",
    "create table members (object_id uuid, snapshot_id uuid, part varchar)",
)

#: Whether an image was sent to review and nobody has completed one since, as SQL.
IS_REQUESTED = "coalesce(requested_at > coalesce(completed_at, '-infinity'), false)"

#: The columns of ``images`` as they are handed out, ids as texts.
IMAGE_COLUMNS = (
    "* replace (object_id::varchar as object_id, subject_id::varchar as subject_id,"
    f" inference_id::varchar as inference_id), {IS_REQUESTED} as requested"
)
#: Those of ``boxes``.
BOX_COLUMNS = "* exclude (place) replace (object_id::varchar as object_id)"
