"""Labels that are brought in: pictures open, parked, on their way or never opened, and corrections that are there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.core.ade_png import read_labels, write_labels
from app.core.export import ExportOptions
from app.core.export_plan import plan_export
from app.core.geometry import Box
from app.core.import_labels import Conversion, Existing, Finding, inspect, photo_frame, read
from app.core.project.places import FILE_NAME
from app.core.project.store import ProjectStore
from app.core.segment_map import human_value
from app.desk import Desk
from app.editing.session import KEPT_OPEN
from app.exporting.exporter import Exporter
from app.importing.importer import Importer, ImportSummary, Order
from tests.app.desk_scene import predicted


@pytest.fixture
def importer(desk: Desk) -> Iterator[Importer]:
    importer = Importer(desk.session, desk.keeper, desk)
    yield importer
    importer.close()


@pytest.fixture
def labels(photos: list[Path], tmp_path: Path) -> dict[Path, np.ndarray]:
    """Labels for every photo, in files beside them: each with pixels of all sorts, unlabelled ones among them."""
    made = {}
    rng = np.random.default_rng(7)
    (tmp_path / "labels").mkdir()
    for photo in photos:
        height, width = photo_frame(photo).shape
        made[photo] = rng.integers(0, 151, (height, width), dtype=np.uint8)
        made[photo][:5] = 0
        write_labels(tmp_path / "labels" / photo.name, made[photo])
    return made


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """No file is read before it is set."""
    gate = threading.Event()

    def read_slowly(finding: Finding, choice: Conversion | None) -> np.ndarray:
        assert gate.wait(10)
        return read(finding, choice)

    monkeypatch.setattr("app.importing.importer.read", read_slowly)
    yield gate
    gate.set()


def order(photo: Path) -> Order:
    finding = inspect(photo.parent / "labels" / photo.name, photo_frame(photo))
    assert finding.ready
    return Order(finding)


def bring_in(
    importer: Importer, qtbot: QtBot, photos: list[Path], existing: Existing = Existing.REPLACE
) -> ImportSummary:
    with qtbot.waitSignal(importer.finished, timeout=10_000) as finished:
        importer.start({photo: order(photo) for photo in photos}, existing)
    return finished.args[0]


def open_all(desk: Desk, qtbot: QtBot, photos: list[Path]) -> None:
    desk.open(photos)
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.idle)


def go_to(desk: Desk, qtbot: QtBot, photo: Path) -> None:
    desk.show(photo)
    qtbot.waitUntil(lambda: predicted(desk, photo) and desk.idle)


def shown(desk: Desk) -> np.ndarray:
    assert desk.session.document is not None
    return desk.session.document.labels()


def paint(desk: Desk, box: Box, class_id: int) -> None:
    gesture = desk.session.begin_edit("Brush")
    assert gesture is not None
    gesture.paint(box, None, human_value(class_id))
    assert gesture.commit()


def test_open_and_unopened_pictures_come_out_as_they_went_in(
    desk: Desk, importer: Importer, photos: list[Path], labels: dict[Path, np.ndarray], qtbot: QtBot, tmp_path: Path
) -> None:
    open_all(desk, qtbot, photos)
    assert desk.session.find(photos[4]) is None
    summary = bring_in(importer, qtbot, photos)
    assert summary.brought == photos
    assert summary.refused == []
    exporter = Exporter(desk, desk.session)
    with qtbot.waitSignal(exporter.finished, timeout=10_000):
        exporter.start(plan_export(photos, tmp_path / "out", ExportOptions()))
    assert desk.session.find(photos[4]) is None
    for photo in photos:
        np.testing.assert_array_equal(read_labels(tmp_path / "out" / photo.name), labels[photo])
    go_to(desk, qtbot, photos[4])
    assert desk.session.is_exported(photos[4])
    assert not desk.session.is_unexported(photos[4])


@pytest.mark.parametrize("number", [0, 4])  # open, and never opened
def test_undo_gives_the_labels_of_the_network_back(
    desk: Desk, importer: Importer, photos: list[Path], labels: dict[Path, np.ndarray], qtbot: QtBot, number: int
) -> None:
    open_all(desk, qtbot, photos)
    bring_in(importer, qtbot, [photos[number]])
    go_to(desk, qtbot, photos[number])
    np.testing.assert_array_equal(shown(desk), labels[photos[number]])
    stack = desk.session.undo_stack
    assert stack is not None
    assert [stack.text(index) for index in range(stack.count())] == ["Import labels"]
    desk.session.undo()
    assert np.unique(shown(desk)).tolist() == [101 + number]
    desk.session.redo()
    np.testing.assert_array_equal(shown(desk), labels[photos[number]])


def test_parked_pictures_change_where_they_are(
    desk: Desk, importer: Importer, photos: list[Path], labels: dict[Path, np.ndarray], qtbot: QtBot
) -> None:
    open_all(desk, qtbot, photos)
    paint(desk, Box(10, 10, 20, 20), 7)
    for photo in photos[1 : KEPT_OPEN + 1]:
        go_to(desk, qtbot, photo)
    document = desk.session.find(photos[0])
    assert document is not None
    assert document.segment_map is None
    assert bring_in(importer, qtbot, photos[:1]).brought == photos[:1]
    go_to(desk, qtbot, photos[0])
    np.testing.assert_array_equal(shown(desk), labels[photos[0]])
    desk.session.undo()
    assert (shown(desk)[10:20, 10:20] == 7).all()
    assert np.unique(shown(desk)).tolist() == [7, 101]


@pytest.mark.parametrize("place", ["open", "closed"])
@pytest.mark.parametrize("existing", Existing)
def test_corrections_are_replaced_kept_or_left_alone(
    desk: Desk,
    importer: Importer,
    photos: list[Path],
    labels: dict[Path, np.ndarray],
    qtbot: QtBot,
    existing: Existing,
    place: str,
) -> None:
    open_all(desk, qtbot, photos[:1])
    paint(desk, Box(2, 2, 30, 30), 7)
    before = shown(desk)
    if place == "closed":
        desk.current = None
        desk.keeper.begin_anew(photos[:1])
    summary = bring_in(importer, qtbot, photos[:1], existing)
    assert summary.brought == ([] if existing is Existing.SKIP else photos[:1])
    go_to(desk, qtbot, photos[0])
    expected = {Existing.REPLACE: labels[photos[0]], Existing.SKIP: before}.get(existing)
    if expected is None:
        expected = labels[photos[0]].copy()
        expected[2:30, 2:30] = 7
    np.testing.assert_array_equal(shown(desk), expected)
    if existing is not Existing.SKIP:
        desk.session.undo()
        np.testing.assert_array_equal(shown(desk), before)


def test_labels_that_are_there_already_are_no_step(
    desk: Desk, importer: Importer, photos: list[Path], labels: dict[Path, np.ndarray], qtbot: QtBot
) -> None:
    open_all(desk, qtbot, photos)
    bring_in(importer, qtbot, photos)
    again = bring_in(importer, qtbot, photos)
    assert again.brought == []
    assert again.unchanged == photos
    assert desk.session.undo_stack is not None
    assert desk.session.undo_stack.count() == 1


def test_a_picture_opened_while_its_labels_are_worked_out_has_them(
    desk: Desk, importer: Importer, photos: list[Path], labels: dict[Path, np.ndarray], qtbot: QtBot
) -> None:
    open_all(desk, qtbot, photos)
    with qtbot.waitSignal(importer.finished, timeout=10_000):
        importer.start({photos[4]: order(photos[4])}, Existing.REPLACE)
        desk.show(photos[4])
    go_to(desk, qtbot, photos[4])
    np.testing.assert_array_equal(shown(desk), labels[photos[4]])
    assert desk.session.undo_stack is not None
    assert desk.session.undo_stack.count() == 1


def test_a_stroke_under_the_hand_is_a_step_of_its_own(
    desk: Desk, importer: Importer, photos: list[Path], labels: dict[Path, np.ndarray], qtbot: QtBot
) -> None:
    open_all(desk, qtbot, photos[:1])
    gesture = desk.session.begin_edit("Brush")
    assert gesture is not None
    gesture.paint(Box(2, 2, 30, 30), None, human_value(7))
    bring_in(importer, qtbot, photos[:1])
    np.testing.assert_array_equal(shown(desk), labels[photos[0]])
    desk.session.undo()
    assert (shown(desk)[2:30, 2:30] == 7).all()
    desk.session.undo()
    assert np.unique(shown(desk)).tolist() == [101]


def test_a_stroke_on_another_picture_goes_on(
    desk: Desk, importer: Importer, photos: list[Path], labels: dict[Path, np.ndarray], qtbot: QtBot
) -> None:
    open_all(desk, qtbot, photos)
    go_to(desk, qtbot, photos[1])
    gesture = desk.session.begin_edit("Brush")
    assert gesture is not None
    gesture.paint(Box(2, 2, 10, 10), None, human_value(7))
    assert bring_in(importer, qtbot, photos[:1]).brought == photos[:1]
    assert gesture.is_open
    gesture.paint(Box(10, 2, 20, 10), None, human_value(7))
    assert gesture.commit()
    desk.session.undo()
    assert np.unique(shown(desk)).tolist() == [102]


def test_a_file_that_changed_since_it_was_looked_at_is_refused(
    desk: Desk, importer: Importer, photos: list[Path], labels: dict[Path, np.ndarray], qtbot: QtBot
) -> None:
    open_all(desk, qtbot, photos)
    orders = {photo: order(photo) for photo in photos}
    for photo in (photos[0], photos[4]):
        cv2.imwrite(str(photo.parent / "labels" / photo.name), np.full((9, 9), 3, np.uint8))
    with qtbot.waitSignal(importer.finished, timeout=10_000) as finished:
        importer.start(orders, Existing.REPLACE)
    summary = finished.args[0]
    assert [photo for photo, _ in summary.refused] == [photos[0], photos[4]]
    assert summary.brought == photos[1:4]
    assert "2 could not be used" in summary.sentence()


def test_a_photo_that_changed_on_disk_is_refused(
    desk: Desk, importer: Importer, photos: list[Path], labels: dict[Path, np.ndarray], qtbot: QtBot
) -> None:
    open_all(desk, qtbot, photos[:1])
    bring_in(importer, qtbot, photos[4:])
    cv2.imwrite(str(photos[4]), np.full((40, 104, 3), 200, np.uint8))
    summary = bring_in(importer, qtbot, photos[4:])
    assert [reason for _, reason in summary.refused] == ["4.png has changed on disk since it was worked on."]


def test_a_project_that_may_only_be_read_takes_no_labels(
    desk: Desk,
    importer: Importer,
    photos: list[Path],
    labels: dict[Path, np.ndarray],
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ProjectStore.open(tmp_path, tmp_path / FILE_NAME).close()
    monkeypatch.setattr("app.keeping.lock.ProjectLock.take", lambda _lock: False)
    open_all(desk, qtbot, photos)
    summary = bring_in(importer, qtbot, photos)
    assert len(summary.refused) == len(photos)
    assert all("has this project open" in reason for _, reason in summary.refused)
    assert np.unique(shown(desk)).tolist() == [101]


def test_cancelling_leaves_what_is_done(
    desk: Desk, importer: Importer, photos: list[Path], labels: dict[Path, np.ndarray], qtbot: QtBot
) -> None:
    open_all(desk, qtbot, photos)
    importer.brought.connect(lambda _path: importer.cancel())
    summary = bring_in(importer, qtbot, photos)
    assert summary.brought == photos[:1]
    assert summary.cancelled == 4
    assert not importer.running
    np.testing.assert_array_equal(shown(desk), labels[photos[0]])


def test_escape_stops_it_for_one_picture(
    desk: Desk,
    importer: Importer,
    photos: list[Path],
    labels: dict[Path, np.ndarray],
    qtbot: QtBot,
    gate: threading.Event,
) -> None:
    open_all(desk, qtbot, photos)
    with qtbot.waitSignal(importer.finished, timeout=10_000) as finished:
        importer.start({photo: order(photo) for photo in (photos[0], photos[4])}, Existing.REPLACE)
        qtbot.waitUntil(lambda: desk.session.editing)
        assert desk.session.begin_edit("Brush") is None  # nothing comes between
        assert desk.session.cancel_edit()
        gate.set()
    assert [photo for photo, _ in finished.args[0].refused] == [photos[0]]
    assert finished.args[0].brought == [photos[4]]
    assert np.unique(shown(desk)).tolist() == [101]


def test_a_picture_that_is_closed_meanwhile_gets_its_labels_all_the_same(
    desk: Desk,
    importer: Importer,
    photos: list[Path],
    labels: dict[Path, np.ndarray],
    qtbot: QtBot,
    gate: threading.Event,
) -> None:
    open_all(desk, qtbot, photos)
    with qtbot.waitSignal(importer.finished, timeout=10_000) as finished:
        importer.start({photos[0]: order(photos[0])}, Existing.REPLACE)
        qtbot.waitUntil(lambda: desk.session.editing)
        desk.keeper.begin_anew(photos[:1])  # as when another window's project was taken over
        gate.set()
    assert finished.args[0].brought == photos[:1]
    go_to(desk, qtbot, photos[0])
    np.testing.assert_array_equal(shown(desk), labels[photos[0]])


def test_corrections_and_threshold_of_an_earlier_session_are_exported_without_opening_the_picture(
    desk: Desk, importer: Importer, photos: list[Path], labels: dict[Path, np.ndarray], qtbot: QtBot, tmp_path: Path
) -> None:
    open_all(desk, qtbot, photos)
    desk.session.set_threshold_scope(for_all=False)
    go_to(desk, qtbot, photos[4])
    paint(desk, Box(2, 2, 30, 30), 7)
    desk.session.set_threshold(0.95)  # the network is less sure of anything
    go_to(desk, qtbot, photos[0])
    desk.keeper.begin_anew(photos[4:])
    assert desk.session.find(photos[4]) is None
    exporter = Exporter(desk, desk.session)
    for for_all in (False, True):
        desk.session.set_threshold_scope(for_all=for_all)
        with qtbot.waitSignal(exporter.finished, timeout=10_000):
            exporter.start(plan_export(photos[4:], tmp_path / str(for_all), ExportOptions()))
        expected = np.full((40, 104), 105 if for_all else 0, np.uint8)
        expected[2:30, 2:30] = 7
        np.testing.assert_array_equal(read_labels(tmp_path / str(for_all) / "4.png"), expected)
        assert desk.session.is_exported(photos[4])
