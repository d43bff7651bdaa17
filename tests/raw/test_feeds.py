"""Feeds: every form gives the same items, and nothing in a folder makes one crash."""

from __future__ import annotations

import json
import os
import tracemalloc
from pathlib import Path

import pytest

from millpond.errors import Invalid, NotFound, UsageError
from millpond.raw.feeds import FeedItem, FeedLabel, find_split, open_feed, read_split
from millpond.raw.feeds.json_stream import array_elements
from millpond.raw.limits import Limits
from millpond.values import Box

VOC = """<annotation><filename>one.jpg</filename>
<object><name> RBC </name><bndbox><xmin>{x}</xmin><ymin>2</ymin><xmax>11</xmax><ymax>20</ymax>
</bndbox></object></annotation>"""


def put(root: Path, files: dict[str, str | bytes]) -> Path:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else content.encode()
        (root / path).write_bytes(data)
    return root


def by_path(root: Path, **options: bool | str) -> dict[str, FeedItem]:
    items = list(open_feed(root, **options))  # type: ignore[arg-type]
    assert len({item.path for item in items}) == len(items)
    return {item.path: item for item in items}


def test_class_per_folder(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            "b/2.jpg": "two",
            "b/deep/1.PNG": "one",
            "a/3.jpeg": "",
            "top.jpg": "",
            "a/notes.txt": "",
            "a/.hidden.jpg": "",
            "empty/x.md": "",
        },
    )
    feed = open_feed(tmp_path)
    assert (feed.format, feed.task, feed.label_names()) == ("folder", "classification", ["a", "b"])
    items = list(feed)
    assert [item.path for item in items] == ["a/3.jpeg", "b/2.jpg", "b/deep/1.PNG", "top.jpg"]
    assert items[2].labels == (FeedLabel("b"),)
    assert items[2].read() == b"one"
    assert items[3].labels is None
    assert all(item.labels is None for item in open_feed(tmp_path, labels=False))


def test_parts_are_no_classes(tmp_path: Path) -> None:
    put(tmp_path, {"Training/a/1.jpg": "", "Test/b/1.jpg": ""})
    assert open_feed(tmp_path).label_names() == ["a", "b"]


def test_voc_counts_from_one_and_finds_its_files(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            "images/one.jpg": "",
            "annotations/one.xml": VOC.format(x=1),
            "images/none.jpg": "",
            "annotations/none.xml": "<annotation/>",
            "images/alone.dcm": "",
            "beside/two.png": "",
            "beside/two.xml": VOC.format(x=0),
        },
    )
    feed = open_feed(tmp_path)
    assert (feed.format, feed.task, feed.label_names()) == ("voc", "detection", ["RBC"])
    items = by_path(tmp_path)
    assert items["images/one.jpg"].labels == (FeedLabel("RBC", Box(0, 1, 11, 20)),)
    assert items["beside/two.png"].labels == (FeedLabel("RBC", Box(-1, 1, 11, 20)),)
    assert items["images/none.jpg"].labels == ()
    assert items["images/alone.dcm"].labels is None
    assert all(item.labels is None for item in open_feed(tmp_path, labels=False))


@pytest.mark.parametrize(
    ("xml", "said"),
    [
        ("<annotation><object>", "no well-formed XML"),
        ("", "no well-formed XML"),
        (VOC.format(x="left"), "xmin is 'left', not a number"),
        (VOC.format(x="nan"), "xmin is 'nan', not a number"),
        ("<a><object><bndbox/></object></a>", "no name"),
        ("<a><object><name>RBC</name></object></a>", "no bndbox"),
        (
            '<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z SYSTEM "file:///etc/passwd">]><a>&z;</a>',
            "document type",
        ),
        ('<?xml version="1.0" encoding="nonsense"?><a/>', "no well-formed XML"),
        ("<a>" + " " * (17 << 20) + "</a>", "longer than"),
    ],
)
def test_hostile_or_malformed_xml_is_a_problem_of_its_item(
    tmp_path: Path, xml: str, said: str
) -> None:
    put(tmp_path, {"bad.jpg": "", "bad.xml": xml, "good.jpg": "", "good.xml": VOC.format(x=1)})
    items = by_path(tmp_path)
    assert items["bad.jpg"].problem is not None
    assert said in items["bad.jpg"].problem
    assert items["bad.jpg"].labels is None
    assert items["good.jpg"].problem is None


def coco(**changes: object) -> str:
    whole = {
        "info": {"note": ["not an array of ours", {"images": [1]}]},
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 3, "bbox": [1, 2, 10, 20.5], "iscrowd": 0},
            {"id": 2, "image_id": 7, "category_id": 3, "bbox": [0, 0, 9, 9], "iscrowd": 1},
            {"id": 3, "image_id": 99, "category_id": 3, "bbox": [0, 0, 9, 9]},
        ],
        "images": [{"id": 7, "file_name": "one.jpg"}, {"id": 8, "file_name": "sub/two.jpg"}],
        "categories": [{"id": 3, "name": "cell"}, {"id": 4, "name": "unused"}],
    }
    return json.dumps(whole | changes)


def test_coco_in_any_order_of_its_parts(tmp_path: Path) -> None:
    put(tmp_path, {"images/one.jpg": "1", "sub/two.jpg": "2", "annotations.json": coco()})
    feed = open_feed(tmp_path)
    assert (feed.format, feed.task, feed.label_names()) == ("coco", "detection", ["cell"])
    items = by_path(tmp_path)
    assert items["images/one.jpg"].labels == (FeedLabel("cell", Box(1, 2, 11, 22.5)),)
    assert items["sub/two.jpg"].labels == ()
    assert items["sub/two.jpg"].read() == b"2"
    assert all(item.labels is None for item in open_feed(tmp_path, labels=False))


def test_coco_with_labels_of_whole_pictures(tmp_path: Path) -> None:
    rows = [{"id": 1, "image_id": 7, "category_id": 3}]
    put(tmp_path, {"one.jpg": "", "sub/two.jpg": "", "a.json": coco(annotations=rows)})
    assert open_feed(tmp_path).task == "classification"
    assert by_path(tmp_path)["one.jpg"].labels == (FeedLabel("cell"),)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"image_id": 7, "category_id": 5, "bbox": [1, 1, 1, 1]}, "category 5"),
        ({"image_id": 7, "category_id": 3, "bbox": [1, 1, 1]}, "bbox is"),
        ({"image_id": 7, "category_id": 3, "bbox": "1234"}, None),
        ({"image_id": 7, "category_id": 3, "bbox": {"x": 1}}, "bbox is"),
    ],
)
def test_a_malformed_coco_annotation_is_a_problem_of_its_item(
    tmp_path: Path, row: object, said: str | None
) -> None:
    put(tmp_path, {"one.jpg": "", "sub/two.jpg": "", "a.json": coco(annotations=[row])})
    items = by_path(tmp_path)
    if said is not None:
        assert said in (items["one.jpg"].problem or "")
    assert items["sub/two.jpg"].problem is None


def test_paths_that_lead_outside_are_problems(tmp_path: Path) -> None:
    outside = put(tmp_path, {"secret.jpg": "secret"}) / "secret.jpg"
    images = [{"id": 1, "file_name": "../secret.jpg"}, {"id": 2, "file_name": str(outside)}]
    root = put(tmp_path / "set", {"a.json": coco(images=images, annotations=[])})
    (root / "images").symlink_to(tmp_path)
    for item in open_feed(root):
        assert item.problem
        assert item.read() == b""
    root = put(tmp_path / "csv", {"a.csv": f"path,label\n../secret.jpg,a\n{outside},b\n"})
    assert [item.read() for item in open_feed(root)] == [b"", b""]
    assert all(item.problem for item in open_feed(root))


def test_links_out_of_the_folder_and_odd_files_are_not_followed(tmp_path: Path) -> None:
    put(tmp_path, {"secret/s.jpg": "secret"})
    root = put(tmp_path / "set", {"a/1.jpg": "1"})
    (root / "a" / "out.jpg").symlink_to(tmp_path / "secret" / "s.jpg")
    (root / "a" / "in.jpg").symlink_to(root / "a" / "1.jpg")
    (root / "all").symlink_to(tmp_path / "secret")
    (root / "round").symlink_to(root)
    (root / "a" / "broken.jpg").symlink_to(root / "nothing")
    os.mkfifo(root / "a" / "pipe.jpg")
    assert sorted(by_path(root)) == ["a/1.jpg", "a/in.jpg"]


def test_a_name_that_is_not_utf8_can_be_printed(tmp_path: Path) -> None:
    folder = put(tmp_path, {"a/1.jpg": "x"}) / "a"
    os.rename(os.fsencode(folder / "1.jpg"), os.fsencode(folder) + b"/\xff.jpg")
    (item,) = open_feed(tmp_path)
    assert item.path.encode("utf-8") == b"a/?.jpg"
    assert item.read() == b"x"


def test_csv_of_boxes_with_rows_in_any_order(tmp_path: Path) -> None:
    lines = (
        "\ufeffpath, label,x_min,y_min,x_max,y_max,patient\n"
        "i/1.jpg,RBC,0,1,11,20,P1\n"
        "i/2.jpg,,,,,,P2\n"
        "i/1.jpg,WBC,5,5,9.5,9,P1\n"
        "i/3.jpg,RBC,left,1,2,3,P3\n"
        "i/4.jpg,RBC,1,1,2,3\n"
        ",RBC,1,1,2,3,P5\n"
    )
    put(tmp_path, {"labels.csv": lines, "i/1.jpg": "one", "i/2.jpg": "", "i/3.jpg": ""})
    feed = open_feed(tmp_path)
    assert (feed.format, feed.task, feed.label_names()) == ("csv", "detection", ["RBC", "WBC"])
    items = by_path(tmp_path)
    assert items["i/1.jpg"].labels == (
        FeedLabel("RBC", Box(0, 1, 11, 20)),
        FeedLabel("WBC", Box(5, 5, 9.5, 9)),
    )
    assert items["i/1.jpg"].columns["patient"] == "P1"
    assert items["i/1.jpg"].read() == b"one"
    assert items["i/2.jpg"].labels == ()
    assert "x_min is 'left'" in (items["i/3.jpg"].problem or "")
    assert "no such file" in (items["i/4.jpg"].problem or "")
    assert "no such file" in (items["(row 7)"].problem or "")


def test_csv_of_classes_and_csv_without_labels(tmp_path: Path) -> None:
    put(tmp_path, {"1.jpg": "", "l.csv": "path,label\n1.jpg,ripe\n"})
    assert open_feed(tmp_path).task == "classification"
    assert by_path(tmp_path)["1.jpg"].labels == (FeedLabel("ripe"),)
    put(tmp_path, {"l.csv": "path,patient\n1.jpg,P1\n"})
    assert open_feed(tmp_path).task is None
    assert by_path(tmp_path)["1.jpg"].labels is None
    put(tmp_path, {"l.csv": "name,label\n1.jpg,ripe\n"})
    with pytest.raises(Invalid, match="columns name, label and no path"):
        open_feed(tmp_path / "l.csv", "csv")


def test_dicom_folders_are_no_classes(tmp_path: Path) -> None:
    put(tmp_path, {"DOE^JOHN/1.dcm": "", "DOE^JOHN/IM01": bytes(128) + b"DICM", "x/README": "no"})
    feed = open_feed(tmp_path)
    assert (feed.format, feed.task, feed.label_names()) == ("dicom", None, [])
    assert sorted(item.path for item in feed) == ["DOE^JOHN/1.dcm", "DOE^JOHN/IM01"]


def test_what_cannot_be_opened_says_why(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no folder or file"):
        open_feed(tmp_path / "absent")
    with pytest.raises(UsageError, match="'yolo' is not one of auto, folder, voc"):
        open_feed(tmp_path, "yolo")
    with pytest.raises(Invalid, match="no pictures"):
        open_feed(tmp_path)
    put(tmp_path, {"a.json": coco(), "one.jpg": "", "one.xml": VOC.format(x=1)})
    with pytest.raises(Invalid, match="looks like coco and voc; say which with --format"):
        open_feed(tmp_path)
    assert open_feed(tmp_path, "voc").format == "voc"
    put(tmp_path, {"b.json": coco()})
    with pytest.raises(Invalid, match=r"a\.json, b\.json; give the file itself"):
        open_feed(tmp_path, "coco")
    assert open_feed(tmp_path / "a.json").format == "coco"
    with pytest.raises(Invalid, match="needs a folder"):
        open_feed(tmp_path / "a.json", "voc")


def test_a_file_beyond_the_limit_is_not_read_whole(tmp_path: Path) -> None:
    put(tmp_path, {"a/huge.jpg": ""})
    os.truncate(tmp_path / "a" / "huge.jpg", 10 * Limits().bytes)
    (item,) = open_feed(tmp_path)
    assert len(item.read()) == Limits().bytes + 1


def test_json_is_read_element_by_element(tmp_path: Path) -> None:
    """Elements that fall on every border between chunks, in memory that stays flat."""
    file = tmp_path / "big.json"
    with open(file, "w") as out:
        out.write('{"skip": {"a": [1, 2]}, "none": [], "images": [')
        out.write(",\n ".join(f'{{"id": {n}, "name": "{"x" * (n % 97)}"}}' for n in range(80_000)))
        out.write('], "numbers": [12, 3.5], "last": 1}')
    tracemalloc.start()
    try:
        count = sum(
            1
            for n, (name, row) in enumerate(array_elements(file))
            if name != "images" or row["id"] == n
        )
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()
    assert count == 80_002


@pytest.mark.parametrize(
    "text", ["", "[1]", "{", '{"a": [1', '{"a": [1,]}', '{"a" [1]}', "nonsense"]
)
def test_json_that_is_malformed_is_a_value_error(tmp_path: Path, text: str) -> None:
    file = put(tmp_path, {"a.json": text}) / "a.json"
    with pytest.raises(ValueError):
        list(array_elements(file))
    with pytest.raises(Invalid, match="is no COCO file"):
        list(open_feed(file, "coco"))


def test_splits(tmp_path: Path) -> None:
    assert find_split(tmp_path) is None
    put(tmp_path, {"train.txt": "one\n\nsub/two.jpg\n", "val.txt": "three.png\n"})
    split = find_split(tmp_path)
    assert split is not None
    paths = ["images/one.jpg", "sub/two.jpg", "other/two.jpg", "images/three.png", "four.jpg"]
    assert [split.part(path) for path in paths] == ["train", "train", None, "test", None]
    put(tmp_path, {"test.txt": "four\n"})
    split = find_split(tmp_path)
    assert split is not None
    assert split.counts() == {"train": 2, "val": 1, "test": 1}

    put(tmp_path, {"split.csv": "path,part\na/1.jpg,train\na/2.jpg,test\n"})
    assert read_split(tmp_path / "split.csv").part("a/2.jpg") == "test"
    put(tmp_path, {"split.csv": "path,part\na/1.jpg,training\n"})
    with pytest.raises(Invalid, match=r"'training' of 'a/1\.jpg' is not one of train, val, test"):
        read_split(tmp_path / "split.csv")
    put(tmp_path, {"split.csv": "file,part\n"})
    with pytest.raises(Invalid, match="needs the columns path and part"):
        read_split(tmp_path / "split.csv")
    with pytest.raises(Invalid, match="cannot be read"):
        read_split(tmp_path / "absent.csv")
