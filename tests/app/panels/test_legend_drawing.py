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
from app.core.geometry import Box
from app.core.palettes import Palette
from app.core.segment_map import human_value
from app.editing.session import Session
from app.panels import icons, row_images
from app.panels.legend import Legend
from app.panels.legend_model import Column
from tests.app.panels.legend_scene import PERSON, TREE, text
from tests.app.panels.stripes import HEIGHT


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
    paint = row_images._paint

    def watch(image: QPixmap, rect: QRect, *others: Any) -> None:
        seen.append(rect.top())
        paint(image, rect, *others)

    monkeypatch.setattr(row_images, "_paint", watch)
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
        lambda legend, session: legend.set_model("bisenetformer-l-ade"),
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


def test_images_look_as_if_the_rows_were_painted_in_place(
    legend: Legend, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in (0.5, 0.85, 0.7):
        session.set_threshold(step)
        kept = grabbed(legend)
        with monkeypatch.context() as patched:
            patched.setattr(
                row_images.RowImages, "draw", lambda _self, painter, _rect, **asked: asked["paint"](painter)
            )
            assert (kept == grabbed(legend)).all()


def test_rows_stay_where_they_are_until_the_stroke_has_ended(qtbot: QtBot, legend: Legend, session: Session) -> None:
    before = legend.model.ids()
    gesture = session.begin_edit("Paint")
    assert gesture is not None
    gesture.paint(Box(0, 0, 35, HEIGHT), None, human_value(TREE))  # more of it than of the sky, the first row
    qtbot.waitUntil(lambda: "65" in text(legend, TREE, Column.AREA))
    assert legend.model.ids() == before
    assert (grabbed(legend) == anew(legend)).all()
    gesture.commit()
    qtbot.waitUntil(lambda: legend.model.ids() != before)
    assert legend.model.ids()[0] == TREE
    session.undo()
    qtbot.waitUntil(lambda: legend.model.ids() == before)
