"""COCO marts: exactly the truth, the same bytes every time, readable by COCO's own tools."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pycocotools.coco import COCO
from pydicom.data import get_testdata_file

from millpond.capture.annotations import NewAnnotation
from millpond.errors import Conflict, Invalid, NotFound
from millpond.marts.marts import Choice, Exported
from millpond.raw.decode import decode
from millpond.raw.feeds import open_feed
from millpond.values import Box, Prediction
from pond import APPS, Pond, cells, picture, voc


def _export(pond: Pond, out: Path, app: str = "cells", **choice: Any) -> Exported:
    return pond.marts.export("coco", app, APPS[app], out, Choice(**choice))


def _zip(pond: Pond, **choice: Any) -> bytes:
    return b"".join(pond.marts.zip("coco", "cells", APPS["cells"], Choice(**choice)))


def _read(done: Exported) -> dict[str, Any]:
    mart: dict[str, Any] = json.loads(done.path.read_text())
    return mart


def _bytes(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_it_has_exactly_the_rows_of_ground_truth_and_every_reviewed_image(
    pond: Pond, tmp_path: Path
) -> None:
    pond.ingest(cells(tmp_path / "a", 12))
    pond.ingest(cells(tmp_path / "b", 3, 50, labels=False), labels=False)
    done = _export(pond, tmp_path / "mart")
    mart = _read(done)
    truth = pond.rows("SELECT annotation_id, object_id, label FROM ground_truth")
    stems = {image["id"]: Path(image["file_name"]).stem for image in mart["images"]}
    names = {category["id"]: category["name"] for category in mart["categories"]}
    assert names == {1: "RBC", 2: "WBC"}
    assert {
        (one["annotation_id"], stems[one["image_id"]], names[one["category_id"]])
        for one in mart["annotations"]
    } == {tuple(row.values()) for row in truth}
    reviewed = {row["object_id"] for row in pond.rows("SELECT object_id FROM reviews")}
    assert set(stems.values()) == reviewed
    assert (done.images, done.annotations) == (12, len(truth)) == (12, 9)


def test_boxes_are_xywh_and_images_are_the_original_bytes(pond: Pond, tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "1.jpg").write_bytes(picture(1, "JPEG"))
    (folder / "1.xml").write_text(voc([("WBC", 3, 5, 13, 25)]))
    pond.ingest(folder)
    mart = _read(_export(pond, tmp_path / "mart"))
    [image], [found] = mart["images"], mart["annotations"]
    assert (image["width"], image["height"]) == (40, 30)
    assert found["bbox"] == [2, 4, 11, 21]
    assert (found["area"], found["iscrowd"], found["category_id"]) == (231, 0, 2)
    kept = tmp_path / "mart" / "images" / image["file_name"]
    assert kept.suffix == ".jpg"
    assert kept.read_bytes() == (folder / "1.jpg").read_bytes()


def test_made_again_it_is_the_same_to_the_byte_before_and_after_a_load(
    pond: Pond, tmp_path: Path
) -> None:
    pond.ingest(cells(tmp_path / "a", 20))
    first = _bytes(_export(pond, tmp_path / "one").path.parent)
    pond.freeze("then")
    pond.load()
    assert _bytes(_export(pond, tmp_path / "two").path.parent) == first
    pond.ingest(cells(tmp_path / "b", 5, 50))
    assert _bytes(_export(pond, tmp_path / "three").path.parent) != first
    assert _bytes(_export(pond, tmp_path / "four", as_of="then").path.parent) == first


def test_the_zip_holds_the_same_bytes_and_is_itself_the_same_every_time(
    pond: Pond, tmp_path: Path
) -> None:
    pond.ingest(cells(tmp_path / "a", 10))
    folder = _bytes(_export(pond, tmp_path / "mart").path.parent)
    data = _zip(pond)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == folder
    assert _zip(pond) == data


def test_ids_are_the_same_from_one_export_to_the_next(pond: Pond, tmp_path: Path) -> None:
    pond.ingest(cells(tmp_path / "a", 6))
    before = _read(_export(pond, tmp_path / "one"))
    pond.ingest(cells(tmp_path / "b", 30, 100))
    after = _read(_export(pond, tmp_path / "two"))
    for kind, key in (("images", "file_name"), ("annotations", "annotation_id")):
        ids = {one[key]: one["id"] for one in after[kind]}
        assert {one[key]: one["id"] for one in before[kind]}.items() <= ids.items()
        assert len(set(ids.values())) == len(ids)
        assert all(0 < number < 2**53 for number in ids.values())


def test_pycocotools_and_our_own_feed_read_it(pond: Pond, tmp_path: Path) -> None:
    pond.ingest(cells(tmp_path / "a", 10))
    done = _export(pond, tmp_path / "mart")
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(done.path))
    assert len(coco.getImgIds()) == 10
    assert len(coco.getAnnIds(catIds=coco.getCatIds(["RBC"]))) == 8
    items = list(open_feed(tmp_path / "mart"))
    assert len(items) == 10
    assert sum(len(item.labels or ()) for item in items) == 8
    assert all(item.problem is None for item in items)


def test_turned_and_unshowable_pictures_are_png(pond: Pond, tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6
    (folder / "turned.jpg").write_bytes(picture(1, "JPEG", exif=exif))
    (folder / "upright.webp").write_bytes(picture(2, "WEBP"))
    (folder / "pages.tif").write_bytes(picture(3, "TIFF"))
    (folder / "map.bmp").write_bytes(picture(4, "BMP"))
    (folder / "ct.dcm").write_bytes(Path(str(get_testdata_file("CT_small.dcm"))).read_bytes())
    pond.ingest(folder, format="folder", labels=False)
    done = _export(pond, tmp_path / "mart", include_unreviewed=True)
    assert (done.images, done.annotations) == (5, 0)
    paths = {
        row["object_id"]: row["path"]
        for row in pond.rows("SELECT object_id, path FROM sat_object_origin")
    }
    for image in _read(done)["images"]:
        name = paths[Path(image["file_name"]).stem]
        data = (tmp_path / "mart" / "images" / image["file_name"]).read_bytes()
        original = (folder / name).read_bytes()
        if name in ("upright.webp", "map.bmp"):
            assert data == original
        else:
            assert Path(image["file_name"]).suffix == ".png"
            with Image.open(io.BytesIO(data)) as shown:
                assert shown.size == (image["width"], image["height"])
            assert (decode(data).pixels == decode(original).pixels).all()


def test_predictions_are_those_of_the_latest_inference(pond: Pond, tmp_path: Path) -> None:
    pond.ingest(cells(tmp_path / "a", 3))
    [first, second, _] = [row["object_id"] for row in pond.rows("FROM images ORDER BY object_id")]
    pond.infer(first, Prediction("RBC", 0.6, Box(0, 0, 5, 5)))
    pond.infer(first, Prediction("WBC", 0.9, Box(1, 2, 11, 22)))
    pond.infer(second)
    mart = _read(_export(pond, tmp_path / "mart", labels="predictions"))
    assert [Path(image["file_name"]).stem for image in mart["images"]] == sorted([first, second])
    [found] = mart["annotations"]
    assert (found["bbox"], found["score"], found["category_id"]) == ([1, 2, 10, 20], 0.9, 2)
    assert "prediction_id" in found


def test_a_label_of_a_classification_covers_the_picture(pond: Pond, tmp_path: Path) -> None:
    for label in ("apple", "lemon"):
        (tmp_path / "fruits" / label).mkdir(parents=True)
        (tmp_path / "fruits" / label / "1.png").write_bytes(picture(len(label) + ord(label[0])))
    pond.ingest(tmp_path / "fruits", "fruits")
    mart = _read(_export(pond, tmp_path / "mart", "fruits"))
    assert [one["bbox"] for one in mart["annotations"]] == [[0, 0, 40, 30]] * 2
    assert {one["category_id"] for one in mart["annotations"]} == {1, 2}


def test_a_snapshot_brings_its_own_images_labels_and_parts(pond: Pond, tmp_path: Path) -> None:
    pond.ingest(cells(tmp_path / "a", 20))
    frozen = pond.freeze("first")
    before = _bytes(_export(pond, tmp_path / "one", snapshot="first").path.parent)
    [changed] = [row["object_id"] for row in pond.rows("FROM ground_truth LIMIT 1")]
    pond.annotate(changed, NewAnnotation("add", label="WBC", box=Box(1, 1, 4, 4)))
    pond.ingest(cells(tmp_path / "b", 5, 50))
    done = _export(pond, tmp_path / "two", snapshot="first")
    assert _bytes(done.path.parent) == before
    assert done.images == frozen.images
    parts = [image["part"] for image in _read(done)["images"]]
    assert {part: parts.count(part) for part in set(parts)} == frozen.parts


def test_an_older_mart_is_replaced_and_nothing_else_ever_is(pond: Pond, tmp_path: Path) -> None:
    pond.ingest(cells(tmp_path / "a", 4))
    (tmp_path / "empty").mkdir()
    _export(pond, tmp_path / "empty")
    pond.ingest(cells(tmp_path / "b", 4, 50))
    assert _export(pond, tmp_path / "empty").images == 8
    assert len(list((tmp_path / "empty" / "images").iterdir())) == 8
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "annotations.json").write_text('{"info": {}}')
    for taken in (tmp_path / "mine", tmp_path / "a" / "1.png"):
        with pytest.raises(Conflict, match="is no mart"):
            _export(pond, taken)
    assert (tmp_path / "mine" / "annotations.json").read_text() == '{"info": {}}'
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_half_made_mart_is_never_seen(pond: Pond, tmp_path: Path) -> None:
    pond.ingest(cells(tmp_path / "a", 4))
    [lost, *_] = [row["object_id"] for row in pond.rows("FROM images ORDER BY object_id DESC")]
    pond.store.delete(f"objects/{lost[-2:]}/{lost}")
    with pytest.raises(NotFound):
        _export(pond, tmp_path / "mart")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "lake"]


@pytest.mark.parametrize(
    "choice",
    [
        {"labels": "wishes"},
        {"as_of": "2999-01-01"},
        {"snapshot": "first", "as_of": "2020-01-01"},
    ],
)
def test_a_choice_that_does_not_fit_is_refused_before_the_first_byte(
    pond: Pond, tmp_path: Path, choice: dict[str, Any]
) -> None:
    pond.ingest(cells(tmp_path / "a", 2))
    pond.freeze("first")
    with pytest.raises(Invalid):
        pond.marts.zip("coco", "cells", APPS["cells"], Choice(**choice))
    with pytest.raises(Invalid, match="'yolo' is not one of coco"):
        pond.marts.zip("yolo", "cells", APPS["cells"], Choice())
