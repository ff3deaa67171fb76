"""What every story does and looks at: the picture on screen, keys, the export and its files."""

from __future__ import annotations

import struct
from collections.abc import Generator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from app.chrome.actions import Act
from app.core.document import Document
from app.dialogs import ExportDialog
from app.main_window import MainWindow
from tests.app.canvas.scene import spot
from tests.e2e.story import Script, Wait, click_button, opened, post


def shown(window: MainWindow) -> Document:
    document = window.session.document
    assert document is not None
    return document


def has_masks(window: MainWindow, name: str | None = None) -> Wait:
    """Whether the picture, or the one of this name, is on screen with all that the network said."""

    def ready() -> bool:
        document = window.session.document
        return (
            document is not None
            and (name is None or document.path.name == name)
            and document.segment_map is not None
            and document.layer_mode is window.session.mode
        )

    return ready


def at(window: MainWindow, x: float, y: float) -> QPoint:
    """The place of the canvas that shows the middle of a photo's pixel."""
    return spot(window.canvas, x + 0.5, y + 0.5)


def key(window: MainWindow, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(window.canvas, key, modifiers)


def undo(window: MainWindow) -> None:
    key(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)


def active(window: MainWindow) -> Wait:
    """Without a window manager nobody gives the keyboard back to the window when a popup or a dialog closes."""
    window.activateWindow()
    return window.isActiveWindow


def export_dialog(window: MainWindow, act: Act) -> Generator[Wait, None, tuple[ExportDialog, QLineEdit]]:
    """Open the dialog by its action; the field is that of the folder."""
    yield post(window.actions_by_id[act].trigger)
    return (yield from export_field())


def export_field() -> Generator[Wait, None, tuple[ExportDialog, QLineEdit]]:
    """The open dialog and its field of the folder."""
    dialog = yield from opened(ExportDialog)
    field = dialog.findChild(QLineEdit)
    assert field is not None
    return dialog, field


def export_to(window: MainWindow, folder: Path) -> Script:
    """This picture, by the action and the dialog."""
    dialog, field = yield from export_dialog(window, Act.EXPORT)
    field.selectAll()
    QTest.keyClicks(field, str(folder))
    click_button(dialog, "Export")
    yield lambda: window.session.is_exported(shown(window).path)


def png_header(path: Path) -> tuple[int, int, int, int]:
    """(width, height, bit depth, colour type) read from the IHDR chunk itself."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert data[12:16] == b"IHDR"
    return struct.unpack(">IIBB", data[16:26])  # type: ignore[return-value]


def labels_everywhere(path: Path) -> np.ndarray:
    """The labels of an exported file, read by OpenCV and Pillow alike."""
    width, height, depth, colour_type = png_header(path)
    assert (depth, colour_type) == (8, 0)
    by_opencv = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    with Image.open(path) as image:
        assert image.mode == "L"
        by_pillow = np.asarray(image)
    np.testing.assert_array_equal(by_opencv, by_pillow)
    assert by_pillow.shape == (height, width)
    assert by_pillow.max() <= 150
    return by_pillow
