"""What the pages are tested on: pictures, a model that finds the same in each, and who signs in."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from playwright.sync_api import Page

from millpond.models.package import ModelPackage, Outputs
from millpond.models.preprocessing import Preprocessing

#: Who may sign in, one of each role.
PEOPLE = {
    "rita": "reviewer",
    "uma": "user",
    "sam": "scientist",
    "eve": "engineer",
    "olga": "officer",
    "ada": "admin",
}

WIDTH, HEIGHT = 640, 480
LABELS = ("RBC", "WBC", "Platelets")

#: What the model finds in every picture: the second box overlaps the first by 0.75.
FOUND = (
    ("RBC", 0.9, (100, 100, 200, 200)),
    ("RBC", 0.6, (110, 105, 205, 210)),
    ("WBC", 0.8, (300, 200, 420, 330)),
    ("Platelets", 0.3, (500, 50, 560, 110)),
)


def picture(seed: int) -> bytes:
    """A PNG that no other seed gives."""
    coarse = np.random.default_rng(seed).integers(90, 220, (12, 16, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC).save(out, "PNG")
    return out.getvalue()


def detector() -> ModelPackage:
    """A model that finds the same in every picture."""
    scores = np.zeros((1, len(FOUND), len(LABELS)), np.float32)
    for place, (label, score, _) in enumerate(FOUND):
        scores[0, place, LABELS.index(label)] = score
    boxes = np.array([[box for _, _, box in FOUND]], np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["picture"], ["mean"], axes=[0, 1, 2, 3], keepdims=0),
            helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
            helper.make_node("Add", ["nothing", "fixed_scores"], ["scores"]),
            helper.make_node("Add", ["nothing", "fixed_boxes"], ["boxes"]),
        ],
        "fixed",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["n", 3, HEIGHT, WIDTH])],
        [
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, scores.shape),
            helper.make_tensor_value_info("boxes", TensorProto.FLOAT, boxes.shape),
        ],
        [
            numpy_helper.from_array(np.array(0, np.float32), "zero"),
            numpy_helper.from_array(scores, "fixed_scores"),
            numpy_helper.from_array(boxes, "fixed_boxes"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return ModelPackage(
        app="blood-cells",
        task="detection",
        labels=LABELS,
        preprocessing=Preprocessing(WIDTH, HEIGHT),
        outputs=Outputs("scores_and_boxes"),
        model=model.SerializeToString(),
    )


@dataclass
class Lab:
    """A served project, and who may sign in."""

    url: str
    token: str
    passwords: dict[str, str]
    cookies: dict[str, dict[str, str]] = field(default_factory=dict)

    def inference(self, page: Page) -> dict[str, Any]:
        """What the API says of the inference that a page shows."""
        headers = {"Authorization": f"Bearer {self.token}"}
        inference_id = page.url.rsplit("/", 1)[1]
        answer = httpx.get(f"{self.url}/api/v1/inferences/{inference_id}", headers=headers)
        answer.raise_for_status()
        return dict(answer.json())

    def enter(self, page: Page, user: str) -> None:
        """Give a page a session that was begun over HTTP, once for each user."""
        if user not in self.cookies:
            body = {"user": user, "password": self.passwords[user]}
            answer = httpx.post(f"{self.url}/api/v1/login", json=body)
            answer.raise_for_status()
            self.cookies[user] = dict(answer.cookies)
        for name, value in self.cookies[user].items():
            page.context.add_cookies([{"name": name, "value": value, "url": self.url}])

    def sign_in(self, page: Page, user: str) -> None:
        """Open Predict with a session of its own."""
        self.enter(page, user)
        page.goto(f"{self.url}/predict/blood-cells")
        page.get_by_role("heading", name="Past inferences").wait_for()
