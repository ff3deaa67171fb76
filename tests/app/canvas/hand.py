"""A hand for the tests: wheel, drag and leave as real events, and where a point of the canvas lies in the image."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.canvas.canvas import Canvas
from app.editing.session import Session
from app.tools import make_tool
from app.tools.base import Tool

LEFT, MIDDLE, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
NONE, SHIFT, CTRL, ALT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)


def take(canvas: Canvas, session: Session, tool_id: str) -> Tool:
    """Take a tool in hand."""
    tool = make_tool(tool_id, session)
    canvas.set_tool(tool)
    return tool


def wheel(canvas: Canvas, at: QPoint, notches: float, modifiers: Qt.KeyboardModifier = NONE) -> None:
    turned = QPoint(0, round(120 * notches))
    event = QWheelEvent(
        QPointF(at),
        QPointF(canvas.mapToGlobal(at)),
        QPoint(),
        turned,
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


def drag(canvas: Canvas, points: list[QPoint], button: Qt.MouseButton = LEFT, *, release: bool = True) -> None:
    QTest.mousePress(canvas, button, NONE, points[0])
    for point in points[1:]:
        QTest.mouseMove(canvas, point)
    if release:
        QTest.mouseRelease(canvas, button, NONE, points[-1])


def drag_holding(
    canvas: Canvas,
    points: list[QPoint],
    modifiers: Qt.KeyboardModifier,
    button: Qt.MouseButton = LEFT,
    *,
    release: bool = True,
) -> None:
    """Drag while keys are held: `QTest.mouseMove` knows none."""
    QTest.mousePress(canvas, button, modifiers, points[0])
    for point in points[1:]:
        at, everywhere = QPointF(point), QPointF(canvas.mapToGlobal(point))
        nothing = Qt.MouseButton.NoButton
        event = QMouseEvent(QEvent.Type.MouseMove, at, everywhere, nothing, button, modifiers)
        QApplication.sendEvent(canvas, event)
    if release:
        QTest.mouseRelease(canvas, button, modifiers, points[-1])


def leave(canvas: Canvas) -> None:
    QCoreApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))


def seen(canvas: Canvas, at: QPoint) -> tuple[float, float]:
    """The image position in the middle of a device pixel."""
    assert canvas.viewport is not None
    return canvas.viewport.to_photo(at.x() + 0.5, at.y() + 0.5)
