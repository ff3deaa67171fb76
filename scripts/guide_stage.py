"""A real window without a screen, and a hand that works in it with mouse and keys, for the pictures of the guide."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Sequence
from itertools import chain, pairwise
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QPoint, QPointF, QRect, QSettings, Qt, QTimer
from PySide6.QtGui import QImage, QKeySequence, QMouseEvent, QPainter, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QDockWidget, QToolBar

from app.core.document import Document
from app.main_window import MainWindow
from app.panels.icons import icon
from app.settings import Settings
from app.tools.base import Tool

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
PATIENCE = 60.0  # seconds
NOTCH = 120
REPORTS = 6  # of a mouse on its way from one place to the next
EDGE = 36  # logical pixels, of the controls above and beside the photo
EXACT = 80  # of their colours are kept as they are
TRIES = (  # colours beside them and how they are mixed: the first with which a picture is small enough
    (160, Image.Dither.FLOYDSTEINBERG),
    (96, Image.Dither.FLOYDSTEINBERG),
    (80, Image.Dither.NONE),
    (48, Image.Dither.NONE),
    (32, Image.Dither.NONE),
)

Place = tuple[float, float]
"""A point of the photo as shares of its width and height, 0..1."""


class Stage:
    """One window on one list of photos."""

    def __init__(self, photos: Sequence[Path], settings: Settings, size: tuple[int, int]) -> None:
        QSettings("ade-mask-studio", "window").clear()  # every window looks as at a first start
        self.window = MainWindow(settings)
        self.window.resize(*size)
        room = self.window.screen().availableGeometry()
        self.window.move(min(0, room.width() - size[0]), 0)  # popups keep to the screen, and most are on the right
        self.window.show()
        self.window.activateWindow()
        self.canvas = self.window.canvas
        self._dialog: QImage | None = None
        self.window.opening.open(photos)
        self.wait_for_masks(photos[0])

    def close(self) -> None:
        self.window.session.close_all()
        self.window.close()
        self.window.deleteLater()

    # --- waiting ------------------------------------------------------------------------------------------------------

    def wait(self, condition: Callable[[], object]) -> None:
        """Let the application work until `condition` holds and nothing is under way."""
        deadline = time.monotonic() + PATIENCE
        calm = 0
        while calm < 20:  # rounds, until everything is laid out
            QApplication.processEvents()
            calm = calm + 1 if condition() and self.window.desk.idle else 0
            if time.monotonic() > deadline:
                raise TimeoutError("The window did not come to rest.")
            if not calm:
                QTest.qWait(5)

    def rest(self, milliseconds: int = 250) -> None:
        """Let what waits for the hand to rest happen: names, areas in the legend."""
        QTest.qWait(milliseconds)
        self.wait(lambda: True)

    def wait_for_masks(self, path: Path) -> None:
        def masked() -> bool:
            document = self.window.session.document
            return document is not None and document.path == path and document.layer_mode is not None

        self.wait(masked)

    def wait_for_note(self, start: str) -> None:
        """Until the row above the picture says something that begins so."""
        self.wait(lambda: self.window.tool_options.hint.text().startswith(start))

    @property
    def tool(self) -> Tool:
        tool = self.canvas.tool
        assert tool is not None
        return tool

    # --- the hand -----------------------------------------------------------------------------------------------------

    @property
    def document(self) -> Document:
        document = self.window.session.document
        assert document is not None
        return document

    def at(self, place: Place) -> QPoint:
        """Where a place of the photo is on the canvas."""
        photo, viewport = self.document.photo, self.canvas.viewport
        assert photo is not None
        assert viewport is not None
        across, down = viewport.to_view(place[0] * photo.shape[1], place[1] * photo.shape[0])
        return QPoint(int(across), int(down))

    def press(self, place: Place, button: Qt.MouseButton = LEFT) -> None:
        QTest.mousePress(self.canvas, button, NONE, self.at(place))

    def move(self, place: Place, *, held: Qt.KeyboardModifier = NONE) -> None:
        position = QPointF(self.at(place))
        nothing = Qt.MouseButton.NoButton
        everywhere = QPointF(self.canvas.mapToGlobal(position))
        QApplication.sendEvent(
            self.canvas, QMouseEvent(QMouseEvent.Type.MouseMove, position, everywhere, nothing, nothing, held)
        )
        QApplication.processEvents()

    def drag(self, *places: Place, button: Qt.MouseButton = LEFT, release: bool = True) -> None:
        """Press at the first place, go to the others, and let go at the last one unless it is not to be released."""
        self.move(places[0])
        self.press(places[0], button)
        for (x, y), (to_x, to_y) in pairwise(places):
            for step in range(1, REPORTS + 1):
                share = step / REPORTS
                self.move((x + (to_x - x) * share, y + (to_y - y) * share))
        if release:
            QTest.mouseRelease(self.canvas, button, NONE, self.at(places[-1]))

    def click(self, place: Place, button: Qt.MouseButton = LEFT) -> None:
        self.move(place)
        QTest.mouseClick(self.canvas, button, NONE, self.at(place))

    def key(self, keys: str) -> None:
        """Press a shortcut, written as in the list of shortcuts."""
        QTest.keySequence(self.canvas, QKeySequence(keys))
        QApplication.processEvents()

    def closer(self, place: Place, notches: int) -> None:
        """Turn the wheel over a place of the photo."""
        position = QPointF(self.at(place))
        event = QWheelEvent(
            position,
            QPointF(self.canvas.mapToGlobal(position)),
            QPoint(),
            QPoint(0, NOTCH * notches),
            Qt.MouseButton.NoButton,
            NONE,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(self.canvas, event)
        QApplication.processEvents()

    def look_at_dialog(self, ask: Callable[[], None], *, ready: Callable[[QDialog], object]) -> QRect:
        """Have a question asked that waits for its answer, look at it once it is `ready`, and cancel it."""
        timer = QTimer(self.window, interval=20)

        def look() -> None:
            dialog = QApplication.activeModalWidget()
            if isinstance(dialog, QDialog) and ready(dialog):
                timer.stop()
                self._dialog = dialog.grab().toImage()
                dialog.reject()

        timer.timeout.connect(look)
        timer.start()
        ask()
        assert self._dialog is not None
        return self._dialog.rect()

    def look_at(self, dialog: QDialog) -> QRect:
        """Look at a dialog that waits for no answer, and close it."""
        self.wait(lambda: True)
        self._dialog = dialog.grab().toImage()
        dialog.close()
        return self._dialog.rect()

    def close_panels(self) -> None:
        """More room for the picture."""
        for dock in self.window.findChildren(QDockWidget):
            dock.close()
        self.rest()
        self.key("F")

    # --- the picture --------------------------------------------------------------------------------------------------

    def picture(self) -> QImage:
        """The window as it is seen, pointer included, and what popped up over it; or the dialog that asked last."""
        if self._dialog is not None:
            return self._dialog
        self.wait(lambda: True)
        self.window.status.show_seconds(None)  # it differs from run to run
        popup = QApplication.activePopupWidget()
        image = self.window.grab().toImage()
        painter = QPainter(image)
        if popup is not None:
            at = self.window.mapFromGlobal(popup.mapToGlobal(QPoint(0, 0)))
            at.setX(min(at.x(), self.window.width() - popup.width() - 4))  # as at the right side of a screen
            painter.drawPixmap(at, popup.grab())
        else:
            self._draw_pointer(painter)
        painter.end()
        return image

    def _draw_pointer(self, painter: QPainter) -> None:
        position, cursor = self.canvas.mouse.position, self.canvas.cursor()
        if position is None:
            return
        at = self.canvas.mapTo(self.window, position.toPoint())
        if not cursor.pixmap().isNull():
            painter.drawPixmap(at - cursor.hotSpot(), cursor.pixmap())
        elif cursor.shape() in (Qt.CursorShape.OpenHandCursor, Qt.CursorShape.ClosedHandCursor):
            painter.drawPixmap(at - QPoint(12, 12), icon("pan").pixmap(24, 24))

    def working_part(self) -> QRect:
        """The window without its menus and the main toolbar: what a tool needs, tool bar to status bar."""
        row = self.window.findChild(QToolBar, "toolbar-tool-options")
        assert row is not None
        return QRect(0, row.y(), self.window.width(), self.window.height() - row.y())

    def whole(self) -> QRect:
        return self.window.rect()

    def dock_part(self, name: str, *, height: int) -> QRect:
        """The upper part of a panel."""
        dock = self.window.findChild(QDockWidget, f"dock-{name}")
        assert dock is not None
        return QRect(dock.x() - 4, dock.y() - 4, dock.width() + 4, height)


def save(image: QImage, file: Path, *, part: QRect, most_bytes: int = 190_000) -> None:
    """Write a part of a picture with so few colours that the file stays small."""
    image = image.copy(part).convertToFormat(QImage.Format.Format_RGB888)
    pixels = Image.frombuffer(
        "RGB", (image.width(), image.height()), bytes(image.constBits()), "raw", "RGB", image.bytesPerLine(), 1
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    for colours, dither in TRIES:
        data = io.BytesIO()
        _with_few_colours(pixels, colours, dither).save(data, "PNG", optimize=True)
        if data.tell() <= most_bytes:
            break
    file.write_bytes(data.getvalue())


def _with_few_colours(pixels: Image.Image, count: int, dither: Image.Dither) -> Image.Image:
    """Colours of the controls above and beside the photo stay as they are, the others make do with few."""
    edges = (pixels.crop((0, 0, pixels.width, EDGE)), pixels.crop((0, 0, EDGE, pixels.height)))
    exact: dict[tuple[int, ...], None] = {}
    for edge in edges:
        frequent = sorted(edge.getcolors(maxcolors=edge.width * edge.height) or (), reverse=True)
        exact.update((colour, None) for _, colour in frequent[: EXACT // 2] if isinstance(colour, tuple))
    rare, usual = (
        pixels.quantize(part, method=method, dither=Image.Dither.NONE).getpalette() or []
        for part, method in ((count // 3, Image.Quantize.MAXCOVERAGE), (count - count // 3, Image.Quantize.MEDIANCUT))
    )
    known = Image.new("P", (1, 1))
    known.putpalette([*chain(*exact), *rare[: count // 3 * 3], *usual[: (count - count // 3) * 3]])
    return pixels.quantize(palette=known, dither=dither)
