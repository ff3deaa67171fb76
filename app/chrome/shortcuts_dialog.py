"""The list of every key and gesture, with a field to search it."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QStyle,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.chrome.shortcuts import shortcut_sections
from app.panels.rows import make_quiet
from app.panels.search_field import SearchField
from app.panels.style import HALF, UNIT

KEYS_SHARE = 0.36  # of the table's width; what a key does is longer than the key


class ShortcutsDialog(QDialog):
    """Every shortcut and gesture, by menu and by place."""

    def __init__(self, *, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard and mouse")
        self.resize(QSize(640, 680).boundedTo(parent.screen().availableSize() - QSize(32, 64)))
        self.search = SearchField("Search keys and what they do", self)
        self.table = _Table(self)
        self._sections: list[tuple[int, range]] = []  # the row of a heading, and those below it
        self._fill()
        layout = QVBoxLayout(self)
        layout.setSpacing(UNIT)
        layout.addWidget(self.search)
        layout.addWidget(self.table)
        buttons = QDialogButtonBox()
        close = buttons.addButton("&Close", QDialogButtonBox.ButtonRole.RejectRole)
        close.setAutoDefault(False)  # Return belongs to the field
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self.search.textChanged.connect(self._search)
        self.search.moved.connect(lambda _event: self.table.setFocus(Qt.FocusReason.OtherFocusReason))

    def _fill(self) -> None:
        for heading, rows in shortcut_sections():
            top = self.table.add_heading(heading)
            for row in rows:
                self.table.add(row.shown, row.what)
            self._sections.append((top, range(top + 1, top + 1 + len(rows))))

    def _search(self, text: str) -> None:
        """Show the rows that have all the words, and the headings of those; a heading that has them brings its rows."""
        words = text.casefold().split()
        for heading, rows in self._sections:
            title = self.table.words(heading)
            shown = [row for row in rows if all(word in f"{title} {self.table.words(row)}" for word in words)]
            for row in rows:
                self.table.setRowHidden(row, row not in shown)
            self.table.setRowHidden(heading, not shown)
        self.table.scrollToTop()


class _Table(QTableWidget):
    """Keys on the left, what they do on the right; a text that is too long goes on in the next line."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(0, 2, parent)
        make_quiet(self)
        self.setAccessibleName("Keys and gestures")
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setShowGrid(False)
        self.setWordWrap(True)
        self.horizontalHeader().hide()
        self.verticalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().setMinimumSectionSize(self.fontMetrics().height() + UNIT)

    def add_heading(self, text: str) -> int:
        """A row that is one heading; which row it is."""
        row, item, font = self.rowCount(), QTableWidgetItem(text), QFont(self.font())
        font.setBold(True)
        item.setFont(font)
        item.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        self.insertRow(row)
        self.setItem(row, 0, item)
        self.setSpan(row, 0, 1, 2)
        return row

    def add(self, keys: str, what: str) -> None:
        """A row of its own."""
        row = self.rowCount()
        self.insertRow(row)
        for column, text in enumerate((keys, what)):
            item = QTableWidgetItem(text)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled)
            item.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
            self.setItem(row, column, item)

    def words(self, row: int) -> str:
        """What a row says, for a search."""
        return " ".join(self._text(row, column) for column in range(2)).casefold()

    def _text(self, row: int, column: int) -> str:
        item = self.item(row, column)
        return "" if item is None else item.text()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setColumnWidth(0, round(self.viewport().width() * KEYS_SHARE) - HALF)
        self._fit_rows()

    def _fit_rows(self) -> None:
        """Every row has the same room around its text, whether that has one line or two."""
        margin = self.style().pixelMetric(QStyle.PixelMetric.PM_FocusFrameHMargin) + 1
        for row in range(self.rowCount()):
            if self.columnSpan(row, 0) > 1:
                self.setRowHeight(row, self.fontMetrics().height() + (UNIT if row == 0 else 2 * UNIT))
                continue
            heights = []
            for column in range(2):
                room = QRect(0, 0, self.columnWidth(column) - 2 * margin, self.height())
                words, flags = self._text(row, column), int(Qt.TextFlag.TextWordWrap)
                heights.append(self.fontMetrics().boundingRect(room, flags, words).height())
            self.setRowHeight(row, max(heights) + UNIT)
