"""Where the cells of a view of even cells are, and how keys go through them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QModelIndex, QRect, QSize, QStringListModel, Qt
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from app.panels.even_view import EvenView

COUNT = 25


class Cells(QStyledItemDelegate):
    """A hundred wide and forty high."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex) -> QSize:  # type: ignore[override]
        return QSize(100, 40)


@pytest.fixture
def view(qtbot: QtBot) -> EvenView:
    view = EvenView()
    qtbot.addWidget(view)
    view.setItemDelegate(Cells(view))
    view.setModel(QStringListModel([f"cell {number}" for number in range(COUNT)], view))
    view.resize(340, 200)
    with qtbot.waitExposed(view):
        view.show()
    return view


@pytest.mark.parametrize("grid", [False, True])
def test_every_cell_is_where_it_is_found(view: EvenView, grid: bool) -> None:  # noqa: FBT001
    view.set_grid(on=grid)
    assert view.columns() == (3 if grid else 1)
    view.verticalScrollBar().setValue(55)
    rects = [view.visualRect(view.model().index(place, 0)) for place in range(COUNT)]
    for place, rect in enumerate(rects):
        for point in (rect.topLeft(), rect.bottomRight(), rect.center()):
            found = view.indexAt(point)
            assert found.row() == place
    columns = rects[: view.columns()]
    assert columns[0].left() == 0
    assert columns[-1].right() == view.viewport().width() - 1  # the width is shared without a rest
    seen = [place for place, rect in enumerate(rects) if rect.intersects(view.viewport().rect())]
    assert list(view.places_seen()) == seen
    assert not view.indexAt(rects[-1].bottomLeft() + QRect(0, 0, 2, 2).bottomRight()).isValid()


def test_arrows_go_through_the_grid(qtbot: QtBot, view: EvenView) -> None:
    view.set_grid(on=True)
    view.setCurrentIndex(view.model().index(0, 0))
    where = []
    keys = (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_End)
    for key in (*keys, Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Home):
        qtbot.keyClick(view, key)
        where.append(view.currentIndex().row())
    assert where == [1, 4, 3, 0, 0, 24, 24, 21, 0]


def test_the_current_cell_is_scrolled_to(qtbot: QtBot, view: EvenView) -> None:
    def in_view() -> bool:
        return view.viewport().rect().contains(view.visualRect(view.currentIndex()))

    for key in (Qt.Key.Key_End, Qt.Key.Key_Home):
        qtbot.keyClick(view, key)
        assert in_view()
    assert view.verticalScrollBar().maximum() == COUNT * 40 - view.viewport().height()


def test_what_was_at_the_top_stays_there_in_the_grid(view: EvenView) -> None:
    view.scroll_to_place(9)
    view.set_grid(on=True)
    assert view.places_seen().start == 9
    view.set_grid(on=False)
    assert view.places_seen().start == 9


def test_fewer_cells_need_no_scroll_bar(qtbot: QtBot, view: EvenView) -> None:
    model = view.model()
    assert isinstance(model, QStringListModel)
    view.scrollToBottom()
    model.setStringList(["one"])
    qtbot.waitUntil(lambda: view.verticalScrollBar().maximum() == 0)
    assert list(view.places_seen()) == [0]
    model.setStringList([])
    assert not view.indexAt(view.viewport().rect().topLeft()).isValid()
    qtbot.keyClick(view, Qt.Key.Key_Down)
    assert not view.currentIndex().isValid()
