"""The rows of the legend: the classes present, by area, or what a search found among all 150."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QObject, Qt

from app.core.overlay import OverlaySettings
from app.panels.class_texts import (
    class_label,
    class_name,
    class_tip,
    find_classes,
    iou_tip,
    matching_synonym,
    published_iou,
    published_size,
)
from app.panels.rows import ROOT, Index
from app.panels.texts import NO_VALUE, score_text, share_text
from resources.classes import CLASS_COUNT


class Column(IntEnum):
    """The columns of the legend, left to right."""

    CLASS = 0
    AREA = 1
    SCORE = 2
    IOU = 3
    EYE = 4


SHARE = ("Share", "Semantic view: the mean share of the class among all classes, over its pixels, 0 to 1")
HEADS = {
    Column.CLASS: ("Class", "The classes in this picture, largest first. Click: show only this class"),
    Column.AREA: ("Area", "Share of the picture"),
    Column.SCORE: ("Score", "Best score among the segments of the class, 0 to 1"),
    Column.IOU: (
        "IoU",
        "Published accuracy of the class, percent: how far a trained network gets with it",
    ),
    Column.EYE: ("", "Show or hide the class"),
}


class LegendModel(QAbstractTableModel):
    """One row per class. Rows move, come and go one by one, so that selection and scroll position stay."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ids: list[int] = []
        self._areas: NDArray[np.int64] = np.zeros(CLASS_COUNT + 1, np.int64)
        self._scores: NDArray[np.float32] = np.zeros(CLASS_COUNT + 1, np.float32)
        self._open = False
        self._query = ""
        self._overlay = OverlaySettings()
        self._current_class = 0
        self.semantic = False  # which view the scores belong to
        self.published: str | None = None  # size of the published network in use, whose figures the IoU column shows

    # --- what is shown ---------------------------------------------------------------------------------------------

    def set_picture(self, areas: NDArray[np.int64], scores: NDArray[np.float32]) -> None:
        """Pixels per label (151,) int64 and best score per label (151,) float32, 0 where there is none."""
        changed = (areas != self._areas) | (scores != self._scores)
        opened = not self._open or int(areas.sum()) != int(self._areas.sum())  # then every share differs
        self._open, self._areas, self._scores = True, areas, scores
        if opened or changed.any():
            self._arrange()
            for row, class_id in enumerate(self._ids):
                if opened or changed[class_id]:
                    self.dataChanged.emit(self.index(row, 0), self.index(row, len(Column) - 1))

    def set_model(self, name: str) -> None:
        """Whose published figures to show: those of the model in use, or of the middle size when it has none."""
        self.published = published_size(name)
        if self._ids:
            self.dataChanged.emit(self.index(0, Column.IOU), self.index(len(self._ids) - 1, Column.IOU))

    def set_semantic(self, *, semantic: bool) -> None:
        """Scores of segments, or shares of classes in the semantic view."""
        if semantic is not self.semantic:
            self.semantic = semantic
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, Column.SCORE, Column.SCORE)

    def set_no_picture(self) -> None:
        """Nothing is open or nothing is predicted yet."""
        self._open = False
        self._areas = np.zeros(CLASS_COUNT + 1, np.int64)
        self._scores = np.zeros(CLASS_COUNT + 1, np.float32)
        self._arrange()
        self._tell()

    def set_query(self, query: str) -> None:
        """Show what matches among all classes; an empty query shows the classes present."""
        self._query = query.strip()
        self._arrange()
        self._tell()

    def set_overlay(self, overlay: OverlaySettings) -> None:
        """Which classes are hidden or solo."""
        if overlay.hidden != self._overlay.hidden or overlay.solo != self._overlay.solo:
            self._overlay = overlay
            self._arrange()
            self._tell()

    def set_current_class(self, class_id: int) -> None:
        """The class to paint with, which is marked."""
        self._current_class = class_id
        self._tell()

    def class_at(self, index: Index) -> int:
        """The class of a row."""
        return self._ids[index.row()]

    def row_of(self, class_id: int) -> int:
        """The row of a class, or -1."""
        return self._ids.index(class_id) if class_id in self._ids else -1

    def ids(self) -> Sequence[int]:
        """The classes in row order."""
        return tuple(self._ids)

    def is_present(self, class_id: int) -> bool:
        """Whether the class has at least one pixel."""
        return bool(self._areas[class_id] > 0)

    def has_picture(self) -> bool:
        """Whether there are labels to count."""
        return self._open

    def present_count(self) -> int:
        """How many classes have at least one pixel, unlabelled not counted."""
        return int(np.count_nonzero(self._areas[1:]))

    def is_hidden(self, class_id: int) -> bool:
        """Whether the eye of the class is closed."""
        return class_id in self._overlay.hidden

    def is_solo(self, class_id: int) -> bool:
        """Whether the class is among those shown alone."""
        return class_id in self._overlay.solo

    def is_drawn(self, class_id: int) -> bool:
        """Whether the overlay shows the class now."""
        return self.is_solo(class_id) if self._overlay.solo else not self.is_hidden(class_id)

    def is_current(self, class_id: int) -> bool:
        """Whether this is the class to paint with."""
        return class_id == self._current_class

    def matched(self, class_id: int) -> str:
        """The synonym that the search found, or an empty string."""
        return matching_synonym(class_id, self._query)

    # --- Qt --------------------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._ids)

    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(Column)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        class_id, column = self._ids[index.row()], Column(index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(class_id, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(class_id, column)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(class_id, column)
        if role == Qt.ItemDataRole.TextAlignmentRole and column in (Column.AREA, Column.SCORE, Column.IOU):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        head, tip = SHARE if self.semantic and section == Column.SCORE else HEADS[Column(section)]
        if role == Qt.ItemDataRole.DisplayRole:
            return head
        return tip if role == Qt.ItemDataRole.ToolTipRole else None

    def _text(self, class_id: int, column: Column) -> str:
        if column is Column.CLASS:
            return class_name(class_id)
        if column is Column.AREA:
            return share_text(int(self._areas[class_id]), int(self._areas.sum())) if self._open else NO_VALUE
        if column is Column.SCORE:
            return score_text(float(self._scores[class_id]))
        iou = published_iou(class_id, self.published)
        return f"{iou:.0f}" if column is Column.IOU and iou is not None else ""

    def _tip(self, class_id: int, column: Column) -> str:
        if column is Column.EYE:
            return f"{'Show' if self.is_hidden(class_id) else 'Hide'} {class_name(class_id)} (Space)"
        if column is Column.IOU:
            return iou_tip(class_id, self.published)
        if column is Column.AREA:
            return f"{int(self._areas[class_id]):,} pixels".replace(",", " ")
        if column is Column.SCORE:
            return HEADS[Column.SCORE][1] if self._scores[class_id] > 0 else "No segment of the network has this class"
        lines = [class_tip(class_id), iou_tip(class_id, self.published)]
        if self._scores[class_id] > 0:
            lines.append(f"Best score in this picture: {score_text(float(self._scores[class_id]))}")
        only = "Click: show only this class · " if self.is_present(class_id) else ""
        return "\n".join([line for line in lines if line] + [f"{only}Double-click: paint with it"])

    def _spoken(self, class_id: int, column: Column) -> str:
        if column is Column.EYE:
            return "hidden" if self.is_hidden(class_id) else "shown"
        if column is Column.CLASS:
            solo = ", solo" if self.is_solo(class_id) else ""
            current = ", current class" if self.is_current(class_id) else ""
            return f"{class_label(class_id)}{solo}{current}"
        return f"{HEADS[column][0]} {self._text(class_id, column)}"

    # --- rows ------------------------------------------------------------------------------------------------------

    def _wanted(self) -> list[int]:
        """The rows as they should be: by area, then hidden or solo classes that are not here, unlabelled last."""
        if self._query:
            return sorted(find_classes(self._query), key=lambda class_id: not self.is_present(class_id))
        if not self._open:
            return []
        present = [int(i) for i in np.argsort(-self._areas[1:], kind="stable") + 1 if self._areas[i] > 0]
        kept = sorted((self._overlay.hidden | self._overlay.solo) - set(present) - {0})
        return [*present, *kept, 0]

    def _arrange(self) -> None:
        wanted = self._wanted()
        if wanted == self._ids:
            return
        keep = set(wanted)
        for first, last in _runs([row for row, class_id in enumerate(self._ids) if class_id not in keep], back=True):
            self.beginRemoveRows(ROOT, first, last)
            del self._ids[first : last + 1]
            self.endRemoveRows()
        have = set(self._ids)
        self._reorder([class_id for class_id in wanted if class_id in have])
        for first, last in _runs([row for row, class_id in enumerate(wanted) if class_id not in have], back=False):
            self.beginInsertRows(ROOT, first, last)
            self._ids[first:first] = wanted[first : last + 1]
            self.endInsertRows()

    def _reorder(self, ordered: list[int]) -> None:
        if ordered == self._ids:
            return
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        rows = {class_id: row for row, class_id in enumerate(ordered)}
        after = [self.index(rows[self._ids[index.row()]], index.column()) for index in before]
        self._ids = ordered
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def _tell(self) -> None:
        if self._ids:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._ids) - 1, len(Column) - 1))


def _runs(rows: Sequence[int], *, back: bool) -> Iterator[tuple[int, int]]:
    """Neighbouring rows as (first, last), from the front or from the back."""
    runs: list[tuple[int, int]] = []
    for row in rows:
        if runs and runs[-1][1] == row - 1:
            runs[-1] = (runs[-1][0], row)
        else:
            runs.append((row, row))
    return reversed(runs) if back else iter(runs)
