"""Work goes on where it was left: the project of a folder, through the real window, from one start to the next."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from app.chrome.actions import Act
from app.core.project.places import FILE_NAME
from app.core.project.store import ProjectStore
from app.main_window import MainWindow
from tests.e2e.acts import at, has_masks, key, shown
from tests.e2e.story import Script, click_button, drag, opened, post

pytestmark = pytest.mark.slow

HOLDER = """
import sys
from pathlib import Path
from app.keeping.lock import ProjectLock
lock = ProjectLock(Path(sys.argv[1]))
print(lock.take(), flush=True)
sys.stdin.read()
"""


def paint(window: MainWindow, class_id: int, *, top: int = 50) -> None:
    key(window, Qt.Key.Key_B)
    window.session.set_current_class(class_id)
    drag(window.canvas, [at(window, 50, top), at(window, 120, top + 30)])
    assert shown(window).has_corrections


@pytest.fixture
def other_window(photos: list[Path]) -> Iterator[subprocess.Popen[str]]:
    """Another process holds the project of the photos."""
    database = photos[0].parent / FILE_NAME
    ProjectStore.open(database.parent, database).close()
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "True\n"
    yield process
    process.communicate("")


def test_the_next_start_goes_on_where_this_one_ended(play, photos: list[Path]) -> None:  # type: ignore[no-untyped-def]
    labels: list[np.ndarray] = []
    places: list[tuple[float, float, float]] = []
    folder = [str(photos[0].parent)]

    def first(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)
        key(window, Qt.Key.Key_PageDown)
        yield has_masks(window, photos[1].name)
        for number in range(3):
            paint(window, 20 + number, top=60 + 40 * number)
        key(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        window.canvas.zoom_to(2.0)
        window.canvas.pan_by(-60, -40)
        view = window.canvas.viewport
        assert view is not None
        places.append((*view.middle, view.scale))
        labels.append(shown(window).labels())
        yield post(window.close)  # at once, and nothing is asked: nothing is lost, the view included
        yield lambda: not window.isVisible()

    def second(window: MainWindow) -> Script:
        yield has_masks(window, photos[1].name)
        np.testing.assert_array_equal(shown(window).labels(), labels[0])
        view = window.canvas.viewport
        assert view is not None
        assert (*view.middle, view.scale) == pytest.approx(places[0], abs=1)
        stack = window.session.undo_stack
        assert stack is not None
        assert (stack.count(), stack.index()) == (3, 2)
        key(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        key(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert not shown(window).has_corrections
        for _ in range(2):
            key(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
        np.testing.assert_array_equal(shown(window).labels(), labels[0])

    play(first, folder)
    play(second, folder)


def test_what_the_network_said_is_not_asked_for_again(
    play,  # type: ignore[no-untyped-def]
    photos: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    labels: list[np.ndarray] = []

    def first(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)
        labels.append(shown(window).labels())
        yield lambda: window.desk.idle

    def second(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)
        np.testing.assert_array_equal(shown(window).labels(), labels[0])

    play(first, [str(photos[0])])
    monkeypatch.setattr(
        "app.answering.predictions.predict_photo", lambda *_args, **_: pytest.fail("it was asked again")
    )
    play(second, [str(photos[0])])


def test_the_second_window_looks_and_does_not_touch(
    play,  # type: ignore[no-untyped-def]
    photos: list[Path],
    other_window: subprocess.Popen[str],
) -> None:
    def script(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)
        button = window.project_signs.button
        assert button.isVisible()
        assert button.text() == "Read-only"
        assert f"(process {other_window.pid}) has this project open" in button.toolTip()
        key(window, Qt.Key.Key_B)
        drag(window.canvas, [at(window, 50, 50), at(window, 90, 70)])
        assert not shown(window).has_corrections
        assert f"process {other_window.pid}" in window.status.text()
        yield post(lambda: QTest.mouseClick(button, Qt.MouseButton.LeftButton))  # the other one still lives
        box = yield from opened(QMessageBox)
        yield post(lambda: click_button(box, "Take over"))
        yield lambda: "still has this project open" in window.status.text()
        other_window.kill()
        other_window.wait()
        yield post(lambda: QTest.mouseClick(button, Qt.MouseButton.LeftButton))
        box = yield from opened(QMessageBox)
        yield post(lambda: click_button(box, "Take over"))
        yield lambda: not button.isVisible()
        yield has_masks(window, photos[0].name)
        paint(window, 20)

    play(script, [str(photos[0].parent)])


def test_a_photo_that_changed_on_disk_is_not_paired_with_old_masks(play, photos: list[Path]) -> None:  # type: ignore[no-untyped-def]
    def first(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)
        paint(window, 20)
        yield lambda: window.desk.idle

    def second(window: MainWindow) -> Script:
        box = yield from opened(QMessageBox)
        assert "has changed on disk" in box.text()
        yield post(lambda: click_button(box, "Start over without them"))
        yield has_masks(window, photos[0].name)
        assert not shown(window).has_corrections
        assert window.session.undo_stack is not None
        assert window.session.undo_stack.count() == 0
        paint(window, 21)

    play(first, [str(photos[0])])
    with Image.open(photos[0]) as image:
        mirrored = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    mirrored.save(photos[0], quality=90)
    play(second, [str(photos[0])])


def test_corrections_may_hold_for_the_photo_as_it_is_now(play, photos: list[Path]) -> None:  # type: ignore[no-untyped-def]
    human: list[np.ndarray] = []

    def first(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)
        paint(window, 20)
        segment_map = shown(window).segment_map
        assert segment_map is not None
        human.append(segment_map.human.copy())
        yield lambda: window.desk.idle

    def second(window: MainWindow) -> Script:
        box = yield from opened(QMessageBox)
        yield post(lambda: click_button(box, "Decide later"))
        yield window.canvas.signs.problem.isVisible
        assert not shown(window).has_corrections
        yield post(window.actions_by_id[Act.PREDICT_AGAIN].trigger)
        box = yield from opened(QMessageBox)
        yield post(lambda: click_button(box, "Keep the corrections"))
        yield has_masks(window, photos[0].name)
        segment_map = shown(window).segment_map
        assert segment_map is not None
        np.testing.assert_array_equal(segment_map.human, human[0])

    def third(window: MainWindow) -> Script:
        yield has_masks(window, photos[0].name)  # nothing is asked again
        assert shown(window).has_corrections

    play(first, [str(photos[0])])
    with Image.open(photos[0]) as image:
        brighter = image.point(lambda value: min(255, value + 20))
    brighter.save(photos[0], quality=90)
    play(second, [str(photos[0])])
    play(third, [str(photos[0])])
