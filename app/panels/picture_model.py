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
from app.listing.folder import Folder
from app.panels.picture_texts import second_line, spoken, tip
from app.panels.rows import ROOT, Index

KEPT_BYTES = 64 * 2**20  # of thumbnails, some 650 or on a fine screen 240; others are asked for again when seen
_PIXEL_BYTES = 4  # of a pixmap
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
        self._kept_bytes = 0
        self._stale: set[Path] = set()  # of another size than is shown by now
        folder.relisted.connect(self._reset)
        folder.rearranged.connect(self._reset)
        folder.changed.connect(self._changed)
        folder.files_changed.connect(self._files_changed)

    def set_thumbnail(self, path: Path, thumbnail: NDArray[np.uint8]) -> None:
        """A small version of the picture, (h, w, 3) uint8 RGB."""
        height, width = thumbnail.shape[:2]
        pixels = np.ascontiguousarray(thumbnail)
        image = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        self._drop(path)
        self._thumbnails[path] = QPixmap.fromImage(image)
        self._kept_bytes += width * height * _PIXEL_BYTES
        while self._kept_bytes > KEPT_BYTES and len(self._thumbnails) > 1:
            self._drop(next(iter(self._thumbnails)))
        self._tell(self.place(path))

    def _drop(self, path: Path) -> None:
        self._stale.discard(path)
        pixmap = self._thumbnails.pop(path, None)
        if pixmap is not None:
            self._kept_bytes -= pixmap.width() * pixmap.height() * _PIXEL_BYTES

    def want_other_size(self) -> None:
        """Thumbnails are shown larger or smaller from now on: those that are here do until others come."""
        self._stale = set(self._thumbnails)

    def place(self, path: Path) -> int:
        """The row in which a picture is shown, or -1."""
        return self.folder.place(path)

    def path(self, place: int) -> Path:
        """The picture in a row."""
        return self.folder.path(int(self.rows[place]))

    def lacks_thumbnail(self, place: int) -> bool:
        """Whether a thumbnail of this row should be asked for."""
        path = self.path(place)
        return (path not in self._thumbnails or path in self._stale) and self.folder.status(
            path
        ) is not PictureStatus.UNREADABLE

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

    def _files_changed(self, rows: NDArray[np.intp]) -> None:
        others = np.zeros(len(self.catalogue) + 1, np.bool_)  # the last for pictures that are not listed any more
        others[rows] = True
        self._stale.update(path for path in self._thumbnails if others[self.folder.row(path)])

    def _tell(self, place: int) -> None:
        if place >= 0 and self.rows is self.folder.rows:  # else others are about to be shown anyway
            index = self.index(place)
            self.dataChanged.emit(index, index)
