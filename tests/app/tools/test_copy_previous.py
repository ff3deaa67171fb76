"""Copying from the previous picture: which pixels come over, as one step, and what is said when none can."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.core.arrays import U8
from app.core.geometry import Box
from app.core.pyramid import build_pyramid
from app.core.segment_map import HUMAN_UNLABELLED, human_value
from app.editing.session import KEPT_OPEN, Session
from app.tools.base import Button, Pointer
from app.tools.copy_previous import CopyPrevious
from tests.app.canvas.scene import HEIGHT, PATH, WIDTH, human, photo, predict, show_photo, steps

BEFORE = Path("/photos/before.jpg")
SKY, BED, CAR = human_value(3), human_value(8), human_value(21)


def paint(session: Session, *painted: tuple[Box, int]) -> None:
    stroke = session.begin_edit("Brush")
    assert stroke is not None
    for box, value in painted:
        stroke.paint(box, None, value)
    assert stroke.commit()


def said(session: Session) -> list[str]:
    sentences: list[str] = []
    session.said.connect(sentences.append)
    return sentences


@pytest.fixture
def source(session: Session) -> U8:
    """The corrections of the previous picture; this one has one of its own, in another place."""
    show_photo(session, path=BEFORE)
    paint(session, (Box(10, 10, 60, 50), SKY), (Box(20, 20, 30, 30), HUMAN_UNLABELLED), (Box(70, 60, 110, 75), BED))
    layer = human(session)
    show_photo(session)
    predict(session)
    paint(session, (Box(0, 0, 15, 40), CAR))
    session.previous_path = lambda: BEFORE
    return layer


@pytest.fixture
def tool(session: Session) -> CopyPrevious:
    return CopyPrevious(session)


def around(tool: CopyPrevious, box: Box) -> None:
    """A line around exactly these pixels."""
    corners = [(box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1)]
    tool.press(Pointer(*corners[0], Button.LEFT))
    for corner in corners[1:]:
        tool.move(Pointer(*corner, Button.LEFT))
    tool.release(Pointer(*corners[-1], Button.LEFT))


def as_shown(tool: CopyPrevious, layer: U8) -> U8:
    """The layer as it would be with what is shown."""
    preview, shown = tool.preview(), layer.copy()
    assert preview is not None
    shown[preview.box.slices] = np.where(preview.mask, preview.value, shown[preview.box.slices])
    return shown


def click(tool: CopyPrevious) -> None:
    tool.press(Pointer(40, 40, Button.LEFT))
    tool.release(Pointer(40, 40, Button.LEFT))


def park(session: Session, path: Path) -> None:
    for number in range(KEPT_OPEN):
        session.show(Path(f"/photos/{number}.jpg"))
    document = session.find(path)
    assert document is not None
    assert document.parked
    show_photo(session)


@pytest.mark.parametrize("parked", [False, True])
def test_what_was_decided_inside_the_line_comes_over(
    session: Session, source: U8, tool: CopyPrevious, *, parked: bool
) -> None:
    if parked:
        park(session, BEFORE)
    mine, inside = human(session), Box(5, 15, 40, 35)
    around(tool, inside)
    np.testing.assert_array_equal(human(session), mine)  # it is shown first, as after a click
    assert tool.pending()
    assert tool.sketch() is not None
    expected = mine.copy()
    there = source[inside.slices]
    expected[inside.slices] = np.where(there > 0, there, mine[inside.slices])
    np.testing.assert_array_equal(as_shown(tool, mine), expected)
    assert tool.note() == f"Changes {np.count_nonzero(expected != mine)} pixels, from before.jpg"
    tool.accept()
    assert not tool.pending()
    assert tool.sketch() is None
    np.testing.assert_array_equal(human(session), expected)
    assert (expected == HUMAN_UNLABELLED).any()  # "unlabelled" is a decision too
    assert steps(session) == 2
    assert session.undo_group.undoText() == "Copy from before.jpg"
    session.undo()
    np.testing.assert_array_equal(human(session), mine)


def test_the_rest_can_go_back_to_the_network(session: Session, source: U8, tool: CopyPrevious) -> None:
    tool.set_value("rest", "clear")
    mine, inside = human(session), Box(5, 15, 40, 35)
    around(tool, inside)
    tool.accept()
    mine[inside.slices] = source[inside.slices]
    np.testing.assert_array_equal(human(session), mine)


@pytest.mark.parametrize("parked", [False, True])
@pytest.mark.parametrize("rest", ["keep", "clear"])
def test_a_click_offers_everything(
    session: Session, source: U8, tool: CopyPrevious, *, parked: bool, rest: str
) -> None:
    if parked:
        park(session, BEFORE)
    tool.set_value("rest", rest)
    mine = human(session)
    expected = np.where(source > 0, source, mine) if rest == "keep" else source
    click(tool)
    assert tool.pending()
    assert "before.jpg" in tool.note()
    np.testing.assert_array_equal(human(session), mine)  # nothing has happened yet
    np.testing.assert_array_equal(as_shown(tool, mine), expected)
    tool.accept()
    assert not tool.pending()
    assert tool.preview() is None
    np.testing.assert_array_equal(human(session), expected)
    assert steps(session) == 2


def test_what_is_offered_can_be_left(session: Session, source: U8, tool: CopyPrevious) -> None:
    mine = human(session)
    for offer in (click, lambda tool: around(tool, Box(5, 15, 40, 35))):
        offer(tool)
        tool.cancel()
        assert not tool.pending()
        assert tool.sketch() is None
        tool.accept()
        np.testing.assert_array_equal(human(session), mine)


def test_another_line_is_another_offer(session: Session, source: U8, tool: CopyPrevious) -> None:
    mine, second = human(session), Box(80, 62, 90, 70)
    around(tool, Box(5, 15, 40, 35))
    around(tool, second)
    tool.accept()
    mine[second.slices] = source[second.slices]
    np.testing.assert_array_equal(human(session), mine)
    assert steps(session) == 2


def test_the_preview_follows_what_changes(session: Session, source: U8, tool: CopyPrevious) -> None:
    click(tool)
    before = tool.preview()
    paint(session, (Box(70, 60, 110, 75), BED))  # which is what the previous picture has there
    tool.changed()
    after = tool.preview()
    assert before is not None
    assert after is not None
    assert after.box.y1 < before.box.y1
    tool.set_value("rest", "clear")
    tool.value_changed("rest")
    cleared = tool.preview()
    assert cleared is not None
    assert (cleared.mask & (cleared.value == 0)).any()


def test_what_the_previous_picture_becomes_afterwards_does_not_count(
    session: Session, source: U8, tool: CopyPrevious
) -> None:
    click(tool)
    previous = session.find(BEFORE)
    assert previous is not None
    previous.park()
    tool.accept()
    assert (human(session)[source > 0] == source[source > 0]).all()


def test_the_rule_holds_here_too(session: Session, source: U8, tool: CopyPrevious) -> None:
    mine = human(session)
    session.set_rule(locked=frozenset(range(151)))
    sentences = said(session)
    around(tool, Box(5, 15, 40, 35))
    click(tool)
    assert not tool.pending()
    assert len(sentences) == 2
    assert all("never over" in sentence for sentence in sentences)
    np.testing.assert_array_equal(human(session), mine)


def test_why_there_is_nothing_to_copy(session: Session, source: U8, tool: CopyPrevious) -> None:
    sentences = said(session)
    around(tool, Box(80, 0, 100, 10))
    assert sentences.pop().startswith("Nothing to copy inside this line: before.jpg has no corrections there")
    session.previous_path = lambda: None
    click(tool)
    assert sentences.pop() == "This is the first picture of the list: there is none before it to copy from."
    session.previous_path = lambda: Path("/photos/never-opened.jpg")
    around(tool, Box(5, 15, 40, 35))
    assert sentences.pop() == "never-opened.jpg, the previous picture, has no corrections to copy."
    other = Path("/photos/other-size.jpg")
    session.show(other)
    session.attach_photo(other, build_pyramid(photo(WIDTH // 2, HEIGHT)))
    paint(session, (Box(0, 0, 5, 5), SKY))
    show_photo(session, path=PATH)
    session.previous_path = lambda: other
    click(tool)
    assert f"has {WIDTH // 2} x {HEIGHT} pixels and this one {WIDTH} x {HEIGHT}" in sentences.pop()
    assert not tool.pending()
    assert steps(session) == 1


def test_what_is_here_already_is_said(session: Session, source: U8, tool: CopyPrevious) -> None:
    click(tool)
    tool.accept()
    sentences = said(session)
    click(tool)
    assert sentences == ["All corrections of the previous picture are here already."]
    assert not tool.pending()
    assert tool.preview() is None
