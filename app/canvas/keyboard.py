"""The picture without a mouse: arrows move it, Ctrl + arrows move the pointer over it, Return is the button.

One rule for every tool. Return clicks; with Shift it is the right button. Ctrl + Return holds the button down instead,
so that Ctrl + arrows drag, until the next Return lets go; where dragging means nothing it is a click as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent

if TYPE_CHECKING:
    from app.canvas.canvas import Canvas

PAN = 64  # logical pixels
STEP, LEAP = 1, 16  # image pixels; LEAP with Shift
_NO_KEYS, _CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
_SHIFT, _ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
_RETURN = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_DIRECTIONS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


def use_key(canvas: Canvas, event: QKeyEvent) -> bool:
    """Move the picture or the pointer, or press as the mouse would; False when the key means something else.

    Return lets go of what is held, else accepts what the tool offers, else clicks. Backspace takes the last point back.
    """
    if canvas.viewport is None:
        return False
    key, modifiers = Qt.Key(event.key()), event.modifiers()
    direction = _DIRECTIONS.get(key)
    if direction is not None and not modifiers & _CTRL:
        canvas.pan_by(-PAN * direction[0], -PAN * direction[1])
        return True
    if direction is not None:
        step = max(1.0, (LEAP if modifiers & _SHIFT else STEP) * canvas.viewport.scale / canvas.devicePixelRatioF())
        at = _position(canvas) + QPointF(direction[0] * step, direction[1] * step)
        inside = QPointF(min(max(at.x(), 0.0), canvas.width() - 1.0), min(max(at.y(), 0.0), canvas.height() - 1.0))
        _send(canvas, QEvent.Type.MouseMove, inside)
        return True
    if key is Qt.Key.Key_Backspace:
        return canvas.step_back()
    if key not in _RETURN:
        return False
    if event.isAutoRepeat():  # a key held down presses once
        return True
    if canvas.mouse.using_tool:
        _let_go(canvas, modifiers & (_SHIFT | _ALT))
    elif modifiers & (_SHIFT | _CTRL) or not canvas.accept():
        _press(canvas, modifiers)
    return True


def _press(canvas: Canvas, modifiers: Qt.KeyboardModifier) -> None:
    """Click, or with Ctrl hold the button down where dragging means something; with Shift the right one."""
    button, at = Qt.MouseButton.RightButton if modifiers & _SHIFT else Qt.MouseButton.LeftButton, _position(canvas)
    _send(canvas, QEvent.Type.MouseButtonPress, at, button)
    if modifiers & _CTRL and canvas.mouse.using_tool and canvas.tool is not None and canvas.tool.drags():
        canvas.signs.say_held(held=True)
    else:
        _send(canvas, QEvent.Type.MouseButtonRelease, at, button)


def _let_go(canvas: Canvas, keys: Qt.KeyboardModifier) -> None:
    """End the drag in hand. Shift and Alt mean what they mean at the end of a drag by mouse: a square, for instance."""
    at = _position(canvas)
    if keys:
        _send(canvas, QEvent.Type.MouseMove, at, keys=keys)
    _send(canvas, QEvent.Type.MouseButtonRelease, at, canvas.mouse.button, keys=keys)


def _position(canvas: Canvas) -> QPointF:
    """Where the pointer is, in logical pixels; the middle of the view when it is not over the picture.

    In a drag it may well be beside the picture: a lasso goes around its corner.
    """
    at, view = canvas.mouse.position, canvas.viewport
    if at is not None and view is not None:
        x, y = view.to_photo(at.x(), at.y())
        if canvas.mouse.using_tool or (0 <= x < view.photo[0] and 0 <= y < view.photo[1]):
            return (at - QPointF(0.5, 0.5)) / canvas.devicePixelRatioF()
    return QPointF(canvas.width() // 2, canvas.height() // 2)


def _send(
    canvas: Canvas,
    kind: QEvent.Type,
    at: QPointF,
    button: Qt.MouseButton = Qt.MouseButton.NoButton,
    *,
    keys: Qt.KeyboardModifier = _NO_KEYS,
) -> None:
    held = Qt.MouseButton.NoButton if kind != QEvent.Type.MouseButtonPress else button
    event = QMouseEvent(kind, at, canvas.mapToGlobal(at), button, held, keys)
    match kind:
        case QEvent.Type.MouseButtonPress:
            canvas.mousePressEvent(event)
        case QEvent.Type.MouseButtonRelease:
            canvas.mouseReleaseEvent(event)
        case _:
            canvas.mouseMoveEvent(event)
