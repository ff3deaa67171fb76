"""Learning from corrections in the real window, by keys; a child process stands for the training."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QPushButton, QTreeWidget, QWidget
from pytestqt.qtbot import QtBot

import app.answering.model_in_use
import app.learning.flow
import app.learning.job
import app.learning.pace
import inference.learning.process
from app.chrome.actions import Act
from app.core.pictures import PictureStatus
from app.core.project.places import FILE_NAME
from app.core.project.store import ProjectStore
from app.dialogs import ReasonsDialog
from app.learning.dialog import LearnDialog
from app.learning.names import job_folder
from app.learning.standing import Phase
from app.main_window import MainWindow
from app.settings import Settings
from inference.errors import WeightsError
from inference.learning.events import PaceTold
from inference.learning.job import Job, JobState
from inference.learning.process import LearnProcess
from inference.learning.settings import Scope, Untouched
from inference.models import ModelCard, find_card
from tests.app import learn_child
from tests.app.desk_scene import FakeSegmenter, correct_corner
from tests.app.stored_models import entered
from tests.app.windows import shown_window
from tests.core.project.projects import Painter

PATIENCE = 10_000  # ms
CONTROL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
PICTURES, CORRECTED = 8, 6  # the first six are corrected


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Photos; the width of each, 100 + its number, tells which one it is."""
    folder = tmp_path / "castle"
    folder.mkdir()
    for number in range(PICTURES):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((80, 100 + number, 3), 20 * number, np.uint8))
    return folder


@pytest.fixture
def segmenters(monkeypatch: pytest.MonkeyPatch) -> dict[str, FakeSegmenter]:
    """What was loaded, by the name of its model; each with the card of a model that can learn."""
    loaded: dict[str, FakeSegmenter] = {}

    def load(model: str, *_: object) -> FakeSegmenter:
        fake = loaded.setdefault(model, FakeSegmenter(card=replace(find_card("starter"), name=model)))
        fake.gate.set()
        return fake

    monkeypatch.setattr(app.answering.model_in_use, "load_segmenter", load)
    return loaded


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process, as in life."""
    monkeypatch.setattr(inference.learning.process, "MODULE", learn_child.__name__)
    monkeypatch.setattr(app.learning.job, "LearnProcess", LearnProcess)


@pytest.fixture(autouse=True)
def quick_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEARN_CHILD", "better")
    monkeypatch.setattr(app.learning.job, "LearnProcess", learn_child.WithoutChild)
    monkeypatch.setattr(app.learning.pace, "measure_pace", lambda *_, **__: PaceTold(head=240.0, all=7200.0))


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child holds in the middle of the training."""
    monkeypatch.setenv("LEARN_CHILD_WAITS", "yes")


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, str | None]]:
    """What was taken into the store of weights, which has its own tests."""
    files: list[tuple[Path, str | None]] = []

    def add(file: Path, *, name: str | None = None) -> ModelCard:
        files.append((file, name))
        assert file.is_file()
        entered(str(name))
        return find_card(str(name))

    monkeypatch.setattr(app.learning.job.weights_store, "add", add)
    return files


@pytest.fixture
def start(qtbot: QtBot, segmenters: dict[str, FakeSegmenter], folder: Path) -> Iterator[Callable[..., MainWindow]]:
    windows: list[MainWindow] = []

    def start(settings: Settings | None = None) -> MainWindow:
        window = shown_window(qtbot, settings or Settings())
        windows.append(window)
        window.opening.open([folder])
        qtbot.waitUntil(lambda: has_masks(window) and window.desk.idle, timeout=PATIENCE)
        return window

    yield start
    for window in windows:
        window.close()


def has_masks(window: MainWindow) -> bool:
    document = window.session.document
    return document is not None and document.layer_mode is not None


def worked_on(folder: Path, *, done: int, corrected: int = CORRECTED) -> None:
    """Somebody has corrected the first pictures, and marked the first of them as done."""
    with closing(ProjectStore.open(folder, folder / FILE_NAME)) as store:
        for number in range(corrected):
            Painter(store, f"{number}.png", shape=(80, 100 + number), first=10 * number + 1).paint()
        store.set_statuses([f"{number}.png" for number in range(done)], PictureStatus.DONE)


def asked(window: MainWindow, qtbot: QtBot) -> LearnDialog:
    """The dialog, by its key, once it knows what there is."""
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=PATIENCE)
    QTest.keyClick(window, Qt.Key.Key_L, CONTROL)
    qtbot.waitUntil(lambda: any(one.isVisible() for one in window.findChildren(LearnDialog)), timeout=PATIENCE)
    (dialog,) = window.findChildren(LearnDialog)
    qtbot.waitUntil(dialog.isActiveWindow, timeout=PATIENCE)
    qtbot.waitUntil(lambda: window.learn.is_idle() or window.learn.job.active, timeout=PATIENCE)
    return dialog


def button(dialog: QWidget, text: str) -> QPushButton:
    (found,) = (
        one
        for one in dialog.findChildren(QPushButton)
        if one.isVisible() and one.text().replace("&", "").startswith(text)
    )
    return found


def texts(dialog: QWidget) -> str:
    return "\n".join(label.text() for label in dialog.findChildren(QLabel) if label.isVisible())


def alt(qtbot: QtBot, dialog: QWidget, key: Qt.Key, happens: Callable[[], bool]) -> None:
    """Press a button by its letter: it goes down for a moment that one can see."""
    qtbot.keyClick(dialog, key, ALT)
    qtbot.waitUntil(happens, timeout=PATIENCE)


def phase(window: MainWindow) -> Phase:
    return window.learn.job.standing.phase


def until(window: MainWindow, qtbot: QtBot, wanted: Phase) -> None:
    qtbot.waitUntil(lambda: phase(window) is wanted, timeout=PATIENCE)


def begun(window: MainWindow, qtbot: QtBot) -> LearnDialog:
    """The training is in its middle, where the child holds."""
    dialog = asked(window, qtbot)
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.learn.job.standing.done == learn_child.MIDDLE, timeout=PATIENCE)
    return dialog


def human_pixels(folder: Path) -> dict[str, bytes | None]:
    """What a person decided, by picture, as the project has it."""
    with closing(ProjectStore.open(folder, folder / FILE_NAME, read_only=True)) as store:
        stored = {row.name: store.load(row.name, most_bytes=0) for row in store.rows()}
    return {
        name: None if one is None or one.corrections is None else one.corrections.to_bytes()
        for name, one in stored.items()
    }


def test_it_takes_four_finished_pictures_and_sees_the_fourth_when_it_comes(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path
) -> None:
    worked_on(folder, done=3, corrected=3)
    window = start()
    dialog = asked(window, qtbot)
    assert "Mark pictures as done (F4) first; four are the least. There are 3 so far." in texts(dialog)
    assert not button(dialog, "Learn").isEnabled()
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    assert phase(window) is Phase.NOTHING
    window.desk.show(folder / "3.png")
    qtbot.waitUntil(lambda: has_masks(window), timeout=PATIENCE)
    correct_corner(window.desk)
    window.actions_by_id[Act.DONE].trigger()  # the window beside it is still of use
    QApplication.sendEvent(dialog, QEvent(QEvent.Type.WindowActivate))  # and here somebody comes back
    qtbot.waitUntil(lambda: button(dialog, "Learn").isEnabled(), timeout=PATIENCE)
    assert "4 pictures marked done" in texts(dialog)
    assert "3 pictures to learn from, 1 held back" in texts(dialog)


def test_without_pictures_there_is_nothing_to_ask(qtbot: QtBot, segmenters: dict[str, FakeSegmenter]) -> None:
    window = shown_window(qtbot, Settings())
    assert not window.actions_by_id[Act.LEARN].isEnabled()
    QTest.keyClick(window, Qt.Key.Key_L, CONTROL)
    window.learn.ask(window.settings)
    assert not window.findChildren(LearnDialog)
    assert "Open pictures first" in window.status.text()
    window.close()


def test_the_time_it_takes_is_measured_while_one_chooses(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path
) -> None:
    worked_on(folder, done=5)
    window = start()
    told: list[object] = []
    window.learn.pace.measured.connect(lambda pace, _place, _problem: told.append(pace))
    dialog = asked(window, qtbot)
    qtbot.waitUntil(lambda: "about 4 min on this" in texts(dialog), timeout=PATIENCE)
    assert "about 2 h on this" in texts(dialog)
    assert told[0] is None  # "measuring…"
    dialog.close()
    asked(window, qtbot)
    qtbot.waitUntil(window.learn.is_idle, timeout=PATIENCE)
    assert len(told) == 2  # known already


def test_from_the_key_to_a_model_in_use_without_touching_the_mouse(
    qtbot: QtBot,
    start: Callable[..., MainWindow],
    folder: Path,
    segmenters: dict[str, FakeSegmenter],
    added: list[tuple[Path, str | None]],
    child: None,
) -> None:
    worked_on(folder, done=5)
    window = start()  # the sixth is corrected and not done, two are untouched
    decided = human_pixels(folder)
    said: list[str] = []
    window.desk.said.connect(said.append)
    dialog = asked(window, qtbot)
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    until(window, qtbot, Phase.FINISHED)
    job = Job.open(job_folder(folder))
    assert [picture.name for picture in job.pictures] == [f"{number}.png" for number in range(5)]
    assert (job.name, job.parent.name, job.state) == ("starter-castle", "starter", JobState.FINISHED)
    totals, classes = dialog.findChildren(QTreeWidget)
    assert [totals.topLevelItem(row).text(3) for row in range(3)] == ["+8.0"] * 3
    rows = [[classes.topLevelItem(row).text(column) for column in (0, 4)] for row in range(4)]
    assert rows == [["river", "+50.0"], ["sky", "+8.0"], ["tree", "−5.0"], ["water", ""]]
    assert button(dialog, "Use this model").isDefault()
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.desk.model.name == "starter-castle", timeout=PATIENCE)
    sentence = "2 pictures without corrections are predicted anew. What you decided stays."
    qtbot.waitUntil(lambda: any(sentence in one for one in said), timeout=PATIENCE)
    qtbot.waitUntil(lambda: not window.run_flow.run.running and window.desk.idle, timeout=PATIENCE)
    assert [name for _file, name in added] == ["starter-castle"]
    assert {106, 107} <= set(segmenters["starter-castle"].seen)
    assert not {103, 104, 105} & set(segmenters["starter-castle"].seen)  # finished, or a person is at it
    assert human_pixels(folder) == decided
    assert not dialog.isVisible()
    assert not job_folder(folder).exists()
    assert window.settings.model == "starter-castle"


def test_stop_keeps_what_is_learned_and_go_on_goes_on(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path, child: None, waits: None
) -> None:
    worked_on(folder, done=5)
    window = start()
    dialog = begun(window, qtbot)
    assert window.learn.sign.isVisible()
    assert "Learning: step 25 of 40" in texts(dialog)
    assert "about 4 s left" in texts(dialog)
    qtbot.keyClick(dialog, Qt.Key.Key_P, ALT)
    until(window, qtbot, Phase.PAUSED)
    assert button(dialog, "Go on").isDefault()
    assert "Paused" in texts(dialog)
    assert dialog.running.curve.last_step == (25, 40)
    qtbot.keyClick(dialog, Qt.Key.Key_S, ALT)
    until(window, qtbot, Phase.STOPPED)
    assert "Stopped at step 25 of 40" in texts(dialog)
    assert not window.learn.sign.isVisible()
    assert Job.open(job_folder(folder)).state is JobState.UNFINISHED
    dialog.close()
    assert asked(window, qtbot) is dialog
    qtbot.keyClick(dialog, Qt.Key.Key_Return)  # goes on, from step 26
    until(window, qtbot, Phase.FINISHED)
    assert [told.step for told in window.learn.job.progress()] == list(range(1, 41))
    assert "recommended" in texts(dialog)


def test_closing_the_window_stops_at_once_and_the_next_start_offers_to_go_on(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path, child: None, waits: None
) -> None:
    worked_on(folder, done=5)
    window = start()
    begun(window, qtbot)
    process = window.learn.job.process
    began = time.monotonic()
    window.learn.close()
    assert time.monotonic() - began < 1
    window.close()
    assert process is not None
    assert process.wait(5)
    assert Job.open(job_folder(folder)).state is JobState.UNFINISHED
    window = start()
    dialog = asked(window, qtbot)
    assert "Stopped at step 25 of 40" in texts(dialog)
    assert button(dialog, "Go on").isDefault()
    alt(qtbot, dialog, Qt.Key.Key_B, lambda: "What learns" in texts(dialog))  # begin anew
    assert Job.open(job_folder(folder)).state is JobState.UNFINISHED  # until that begins
    qtbot.waitUntil(lambda: button(dialog, "Learn").isEnabled(), timeout=PATIENCE)
    dialog.setup.show_name("another")
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.learn.job.standing.done == learn_child.MIDDLE, timeout=PATIENCE)
    assert Job.open(job_folder(folder)).name == "another"


def test_learning_goes_on_while_its_dialog_is_closed_and_the_status_bar_can_stop_it(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path, waits: None
) -> None:
    worked_on(folder, done=5)
    window = start()
    dialog = begun(window, qtbot)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert phase(window) is Phase.RUNNING
    (cancel,) = window.learn.sign.findChildren(QAbstractButton)
    qtbot.mouseClick(cancel, Qt.MouseButton.LeftButton)
    until(window, qtbot, Phase.STOPPED)


def test_a_model_that_got_worse_is_not_what_return_takes(
    qtbot: QtBot,
    start: Callable[..., MainWindow],
    folder: Path,
    added: list[tuple[Path, str | None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LEARN_CHILD", "worse")
    answers: list[int | None] = [None, 1]
    monkeypatch.setattr(app.learning.flow, "choose", lambda *_, **__: answers.pop(0))
    worked_on(folder, done=5)
    window = start()
    dialog = asked(window, qtbot)
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    until(window, qtbot, Phase.FINISHED)
    assert "got worse" in texts(dialog)
    assert not any(one.isVisible() and "Use" in one.text() for one in dialog.findChildren(QPushButton))
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    assert (added, dialog.isVisible()) == ([], False)
    asked(window, qtbot)
    alt(qtbot, dialog, Qt.Key.Key_K, lambda: answers == [1])  # a question, answered with "Go back"
    assert added == []
    alt(qtbot, dialog, Qt.Key.Key_K, lambda: not job_folder(folder).exists())  # and now with "Only keep it"
    assert [name for _file, name in added] == ["starter-castle"]
    qtbot.waitUntil(lambda: "starter stays in use" in window.status.text(), timeout=PATIENCE)


def test_what_is_discarded_is_gone_after_a_question(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[int | None] = [None, 0]
    monkeypatch.setattr(app.learning.flow, "choose", lambda *_, **__: answers.pop(0))
    worked_on(folder, done=5)
    window = start()
    dialog = asked(window, qtbot)
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    until(window, qtbot, Phase.FINISHED)
    alt(qtbot, dialog, Qt.Key.Key_D, lambda: answers == [0])
    assert job_folder(folder).exists()
    alt(qtbot, dialog, Qt.Key.Key_D, lambda: not job_folder(folder).exists())
    assert "What learns" in texts(dialog)


def test_a_training_that_fails_says_why_and_can_be_tried_again(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEARN_CHILD", "refused")
    worked_on(folder, done=5)
    window = start()
    dialog = asked(window, qtbot)
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    until(window, qtbot, Phase.STOPPED)
    assert learn_child.REFUSAL in texts(dialog)
    dialog.close()
    asked(window, qtbot)
    assert learn_child.REFUSAL in texts(dialog)  # still to be read
    monkeypatch.setenv("LEARN_CHILD", "better")
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    until(window, qtbot, Phase.FINISHED)


def test_a_model_that_cannot_enter_the_store_waits_there(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> ModelCard:
        raise WeightsError("The disk is full.")

    monkeypatch.setattr(app.learning.job.weights_store, "add", refuse)
    worked_on(folder, done=5)
    window = start()
    dialog = asked(window, qtbot)
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    until(window, qtbot, Phase.FINISHED)
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "The disk is full." in texts(dialog), timeout=PATIENCE)
    assert button(dialog, "Use this model").isEnabled()
    assert job_folder(folder).exists()


def test_pictures_that_cannot_be_learned_from_are_named(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path, waits: None
) -> None:
    worked_on(folder, done=6)
    window = start()
    (folder / "1.png").unlink()
    dialog = asked(window, qtbot)
    assert "6 pictures marked done, of which 1 cannot be used" in texts(dialog)
    alt(qtbot, dialog, Qt.Key.Key_R, lambda: bool(window.findChildren(ReasonsDialog)))
    (reasons,) = window.findChildren(ReasonsDialog)
    reasons.close()
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.learn.job.standing.done == learn_child.MIDDLE, timeout=PATIENCE)
    assert "1 picture could not be learned from" in texts(dialog)


def test_reading_the_pictures_can_be_stopped(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked_on(folder, done=5)
    window = start()
    dialog = asked(window, qtbot)
    window.learn.job.begin(lambda token, _told: token.event.wait(10) and token.check())
    assert phase(window) is Phase.READING
    dialog.show_page(dialog.running)
    assert "Reading the pictures…" in texts(dialog)
    qtbot.keyClick(dialog, Qt.Key.Key_S, ALT)
    until(window, qtbot, Phase.NOTHING)
    assert "What learns" in texts(dialog)
    assert not job_folder(folder).exists()


def test_choices_are_remembered(qtbot: QtBot, start: Callable[..., MainWindow], folder: Path) -> None:
    worked_on(folder, done=5)
    window = start(Settings(learn_scope="all", learn_score=0.9, learn_weight=0.5, learn_held_back=0.4))
    dialog = asked(window, qtbot)
    chosen = dialog.setup.settings()
    assert (chosen.scope, chosen.kept_score, chosen.kept_weight, chosen.held_back) == (Scope.ALL, 0.9, 0.5, 0.4)
    alt(qtbot, dialog, Qt.Key.Key_D, lambda: dialog.setup.settings().scope is Scope.HEAD)
    alt(qtbot, dialog, Qt.Key.Key_I, lambda: dialog.setup.settings().untouched is Untouched.IGNORE)
    assert (window.settings.learn_scope, window.settings.learn_untouched) == ("head", "ignore")
    dialog.close()
    asked(window, qtbot)
    assert dialog.setup.settings().scope is Scope.HEAD


def test_a_name_that_is_taken_is_refused_before_anything_is_learned(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path
) -> None:
    entered("starter-castle")
    worked_on(folder, done=5)
    window = start()
    dialog = asked(window, qtbot)
    assert dialog.setup.name() == "starter-castle-2"
    qtbot.keyClick(dialog, Qt.Key.Key_N, ALT)
    qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_End)
    for _ in "-2":
        qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Backspace)
    assert dialog.setup.name() == "starter-castle"
    assert "There is a model called starter-castle already" in texts(dialog)
    assert not button(dialog, "Learn").isEnabled()


def test_no_two_things_on_a_page_have_the_same_key(qtbot: QtBot, start: Callable[..., MainWindow], waits: None) -> None:
    window = start()
    dialog = asked(window, qtbot)
    for page in (dialog.setup, dialog.running, dialog.report):
        things = [*page.findChildren(QAbstractButton), *page.findChildren(QLabel)]
        found = [thing.text() for thing in things if "&" in thing.text()]
        keys = [text[text.index("&") + 1].lower() for text in found]
        assert len(keys) == len(set(keys)), found
        assert keys


def test_a_network_of_others_says_that_it_cannot_learn(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path, segmenters: dict[str, FakeSegmenter], tmp_path: Path
) -> None:
    worked_on(folder, done=5)
    window = start()
    fake = segmenters["starter"]
    fake.card = replace(fake.card, file=tmp_path / "mine.onnx")  # type: ignore[type-var]
    dialog = asked(window, qtbot)
    assert "cannot learn" in texts(dialog)
    assert not button(dialog, "Learn").isEnabled()
    assert PictureStatus.DONE in [window.desk.folder.status(path) for path in window.desk.pictures]


@pytest.mark.parametrize(
    ("chosen", "device", "scope"),
    [
        ("auto", "cpu", Scope.HEAD),
        ("auto", "cuda:0", Scope.ALL),
        ("head", "cuda:0", Scope.HEAD),
        ("all", "", Scope.ALL),
    ],
)
def test_a_graphics_card_learns_all_unless_somebody_chose(chosen: str, device: str, scope: Scope) -> None:
    assert app.learning.flow.remembered(Settings(learn_scope=chosen), device=device).scope is scope
