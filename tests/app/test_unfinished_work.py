"""Export and picture list while a correction is being worked out or is under the hand: none of it is left out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.answering.model_in_use import ModelChoice
from app.core.ade_png import read_labels
from app.core.document import ViewMode
from app.core.export import ExportOptions, Rest
from app.core.export_plan import plan_export
from app.core.geometry import Box
from app.core.pictures import PictureStatus
from app.core.segment_map import SegmentMap, human_value
from app.desk import Desk
from app.editing.gesture import Gesture
from app.editing.session import Session
from app.exporting.exporter import Exporter, ExportSummary
from app.settings import Settings
from tests.app.computing import Gate
from tests.app.desk_scene import predicted

CORNER = Box(0, 0, 5, 5)
SKY = human_value(3)


@pytest.fixture
def exporter(desk: Desk, photos: list[Path], qtbot: QtBot) -> Exporter:
    """With the first picture on screen."""
    desk.open(photos[:2])
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.idle)
    return Exporter(desk, desk.session)


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate((CORNER, None, SKY))
    yield gate
    gate.opened.set()


def map_of(desk: Desk) -> SegmentMap:
    assert desk.session.document is not None
    assert desk.session.document.segment_map is not None
    return desk.session.document.segment_map


def begin(desk: Desk, value: int = SKY) -> Gesture:
    gesture = desk.session.begin_edit("Brush")
    assert gesture is not None
    gesture.paint(CORNER, None, value)
    return gesture


def start_edit(desk: Desk, gate: Gate) -> None:
    assert desk.session.edit("Fill with sky", gate, slow=True)
    gate.wait()


def test_a_stroke_under_the_hand_ends_before_the_export_so_that_file_and_history_agree(
    desk: Desk, exporter: Exporter, photos: list[Path], qtbot: QtBot, tmp_path: Path
) -> None:
    gesture = begin(desk)
    with qtbot.waitSignal(exporter.finished):
        exporter.start(plan_export(photos[:1], tmp_path / "out", ExportOptions()))
        gesture.cancel()  # Escape comes too late
    assert (read_labels(tmp_path / "out" / "0.png")[CORNER.slices] == 3).all()
    assert (map_of(desk).human[CORNER.slices] == SKY).all()
    assert desk.session.is_exported(photos[0])
    desk.session.undo()
    assert not desk.session.is_exported(photos[0])


def test_an_export_waits_for_the_edits_of_its_pictures_and_writes_what_was_asked_for(
    desk: Desk, exporter: Exporter, gate: Gate, photos: list[Path], qtbot: QtBot, tmp_path: Path
) -> None:
    """The other pictures need not wait; what is changed after the export began does not count."""
    summaries: list[ExportSummary] = []
    exporter.finished.connect(summaries.append)
    start_edit(desk, gate)
    labels = desk.session.document.labels()  # type: ignore[union-attr]
    exporter.start(plan_export(photos[:2], tmp_path / "out", ExportOptions()))
    qtbot.waitUntil((tmp_path / "out" / "1.png").exists)
    assert not (tmp_path / "out" / "0.png").exists()
    assert exporter.running
    desk.session.set_threshold(1.0)
    gate.opened.set()
    qtbot.waitUntil(lambda: bool(summaries))
    labels[CORNER.slices] = 3
    assert np.array_equal(read_labels(tmp_path / "out" / "0.png"), labels)
    assert len(summaries[0].written) == 2
    assert desk.session.unexported() == []
    assert not desk.session.is_exported(photos[0]), "the threshold is another one now"
    desk.session.set_threshold(0.5)
    assert desk.session.is_exported(photos[0])


def test_an_edit_that_is_stopped_lets_the_export_go_on_without_it(
    desk: Desk, exporter: Exporter, gate: Gate, photos: list[Path], qtbot: QtBot, tmp_path: Path
) -> None:
    start_edit(desk, gate)
    with qtbot.waitSignal(exporter.finished):
        exporter.start(plan_export(photos[:1], tmp_path / "out", ExportOptions()))
        assert desk.session.cancel_edit()
        gate.opened.set()
    assert not (read_labels(tmp_path / "out" / "0.png") == 3).any()


def test_an_export_that_waits_can_be_cancelled(
    desk: Desk, exporter: Exporter, gate: Gate, photos: list[Path], qtbot: QtBot, tmp_path: Path
) -> None:
    start_edit(desk, gate)
    exporter.start(plan_export(photos[:1], tmp_path / "out", ExportOptions()))
    exporter.cancel()
    assert not exporter.running
    gate.opened.set()
    qtbot.waitUntil(lambda: desk.idle)
    assert not (tmp_path / "out" / "0.png").exists()
    assert desk.session.unexported() == [photos[0]]


def test_what_is_being_worked_out_or_under_the_hand_is_kept_when_others_are_opened(
    desk: Desk, exporter: Exporter, gate: Gate, photos: list[Path], qtbot: QtBot
) -> None:
    start_edit(desk, gate)
    assert desk.folder.status(photos[0]) is PictureStatus.IN_WORK
    desk.show(photos[1])
    qtbot.waitUntil(lambda: predicted(desk, photos[1]))
    begin(desk)
    desk.open(photos[3:4])
    qtbot.waitUntil(lambda: desk.current == photos[3])
    assert desk.pictures == [photos[3]]
    gate.opened.set()
    qtbot.waitUntil(lambda: desk.idle)
    assert set(desk.session.unexported()) == {photos[0], photos[1]}
    desk.close()
    later = Desk(Session(Settings()), ModelChoice())
    for path in photos[:2]:
        later.open([path])
        qtbot.waitUntil(lambda path=path: predicted(later, path) and later.idle)
        assert later.session.undo_stack is not None
        assert later.session.undo_stack.count() == 1
        assert later.session.document is not None
        assert later.session.document.has_corrections
    later.close()


def test_a_picture_whose_correction_came_to_nothing_is_what_it_was(
    desk: Desk, exporter: Exporter, photos: list[Path], qtbot: QtBot
) -> None:
    gate = Gate((CORNER, None, 0))
    start_edit(desk, gate)
    gate.opened.set()
    qtbot.waitUntil(lambda: desk.idle)
    assert desk.folder.status(photos[0]) is PictureStatus.PREDICTED
    assert desk.session.unexported() == []


def test_what_was_done_with_the_rest_is_remembered(desk: Desk, exporter: Exporter, photos: list[Path]) -> None:
    session = desk.session
    for rest in Rest:
        session.mark_exported(photos[0], session.export_state(photos[0], rest=rest))
        for asked in Rest:
            session.rest = asked
            assert session.is_exported(photos[0]) == (asked is rest)


def test_the_semantic_view_knows_no_threshold_and_has_no_rest(
    desk: Desk, exporter: Exporter, photos: list[Path], qtbot: QtBot
) -> None:
    session = desk.session
    session.set_mode(ViewMode.SEMANTIC)
    session.mark_exported(photos[0], session.export_state(photos[0], rest=Rest.SEMANTIC))
    session.set_threshold(0.9)
    session.set_class_threshold(7, 0.1)
    assert session.is_exported(photos[0])
    session.set_mode(ViewMode.SEGMENTS)
    assert not session.is_exported(photos[0])
    qtbot.waitUntil(lambda: desk.idle)
