"""Whether it was worth it: a model before and after learning, and what is to become of it. The third page."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QBrush, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QStyleOptionHeader,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.dialogs import heading
from app.learning.texts import change_text, learned_from_text, share_text
from app.panels.class_texts import class_name, class_tip
from app.panels.icons import swatch_icon
from app.panels.style import HALF, ICON, UNIT, warning
from inference.learning.report import SEGMENTS, SEMANTIC, ClassChange, LearnReport

_TOTALS = ("On pictures that were held back", "Before", "After", "Change")
_CLASSES = ("Class", "Pixels", "IoU before", "IoU after", "Change")
_CHANGE = len(_CLASSES) - 1
_WIDEST = "88,888,888"  # of the texts in a column of numbers
_BESIDE_ARROW = 2 * "\N{NO-BREAK SPACE}"  # between a heading and the arrow of the order
_KEY = Qt.ItemDataRole.UserRole
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_ACCURACY = "How many of the pixels have the right label"
_MEAN_IOU = "Overlap with the right labels, as a mean over the classes there are"
_UNLABELLED = "How many of the pixels that should have a label have none"
_DECIDED = "How many of the pixels that you decided have the label that you gave them"


@dataclass(frozen=True)
class _Row:
    """A share of the pixels before and after, and whether one wants more of it."""

    name: str
    tip: str
    before: float | None
    after: float | None
    wanted: bool = True


class ReportPage(QWidget):
    """Shows one report, and asks for one of two answers."""

    use_asked = Signal()
    keep_asked = Signal()  # although it got worse
    discard_asked = Signal()
    unwanted = Signal()  # decide later

    def __init__(self) -> None:
        super().__init__()
        self._recommended = False
        self._title = heading("")
        self._title.setWordWrap(True)
        self._verdict, self._about = QLabel(wordWrap=True), QLabel(wordWrap=True)
        for label in (self._verdict, self._about):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._about.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._totals = _table(_TOTALS, name="Before and after")
        self._classes = _table(_CLASSES, name="Classes before and after")
        self._classes.setSortingEnabled(True)
        self._classes.header().setSectionsClickable(True)
        self._classes.setIconSize(QSize(ICON, ICON))
        self._problem = QLabel(wordWrap=True)
        self._problem.setTextFormat(Qt.TextFormat.PlainText)
        self._problem.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(UNIT)
        for widget in (self._title, self._verdict, self._about, self._totals):
            layout.addWidget(widget)
        layout.addWidget(self._classes, 1)
        layout.addWidget(self._problem)
        layout.addLayout(self._buttons())

    def _buttons(self) -> QHBoxLayout:
        self._close, self._discard = QPushButton("&Close"), QPushButton("&Discard")
        self._keep, self._use = QPushButton("&Keep it anyway…"), QPushButton("&Use this model")
        self._close.setToolTip("Decide later: the new model waits here")
        self._discard.setToolTip("Nobody wants the new model; your corrections stay, of course")
        self._use.setToolTip("Pictures that you have not corrected are predicted anew; what you decided stays")
        row = QHBoxLayout()
        row.setSpacing(UNIT)
        row.addWidget(self._close)
        row.addStretch(1)
        for button in (self._discard, self._keep, self._use):
            row.addWidget(button)
        for button in (self._close, self._keep, self._discard):
            button.setAutoDefault(False)
        self._close.clicked.connect(self.unwanted)
        self._discard.clicked.connect(self.discard_asked)
        self._keep.clicked.connect(self.keep_asked)
        self._use.clicked.connect(self.use_asked)
        return row

    def default(self) -> QPushButton:
        """What Return means on this page: never to take a model that got worse."""
        return self._use if self._recommended else self._close

    def first(self) -> QWidget:
        """What has the keyboard first."""
        return self.default()

    def show_report(self, report: LearnReport) -> None:
        self._recommended = report.recommended
        self._title.setText(f"{report.name}, learned from {report.parent}")
        self._verdict.setText(report.verdict)
        self._about.setText(learned_from_text(report.trained, report.held_back, report.seconds))
        self._show_totals(report)
        self._show_classes(report)
        self._use.setVisible(report.recommended)
        self._keep.setVisible(not report.recommended)
        self.show_problem("")
        self.set_busy(busy=False)

    def show_problem(self, sentence: str) -> None:
        """Why the model could not be taken."""
        self._problem.setText(sentence)
        self._problem.setVisible(bool(sentence))
        warned = QPalette(self.palette())
        warned.setColor(QPalette.ColorRole.WindowText, warning(self.palette()))
        self._problem.setPalette(warned)

    def set_busy(self, *, busy: bool) -> None:
        """Whether the model is on its way into the store."""
        for button in (self._use, self._keep, self._discard):
            button.setEnabled(not busy)
        self._use.setText("Adding it…" if busy else "&Use this model")
        self._keep.setText("Adding it…" if busy else "&Keep it anyway…")

    # --- tables ----------------------------------------------------------------------------------------------------

    def _show_totals(self, report: LearnReport) -> None:
        rows: list[_Row] = []
        for view, suffix in ((SEGMENTS, ""), (SEMANTIC, ", semantic view")):
            before, after = report.before.get(view), report.after.get(view)
            if before is not None and after is not None:
                rows.append(_Row(f"Pixels right{suffix}", _ACCURACY, before.pixel_accuracy, after.pixel_accuracy))
                rows.append(_Row(f"Mean IoU{suffix}", _MEAN_IOU, before.mean_iou, after.mean_iou))
                if view == SEGMENTS:  # the semantic view labels every pixel
                    left = before.unlabelled, after.unlabelled
                    rows.append(_Row("Left unlabelled", _UNLABELLED, *left, wanted=False))
        if report.decided_after is not None:
            rows.append(_Row("Pixels that you decided", _DECIDED, report.decided_before, report.decided_after))
        self._totals.clear()
        for row in rows:
            first, second = row.before, row.after
            item = QTreeWidgetItem([row.name, share_text(first), share_text(second), change_text(first, second)])
            item.setToolTip(0, row.tip)
            item.setSizeHint(0, QSize(0, 3 * UNIT - HALF))
            for column in range(1, len(_TOTALS)):
                item.setTextAlignment(column, _RIGHT)
            self._colour(item, *((first, second) if row.wanted else (second, first)))
            self._totals.addTopLevelItem(item)
        self._totals.setVisible(bool(rows))
        height = self._totals.sizeHintForRow(0) * len(rows) + self._totals.header().sizeHint().height()
        self._totals.setFixedHeight(height + 2 * self._totals.frameWidth())

    def _show_classes(self, report: LearnReport) -> None:
        self._classes.setSortingEnabled(False)
        self._classes.clear()
        for change in report.classes:
            if change.before is not None or change.after is not None:
                item = _ClassItem(change)
                self._colour(item, change.before, change.after)
                self._classes.addTopLevelItem(item)
        self._classes.setSortingEnabled(True)
        self._classes.sortByColumn(_CHANGE, Qt.SortOrder.DescendingOrder)
        self._classes.setVisible(self._classes.topLevelItemCount() > 0)
        if first := self._classes.topLevelItem(0):
            self._classes.setCurrentItem(first)
            self._classes.scrollToTop()

    def _colour(self, item: QTreeWidgetItem, before: float | None, after: float | None) -> None:
        """What got worse needs a second look."""
        if change_text(before, after).startswith("−"):
            item.setForeground(item.columnCount() - 1, QBrush(warning(self.palette())))


class _Headings(QHeaderView):
    """Headings of which none touches the arrow of the order."""

    def initStyleOptionForIndex(self, option: QStyleOptionHeader, column: int) -> None:  # noqa: N802 - Qt's name
        super().initStyleOptionForIndex(option, column)
        if self.isSortIndicatorShown() and column == self.sortIndicatorSection():
            option.text += _BESIDE_ARROW


class _ClassItem(QTreeWidgetItem):
    """One class; sorted by what the texts stand for."""

    def __init__(self, change: ClassChange) -> None:
        before, after = change.before, change.after
        name = class_name(change.class_id)
        super().__init__(
            [name, f"{change.pixels:,}", share_text(before), share_text(after), change_text(before, after)]
        )
        self.setIcon(0, swatch_icon(change.class_id))
        self.setToolTip(0, class_tip(change.class_id))
        changed = -2.0 if before is None or after is None else after - before
        keys = (name, change.pixels, -1.0 if before is None else before, -1.0 if after is None else after, changed)
        for column, key in enumerate(keys):
            self.setData(column, _KEY, key)
            if column:
                self.setTextAlignment(column, _RIGHT)

    def __lt__(self, other: QTreeWidgetItem) -> bool:
        column = self.treeWidget().sortColumn()
        return bool(self.data(column, _KEY) < other.data(column, _KEY))


def _table(columns: tuple[str, ...], *, name: str) -> QTreeWidget:
    table = QTreeWidget()
    header = _Headings(Qt.Orientation.Horizontal, table)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    table.setHeader(header)
    table.setColumnCount(len(columns))
    table.setHeaderLabels(list(columns))
    table.setRootIsDecorated(False)
    table.setUniformRowHeights(True)
    table.setAccessibleName(name)
    table.setAllColumnsShowFocus(True)
    table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)  # there is nothing to do with a row
    header.setStretchLastSection(False)
    header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    for column in range(1, len(columns)):
        header.resizeSection(column, table.fontMetrics().horizontalAdvance(_WIDEST) + 3 * UNIT)  # room for the arrow
        table.headerItem().setTextAlignment(column, _RIGHT)
    return table
