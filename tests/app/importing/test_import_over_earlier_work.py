"""Imports over work that is there already, and imports that are stopped: nothing is lost, and nothing is half done."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.core.ade_png import write_labels
from app.core.geometry import Box
from app.core.import_labels import Conversion, Existing, Finding, read
from app.core.project.places import FILE_NAME
from app.core.project.store import ProjectStore
from app.core.segment_map import human_value
from app.desk import Desk
from app.importing.importer import Importer
from tests.app.importing.test_importer import bring_in, go_to, open_all, order, paint, shown

GRASS, SKY = 10, 3


@pytest.fixture
def importer(desk: Desk) -> Iterator[Importer]:
    importer = Importer(desk.session, desk.keeper, desk)
    yield importer
    importer.close()


@pytest.fixture(autouse=True)
def _labels(photos: list[Path], tmp_path: Path) -> None:
    """For each photo a quarter of grass, a quarter unlabelled, and below sky."""
    (tmp_path / "labels").mkdir()
    for number, photo in enumerate(photos):
        labels = np.full((40, 100 + number), SKY, np.uint8)
        labels[:20, :50], labels[:20, 50:] = GRASS, 0
        write_labels(tmp_path / "labels" / photo.name, labels)


def texts(desk: Desk) -> list[str]:
    assert desk.session.history is not None
    return [step.text() for step in desk.session.history.steps()]


def test_labels_are_one_more_step_on_the_history_of_a_picture_that_is_closed(
    desk: Desk, importer: Importer, photos: list[Path], qtbot: QtBot
) -> None:
    open_all(desk, qtbot, photos[:1])
    paint(desk, Box(2, 2, 30, 30), 7)
    paint(desk, Box(10, 10, 40, 35), 8)
    layers = [shown(desk)]
    desk.session.undo()
    layers = [shown(desk), *layers]
    desk.session.redo()
    desk.current = None
    desk.keeper.begin_anew(photos[:1])
    assert bring_in(importer, qtbot, photos[:1]).brought == photos[:1]
    go_to(desk, qtbot, photos[0])
    assert texts(desk) == ["Brush", "Brush", "Import labels"]
    for layer in layers[::-1]:
        desk.session.undo()
        np.testing.assert_array_equal(shown(desk), layer)
    desk.session.undo()
    assert np.unique(shown(desk)).tolist() == [101]


def test_leaving_corrected_pictures_alone_means_no_others(
    desk: Desk, importer: Importer, photos: list[Path], qtbot: QtBot
) -> None:
    open_all(desk, qtbot, photos)
    paint(desk, Box(2, 2, 30, 30), 7)
    summary = bring_in(importer, qtbot, photos, Existing.SKIP)
    assert summary.unchanged == photos[:1]
    assert summary.brought == photos[1:]


def test_a_folder_can_be_filtered_by_what_was_brought_into_pictures_that_nobody_opened(
    desk: Desk, importer: Importer, photos: list[Path], qtbot: QtBot
) -> None:
    open_all(desk, qtbot, photos[:1])
    bring_in(importer, qtbot, photos[4:])
    with closing(ProjectStore.open(photos[0].parent, photos[0].parent / FILE_NAME, read_only=True)) as store:
        areas = store.areas([photos[4].name])
    assert areas.names == (photos[4].name,)
    assert areas.shares(GRASS, threshold=0.5).tolist() == [pytest.approx(20 * 50 / (40 * 104))]
    assert areas.unlabelled_shares(threshold=0.5).tolist() == [pytest.approx(20 * 54 / (40 * 104))]
    assert areas.decided.all()


@pytest.mark.parametrize("number", [0, 4], ids=["open", "closed"])
def test_what_is_cancelled_while_it_is_worked_out_never_comes(
    desk: Desk, importer: Importer, photos: list[Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    entered, gate = threading.Event(), threading.Event()

    def read_slowly(finding: Finding, choice: Conversion | None) -> np.ndarray:
        entered.set()
        assert gate.wait(10)
        return read(finding, choice)

    monkeypatch.setattr("app.importing.importer.read", read_slowly)
    open_all(desk, qtbot, photos[:1])
    paint(desk, Box(2, 2, 30, 30), 7)
    before = shown(desk)
    wanted = [photos[number], photos[2], photos[3]]
    with qtbot.waitSignal(importer.finished, timeout=10_000) as finished:
        importer.start({photo: order(photo) for photo in wanted}, Existing.REPLACE)
        qtbot.waitUntil(entered.is_set)
        importer.cancel()
    assert finished.args[0].cancelled == 3
    assert finished.args[0].sentence() == "No labels brought in, 3 cancelled."
    gate.set()
    qtbot.waitUntil(lambda: desk.idle and not desk.session.under_way())
    np.testing.assert_array_equal(shown(desk), before)
    assert texts(desk) == ["Brush"]
    gesture = desk.session.begin_edit("Brush")
    assert gesture is not None, "the picture is free again"
    gesture.paint(Box(0, 0, 9, 9), None, human_value(5))
    assert gesture.commit()
    for photo in wanted[1:] if number == 0 else wanted:
        with closing(ProjectStore.open(photo.parent, photo.parent / FILE_NAME, read_only=True)) as store:
            kept = store.load(photo.name, most_bytes=2**40)
        assert kept is None or not kept.steps
