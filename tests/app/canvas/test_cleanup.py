"""The clean-up tool under a real hand: look, count, accept, undo."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.canvas.canvas import Canvas
from app.core import cleanup
from app.core.parts import Area, Check, LabelReader, Part
from app.core.rules import Where
from app.core.segment_map import HUMAN_UNLABELLED, human_value
from app.editing.session import Session
from app.settings import Settings, load_settings, save_settings
from app.tools import make_tool
from app.tools.base import Preview, Tool
from tests.app.canvas.hand import LEFT, NONE, drag
from tests.app.canvas.scene import HEIGHT, LEFT_TOP, WIDTH, document_of, map_of, predict, quarters, spot
from tests.app.tools.later import Later

SKY = 3


@pytest.fixture
def tool(canvas: Canvas, session: Session) -> Tool:
    """In hand over a picture whose lower right quarter lies under the threshold, and with a speck in the sky."""
    layer = quarters()
    layer[10:13, 10:14] = 3
    predict(session, layer)
    made = make_tool("cleanup", session)
    canvas.set_tool(made)
    return made


def click(canvas: Canvas, x: int, y: int) -> None:
    QTest.mouseClick(canvas, LEFT, NONE, spot(canvas, x + 0.5, y + 0.5))


def preview_of(tool: Tool) -> Preview:
    preview = tool.preview()
    assert preview is not None
    return preview


def test_a_click_counts_the_gaps_of_the_whole_picture_and_return_fills_them(
    canvas: Canvas, session: Session, tool: Tool
) -> None:
    gap = (HEIGHT // 2) * (WIDTH // 2)
    click(canvas, 30, 20)
    assert f"Changes {gap:,} pixels in the whole picture".replace(",", " ") in tool.note()
    assert preview_of(tool).box.shape == (HEIGHT // 2, WIDTH // 2)
    assert not map_of(session).human.any(), "looking changes nothing"
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    labels = document_of(session).labels()
    assert labels.all()
    assert labels[HEIGHT // 2, WIDTH - 1] == 13
    assert labels[HEIGHT - 1, WIDTH // 2] == 5
    assert not tool.pending()
    session.undo()
    assert not map_of(session).human.any()


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Grows by one whenever gaps are looked for."""
    begun: list[object] = []
    real = cleanup.fill_gaps

    def fill_gaps(reader: LabelReader, *, area: Area | None, check: Check) -> Iterator[Part]:
        begun.append(area)
        return real(reader, area=area, check=check)

    monkeypatch.setattr(cleanup, "fill_gaps", fill_gaps)
    return begun


def test_what_was_found_is_not_worked_out_again(
    canvas: Canvas, session: Session, tool: Tool, searches: list[object]
) -> None:
    click(canvas, 30, 20)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert len(searches) == 1
    assert document_of(session).labels().all()
    click(canvas, 30, 20)
    assert not tool.pending() or "Nothing to change" in tool.note()


def test_nothing_is_done_before_it_was_seen(
    canvas: Canvas, session: Session, tool: Tool, searches: list[object]
) -> None:
    sentences: list[str] = []
    session.said.connect(sentences.append)
    session.runner = later = Later()
    click(canvas, 30, 20)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert sentences == ["Still looking: Return does it once it is seen what would change."]
    later.finish()
    assert tool.pending()
    assert "Changes" in tool.note()
    assert not map_of(session).human.any()
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    later.finish()
    assert len(searches) == 1
    assert document_of(session).labels().all()


def test_what_was_counted_before_a_change_is_not_done_unseen(canvas: Canvas, session: Session, tool: Tool) -> None:
    session.runner = later = Later()
    click(canvas, 30, 20)
    later.finish()
    assert tool.acceptable()
    session.set_threshold(0.2)
    assert not tool.acceptable()
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    later.finish()
    assert tool.pending()
    assert not map_of(session).human.any()


def test_what_was_found_before_the_rule_changed_is_not_used(
    canvas: Canvas, session: Session, tool: Tool, searches: list[object]
) -> None:
    session.runner = later = Later()
    click(canvas, 30, 20)
    later.finish()
    session.set_rule(where=Where.CLASS, class_id=SKY)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    later.finish()
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    later.finish()
    assert len(searches) == 3, "the edit looks once more, to say why nothing changes"
    assert not map_of(session).human.any()


def test_escape_leaves_the_picture_as_it_is(canvas: Canvas, session: Session, tool: Tool) -> None:
    click(canvas, 30, 20)
    assert tool.pending()
    assert canvas.cancel_gesture()
    assert not tool.pending()
    assert tool.preview() is None
    assert not map_of(session).human.any()


def test_inside_a_line_only(canvas: Canvas, session: Session, tool: Tool) -> None:
    corners = [(70, 50), (90, 50), (90, 70), (70, 70), (70, 52)]
    drag(canvas, [spot(canvas, x, y) for x, y in corners])
    assert "inside the line" in tool.note()
    assert tool.sketch() is not None
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    decided = map_of(session).human != 0
    assert decided[55:68, 73:88].all()
    assert not decided[:48].any()
    assert not decided[:, :68].any()
    assert tool.sketch() is None


def test_specks_under_the_size_take_what_is_around_them(canvas: Canvas, session: Session, tool: Tool) -> None:
    tool.set_value("what", "specks")
    tool.set_value("size", 12)
    click(canvas, 30, 20)
    assert "Nothing to change" in tool.note(), "the speck has twelve pixels"
    tool.set_value("size", 13)
    assert "Changes 12 pixels" in tool.note(), "another size is looked for at once"
    session.set_current_class(1)
    tool.set_value("classes", "current")
    assert "Nothing to change" in tool.note()
    tool.set_value("classes", "all")
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert (document_of(session).labels()[10:13, 10:14] == SKY).all()
    assert map_of(session).decided == 12


def test_holes_of_the_current_class_join_it(canvas: Canvas, session: Session, tool: Tool) -> None:
    tool.set_value("what", "holes")
    tool.set_value("size", 40)
    session.set_current_class(SKY)
    click(canvas, 30, 20)
    assert "Changes 12 pixels" in tool.note()
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    stack = session.undo_stack
    assert stack is not None
    assert stack.undoText() == "Fill holes of sky"
    assert (map_of(session).human[10:13, 10:14] == human_value(SKY)).all()


def test_smoothing_lets_neighbours_vote(canvas: Canvas, session: Session, tool: Tool) -> None:
    tool.set_value("what", "smooth")
    tool.set_value("radius", 6)
    click(canvas, 30, 20)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert (document_of(session).labels()[10:13, 10:14] == SKY).all()


def test_the_count_follows_corrections_threshold_and_rule(canvas: Canvas, session: Session, tool: Tool) -> None:
    click(canvas, 30, 20)
    before = tool.note()
    session.set_threshold(0.2)
    assert "Nothing to change" in tool.note()
    session.set_threshold(0.5)
    assert tool.note() == before
    gesture = session.begin_edit("Erase")
    assert gesture is not None
    gesture.paint(map_of(session).box, np.ones((HEIGHT, WIDTH), bool) & (quarters() == LEFT_TOP), HUMAN_UNLABELLED)
    gesture.commit()
    assert tool.note() != before
    session.set_rule(keep_person=True)
    assert tool.note() == before, "what a person erased is kept"
    session.set_rule(where=Where.CLASS, class_id=SKY, keep_person=False)
    assert "Nothing to change" in tool.note()


def test_brackets_change_the_number_that_counts(session: Session, tool: Tool) -> None:
    assert not tool.adjust(1)
    tool.set_value("what", "smooth")
    tool.set_value("radius", 4)
    assert tool.adjust(1)
    assert tool.value("radius") == 5
    assert tool.adjust(-1)
    assert tool.value("radius") == 4
    tool.set_value("what", "specks")
    assert tool.adjust(1)
    assert tool.value("size") == 250


def test_another_picture_ends_it(canvas: Canvas, session: Session, tool: Tool) -> None:
    click(canvas, 30, 20)
    session.close_all()
    assert not tool.pending()
    assert canvas.tool is tool


def size_of(tool: Tool) -> int:
    return int(tool.value("size"))


def test_a_class_keeps_its_own_size_of_specks(canvas: Canvas, session: Session, tool: Tool) -> None:
    tool.set_value("what", "specks")
    tool.set_value("size", 9)  # the speck in the sky has 12 pixels
    session.set_current_class(SKY)
    click(canvas, 30, 20)
    assert tool.note() == "Nothing to change in the whole picture"
    tool.set_value("classes", "current")
    assert size_of(tool) == 9
    tool.set_value("size", 13)
    session.set_current_class(5)
    assert size_of(tool) == 9, "another class has the common size"
    session.set_current_class(SKY)
    assert size_of(tool) == 13
    tool.set_value("classes", "all")
    assert size_of(tool) == 9
    assert tool.note().endswith("in the whole picture · 1 class with its own size")
    speck = int(document_of(session).labels()[11, 11])
    tool.set_value("classes", "current")
    session.set_current_class(speck)
    tool.set_value("size", 13)
    assert tool.note() == "Changes 12 pixels in the whole picture"
    tool.set_value("classes", "all")
    assert tool.note() == "Changes 12 pixels in the whole picture · 2 classes with their own size"
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert document_of(session).labels()[11, 11] == SKY
    tool.set_value("classes", "current")
    tool.set_value("size", 9)  # the common size again: it has none of its own
    tool.set_value("classes", "all")
    tool.set_value("size", 30)
    tool.set_value("classes", "current")
    assert size_of(tool) == 30


def test_sizes_of_classes_are_remembered(session: Session, tool: Tool, tmp_path: Path) -> None:
    tool.set_value("what", "specks")
    tool.set_value("classes", "current")
    for class_id in range(151):
        session.set_current_class(class_id)
        tool.set_value("size", 300 + class_id)
    save_settings(session.remembered(Settings()), tmp_path / "settings.json")
    loaded, problem = load_settings(tmp_path / "settings.json")
    assert problem is None
    again = Session(loaded)
    again.set_current_class(77)
    assert make_tool("cleanup", again).value("size") == 377
