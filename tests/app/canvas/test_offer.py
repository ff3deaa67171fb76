"""What a tool offers is drawn exactly: a preview pixel by pixel, its rim, and the line being drawn."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.canvas.canvas import Canvas
from app.canvas.comparing import Comparison
from app.canvas.device import logical_rect
from app.canvas.offer import Offer
from app.canvas.preview import preview_box
from app.canvas.screen import Screen
from app.canvas.viewport import Viewport
from app.core.arrays import U8, Bool
from app.core.geometry import Box
from app.core.segment_map import human_value
from app.editing.session import Session
from app.tools.base import Pointer, Preview, Sketch, Tool
from resources.classes import palette
from tests.app.canvas.hand import leave
from tests.app.canvas.scene import close, document_of, grabbed, map_of, over, photo, spot

PHOTO = (30, 20)  # width, height
VIEW = (60, 50)


class Offering(Tool):
    """Shows what a test wants it to show."""

    id = "offering"
    hint = ""
    what: Preview | None = None
    drawn: Sketch | None = None

    def press(self, pointer: Pointer) -> None:
        return

    def preview(self) -> Preview | None:
        return self.what

    def sketch(self) -> Sketch | None:
        return self.drawn


@pytest.fixture
def offering(canvas: Canvas, session: Session) -> Offering:
    tool = Offering(session)
    canvas.set_tool(tool)
    leave(canvas)
    return tool


def offered(canvas: Canvas, offering: Offering) -> Bool:
    """Where the canvas shows something else because of the preview."""
    with_it = grabbed(canvas)
    what, offering.what = offering.what, None
    without = grabbed(canvas)
    offering.what = what
    return np.asarray((with_it != without).any(axis=2))


def test_a_preview_shows_only_where_the_rule_lets_paint_go(
    canvas: Canvas, session: Session, offering: Offering
) -> None:
    """Whichever tool offers it, and whatever changes meanwhile."""
    canvas.zoom_to(1.0)
    height, width = map_of(session).shape
    offering.what = Preview(map_of(session).box, np.ones((4, 6), np.bool_), human_value(150))
    offering.show()
    corner = spot(canvas, 0.5, 0.5)
    photo_part = slice(corner.y(), corner.y() + height), slice(corner.x(), corner.x() + width)

    def agrees() -> bool:
        labels, keep = document_of(session).labels(), session.rule.keep_person
        locked = np.isin(labels, list(session.rule.locked)) | (keep & (map_of(session).human > 0))
        rim = cv2.dilate((~locked).view(np.uint8), np.ones((3, 3), np.uint8)) > 0  # a dark line around what is offered
        return np.array_equal(offered(canvas, offering)[photo_part], rim)

    assert agrees()
    for locked in ({3}, {3, 13}, set[int]()):
        session.set_rule(locked=frozenset(locked))
        assert agrees()
    session.set_rule(locked=frozenset({1}), keep_person=True)
    session.set_threshold(0.2)  # the hidden class counts now, and is locked
    assert agrees()
    gesture = session.begin_edit("Paint")
    assert gesture is not None
    gesture.paint(Box(10, 10, 40, 30), None, human_value(5))
    assert agrees()
    gesture.cancel()
    assert agrees()


def test_paint_below_a_preview_has_all_of_it_drawn_again_where_a_rule_holds(
    canvas: Canvas, session: Session, offering: Offering
) -> None:
    offer, asked = canvas._offer, Box(20, 10, 60, 50)
    offering.what = Preview(asked, np.ones((4, 6), np.bool_), human_value(150))
    canvas.grab()
    assert offer.below_changed(1.0).isEmpty()
    session.set_rule(keep_person=True)
    canvas.grab()
    assert canvas.viewport is not None
    touched = logical_rect(preview_box(offering.what, canvas.viewport), 1.0)
    assert touched.contains(logical_rect(canvas.viewport.device_box(asked), 1.0))
    assert offer.below_changed(1.0).boundingRect() == touched


@pytest.mark.parametrize("zoom", [1.0, 2.0, 3.0])
def test_the_canvas_shows_the_preview_over_the_labels(
    canvas: Canvas, session: Session, offering: Offering, zoom: float
) -> None:
    canvas.zoom_to(zoom)
    before = grabbed(canvas)
    offering.what = Preview(Box(40, 30, 60, 50), np.ones((20, 20), np.bool_), human_value(17))
    offering.show()
    shown = grabbed(canvas)
    at, rim, beside = spot(canvas, 50.5, 40.5), spot(canvas, 40.5, 40.5), spot(canvas, 37.5, 40.5)
    labelled = before[at.y(), at.x()]
    assert close(shown[at.y(), at.x()], over(labelled, 17, 0.75))
    assert canvas.viewport is not None
    left = canvas.viewport.device_box(Box(40, 40, 41, 41)).x0 + 1
    assert close(shown[rim.y(), left], (255, 255, 255))
    assert close(shown[rim.y(), left - 1], before[rim.y(), left - 1] * (1 - 0xB0 / 255))
    assert np.array_equal(shown[beside.y(), beside.x()], before[beside.y(), beside.x()])
    assert not map_of(session).human.any()
    offering.what = None
    offering.show()
    assert np.array_equal(grabbed(canvas), before)


def test_a_preview_follows_the_view_and_the_colours(canvas: Canvas, session: Session, offering: Offering) -> None:
    offering.what = Preview(Box(40, 30, 60, 50), np.ones((20, 20), np.bool_), human_value(17))
    offering.show()
    canvas.zoom_to(2.0)
    grabbed(canvas)
    canvas.pan_by(13, -7)
    moved = grabbed(canvas)
    offering.what = Preview(Box(40, 30, 60, 50), np.ones((20, 20), np.bool_), human_value(17))
    offering.show()  # as if it had never been drawn elsewhere
    assert np.array_equal(grabbed(canvas), moved)
    before = grabbed(canvas)
    session.set_overlay(opacity=0.1)
    at = spot(canvas, 50.5, 40.5)
    assert not np.array_equal(grabbed(canvas)[at.y(), at.x()], before[at.y(), at.x()])


def test_the_bare_photo_shows_no_offer(canvas: Canvas, offering: Offering) -> None:
    offering.what = Preview(Box(40, 30, 60, 50), np.ones((20, 20), np.bool_), human_value(17))
    offering.drawn = Sketch(((20, 20), (60, 40), (30, 60)), closed=True)
    canvas.compare(Comparison.BARE, held=True)
    at = spot(canvas, 50.5, 40.5)
    assert close(grabbed(canvas)[at.y(), at.x()], photo()[40, 50])
    canvas.compare(Comparison.BARE, held=False)
    assert not close(grabbed(canvas)[at.y(), at.x()], photo()[40, 50])


def changed(canvas: Canvas, before: U8) -> Bool:
    return np.asarray((grabbed(canvas) != before).any(axis=2))


@pytest.mark.parametrize("zoom", [1.0, 3.0])
def test_a_line_passes_through_its_points_and_closes(canvas: Canvas, offering: Offering, zoom: float) -> None:
    canvas.zoom_to(zoom)
    before = grabbed(canvas)
    points = ((40.0, 30.0), (80.0, 30.0), (60.0, 50.0))

    def passes(x: float, y: float) -> bool:
        at = spot(canvas, x, y)
        return bool(changed(canvas, before)[at.y() - 1 : at.y() + 2, at.x() - 1 : at.x() + 2].any())

    offering.drawn = Sketch(points)
    offering.show()
    assert passes(60, 30)
    assert passes(70, 40)
    assert not passes(50, 40)
    offering.drawn = Sketch(points, closed=True)
    offering.show()
    assert passes(50, 40)
    offering.drawn = Sketch(points, tail=(40.0, 60.0))
    offering.show()
    assert passes(50, 55)
    assert not passes(50, 40)
    offering.drawn = Sketch(points[:1], tail=(40.0, 60.0))
    offering.show()
    assert passes(40, 45)
    offering.drawn = None
    offering.show()
    assert not changed(canvas, before).any()


def test_handles_are_drawn_and_the_one_under_the_pointer_is_larger(canvas: Canvas, offering: Offering) -> None:
    canvas.zoom_to(3.0)
    points = ((40.0, 30.0), (80.0, 30.0), (60.0, 50.0))
    before = grabbed(canvas)
    sizes = []
    for active in (None, 0):
        offering.drawn = Sketch(points, handles=True, active=active)
        offering.show()
        at = spot(canvas, *points[0])
        region = grabbed(canvas)[at.y() - 8 : at.y() + 9, at.x() - 8 : at.x() + 9]
        sizes.append(int((region > 230).all(axis=2).sum()))
    assert sizes[0] >= 25
    assert sizes[1] > sizes[0]
    offering.drawn = Sketch(points[:1], handles=True)
    offering.show()
    at = spot(canvas, *points[0])
    assert changed(canvas, before)[at.y(), at.x()]  # a single point is seen too


def test_an_empty_line_draws_nothing(canvas: Canvas, offering: Offering) -> None:
    before = grabbed(canvas)
    offering.drawn = Sketch(())
    offering.show()
    assert not changed(canvas, before).any()


def test_what_is_offered_leaves_the_mouse_alone(canvas: Canvas, offering: Offering) -> None:
    offering.drawn = Sketch(((20, 20), (60, 40), (30, 60)), closed=True)
    QTest.mouseMove(canvas, spot(canvas, 50, 40))
    assert canvas.mouse.position is not None


POINTS = st.tuples(st.integers(0, 30), st.integers(0, 20)).map(lambda point: (float(point[0]), float(point[1])))
SKETCHES = st.none() | st.builds(
    Sketch,
    points=st.lists(POINTS, max_size=6).map(tuple),
    closed=st.booleans(),
    handles=st.booleans(),
    active=st.none(),
    tail=st.none() | POINTS,
)


@given(before=SKETCHES, after=SKETCHES, shared=st.lists(POINTS, max_size=5), scale=st.sampled_from([0.5, 1.0, 3.0]))
def test_what_is_painted_again_holds_all_that_looks_different(
    qapp: QApplication, before: Sketch | None, after: Sketch | None, shared: list[tuple[float, float]], scale: float
) -> None:
    before, after = (None if one is None else replace(one, points=(*shared, *one.points)) for one in (before, after))
    view = Viewport(view=VIEW, photo=PHOTO, scale=scale, x=10, y=12, fitted=False, margin=0)
    old, new = _Showing(before), _Showing(after)
    offer = Offer(Screen())
    offer.changes(old, view, 1.0)
    region = offer.changes(new, view, 1.0)
    different = np.argwhere((drawn(old, view) != drawn(new, view)).any(axis=2))
    assert all(region.contains(QPoint(int(x), int(y))) for y, x in different)
    assert offer.changes(new, view, 1.0).isEmpty()


def test_a_long_line_is_not_painted_as_a_whole_for_one_more_point(qapp: QApplication) -> None:
    view = Viewport(view=(1000, 1000), photo=(1000, 1000), scale=1.0, x=0, y=0, fitted=False, margin=0)
    points = tuple((10.0 + 9 * index, 500.0 + 400 * np.sin(index / 16)) for index in range(100))
    offer = Offer(Screen())
    offer.changes(_Showing(Sketch(points)), view, 1.0)
    box = offer.changes(_Showing(Sketch((*points, (920.0, 480.0)))), view, 1.0).boundingRect()
    assert box.width() * box.height() < 20_000


def test_a_preview_is_painted_again_only_where_it_is_another(qapp: QApplication) -> None:
    view = Viewport(view=VIEW, photo=PHOTO, scale=1.0, x=10, y=12, fitted=False, margin=0)
    offer = Offer(Screen())
    preview = Preview(Box(2, 3, 8, 9), np.ones((6, 6), np.bool_), human_value(5))
    region = offer.changes(_Showing(None, preview), view, 1.0)
    assert region.contains(QPoint(12, 15))
    assert region.contains(QPoint(17, 20))
    assert offer.changes(_Showing(None, preview), view, 1.0).isEmpty()
    assert offer.changes(None, view, 1.0) == region


class _Showing(Tool):
    """Shows what it is told to show."""

    id, hint = "showing", ""

    def __init__(self, sketch: Sketch | None, preview: Preview | None = None) -> None:
        self._sketch, self._preview = sketch, preview

    def press(self, pointer: Pointer) -> None:
        return

    def sketch(self) -> Sketch | None:
        return self._sketch

    def preview(self) -> Preview | None:
        return self._preview


def drawn(tool: Tool, view: Viewport) -> U8:
    image = QImage(*view.view, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    Offer(Screen()).draw(painter, tool, view, colours=palette(), ratio=1.0)
    painter.end()
    return np.frombuffer(image.constBits(), np.uint8).reshape(view.view[1], view.view[0], 4).copy()
