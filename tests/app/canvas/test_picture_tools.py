"""Wand, superpixels and edge refine under a real hand: mouse, wheel and keys, and what the screen shows meanwhile."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.canvas.canvas import Canvas
from app.core.arrays import U8, Bool
from app.core.rules import Where
from app.core.segment_map import HUMAN_UNLABELLED, human_value
from app.editing.session import Session
from app.tools.base import Preview, Tool
from tests.app.canvas.hand import CTRL, LEFT, NONE, RIGHT, drag, leave, take, wheel
from tests.app.canvas.scene import grabbed, human, map_of, predict, show_photo, spot, steps

WIDTH, HEIGHT = 240, 160
TRUE_EDGE, DRAWN_EDGE = 130, 122  # columns: where the photo's colours meet, and where the network said
TREE = human_value(5)


def two_halves() -> U8:
    """Red on the left and blue on the right, with a little noise."""
    picture = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    picture[:, :TRUE_EDGE], picture[:, TRUE_EDGE:] = (170, 70, 60), (60, 80, 180)
    noise = np.random.default_rng(5).integers(-6, 7, picture.shape)
    return (picture + noise).astype(np.uint8)


@pytest.fixture
def canvas(empty_canvas: Canvas, session: Session) -> Canvas:
    """Two halves of other colours, whose labels meet a little beside them; trees are in hand."""
    layer = np.full((HEIGHT, WIDTH), 1, np.uint8)
    layer[:, DRAWN_EDGE:] = 2
    show_photo(session, two_halves())
    predict(session, layer)
    session.set_current_class(5)
    empty_canvas.zoom_to(1.0)
    return empty_canvas


def at(canvas: Canvas, x: int, y: int) -> QPoint:
    return spot(canvas, x + 0.5, y + 0.5)


def preview_of(tool: Tool) -> Preview:
    preview = tool.preview()
    assert preview is not None
    return preview


def covered(tool: Tool) -> Bool:
    preview, shown = preview_of(tool), np.zeros((HEIGHT, WIDTH), np.bool_)
    shown[preview.box.slices] = preview.mask
    return shown


def around_edge(canvas: Canvas) -> list[QPoint]:
    return [at(canvas, x, y) for x, y in ((60, 20), (200, 20), (200, 140), (60, 140), (60, 22))]


# --- wand ----------------------------------------------------------------------------------------------------------


def test_the_wand_shows_while_dragging_what_release_paints(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    tool = take(canvas, session, "wand")
    tool.set_value("tolerance", 0)
    leave(canvas)
    before = grabbed(canvas)
    drag(canvas, [at(canvas, 40, 80), at(canvas, 60, 80), at(canvas, 140, 80)], release=False)
    qtbot.waitUntil(lambda: "Tolerance 25" in tool.note())
    left = np.zeros((HEIGHT, WIDTH), np.bool_)
    left[:, :TRUE_EDGE] = True
    assert np.array_equal(covered(tool), left)
    assert not human(session).any()
    seen, inside, outside = grabbed(canvas), at(canvas, 20, 30), at(canvas, 200, 30)
    assert tuple(seen[inside.y(), inside.x()]) != tuple(before[inside.y(), inside.x()])
    assert tuple(seen[outside.y(), outside.x()]) == tuple(before[outside.y(), outside.x()])
    QTest.mouseRelease(canvas, LEFT, NONE, at(canvas, 140, 80))
    assert np.array_equal(human(session) == TREE, left)
    assert steps(session) == 1
    session.undo()
    leave(canvas)
    assert np.array_equal(grabbed(canvas), before)


def test_the_wand_erases_with_the_right_button(canvas: Canvas, session: Session) -> None:
    take(canvas, session, "wand").set_value("tolerance", 30)
    QTest.mouseClick(canvas, RIGHT, NONE, at(canvas, 200, 80))
    erased = human(session) == HUMAN_UNLABELLED
    assert erased[:, TRUE_EDGE:].all()
    assert not human(session)[:, :TRUE_EDGE].any()


def test_escape_leaves_what_the_wand_shows(canvas: Canvas, session: Session) -> None:
    tool = take(canvas, session, "wand")
    canvas.setFocus()
    drag(canvas, [at(canvas, 40, 80), at(canvas, 140, 80)], release=False)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert tool.preview() is None
    QTest.mouseRelease(canvas, LEFT, NONE, at(canvas, 140, 80))
    assert not human(session).any()
    assert steps(session) == 0


def test_ctrl_and_wheel_set_the_tolerance_and_the_keyboard_clicks(canvas: Canvas, session: Session) -> None:
    tool = take(canvas, session, "wand")
    tool.set_value("tolerance", 24)
    scale = canvas.scale
    wheel(canvas, at(canvas, 40, 80), 2, CTRL)
    assert tool.value("tolerance") == 32
    assert canvas.scale == scale
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_Right, CTRL)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert (human(session)[:, :TRUE_EDGE] == TREE).all()
    assert not human(session)[:, TRUE_EDGE:].any()


def test_the_wand_keeps_to_the_rule(canvas: Canvas, session: Session) -> None:
    take(canvas, session, "wand").set_value("tolerance", 30)
    session.set_rule(where=Where.CLASS, class_id=13)
    QTest.mouseClick(canvas, LEFT, NONE, at(canvas, 40, 80))
    painted = human(session) == TREE
    assert painted[:, DRAWN_EDGE:TRUE_EDGE].all()
    assert painted.sum() == HEIGHT * (TRUE_EDGE - DRAWN_EDGE)


# --- superpixels ---------------------------------------------------------------------------------------------------


def test_the_superpixel_under_the_pointer_shows_and_a_drag_paints_all_it_touches(
    canvas: Canvas, session: Session
) -> None:
    tool = take(canvas, session, "superpixels")
    leave(canvas)
    before = grabbed(canvas)
    QTest.mouseMove(canvas, at(canvas, 60, 60))
    first = covered(tool)
    assert first[60, 60]
    assert 300 < first.sum() < 3000
    inside = at(canvas, 60, 60)
    assert tuple(grabbed(canvas)[inside.y(), inside.x()]) != tuple(before[inside.y(), inside.x()])
    drag(canvas, [at(canvas, 60, 60), at(canvas, 110, 62)])
    painted = human(session) == TREE
    assert painted[first].all()
    assert painted[62, 110]
    assert painted.sum() > 1.5 * first.sum()
    assert steps(session) == 1
    leave(canvas)
    assert tool.preview() is None
    session.undo()
    leave(canvas)
    assert np.array_equal(grabbed(canvas), before)


def test_superpixels_erase_with_the_right_button_and_escape_takes_the_stroke_back(
    canvas: Canvas, session: Session
) -> None:
    take(canvas, session, "superpixels")
    canvas.setFocus()
    drag(canvas, [at(canvas, 60, 60), at(canvas, 100, 60)], RIGHT, release=False)
    assert set(np.unique(human(session))) == {0, HUMAN_UNLABELLED}
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert not human(session).any()
    QTest.mouseMove(canvas, at(canvas, 60, 100))
    QTest.mouseRelease(canvas, RIGHT, NONE, at(canvas, 60, 100))
    assert not human(session).any()
    assert steps(session) == 0


def test_superpixels_end_where_colours_meet(canvas: Canvas, session: Session) -> None:
    tool = take(canvas, session, "superpixels")
    for x in (TRUE_EDGE - 3, TRUE_EDGE + 2):
        QTest.mouseMove(canvas, at(canvas, x, 80))
        right = np.flatnonzero(covered(tool).any(axis=0)) >= TRUE_EDGE
        assert right.all() or not right.any()


def test_ctrl_and_wheel_set_the_size_of_superpixels_at_once(canvas: Canvas, session: Session) -> None:
    tool = take(canvas, session, "superpixels")
    QTest.mouseMove(canvas, at(canvas, 60, 60))
    small = covered(tool).sum()
    wheel(canvas, at(canvas, 60, 60), 3, CTRL)
    assert tool.value("size") == 62
    assert covered(tool).sum() > 2 * small
    wheel(canvas, at(canvas, 60, 60), -6, CTRL)
    assert tool.value("size") == 16
    assert covered(tool).sum() < small


def test_superpixels_work_without_a_mouse(canvas: Canvas, session: Session) -> None:
    tool = take(canvas, session, "superpixels")
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_Left, CTRL)
    shown = covered(tool)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert np.array_equal(human(session) == TREE, shown)


def test_a_tool_taken_in_hand_sees_what_it_points_at(canvas: Canvas, session: Session) -> None:
    QTest.mouseMove(canvas, at(canvas, 60, 60))
    assert covered(take(canvas, session, "superpixels"))[60, 60]


def test_another_class_shows_in_the_superpixel_under_the_pointer(canvas: Canvas, session: Session) -> None:
    tool = take(canvas, session, "superpixels")
    QTest.mouseMove(canvas, at(canvas, 60, 60))
    session.set_current_class(22)
    assert preview_of(tool).value == human_value(22)


def test_superpixels_of_another_picture_are_its_own(canvas: Canvas, session: Session) -> None:
    tool = take(canvas, session, "superpixels")
    QTest.mouseMove(canvas, at(canvas, TRUE_EDGE + 2, 80))
    show_photo(session, two_halves()[:, ::-1].copy(), Path("/photos/other.jpg"))
    assert tool.preview() is None
    edge = WIDTH - TRUE_EDGE
    QTest.mouseMove(canvas, at(canvas, edge - 3, 81))
    assert np.flatnonzero(covered(tool).any(axis=0)).max() < edge
    QTest.mouseClick(canvas, LEFT, NONE, at(canvas, edge - 3, 81))
    assert (human(session) == TREE).any()


# --- edge refine ---------------------------------------------------------------------------------------------------


def test_refine_shows_what_would_change_and_return_does_it(canvas: Canvas, session: Session) -> None:
    tool = take(canvas, session, "refine")
    canvas.setFocus()
    drag(canvas, around_edge(canvas))
    count = int(covered(tool).sum())
    assert count > 700
    assert f"Changes {count:,} pixels".replace(",", " ") in tool.note()
    assert tool.sketch() is not None
    assert not human(session).any()
    preview = preview_of(tool)
    assert isinstance(preview.value, np.ndarray)
    assert set(np.unique(preview.value[preview.mask])) == {human_value(3)}
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert not tool.pending()
    assert tool.sketch() is None
    changed = human(session)
    assert (changed[25:135, DRAWN_EDGE:TRUE_EDGE] == human_value(3)).all()
    assert not changed[:, TRUE_EDGE + 1 :].any()
    assert not changed[:19].any(), "only inside the line"
    assert np.count_nonzero(changed) == count
    assert steps(session) == 1
    session.undo()
    assert not human(session).any()


def test_escape_leaves_the_boundary(canvas: Canvas, session: Session) -> None:
    tool = take(canvas, session, "refine")
    drag(canvas, around_edge(canvas))
    assert tool.pending()
    assert canvas.cancel_gesture()
    assert not tool.pending()
    assert tool.preview() is None
    assert not human(session).any()


def test_another_band_is_worked_out_at_once(canvas: Canvas, session: Session) -> None:
    tool = take(canvas, session, "refine")
    drag(canvas, around_edge(canvas))
    wide = covered(tool).sum()
    tool.set_value("band", 4)
    narrow = covered(tool)
    assert 0 < narrow.sum() < wide
    assert not narrow[:, DRAWN_EDGE + 4 :].any()
    wheel(canvas, at(canvas, 60, 60), 1, CTRL)
    assert tool.value("band") == 5
    assert narrow.sum() < covered(tool).sum() < wide
    wheel(canvas, at(canvas, 60, 60), -2, CTRL)
    assert tool.value("band") == 3


def test_what_is_shown_follows_labels_rule_and_picture(canvas: Canvas, session: Session) -> None:
    tool = take(canvas, session, "refine")
    drag(canvas, around_edge(canvas))
    before = covered(tool).sum()
    stroke = session.begin_edit("Stroke")
    assert stroke is not None
    upper = map_of(session).box._replace(y1=80, x0=DRAWN_EDGE, x1=TRUE_EDGE)
    stroke.paint(upper, None, human_value(3))
    stroke.commit()
    assert covered(tool).sum() < 0.7 * before, "the upper half is right by now"
    session.set_rule(where=Where.UNLABELLED)
    assert tool.preview() is None
    assert tool.note() == "Paint may not go where the boundary would move."
    session.set_rule(where=Where.ANYWHERE)
    assert tool.preview() is not None
    show_photo(session, two_halves(), Path("/photos/other.jpg"))
    assert not tool.pending()


def test_where_there_is_nothing_to_refine_one_sentence_says_so(canvas: Canvas, session: Session) -> None:
    sentences: list[str] = []
    session.said.connect(sentences.append)
    tool = take(canvas, session, "refine")
    drag(canvas, [at(canvas, x, y) for x, y in ((10, 10), (60, 10), (60, 60), (10, 60))])
    assert sentences == ["Fewer than two classes lie inside the area."]
    assert tool.note() == sentences[0]
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert not tool.pending()
    assert sentences[-1] == sentences[0]
    assert steps(session) == 0
    QTest.mouseClick(canvas, LEFT, NONE, at(canvas, 60, 60))
    assert sentences[-1].startswith("Drag a line around the boundary that is to move")
