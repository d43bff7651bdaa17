"""Rules find a value in an item's path, columns or DICOM tags."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

from millpond.errors import UsageError
from millpond.raw.feeds import FeedItem
from millpond.raw.rules import Rule

ITEM = FeedItem("lemon/r_12_100.jpg", lambda: b"", columns={"patient": " P1 ", "empty": " "})


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        (r"^(.*/(?:r_)?)\d+_100\.jpg$", "lemon/r_"),
        (r"(\d+)_100\.jpg$", "12"),
        (r"(nothing)", None),
        (r"lemon(x?)", None),
        ("column:patient", "P1"),
        ("column:empty", None),
        ("column:absent", None),
        ("dicom:PatientID", None),
    ],
)
def test_values(rule: str, value: str | None) -> None:
    assert Rule.parse(rule).value(ITEM) == value


def test_a_dicom_tag() -> None:
    path = get_testdata_file("CT_small.dcm", download=False)
    item = FeedItem("CT_small.dcm", Path(str(path)).read_bytes)
    assert Rule.parse("dicom:PatientID").value(item) == "1CT1"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("(", "is no regular expression"),
        ("no group", "has 0 groups and needs one"),
        ("(a)(b)", "has 2 groups and needs one"),
        ("column:", "needs a name"),
        ("dicom:Patient", "is no DICOM keyword"),
        ("dicom:PixelData", "holds no text"),
    ],
)
def test_a_bad_rule_is_refused_at_once(rule: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Rule.parse(rule)
