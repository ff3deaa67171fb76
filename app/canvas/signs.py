"""The signs over the picture: what is going on, what went wrong, and what to do when nothing is open.

They are real widgets, so that keys and screen readers reach their buttons; their colours come from the palette alone.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QHideEvent, QPainter, QPainterPath, QPaintEvent, QPalette, QPen, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

APPLICATION_NAME = "ADE Mask Studio"
_UNIT = 8  # logical pixels
_COMFORTABLE = 640  # logical pixels: a longer line is tiring to read
_GAP = 3 * _UNIT
_SPOKES = 10
_FRAME_MS = 80


class Spinner(QWidget):
    """A small turning wheel; it turns only while it can be seen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(2 * _UNIT, 2 * _UNIT)
        self._frame = 0
        self._timer = QTimer(self)
        self._timer.setInterval(_FRAME_MS)
        self._timer.timeout.connect(self._turn)

    def _turn(self) -> None:
        self._frame = (self._frame + 1) % _SPOKES
        self.update()

    def showEvent(self, event: QShowEvent) -> None:
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(self.width() / 2, self.height() / 2)
        colour = self.palette().color(QPalette.ColorRole.Accent)
        for spoke in range(_SPOKES):
            age = (self._frame - spoke) % _SPOKES
            colour.setAlphaF(max(0.12, 1 - age / (_SPOKES - 2)))
            painter.save()
            painter.rotate(360 * spoke / _SPOKES)
            painter.setPen(QPen(colour, 1.75, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawLine(QPointF(0, -3.5), QPointF(0, -7))
            painter.restore()


class Pill(QWidget):
    """A rounded, slightly see-through plate for a sign."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(2 * _UNIT, _UNIT, _UNIT, _UNIT)
        self.row.setSpacing(_UNIT)
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        plate, rim = (self.palette().color(role) for role in (QPalette.ColorRole.Base, QPalette.ColorRole.WindowText))
        plate.setAlphaF(0.94)
        rim.setAlphaF(0.16)
        painter.setPen(QPen(rim, 1))
        painter.setBrush(plate)
        radius = min(self.height() / 2, 2.5 * _UNIT) - 0.5
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)


class BusySign(Pill):
    """What is under way, with a way out of it."""

    cancelled = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.label = QLabel(self)
        self.cancel = LinkButton("Cancel", self)
        self.cancel.setToolTip("Stop this (Esc)")
        self.cancel.clicked.connect(self.cancelled)
        self.row.addWidget(Spinner(self))
        self.row.addWidget(self.label)
        self.row.addWidget(self.cancel)

    def say(self, text: str | None) -> None:
        """Show `text`, or hide the sign for None."""
        self.label.setText(text or "")
        self.setVisible(bool(text))


class ProblemSign(Pill):
    """Why something failed, in one sentence, until it is dismissed or something else happens.

    Where it is all there is to see, it cannot be dismissed.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.label = QLabel(self)
        self.label.setWordWrap(True)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.dismiss = LinkButton("Dismiss", self)
        self.dismiss.clicked.connect(self.hide)
        self.row.addWidget(_Mark(self))
        self.row.addWidget(self.label, stretch=1)
        self.row.addWidget(self.dismiss)

    def say(self, text: str | None) -> None:
        """Show `text`, or hide the sign for None."""
        self.label.setText(text or "")
        self.setVisible(bool(text))

    def set_dismissable(self, *, dismissable: bool) -> None:
        """Whether there is something under the sign worth seeing without it."""
        self.dismiss.setVisible(dismissable)
        self.row.setContentsMargins(2 * _UNIT, _UNIT, _UNIT if dismissable else 2 * _UNIT, _UNIT)

    def fitted_size(self, width: int) -> QSize:
        """As wide as the sentence needs on one line, at most `width` and a comfortable line; as tall as its lines."""
        margins = self.row.contentsMargins()
        chrome = margins.left() + margins.right() + self.row.spacing() + 2 * _UNIT
        if not self.dismiss.isHidden():
            chrome += self.row.spacing() + self.dismiss.sizeHint().width()
        text = self.fontMetrics().horizontalAdvance(self.label.text()) + 2
        room = min(width, _COMFORTABLE) - chrome
        height = self.label.heightForWidth(min(text, room)) + margins.top() + margins.bottom()
        return QSize(min(text, room) + chrome, max(height, self.row.minimumSize().height()))


class HeldSign(Pill):
    """A key holds the mouse button down: how to go on from there."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.label = QLabel("Held down: Ctrl + arrows drag · Return lets go · Esc cancels", self)
        self.row.setContentsMargins(2 * _UNIT, _UNIT, 2 * _UNIT, _UNIT)
        self.row.addWidget(self.label)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName(self.label.text())


class ComparingSign(Pill):
    """What is seen instead of the labels while a key is held: an eye, and its name."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.label = QLabel(self)
        self.row.setContentsMargins(2 * _UNIT, _UNIT, 2 * _UNIT, _UNIT)
        self.row.addWidget(_Eye(self))
        self.row.addWidget(self.label)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def say(self, text: str) -> None:
        """Show `text`, or hide the sign for an empty one."""
        self.label.setText(text)
        self.setAccessibleName(text)
        self.setVisible(bool(text))


class _Eye(QWidget):
    """In front of what is only looked at."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedSize(2 * _UNIT, 2 * _UNIT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = self.palette().color(QPalette.ColorRole.Accent)
        lids = QPainterPath(QPointF(1, 8))
        lids.quadTo(QPointF(8, 0), QPointF(15, 8))
        lids.quadTo(QPointF(8, 16), QPointF(1, 8))
        painter.setPen(QPen(colour, 1.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        painter.drawPath(lids)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawEllipse(QPointF(8, 8), 2, 2)


class _Mark(QWidget):
    """The exclamation mark in front of a problem."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedSize(2 * _UNIT, 2 * _UNIT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        dark = self.palette().color(QPalette.ColorRole.Base).lightness() < 128
        colour = QColor("#e8a04c" if dark else "#a8580a")
        painter.setPen(QPen(colour, 1.5))
        painter.drawEllipse(QRectF(1.5, 1.5, 13, 13))
        painter.setPen(QPen(colour, 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(QPointF(8, 4.75), QPointF(8, 8.75))
        painter.drawPoint(QPointF(8, 11.5))


class EmptySign(QWidget):
    """Nothing is open: the name, one line, one button or two, in a frame that invites a drop."""

    open_requested = Signal()
    again_requested = Signal()  # what was offered
    samples_requested = Signal()
    changed = Signal()  # it wants another size

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.name = QLabel(APPLICATION_NAME, self)
        font = self.name.font()
        font.setPointSizeF(max(font.pointSizeF(), 9.0) * 1.7)
        font.setWeight(font.Weight.DemiBold)
        self.name.setFont(font)
        self.line = QLabel("Drop photos or a folder here, correct what the network sees, export ADE PNGs.", self)
        self.line.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.button = QPushButton("Open photos…", self)
        self.button.setAccessibleDescription("Choose photos to open")
        self.button.clicked.connect(self.open_requested)
        self.again = QPushButton(self)
        self.again.clicked.connect(self.again_requested)
        self._offered = ""  # what could be opened again
        column = QVBoxLayout(self)
        self.samples = QLabel('<a href="samples">or try the sample photos</a>', self)
        self.samples.setTextInteractionFlags(Qt.TextInteractionFlag.LinksAccessibleByMouse)
        self.samples.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the File menu has it for the keyboard
        self.samples.linkActivated.connect(lambda _link: self.samples_requested.emit())
        for label in (self.name, self.line, self.samples):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
        for widget in (self.name, self.line, self.button, self.again, self.samples):
            column.addWidget(widget)
        for button in (self.button, self.again):
            button.setMinimumSize(18 * _UNIT, 4 * _UNIT)
            button.setAutoDefault(True)  # Return presses it, too
            column.setAlignment(button, Qt.AlignmentFlag.AlignCenter)
        self._column = column
        self.setCursor(Qt.CursorShape.ArrowCursor)

    def offer_again(self, name: str, *, tip: str) -> None:
        """Offer to open what was opened last by its name; nothing where that is empty."""
        if (name, tip) != (self._offered, self.again.toolTip()):
            self._offered = name
            self.again.setToolTip(tip)
            self.again.setAccessibleName(f"Open again: {name}")
            self.changed.emit()

    def fit(self, room: QSize) -> None:
        """Take the size that suits; where there is little room first the gaps get narrow, then the words go."""
        words, few = (self.name, self.line, self.samples), (self.line, self.samples)
        spares = (5, ()), (2, ()), (2, (self.line,)), (1, few), (1, words), (1, (*words, self.again))
        for gap, spared in spares:
            for widget in (*words, self.again):
                widget.setVisible(widget not in spared and (widget is not self.again or bool(self._offered)))
            self._name_again(min(52 * _UNIT, room.width()) - (2 * gap + 4) * _UNIT)
            self._column.setContentsMargins(gap * _UNIT, gap * _UNIT, gap * _UNIT, gap * _UNIT)
            self._column.setSpacing(min(gap, 2) * _UNIT)
            self._column.invalidate()
            width = min(52 * _UNIT, room.width())
            tall = self._column.hasHeightForWidth()
            height = self._column.totalHeightForWidth(width) if tall else self._column.totalMinimumSize().height()
            if self._column.totalMinimumSize().width() <= width and height <= room.height():
                break
        self.resize(width, min(height, room.height()))
        self._column.activate()  # at this size, too, where it had that before

    def _name_again(self, width: int) -> None:
        """Names may be long."""
        text = f"Open again: {self._offered}"
        text = self.again.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, max(0, width))
        self.again.setText(text.replace("&", "&&"))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = self.palette().color(QPalette.ColorRole.WindowText)
        colour.setAlphaF(0.28)
        pen = QPen(colour, 1.5)
        pen.setDashPattern([4, 4])
        painter.setPen(pen)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 1.5 * _UNIT, 1.5 * _UNIT)


class DropSign(QWidget):
    """Something is held over the window that it would open."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        accent = self.palette().color(QPalette.ColorRole.Accent)
        wash = QColor(accent)
        wash.setAlphaF(0.16)
        painter.setPen(QPen(accent, 2))
        painter.setBrush(wash)
        frame = QRectF(self.rect()).adjusted(_UNIT, _UNIT, -_UNIT, -_UNIT)
        painter.drawRoundedRect(frame, _UNIT, _UNIT)
        text = "Drop to open"
        metrics = self.fontMetrics()
        plate = QRectF(0, 0, metrics.horizontalAdvance(text) + 4 * _UNIT, metrics.height() + 2 * _UNIT)
        plate.moveCenter(QPointF(frame.center().x(), frame.bottom() - 4 * _UNIT))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(accent)
        painter.drawRoundedRect(plate, plate.height() / 2, plate.height() / 2)
        painter.setPen(QColor(Qt.GlobalColor.white if accent.lightness() < 160 else Qt.GlobalColor.black))
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)


class LinkButton(QToolButton):
    """A button that reads as a link: calm, underlined when it is pointed at or has the focus."""

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setText(text)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self.text()) + 2 * _UNIT, metrics.height() + _UNIT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        font = self.font()
        font.setUnderline(self.underMouse() or self.hasFocus())
        painter.setFont(font)
        painter.setPen(self.palette().color(QPalette.ColorRole.Link))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())


class Signs:
    """The signs of one canvas and where they stand."""

    def __init__(self, canvas: QWidget) -> None:
        self._canvas = canvas
        self.empty = EmptySign(canvas)
        self.busy = BusySign(canvas)
        self.problem = ProblemSign(canvas)
        self.held = HeldSign(canvas)
        self.comparing = ComparingSign(canvas)
        self.drop = DropSign(canvas)  # made last, so that it lies on top

    def say_held(self, *, held: bool) -> None:
        """Whether a key holds the mouse button down."""
        self.held.setVisible(held)
        self._place_below()

    def say_compared(self, text: str) -> None:
        """What is seen instead of the labels; empty for the labels."""
        self.comparing.say(text)
        self._place_below()

    def _place_below(self) -> None:
        """At the bottom in the middle, one at a time: nothing can be compared while the button is down."""
        for sign in (self.held, self.comparing):
            sign.resize(sign.sizeHint())
            left = (self._canvas.width() - sign.width()) // 2
            sign.move(max(0, left), self._canvas.height() - sign.height() - _GAP)

    def place(self, *, document: bool, photo: bool) -> None:
        """At the top in the middle; a problem stands in the middle while its document has no photo to look at."""
        self._place_below()
        width, height = self._canvas.width(), self._canvas.height()
        top = _GAP
        self.busy.resize(self.busy.sizeHint())
        self.busy.move((width - self.busy.width()) // 2, top)
        if not self.busy.isHidden():
            top += self.busy.height() + _UNIT
        self.problem.set_dismissable(dismissable=photo or not document)
        self.problem.resize(self.problem.fitted_size(width - 2 * _GAP))
        if document and not photo:
            top = max(top, (height - self.problem.height()) // 2)
        self.problem.move((width - self.problem.width()) // 2, top)
        self.empty.setVisible(not document)
        gap = _GAP if min(width, height) > 40 * _UNIT else _UNIT
        self.empty.fit(QSize(max(0, width - 2 * gap), max(0, height - 2 * gap)))
        self.empty.move(self._canvas.rect().center() - QPoint(self.empty.width() // 2, self.empty.height() // 2))
        self.drop.setGeometry(self._canvas.rect())
