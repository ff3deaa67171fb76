"""What was counted on some pictures is kept, and taken for nothing but what it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inference.training.evaluate import View
from inference.training.finetune_measure import Tally, changes

SKY, FLOOR = 3, 4


def counted(*, of: str = "abc") -> Tally:
    """A picture of sky over floor; half of the sky was taken for floor, in the view of segments."""
    tally = Tally(of=of)
    truth = np.repeat(np.uint8([SKY, FLOOR]), 8).reshape(4, 4)
    taken = truth.copy()
    taken[0] = FLOOR
    tally.confusions[View.SEGMENTS].add(truth, taken)
    tally.confusions[View.SEMANTIC].add(truth, truth)
    tally.pictures, tally.right, tally.decided, tally.seconds = 1, 3, 4, 2.5
    return tally


def test_it_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    counted().keep(tmp_path / "before.npz")
    found = Tally.read(tmp_path / "before.npz", of="abc")
    assert (found.pictures, found.seconds) == (1, 2.5)
    measured = found.measured()
    assert measured == counted().measured()
    assert measured.decided == 0.75
    assert measured.scores["segments"].pixel_accuracy == 0.75
    assert measured.scores["semantic"].pixel_accuracy == 1.0
    assert (measured.iou[SKY - 1], measured.iou[FLOOR - 1], measured.iou[0]) == (0.5, 8 / 12, None)
    assert [(change.class_id, change.pixels) for change in changes(measured, measured)] == [(SKY, 8), (FLOOR, 8)]


@pytest.mark.parametrize("content", [None, b"", b"no archive", b"half"])
def test_what_is_not_there_or_damaged_counts_for_nothing(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "before.npz"
    if content is not None:
        counted().keep(file)
        file.write_bytes(file.read_bytes()[:200] if content == b"half" else content)
    assert Tally.read(file, of="abc").pictures == 0


def test_what_was_counted_of_other_weights_counts_for_nothing(tmp_path: Path) -> None:
    counted(of="those before").keep(tmp_path / "after.npz")
    found = Tally.read(tmp_path / "after.npz", of="these")
    assert (found.pictures, found.confusions[View.SEGMENTS].pixels) == (0, 0)


def test_where_no_person_decided_anything_nothing_is_told_of_it() -> None:
    assert Tally(of="").measured().decided is None
