"""Mouse, wheel and pinch: what the hand does, turned into tool gestures in image pixels and into moves of the view."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent, QNativeGestureEvent, QWheelEvent
from PySide6.QtWidgets import QGestureEvent, QPinchGesture

from app.tools.base import Button, Modifier, Pointer, Tool

if TYPE_CHECKING:
    from app.canvas.canvas import Canvas

NOTCH = 120  # Qt's unit for one step of a mouse wheel
_ZOOM_PER_NOTCH = 2 ** (1 / 3)
_SIZE_PER_NOTCH = 1.15
_SIZE_PER_PIXEL = 1.01  # logical pixels of a drag
_FARTHEST = 1000.0  # logical pixels that lead from the smallest brush to beyond the largest
_REACH = 8.0  # logical pixels that a click may be off what it means

_BUTTONS = {Qt.MouseButton.LeftButton: Button.LEFT, Qt.MouseButton.RightButton: Button.RIGHT}
_MODIFIERS = {
    Qt.KeyboardModifier.ShiftModifier: Modifier.SHIFT,
    Qt.KeyboardModifier.ControlModifier: Modifier.CTRL,
    Qt.KeyboardModifier.AltModifier: Modifier.ALT,
}


class _Doing(Enum):
    NOTHING = auto()
    PANNING = auto()
    USING_TOOL = auto()
    SIZING = auto()


class Mouse:
    """The state of the hand over one canvas. At most one gesture runs; other buttons wait until it ends."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._doing = _Doing.NOTHING
        self._button = Qt.MouseButton.NoButton
        self._panned_to = QPointF()
        self._wheel = 0
        self._space = False
        self.position: QPointF | None = None  # device pixels; None while the pointer is elsewhere
        self._modifiers = Modifier.NONE
        self._behind = False  # the tool was not told the newest position
        self._turn = QTimer(canvas, singleShot=True, interval=0)  # of the event loop: it runs until that is reached
        self._turn.timeout.connect(self._catch_up)
        self._pressed: tuple[QPointF, int] = (QPointF(), 0)  # where the brush is being sized, and its size before

    @property
    def panning(self) -> bool:
        """Whether the hand moves the picture, or would with the next press."""
        tool = self._canvas.tool
        return self._doing is _Doing.PANNING or self._space or (tool is not None and tool.pans)

    @property
    def grabbing(self) -> bool:
        return self._doing is _Doing.PANNING

    @property
    def outline_at(self) -> QPointF | None:
        """Where the brush is drawn: at the pointer, but where the drag began while it changes the brush's size."""
        return self._pressed[0] if self._doing is _Doing.SIZING else self.position

    @property
    def using_tool(self) -> bool:
        return self._doing is _Doing.USING_TOOL

    @property
    def button(self) -> Qt.MouseButton:
        """The button that the gesture in hand began with; none between gestures."""
        return self._button

    def press(self, event: QMouseEvent) -> None:
        if self._doing is not _Doing.NOTHING:
            if event.button() is not self._button:
                return
            self.finish()  # its release was swallowed, by a dialog for instance
        self._catch_up()
        self._see(event)
        button = event.button()
        if self._canvas.viewport is None or self.position is None:
            return
        if button is Qt.MouseButton.MiddleButton or (button is Qt.MouseButton.LeftButton and self.panning):
            self._doing, self._button, self._panned_to = _Doing.PANNING, button, self.position
        elif self._sizes(button):
            self._doing, self._button = _Doing.SIZING, button
            self._pressed = (self.position, self._canvas.session.brush_size)
        elif button in _BUTTONS and self._canvas.tool is not None:
            self._canvas.comparing.end()  # nobody paints what cannot be seen
            self._doing, self._button = _Doing.USING_TOOL, button
            self._canvas.guesses.end()
            self._canvas.tool.press(self._pointer())

    def move(self, event: QMouseEvent) -> None:
        self._see(event)
        if self._canvas.viewport is None or self.position is None:
            return
        if self._doing is _Doing.PANNING:
            step = self.position - self._panned_to
            dx, dy = int(step.x()), int(step.y())
            self._panned_to += QPointF(dx, dy)
            self._canvas.look(self._canvas.viewport.panned(dx, dy))
        elif self._doing is _Doing.SIZING:
            dragged = (self.position.x() - self._pressed[0].x()) / self._canvas.devicePixelRatioF()
            dragged = min(max(dragged, -_FARTHEST), _FARTHEST)
            self._canvas.session.set_brush_size(round(self._pressed[1] * _SIZE_PER_PIXEL**dragged))
        elif self._canvas.tool is not None:
            self._move_tool(self._canvas.tool)

    def _move_tool(self, tool: Tool) -> None:
        """Every position counts for a stroke; what is worked out for one alone does not fall behind the hand: of those
        that come in one turn of the event loop it sees the first and the last."""
        if tool.skips() and self._turn.isActive():
            self._behind = True
            return
        self._behind = False
        if tool.skips():
            self._turn.start()
        tool.move(self._pointer())

    def _catch_up(self) -> None:
        behind, self._behind = self._behind, False
        if behind and self.position is not None and self._canvas.viewport is not None and self._canvas.tool is not None:
            self._canvas.tool.move(self._pointer())

    def release(self, event: QMouseEvent) -> None:
        if event.button() is self._button:
            self._see(event)
            self.finish()

    def finish(self) -> None:
        """End the gesture as a release would: what was painted stays."""
        self._catch_up()
        was, self._doing, pointer = self._doing, _Doing.NOTHING, self._pointer()
        self._let_go()
        if was is _Doing.USING_TOOL and self._canvas.tool is not None:
            self._canvas.tool.release(pointer)
            self._canvas.follow(self._canvas.tool.look())

    def _sizes(self, button: Qt.MouseButton) -> bool:
        """Ctrl + drag makes the brush larger to the right and smaller to the left."""
        tool = self._canvas.tool
        held = Modifier.CTRL in self._modifiers
        return button is Qt.MouseButton.LeftButton and held and tool is not None and tool.sized

    def cancel(self) -> bool:
        """Take the gesture in hand back; False when there was none."""
        was, self._doing, self._behind = self._doing, _Doing.NOTHING, False
        self._let_go()
        if was is _Doing.USING_TOOL and self._canvas.tool is not None:
            self._canvas.tool.cancel()
        if was is _Doing.SIZING:
            self._canvas.session.set_brush_size(self._pressed[1])
        return was is not _Doing.NOTHING

    def _let_go(self) -> None:
        self._button = Qt.MouseButton.NoButton
        self._canvas.signs.say_held(held=False)

    def leave(self) -> None:
        self.position, self._behind = None, False
        if self._canvas.tool is not None and self._doing is _Doing.NOTHING:
            self._canvas.tool.leave()

    def hold_space(self, *, held: bool) -> None:
        """While the space bar is down, the left button pans with any tool."""
        self._space = held

    def hold_modifiers(self, modifiers: Qt.KeyboardModifier) -> None:
        """A modifier went up or down without the pointer moving."""
        self._modifiers = _modifiers(modifiers)
        self.rest()

    def rest(self) -> None:
        """Tell the tool where the pointer is though it does not move: what that means may be another by now."""
        for_tool = self._doing in (_Doing.NOTHING, _Doing.USING_TOOL)
        if self._canvas.tool is not None and self.position is not None and for_tool:
            self._canvas.tool.move(self._pointer())

    def wheel(self, event: QWheelEvent) -> None:
        """Zoom at the cursor; with Ctrl what the tool in hand makes of it, its size mostly; with Shift to the side."""
        if self._canvas.viewport is None:
            return
        self._see(event)
        delta, modifiers = event.angleDelta(), event.modifiers()
        turned = delta.y() or delta.x()  # with Alt or Shift held some systems turn the wheel's axis
        tool = self._canvas.tool
        if modifiers & Qt.KeyboardModifier.ControlModifier and tool is not None and self._turn_tool(tool, turned):
            return
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            self._canvas.pan_by(turned / 2, 0)
        else:
            self.zoom(_ZOOM_PER_NOTCH ** (delta.y() / NOTCH))

    def zoom(self, factor: float) -> None:
        """Closer or further away by a factor, at the pointer."""
        viewport = self._canvas.viewport
        if viewport is not None and self.position is not None and factor > 0:
            at = (self.position.x(), self.position.y())
            self._canvas.look(viewport.zoomed(viewport.scale * factor, at=at))

    def pinch(self, event: QNativeGestureEvent | QGestureEvent) -> bool:
        """Zoom by two fingers, on a touchpad or a touch screen; False for any other gesture."""
        if isinstance(event, QNativeGestureEvent):
            if event.gestureType() is not Qt.NativeGestureType.ZoomNativeGesture:
                return False
            self.point_at(event.position())
            self.zoom(1 + event.value())
            return True
        pinch = event.gesture(Qt.GestureType.PinchGesture)
        if not isinstance(pinch, QPinchGesture):
            return False
        self.cancel()  # the first finger of the pinch was no stroke
        self.point_at(self._canvas.mapFromGlobal(pinch.hotSpot()))
        self.zoom(pinch.scaleFactor())
        return True

    def _turn_tool(self, tool: Tool, turned: int) -> bool:
        """Whole notches go to the tool; False when it has no use for them."""
        self._wheel += turned
        notches = int(self._wheel / NOTCH)
        self._wheel -= notches * NOTCH
        session = self._canvas.session
        if not tool.sized:
            return notches == 0 or tool.wheel(notches)
        if notches:
            size = session.brush_size * _SIZE_PER_NOTCH**notches
            least = session.brush_size + (1 if notches > 0 else -1)
            session.set_brush_size(max(round(size), least) if notches > 0 else min(round(size), least))
        return True

    def _see(self, event: QMouseEvent | QWheelEvent) -> None:
        """Remember where the pointer is: the middle of the device pixel that it points at."""
        self.point_at(event.position())
        self._modifiers = _modifiers(event.modifiers())

    def point_at(self, position: QPointF) -> None:
        """The pointer is at a position of the widget (logical pixels)."""
        self.position = position * self._canvas.devicePixelRatioF() + QPointF(0.5, 0.5)

    def _pointer(self) -> Pointer:
        viewport, position = self._canvas.viewport, self.position or QPointF()
        x, y = (0.0, 0.0) if viewport is None else viewport.to_photo(position.x(), position.y())
        reach = 1.0 if viewport is None else _REACH * self._canvas.devicePixelRatioF() / viewport.scale
        return Pointer(x, y, _BUTTONS.get(self._button), self._modifiers, reach)


def _modifiers(held: Qt.KeyboardModifier) -> Modifier:
    modifiers = Modifier.NONE
    for key, modifier in _MODIFIERS.items():
        if held & key:
            modifiers |= modifier
    return modifiers
