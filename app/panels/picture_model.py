"""The pictures of a folder as a list: which are shown, what is known of each, and the thumbnails seen lately."""

from __future__ import annotations

from collections import OrderedDict
from enum import IntEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractListModel, QObject, Qt
from PySide6.QtGui import QImage, QPixmap

from app.core.pictures import PictureStatus
from app.folder import Folder
from app.panels.picture_texts import second_line, spoken, tip
from app.panels.rows import ROOT, Index

KEPT_THUMBNAILS = 512  # at 192 x 128 pixels about 50 MB; the others are asked for again when they come into view
_FEW = 64  # changed rows that are told one by one


class PictureRole(IntEnum):
    """Data of a picture beside its name."""

    PATH = Qt.ItemDataRole.UserRole + 1
    FACTS = Qt.ItemDataRole.UserRole + 2  # PictureFacts
    LINE = Qt.ItemDataRole.UserRole + 3  # the second line: the status in words, or why it cannot be read
    THUMBNAIL = Qt.ItemDataRole.UserRole + 4  # QPixmap, or None while it is on its way


class PictureModel(QAbstractListModel):
    """One row per picture shown, straight from the folder: nothing is done for a row before it is looked at."""

    def __init__(self, folder: Folder, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder, self.catalogue = folder, folder.catalogue
        self.rows = folder.rows  # of the catalogue, by place in the list
        self._thumbnails: OrderedDict[Path, QPixmap] = OrderedDict()
        folder.relisted.connect(self._reset)
        folder.rearranged.connect(self._reset)
        folder.changed.connect(self._changed)

    def set_thumbnail(self, path: Path, thumbnail: NDArray[np.uint8]) -> None:
        """A small version of the picture, (h, w, 3) uint8 RGB."""
        height, width = thumbnail.shape[:2]
        pixels = np.ascontiguousarray(thumbnail)
        image = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        self._thumbnails[path] = QPixmap.fromImage(image)
        self._thumbnails.move_to_end(path)
        while len(self._thumbnails) > KEPT_THUMBNAILS:
            self._thumbnails.popitem(last=False)
        self._tell(self.place(path))

    def place(self, path: Path) -> int:
        """The row in which a picture is shown, or -1."""
        return self.folder.place(path)

    def path(self, place: int) -> Path:
        """The picture in a row."""
        return self.folder.path(int(self.rows[place]))

    def lacks_thumbnail(self, place: int) -> bool:
        """Whether a thumbnail of this row should be asked for."""
        path = self.path(place)
        return path not in self._thumbnails and self.folder.status(path) is not PictureStatus.UNREADABLE

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        folder, row = self.folder, int(self.rows[index.row()])
        name = self.catalogue.names[row].rpartition("/")[2]
        if role == Qt.ItemDataRole.DisplayRole:
            return name
        if role == PictureRole.FACTS:
            return self.catalogue.facts(row)
        path = folder.path(row)
        if role == PictureRole.PATH:
            return path
        if role == PictureRole.THUMBNAIL:
            return self._thumbnail(path)
        if role == PictureRole.LINE:
            return second_line(name, self.catalogue.facts(row), folder.reason(path), folder.sort.by)
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(path, self.catalogue.facts(row), folder.reason(path), folder.note(path))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return spoken(name, self.catalogue.facts(row), folder.reason(path), folder.note(path))
        return None

    def _thumbnail(self, path: Path) -> QPixmap | None:
        pixmap = self._thumbnails.get(path)
        if pixmap is not None:
            self._thumbnails.move_to_end(path)  # what is seen is the last to go
        return pixmap

    def _reset(self) -> None:
        self.beginResetModel()
        self.catalogue, self.rows = self.folder.catalogue, self.folder.rows
        self.endResetModel()

    def _changed(self, rows: NDArray[np.intp]) -> None:
        if len(rows) <= _FEW:
            for row in rows:
                self._tell(self.place(self.folder.path(int(row))))
        elif self.rowCount() and self.rows is self.folder.rows:
            self.dataChanged.emit(self.index(0), self.index(self.rowCount() - 1))

    def _tell(self, place: int) -> None:
        if place >= 0 and self.rows is self.folder.rows:  # else others are about to be shown anyway
            index = self.index(place)
            self.dataChanged.emit(index, index)
