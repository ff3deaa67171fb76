"""What the canvas shows: photo, labels, outlines, states."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.canvas.canvas import Canvas
from app.canvas.comparing import Comparison
from app.core.document import Hover
from app.core.geometry import Box
from app.core.segment_map import Decider, SegmentMap, human_value
from app.editing.session import Session
from app.tools import make_tool
from tests.app.canvas.scene import (
    HEIGHT,
    LEFT_TOP,
    WIDTH,
    close,
    colour_at,
    document_of,
    grabbed,
    over,
    photo,
    predict,
    quarters,
    show_photo,
    spot,
    unsigned,
)


def test_the_photo_shows_before_there_is_a_prediction(empty_canvas: Canvas, session: Session) -> None:
    show_photo(session)
    empty_canvas.zoom_to(1.0)
    assert colour_at(empty_canvas, spot(empty_canvas, 30.5, 20.5)) == (30, 20, 90)


@pytest.mark.parametrize("scale", [1.0, 8.0])
def test_close_up_every_image_pixel_is_exact(canvas: Canvas, session: Session, scale: float) -> None:
    session.set_overlay(opacity=0.5)
    canvas.zoom_to(scale)
    view = canvas.viewport
    assert view is not None
    shown = grabbed(canvas)
    labels = document_of(session).labels()
    rows, columns = np.mgrid[0 : shown.shape[0], 0 : shown.shape[1]]
    x = np.floor((columns + 0.5 - view.x) / scale).astype(int)
    y = np.floor((rows + 0.5 - view.y) / scale).astype(int)
    inside = (x >= 0) & (x < WIDTH) & (y >= 0) & (y < HEIGHT)
    assert inside.sum() == (WIDTH * HEIGHT if scale == 1 else shown.shape[0] * shown.shape[1])
    expected = photo()
    for class_id in np.unique(labels[labels > 0]):
        expected[labels == class_id] = over(expected[labels == class_id], int(class_id), 0.5)
    assert close(shown[inside], expected[y[inside], x[inside]])


def test_a_downscaled_photo_is_smooth_and_in_its_place(empty_canvas: Canvas, session: Session) -> None:
    ramp = np.zeros((1800, 2400, 3), np.uint8)
    ramp[:, :, 0] = np.linspace(0, 255, 2400).astype(np.uint8)
    ramp[:, :, 1] = np.linspace(0, 255, 1800).astype(np.uint8)[:, None]
    show_photo(session, ramp)
    view = empty_canvas.viewport
    assert view is not None
    shown = grabbed(empty_canvas)
    for at in (QPoint(60, 40), QPoint(200, 150), QPoint(350, 260)):
        x, y = view.to_photo(at.x() + 0.5, at.y() + 0.5)
        assert close(shown[at.y(), at.x()], (x / 2400 * 255, y / 1800 * 255, 0), steps=3)


def test_a_threshold_changes_colours_without_sampling_the_map(
    canvas: Canvas, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    canvas.zoom_to(2.0)
    at = spot(canvas, WIDTH * 3 / 4, HEIGHT * 3 / 4)  # class 1, score 0.3
    bare = colour_at(canvas, at)
    sampled: list[object] = []
    real = SegmentMap.sample
    monkeypatch.setattr(SegmentMap, "sample", lambda *args, **how: sampled.append(1) or real(*args, **how))
    session.set_threshold(0.2)
    shown = colour_at(canvas, at)
    assert close(shown, over(np.array(bare), 1, session.overlay.opacity))
    session.set_overlay(opacity=0.9)
    assert close(colour_at(canvas, at), over(np.array(bare), 1, 0.9))
    assert sampled == []
    canvas.zoom_to(3.0)
    grabbed(canvas)
    assert sampled != []


def test_hidden_and_solo_classes_show_the_photo(canvas: Canvas, session: Session) -> None:
    canvas.zoom_to(1.0)
    sky, building = spot(canvas, 10.5, 10.5), spot(canvas, 10.5, 60.5)
    session.set_overlay(hidden=frozenset({3}))
    assert colour_at(canvas, sky) == (10, 10, 90)
    assert colour_at(canvas, building) != (10, 60, 90)
    session.set_overlay(hidden=frozenset(), solo=frozenset({3}))
    assert colour_at(canvas, sky) != (10, 10, 90)
    assert colour_at(canvas, building) == (10, 60, 90)


def test_outlines_colour_the_boundaries_and_nothing_else(canvas: Canvas, session: Session) -> None:
    session.set_overlay(outline=True, opacity=1.0)
    canvas.zoom_to(2.0)
    view = canvas.viewport
    assert view is not None
    shown = unsigned(canvas)
    canvas.compare(Comparison.BARE, held=True)
    plain = unsigned(canvas)
    changed = np.any(shown != plain, axis=2)
    labels = document_of(session).labels()
    for y, x in np.argwhere(changed):
        column, row = (int(value) for value in view.to_photo(x + 0.5, y + 0.5))
        around = labels[max(0, row - 2) : row + 3, max(0, column - 2) : column + 3]
        assert len(np.unique(around)) > 1, f"coloured at image pixel {column, row}, far from any boundary"
    boundary = spot(canvas, WIDTH / 2, 10.5)
    assert changed[boundary.y(), boundary.x() - 1]
    assert changed[boundary.y(), boundary.x()]
    assert not changed[spot(canvas, 20, 10.5).y(), spot(canvas, 20, 10.5).x()]


def test_a_held_key_shows_the_bare_photo(canvas: Canvas) -> None:
    canvas.zoom_to(1.0)
    at = spot(canvas, 10.5, 10.5)
    with_labels = colour_at(canvas, at)
    canvas.compare(Comparison.BARE, held=True)
    assert colour_at(canvas, at) == (10, 10, 90)
    canvas.compare(Comparison.BARE, held=False)
    assert colour_at(canvas, at) == with_labels


def test_another_answer_of_the_network_replaces_what_is_shown(canvas: Canvas, session: Session) -> None:
    canvas.zoom_to(1.0)
    at = spot(canvas, 10.5, 60.5)
    before = colour_at(canvas, at)
    predict(session, np.full((HEIGHT, WIDTH), LEFT_TOP, np.uint8))
    assert colour_at(canvas, at) != before


def test_the_grid_separates_pixels_from_close_up_only(canvas: Canvas) -> None:
    canvas.compare(Comparison.BARE, held=True)
    canvas.zoom_to(12.0)
    shown = grabbed(canvas)
    view = canvas.viewport
    assert view is not None
    x, y = view.first_column(60), view.first_row(40) + 5
    assert not close(shown[y, x], shown[y, x + 3])
    assert close(shown[y, x + 1], shown[y, x + 3], steps=0)
    canvas.zoom_to(11.0)
    shown = grabbed(canvas)
    assert canvas.viewport is not None
    x = canvas.viewport.first_column(60)
    y = canvas.viewport.first_row(40) + 5
    assert close(shown[y, x], shown[y, x + 3], steps=0)


def test_hovering_tells_what_is_under_the_pointer_and_leaving_ends_it(
    canvas: Canvas, session: Session, qtbot: QtBot
) -> None:
    said: list[Hover | None] = []
    canvas.hovered.connect(said.append)
    canvas.zoom_to(1.0)
    QTest.mouseMove(canvas, spot(canvas, 100.5, 20.5))
    hover = said[-1]
    assert hover is not None
    assert (hover.class_id, hover.x, hover.y, hover.decider) == (13, 100, 20, Decider.NETWORK)
    assert hover.score == pytest.approx(0.8)
    session.set_threshold(0.85)
    assert said[-1] is not None
    assert said[-1].class_id == 0
    QTest.mouseMove(canvas, QPoint(2, 2))
    assert said[-1] is None


def test_what_lies_under_the_pointer_is_said_when_its_new_pixels_are_on_screen(
    canvas: Canvas, session: Session, qtbot: QtBot
) -> None:
    """Undo and redo bring another label under a pointer that rests; nothing else is to wait for that sentence."""
    events: list[object] = []
    QTest.mouseMove(canvas, spot(canvas, 100.5, 20.5))
    canvas.hovered.connect(lambda hover: events.append(hover and hover.decider))
    stroke = session.begin_edit("Brush")
    assert stroke is not None
    stroke.paint(Box(90, 10, 110, 30), None, human_value(21))
    stroke.commit()
    assert events == []
    qtbot.waitUntil(lambda: events == [Decider.PERSON])
    session.undo()
    assert events == [Decider.PERSON]
    qtbot.waitUntil(lambda: events == [Decider.PERSON, Decider.NETWORK])


def test_leaving_the_canvas_ends_the_hover(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    said: list[Hover | None] = []
    canvas.hovered.connect(said.append)
    QTest.mouseMove(canvas, canvas.rect().center())
    assert said[-1] is not None
    QCoreApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
    assert said[-1] is None


def test_nothing_open_invites_to_open_something(empty_canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    button = empty_canvas.signs.empty.button
    assert button.isVisible()
    with qtbot.waitSignal(empty_canvas.signs.empty.open_requested, timeout=1000):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    show_photo(session)
    assert not button.isVisible()
    session.close_all()
    assert button.isVisible()
    assert empty_canvas.viewport is None


def test_the_busy_sign_says_what_and_offers_a_way_out(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.set_busy("Predicting…")
    sign = canvas.signs.busy
    assert sign.isVisible()
    assert sign.label.text() == "Predicting…"
    assert abs(sign.geometry().center().x() - canvas.rect().center().x()) <= 1
    with qtbot.waitSignal(canvas.cancel_requested, timeout=1000):
        QTest.mouseClick(sign.cancel, Qt.MouseButton.LeftButton)
    canvas.set_busy(None)
    assert not sign.isVisible()


def test_a_problem_is_one_sentence_that_can_be_dismissed(canvas: Canvas) -> None:
    sentence = "The network could not be run: there is not enough memory for a picture of this size."
    canvas.set_problem(sentence)
    sign = canvas.signs.problem
    assert sign.isVisible()
    assert canvas.rect().contains(sign.geometry())
    needed = sign.label.heightForWidth(sign.label.width())
    assert sign.label.height() >= needed
    QTest.mouseClick(sign.dismiss, Qt.MouseButton.LeftButton)
    assert not sign.isVisible()
    canvas.set_problem(sentence)
    canvas.set_problem(None)
    assert not sign.isVisible()


def test_a_problem_cannot_be_dismissed_where_there_is_nothing_else_to_see(canvas: Canvas, session: Session) -> None:
    assert session.document is not None
    good = session.document.path
    session.show(Path("/photos/damaged.jpg"))
    canvas.set_problem("damaged.jpg is damaged or cut off.")
    sign = canvas.signs.problem
    assert sign.isVisible()
    assert not sign.dismiss.isVisible()
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert sign.isVisible()
    session.show(good)
    assert sign.dismiss.isVisible()


def test_something_droppable_is_welcomed(canvas: Canvas) -> None:
    before = grabbed(canvas)
    canvas.set_drop_active(active=True)
    assert not np.array_equal(grabbed(canvas), before)
    canvas.set_drop_active(active=False)
    assert np.array_equal(grabbed(canvas), before)


def test_the_brush_is_drawn_where_the_pointer_is_and_at_its_size(canvas: Canvas, session: Session) -> None:
    canvas.set_tool(make_tool("brush", session))
    session.set_brush_size(40)
    canvas.zoom_to(2.0)
    at = spot(canvas, WIDTH / 2, HEIGHT / 2)
    outside = QPoint(3, 3)
    QTest.mouseMove(canvas, outside)
    without = grabbed(canvas)
    QTest.mouseMove(canvas, at)
    marked = np.argwhere(np.any(grabbed(canvas) != without, axis=2))
    near = marked[np.hypot(marked[:, 1] - at.x(), marked[:, 0] - at.y()) < 60]
    assert abs(near[:, 1].max() - near[:, 1].min() - 80) <= 4  # 40 image pixels at 200 %, and the casing
    assert canvas.cursor().shape() is Qt.CursorShape.BlankCursor
    session.set_brush_size(1)
    assert canvas.cursor().shape() is not Qt.CursorShape.BlankCursor


def test_closing_and_another_size_of_picture_leave_nothing_of_the_last(canvas: Canvas, session: Session) -> None:
    canvas.zoom_to(8.0)
    session.close_all()
    picture = photo(90, 200)
    show_photo(session, picture)
    predict(session, quarters(90, 200))
    canvas.zoom_to(1.0)
    session.set_overlay(opacity=0.0)
    shown, view = grabbed(canvas), canvas.viewport
    assert view is not None
    box = view.photo_box()
    assert box.shape == (200, 90)
    assert np.array_equal(shown[box.slices], picture)
