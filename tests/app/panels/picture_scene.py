"""Folders of pictures for the tests of the list: what is known of them, without files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.core.catalogue import Catalogue, SortBy
from app.listing.folder import Arrangement, Folder
from app.panels.image_list import ImageList
from tests.menus import click_entry

ROOT = Path("/photos")
NAMES = ("boat.jpg", "castle.jpg", "Castle ruin.jpg", "cows.jpg", "dogs.jpg")
PATHS = [ROOT / name for name in NAMES]


def fill(folder: Folder, names: Sequence[str] = NAMES, *, root: Path = ROOT) -> Folder:
    """Put pictures of these names into a folder, all new; the filter and the order stay."""
    catalogue = Catalogue(names)
    folder.take(root, catalogue, Arrangement.of(catalogue, folder.filter, folder.sort))
    return folder


def many(count: int) -> list[str]:
    """Names in order."""
    return [f"{number:06d}.jpg" for number in range(count)]


def listed(pictures: ImageList) -> list[str]:
    """The names in the list, from top to bottom."""
    return [pictures.model.index(row).data() for row in range(pictures.model.rowCount())]


def click(pictures: ImageList, row: int, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    where = pictures.view.visualRect(pictures.model.index(row)).center()
    QTest.mouseClick(pictures.view.viewport(), Qt.MouseButton.LeftButton, keys, where)


def arrange_by_hand(pictures: ImageList, by: SortBy) -> None:
    """Choose an order in the menu of the sort button."""
    button = pictures.sort_button
    button.menu().popup(button.mapToGlobal(QPoint(0, 0)))
    click_entry(button.menu(), button.keys[by])
