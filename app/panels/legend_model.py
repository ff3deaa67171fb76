"""The rows of the legend: the classes of the picture and those kept at hand, or what a search found among all 150."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QObject, Qt

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
from app.panels.legend_order import Figures, LegendSort, Marks, SortKey, legend_rows, ordered
from app.panels.rows import ROOT, Index
from app.panels.texts import NO_VALUE, score_text, share_text


class Column(IntEnum):
    """The columns of the legend, left to right."""

    CLASS = 0
    AREA = 1
    SCORE = 2
    IOU = 3
    LOCK = 4
    EYE = 5


FIGURES = (Column.AREA, Column.SCORE)  # from the first to the last column that a stroke changes
SORTS = {
    Column.CLASS: SortKey.NAME,
    Column.AREA: SortKey.AREA,
    Column.SCORE: SortKey.SCORE,
    Column.IOU: SortKey.ACCURACY,
}
SORT_TEXTS = {
    SortKey.AREA: "Area",
    SortKey.NAME: "Name",
    SortKey.SCORE: "Score",
    SortKey.ACCURACY: "Published accuracy",
}
SHARE = ("Share", "Semantic view: the mean share of the class among all classes, over its pixels, 0 to 1")
HEADS = {
    Column.CLASS: ("Class", "The classes in this picture. Click on one: show only this class"),
    Column.AREA: ("Area", "Share of the picture"),
    Column.SCORE: ("Score", "Best score among the segments of the class, 0 to 1"),
    Column.IOU: (
        "IoU",
        "Published accuracy of the class, percent: how far a trained network gets with it",
    ),
    Column.LOCK: ("", "Locked classes are never painted over"),
    Column.EYE: ("", "Show or hide the class"),
}


class LegendModel(QAbstractTableModel):
    """One row per class. Rows move, come and go one by one, so that selection and scroll position stay."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ids: list[int] = []
        self._figures = Figures()
        self._open = False
        self._late = False  # rows may have to move
        self._paintable = False
        self._query = ""
        self._marks = Marks()
        self._sort = LegendSort()
        self._current_class = 0
        self.semantic = False  # which view the scores belong to
        self.published: str | None = None  # size of the published network whose figures the IoU column shows

    # --- what is shown ---------------------------------------------------------------------------------------------

    def set_picture(self, figures: Figures, *, drawing: bool = False) -> None:
        """What the picture shows of each class. While a hand is `drawing`, the rows stay where they are."""
        opened, before, self._figures = not self._open, self._figures, figures
        self._open = True
        changed, present = figures.changed(before), figures.areas > 0
        appeared = present & (before.areas == 0)
        self._late |= bool(changed.any())
        if opened or (self._late and not drawing) or appeared.any():
            self._arrange()
            self._late = False
        if opened:
            self._tell()
            return
        other = present != (before.areas > 0)  # absent classes are grey
        self._tell(np.flatnonzero(changed & other).tolist())
        self._tell(np.flatnonzero(changed & ~other).tolist(), columns=FIGURES)

    def set_model(self, name: str) -> None:
        """Whose published figures to show: those of this model, or of the middle size when it has none."""
        size = published_size(name)
        if size != self.published:
            self.published = size
            self._arrange()
            self._tell()

    def set_semantic(self, *, semantic: bool) -> None:
        """Scores of segments, or shares of classes in the semantic view."""
        if semantic is not self.semantic:
            self.semantic = semantic
            self._tell()
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, Column.SCORE, Column.SCORE)

    def set_no_picture(self, *, paintable: bool) -> None:
        """Nothing is open or nothing is predicted yet; where one can paint already, the favourites are offered."""
        self._open, self._paintable, self._figures = False, paintable, Figures()
        self._arrange()
        self._tell()

    def set_query(self, query: str) -> None:
        """Show what matches among all classes; an empty query shows the classes present."""
        self._query = query.strip()
        self._arrange()
        self._tell()

    def set_marks(self, marks: Marks) -> None:
        """Which classes are hidden, solo, locked, favourites or have a threshold of their own."""
        changed, self._marks = marks.changed(self._marks), marks
        if changed:
            self._arrange()
            self._tell(changed)

    @property
    def order(self) -> LegendSort:
        """The order of the rows."""
        return self._sort

    def set_order(self, sort: LegendSort) -> None:
        """Order the rows; what a search found stays in its own order."""
        if sort != self._sort:
            self._sort = sort
            self._arrange()
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(Column) - 1)

    def set_current_class(self, class_id: int) -> None:
        """The class to paint with, which is marked."""
        before, self._current_class = self._current_class, class_id
        self._tell({before, class_id})

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
        return bool(self._figures.areas[class_id] > 0)

    def has_picture(self) -> bool:
        """Whether there are labels to count."""
        return self._open

    def present_count(self) -> int:
        """How many classes have at least one pixel, unlabelled not counted."""
        return int((self._figures.areas[1:] > 0).sum())

    def is_hidden(self, class_id: int) -> bool:
        """Whether the eye of the class is closed: solo opens it."""
        return class_id in self._marks.hidden and not self.is_solo(class_id)

    def is_solo(self, class_id: int) -> bool:
        """Whether the class is among those shown alone."""
        return class_id in self._marks.solo

    def is_drawn(self, class_id: int) -> bool:
        """Whether the overlay shows the class now."""
        return self.is_solo(class_id) if self._marks.solo else not self.is_hidden(class_id)

    def is_locked(self, class_id: int) -> bool:
        """Whether paint never covers the class."""
        return class_id in self._marks.locked

    def is_favourite(self, class_id: int) -> bool:
        """Whether the class is always listed, at the top."""
        return class_id in self._marks.favourites

    def own_threshold(self, class_id: int) -> float | None:
        """The threshold of the class where it has one of its own; None in the semantic view, which has none."""
        return None if self.semantic else self._marks.thresholds.get(class_id)

    def last_favourite_row(self) -> int:
        """The row that ends the favourites, or -1 where nothing follows them."""
        favourites = 0 if self._query else len(self._marks.favourites - {0})
        return favourites - 1 if favourites < len(self._ids) else -1

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
        key = SORTS.get(Column(section))
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip if key is None else f"{tip}\nClick here: sort by {SORT_TEXTS[key].lower()}; again: turn it round"
        if role == Qt.ItemDataRole.AccessibleTextRole and key is self._sort.key:
            return f"{head}, sorted {'down' if self._sort.descending else 'up'}"
        return head if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole) else None

    def _text(self, class_id: int, column: Column) -> str:
        areas = self._figures.areas
        if column is Column.CLASS:
            return class_name(class_id)
        if column is Column.AREA:
            return share_text(int(areas[class_id]), int(areas.sum())) if self._open else NO_VALUE
        if column is Column.SCORE:
            return score_text(float(self._figures.scores[class_id]))
        iou = published_iou(class_id, self.published)
        return f"{iou:.0f}" if column is Column.IOU and iou is not None else ""

    def _tip(self, class_id: int, column: Column) -> str:
        if column is Column.EYE:
            return f"{'Show' if self.is_hidden(class_id) else 'Hide'} {class_name(class_id)} (Space)"
        if column is Column.LOCK and self.is_locked(class_id):
            return f"Locked: paint never covers {class_name(class_id)}. Click to unlock (L)"
        if column is Column.LOCK:
            return f"Lock {class_name(class_id)}: paint will never cover it (L)"
        if column is Column.IOU:
            return iou_tip(class_id, self.published)
        if column is Column.AREA:
            return f"{int(self._figures.areas[class_id]):,} pixels".replace(",", " ")
        score, limit = float(self._figures.scores[class_id]), self.own_threshold(class_id)
        own = "" if limit is None else f"Its own threshold is {limit:.2f} in every picture: what scores more counts (T)"
        if column is Column.SCORE:
            best = HEADS[Column.SCORE][1] if score > 0 else "No segment of the network that counts has this class"
            return f"{best}\n{own}" if own else best
        lines = [class_tip(class_id), iou_tip(class_id, self.published)]
        if score > 0:
            lines.append(f"Best score in this picture: {score_text(score)}")
        lines += [own, "A favourite: always listed (S)" if self.is_favourite(class_id) else ""]
        only = "Click: show only this class · " if self.is_present(class_id) else ""
        return "\n".join([line for line in lines if line] + [f"{only}Double-click: paint with it"])

    def _spoken(self, class_id: int, column: Column) -> str:
        if column is Column.EYE:
            return "hidden" if self.is_hidden(class_id) else "shown"
        if column is Column.CLASS:
            limit = self.own_threshold(class_id)
            said = {
                "solo": self.is_solo(class_id),
                "current class": self.is_current(class_id),
                "favourite": self.is_favourite(class_id),
                f"own threshold {limit or 0:.2f}": limit is not None,
                "locked": self.is_locked(class_id),
            }
            return ", ".join([class_label(class_id), *(text for text, true in said.items() if true)])
        if column is Column.LOCK:
            return "locked" if self.is_locked(class_id) else "not locked"
        return f"{HEADS[column][0]} {self._text(class_id, column)}"

    # --- rows ------------------------------------------------------------------------------------------------------

    def _wanted(self) -> list[int]:
        """The rows as they should be."""
        if self._query:
            return sorted(find_classes(self._query), key=lambda class_id: not self.is_present(class_id))
        if self._open:
            return legend_rows(self._figures, self._marks, self._sort, size=self.published)
        favourites = self._marks.favourites - {0} if self._paintable else frozenset[int]()
        return ordered(favourites, self._figures, self._sort, size=self.published)

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

    def _tell(
        self, class_ids: Iterable[int] | None = None, *, columns: tuple[int, int] = (Column.CLASS, Column.EYE)
    ) -> None:
        """These rows, or all, look different, in some columns or in all."""
        changed = set(self._ids if class_ids is None else class_ids)
        for first, last in _runs([row for row, class_id in enumerate(self._ids) if class_id in changed], back=False):
            self.dataChanged.emit(self.index(first, columns[0]), self.index(last, columns[1]))


def _runs(rows: Sequence[int], *, back: bool) -> Iterator[tuple[int, int]]:
    """Neighbouring rows as (first, last), from the front or from the back."""
    runs: list[tuple[int, int]] = []
    for row in rows:
        if runs and runs[-1][1] == row - 1:
            runs[-1] = (runs[-1][0], row)
        else:
            runs.append((row, row))
    return reversed(runs) if back else iter(runs)
