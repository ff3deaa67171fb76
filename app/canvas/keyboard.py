"""The picture without a mouse: arrows move it, Ctrl + arrows move the pointer over it, Return presses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent

if TYPE_CHECKING:
    from app.canvas.canvas import Canvas

PAN = 64  # logical pixels
STEP, LEAP = 1, 16  # image pixels; LEAP with Shift
_DIRECTIONS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


def use_key(canvas: Canvas, event: QKeyEvent) -> bool:
    """Move the picture or the pointer, or click, as the mouse would; False when the key means something else.

    Return accepts what the tool offers; with nothing to accept, or with Ctrl, it is the left button, and with Shift the
    right one: every tool works without a mouse. Backspace takes the last point back.
    """
    if canvas.viewport is None:
        return False
    shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
    direction = _DIRECTIONS.get(Qt.Key(event.key()))
    if direction is not None and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
        canvas.pan_by(-PAN * direction[0], -PAN * direction[1])
        return True
    if direction is not None:
        step = max(1.0, (LEAP if shift else STEP) * canvas.viewport.scale / canvas.devicePixelRatioF())
        at = _position(canvas) + QPointF(direction[0] * step, direction[1] * step)
        inside = QPointF(min(max(at.x(), 0.0), canvas.width() - 1.0), min(max(at.y(), 0.0), canvas.height() - 1.0))
        _send(canvas, QEvent.Type.MouseMove, inside, Qt.MouseButton.NoButton)
        return True
    if event.key() == Qt.Key.Key_Backspace:
        return canvas.step_back()
    ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
    if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not (shift or ctrl) and canvas.accept():
        return True
    if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
        button = Qt.MouseButton.RightButton if shift else Qt.MouseButton.LeftButton
        _send(canvas, QEvent.Type.MouseButtonPress, _position(canvas), button)
        _send(canvas, QEvent.Type.MouseButtonRelease, _position(canvas), button)
        return True
    return False


def _position(canvas: Canvas) -> QPointF:
    """Where the pointer is, in logical pixels; the middle of the view when it is not over the picture."""
    at, view = canvas.mouse.position, canvas.viewport
    if at is not None and view is not None:
        x, y = view.to_photo(at.x(), at.y())
        if 0 <= x < view.photo[0] and 0 <= y < view.photo[1]:
            return (at - QPointF(0.5, 0.5)) / canvas.devicePixelRatioF()
    return QPointF(canvas.width() // 2, canvas.height() // 2)


def _send(canvas: Canvas, kind: QEvent.Type, at: QPointF, button: Qt.MouseButton) -> None:
    held = Qt.MouseButton.NoButton if kind != QEvent.Type.MouseButtonPress else button
    modifiers = Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(kind, at, canvas.mapToGlobal(at), button, held, modifiers)
    match kind:
        case QEvent.Type.MouseButtonPress:
            canvas.mousePressEvent(event)
        case QEvent.Type.MouseButtonRelease:
            canvas.mouseReleaseEvent(event)
        case _:
            canvas.mouseMoveEvent(event)
