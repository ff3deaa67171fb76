"""The benchmark of many pictures: every way goes through all of them, and what is left of the pace is told."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from app.bench import pipeline
from app.bench.figures import Figure


@pytest.mark.usefixtures("qapp")
def test_every_way_goes_through_the_photos_of_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"{number}.jpg"), np.full((40 + number, 60, 3), 80 * number, np.uint8))
    monkeypatch.setattr(pipeline, "AT_ONCE", 4)
    monkeypatch.setattr(pipeline, "SIDE", 64)
    rows = list(pipeline.pipeline_figures(quick=True, photos=tmp_path))
    assert {row.name.partition(":")[0] for row in rows} >= {"starter", "m at 64 pixels"}
    stages = [row for row in rows if "processor time" in row.name]
    paces = [row for row in rows if row not in stages]
    assert len(paces) % 4 == 0
    for bare, together, *shares in zip(*(paces[start::4] for start in range(4)), strict=True):
        for alone in (bare, together):
            assert alone.median is not None
            assert alone.median > 0
            assert "of processor time each" in alone.note
        assert all(share.at_least and share.goal == 0.95 and share.median for share in shares)
    assert [row.name.partition(",")[0] for row in stages[1:]] == [
        "starter: predict command",
        "starter: run in the window",
    ]
    for row, own in zip(stages[1:], (("composing", "writing"), ("packing", "database")), strict=True):
        told = [float(part.rpartition(" ")[2]) for part in row.note.split(", ")]
        assert row.median == pytest.approx(sum(told), abs=0.05 * len(told) + 0.01)  # nothing is left out
        assert all(stage in row.note for stage in ("decoding", "resizing", *own))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.jpg", "1.jpg", "2.jpg"]  # nothing is left behind


def test_a_goal_that_is_a_least_value() -> None:
    row = Figure(name="share", median=0.9, unit="", goal=0.95, at_least=True)
    assert row.remark() == "goal at least 0.95: missed"
    assert Figure(name="share", median=0.96, unit="", goal=0.95, at_least=True).remark() == "goal at least 0.95: met"
