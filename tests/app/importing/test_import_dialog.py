"""The dialog of an import: what it says, what it answers, and that every key leads somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.core.import_labels import Conversion, Existing, Finding, Group, Kind, Numbers, Reading, Survey
from app.importing.dialog import ImportDialog, ImportReport
from app.importing.importer import ImportSummary
from app.panels.ticks import RingButton, TickBox
from tests.app.test_dialogs import mnemonics

PICTURES = [Path(f"/photos/{number}.jpg") for number in range(6)]


def finding(number: int, *kinds: Kind, choices: tuple[Conversion, ...] = ()) -> Finding:
    return Finding(Path(f"/labels/{number}.png"), kinds, (4, 5), choices=choices)


READY = {PICTURES[number]: finding(number, Kind.ADE) for number in (0, 1)}
GREYS = (Conversion(Reading.GREYS),)
WAYS = (Conversion(numbers=Numbers.ZERO_BASED), Conversion(numbers=Numbers.IGNORED))
FROM_ZERO = Group({PICTURES[n]: finding(n, Kind.ZERO_BASED, choices=WAYS) for n in (2, 3)}, WAYS)
CHANNELS = Group({PICTURES[4]: finding(4, Kind.THREE_CHANNELS, choices=GREYS)}, GREYS)
REFUSED = ("5.png is damaged.", "There is no picture called a that a.png could belong to.")
SURVEY = Survey(READY, (FROM_ZERO, CHANNELS), REFUSED, frozenset({PICTURES[1], PICTURES[3]}), tuple(PICTURES[:5]))


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    return window


@pytest.fixture
def dialog(window: QWidget, qtbot: QtBot) -> Iterator[ImportDialog]:
    dialog = ImportDialog(folder="/photos", parent=window)
    with qtbot.waitActive(dialog):
        dialog.open()
        dialog.activateWindow()
    yield dialog
    dialog.reject()


def button(dialog: ImportDialog, start: str) -> QPushButton:
    return next(found for found in dialog.findChildren(QPushButton) if found.text().replace("&", "").startswith(start))


def ring(dialog: ImportDialog, start: str) -> RingButton:
    rings = dialog.findChildren(RingButton)
    return next(found for found in rings if (found.text() or found.accessibleName()).replace("&", "").startswith(start))


def click(found: QWidget) -> None:
    QTest.mouseClick(found, Qt.MouseButton.LeftButton, pos=QPoint(8, found.height() // 2))


def numbers(dialog: ImportDialog) -> list[int]:
    return [PICTURES.index(picture) for picture in dialog.orders()]


def test_what_changes_no_number_is_taken_and_corrected_pictures_are_left_alone(dialog: ImportDialog) -> None:
    dialog.show_survey(SURVEY)
    assert numbers(dialog) == [0, 4]
    assert dialog.existing() is Existing.SKIP
    assert button(dialog, "Import").text() == "&Import into 2 pictures"
    assert dialog.orders()[PICTURES[4]].choice == GREYS[0]


def test_all_is_said(dialog: ImportDialog) -> None:
    dialog.show_survey(SURVEY)
    texts = [label.text() for label in dialog.findChildren(QLabel)]
    assert "2 files hold ADE labels that fit as they are, 3 can be converted, 2 cannot be used." in texts
    assert "2 of the pictures have corrections already" in texts
    assert any("2.png seems to count classes from 0" in text and "One more is like it." in text for text in texts)
    assert any("4.png stores each label in three equal channels" in text for text in texts)
    (reasons,) = dialog.findChildren(QPlainTextEdit)
    assert reasons.toPlainText().splitlines() == list(REFUSED)


def test_a_conversion_is_made_on_request_and_in_the_way_that_is_chosen(dialog: ImportDialog) -> None:
    dialog.show_survey(SURVEY)
    tick = next(tick for tick in dialog.findChildren(TickBox) if tick.text() == "Convert 2 files")
    other = ring(dialog, "Conversion keeps each class")
    assert not other.isEnabled()
    click(tick)
    assert numbers(dialog) == [0, 2, 4]
    assert dialog.orders()[PICTURES[2]].choice == WAYS[0]
    click(other)
    assert dialog.orders()[PICTURES[2]].choice == WAYS[1]
    click(ring(dialog, "Replace"))
    assert dialog.existing() is Existing.REPLACE
    assert numbers(dialog) == [0, 1, 2, 3, 4]
    assert button(dialog, "Import").text() == "&Import into 5 pictures"


def test_a_click_on_the_words_is_one_on_the_ring(dialog: ImportDialog) -> None:
    dialog.show_survey(SURVEY)
    click(next(tick for tick in dialog.findChildren(TickBox) if tick.text() == "Convert 2 files"))
    text = next(label for label in dialog.findChildren(QLabel) if label.text().startswith("Conversion keeps each"))
    click(text)
    assert ring(dialog, "Conversion keeps each").isChecked()


def test_nothing_can_be_imported_before_something_is_found(dialog: ImportDialog) -> None:
    assert not button(dialog, "Import").isEnabled()
    with_nothing = Survey({}, (), REFUSED, frozenset(), ())
    dialog.show_survey(with_nothing)
    assert not button(dialog, "Import").isEnabled()
    assert dialog.orders() == {}


def test_another_look_forgets_the_first(dialog: ImportDialog, qtbot: QtBot) -> None:
    dialog.show_survey(SURVEY)
    with qtbot.waitSignal(dialog.wanted) as wanted:
        dialog.look_at([Path("/elsewhere")])
    assert wanted.args == [[Path("/elsewhere")]]
    assert not button(dialog, "Import").isEnabled()
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert dialog.isVisible()


def test_files_can_be_dropped(dialog: ImportDialog, qtbot: QtBot, tmp_path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path))])
    drop = QDropEvent(QPoint(9, 9), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
                      Qt.KeyboardModifier.NoModifier)  # fmt: skip
    with qtbot.waitSignal(dialog.wanted) as wanted:
        dialog.dropEvent(drop)
    assert wanted.args == [[tmp_path]]


def test_every_key_is_there_once(dialog: ImportDialog) -> None:
    dialog.show_survey(SURVEY)
    keys = [key for key in mnemonics(dialog) if key]
    assert len(set(keys)) == len(keys)
    assert {"Alt+I", "Alt+C", "Alt+F", "Alt+R", "Alt+K", "Alt+L"} <= set(keys)


def test_escape_stops_the_look(dialog: ImportDialog, qtbot: QtBot) -> None:
    dialog.look_at([Path("/labels")])
    dialog.show_progress("Looking at the files: 3 of 9", 3, 9)
    with qtbot.waitSignal(dialog.unwanted):
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_the_report_names_every_picture(window: QWidget, qtbot: QtBot) -> None:
    summary = ImportSummary([PICTURES[0]], [], [(PICTURES[1], "It has changed."), (PICTURES[2], "2.jpg is gone.")])
    report = ImportReport(summary, parent=window)
    (reasons,) = report.findChildren(QPlainTextEdit)
    assert reasons.toPlainText().splitlines() == ["1.jpg: It has changed.", "2.jpg is gone."]
    assert summary.sentence() == "Labels brought into 0.jpg, 2 could not be used."
