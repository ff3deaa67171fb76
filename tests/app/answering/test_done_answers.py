"""A picture that is done was accepted with the labels it showed: they stay, whatever model comes into use later."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

import app.answering.model_in_use
from app.answering.model_in_use import ModelChoice
from app.core.ade_png import read_labels
from app.core.catalogue import Exported
from app.core.document import ViewMode
from app.core.export import ExportOptions
from app.core.export_plan import plan_export
from app.core.pictures import PictureStatus
from app.core.project.places import FILE_NAME
from app.core.project.store import ProjectStore
from app.core.run_progress import RunReport
from app.desk import Desk
from app.editing.session import Session
from app.exporting.exporter import Exporter
from app.predicting.folder_run import FolderRun
from app.settings import Settings
from inference.prediction import Prediction
from tests.app.desk_scene import FakeSegmenter, Named, correct_corner, predicted

DONE, IN_WORK = PictureStatus.DONE, PictureStatus.IN_WORK
FIRST, SECOND = 101, 121  # what the two models see in the first photo; in every photo after it, one class more


class Other(FakeSegmenter):
    """Sees other classes than the first model does."""

    def run(self, photo: np.ndarray, *, size: tuple[int, int]) -> Prediction:
        answer = super().run(photo, size=size)
        return Prediction(np.roll(answer.class_probs, SECOND - FIRST, axis=1), answer.mask_probs, size)


@pytest.fixture
def other() -> Iterator[Other]:
    other = Other(card=Named("other"))
    other.gate.set()
    yield other
    other.gate.set()


@pytest.fixture
def change(
    desk: Desk, other: Other, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, segmenter: FakeSegmenter
) -> Callable[[], None]:
    """The other model comes into use."""

    def change() -> None:
        qtbot.waitUntil(lambda: desk.idle)
        monkeypatch.setattr(app.answering.model_in_use, "load_segmenter", lambda *_: other)
        desk.use_model(ModelChoice("other"))
        qtbot.waitUntil(lambda: desk.model.name == "other")

    return change


@pytest.fixture
def folder_run(desk: Desk) -> Iterator[FolderRun]:
    folder_run = FolderRun(desk.model, desk.engine_lane, desk.keeper)
    yield folder_run
    folder_run.close()


def run(folder_run: FolderRun, photos: list[Path], qtbot: QtBot) -> RunReport:
    with qtbot.waitSignal(folder_run.ended, timeout=10_000) as ended:
        assert folder_run.start(photos)
    report = ended.args[0]
    assert isinstance(report, RunReport)
    return report


def begin(desk: Desk, photos: list[Path], qtbot: QtBot) -> None:
    """Open these photos; the first one is on screen."""
    desk.open(photos)
    qtbot.waitUntil(lambda: desk.current == photos[0] and predicted(desk, photos[0]) and desk.idle)


def go_to(desk: Desk, photo: Path, qtbot: QtBot) -> None:
    desk.show(photo)
    qtbot.waitUntil(lambda: predicted(desk, photo) and desk.idle)


def seen(desk: Desk, photo: Path) -> tuple[str | None, int]:
    """Whose answer an open picture shows, and the class that it has in its middle."""
    document = desk.session.find(photo)
    assert document is not None
    return document.model, int(document.labels()[20, 50])


def kept(photo: Path) -> tuple[str, int]:
    """Whose answer the project has, and the class that this sees."""
    with closing(ProjectStore.open(photo.parent, photo.parent / FILE_NAME, read_only=True)) as store:
        answer = store.prediction(photo.name)
    assert answer is not None
    return answer.model, int(answer.prediction.class_ids[0])


def test_what_is_on_screen_stays_in_both_views_when_another_model_comes(
    desk: Desk, other: Other, change: Callable[[], None], photos: list[Path], qtbot: QtBot
) -> None:
    begin(desk, photos[:2], qtbot)
    correct_corner(desk)
    desk.folder.set_status(photos[0], DONE)
    said: list[str] = []
    desk.said.connect(said.append)
    change()
    assert "Now using other. 0.png is done and keeps the answer of fake; F5 asks for another." in said
    qtbot.waitUntil(lambda: desk.idle and predicted(desk, photos[1]))
    assert seen(desk, photos[0]) == ("fake", FIRST)
    assert seen(desk, photos[1]) == ("other", SECOND + 1)
    desk.session.set_mode(ViewMode.SEMANTIC)
    document = desk.session.document
    assert document is not None
    qtbot.waitUntil(lambda: document.layer_mode is ViewMode.SEMANTIC and desk.idle)
    assert seen(desk, photos[0]) == ("fake", FIRST)
    assert 100 not in other.seen
    assert kept(photos[0]) == ("fake", FIRST)


def test_its_answer_comes_back_when_it_is_opened_then_or_at_the_next_start(
    desk: Desk,
    other: Other,
    change: Callable[[], None],
    folder_run: FolderRun,
    photos: list[Path],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begin(desk, photos, qtbot)
    run(folder_run, photos, qtbot)
    desk.folder.set_statuses(np.array([2, 4]), DONE)
    desk.folder.set_statuses(np.array([3]), PictureStatus.SKIPPED)
    change()
    for photo in photos:
        go_to(desk, photo, qtbot)
    answers = [seen(desk, photo) for photo in photos[1:]]
    assert answers == [("other", 122), ("fake", 103), ("other", 124), ("fake", 105)]
    desk.close()
    again = Desk(Session(Settings()), ModelChoice("/far/away/file.safetensors"))  # its card has another name
    monkeypatch.setattr(type(again.model), "card", lambda _model: Named("other"))
    other.seen.clear()
    begin(again, photos, qtbot)
    go_to(again, photos[4], qtbot)
    assert seen(again, photos[4]) == ("fake", 105)
    assert seen(again, photos[0]) == ("other", SECOND)
    again.folder.set_status(photos[4], IN_WORK)  # nothing was asked of the model yet in this window
    qtbot.waitUntil(lambda: seen(again, photos[4]) == ("other", 125))
    assert seen(again, photos[0]) == ("other", SECOND)
    assert other.seen == [104]
    again.close()


def test_an_answer_that_was_put_out_of_memory_comes_back(
    desk: Desk, other: Other, change: Callable[[], None], photos: list[Path], qtbot: QtBot
) -> None:
    begin(desk, photos[:2], qtbot)
    desk.folder.set_status(photos[0], DONE)
    go_to(desk, photos[1], qtbot)
    desk.session.drop_predictions()  # as of a picture that was shown long ago
    change()
    go_to(desk, photos[0], qtbot)
    assert seen(desk, photos[0]) == ("fake", FIRST)
    assert 100 not in other.seen


def test_who_takes_the_mark_away_has_the_model_in_use_answer_at_once(
    desk: Desk, change: Callable[[], None], photos: list[Path], qtbot: QtBot, tmp_path: Path
) -> None:
    begin(desk, photos[:2], qtbot)
    correct_corner(desk)
    desk.folder.set_status(photos[0], DONE)
    exporter = Exporter(desk, desk.session)
    with qtbot.waitSignal(exporter.finished):
        exporter.start(plan_export(photos[:1], tmp_path / "out", ExportOptions()))
    change()
    assert desk.session.is_exported(photos[0])
    desk.folder.set_status(photos[0], IN_WORK)
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.idle)
    assert seen(desk, photos[0]) == ("other", SECOND)
    assert not desk.session.is_exported(photos[0])
    document = desk.session.document
    assert document is not None
    assert (document.labels()[:5, :5] == 7).all()
    qtbot.waitUntil(desk.keeper.is_saved)
    assert kept(photos[0]) == ("other", SECOND)


def test_what_is_open_from_another_folder_keeps_its_answer_and_its_export(
    desk: Desk, change: Callable[[], None], photos: list[Path], qtbot: QtBot, tmp_path: Path
) -> None:
    """Done, exported, and left for another folder before the model changes; beside it a picture that is not done."""
    begin(desk, photos[:2], qtbot)
    go_to(desk, photos[1], qtbot)
    for photo in photos[:2]:
        desk.session.mark_exported(photo, desk.session.export_state(photo, rest=desk.session.rest))
    desk.folder.set_status(photos[0], DONE)
    elsewhere = tmp_path / "elsewhere" / "other.png"
    elsewhere.parent.mkdir()
    cv2.imwrite(str(elsewhere), np.zeros((40, 110, 3), np.uint8))
    begin(desk, [elsewhere], qtbot)
    assert photos[0] not in desk.folder
    change()
    desk.folder.set_status(elsewhere, DONE)  # answers are weighed anew
    qtbot.waitUntil(lambda: desk.idle)
    assert seen(desk, photos[0]) == ("fake", FIRST)
    assert [desk.session.is_exported(photo) for photo in photos[:2]] == [True, False]
    begin(desk, photos[:2], qtbot)
    assert desk.folder.facts(photos[0]).exported is Exported.CURRENT
    desk.folder.set_status(photos[0], IN_WORK)
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.idle)
    assert seen(desk, photos[0]) == ("other", SECOND)  # what is listed is asked for again


def test_a_mark_that_says_nothing_new_of_the_answer_asks_for_none(
    desk: Desk, segmenter: FakeSegmenter, photos: list[Path], qtbot: QtBot
) -> None:
    begin(desk, photos[:1], qtbot)
    changes: list[bool] = []
    desk.session.prediction_changed.connect(lambda: changes.append(True))
    for status in (DONE, IN_WORK):
        desk.folder.set_status(photos[0], status)
        qtbot.waitUntil(lambda: desk.idle)
    assert (segmenter.seen, changes) == ([100], [])


def test_f5_replaces_the_answer_and_the_picture_stays_done(
    desk: Desk, change: Callable[[], None], photos: list[Path], qtbot: QtBot
) -> None:
    begin(desk, photos[:1], qtbot)
    desk.folder.set_status(photos[0], DONE)
    change()
    said: list[str] = []
    desk.said.connect(said.append)
    desk.predict_again()
    assert "0.png is predicted anew by other. It stays done." in said
    qtbot.waitUntil(lambda: seen(desk, photos[0]) == ("other", SECOND))
    qtbot.waitUntil(desk.keeper.is_saved)
    assert kept(photos[0]) == ("other", SECOND)
    assert desk.folder.status(photos[0]) is DONE


def test_who_asked_for_another_answer_gets_that_of_the_model_that_comes_meanwhile(
    desk: Desk,
    segmenter: FakeSegmenter,
    other: Other,
    photos: list[Path],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begin(desk, photos[:1], qtbot)
    desk.folder.set_status(photos[0], DONE)
    qtbot.waitUntil(lambda: desk.idle)
    monkeypatch.setattr(app.answering.model_in_use, "load_segmenter", lambda *_: other)
    blocked = segmenter.gate
    blocked.clear()
    desk.engine_lane.submit(
        lambda _token: blocked.wait(10), key="before", done=lambda _: None, failed=pytest.fail, priority=0
    )
    desk.use_model(ModelChoice("other"))
    desk.predict_again()
    blocked.set()
    qtbot.waitUntil(lambda: seen(desk, photos[0]) == ("other", SECOND))


def test_what_was_asked_for_before_the_mark_does_not_come_after_it(
    desk: Desk, other: Other, change: Callable[[], None], folder_run: FolderRun, photos: list[Path], qtbot: QtBot
) -> None:
    begin(desk, photos, qtbot)
    run(folder_run, photos, qtbot)
    change()
    qtbot.waitUntil(lambda: desk.idle)
    other.gate.clear()
    other.entered.clear()
    desk.show(photos[3])
    qtbot.waitUntil(other.entered.is_set)
    desk.folder.set_status(photos[3], DONE)
    other.gate.set()
    qtbot.waitUntil(lambda: predicted(desk, photos[3]) and desk.idle)
    assert seen(desk, photos[3]) == ("fake", FIRST + 3)
    assert kept(photos[3]) == ("fake", FIRST + 3)


def test_another_photo_of_that_name_was_never_accepted(
    desk: Desk, change: Callable[[], None], folder_run: FolderRun, photos: list[Path], qtbot: QtBot
) -> None:
    begin(desk, photos, qtbot)
    run(folder_run, photos, qtbot)
    desk.folder.set_statuses(np.array([3, 4]), DONE)
    change()
    cv2.imwrite(str(photos[3]), np.full((40, 103, 3), 201, np.uint8))
    cv2.imwrite(str(photos[4]), np.full((40, 104, 3), 202, np.uint8))
    go_to(desk, photos[3], qtbot)
    assert seen(desk, photos[3]) == ("other", SECOND + 3)
    run(folder_run, photos[4:], qtbot)
    assert kept(photos[4]) == ("other", SECOND + 4)


def test_exports_have_what_was_accepted_and_say_whose_it_is(
    desk: Desk, change: Callable[[], None], folder_run: FolderRun, photos: list[Path], qtbot: QtBot, tmp_path: Path
) -> None:
    """Open with its answer; open without; not opened; and one that is not done."""
    begin(desk, photos, qtbot)
    for photo in photos[1::-1]:
        go_to(desk, photo, qtbot)
    run(folder_run, photos, qtbot)
    desk.folder.set_statuses(np.array([0, 1, 3]), DONE)
    change()
    qtbot.waitUntil(lambda: desk.idle)
    desk.session.drop_answers([photos[1]])
    exporter = Exporter(desk, desk.session)
    for mode in (ViewMode.SEGMENTS, ViewMode.SEMANTIC):
        desk.session.set_mode(mode)
        folder = tmp_path / mode.value
        with qtbot.waitSignal(exporter.finished):
            exporter.start(plan_export(photos[:4], folder, ExportOptions(detections=True)))
        answers = [(f"{number}.json", f"{number}.png") for number in range(4)]
        whose = [json.loads((folder / record).read_text())["model"] for record, _ in answers]
        assert whose == ["fake", "fake", "other", "fake"]
        assert [int(read_labels(folder / labels)[20, 50]) for _, labels in answers] == [101, 102, 123, 104]


def test_a_run_passes_over_what_was_accepted(
    desk: Desk, other: Other, change: Callable[[], None], folder_run: FolderRun, photos: list[Path], qtbot: QtBot
) -> None:
    begin(desk, photos[:1], qtbot)
    run(folder_run, photos[:4], qtbot)
    desk.open(photos)
    qtbot.waitUntil(lambda: len(desk.folder) == 5 and desk.idle)
    desk.folder.set_statuses(np.array([1, 4]), DONE)  # the last one never had an answer: it gets one
    change()
    go_to(desk, photos[0], qtbot)
    other.seen.clear()
    assert run(folder_run, photos[1:], qtbot) == RunReport(predicted=3, known=1)
    assert other.seen == [102, 103, 104]
    assert [kept(photo) for photo in photos[1:3]] == [("fake", FIRST + 1), ("other", SECOND + 2)]
    assert kept(photos[4]) == ("other", SECOND + 4)


def test_a_run_leaves_what_is_accepted_while_the_network_looks_at_it(
    desk: Desk, other: Other, change: Callable[[], None], folder_run: FolderRun, photos: list[Path], qtbot: QtBot
) -> None:
    begin(desk, photos, qtbot)
    run(folder_run, photos[3:4], qtbot)
    change()
    qtbot.waitUntil(lambda: desk.idle)
    other.gate.clear()
    other.entered.clear()
    with qtbot.waitSignal(folder_run.ended):
        folder_run.start(photos[3:4])
        qtbot.waitUntil(other.entered.is_set)
        desk.folder.set_status(photos[3], DONE)
        other.gate.set()
    assert kept(photos[3]) == ("fake", FIRST + 3)
