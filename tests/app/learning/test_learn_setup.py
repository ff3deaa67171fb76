"""What to learn from, what learns and what is told of it before: in the real window, by keys."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel
from pytestqt.qtbot import QtBot

import app.learning.pace
from app.chrome.actions import Act
from app.core.pictures import PictureStatus
from app.learning.choices import remembered
from app.learning.dialog import LearnDialog
from app.learning.standing import Phase
from app.main_window import MainWindow
from app.settings import Settings
from inference.learning.errors import JobError
from inference.learning.events import PaceTold
from inference.learning.settings import Scope, Untouched
from inference.remote_card import REMOTE
from tests.app.desk_scene import FakeSegmenter, correct_corner
from tests.app.learning.learn_scene import (
    ALT,
    CONTROL,
    PATIENCE,
    alt,
    asked,
    button,
    has_masks,
    phase,
    texts,
    worked_on,
)
from tests.app.stored_models import entered
from tests.app.windows import shown_window


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


def test_pictures_that_were_only_called_done_teach_nothing_new_and_one_that_was_corrected_does(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path
) -> None:
    window = start()
    for number in range(4):
        window.desk.show(folder / f"{number}.png")
        qtbot.waitUntil(lambda: has_masks(window) and window.desk.idle, timeout=PATIENCE)
        window.actions_by_id[Act.DONE].trigger()
    dialog = asked(window, qtbot)
    qtbot.waitUntil(lambda: "Nothing was corrected in them" in texts(dialog), timeout=PATIENCE)
    assert button(dialog, "Learn").isEnabled()
    qtbot.waitUntil(lambda: has_masks(window) and window.desk.idle, timeout=PATIENCE)  # the fifth
    correct_corner(window.desk)
    window.actions_by_id[Act.DONE].trigger()
    QApplication.sendEvent(dialog, QEvent(QEvent.Type.WindowActivate))
    qtbot.waitUntil(lambda: "5 pictures marked done" in texts(dialog), timeout=PATIENCE)
    assert "Nothing was corrected in them" not in texts(dialog)
    assert "So few may do harm" in texts(dialog)


def test_without_pictures_there_is_nothing_to_ask(qtbot: QtBot, segmenters: dict[str, FakeSegmenter]) -> None:
    window = shown_window(qtbot, Settings())
    assert not window.actions_by_id[Act.LEARN].isEnabled()
    QTest.keyClick(window, Qt.Key.Key_L, CONTROL)
    window.learn.ask()
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


def test_a_time_that_could_not_be_measured_is_tried_again_the_next_time(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> PaceTold:
        raise JobError("PyTorch is not here.")

    worked_on(folder, done=5)
    window = start()
    with monkeypatch.context() as now:
        now.setattr(app.learning.pace, "measure_pace", refuse)
        dialog = asked(window, qtbot)
        qtbot.waitUntil(lambda: "could not be measured. PyTorch is not here." in texts(dialog), timeout=PATIENCE)
        assert button(dialog, "Learn").isEnabled()
        dialog.close()
        qtbot.waitUntil(window.learn.is_idle, timeout=PATIENCE)
    asked(window, qtbot)
    qtbot.waitUntil(lambda: "about 4 min on this" in texts(dialog), timeout=PATIENCE)
    assert "could not be measured" not in texts(dialog)


def test_the_time_of_another_folder_is_not_told_of_this_one(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(folder / "0.png", other)
    worked_on(folder, done=5)
    window = start()
    dialog = asked(window, qtbot)
    qtbot.waitUntil(lambda: "about 4 min on this" in texts(dialog), timeout=PATIENCE)
    dialog.close()
    for place, told in ((other, False), (folder, True)):
        window.opening.open([place])
        qtbot.waitUntil(lambda: window.desk.current is not None and window.desk.current.parent == place)  # noqa: B023
        qtbot.waitUntil(lambda: has_masks(window) and window.desk.idle, timeout=PATIENCE)
        asked(window, qtbot)
        qtbot.waitUntil(window.learn.is_idle, timeout=PATIENCE)
        assert ("about 4 min on this" in texts(dialog)) is told
        dialog.close()


def test_a_model_that_is_chosen_meanwhile_is_the_one_that_learns_and_gives_its_name(
    qtbot: QtBot, start: Callable[..., MainWindow], folder: Path
) -> None:
    worked_on(folder, done=5)
    window = start()
    dialog = asked(window, qtbot)
    assert "Pictures in the folder castle" in texts(dialog).splitlines()
    for model, name, given in (("other", "other-castle", "mine"), ("third", "mine", "")):
        window.desk.use_here(replace(window.desk.choice, model=model))
        qtbot.waitUntil(lambda: f"It begins with {model}, the model in use." in texts(dialog), timeout=PATIENCE)  # noqa: B023
        assert dialog.setup.name() == name
        dialog.setup.show_name(given)  # somebody has a better one
    for model in ("starter", "gone"):
        window.desk.model.choice = replace(window.desk.choice, model=model, engine=REMOTE)
        asked(window, qtbot)
        assert "It begins with starter, the model on this machine." in texts(dialog)
    window.desk.model.choice = replace(window.desk.choice, engine="auto")
    window.desk.model._segmenter = None  # not loaded yet
    asked(window, qtbot)
    assert "There is no model called gone" in texts(dialog)


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
    assert remembered(Settings(learn_scope=chosen), device=device).scope is scope
