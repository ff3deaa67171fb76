"""The main job in the real window: open photos, see masks, drag the threshold, correct, export, read the files back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QMessageBox, QWidget

from app.chrome.actions import Act
from app.core.document import ViewMode
from app.core.pictures import PictureStatus
from app.dialogs import SummaryDialog
from app.main_window import MainWindow
from app.panels.legend import UNREADABLE
from app.panels.threshold import ScoreSlider
from tests.e2e.acts import at, export_dialog, export_to, has_masks, key, labels_everywhere, shown
from tests.e2e.story import Script, click_button, dialog_of, drag, opened, post
from tests.e2e.tool_steps import innermost

pytestmark = pytest.mark.slow


def drag_the_threshold(window: MainWindow) -> None:
    """With the real mouse, to almost 1, and back by the session."""
    document = shown(window)
    slider = window.threshold_panel.findChild(ScoreSlider)
    assert slider is not None
    before = document.labels()
    y = slider.height() // 2
    middle, right = QPoint(slider.width() // 2, y), QPoint(slider.width() - 2, y)
    drag(slider, [middle, QPoint((middle.x() + right.x()) // 2, middle.y()), right])
    assert document.threshold > 0.9
    assert (document.labels() == 0).sum() >= (before == 0).sum()
    window.session.set_threshold(0.5)


def relabel_by_synonym(window: MainWindow) -> Script:
    """A segment of the largest class becomes a sofa, found as "couch"."""
    document = shown(window)
    segment_map = document.segment_map
    assert segment_map is not None
    x, y = innermost(document.labels() == 1 + int(document.areas()[1:].argmax()))
    segment = segment_map.shown() == segment_map.code_at(x, y)
    key(window, Qt.Key.Key_R)
    key(window, Qt.Key.Key_C)
    yield lambda: window.tool_options.picker.isVisible()
    search = window.tool_options.picker.findChild(QLineEdit)
    assert search is not None
    QTest.keyClicks(search, "couch")
    QTest.keyClick(search, Qt.Key.Key_Return)
    assert window.session.current_class == 24  # sofa
    QTest.mouseClick(window.canvas, Qt.MouseButton.LeftButton, pos=at(window, x, y))
    assert (document.labels()[segment] == 24).all()


def paint_erase_undo_redo(window: MainWindow) -> None:
    """A brush stroke, one with the right button, and the last one back and forth."""
    document = shown(window)
    key(window, Qt.Key.Key_B)
    window.session.set_brush_size(9)
    window.session.set_current_class(13)
    drag(window.canvas, [at(window, 40, 40), at(window, 80, 40), at(window, 120, 60)])
    labels = document.labels()
    assert labels[40, 40] == labels[40, 60] == labels[60, 120] == 13
    drag(window.canvas, [at(window, 40, 80), at(window, 100, 80)], Qt.MouseButton.RightButton)
    after = document.labels()
    assert after[80, 70] == 0
    key(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert document.labels()[80, 70] == labels[80, 70]
    key(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    np.testing.assert_array_equal(document.labels(), after)
    assert window.isWindowModified()


def test_open_threshold_correct_export(play, photos: list[Path], tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    out = tmp_path / "labels"

    def script(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)
        assert shown(window).threshold == 0.5
        assert shown(window).areas()[1:].sum() > 0
        drag_the_threshold(window)
        yield from relabel_by_synonym(window)
        paint_erase_undo_redo(window)
        yield from export_to(window, out)
        np.testing.assert_array_equal(labels_everywhere(out / f"{photos[0].stem}.png"), shown(window).labels())
        assert not window.isWindowModified()

    play(script, [str(path) for path in photos])


def test_export_all_asks_once_about_existing_files(play, photos: list[Path], tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    out = tmp_path / "labels"
    out.mkdir()
    (out / f"{photos[1].stem}.png").write_bytes(b"somebody's work")
    broken = photos[0].parent / "zz_broken.jpg"
    broken.write_bytes(photos[0].read_bytes()[:200])

    def script(window: MainWindow) -> Script:
        yield has_masks(window)
        dialog, folder = yield from export_dialog(window, Act.EXPORT_ALL)
        folder.setText(str(out))
        yield post(lambda: click_button(dialog, "Export"))
        box = yield from opened(QMessageBox)
        assert "already exist" in box.text()
        click_button(box, "Skip existing")
        summary = yield from opened(SummaryDialog)
        summary.accept()

    play(script, [str(photos[0].parent)])
    assert (out / f"{photos[1].stem}.png").read_bytes() == b"somebody's work"
    for photo in (photos[0], photos[2]):
        with Image.open(photo) as image:
            assert labels_everywhere(out / f"{photo.stem}.png").shape == (image.height, image.width)
    assert not (out / "zz_broken.png").exists()
    assert sorted(path.name for path in out.iterdir()) == sorted(f"{photo.stem}.png" for photo in photos)


def test_closing_never_loses_corrections_silently(play, photos: list[Path]) -> None:  # type: ignore[no-untyped-def]
    def script(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)
        key(window, Qt.Key.Key_G)
        window.session.set_current_class(5)
        QTest.mouseClick(window.canvas, Qt.MouseButton.LeftButton, pos=at(window, 100, 100))
        painted = shown(window).labels()
        assert painted[100, 100] == 5

        key(window, Qt.Key.Key_PageDown)
        yield has_masks(window, photos[1].name)
        key(window, Qt.Key.Key_PageUp)
        yield has_masks(window, photos[0].name)
        np.testing.assert_array_equal(shown(window).labels(), painted)

        yield post(window.close)
        box = yield from opened(QMessageBox)
        assert photos[0].name in box.text()
        click_button(box, "Cancel")
        yield lambda: dialog_of(QMessageBox) is None
        assert window.isVisible()
        np.testing.assert_array_equal(shown(window).labels(), painted)

    play(script, [str(path) for path in photos])


def test_semantic_view_labels_every_pixel_and_human_pixels_stay(play, photos: list[Path]) -> None:  # type: ignore[no-untyped-def]
    def script(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)
        key(window, Qt.Key.Key_E)
        drag(window.canvas, [at(window, 50, 50), at(window, 60, 50)])
        key(window, Qt.Key.Key_M)
        assert window.session.mode is ViewMode.SEMANTIC
        yield has_masks(window, photos[0].name)
        labels = shown(window).labels()
        assert labels[50, 55] == 0
        human = shown(window).segment_map.human != 0
        assert (labels[~human] > 0).all()
        key(window, Qt.Key.Key_M)
        yield has_masks(window, photos[0].name)
        assert shown(window).labels()[50, 55] == 0

    play(script, [str(path) for path in photos])


def test_unreadable_pictures_are_listed_with_the_reason(play, photos: list[Path], tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    empty = photos[0].parent / "0_empty.jpg"
    empty.write_bytes(b"")
    text = photos[0].parent / "0_text.png"
    text.write_text("not a picture")

    def script(window: MainWindow) -> Script:
        yield lambda: window.desk.folder.problem(empty)
        assert window.session.document is not None
        assert window.session.document.photo is None
        assert "0_empty.jpg" in window.desk.folder.problem(empty)
        assert window.legend.view.empty_text == UNREADABLE
        key(window, Qt.Key.Key_Escape)
        sign = window.canvas.signs.problem
        assert sign.isVisible()
        assert not sign.dismiss.isVisible()
        yield lambda: window.desk.folder.problem(text)
        key(window, Qt.Key.Key_PageDown)  # passes over the other one that cannot be read
        yield has_masks(window, photos[0].name)
        assert window.desk.folder.status(text) is PictureStatus.UNREADABLE
        assert not sign.isVisible()

    play(script, [str(photos[0].parent)])


def test_window_opens_empty_and_says_when_a_folder_has_no_photo(play, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "notes.txt").write_text("nothing to see")

    def script(window: MainWindow) -> Script:
        yield lambda: "no photo" in window.status.text()
        assert window.session.document is None
        assert not window.actions_by_id[Act.EXPORT].isEnabled()
        missing = tmp_path / "missing.jpg"
        window.opening.open([missing])
        yield lambda: "missing.jpg" in window.status.text()

    play(script, [str(tmp_path)])


def test_holding_the_key_shows_the_bare_photo(play, photos: list[Path]) -> None:  # type: ignore[no-untyped-def]
    def picture(widget: QWidget) -> np.ndarray:
        image = widget.grab().toImage()
        return np.frombuffer(image.constBits(), np.uint8).copy()

    def script(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)
        window.session.set_overlay(opacity=1.0)
        with_labels = picture(window.canvas)
        QTest.keyPress(window.canvas, Qt.Key.Key_V)
        bare = picture(window.canvas)
        QTest.keyRelease(window.canvas, Qt.Key.Key_V)
        again = picture(window.canvas)
        assert (bare != with_labels).mean() > 0.1
        np.testing.assert_array_equal(again, with_labels)

    play(script, [str(path) for path in photos])
