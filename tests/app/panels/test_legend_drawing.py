"""The legend keeps the images of its rows: it must look as if every row were painted anew, and paint only what is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QPalette, QPixmap
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.core.arrays import U8
from app.core.palettes import Palette
from app.panels import icons, row_images
from app.panels.legend import Legend
from app.session import Session
from tests.app.panels.legend_scene import PERSON, TREE


def grabbed(legend: Legend) -> U8:
    image = legend.view.viewport().grab().toImage()
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine()).copy()


def anew(legend: Legend) -> U8:
    legend.view._rows.clear()
    return grabbed(legend)


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Where rows were painted anew: the upper edge of each."""
    seen: list[int] = []
    paint = row_images._painted

    def watch(rect: QRect, *others: Any) -> QPixmap:
        seen.append(rect.top())
        return paint(rect, *others)

    monkeypatch.setattr(row_images, "_painted", watch)
    return seen


def test_a_second_look_paints_no_row_again(legend: Legend, painted: list[int]) -> None:
    first = anew(legend)
    assert len(painted) == legend.model.rowCount()
    assert (grabbed(legend) == first).all()
    assert len(painted) == legend.model.rowCount()


def test_only_the_class_with_other_figures_is_painted(legend: Legend, session: Session, painted: list[int]) -> None:
    grabbed(legend)
    painted.clear()
    session.set_rule(locked=frozenset({TREE}))
    grabbed(legend)
    assert painted == [legend.view.visualRect(legend.model.index(legend.model.row_of(TREE), 0)).top()]


@pytest.mark.parametrize(
    "change",
    [
        lambda legend, session: session.set_threshold(0.85),
        lambda legend, session: session.set_overlay(hidden=frozenset({TREE})),
        lambda legend, session: session.set_overlay(solo=frozenset({TREE})),
        lambda legend, session: session.set_current_class(PERSON),
        lambda legend, session: session.set_favourite(PERSON, on=True),
        lambda legend, session: session.set_class_threshold(TREE, 0.3),
        lambda legend, session: legend.search.setText("tr"),
        lambda legend, session: legend.set_sort("-name"),
        lambda legend, session: legend.model.set_model("bisenetformer-l-ade"),
        lambda legend, session: legend.resize(legend.width() + 60, legend.height()),
        lambda legend, session: legend.setEnabled(False),
        lambda legend, session: legend.view.setCurrentIndex(legend.model.index(1, 0)),
        lambda legend, session: session.set_overlay(palette=Palette.DISTINCT),
        lambda legend, session: legend.setPalette(QPalette(Qt.GlobalColor.darkBlue)),
    ],
)
def test_whatever_changes_is_seen(
    legend: Legend, session: Session, change: Callable[[Legend, Session], object]
) -> None:
    session.styling.changed.connect(lambda: icons.set_class_styles(session.styling.styles))
    before = grabbed(legend)
    change(legend, session)
    after = grabbed(legend)
    icons.set_class_styles(session.styling.styles)
    assert (after == anew(legend)).all()
    assert after.shape != before.shape or (after != before).any()
    session.set_overlay(palette=Palette.ADE)


def test_the_row_under_the_pointer_is_lit_and_others_are_not(qtbot: QtBot, legend: Legend) -> None:
    calm = grabbed(legend)
    view = legend.view
    for row in (1, 2):
        QTest.mouseMove(view.viewport(), view.visualRect(legend.model.index(row, 0)).center())
        qtbot.waitUntil(lambda: (grabbed(legend) != calm).any())
        assert (grabbed(legend) == anew(legend)).all()
    QTest.mouseMove(view.viewport(), QPoint(5, view.viewport().height() - 2))
    qtbot.waitUntil(lambda: bool((grabbed(legend) == calm).all()))
