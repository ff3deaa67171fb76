"""Which pictures to show: a popup that changes the list at once, and the button it belongs to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QIcon, QIconEngine, QKeyEvent, QPainter, QPaintEvent, QPalette, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.core.catalogue import STATUSES, ClassShare, Exported, Filter
from app.core.pictures import PictureStatus
from app.listing.folder import Folder
from app.panels.class_picker import ClassPicker
from app.panels.class_texts import class_label
from app.panels.icons import icon, swatch_icon
from app.panels.number import SelectAll
from app.panels.picture_paint import MARK, paint_status
from app.panels.picture_texts import STATUS_TEXTS, STATUS_TIPS, filter_sentence
from app.panels.style import HALF, ICON, UNIT, paint_edge, tint

FIRST_SHARE = 2.0  # percent of a picture that a class is to cover, until another share is asked for
MARK_ICON = 14  # room for a mark beside a box, in device-independent pixels
_CHANGED = frozenset({Exported.CHANGED})
_WHOLE = (0.0, 1.0)


class FilterButton(QToolButton):
    """Opens the popup; says by a number how much is asked for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, autoRaise=True)
        self.setIcon(icon("filter"))
        self.setCheckable(True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QSize(ICON, ICON))
        self.show_filter(Filter())

    def nextCheckState(self) -> None:  # noqa: N802 - Qt's name
        """It is on while a filter is, whatever is clicked."""

    def show_filter(self, wanted: Filter) -> None:
        """How many conditions there are, and which."""
        count, sentence = conditions(wanted), filter_sentence(wanted)
        self.setChecked(bool(count))
        self.setText(str(count) if count else "")
        self.setToolButtonStyle(
            Qt.ToolButtonStyle.ToolButtonTextBesideIcon if count else Qt.ToolButtonStyle.ToolButtonIconOnly
        )
        self.setToolTip(f"Shown: {sentence}. Click to change that." if count else "Show only some of the pictures")
        self.setAccessibleName("Filter pictures")
        self.setAccessibleDescription(sentence)


def conditions(wanted: Filter) -> int:
    """How many conditions a filter has beside the name."""
    given = (wanted.statuses, wanted.exported, wanted.unlabelled, wanted.of_class)
    return sum(part is not None for part in given) + wanted.noted


class FilterPopup(QFrame):
    """Reports every change; Escape or a click elsewhere closes it."""

    changed = Signal(object)  # Filter; its name is that of the filter shown last

    def __init__(self, folder: Folder, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._folder, self._class_id, self._showing = folder, 0, False
        self.setAccessibleName("Filter pictures")
        self.setBackgroundRole(QPalette.ColorRole.Window)
        self.setAutoFillBackground(True)
        self.reset = QPushButton("Reset", self, flat=True)
        self.reset.setToolTip("Show all pictures")
        self.statuses = {status: self._box(STATUS_TEXTS[status], STATUS_TIPS[status]) for status in PictureStatus}
        for status, box in self.statuses.items():
            box.setIcon(QIcon(_StatusIcon(status)))
        self.exported = self._box("Changed since export", "An export would write something else than the last one did")
        self.exported.setIcon(icon("export-again"))
        self.noted = self._box("With a note", "Somebody has written something about it")
        self.noted.setIcon(icon("note"))
        self._counts = {box: QLabel(self) for box in (*self.statuses.values(), self.exported, self.noted)}
        self.class_button = QPushButton(self)
        self.class_button.setToolTip("Show pictures in which this class is labelled")
        self.no_class = QToolButton(self, autoRaise=True)
        self.no_class.setIcon(icon("cancel"))
        self.no_class.setToolTip("Any class")
        self.no_class.setAccessibleName("Any class")
        self.share = _Percent("Least share of the class", self, value=FIRST_SHARE)
        self.least = _Percent("Least unlabelled share", self, value=0)
        self.most = _Percent("Largest unlabelled share", self, value=100)
        self.picker = ClassPicker(self)
        self._build()
        self._wire()

    def _box(self, text: str, tip: str) -> QCheckBox:
        box = QCheckBox(text, self)
        box.setToolTip(tip)
        box.setIconSize(QSize(MARK_ICON, MARK_ICON))
        return box

    # --- layout ----------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * UNIT, UNIT + HALF, 2 * UNIT, 2 * UNIT)
        column.setSpacing(UNIT)
        head = QHBoxLayout()
        head.addWidget(self._title("Status"))
        head.addStretch(1)
        head.addWidget(self.reset)
        column.addLayout(head)
        column.addLayout(self._grid_of_boxes([*self.statuses.values()], columns=2))
        column.addWidget(_Line(self))
        column.addLayout(self._grid_of_boxes([self.exported, self.noted], columns=1))
        column.addWidget(_Line(self))
        column.addWidget(self._title("Class"))
        column.addLayout(self._row(self.class_button, self.no_class, "more than", self.share))
        column.addSpacing(HALF)
        column.addWidget(self._title("Unlabelled share"))
        column.addLayout(self._row("from", self.least, "to", self.most))

    def _grid_of_boxes(self, boxes: list[QCheckBox], *, columns: int) -> QGridLayout:
        """Boxes from top to bottom, then in the next column, each with the number of its pictures."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(UNIT)
        grid.setVerticalSpacing(HALF)
        rows = -(-len(boxes) // columns)
        for number, box in enumerate(boxes):
            column, row = divmod(number, rows)
            count = self._counts[box]
            count.setForegroundRole(QPalette.ColorRole.PlaceholderText)
            count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(box, row, 3 * column)
            grid.addWidget(count, row, 3 * column + 1)
            if column < columns - 1:
                grid.setColumnMinimumWidth(3 * column + 2, UNIT)
            grid.setColumnStretch(3 * column, 1)
        return grid

    def _row(self, *parts: QWidget | str) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(UNIT)
        for part in parts:
            widget = QLabel(part, self) if isinstance(part, str) else part
            row.addWidget(widget, 1 if widget is self.class_button else 0)
        if self.class_button not in parts:
            row.addStretch(1)
        return row

    def _title(self, text: str) -> QLabel:
        label = QLabel(text, self)
        font = label.font()
        font.setBold(True)
        label.setFont(font)
        return label

    def _wire(self) -> None:
        for box in self._counts:
            box.toggled.connect(self._tell)
        for field in (self.share, self.least, self.most):
            field.valueChanged.connect(self._tell)
        self.reset.clicked.connect(lambda: self._take(Filter(text=self._folder.filter.text)))
        self.class_button.clicked.connect(lambda: self.picker.open_at(self.class_button))
        self.no_class.clicked.connect(lambda: self._set_class(0))
        self.picker.picked.connect(self._set_class)
        self._folder.changed.connect(lambda _rows: self._show_counts())
        self._folder.relisted.connect(self._show_counts)

    # --- what is asked for -----------------------------------------------------------------------------------------

    def open_at(self, anchor: QWidget) -> None:
        """Show the folder's filter below `anchor`."""
        self.show_filter(self._folder.filter)
        self.adjustSize()
        room = anchor.screen().availableGeometry()
        place = anchor.mapToGlobal(QPoint(0, anchor.height() + 2))
        x = max(room.left(), min(place.x(), room.right() - self.width()))
        y = max(room.top(), min(place.y(), room.bottom() - self.height()))
        self.move(x, y)
        self.show()
        self._show_counts()
        next(iter(self.statuses.values())).setFocus(Qt.FocusReason.PopupFocusReason)

    def show_filter(self, wanted: Filter) -> None:
        """Put this on the fields without reporting it."""
        self._showing = True
        for status, box in self.statuses.items():
            box.setChecked(wanted.statuses is not None and status in wanted.statuses)
        self.exported.setChecked(wanted.exported is not None)
        self.noted.setChecked(wanted.noted)
        share = wanted.of_class
        self._show_class(0 if share is None else share.class_id)
        self.share.setValue(FIRST_SHARE if share is None else 100 * share.share)
        least, most = wanted.unlabelled or _WHOLE
        self.least.setValue(100 * least)
        self.most.setValue(100 * most)
        self._showing = False
        self.reset.setEnabled(conditions(wanted) > 0)

    def wanted(self) -> Filter:
        """What the fields ask for, with the name of the folder's filter."""
        statuses = frozenset(status for status, box in self.statuses.items() if box.isChecked())
        least, most = sorted((self.least.value() / 100, self.most.value() / 100))
        return Filter(
            text=self._folder.filter.text,
            statuses=statuses or None,
            exported=_CHANGED if self.exported.isChecked() else None,
            unlabelled=None if (least, most) == _WHOLE else (least, most),
            noted=self.noted.isChecked(),
            of_class=ClassShare(self._class_id, self.share.value() / 100) if self._class_id else None,
        )

    def _take(self, wanted: Filter) -> None:
        self.show_filter(wanted)
        self._tell()

    def _tell(self) -> None:
        if not self._showing:
            wanted = self.wanted()
            self.reset.setEnabled(conditions(wanted) > 0)
            if replace(wanted, among=None) != replace(self._folder.filter, among=None):
                self.changed.emit(wanted)

    def _set_class(self, class_id: int) -> None:
        self._show_class(class_id)
        self._tell()

    def _show_class(self, class_id: int) -> None:
        self._class_id = class_id
        self.class_button.setText(f" {class_label(class_id)}" if class_id else "Any class")
        self.class_button.setIcon(swatch_icon(class_id) if class_id else QIcon())
        self.no_class.setVisible(bool(class_id))
        self.share.setEnabled(bool(class_id))

    def _show_counts(self) -> None:
        """How many pictures of the folder each box stands for."""
        if not self.isVisible():
            return
        catalogue = self._folder.catalogue
        numbers = np.bincount(catalogue.status, minlength=len(STATUSES))
        for status, box in self.statuses.items():
            self._counts[box].setText(f"{numbers[STATUSES.index(status)]:,}")
        changed = np.count_nonzero(catalogue.exported == Exported.CHANGED.value)
        self._counts[self.exported].setText(f"{changed:,}")
        self._counts[self.noted].setText(f"{np.count_nonzero(catalogue.noted):,}")

    # --- the popup -------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.close()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ShortcutOverride:
            event.accept()  # nothing typed here is a shortcut of the window
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        paint_edge(self)


class _Percent(QDoubleSpinBox):
    """A share in percent, with a decimal only where it has one."""

    def __init__(self, name: str, parent: QWidget, *, value: float) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setRange(0, 100)
        self.setDecimals(1)
        self.setSuffix(" %")
        self.setKeyboardTracking(False)
        self.setValue(value)
        self.setMinimumWidth(9 * UNIT)
        SelectAll(self)

    def textFromValue(self, value: float) -> str:  # noqa: N802 - Qt's name
        return self.locale().toString(value, "f", 0 if value == round(value) else 1)


class _Line(QWidget):
    """A thin line between two parts."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedHeight(1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), tint(self.palette().color(QPalette.ColorRole.Text), 0.14))
        painter.end()


class _StatusIcon(QIconEngine):
    """The mark of a status, in the colours of the palette at the moment it is painted."""

    def __init__(self, status: PictureStatus) -> None:
        super().__init__()
        self._status = status

    def clone(self) -> QIconEngine:
        return _StatusIcon(self._status)

    def pixmap(self, size: QSize, _mode: QIcon.Mode, _state: QIcon.State) -> QPixmap:
        """`size` is in device pixels: the mark is drawn on a sharp screen of that many, as in the list."""
        pixmap = QPixmap(size)
        pixmap.setDevicePixelRatio(size.height() / MARK_ICON)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self._draw(painter, QRectF(0, 0, MARK_ICON, MARK_ICON))
        painter.end()
        pixmap.setDevicePixelRatio(1)
        return pixmap

    def paint(self, painter: QPainter, rect: QRect, _mode: QIcon.Mode, _state: QIcon.State) -> None:
        self._draw(painter, QRectF(rect))

    def _draw(self, painter: QPainter, rect: QRectF) -> None:
        side = QRectF(0, 0, MARK, MARK)
        side.moveCenter(rect.center())
        paint_status(painter, side, self._status, QGuiApplication.palette())
