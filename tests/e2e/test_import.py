"""Labels that exist already: brought in through the real window, corrected by nobody, and written as they were."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from app.chrome.actions import Act
from app.core.ade_png import write_labels
from app.dialogs import SummaryDialog
from app.importing.dialog import ImportDialog, ImportReport
from app.main_window import MainWindow
from app.panels.ticks import TickBox
from tests.e2e.acts import active, export_dialog, has_masks, key, labels_everywhere, shown, undo
from tests.e2e.story import Script, Wait, click_button, opened, post

pytestmark = pytest.mark.slow


@pytest.fixture
def labels(photos: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[Path, np.ndarray]:
    """Labels of every class for the photos, unlabelled pixels among them, in the folder that will be chosen."""
    folder = tmp_path / "existing"
    folder.mkdir()
    made = {}
    rng = np.random.default_rng(11)
    for photo in photos:
        with Image.open(photo) as image:
            made[photo] = rng.integers(0, 151, (image.height, image.width), dtype=np.uint8)
        made[photo][:40] = 0
        write_labels(folder / f"{photo.stem}.png", made[photo])
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    return made


def look(window: MainWindow) -> Generator[Wait, None, ImportDialog]:
    """Open the dialog by its key and choose the folder there."""
    yield post(lambda: key(window, Qt.Key.Key_I, Qt.KeyboardModifier.ControlModifier))
    dialog = yield from opened(ImportDialog)
    yield post(lambda: click_button(dialog, "Folder…"))
    yield lambda: "cannot" in said(dialog) or "hold" in said(dialog)
    return dialog


def said(dialog: ImportDialog) -> str:
    return dialog._status.text()


def export_all(window: MainWindow, folder: Path) -> Script:
    dialog, field = yield from export_dialog(window, Act.EXPORT_ALL)
    field.setText(str(folder))
    yield post(lambda: click_button(dialog, "Export"))
    summary = yield from opened(SummaryDialog)
    summary.accept()
    yield active(window)


def check_files(folder: Path, labels: dict[Path, np.ndarray]) -> None:
    """What was exported is what was brought in."""
    for photo, expected in labels.items():
        np.testing.assert_array_equal(labels_everywhere(folder / f"{photo.stem}.png"), expected)


def test_what_is_brought_in_is_written_as_it_was_and_undo_gives_the_networks_labels_back(
    play,  # type: ignore[no-untyped-def]
    photos: list[Path],
    labels: dict[Path, np.ndarray],
    tmp_path: Path,
) -> None:
    by_network: list[np.ndarray] = []

    def script(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)
        yield lambda: window.desk.idle
        by_network.append(shown(window).labels())
        assert window.session.find(photos[2]) is None  # nobody has opened it
        dialog = yield from look(window)
        assert said(dialog) == "3 files hold ADE labels that fit as they are."
        yield post(lambda: click_button(dialog, "Import into 3 pictures"))
        yield lambda: window.status.text() == "Labels brought into 3 pictures."
        np.testing.assert_array_equal(shown(window).labels(), labels[photos[0]])
        assert window.session.find(photos[2]) is None
        yield from export_all(window, tmp_path / "out")
        undo(window)
        yield lambda: not shown(window).has_corrections
        np.testing.assert_array_equal(shown(window).labels(), by_network[0])
        window.desk.show(photos[2])
        yield has_masks(window, photos[2].name)
        np.testing.assert_array_equal(shown(window).labels(), labels[photos[2]])
        undo(window)
        yield lambda: not shown(window).has_corrections
        assert shown(window).areas()[1:].sum() > 0  # of the network
        yield lambda: window.desk.idle

    play(script, [str(photos[0].parent)])
    check_files(tmp_path / "out", labels)


def test_the_next_start_has_them_too(
    play,  # type: ignore[no-untyped-def]
    photos: list[Path],
    labels: dict[Path, np.ndarray],
    tmp_path: Path,
) -> None:
    def first(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)
        dialog = yield from look(window)
        yield post(lambda: click_button(dialog, "Import into 3 pictures"))
        yield lambda: "3 pictures" in window.status.text()

    def second(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)
        np.testing.assert_array_equal(shown(window).labels(), labels[photos[0]])
        yield from export_all(window, tmp_path / "out")

    play(first, [str(photos[0].parent)])
    play(second, [str(photos[0].parent)])
    check_files(tmp_path / "out", labels)


def test_other_kinds_are_told_and_converted_on_request_only(
    play,  # type: ignore[no-untyped-def]
    photos: list[Path],
    labels: dict[Path, np.ndarray],
    tmp_path: Path,
) -> None:
    from_zero = np.where(labels[photos[0]] == 0, 255, labels[photos[0]] - 1).astype(np.uint8)
    files = [tmp_path / "existing" / f"{photo.stem}.png" for photo in photos]
    cv2.imwrite(str(files[0]), from_zero)
    cv2.imwrite(str(files[1]), np.zeros((9, 100), np.uint8))
    files[2].unlink()

    def script(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)
        dialog = yield from look(window)
        assert said(dialog) == "1 can be converted, 1 cannot be used."
        (tick,) = dialog.findChildren(TickBox)
        assert not tick.isChecked()
        assert "from 0" in tick.accessibleDescription()
        QTest.mouseClick(tick, Qt.MouseButton.LeftButton, pos=tick.rect().center() / 8)
        assert tick.isChecked()
        yield post(lambda: click_button(dialog, "Import into 1 picture"))
        yield lambda: window.status.text() == f"Labels brought into {photos[0].name}."
        np.testing.assert_array_equal(shown(window).labels(), labels[photos[0]])

    play(script, [str(photos[0].parent)])


def test_what_could_not_be_brought_in_is_said_at_the_end(
    play,  # type: ignore[no-untyped-def]
    photos: list[Path],
    labels: dict[Path, np.ndarray],
    tmp_path: Path,
) -> None:
    def script(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)
        dialog = yield from look(window)
        (tmp_path / "existing" / f"{photos[1].stem}.png").unlink()
        yield post(lambda: click_button(dialog, "Import into 3 pictures"))
        report = yield from opened(ImportReport)
        click_button(report, "Done")
        assert window.status.text() == "Labels brought into 2 pictures, 1 could not be used."

    play(script, [str(photos[0].parent)])


def test_closing_the_window_in_the_middle_keeps_what_is_done(
    play,  # type: ignore[no-untyped-def]
    photos: list[Path],
    labels: dict[Path, np.ndarray],
) -> None:
    def first(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)
        yield lambda: window.desk.idle
        dialog = yield from look(window)
        yield post(lambda: click_button(dialog, "Import into 3 pictures"))
        yield lambda: shown(window).has_corrections
        yield post(window.close)
        yield lambda: not window.isVisible()

    def second(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)
        np.testing.assert_array_equal(shown(window).labels(), labels[photos[0]])
        for photo in photos[1:]:
            window.desk.show(photo)
            yield has_masks(window, photo.name)
            if shown(window).has_corrections:  # all of it or nothing
                np.testing.assert_array_equal(shown(window).labels(), labels[photo])

    play(first, [str(photos[0].parent)])
    play(second, [str(photos[0].parent)])
