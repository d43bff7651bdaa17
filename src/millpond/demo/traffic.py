"""Real HTTP traffic: images are sent to be predicted, and their corrections afterwards."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from millpond.demo.data import Image
from millpond.demo.reviewer import review
from millpond.demo.roles import value_of
from millpond.errors import MillpondError
from millpond.settings import AppSection
from millpond.snapshots.examples import Label

#: Requests at the same time.
_AT_ONCE = 4
_SECONDS = 60.0
_ATTEMPTS = 10

Item = TypeVar("Item")
Result = TypeVar("Result")
Advance = Callable[[int, int], None]


@dataclass(frozen=True)
class Answered:
    """An image that was sent, with what ``predict`` answered."""

    image: Image
    answer: Mapping[str, Any]


def send(
    url: str, token: str, app: str, declared: AppSection, images: Sequence[Image], advance: Advance
) -> list[Answered]:
    """Send images to the route ``predict``, several at a time.

    Raises:
        MillpondError: one was refused.
    """
    with _client(url, token) as client:

        def predict(image: Image) -> Answered:
            subject = value_of(declared.subject_from, image)
            answer = _post(
                client,
                f"/api/v1/apps/{app}/predict",
                params={} if subject is None else {"subject": subject},
                content=image.read(),
                headers={"Content-Type": "application/octet-stream"},
            )
            return Answered(image, answer)

        return list(_all(predict, images, advance))


def correct(url: str, token: str, answered: Sequence[Answered], advance: Advance) -> Counter[str]:
    """Send the simulated reviewer's annotations; the number of each action.

    Raises:
        MillpondError: one was refused.
    """
    with _client(url, token) as client:

        def send_review(one: Answered) -> Counter[str]:
            annotations = review(one.answer["predictions"], truth_of(one))
            path = f"/api/v1/inferences/{one.answer['inference_id']}/annotations"
            _post(client, path, json=annotations)
            return Counter(annotation["action"] for annotation in annotations)

        return sum(_all(send_review, answered, advance), Counter())


def truth_of(one: Answered) -> list[Label]:
    """The labels of the data set, with their boxes clipped to the picture."""
    width, height = one.answer["width"], one.answer["height"]
    labels = []
    for label in one.image.labels:
        box = None if label.box is None else label.box.clipped(width, height)
        if box is None or box.area > 0:
            labels.append(Label(label.label, box))
    return labels


def _client(url: str, token: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=url, headers=headers, timeout=_SECONDS)


def _all(
    work: Callable[[Item], Result], items: Sequence[Item], advance: Advance
) -> Iterator[Result]:
    """The results in the order of the items; at the first error the others are not begun."""
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="millpond-demo") as pool:
        try:
            for done, result in enumerate(pool.map(work, items), start=1):
                advance(done, len(items))
                yield result
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _post(client: httpx.Client, path: str, **request: Any) -> Any:
    """The answer to a request, asked again while the server is busy."""
    for _ in range(_ATTEMPTS):
        response = client.post(path, **request)
        if response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            break
        time.sleep(float(response.headers.get("Retry-After", "1")))
    if response.is_error:
        raise MillpondError(
            f"the server answered {response.status_code} to {path}: {response.text}"
        )
    return response.json()
