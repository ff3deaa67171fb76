"""The canvas: one photo under its labels, and the hand that looks at it and corrects it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QFocusEvent,
    QHideEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QGestureEvent, QWidget

from app.canvas import keyboard
from app.canvas.comparing import Comparing, Comparison
from app.canvas.device import device_pieces, logical_rect, shared_image
from app.canvas.grid import GRID_FROM, Grid, draw_frame
from app.canvas.mouse import Mouse
from app.canvas.name_layer import NameLayer
from app.canvas.offer import Offer
from app.canvas.overlay import look_of
from app.canvas.pointer_mark import PointerMark
from app.canvas.screen import PAD, Screen
from app.canvas.signs import Signs
from app.canvas.view import PhotoView
from app.canvas.viewport import Viewport
from app.core.arrays import U8
from app.core.document import Hover
from app.core.geometry import Box
from app.tools.base import Choices, Tool
from app.tools.guesses import Guesses

if TYPE_CHECKING:
    from app.editing.session import Session

SAID_MS = 30  # after pixels have changed: they are on screen before it is said what lies under the pointer


class Canvas(PhotoView):
    """Shows the session's document and turns mouse and keys into the gestures of the tool in hand.

    All drawing is done from arrays at screen resolution (see `Screen`); the photo shows as soon as it is there, the
    overlay as soon as there is a prediction or a first stroke.
    """

    hovered = Signal(object)  # Hover, or None where there is nothing to say
    pressed = Signal()  # by mouse or key, before anything comes of it
    cancel_requested = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.tool: Tool | None = None
        self.mouse = Mouse(self)
        self.guesses = Guesses(session)
        self._screen = Screen()
        self._grid = Grid()
        self._images: tuple[QImage, QImage] = (QImage(), QImage())
        self._pyramid: Sequence[U8] = ()
        self._hover: Hover | None = None
        self._say_soon = QTimer(self, singleShot=True, interval=SAID_MS)
        self._say_soon.timeout.connect(self._say_hover)
        self._mark = PointerMark(self)
        self.comparing = Comparing(session, self)
        self.comparing.changed.connect(self._compared)
        self._offer = Offer(self._screen)
        self._labels: bytes | None = None  # the label of every code when the tables changed last
        self._names = NameLayer(self, session, screen=self._screen, comparing=self.comparing)
        self.signs = Signs(self)
        self.signs.busy.cancelled.connect(self.cancel_requested)
        self.signs.empty.changed.connect(self._place_signs)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.grabGesture(Qt.GestureType.PinchGesture)
        self.setAccessibleName("Picture")
        self.setAccessibleDescription("The photo with its labels; the tool in hand works here")
        session.document_changed.connect(self._document_changed)
        session.prediction_changed.connect(self._prediction_changed)
        session.pixels_changed.connect(self._pixels_changed)
        session.tables_changed.connect(self._tables_changed)
        session.styling.changed.connect(self._tables_changed)
        session.brush_size_changed.connect(self._mark.follow)
        session.rule_changed.connect(self._work_changed)
        session.rule_changed.connect(self.update)
        session.current_class_changed.connect(lambda _class_id: self._work_changed())
        session.tool_changed.connect(self._tool_changed)
        session.tool_value_changed.connect(self._option_changed)
        self._set_photo()
        self._document_changed()

    # --- what the window asks for ----------------------------------------------------------------------------------

    def set_tool(self, tool: Tool) -> None:
        """Take another tool in hand; a stroke of the last one is finished first."""
        self.mouse.finish()
        if self.tool is not None:
            self.tool.put_away()
        self.guesses.end()
        self.tool = tool
        self.mouse.rest()
        self._tool_changed()

    def compare(self, what: Comparison, *, held: bool) -> None:
        """Show something else than the labels while a key is held; not during a stroke, which has to be seen."""
        self.comparing.hold(what, held=held and not self.mouse.using_tool)

    def set_busy(self, text: str | None) -> None:
        """What is under way, over the photo and with a way to cancel; None when nothing is."""
        self.signs.busy.say(text)
        self._place_signs()

    def set_problem(self, text: str | None) -> None:
        """Why something failed, in one sentence; None takes the sign away."""
        self.signs.problem.say(text)
        self._place_signs()

    def set_drop_active(self, *, active: bool) -> None:
        """Say that what is being dragged over the window can be dropped."""
        self.signs.drop.setVisible(active)

    def cancel_gesture(self) -> bool:
        """Take back the stroke in hand, or what the tool offers; False when there was neither."""
        if self.mouse.cancel():
            return True
        if offering := self._offering():
            offering.cancel()
        return offering is not None or self.guesses.cancel()

    def accept(self) -> bool:
        """Make what the tool offers a correction, or keep the answer gone to; False when there is neither."""
        self.comparing.end()
        if offering := self._offering():
            offering.accept()
        return offering is not None or self.guesses.end()

    def _offering(self) -> Tool | None:
        """The tool in hand, if it waits for an answer."""
        return self.tool if self.tool is not None and self.tool.pending() else None

    def step_back(self) -> bool:
        """Take back the last step of what the tool offers; False when there is none."""
        return self.tool is not None and self.tool.back()

    def looked(self) -> None:
        self.update()
        self._names.moved()
        self._say_hover()
        self._mark.follow()

    def pointed_at(self) -> QPointF | None:
        return self.mouse.position

    def choices(self) -> Choices | None:
        """The answers that can be gone through at the moment."""
        return (None if self.tool is None else self.tool.choices()) or self.guesses.choices()

    # --- what the session says -------------------------------------------------------------------------------------

    def _document_changed(self) -> None:
        self.mouse.cancel()
        if self.tool is not None:
            self.tool.forget()
        document = self.session.document
        pyramid = () if document is None else document.pyramid
        if pyramid is not self._pyramid:
            self._pyramid = pyramid
            self._set_photo()
            self.set_photo_size((pyramid[0].shape[1], pyramid[0].shape[0]) if pyramid else None)
        self._prediction_changed()

    def _prediction_changed(self) -> None:
        document = self.session.document
        self._screen.set_map(None if document is None or not document.pyramid else document.segment_map)
        self._labels = None
        self._tables_changed()
        self._place_signs()

    def _tables_changed(self) -> None:
        document = self.session.document
        self._set_look()
        self._offer.forget()
        labels = None if document is None else document.label_table().tobytes()
        if labels != self._labels:  # opacity and hidden classes leave them as they are
            self._labels = labels
            self._work_changed()
        self._say_hover()

    def _set_look(self) -> None:
        document, styles = self.session.document, self.session.styling.styles
        line = max(1, round(self.devicePixelRatioF()))
        overlay = self.comparing.overlay
        self._screen.set_look(None if document is None else look_of(document, overlay, line=line, styles=styles))
        self.update()

    def _compared(self) -> None:
        """Something else is seen than before: the labels, or what they are compared with."""
        self._screen.set_layer(self.comparing.layer)
        self._names.renew()
        self._set_look()
        self._place_signs()
        self._say_hover()

    def _pixels_changed(self, box: Box) -> None:
        self._screen.touch(box)
        if self.viewport is not None:
            reach = self._screen.reach
            self.update(logical_rect(self.viewport.device_box(box).grow(reach), self.devicePixelRatioF()))
            self.update(self._offer.below_changed(self.devicePixelRatioF()))
        if not self._say_soon.isActive():
            self._say_soon.start()
        self._work_changed()

    def _work_changed(self) -> None:
        if self.tool is not None:
            self.tool.changed()

    def _set_photo(self) -> None:
        window = self.palette().color(QPalette.ColorRole.Window)
        self._background = window.darker(125) if window.lightness() < 128 else window.darker(107)
        self._screen.set_photo(self._pyramid, background=self._background.rgba())

    # --- drawing ---------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, view = QPainter(self), self.viewport
        if view is None:
            painter.fillRect(event.rect(), self._background)
            return
        if self._screen.refresh(view):
            self._images = (shared_image(self._screen.backdrop, opaque=True), shared_image(self._screen.overlay))
        ratio = self.devicePixelRatioF()
        painter.scale(1 / ratio, 1 / ratio)  # from here on in device pixels: images land unscaled, exactly
        for device in device_pieces(event.region(), ratio):
            for image in self._layers(view):
                painter.drawImage(device.topLeft(), image, device.translated(PAD, PAD))
        draw_frame(painter, view, self.palette().color(QPalette.ColorRole.WindowText))
        if self.comparing.seen is not Comparison.BARE:
            self._names.draw(painter)
        if self.tool is not None and self.comparing.seen is None:
            self._offer.draw(painter, self.tool, view, colours=self.session.styling.styles.colours, ratio=ratio)
        self._mark.draw(painter, view)

    def _layers(self, view: Viewport) -> list[QImage]:
        """What is drawn over each other, each as large as the view and its padding."""
        backdrop, overlay = self._images
        labelled = self._screen.has_overlay and self.comparing.seen is not Comparison.BARE
        layers = [backdrop, overlay] if labelled else [backdrop]
        if view.scale >= GRID_FROM:
            layers.append(self._grid.image(view.padded(PAD)))
        return layers

    # --- the pointer -----------------------------------------------------------------------------------------------

    def _tool_changed(self) -> None:
        if self.viewport is not None:
            self.update(self._offer.changes(self.tool, self.viewport, self.devicePixelRatioF()))
        self._mark.follow()

    def _option_changed(self, name: str) -> None:
        tool, _, option = name.partition(".")
        if self.tool is not None and self.tool.id == tool:
            self.tool.value_changed(option)

    def _say_hover(self) -> None:
        document, view, at = self.session.document, self.viewport, self.mouse.position
        hover = None
        if document is not None and view is not None and at is not None:
            x, y = view.to_photo(at.x(), at.y())
            hover = document.describe(math.floor(x), math.floor(y), layer=self.comparing.layer)
        if hover != self._hover:
            self._hover = hover
            self.guesses.point(None if hover is None else (hover.x, hover.y))
            self.hovered.emit(hover)

    # --- events ----------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.pressed.emit()
        self.mouse.press(event)
        self._pointed()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)  # quick clicks are clicks

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.mouse.move(event)
        self._pointed()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.mouse.release(event)
        self._pointed()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.mouse.wheel(event)
        event.accept()

    def enterEvent(self, event: QEnterEvent) -> None:
        self.mouse.point_at(event.position())
        self._pointed()

    def leaveEvent(self, event: QEvent) -> None:
        self.mouse.leave()
        self._pointed()

    def _pointed(self) -> None:
        self._say_hover()
        self._mark.follow()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self.hold_space(held=True)
        elif not keyboard.use_key(self, event) and not (event.key() == Qt.Key.Key_Escape and self.cancel_gesture()):
            self._hold_modifiers(event)
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self.hold_space(held=False)
        else:
            self._hold_modifiers(event)
            event.ignore()

    def hold_space(self, *, held: bool) -> None:
        """While Space is held, dragging moves the photo whatever tool is in hand."""
        self.mouse.hold_space(held=held)
        self._mark.follow()

    def _hold_modifiers(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt):
            self.mouse.hold_modifiers(event.modifiers())
            self._mark.follow()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.mouse.finish()
        self.hold_space(held=False)
        super().focusOutEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self.mouse.finish()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._resized()

    def _resized(self) -> None:
        self.resized()
        self._place_signs()

    def _place_signs(self) -> None:
        self.signs.say_compared(self.comparing.text() if self.viewport is not None else "")
        self.signs.place(document=self.session.document is not None, photo=self.viewport is not None)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._set_photo()
            self.update()
        super().changeEvent(event)

    def event(self, event: QEvent) -> bool:
        """What has no handler of its own: pinches, a screen of another density, and Escape before it is a shortcut."""
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._resized()
            self._tables_changed()  # outlines are as many device pixels wide as the screen needs
        elif isinstance(event, QNativeGestureEvent | QGestureEvent) and self.mouse.pinch(event):
            return True
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and self.mouse.using_tool:
            event.setAccepted(event.key() == Qt.Key.Key_Escape)
            return event.isAccepted()
        return super().event(event)
