"""What is asked before an import: files by kind, the harmless ones taken, and why others are left out."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from app.core.ade_png import write_labels
from app.core.errors import ProjectError
from app.core.import_labels import Kind, Survey, inspect_plan, plan_import, survey

LABELS = np.arange(1, 141, dtype=np.uint8).reshape(10, 14)
FROM_ZERO = np.where(LABELS > 100, 255, LABELS - 1).astype(np.uint8)


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "photos" / f"{number}.jpg" for number in range(8)]
    paths[0].parent.mkdir()
    for path in paths:
        cv2.imwrite(str(path), np.zeros((10, 14, 3), np.uint8))
    return paths


@pytest.fixture
def found(photos: list[Path], tmp_path: Path) -> Survey:
    """Two of ADE labels, one in three channels, three from 0, one too large, one no picture, and one for nobody."""
    files = tmp_path / "labels"
    files.mkdir()
    for number in (0, 1):
        write_labels(files / f"{number}.png", np.full((10, 14), 150, np.uint8))
    cv2.imwrite(str(files / "2.png"), np.dstack([np.full((10, 14), 150, np.uint8)] * 3))
    for number in (3, 4, 5):
        cv2.imwrite(str(files / f"{number}.png"), FROM_ZERO)
    cv2.imwrite(str(files / "6.png"), np.zeros((11, 30), np.uint8))
    (files / "7.png").write_text("nothing")
    write_labels(files / "nobody.png", LABELS)
    plan = plan_import([files], photos)

    def is_corrected(picture: Path) -> bool:
        if picture == photos[5]:
            raise ProjectError("The project may only be read.")
        return picture in (photos[1], photos[3], photos[6])

    return survey(plan, inspect_plan(plan), is_corrected)


def test_files_are_sorted_by_what_is_to_be_decided(found: Survey, photos: list[Path]) -> None:
    assert list(found.ready) == photos[:2]
    assert [(list(group.findings), group.first.kinds[0]) for group in found.groups] == [
        (photos[3:5], Kind.UNSURE_NUMBERS),
        (photos[2:3], Kind.THREE_CHANNELS),
    ]
    assert found.pictures == tuple(photos[:5])
    assert found.corrected == {photos[1], photos[3]}


def test_every_file_that_is_left_out_is_named_with_its_reason(found: Survey) -> None:
    assert [sentence for sentence in found.refused if "nobody.png" in sentence]
    assert [sentence for sentence in found.refused if "30 x 11 pixels" in sentence and "6.png" in sentence]
    assert "7.png is not a picture." in found.refused
    assert "5.jpg: The project may only be read." in found.refused
    assert len(found.refused) == 4


def test_a_kind_is_told_by_its_first_file_and_how_many_are_like_it(found: Survey) -> None:
    assert found.groups[0].sentence.startswith("3.png may count classes from 0 or from 1")
    assert found.groups[0].sentence.endswith(". One more is like it.")
    assert found.groups[1].sentence == "2.png stores each label in three equal channels."


def test_only_what_leaves_the_numbers_alone_is_harmless(found: Survey) -> None:
    assert [group.harmless for group in found.groups] == [False, True]


def test_what_is_wanted_comes_in_the_order_of_the_list(found: Survey, photos: list[Path]) -> None:
    way = found.groups[0].choices[0]
    wanted = found.ordered({photos[4]: way, photos[0]: None})
    assert [(picture, choice) for picture, (_, choice) in wanted.items()] == [(photos[0], None), (photos[4], way)]


def test_whoever_asks_can_stop(photos: list[Path], tmp_path: Path) -> None:
    write_labels(tmp_path / "0.png", LABELS)
    plan = plan_import([tmp_path / "0.png"], photos)

    def stop(_done: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        survey(plan, inspect_plan(plan), lambda _picture: False, check=stop)
