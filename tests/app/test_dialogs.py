"""Dialogs by keyboard alone: every button has a key of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QMessageBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.core.export import ExportOptions
from app.dialogs import ExportDialog, SummaryDialog, choose, show_about, with_mnemonics
from app.exporting.exporter import ExportSummary

ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)
    return window


def export_dialog(window: QWidget) -> ExportDialog:
    pictures = [Path("/photos/a.jpg"), Path("/photos/b.jpg")]
    return ExportDialog(pictures, folder="/labels", options=ExportOptions(), parent=window)


def mnemonics(dialog: QDialog) -> list[str]:
    """The key of each button and of each label that stands for a field."""
    texts = [button.text() for button in dialog.findChildren(QAbstractButton) if button.text()]
    texts += [label.text() for label in dialog.findChildren(QLabel) if label.buddy() is not None]
    return [QKeySequence.mnemonic(text).toString() for text in texts]


@pytest.mark.parametrize(("letter", "answer"), [(Qt.Key.Key_R, 0), (Qt.Key.Key_S, 1), (Qt.Key.Key_C, None)])
def test_a_question_is_answered_with_alt_and_a_letter(
    window: QWidget, qtbot: QtBot, letter: Qt.Key, answer: int | None
) -> None:
    seen: list[str] = []

    def press() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        qtbot.waitUntil(lambda: QApplication.activeWindow() is box)
        seen.extend(mnemonics(box))
        QTest.keyClick(box, letter, ALT)
        QTimer.singleShot(
            2000, box, lambda: (seen.append("no answer"), box.done(-1))
        )  # a key that does nothing must not hang the test

    QTimer.singleShot(0, press)
    given = choose(window, title="Replace?", text="Replace?", choices=("Replace", "Skip existing"), cancel="Cancel")
    assert given == answer
    assert sorted(seen) == ["Alt+C", "Alt+R", "Alt+S"]


def test_buttons_that_begin_alike_get_different_keys() -> None:
    assert with_mnemonics(["Export…", "Close without exporting", "Cancel"]) == [
        "&Export…",
        "&Close without exporting",
        "C&ancel",
    ]
    assert with_mnemonics(["A", "a", "…"]) == ["&A", "a", "…"]


@pytest.mark.parametrize("kind", ["export", "summary"])
def test_every_control_of_a_dialog_has_a_key_of_its_own(window: QWidget, kind: str) -> None:
    summary = ExportSummary(Path("/labels"), written=[Path("/labels/a.png")])
    keys = mnemonics(export_dialog(window) if kind == "export" else SummaryDialog(summary, parent=window))
    assert all(keys)
    assert len(keys) == len(set(keys))


def test_the_export_dialog_by_keyboard(window: QWidget, qtbot: QtBot) -> None:
    dialog = export_dialog(window)
    dialog.open()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is dialog)
    QTest.keyClick(dialog, Qt.Key.Key_M, ALT)
    QTest.keyClick(dialog, Qt.Key.Key_P, ALT)
    qtbot.waitUntil(lambda: dialog.options() == ExportOptions(overlay=True, detections=True))
    with qtbot.waitSignal(dialog.accepted):
        QTest.keyClick(dialog, Qt.Key.Key_E, ALT)
    dialog.open()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is dialog)
    with qtbot.waitSignal(dialog.rejected):
        QTest.keyClick(dialog, Qt.Key.Key_C, ALT)


def test_about_names_the_product_and_closes_with_escape(window: QWidget) -> None:
    seen: list[str] = []

    def look() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        seen.append(box.text())
        assert [button.icon().isNull() for button in box.buttons()] == [True]
        QTest.keyClick(box, Qt.Key.Key_Escape)

    QTimer.singleShot(0, look)
    show_about(parent=window)
    assert "ADE Mask Studio" in seen[0]
    assert "MIT licence" in seen[0]


def test_the_end_of_an_export_names_every_picture_with_its_reason(window: QWidget) -> None:
    skipped = [(Path("/photos/b.jpg"), "b.jpg is empty."), (Path("/photos/c.jpg"), "There is no room left.")]
    summary = ExportSummary(Path("/labels"), skipped=skipped, notes=[(Path("/photos/a.jpg"), "No overlay.")])
    dialog = SummaryDialog(summary, parent=window)
    assert {"Skipped", "To note"} <= {label.text() for label in dialog.findChildren(QLabel)}
    lists = [[shown.item(row).text() for row in range(shown.count())] for shown in dialog.findChildren(QListWidget)]
    assert lists == [["b.jpg is empty.", "c.jpg: There is no room left."], ["a.jpg: No overlay."]]


def test_who_types_a_folder_takes_the_place_of_the_one_proposed(window: QWidget, qtbot: QtBot) -> None:
    dialog = export_dialog(window)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: isinstance(dialog.focusWidget(), QLineEdit))
    field = dialog.focusWidget()
    qtbot.keyClicks(field, "/elsewhere")
    assert field.text() == "/elsewhere"


def test_the_semantic_view_promises_no_class_where_a_model_may_say_none(window: QWidget, qtbot: QtBot) -> None:
    dialog = ExportDialog([Path("/a.jpg")], folder="/l", options=ExportOptions(), semantic=True, parent=window)
    qtbot.addWidget(dialog)
    (note,) = (label for label in dialog.findChildren(QLabel) if "likeliest" in label.text())
    assert note.wordWrap()
    assert "or the model calls none, stays 0" in note.text()
