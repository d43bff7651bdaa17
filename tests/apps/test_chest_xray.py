"""The chest phantoms: the same every time, readable, and boxed where things are seen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from millpond import AppTemplate
from millpond.apps.chest_xray import LABELS, generate, template
from millpond.apps.chest_xray.abnormalities import draw_finding
from millpond.apps.chest_xray.anatomy import draw_anatomy
from millpond.apps.chest_xray.phantom import draw_phantom
from millpond.apps.chest_xray.shapes import SIZE
from millpond.raw.decode import decode
from millpond.raw.dicom import tag
from millpond.raw.feeds import find_split, open_feed
from millpond.settings import AppSection


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chest")
    generate(folder, 40, 11)
    return folder


def test_the_template_is_a_valid_declaration() -> None:
    assert isinstance(template, AppTemplate)
    section = AppSection.model_validate(template.section)
    assert section.labels == LABELS
    assert section.task == "detection"


def test_importing_the_application_loads_nothing_heavy() -> None:
    code = (
        "import sys, millpond.apps.chest_xray, millpond.apps.fruits;"
        "print(sorted({'numpy', 'PIL', 'pydicom', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_set_is_readable_and_split(drawn: Path) -> None:
    feed = open_feed(drawn)
    split = find_split(drawn)
    assert split is not None
    assert (feed.format, feed.task) == ("voc", "detection")
    assert split.counts() == {"train": 28, "test": 12}
    items = list(feed)
    assert len(items) == 40
    assert sum(item.path.endswith(".dcm") for item in items) == 8
    assert set(feed.label_names()) <= set(LABELS)
    assert any(item.labels == () for item in items)
    for item in items:
        picture = decode(item.read())
        assert (picture.width, picture.height, picture.grey) == (SIZE, SIZE, True)
        assert item.problem is None
        assert item.labels is not None
        for label in item.labels:
            assert label.box is not None
            label.box.check_inside(SIZE, SIZE)


def test_dicom_files_have_invented_patients_and_look_as_png_would(drawn: Path) -> None:
    number = 4
    data = (drawn / "images" / f"chest_{number:05}.dcm").read_bytes()
    assert tag(data, "PatientID") == "PHANTOM-00004"
    assert tag(data, "Modality") == "DX"
    shown = decode(data).pixels[:, :, 0].astype(int)
    assert np.abs(shown - (draw_phantom(11, number).values >> 4)).max() <= 1


def test_the_same_arguments_write_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("one", 3), ("two", 3), ("other", 4)):
        generate(tmp_path / name, 6, seed)
    one, two, other = (contents(tmp_path / name) for name in ("one", "two", "other"))
    assert one == two
    assert one.keys() == other.keys()
    assert one["images/chest_00000.png"] != other["images/chest_00000.png"]


def test_every_kind_is_drawn_about_equally_often() -> None:
    found = [label for number in range(150) for label, _ in draw_phantom(5, number).findings]
    shares = {label: found.count(label) / len(found) for label in LABELS}
    assert all(0.08 < share < 0.30 for share in shares.values()), shares


@pytest.mark.parametrize("label", [label for label in LABELS if label != "cardiomegaly"])
@pytest.mark.parametrize("side", [0, 1])
def test_a_finding_changes_the_picture_in_its_box_and_hardly_elsewhere(
    label: str, side: int
) -> None:
    for seed in range(4):
        rng = np.random.default_rng((seed, side))
        chest = draw_anatomy(rng, enlarged=False)
        finding = draw_finding(rng, label, chest, side)
        x_min, y_min, x_max, y_max = finding.box
        change = np.abs(finding.added)
        inside = change[y_min:y_max, x_min:x_max]
        assert inside.sum() > 0.8 * change.sum()
        assert inside.max() > 0.06
        # The box is tight: it cannot lose a tenth of a side without losing some of it.
        assert min(x_max - x_min, y_max - y_min) >= 6
        assert (x_min + x_max < SIZE) == (side == 0)


def test_an_enlarged_heart_takes_more_than_half_of_the_chest() -> None:
    for seed in range(6):
        ratios = {}
        for enlarged in (False, True):
            rng = np.random.default_rng(seed)
            chest = draw_anatomy(rng, enlarged=enlarged)
            x_min, _, x_max, _ = draw_finding(rng, "cardiomegaly", chest, 0).box
            across = np.abs(chest.x[SIZE // 2]) < chest.width
            ratios[enlarged] = (x_max - x_min) / across.sum()
        assert ratios[False] < 0.52 < ratios[True], ratios
