"""Comparing: what is held is seen and named, and nobody paints what cannot be seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QImage, QPalette
from PySide6.QtTest import QTest

from app.canvas.canvas import Canvas
from app.canvas.comparing import Comparison
from app.core.arrays import U8
from app.core.document import Hover
from app.core.geometry import Box
from app.core.segment_map import Decider, human_value
from app.editing.session import Session
from app.tools import make_tool
from tests.app.canvas.hand import CTRL, LEFT, NONE, drag, drag_holding
from tests.app.canvas.scene import (
    HEIGHT,
    WIDTH,
    close,
    document_of,
    map_of,
    over,
    photo,
    predict,
    rgb_of,
    show_photo,
    spot,
    unsigned,
)

CAR = 21
BOTH = pytest.mark.parametrize("what", list(Comparison))


def correct(session: Session, box: Box = Box(0, 0, WIDTH // 4, HEIGHT)) -> None:  # noqa: B008 - a value
    stroke = session.begin_edit("Brush")
    assert stroke is not None
    stroke.paint(box, None, human_value(CAR))
    assert stroke.commit()


@pytest.fixture
def corrected(canvas: Canvas, session: Session) -> Canvas:
    correct(session)
    session.set_current_class(CAR)
    canvas.zoom_fit()
    return canvas


def pixel(canvas: Canvas, x: float, y: float) -> U8:
    at = spot(canvas, x, y)
    colour: U8 = unsigned(canvas)[at.y(), at.x()]
    return colour


# --- what is seen -----------------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("tool", ["brush", "lasso", "rectangle", "fill"])
def test_a_press_shows_the_labels_before_it_paints(
    corrected: Canvas, session: Session, what: Comparison, tool: str
) -> None:
    session.set_brush_size(9)
    corrected.set_tool(make_tool(tool, session))
    seen: list[Comparison | None] = []
    session.pixels_changed.connect(lambda _box: seen.append(corrected.comparing.seen))
    corrected.compare(what, held=True)
    points = [spot(corrected, x, y) for x, y in ((60.5, 20.5), (80.5, 20.5), (80.5, 35.5), (62.5, 35.5))]
    QTest.mousePress(corrected, LEFT, NONE, points[0])
    assert corrected.comparing.seen is None
    for point in points[1:]:
        QTest.mouseMove(corrected, point)
    QTest.mouseRelease(corrected, LEFT, NONE, points[-1])
    assert seen
    assert set(seen) == {None}
    assert (map_of(session).human[:, WIDTH // 2 :] == human_value(CAR)).any()
    before = unsigned(corrected)
    corrected.compare(what, held=False)  # the key goes up at last
    np.testing.assert_array_equal(unsigned(corrected), before)


@BOTH
def test_return_shows_the_labels_before_it_accepts(corrected: Canvas, session: Session, what: Comparison) -> None:
    corrected.set_tool(make_tool("polygon", session))
    for x, y in ((60.5, 20.5), (80.5, 20.5), (80.5, 35.5)):
        QTest.mouseClick(corrected, LEFT, NONE, spot(corrected, x, y))
    seen: list[Comparison | None] = []
    session.pixels_changed.connect(lambda _box: seen.append(corrected.comparing.seen))
    corrected.compare(what, held=True)
    QTest.keyClick(corrected, Qt.Key.Key_Return)
    assert seen == [None]
    assert map_of(session).human[22, 78] == human_value(CAR)


@BOTH
def test_undo_is_seen(corrected: Canvas, session: Session, what: Comparison) -> None:
    corrected.compare(what, held=True)
    session.undo()
    assert corrected.comparing.seen is None


@BOTH
def test_a_stroke_under_the_hand_stays_in_sight(corrected: Canvas, session: Session, what: Comparison) -> None:
    corrected.set_tool(make_tool("brush", session))
    drag(corrected, [spot(corrected, 60.5, 20.5), spot(corrected, 80.5, 20.5)], release=False)
    before = unsigned(corrected)
    corrected.compare(what, held=True)
    np.testing.assert_array_equal(unsigned(corrected), before)
    QTest.mouseRelease(corrected, LEFT, NONE, spot(corrected, 80.5, 20.5))
    assert corrected.comparing.seen is None


@BOTH
def test_looking_around_goes_on_comparing(corrected: Canvas, session: Session, what: Comparison) -> None:
    corrected.set_tool(make_tool("brush", session))
    corrected.compare(what, held=True)
    points = [spot(corrected, 60.5, 20.5), spot(corrected, 80.5, 20.5)]
    drag(corrected, points, Qt.MouseButton.MiddleButton)
    drag_holding(corrected, points, CTRL)  # the size of the brush
    show_photo(session, path=Path("/photos/next.jpg"))
    predict(session, path=Path("/photos/next.jpg"))
    assert corrected.comparing.seen is what


def test_what_another_picture_is_exported_as_does_not_end_it(corrected: Canvas, session: Session) -> None:
    other = Path("/photos/other.jpg")
    session.document_for(other)
    corrected.compare(Comparison.NETWORK, held=True)
    session.mark_exported(other, session.export_state(other))
    assert corrected.comparing.seen is Comparison.NETWORK


def test_in_the_view_of_who_decided_the_network_has_the_colours_of_its_classes(
    corrected: Canvas, session: Session
) -> None:
    session.set_overlay(deciders=True, opacity=1.0)
    network = over(photo()[10, 80], 13, 1.0)
    assert not close(pixel(corrected, 80.5, 10.5), network)
    corrected.compare(Comparison.NETWORK, held=True)
    for x, y, class_id in ((10.5, 10.5, 3), (80.5, 10.5, 13), (10.5, 60.5, 5)):
        assert close(pixel(corrected, x, y), over(photo()[int(y), int(x)], class_id, 1.0))
    session.set_overlay(opacity=0.5)  # also when something else changes meanwhile
    assert close(pixel(corrected, 80.5, 10.5), over(photo()[10, 80], 13, 0.5))
    corrected.compare(Comparison.NETWORK, held=False)
    session.set_overlay(opacity=1.0)
    assert close(pixel(corrected, 80.5, 10.5), pixel(corrected, 110.5, 30.5))  # one colour for the network


def test_what_is_under_the_pointer_is_told_of_what_is_seen(corrected: Canvas) -> None:
    hovers: list[Hover | None] = []
    corrected.hovered.connect(hovers.append)
    QTest.mouseMove(corrected, spot(corrected, 10.5, 10.5))
    corrected.compare(Comparison.NETWORK, held=True)
    corrected.compare(Comparison.NETWORK, held=False)
    told = [(hover.class_id, hover.decider) for hover in hovers if hover is not None]
    assert told == [(CAR, Decider.PERSON), (3, Decider.NETWORK), (CAR, Decider.PERSON)]


def test_an_offer_belongs_to_the_labels(corrected: Canvas, session: Session) -> None:
    corrected.compare(Comparison.NETWORK, held=True)
    alone = unsigned(corrected)
    corrected.compare(Comparison.NETWORK, held=False)
    corrected.set_tool(make_tool("polygon", session))
    for x, y in ((60.5, 20.5), (80.5, 20.5), (80.5, 35.5)):
        QTest.mouseClick(corrected, LEFT, NONE, spot(corrected, x, y))
    QTest.mouseMove(corrected, QPoint(1, 1))
    offered = unsigned(corrected)
    corrected.compare(Comparison.NETWORK, held=True)
    np.testing.assert_array_equal(unsigned(corrected), alone)
    corrected.compare(Comparison.NETWORK, held=False)
    np.testing.assert_array_equal(unsigned(corrected), offered)


# --- the sign ---------------------------------------------------------------------------------------------------------


def test_the_sign_names_what_is_seen(corrected: Canvas, session: Session) -> None:
    sign = corrected.signs.comparing
    assert sign.isHidden()
    corrected.compare(Comparison.NETWORK, held=True)
    assert sign.label.text() == sign.accessibleName() == "The network's own result"
    corrected.compare(Comparison.BARE, held=True)
    assert sign.label.text() == "Bare photo"
    corrected.compare(Comparison.BARE, held=False)
    assert sign.label.text() == "The network's own result"
    assert sign.isVisible()
    corrected.compare(Comparison.NETWORK, held=False)
    assert sign.isHidden()


def test_the_sign_says_where_there_is_nothing_to_compare(canvas: Canvas, session: Session) -> None:
    sign = canvas.signs.comparing
    canvas.compare(Comparison.NETWORK, held=True)
    assert sign.label.text() == "The network's own result: nothing is corrected"
    show_photo(session, path=Path("/photos/next.jpg"))
    assert sign.label.text() == "The network has not answered yet"
    predict(session, path=Path("/photos/next.jpg"))
    assert "nothing is corrected" in sign.label.text()


def test_without_a_photo_there_is_no_sign(empty_canvas: Canvas, session: Session) -> None:
    empty_canvas.compare(Comparison.BARE, held=True)
    assert empty_canvas.signs.comparing.isHidden()
    show_photo(session)
    assert empty_canvas.signs.comparing.isVisible()


@pytest.mark.parametrize("size", [(400, 300), (1300, 800), (330, 260)])
def test_the_sign_is_whole_and_lies_over_no_other(corrected: Canvas, session: Session, size: tuple[int, int]) -> None:
    corrected.set_busy("Filling the gaps of the whole picture…")
    corrected.set_problem("The network could not answer: there is no memory left for this photo.")
    corrected.compare(Comparison.NETWORK, held=True)
    corrected.resize(*size)
    signs = corrected.signs
    place = signs.comparing.geometry()
    assert corrected.rect().contains(place)
    assert not any(place.intersects(other.geometry()) for other in (signs.busy, signs.problem))
    assert signs.held.isHidden()
    assert signs.comparing.width() >= signs.comparing.sizeHint().width()


@pytest.mark.parametrize("shade", [0, 255])
@pytest.mark.parametrize("dark", [False, True])
def test_the_sign_is_read_on_any_photo(empty_canvas: Canvas, session: Session, shade: int, *, dark: bool) -> None:
    """The plate hides the photo nearly as a whole, and the letters differ from the plate as text from its ground."""
    canvas, palette = empty_canvas, QPalette()
    plate, letters = (
        (QColor(30, 30, 32), QColor(235, 235, 235)) if dark else (QColor(255, 255, 255), QColor(20, 20, 20))
    )
    for role, colour in ((QPalette.ColorRole.Base, plate), (QPalette.ColorRole.WindowText, letters)):
        palette.setColor(role, colour)
    canvas.setPalette(palette)
    show_photo(session, np.full((HEIGHT, WIDTH, 3), shade, np.uint8))
    canvas.compare(Comparison.BARE, held=True)
    shown = rgb_of(QImage(canvas.grab().toImage())).astype(int)
    label = QRect(canvas.signs.comparing.label.geometry()).translated(canvas.signs.comparing.pos())
    text = shown[label.top() : label.bottom(), label.left() : label.right()].mean(axis=2)
    assert abs(np.median(text) - plate.lightness()) < 20
    assert abs(text - np.median(text)).max() > 120


def test_nothing_is_left_of_it_when_the_picture_closes(corrected: Canvas, session: Session) -> None:
    corrected.compare(Comparison.BARE, held=True)
    session.close_all()
    assert corrected.signs.comparing.isHidden()
    assert session.document is None
    show_photo(session)
    assert document_of(session).segment_map is not None
