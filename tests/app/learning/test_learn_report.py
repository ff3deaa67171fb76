"""The page that says whether it was worth it."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHeaderView, QPushButton, QTreeWidget
from pytestqt.qtbot import QtBot

from app.learning.report import ReportPage
from app.panels.style import warning
from inference.learning.report import ClassChange
from tests.inference.learning.jobs import report

CHANGES = (
    ClassChange(class_id=3, pixels=100, before=0.7, after=0.8),
    ClassChange(class_id=5, pixels=9000, before=0.9, after=0.2),
    ClassChange(class_id=61, pixels=20, before=0.1, after=0.6),
    ClassChange(class_id=22, pixels=300, before=None, after=0.5),
    ClassChange(class_id=40, pixels=0, before=None, after=None),
)


@pytest.fixture
def page(qtbot: QtBot) -> ReportPage:
    page = ReportPage()
    qtbot.addWidget(page)
    page.resize(560, 560)
    page.show_report(replace(report(), classes=CHANGES))
    page.show()
    return page


def tables(page: ReportPage) -> tuple[QTreeWidget, QTreeWidget]:
    totals, classes = page.findChildren(QTreeWidget)
    return totals, classes


def rows(table: QTreeWidget) -> list[list[str]]:
    columns = range(table.columnCount())
    return [[table.topLevelItem(row).text(column) for column in columns] for row in range(table.topLevelItemCount())]


def visible(page: ReportPage) -> set[str]:
    return {button.text().replace("&", "") for button in page.findChildren(QPushButton) if button.isVisible()}


def test_both_views_and_what_was_decided_are_compared(page: ReportPage) -> None:
    totals, _ = tables(page)
    assert rows(totals) == [
        ["Pixels right", "80.0 %", "90.0 %", "+10.0"],
        ["Mean IoU", "40.0 %", "50.0 %", "+10.0"],
        ["Left unlabelled", "5.0 %", "5.0 %", "±0.0"],
        ["Pixels right, semantic view", "80.0 %", "80.0 %", "±0.0"],
        ["Mean IoU, semantic view", "40.0 %", "40.0 %", "±0.0"],
        ["Pixels that you decided", "60.0 %", "90.0 %", "+30.0"],
    ]


def test_classes_are_sorted_by_change_and_by_any_heading(page: ReportPage, qtbot: QtBot) -> None:
    _, classes = tables(page)
    assert [row[0] for row in rows(classes)] == ["river", "sky", "tree", "water"]
    header = classes.header()
    pixels = QPoint(header.sectionViewportPosition(1) + 5, header.height() // 2)
    for order in (["tree", "water", "sky", "river"], ["river", "sky", "water", "tree"]):
        qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=pixels)
        names = [row[0] for row in rows(classes)]
        assert names in (order, order[::-1])
    assert rows(classes)[0][1:3] in (["20", "10.0 %"], ["9,000", "90.0 %"])  # numbers, not texts


def inked(header: QHeaderView, section: int) -> list[bool]:
    """For every column of pixels of a heading, but for its frame, whether something is written in it."""
    image = header.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    grey = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    scale = image.devicePixelRatio()
    begins = header.sectionViewportPosition(section)
    left, right = (round(scale * at) for at in (begins + 3, begins + header.sectionSize(section) - 1))
    part = grey[3:-3, left:right].astype(np.int16)
    return list((np.median(part, axis=1, keepdims=True) - part > 40).any(axis=0))


@pytest.mark.parametrize("column", [1, 4])
def test_the_arrow_of_the_order_does_not_touch_the_heading(page: ReportPage, column: int) -> None:
    _, classes = tables(page)
    classes.sortByColumn(column, Qt.SortOrder.DescendingOrder)
    columns = inked(classes.header(), column)
    runs = [(ink, len(list(run))) for ink, run in groupby(reversed(columns))]
    arrow, gap = [length for _ink, length in runs[not runs[0][0] :]][:2]
    assert 3 <= arrow <= 12
    assert gap >= 4


def test_what_got_worse_has_another_colour(page: ReportPage) -> None:
    _, classes = tables(page)
    colours = {row.text(0): row.foreground(4).color() for row in map(classes.topLevelItem, range(4))}
    assert colours["tree"] == warning(page.palette())
    assert colours["river"] != warning(page.palette())


@pytest.mark.parametrize(("left", "worse"), [(0.2, True), (0.01, False)])
def test_more_that_is_left_unlabelled_is_worse(page: ReportPage, left: float, *, worse: bool) -> None:
    told = report()
    page.show_report(replace(told, after={**told.after, "segments": replace(told.after["segments"], unlabelled=left)}))
    totals, _ = tables(page)
    (row,) = totals.findItems("Left unlabelled", Qt.MatchFlag.MatchExactly)
    assert row.text(3) == ("+15.0" if worse else "−4.0")
    assert (row.foreground(3).color() == warning(page.palette())) is worse


def test_a_recommended_model_is_what_return_takes(page: ReportPage, qtbot: QtBot) -> None:
    assert visible(page) == {"Close", "Discard", "Use this model"}
    with qtbot.waitSignal(page.use_asked):
        qtbot.mouseClick(page.default(), Qt.MouseButton.LeftButton)


def test_one_that_got_worse_is_only_kept_on_request(page: ReportPage) -> None:
    page.show_report(report(iou=(0.5, 0.4)))
    assert visible(page) == {"Close", "Discard", "Keep it anyway…"}
    assert page.default().text() == "&Close"


def test_while_it_is_added_nothing_can_be_asked_for_twice(page: ReportPage) -> None:
    page.set_busy(busy=True)
    buttons = [button for button in page.findChildren(QPushButton) if button.isVisible()]
    assert [button.text() for button in buttons if button.isEnabled()] == ["&Close"]
    page.show_problem("The disk is full.")
    page.set_busy(busy=False)
    assert page.default().isEnabled()


def test_without_pictures_held_back_there_is_nothing_to_compare(page: ReportPage) -> None:
    page.show_report(
        replace(report(), before={}, after={}, held_back=0, classes=(), decided_before=None, decided_after=None)
    )
    assert not any(table.isVisible() for table in tables(page))
    assert visible(page) == {"Close", "Discard", "Keep it anyway…"}
