"""Around the main job: keys with the focus elsewhere, leaving and coming back, models that are not there."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import platformdirs
import pytest
import torch
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSettings, QSize, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QMessageBox, QTextBrowser

import app.keeping.projects
from app.bench.network import random_model
from app.chrome.actions import Act
from app.core.ade_png import read_labels
from app.core.errors import ProjectError
from app.core.project.places import Place
from app.main_window import MainWindow
from app.models.dialog import ModelDialog
from app.settings import load_settings
from inference.models import find_card
from inference.weights import load_tensors
from inference.weights_store import MIRROR_VARIABLE
from tests.e2e.acts import at, export_dialog, export_field, has_masks, key, shown
from tests.e2e.story import Script, click_button, dialog_of, drag, opened, post
from tests.inference.serving import serving
from tests.inference.web import Web
from tests.menus import click_entry

pytestmark = pytest.mark.slow


@pytest.fixture
def no_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be kept: neither in the folder of the photos nor elsewhere."""

    def refuse(folder: Path) -> Place:
        raise ProjectError(f"The project in {folder} cannot be made: there is no permission.")

    monkeypatch.setattr(app.keeping.projects, "project_file", refuse)


def test_space_pans_while_a_list_has_the_focus(play, photos: list[Path]) -> None:  # type: ignore[no-untyped-def]
    def script(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)
        key(window, Qt.Key.Key_B)
        window.canvas.zoom_to(3.0)
        window.image_list.view.setFocus()
        height, width = shown(window).labels().shape
        middle = width // 2, height // 2
        start = at(window, *middle)
        QTest.mouseMove(window.canvas, start)
        yield lambda: window.canvas.mouse.position
        QTest.keyPress(window.image_list.view, Qt.Key.Key_Space)
        drag(window.canvas, [start, start + QPoint(40, 30)])
        QTest.keyRelease(window.image_list.view, Qt.Key.Key_Space)
        assert not shown(window).has_corrections
        assert at(window, *middle) == start + QPoint(40, 30)
        drag(window.canvas, [start, start + QPoint(40, 30)])
        assert shown(window).has_corrections

    play(script, [str(path) for path in photos])


def test_fields_give_the_keyboard_back(play, photos: list[Path]) -> None:  # type: ignore[no-untyped-def]
    def script(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)
        key(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
        search = window.legend.search
        yield lambda: search.hasFocus()
        QTest.keyClicks(search, "be")
        assert search.text() == "be"
        QTest.keyClick(search, Qt.Key.Key_Escape)
        assert search.text() == ""
        yield lambda: True
        assert search.hasFocus()
        QTest.keyClick(search, Qt.Key.Key_Escape)
        yield lambda: window.canvas.hasFocus()
        number = window.threshold_panel.number
        number.setFocus()
        number.selectAll()
        QTest.keyClicks(number, "0.25")
        QTest.keyClick(number, Qt.Key.Key_Return)
        yield lambda: window.canvas.hasFocus()
        assert shown(window).threshold == 0.25
        QTest.keyClick(window.canvas, Qt.Key.Key_E)
        assert window.actions_by_id[Act.TOOL_ERASER].isChecked()

    play(script, [str(path) for path in photos])


def test_bare_photo_ends_with_its_key_whatever_else_is_held(play, photos: list[Path]) -> None:  # type: ignore[no-untyped-def]
    def picture(window: MainWindow) -> np.ndarray:
        image = window.canvas.grab().toImage()
        return np.frombuffer(image.constBits(), np.uint8).copy()

    def script(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)
        with_labels = picture(window)
        QTest.keyPress(window.canvas, Qt.Key.Key_V)
        assert (picture(window) != with_labels).any()
        window.legend.search.setFocus()
        QTest.keyRelease(window.legend.search, Qt.Key.Key_V, Qt.KeyboardModifier.ShiftModifier)
        window.canvas.setFocus()
        np.testing.assert_array_equal(picture(window), with_labels)

    play(script, [str(path) for path in photos])


def test_return_in_the_export_dialog_exports_and_a_bad_folder_is_said(play, photos: list[Path], tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    def script(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)
        expected = shown(window).labels()
        dialog, folder = yield from export_dialog(window, Act.EXPORT)
        for bad in ("~nobody-here/labels", str(photos[0])):
            folder.setText(bad)
            QTest.keyClick(folder, Qt.Key.Key_Return)
            assert dialog.isVisible()
        folder.setText(str(tmp_path / "by return"))
        QTest.keyClick(folder, Qt.Key.Key_Return)
        target = tmp_path / "by return" / f"{photos[0].stem}.png"
        yield target.exists
        yield lambda: window.desk.idle
        np.testing.assert_array_equal(read_labels(target), expected)
        assert target.name in window.status.text()

    play(script, [str(path) for path in photos])


@pytest.mark.usefixtures("no_project")
def test_exporting_at_the_closing_question_then_closes(play, photos: list[Path], tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    painted: list[np.ndarray] = []

    def script(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)
        key(window, Qt.Key.Key_B)
        window.session.set_current_class(5)
        drag(window.canvas, [at(window, 50, 50), at(window, 90, 70)])
        painted.append(shown(window).labels())
        yield post(window.close)
        box = yield from opened(QMessageBox)
        yield post(lambda: click_button(box, "Export…"))
        dialog, folder = yield from export_field()
        folder.setText(str(tmp_path / "out"))
        yield post(lambda: click_button(dialog, "Export"))
        yield lambda: not window.isVisible()

    play(script, [str(path) for path in photos])
    np.testing.assert_array_equal(read_labels(tmp_path / "out" / f"{photos[0].stem}.png"), painted[0])


@pytest.mark.usefixtures("no_project")
def test_closing_without_exporting_is_possible_on_purpose_only(play, photos: list[Path]) -> None:  # type: ignore[no-untyped-def]
    def script(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)
        key(window, Qt.Key.Key_B)
        drag(window.canvas, [at(window, 50, 50), at(window, 90, 70)])
        assert shown(window).has_corrections
        yield post(window.close)
        box = yield from opened(QMessageBox)
        assert box.defaultButton().text() == "&Export…"
        yield post(lambda: click_button(box, "Close without exporting"))
        yield lambda: not window.isVisible()

    play(script, [str(path) for path in photos])


def test_what_is_in_hand_is_remembered(play, photos: list[Path]) -> None:  # type: ignore[no-untyped-def]
    sizes: list[QSize] = []

    def first(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)
        key(window, Qt.Key.Key_G)
        key(window, Qt.Key.Key_O)
        window.session.set_current_class(21)
        window.session.set_brush_size(77)
        window.session.set_threshold(0.35)
        window.resize(780, 650)
        sizes.append(window.size())
        yield post(window.close)
        yield lambda: not window.isVisible()

    def second(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)
        session = window.session
        assert (session.current_class, session.brush_size, session.threshold) == (21, 77, 0.35)
        assert shown(window).threshold == 0.35
        assert session.overlay.outline
        assert window.actions_by_id[Act.TOOL_FILL].isChecked()
        assert window.size() == sizes[0]

    play(first, [str(photos[0].parent)])
    assert load_settings()[0].recent_paths == (str(photos[0].parent),)
    play(second, [str(photos[0].parent)])


def test_damaged_layout_does_not_stop_the_start(play, photos: list[Path]) -> None:  # type: ignore[no-untyped-def]
    store = QSettings("ade-mask-studio", "window")
    store.setValue("geometry", "foo")
    store.setValue("state", ["1", "2"])
    store.sync()

    def script(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)
        assert not window.image_list.isHidden()

    play(script, [str(photos[0])])


def test_published_model_is_fetched_and_used_and_the_old_one_answers_until_then(  # type: ignore[no-untyped-def]
    play, photos: list[Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name = "bisenetformer-s-ade"
    drawn = load_tensors(random_model(name, tmp_path).weights())
    torch.save({key: torch.from_numpy(value) for key, value in drawn.items()}, tmp_path / "model_final.pth")
    web = Web(content=(tmp_path / "model_final.pth").read_bytes())

    def choose_model(window: MainWindow, text: str) -> None:
        menu = window.model_button.menu()
        (entry,) = (action for action in menu.actions() if action.text() == text)
        click_entry(menu, entry)

    def script(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)
        yield post(lambda: QTest.mouseClick(window.model_button, Qt.MouseButton.LeftButton))
        yield window.model_button.menu().isVisible
        yield post(lambda: choose_model(window, f"{name} (not on this machine)…"))
        dialog = yield from opened(ModelDialog)
        assert window.desk.choice.model == "starter"
        yield post(lambda: click_button(dialog, "Fetch, about 52.6 MB"))
        yield lambda: find_card(name).file is not None and window.models.fetches.is_idle()
        assert window.desk.choice.model == "starter"
        yield post(lambda: click_button(dialog, "Use this model"))
        yield lambda: window.desk.choice.model == name
        yield post(lambda: click_button(dialog, "Close"))
        yield lambda: shown(window).model == name

    with serving(web):
        monkeypatch.setenv(MIRROR_VARIABLE, web.address)
        play(script, [str(path) for path in photos])
    assert web.paths == [f"/{name}/model_final.pth"]


def test_model_card_can_be_read_and_closed(play, photos: list[Path]) -> None:  # type: ignore[no-untyped-def]
    def script(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)
        yield post(window.actions_by_id[Act.MODELS].trigger)
        dialog = yield from opened(ModelDialog)
        (text,) = dialog.findChildren(QTextBrowser)
        for part in ("starter", "How good it is", "190 indoor and mixed photos", "288 pixels", "Licence"):
            assert part in text.toPlainText()
        assert text.horizontalScrollBar().maximum() == 0
        yield post(lambda: click_button(dialog, "Close"))
        yield lambda: dialog_of(ModelDialog) is None

    play(script, [str(photos[0])])


def test_crash_is_written_down_and_work_goes_on(play, photos: list[Path], capfd: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    def script(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)
        try:
            raise RuntimeError("a defect for the test")
        except RuntimeError as error:
            sys.excepthook(type(error), error, error.__traceback__)
        assert "your corrections are kept" in window.status.text()
        path = Path(window.status.text().rsplit(" in ", 1)[1].rstrip("."))
        assert "a defect for the test" in path.read_text()
        key(window, Qt.Key.Key_B)
        drag(window.canvas, [at(window, 50, 50), at(window, 90, 70)])
        assert shown(window).has_corrections

    play(script, [str(path) for path in photos])
    assert "a defect for the test" in capfd.readouterr().err


def test_full_screen_and_back(play, photos: list[Path]) -> None:  # type: ignore[no-untyped-def]
    def script(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)
        action = window.actions_by_id[Act.FULL_SCREEN]
        key(window, Qt.Key.Key_F11)
        yield window.isFullScreen
        assert action.isChecked()
        key(window, Qt.Key.Key_F11)
        yield lambda: not window.isFullScreen()
        assert not action.isChecked()

    play(script, [str(photos[0])])


def test_dropping_photos_and_the_recent_menu(play, photos: list[Path]) -> None:  # type: ignore[no-untyped-def]
    def script(window: MainWindow) -> Script:
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(photos[2])), QUrl.fromLocalFile(str(photos[0]))])
        position = window.canvas.rect().center()
        none, copy = Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
        enter = QDragEnterEvent(position, copy, data, Qt.MouseButton.LeftButton, none)
        QApplication.sendEvent(window, enter)
        assert enter.isAccepted()
        drop = QDropEvent(QPointF(position), copy, data, Qt.MouseButton.LeftButton, none)
        QApplication.sendEvent(window, drop)
        yield has_masks(window, photos[2].name)  # the first that was dropped is shown
        assert set(window.desk.pictures) == {photos[0], photos[2]}
        recent = next(menu for menu in window.findChildren(QMenu) if menu.title() == "Open recent")
        assert [action.toolTip() for action in recent.actions()] == [str(photos[0].parent)]
        recent.actions()[0].trigger()
        yield lambda: len(window.desk.pictures) == 3
        yield has_masks(window, photos[2].name)  # the picture in hand stays

    play(script, [])


def test_one_bad_path_refuses_only_itself(play, photos: list[Path], tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    def script(window: MainWindow) -> Script:
        yield has_masks(window, photos[1].name)
        assert window.desk.pictures == [photos[1]]
        assert "missing.jpg" in window.status.text()

    play(script, [str(tmp_path / "missing.jpg"), str(photos[1])])


@pytest.mark.usefixtures("no_project")
def test_work_is_saved_when_something_breaks(play, photos: list[Path], capfd: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    def script(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)
        key(window, Qt.Key.Key_B)
        drag(window.canvas, [at(window, 50, 50), at(window, 90, 70)])
        painted = shown(window).labels()
        for _ in range(2):
            error = RuntimeError("a defect for the test")
            sys.excepthook(type(error), error, None)
        rescued = list(platformdirs.user_data_path("ade-mask-studio", appauthor=False).glob("rescued/*/*.png"))
        assert len(rescued) == 1  # each state once
        np.testing.assert_array_equal(read_labels(rescued[0]), painted)
        assert window.session.unexported() == [photos[0]]

    play(script, [str(path) for path in photos])
    assert "a defect for the test" in capfd.readouterr().err
