"""The network runs over a folder while the person works: in order, once each, with pause and stop."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.answering.model_in_use import ModelChoice
from app.core.geometry import Box
from app.core.patches import patch_between
from app.core.project.places import FILE_NAME
from app.core.project.records import StoredStep
from app.core.project.store import ProjectStore
from app.core.run_progress import Progress, RunReport
from app.core.segment_map import human_value
from app.core.shown_counts import shown_counts
from app.desk import Desk
from app.editing.session import Session
from app.predicting.folder_run import FolderRun
from app.settings import Settings
from inference import load_segmenter
from inference.photo import read_photo
from inference.prediction import Prediction
from tests.app.desk_scene import FakeSegmenter, correct_corner, predicted


@pytest.fixture
def folder_run(desk: Desk) -> Iterator[FolderRun]:
    folder_run = FolderRun(desk.model, desk.engine_lane, desk.keeper)
    yield folder_run
    folder_run.close()


class Told:
    """What a run says."""

    def __init__(self, folder_run: FolderRun) -> None:
        self.progress: list[Progress] = []
        self.predicted: list[Path] = []
        self.reports: list[RunReport] = []
        folder_run.progressed.connect(self.progress.append)
        folder_run.predicted.connect(self.predicted.append)
        folder_run.ended.connect(self.reports.append)


@pytest.fixture
def told(folder_run: FolderRun) -> Told:
    return Told(folder_run)


def forget_predictions(folder: Path) -> None:
    """As in a project in which no network has looked at any picture."""
    with closing(ProjectStore.open(folder, folder / FILE_NAME)) as store:
        for statement in ("DELETE FROM prediction", "DELETE FROM areas", "UPDATE picture SET model = NULL"):
            store._connection.execute(statement)


def test_every_picture_is_predicted_and_kept(
    folder_run: FolderRun, told: Told, photos: list[Path], qtbot: QtBot, segmenter: FakeSegmenter
) -> None:
    assert folder_run.start(photos)
    assert not folder_run.start(photos)  # one at a time
    qtbot.waitUntil(lambda: bool(told.reports))
    assert told.reports == [RunReport(predicted=5)]
    assert told.predicted == photos
    assert folder_run._model.status is not None  # which engine runs, and what it has to do without
    assert [progress.done for progress in told.progress] == [0, 1, 2, 3, 4, 5]
    assert told.progress[2].current == photos[2].name
    assert segmenter.seen == [100, 101, 102, 103, 104]
    store = ProjectStore.open(photos[0].parent, photos[0].parent / FILE_NAME, read_only=True)
    for number, path in enumerate(photos):
        kept = store.prediction(path.name)
        assert kept is not None
        assert kept.model == "fake"
        assert kept.prediction.class_ids[0] == (100 + number) % 150 + 1
    assert store.with_class(102 % 150 + 1, threshold=0.5) == {photos[2].name}
    store.close()


def test_an_engine_that_does_best_with_two_gets_two_unless_the_picture_in_hand_wants_it(
    desk: Desk,
    folder_run: FolderRun,
    told: Told,
    photos: list[Path],
    qtbot: QtBot,
    segmenter: FakeSegmenter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inside: list[int] = []
    released, answers = threading.Event(), []
    answer = segmenter.run

    def run(photo: np.ndarray, *, size: tuple[int, int]) -> Prediction:
        inside.append(photo.shape[1])
        return answer(photo, size=size)

    monkeypatch.setattr(segmenter, "run", run)
    segmenter.at_once = 2
    segmenter.gate.clear()
    folder_run.start(photos)
    qtbot.waitUntil(lambda: sorted(inside) == [100, 101])
    desk.engine_lane.submit(
        lambda _token: released.wait(10), key="hand", done=answers.append, failed=answers.append, priority=0
    )
    segmenter.gate.set()
    qtbot.waitUntil(lambda: len(segmenter.seen) == 2)
    qtbot.wait(50)
    assert sorted(inside) == [100, 101]
    released.set()
    qtbot.waitUntil(lambda: bool(told.reports))
    assert (told.reports, told.predicted) == ([RunReport(predicted=5)], photos)
    assert sorted(segmenter.seen) == [100, 101, 102, 103, 104]
    assert answers == [True]


def test_a_second_run_asks_for_nothing_twice(
    folder_run: FolderRun, told: Told, photos: list[Path], qtbot: QtBot, segmenter: FakeSegmenter
) -> None:
    folder_run.start(photos[:3])
    qtbot.waitUntil(lambda: bool(told.reports))
    cv2.imwrite(str(photos[1]), np.full((40, 120, 3), 9, np.uint8))  # another photo of that name
    folder_run.start(photos)
    qtbot.waitUntil(lambda: len(told.reports) == 2)
    assert told.reports[1] == RunReport(predicted=3, known=2)
    assert segmenter.seen == [100, 101, 102, 120, 103, 104]


def test_what_it_kept_is_shown_without_asking_again(
    desk: Desk, folder_run: FolderRun, told: Told, photos: list[Path], qtbot: QtBot, segmenter: FakeSegmenter
) -> None:
    folder_run.start(photos)
    qtbot.waitUntil(lambda: bool(told.reports))
    segmenter.seen.clear()
    desk.open(photos[:2])
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.idle)
    assert segmenter.seen == []
    assert desk.session.document is not None
    assert (desk.session.document.labels() == 101).all()


def test_a_picture_that_is_open_already_takes_the_answer_too(
    desk: Desk, folder_run: FolderRun, told: Told, photos: list[Path], qtbot: QtBot, segmenter: FakeSegmenter
) -> None:
    folder_run.predicted.connect(desk.keeper.answered)
    desk.open(photos[:1])
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.idle)
    desk.session.drop_predictions()
    desk.keeper.forget_answers()
    photos[0].touch()
    forget_predictions(photos[0].parent)
    folder_run.start(photos[:1])
    qtbot.waitUntil(lambda: bool(told.reports))
    segmenter.seen.clear()
    desk.show(photos[0])
    qtbot.waitUntil(lambda: predicted(desk, photos[0]))
    assert segmenter.seen == []


def test_what_cannot_be_read_is_told_at_the_end(
    folder_run: FolderRun, told: Told, photos: list[Path], qtbot: QtBot, segmenter: FakeSegmenter
) -> None:
    photos[1].write_bytes(b"no photo")
    photos[3].unlink()
    segmenter.refuse_width = 104
    folder_run.start(photos)
    qtbot.waitUntil(lambda: bool(told.reports))
    (report,) = told.reports
    assert report.predicted == 2
    assert [path for path, _ in report.refused] == [photos[1], photos[3], photos[4]]
    assert all(reason.endswith(".") for _, reason in report.refused)
    assert report.sentence() == "2 pictures predicted, 3 refused."


def test_pause_stop_and_going_on_later(
    folder_run: FolderRun, told: Told, photos: list[Path], qtbot: QtBot, segmenter: FakeSegmenter
) -> None:
    segmenter.gate.clear()
    folder_run.start(photos)
    qtbot.waitUntil(segmenter.entered.is_set)
    folder_run.pause()
    assert folder_run.paused
    assert told.progress[-1].paused
    segmenter.gate.set()
    qtbot.waitUntil(lambda: told.progress[-1].done == 1)  # the one under way is finished, no other is begun
    assert segmenter.seen == [100]
    folder_run.resume()
    qtbot.waitUntil(lambda: told.progress[-1].done >= 2)
    assert next(progress for progress in told.progress if progress.done == 2).rate is None  # a pause is no pace
    folder_run.stop()
    qtbot.waitUntil(lambda: bool(told.reports))
    assert not folder_run.running
    folder_run.start(photos)
    qtbot.waitUntil(lambda: len(told.reports) == 2)
    assert told.reports[1].predicted + told.reports[1].known == 5
    assert sorted(segmenter.seen) == [100, 101, 102, 103, 104]


def test_the_picture_in_hand_goes_first(
    desk: Desk, folder_run: FolderRun, told: Told, photos: list[Path], qtbot: QtBot, segmenter: FakeSegmenter
) -> None:
    segmenter.gate.clear()
    folder_run.start(photos[:4])
    qtbot.waitUntil(segmenter.entered.is_set)
    desk.open(photos[4:])
    qtbot.waitUntil(lambda: desk.predictions.is_predicting(photos[4]))
    segmenter.gate.set()
    qtbot.waitUntil(lambda: bool(told.reports) and desk.idle)
    assert segmenter.seen[:2] == [100, 104]


def test_another_model_ends_the_run(
    desk: Desk, folder_run: FolderRun, told: Told, photos: list[Path], qtbot: QtBot, segmenter: FakeSegmenter
) -> None:
    segmenter.gate.clear()
    folder_run.start(photos)
    qtbot.waitUntil(segmenter.entered.is_set)
    desk.use_model(ModelChoice("other"))
    segmenter.gate.set()
    qtbot.waitUntil(lambda: bool(told.reports))
    assert told.reports[0].stopped
    assert told.reports[0].predicted < 5
    assert told.reports[0].sentence() == f"Stopped, because {desk.model.name} is in use now."
    assert told.reports[0].unfinished


def test_corrections_count_where_they_are(
    desk: Desk, photos: list[Path], qtbot: QtBot, segmenter: FakeSegmenter
) -> None:
    desk.open(photos[:1])
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.idle)
    correct_corner(desk)  # 5 x 5 pixels of class 7
    qtbot.waitUntil(lambda: desk.idle)
    desk.close()
    forget_predictions(photos[0].parent)
    later = Desk(Session(Settings()), ModelChoice())
    folder_run = FolderRun(later.model, later.engine_lane, later.keeper)
    told = Told(folder_run)
    folder_run.start(photos[:1])
    qtbot.waitUntil(lambda: bool(told.reports))
    folder_run.close()
    later.close()
    store = ProjectStore.open(photos[0].parent, photos[0].parent / FILE_NAME, read_only=True)
    assert store.with_class(7, threshold=0.5, share=0.0) == {photos[0].name}
    assert store.with_class(7, threshold=0.5, share=25 / 4000) == set()
    store.close()


def test_corrections_of_another_size_do_not_stop_a_run(
    folder_run: FolderRun, told: Told, photos: list[Path], qtbot: QtBot
) -> None:
    """A record that does not say which photo it is of: nothing of the sort counts before somebody has looked at it."""
    patch = patch_between((30, 30), [(Box(0, 0, 30, 30), 0, human_value(7))])
    assert patch is not None
    with closing(ProjectStore.open(photos[0].parent, photos[0].parent / FILE_NAME)) as store:
        store.record_step(photos[0].name, StoredStep(1, "Brush", patch), after=0, shape=(30, 30))
    folder_run.start(photos)
    qtbot.waitUntil(lambda: bool(told.reports))
    assert told.reports == [RunReport(predicted=5)]
    with closing(ProjectStore.open(photos[0].parent, photos[0].parent / FILE_NAME, read_only=True)) as store:
        assert store.with_class(7, threshold=0.5) == set()


def test_shares_without_corrections_need_no_large_composition() -> None:
    probs = np.zeros((100, 150), np.float32)
    probs[:2, 0] = 0.9
    masks = np.zeros((100, 4, 6), np.float32)
    masks[0, :, :3], masks[1, :, 3:] = 1, 1
    counts = shown_counts(Prediction(probs, masks, (4000, 6000)), None)
    assert counts.sum() == 32 * 48
    assert counts[1] == counts[2] == 32 * 24


def test_shares_are_those_of_the_composed_picture_to_a_thousandth(samples: Path) -> None:
    segmenter = load_segmenter()
    for name in ("castle.jpg", "astronaut.jpg"):
        prediction = segmenter.predict(read_photo(samples / name))
        counts = shown_counts(prediction, None)
        exact = np.bincount(prediction.segment_map().ravel(), minlength=256)
        np.testing.assert_allclose(counts / counts.sum(), exact / exact.sum(), atol=0.001)
