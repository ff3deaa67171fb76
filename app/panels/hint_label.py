"""One sentence or two about the tool in hand: on one line where there is room, else in small letters on two."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent

from app.panels.elided_label import LEAST, ElidedLabel
from app.panels.style import small

SLACK = 2  # logical pixels: widths are rounded
_RIGHT = Qt.TextElideMode.ElideRight


class HintLabel(ElidedLabel):
    """A label that breaks before it elides; what does not fit on two lines is told by the tooltip."""

    def is_elided(self) -> bool:
        return super().is_elided() and self.width_on_two_lines() > self.contentsRect().width()

    def width_on_two_lines(self) -> int:
        """The least width that holds the whole text on two lines."""
        return min((width for width, _lines in self._breaks()), default=0)

    def _breaks(self) -> list[tuple[int, tuple[str, str]]]:
        """Every way to break the text, with the width that it needs."""
        words, metrics = self.text().split(" "), QFontMetrics(small(self.font()))
        ways = [_broken(words, at) for at in range(1, len(words) + 1)]
        return [(max(metrics.horizontalAdvance(line) for line in lines) + SLACK, lines) for lines in ways]

    def paintEvent(self, event: QPaintEvent) -> None:
        room = self.contentsRect()
        metrics = QFontMetrics(small(self.font()))
        low = room.height() < 2 * metrics.height()
        if not super().is_elided() or low or room.width() < self.fontMetrics().horizontalAdvance(LEAST):
            super().paintEvent(event)
            return
        first, second = self._lines(metrics, room.width())
        painter = QPainter(self)
        painter.setFont(small(self.font()))
        top = room.top() + (room.height() - 2 * metrics.height()) // 2
        for row, text in enumerate((first, metrics.elidedText(second, _RIGHT, room.width()))):
            place = QRect(room.left(), top + row * metrics.height(), room.width(), metrics.height())
            left = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            self.style().drawItemText(
                painter, place, left, self.palette(), self.isEnabled(), text, self.foregroundRole()
            )

    def _lines(self, metrics: QFontMetrics, width: int) -> tuple[str, str]:
        """Two lines as equally long as can be; where they do not fit, as many words on the first as there is room."""
        ways = self._breaks()
        least, best = min(ways)
        if least <= width:
            return best
        fitting = [lines for _, lines in ways if metrics.horizontalAdvance(lines[0]) + SLACK <= width]
        return fitting[-1] if fitting else (metrics.elidedText(ways[0][1][0], _RIGHT, width), ways[0][1][1])


def _broken(words: list[str], at: int) -> tuple[str, str]:
    """The words before and after a break; between two parts of a hint the break takes the place of the dot."""
    first, second = words[:at], words[at:]
    if first[-1] == "·":
        first = first[:-1]
    elif second[:1] == ["·"]:
        second = second[1:]
    return " ".join(first), " ".join(second)
