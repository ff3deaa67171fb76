"""The pages of the dialog alone: what they say before anything is measured, while it is held, and with long names."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QApplication,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QTreeWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.learning.material import Material
from app.learning.report import ReportPage
from app.learning.running import RunningPage
from app.learning.setup import SetupPage, Start
from app.learning.standing import Phase, Standing
from app.learning.texts import stopped_where
from inference.learning.events import PaceTold, Stage, StepTold
from inference.learning.generations import LEARNED_FROM, learned_from
from inference.learning.pictures import held_back_of, is_held_back
from inference.learning.settings import LearnSettings, Scope, Untouched
from tests.app.learning.learn_scene import texts
from tests.inference.learning.jobs import report

LONG = "cathedral_" * 6  # 60 characters without a place to break
WIDTH = 552  # of a page in the dialog


def fits(page: QWidget) -> bool:
    """Whether nothing on the page is wider than the page is in its dialog."""
    return page.minimumSizeHint().width() <= WIDTH


@pytest.fixture
def setup_page(qtbot: QtBot) -> SetupPage:
    page = SetupPage(refusal_of_name=lambda _name: "")
    qtbot.addWidget(page)
    page.resize(WIDTH, 560)
    page.show()
    return page


@pytest.fixture
def running_page(qtbot: QtBot) -> RunningPage:
    page = RunningPage()
    qtbot.addWidget(page)
    page.resize(WIDTH, 560)
    page.show()
    return page


def test_nothing_done_is_said_in_words_and_no_time_is_promised(setup_page: SetupPage) -> None:
    setup_page.show_material(Material())
    assert "No picture is marked done." in texts(setup_page)
    assert "measuring" not in texts(setup_page)
    assert "not learned from: the old and the new model are compared on them" in texts(setup_page)


def test_estimates_are_round(setup_page: SetupPage) -> None:
    setup_page.show_material(Material(4, ("a", "b", "c", "d"), 198_506))
    assert "about 200,000 pixels of them are yours" in texts(setup_page)
    setup_page.show_material(Material(4, ("a", "b", "c", "d"), 0))
    assert "4 pictures marked done.\n" in texts(setup_page)  # the project has not counted yet
    setup_page.show_material(Material(1, ("a",), 500))
    assert "1 picture marked done; about 500 pixels of it are yours." in texts(setup_page)


def test_the_buttons_end_where_the_fields_above_them_do(setup_page: SetupPage) -> None:
    def end(widget: QWidget) -> int:
        return widget.mapTo(setup_page, widget.rect().bottomRight()).x()

    buttons = setup_page.findChild(QDialogButtonBox)
    assert buttons is not None
    assert max(map(end, buttons.buttons())) == max(map(end, setup_page.findChildren(QLineEdit)))


def test_nothing_is_cut_off_where_the_dialog_is_small(setup_page: SetupPage) -> None:
    setup_page.show_pace(PaceTold(head=240.0, all=36_000.0), place=" on this " + 3 * "very slow ")
    setup_page.resize(setup_page.minimumSizeHint())
    (area,) = setup_page.findChildren(QScrollArea)
    assert area.viewport().width() >= area.widget().minimumSizeHint().width()
    assert area.viewport().width() >= area.widget().width()


def test_before_too_little_is_learned_from_it_is_said_that_it_may_do_harm(setup_page: SetupPage) -> None:
    names = tuple(f"{number}.png" for number in range(12))
    setup_page.show_material(Material(11, names[:11], 5_000))
    assert "So few may do harm" in texts(setup_page)
    setup_page.show_material(Material(12, names, 5_000))
    assert "So few" not in texts(setup_page)
    setup_page.show_material(Material(12, names, 0, corrected=False))
    assert "Nothing was corrected in them" in texts(setup_page)
    setup_page.show_material(Material(3, names[:3], 0, corrected=False))  # then something else comes first
    assert "Nothing was corrected" not in texts(setup_page)
    setup_page.show_material(Material(5, names[:3], 0, (("d", "d is gone."), ("e", "e is gone."))))
    assert "There are 3 that can be used so far." in texts(setup_page)


def test_a_model_that_has_learned_from_all_of_them_says_so_until_another_one_is_done(setup_page: SetupPage) -> None:
    names = tuple(f"{number}.png" for number in range(16))
    sides = held_back_of(names[:15], 0.2, known=[False] * 15)
    learned = [name for name, side in zip(names, sides, strict=False) if not side]
    assert len(learned) == 12
    assert not is_held_back(names[15], 0.2)
    setup_page.show_settings(LearnSettings(held_back=0.2))
    setup_page.show_start(Start("mine", lineage={LEARNED_FROM: learned_from({}, learned)}))
    setup_page.show_material(Material(15, names[:15], 5_000))
    assert "mine has learned from all of them that are not held back." in texts(setup_page)
    setup_page.show_material(Material(16, names, 5_000))
    assert "mine has learned" not in texts(setup_page)
    setup_page.show_material(Material(15, names[:15], 5_000))
    setup_page.show_start(Start("starter"))
    assert "has learned" not in texts(setup_page)
    setup_page.show_settings(LearnSettings(held_back=0.9))
    all_held_back = tuple(name for name in map("{}.png".format, range(99)) if is_held_back(name, 0.9))
    setup_page.show_material(Material(len(all_held_back), all_held_back, 5_000))
    assert "has learned" not in texts(setup_page)


def test_a_time_that_cannot_be_measured_is_said_with_the_reason(setup_page: SetupPage) -> None:
    setup_page.show_pace(None)
    assert "measuring…" in texts(setup_page)
    setup_page.show_pace(None, problem="There is not enough memory.")
    assert "time not known" in texts(setup_page)
    assert "could not be measured. There is not enough memory." in texts(setup_page)
    setup_page.show_pace(PaceTold(head=240.0, all=None), place=" here")
    assert "about 4 min here" in texts(setup_page)
    assert "could not be measured" not in texts(setup_page)
    setup_page.show_no_pace()
    assert "about 4 min" not in texts(setup_page)


def test_tab_goes_to_what_is_chosen_and_a_screen_reader_hears_how_long_it_takes(
    setup_page: SetupPage, qtbot: QtBot
) -> None:
    setup_page.show_settings(LearnSettings(scope=Scope.ALL, untouched=Untouched.KEEP))
    setup_page.show_material(Material(4, ("a", "b", "c", "d"), 100))
    setup_page.show_pace(PaceTold(head=240.0, all=7200.0), place=" here")
    setup_page.activateWindow()
    setup_page.first().setFocus()
    names = []
    for _ in range(8):
        at = QApplication.focusWidget()
        names.append(at.accessibleName() or at.text().replace("&", ""))
        qtbot.keyClick(at, Qt.Key.Key_Tab)
    assert names == [
        "The whole network",
        "Keep what the network was sure of",
        "Least score of a pixel that is kept",
        "Weight of a pixel that is kept, beside one that you decided",
        "Name of the new model",
        "Cancel",
        "Learn",
        "Share of the pictures that are held back",
    ]
    assert "Time: about 2 h here." in setup_page.first().accessibleDescription()


def test_before_anything_is_known_the_bar_is_empty(running_page: RunningPage) -> None:
    running_page.begin("mine", ())
    running_page.show_standing(Standing(Phase.RUNNING))
    (bar,) = running_page.findChildren(QProgressBar)
    assert (bar.minimum(), bar.value()) == (0, 0)
    assert bar.maximum() > 0  # else it is drawn full, as if all were done
    running_page.show_standing(Standing(Phase.READING, done=1, total=4))
    assert bar.value() == bar.maximum() / 4
    running_page.show_standing(Standing(Phase.RUNNING, Stage.TRAINING, 3, 9, 20.0, 0.5))
    assert bar.value() == bar.maximum() / 2


def test_where_it_was_stopped_is_told_also_when_no_step_is_left(running_page: RunningPage) -> None:
    for step, said in (
        (25, "Stopped at step 25 of 40"),
        (40, "Stopped after the last step; what is left is to try how much of it helps"),
    ):
        running_page.begin("mine", [StepTold(step, 40, 1.0, 9.0, 3.0)])
        running_page.show_standing(Standing(Phase.STOPPED))
        assert said in texts(running_page).splitlines()
    assert stopped_where((40, 40)) == "after the last step"  # short enough for the status bar


def test_while_it_is_paused_nobody_says_that_it_goes_on(running_page: RunningPage) -> None:
    running_page.begin("mine", ())
    running_page.show_standing(Standing(Phase.RUNNING))
    assert "You can go on working meanwhile" in texts(running_page)
    running_page.show_standing(Standing(Phase.PAUSED))
    assert "You can go on working" not in texts(running_page)
    assert "Nothing is computed until it goes on." in texts(running_page)
    assert "also when the program is closed" in texts(running_page)


def test_long_names_wrap_or_give_way(setup_page: SetupPage, running_page: RunningPage, qtbot: QtBot) -> None:
    setup_page.show_start(Start(LONG))
    setup_page.show_name(LONG)
    running_page.begin(LONG, ())
    running_page.show_standing(Standing(Phase.RUNNING, problem=f"{LONG} cannot be used."))
    page = ReportPage()
    qtbot.addWidget(page)
    page.show_report(replace(report(), name=LONG, parent=LONG))
    for one in (setup_page, running_page, page):
        assert fits(one)
        assert any(LONG in label.text() for label in one.findChildren(QLabel))


def test_no_row_of_the_report_looks_chosen(qtbot: QtBot) -> None:
    page = ReportPage()
    qtbot.addWidget(page)
    page.show_report(report())
    page.show()
    for table in page.findChildren(QTreeWidget):
        assert not table.selectedItems()
    assert page.default() in page.findChildren(QPushButton)
