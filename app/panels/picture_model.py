"""The pictures of the list: name, status, and the thumbnails of those that were seen lately."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import assert_never

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractListModel, QObject, Qt
from PySide6.QtGui import QImage, QPixmap

from app.core.pictures import PictureStatus
from app.panels.rows import ROOT, Index

KEPT_THUMBNAILS = 512  # at 192 x 128 pixels about 50 MB; the others are asked for again when they come into view


class PictureRole(IntEnum):
    """Data of a picture beside its name."""

    PATH = Qt.ItemDataRole.UserRole + 1
    STATUS = Qt.ItemDataRole.UserRole + 2
    LINE = Qt.ItemDataRole.UserRole + 3  # the second line: the status in words, or why it cannot be read
    THUMBNAIL = Qt.ItemDataRole.UserRole + 4  # QPixmap, or None while it is on its way


@dataclass(slots=True)
class _Picture:
    path: Path
    status: PictureStatus = PictureStatus.NEW
    reason: str = ""


_EXPLAINED = {
    PictureStatus.NEW: "Not predicted yet",
    PictureStatus.PREDICTED: "The network has predicted it; nothing is corrected",
    PictureStatus.IN_WORK: "Has corrections",
    PictureStatus.DONE: "Finished",
    PictureStatus.SKIPPED: "Left out on purpose",
    PictureStatus.UNREADABLE: "Cannot be read",
}


def status_text(status: PictureStatus) -> str:
    """The status in words."""
    match status:
        case PictureStatus.NEW:
            return "New"
        case PictureStatus.PREDICTED:
            return "Predicted"
        case PictureStatus.IN_WORK:
            return "In work"
        case PictureStatus.DONE:
            return "Done"
        case PictureStatus.SKIPPED:
            return "Skipped"
        case PictureStatus.UNREADABLE:
            return "Cannot be read"
        case unexpected:
            assert_never(unexpected)


class PictureModel(QAbstractListModel):
    """One row per picture, in the order given; status and thumbnails arrive one by one."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures: list[_Picture] = []
        self._rows: dict[Path, int] = {}
        self._thumbnails: OrderedDict[Path, QPixmap] = OrderedDict()

    def set_paths(self, paths: Sequence[Path]) -> None:
        """Another list; pictures that were in the old one keep their status and thumbnail."""
        self.beginResetModel()
        known = {picture.path: picture for picture in self._pictures}
        self._pictures = [known.get(path) or _Picture(path) for path in dict.fromkeys(paths)]
        self._rows = {picture.path: row for row, picture in enumerate(self._pictures)}
        for path in [path for path in self._thumbnails if path not in self._rows]:
            del self._thumbnails[path]
        self.endResetModel()

    def set_status(self, path: Path, status: PictureStatus, reason: str = "") -> None:
        """What became of a picture; `reason` says in one sentence why it cannot be read. Unknown paths are ignored."""
        row = self._rows.get(path)
        if row is not None:
            self._pictures[row].status, self._pictures[row].reason = status, reason
            self._tell(row)

    def set_thumbnail(self, path: Path, thumbnail: NDArray[np.uint8]) -> None:
        """A small version of the picture, (h, w, 3) uint8 RGB. Unknown paths are ignored."""
        row = self._rows.get(path)
        if row is None:
            return
        height, width = thumbnail.shape[:2]
        pixels = np.ascontiguousarray(thumbnail)
        image = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        self._thumbnails[path] = QPixmap.fromImage(image)
        self._thumbnails.move_to_end(path)
        while len(self._thumbnails) > KEPT_THUMBNAILS:
            self._thumbnails.popitem(last=False)
        self._tell(row)

    def paths(self) -> Sequence[Path]:
        """Every picture, in order."""
        return tuple(picture.path for picture in self._pictures)

    def row_of(self, path: Path) -> int:
        """The row of a picture, or -1."""
        return self._rows.get(path, -1)

    def lacks_thumbnail(self, row: int) -> bool:
        """Whether a thumbnail of this row should be asked for."""
        picture = self._pictures[row]
        return picture.status is not PictureStatus.UNREADABLE and picture.path not in self._thumbnails

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._pictures)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        picture = self._pictures[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return picture.path.name
        if role == PictureRole.PATH:
            return picture.path
        if role == PictureRole.STATUS:
            return picture.status
        if role == PictureRole.THUMBNAIL:
            return self._thumbnails.get(picture.path)
        if role == PictureRole.LINE:
            return _short(picture.reason, picture.path.name) or status_text(picture.status)
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{picture.path}\n{picture.reason or _EXPLAINED[picture.status]}"
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{picture.path.name}, {picture.reason or status_text(picture.status)}"
        return None

    def _tell(self, row: int) -> None:
        index = self.index(row, 0)
        self.dataChanged.emit(index, index)


def _short(reason: str, name: str) -> str:
    """The reason without the name, which the line above it says: 'a.jpg is damaged …' becomes 'Damaged …'."""
    said = reason.removeprefix(name).lstrip().removeprefix("is ")
    return said[:1].upper() + said[1:]
