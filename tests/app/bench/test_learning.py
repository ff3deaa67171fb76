"""What is left to correct is counted by hand here, and the simulated person leaves what a real one would leave."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from app.bench.learning import BenefitError, Needed, Plan, _correct, _figures, _pairs, learning_figures, needed
from app.commands import ExitCode
from app.core.ade_png import write_labels
from app.core.learning import gather
from app.core.project.places import project_file
from app.core.project.store import ProjectStore
from inference import load_segmenter
from inference.learning.events import Event, Refused, Stopped
from inference.learning.pictures import DECIDED
from inference.learning.process import LearnProcess
from inference.learning.report import LearnReport
from inference.learning.settings import LearnSettings
from inference.photo import read_photo
from resources.samples import sample_paths


def test_wrong_pixels_and_the_regions_that_they_form() -> None:
    truth = np.full((20, 50), 3, np.uint8)
    truth[:, 25:] = 7
    truth[0] = 0  # nobody knows
    shown = truth.copy()
    shown[0] = 9  # no mistake, as far as one knows
    shown[2:4, 2:4] = 7  # a region of class 3
    shown[10:12, 20:30] = 0  # across the border: one of class 3, one of class 7
    shown[5, 40] = 3  # one pixel, a thousandth of the picture: counts
    assert needed(shown, truth) == Needed(pixels=4 + 20 + 1, regions=4, of=950)


def test_nobody_picks_up_a_brush_for_a_speck() -> None:
    truth = np.ones((50, 50), np.uint8)
    shown = truth.copy()
    shown[10, 10:12] = 2
    assert needed(shown, truth) == Needed(pixels=2, regions=0, of=2500)
    shown[11, 12] = 2  # touches at the corner: one region of three pixels
    assert needed(shown, truth) == Needed(pixels=3, regions=1, of=2500)


def test_nothing_is_needed_where_all_is_right() -> None:
    truth = np.arange(150, dtype=np.uint8).reshape(10, 15)
    assert needed(truth, truth) == Needed(of=149)


def labelled(folder: Path, count: int) -> Path:
    """Samples made small, the labels all one class that no network would give."""
    (folder / "images").mkdir(parents=True)
    (folder / "annotations").mkdir()
    for index in range(count):
        photo = cv2.resize(read_photo(sample_paths()[index]), (96, 72))
        cv2.imwrite(str(folder / "images" / f"{index}.png"), photo[:, :, ::-1])
        write_labels(folder / "annotations" / f"{index}.png", np.full((72, 96), 149, np.uint8))
    return folder


def test_photos_are_taken_evenly_in_the_order_of_their_names(tmp_path: Path) -> None:
    folder = labelled(tmp_path, 6)
    assert [label.stem for _photo, label in _pairs(folder, 3)] == ["0", "2", "4"]
    with pytest.raises(BenefitError, match="has 6 photos with labels, and 7 are needed"):
        _pairs(folder, 7)
    with pytest.raises(BenefitError, match="no folders images and annotations"):
        _pairs(tmp_path / "images", 1)


def test_the_person_leaves_pictures_that_are_done_and_right(tmp_path: Path) -> None:
    pairs = _pairs(labelled(tmp_path, 2), 2)
    strokes = _correct(pairs, tmp_path / "photos", load_segmenter("starter", "torch", "cpu"))
    store = ProjectStore.open(tmp_path / "photos", project_file(tmp_path / "photos").file, read_only=True)
    try:
        pictures = list(gather(store, held_back=0.5))
    finally:
        store.close()
    assert [picture.name for picture in pictures] == ["0.png", "1.png"]
    assert all((picture.labels == 149).all() for picture in pictures)
    decided = sum(int((picture.trust == DECIDED).sum()) for picture in pictures)
    assert decided == strokes.pixels > 0
    assert strokes.of == 2 * 72 * 96


def test_the_rows_tell_before_after_and_the_ratio() -> None:
    report = LearnReport(
        parent="starter", name="new", trained=16, held_back=4, before={}, after={}, classes=(),
        decided_before=None, decided_after=None, seconds=12.0, settings=LearnSettings(),
    )  # fmt: skip
    rows = _figures(
        Plan(pictures=10),
        report,
        strokes=Needed(50, 40, 1000),
        before=Needed(200, 30, 1000),
        after=Needed(100, 12, 1000),
    )
    assert [(row.name, row.median, row.unit) for row in rows] == [
        ("corrected first: 10 photos", 4.0, "regions a photo"),
        ("learning from them", 12.0, "s"),
        ("regions to correct on the next 10: before", 3.0, "regions a photo"),
        ("regions to correct on the next 10: after", 1.2, "regions a photo"),
        ("regions to correct: after, as a share of before", 0.4, ""),
        ("pixels to correct on the next 10: before", 20.0, "% of the pixels"),
        ("pixels to correct on the next 10: after", 10.0, "% of the pixels"),
        ("pixels to correct: after, as a share of before", 0.5, ""),
    ]


@pytest.mark.parametrize(
    ("last", "sentence"), [(Refused("The weights are gone."), "The weights are gone."), (Stopped(), "without a result")]
)
def test_learning_that_fails_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: Event, sentence: str
) -> None:
    monkeypatch.setattr(LearnProcess, "start", lambda self: self._told(last))
    monkeypatch.setattr(LearnProcess, "wait", lambda self: True)
    with pytest.raises(BenefitError, match=sentence):
        list(learning_figures(quick=True, labelled=labelled(tmp_path, 8), plan=Plan(pictures=4)))


def test_the_part_is_left_out_without_labelled_photos(capsys: pytest.CaptureFixture[str]) -> None:
    from app.bench.command import run_bench

    assert run_bench(quick=True, as_json=False, only="learning") == ExitCode.USAGE
    assert "--labelled DIR" in capsys.readouterr().err


def test_a_model_learns_from_the_corrected_photos_and_is_measured_on_the_next(tmp_path: Path) -> None:
    plan = Plan(pictures=4, settings=LearnSettings(steps=2, device="cpu"))
    rows = list(learning_figures(quick=True, labelled=labelled(tmp_path, 8), plan=plan))
    assert len(rows) == 8
    assert rows[1].median is not None
    assert all(row.median is not None for row in rows[2:])
