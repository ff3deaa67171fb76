"""The key of the view that shows who decided each pixel: the share of the network, of you, and of nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QWidget

from app.core.overlay import DECIDER_COLOURS, NOBODY_PATTERN
from app.core.segment_map import Decider
from app.panels.icons import paint_pattern
from app.panels.style import HALF, RADIUS, UNIT, muted, tint
from app.panels.texts import DECIDED_BY, share_text

if TYPE_CHECKING:
    from app.editing.session import Session

SWATCH = 12
REFRESH_MS = 60
ORDER = (Decider.NETWORK, Decider.PERSON, Decider.NOBODY)


class DecidedKey(QWidget):
    """Stands in the lower left corner of `parent` while the view is on; the mouse passes through it to the picture."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._over = session, parent
        self._aside = False
        self._stacked = False  # one below the other, where the picture is too narrow for a row
        self._texts: tuple[tuple[str, str], ...] = ()  # name and share, in the order of ORDER
        self._refresh = QTimer(self, singleShot=True, interval=REFRESH_MS)
        self._refresh.timeout.connect(self._follow)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName("Who decided")
        self.hide()
        parent.installEventFilter(self)
        session.document_changed.connect(self._follow)
        session.prediction_changed.connect(self._follow)
        session.tables_changed.connect(self._follow)
        session.pixels_changed.connect(self._follow_soon)
        self._follow()

    def texts(self) -> list[str]:
        """What it says, one text per swatch."""
        return [f"{name} {share}" for name, share in self._texts]

    def set_aside(self, *, aside: bool) -> None:
        """Whether something else is seen for a moment than who decided."""
        self._aside = aside
        self._follow()

    def _follow_soon(self) -> None:
        if not self.isHidden() and not self._refresh.isActive():
            self._refresh.start()

    def _follow(self) -> None:
        document = self._session.document
        on = self._session.overlay.deciders and not self._aside
        shown = on and document is not None and document.segment_map is not None
        self.setVisible(shown)
        if shown and document is not None:
            areas = document.decided_areas()
            whole = sum(areas.values())
            self._texts = tuple((DECIDED_BY[decider], share_text(areas[decider], whole)) for decider in ORDER)
            self.setAccessibleDescription(", ".join(self.texts()))
            self._place()
            self.update()

    def _place(self) -> None:
        self._stacked = self._row_width() > self._over.width() - 2 * UNIT
        self.resize(self.sizeHint())
        self.move(UNIT, self._over.height() - self.height() - UNIT)
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Resize and watched is self._over:
            self._place()
        return super().eventFilter(watched, event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self._place()

    def sizeHint(self) -> QSize:
        if not self._stacked:
            return QSize(self._row_width(), self._line() + UNIT)
        return QSize(max(self._widths(), default=0) + 3 * UNIT, len(self._texts) * self._line() + UNIT)

    def _widths(self) -> list[int]:
        return [SWATCH + UNIT + self._advance(name, share) for name, share in self._texts]

    def _row_width(self) -> int:
        return sum(self._widths()) + 2 * UNIT * max(0, len(self._texts) - 1) + 3 * UNIT

    def _line(self) -> int:
        return self.fontMetrics().height() + HALF

    def _advance(self, name: str, share: str) -> int:
        """A share takes the room of the widest one, so that the key stands still while they change."""
        metrics = self.fontMetrics()
        widest = max(metrics.horizontalAdvance(text) for text in (share, "88.8 %"))
        return metrics.horizontalAdvance(f"{name} ") + widest

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, palette = QPainter(self), self.palette()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        text = palette.color(QPalette.ColorRole.Text)
        painter.setPen(QPen(tint(text, 0.2), 1))
        painter.setBrush(tint(palette.color(QPalette.ColorRole.Base), 0.94))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        left, middle = 1.5 * UNIT, (UNIT + self._line()) / 2
        for decider, (name, share) in zip(ORDER, self._texts, strict=True):
            baseline = middle + (self.fontMetrics().ascent() - self.fontMetrics().descent()) / 2
            self._paint_swatch(painter, QRectF(left, middle - SWATCH / 2, SWATCH, SWATCH), decider)
            left += SWATCH + UNIT
            painter.setPen(muted(palette))
            painter.drawText(QPointF(left, baseline), name)
            painter.setPen(text)
            painter.drawText(QPointF(left + self.fontMetrics().horizontalAdvance(f"{name} "), baseline), share)
            if self._stacked:
                left, middle = 1.5 * UNIT, middle + self._line()
            else:
                left += self._advance(name, share) + 2 * UNIT
        painter.end()

    def _paint_swatch(self, painter: QPainter, rect: QRectF, decider: Decider) -> None:
        text = self.palette().color(QPalette.ColorRole.Text)
        painter.setPen(QPen(tint(text, 0.28), 1))
        colour = DECIDER_COLOURS.get(decider)
        painter.setBrush(Qt.BrushStyle.NoBrush if colour is None else QColor(*colour))
        painter.drawRoundedRect(rect, 2, 2)
        if colour is None:
            paint_pattern(painter, rect, NOBODY_PATTERN, tint(text, 0.7), radius=2)
