"""Predicting: from the bytes of an image to an answer that is on disk before it is given."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Engine

from millpond.analytics.lookup import Lookup
from millpond.capture.inferences import IdempotencyKey, NewInference
from millpond.capture.objects import NewObject, object_key
from millpond.capture.policy import Reason, left_out
from millpond.capture.quotas import QuotaReached, Quotas
from millpond.capture.uncaptured import UncapturedCounts
from millpond.database.connection import reading
from millpond.database.group_commit import GroupCommit
from millpond.errors import Corrupted, Invalid
from millpond.models.candidates import pack
from millpond.models.predictor import Predictor
from millpond.models.registry import Registry
from millpond.models.suppression import suppress
from millpond.raw.decode import Limits, Picture, decode
from millpond.raw.store import ObjectStore
from millpond.raw.thumbnail import View, view_of
from millpond.serving.answers import InferenceAnswer, new_answer, read_inference
from millpond.serving.cores import Cores
from millpond.serving.keeping import Keeper, Kept, ToKeep, new_image
from millpond.settings import AppSection, LimitsSection, Settings
from millpond.values import CANDIDATE_FLOOR, Prediction, app_route, new_id

Result = TypeVar("Result")

_LONGEST_SUBJECT = 255
_LONGEST_KEY = 255


@dataclass(frozen=True)
class Upload:
    """An image that was sent to be predicted, with everything that was asked for checked.

    Args:
        version: of the model that is asked; None is the champion.
        deadline: moment of `time.monotonic` after which nobody waits for the answer.
    """

    app: str
    section: AppSection
    data: bytes
    sha256: str
    threshold: float
    nms: float
    subject: str | None
    requested_by: str
    key: IdempotencyKey | None
    version: str | None = None
    deadline: float = math.inf


@dataclass(frozen=True)
class _Sight:
    """What was seen in an upload; `model_version` is None where nobody looked.

    Args:
        image: what there is to keep of it, without its pixels.
    """

    image: NewObject
    model_version: str | None
    candidates: list[Prediction]
    duration_ms: float


@dataclass(frozen=True)
class _Said:
    """What is said of an upload, and not kept yet."""

    upload: Upload
    sight: _Sight
    inference: NewInference


class PredictService:
    """Predicts and captures. Many threads may use one at the same time.

    Args:
        commit: of the operational database, whose `engine` is for reading.
        registry: knows the champion of each application.
        lookup: finds what was answered before.
        uncaptured: counts what is not kept by the policy of its application.
    """

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        commit: GroupCommit,
        store: ObjectStore,
        registry: Registry,
        lookup: Lookup,
        uncaptured: UncapturedCounts,
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._store = store
        self.keeper = Keeper(engine, commit, store)
        self._uncaptured = uncaptured
        self._quotas = Quotas()
        self._registry = registry
        self._lookup = lookup
        self._limits = decode_limits(settings.limits)
        self._cores = Cores(settings.server.turns)

    @property
    def seconds_each(self) -> float:
        """Seconds that a prediction takes a core, as it was lately; 0 before the first."""
        return self._cores.seconds_each

    def upload(
        self,
        app: str,
        data: bytes,
        *,
        requested_by: str,
        threshold: float | None = None,
        nms: float | None = None,
        subject: str | None = None,
        key: str | None = None,
        deadline: float = math.inf,
    ) -> Upload:
        """Check what is asked for, and fill in what the application declares.

        Args:
            threshold: the lowest score that is answered, at least 0.05.
            nms: the overlap above which the weaker box is left out.
            subject: the caller's own name for whom the image is about.
            key: requests with the same key are one request.
            deadline: moment of `time.monotonic` after which nobody waits for the answer.

        Raises:
            NotFound: there is no such application.
            Invalid: a threshold, the subject or the key does not fit.
        """
        section = self._settings.app(app)
        threshold = section.threshold if threshold is None else threshold
        nms = section.nms if nms is None else nms
        _check(threshold, nms, subject, key)
        app = app_route(app)
        sha256 = hashlib.sha256(data).hexdigest()
        asked = None
        if key is not None:
            request = hashlib.sha256(repr((sha256, threshold, nms, subject)).encode()).hexdigest()
            asked = IdempotencyKey(app, requested_by, key, request)
        return Upload(
            app,
            section,
            data,
            sha256,
            threshold,
            nms,
            subject,
            requested_by,
            asked,
            deadline=deadline,
        )

    def predict(self, upload: Upload, *, candidates: bool = False) -> InferenceAnswer:
        """Predict an upload, or answer again what was answered to its key before.

        When this returns, the object, the inference and its event are on disk; or, where the
        policy of the application leaves them out, counted and not ``captured``.

        Raises:
            NotAnImage, TooLarge, Unsupported: the bytes cannot be taken as an image.
            Conflict: the key was used for another request.
            DiskFull: there is no room; nothing was kept.
            Busy: its deadline passed before its turn came; nothing was computed or kept.
        """
        return self.predict_all([upload], candidates=candidates)[0]

    def predict_all(
        self, uploads: Sequence[Upload], *, candidates: bool = False
    ) -> list[InferenceAnswer]:
        """Predict several uploads, and keep them in one transaction: all of them or none.

        What the policy of the application leaves out is left out for each by itself.

        Raises:
            as `predict`.
        """
        seen = [self._seen(upload) for upload in uploads]
        kept = iter(self._keep([one for one in seen if isinstance(one, _Said)]))
        return [
            self._answer_again(one, candidates)
            if isinstance(one, str)
            else self._answer(one, next(kept), candidates)
            for one in seen
        ]

    def compute(self, work: Callable[[], Result], deadline: float = math.inf) -> Result:
        """What `work` returns in its turn; `[server] threads` turns are taken at once.

        Raises:
            Busy: the deadline has passed; nothing was computed.
        """
        return self._cores.compute(work, deadline)

    def decoded(self, data: bytes) -> Picture:
        """The picture of an image that was sent.

        Raises:
            NotAnImage, TooLarge, Unsupported: the bytes cannot be taken as an image.
        """
        return self.compute(lambda: decode(data, self._limits))

    def view(self, object_id: str, view: View) -> bytes:
        """A kept object as JPEG for people to look at."""
        return view_of(self._store.get(object_key(object_id)), view, self._limits)

    def picture(self, object_id: str) -> Picture:
        """The picture of a kept object."""
        return decode(self._store.get(object_key(object_id)), self._limits)

    def _seen(self, upload: Upload) -> _Said | str:
        """What is said of an upload, or the inference that was answered to its key before."""
        inference_id = self.keeper.answered(upload.key)
        if inference_id is not None:
            return inference_id
        version = upload.version or self._registry.champion_lately(upload.app)
        # Before its turn: while a model is loaded, the cores are for others.
        predictor = None if version is None else self._registry.predictor(version)
        sight = self.compute(lambda: self._see(upload, predictor), upload.deadline)
        return _Said(upload, sight, _new_inference(upload, sight))

    def _answer(self, said: _Said, kept: Kept | Reason, candidates: bool) -> InferenceAnswer:
        """The answer to an upload that was kept, or left out for a reason."""
        new, image = said.inference, said.sight.image
        if isinstance(kept, str):
            self._uncaptured.count(new.app, new.model_version, kept)
        elif kept.object_id is None:
            return self._answer_again(kept.inference_id, candidates)
        return new_answer(
            new,
            None if isinstance(kept, str) else kept,
            (image.width, image.height),
            said.sight.candidates if candidates else None,
        )

    def _answer_again(self, inference_id: str, candidates: bool) -> InferenceAnswer:
        with reading(self._engine) as connection:
            return read_inference(connection, self._lookup, inference_id, candidates=candidates)

    def _see(self, upload: Upload, predictor: Predictor | None) -> _Sight:
        started = time.perf_counter()
        picture = decode(upload.data, self._limits)
        candidates = [] if predictor is None else _candidates(predictor, picture)
        duration_ms = round((time.perf_counter() - started) * 1000, 3)
        return _Sight(
            new_image(upload.app, upload.data, upload.sha256, picture, upload.subject),
            None if predictor is None else predictor.version,
            candidates,
            duration_ms,
        )

    def _keep(self, said: Sequence[_Said]) -> list[Kept | Reason]:
        """Keep what was said of uploads, or say why the policy leaves it out."""
        wanted = [self._wanted(one) for one in said]
        kept = iter(self._kept([one for one in wanted if isinstance(one, ToKeep)]))
        return [one if isinstance(one, str) else next(kept) for one in wanted]

    def _wanted(self, said: _Said) -> ToKeep | Reason:
        upload = said.upload
        policy = upload.section.capture
        image = (upload.app, upload.subject, upload.sha256)
        reason = left_out(policy, image, said.inference.predictions)
        if reason is not None:
            return reason
        try:
            admission = self._quotas.admission(upload.app, policy.per_hour)
        except QuotaReached:
            return "quota"
        return ToKeep(upload.data, said.sight.image, said.inference, upload.key, admission)

    def _kept(self, sent: Sequence[ToKeep]) -> list[Kept | Reason]:
        if len(sent) > 1:
            every = self.keeper.keep_all(sent)
            return ["quota" if isinstance(one, QuotaReached) else one for one in every]
        return [self._kept_with_others(one) for one in sent]

    def _kept_with_others(self, one: ToKeep) -> Kept | Reason:
        try:
            return self.keeper.keep(
                one.data,
                one.image,
                one.inference,
                one.key,
                one.admission,
                patient=self._cores.crowded,
            )
        except QuotaReached:
            return "quota"


def decode_limits(limits: LimitsSection) -> Limits:
    """The limits of decoding that the settings ask for."""
    return Limits(
        bytes=limits.upload_mb * 1024 * 1024,
        pixels=limits.megapixels * 1_000_000,
        frames=limits.frames,
    )


def _candidates(predictor: Predictor, picture: Picture) -> list[Prediction]:
    try:
        return predictor.candidates(picture.image)
    except Invalid as error:
        # The caller's request is fine; it is the model that is not.
        raise Corrupted(f"model {predictor.version} cannot predict: {error}") from error


def _new_inference(upload: Upload, sight: _Sight) -> NewInference:
    return NewInference(
        inference_id=new_id(),
        object_id=sight.image.object_id,
        app=upload.app,
        model_version=sight.model_version,
        threshold=upload.threshold,
        nms_threshold=upload.nms,
        duration_ms=sight.duration_ms,
        requested_by=upload.requested_by,
        predictions=suppress(sight.candidates, upload.threshold, upload.nms),
        candidates=pack(sight.candidates),
    )


def _check(threshold: float, nms: float, subject: str | None, key: str | None) -> None:
    if not CANDIDATE_FLOOR <= threshold <= 1:
        raise Invalid(
            f"threshold {threshold} is not from {CANDIDATE_FLOOR} to 1: "
            f"what scores below {CANDIDATE_FLOOR} is not kept"
        )
    if not 0 <= nms <= 1:
        raise Invalid(f"nms {nms} is not from 0 to 1")
    check_subject(subject)
    check_key(key)


def check_subject(subject: str | None) -> None:
    """Refuse a name for a subject that is empty or too long."""
    if subject is not None and not 1 <= len(subject) <= _LONGEST_SUBJECT:
        raise Invalid(f"a subject has from 1 to {_LONGEST_SUBJECT} characters, not {len(subject)}")


def check_key(key: str | None) -> None:
    """Refuse an ``Idempotency-Key`` that is empty or too long."""
    if key is not None and not 1 <= len(key) <= _LONGEST_KEY:
        raise Invalid(f"an Idempotency-Key has from 1 to {_LONGEST_KEY} characters, not {len(key)}")
