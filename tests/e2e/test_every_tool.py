"""Everything a person can correct with, once, in the real window; and the file that comes out is what was seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDoubleSpinBox

from app.core.arrays import U8
from app.core.soft_masks import probable_classes
from app.main_window import MainWindow
from app.panels.history import HistoryView
from app.panels.legend_model import Column
from app.panels.legend_threshold import ClassThreshold
from app.tools import TOOLS
from resources.classes import ade_class, palette
from tests.app.canvas.hand import leave
from tests.app.canvas.scene import grabbed
from tests.e2e.acts import export_to, has_masks, key, labels_everywhere, shown
from tests.e2e.story import Script
from tests.e2e.tool_steps import (
    BOAT,
    BRIDGE,
    CAR,
    CTRL,
    FLAG,
    HOUSE,
    PERSON,
    SHIFT,
    SKY,
    STEPS,
    TREE,
    WATER,
    at,
    choose,
    count_steps,
    drag_over,
    innermost,
    map_of,
    take,
    use_each_tool,
)

pytestmark = pytest.mark.slow
PAINTED = (SKY, TREE, HOUSE, WATER, CAR, BOAT, PERSON, FLAG, BRIDGE)


@pytest.fixture
def sequence(samples: Path, tmp_path: Path) -> list[Path]:
    """Two pictures of one size, as from a film: 640 x 480 pixels."""
    folder = tmp_path / "sequence"
    folder.mkdir()
    with Image.open(samples / "castle.jpg") as image:
        image.thumbnail((640, 640))
        for name in ("frame1.png", "frame2.png"):
            image.save(folder / name)
    return [folder / "frame1.png", folder / "frame2.png"]


def correct_the_first(window: MainWindow) -> None:
    """What the copying tool will find in the picture before."""
    take(window, "brush")
    choose(window, CAR)
    drag_over(window, (480, 440), (560, 440))


def keep_to_the_rule(window: MainWindow) -> None:
    """A locked class is not painted over; "only unlabelled" keeps every label; then paint may go anywhere again."""
    take(window, "brush")
    choose(window, CAR)
    click_in_legend(window, SKY, Column.LOCK)
    x, y = innermost(shown(window).labels() == SKY)
    before = shown(window).labels()
    drag_over(window, (x, y), (x, 300))
    changed = shown(window).labels() != before
    assert changed.any()
    assert not changed[before == SKY].any()
    click_in_legend(window, SKY, Column.LOCK)

    key(window, Qt.Key.Key_R, SHIFT)
    assert "Only unlabelled" in window.tool_options.rule.text()
    before, steps = shown(window).labels(), count_steps(window)
    assert (before == 0).any()
    drag_over(window, (0, 330), (320, 380), (639, 330))
    changed = shown(window).labels() != before
    assert changed.any()
    assert (before[changed] == 0).all()
    assert count_steps(window) == steps + 1
    key(window, Qt.Key.Key_R, SHIFT)
    key(window, Qt.Key.Key_R, SHIFT)
    assert window.tool_options.rule.text().startswith("Paint anywhere")


def click_in_legend(window: MainWindow, class_id: int, column: Column) -> None:
    view = window.legend.view
    place = view.visualRect(window.legend.model.index(window.legend.model.row_of(class_id), column))
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place.center())


def go_through_guesses(window: MainWindow) -> Script:
    """J gives the segment under the pointer its next most probable class, as one undo step however often."""
    document, segment_map = shown(window), map_of(window)
    x, y = innermost((segment_map.human == 0) & (document.labels() == SKY))
    code = segment_map.code_at(x, y)
    segment = segment_map.shown() == code
    assert document.prediction is not None
    likely = [class_id for class_id, _ in probable_classes(document.prediction, code - 1)]
    assert likely[0] == SKY
    QTest.mouseMove(window.canvas, at(window, x, y))
    yield lambda: window.canvas.mouse.position
    steps = count_steps(window)
    for expected in likely[1:3]:
        key(window, Qt.Key.Key_J)
        assert (document.labels()[segment] == expected).all()
        assert window.choices_card.isVisible()
    key(window, Qt.Key.Key_J, SHIFT)
    assert (document.labels()[segment] == likely[1]).all()
    QTest.keyClick(window.canvas, Qt.Key.Key_Return)
    assert not window.choices_card.isVisible()
    assert count_steps(window) == steps + 1


def walk_through_history(window: MainWindow, seen: dict[int, U8]) -> Script:
    """A click on a step goes there, forwards and back; `seen`: the labels after some numbers of steps."""
    key(window, Qt.Key.Key_H, CTRL)
    view = window.findChild(HistoryView)
    assert view is not None
    yield view.isVisible
    assert view.steps.rowCount() == count_steps(window) + 1
    for row in (*sorted(seen), max(seen)):
        view.scrollTo(view.steps.index(row, 0))
        place = view.visualRect(view.steps.index(row, 0)).center()
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
        yield lambda: window.desk.idle
        assert count_steps(window) == row
        np.testing.assert_array_equal(shown(window).labels(), seen[row])
    key(window, Qt.Key.Key_H, CTRL)
    yield lambda: not view.isVisible()


def give_a_class_its_threshold(window: MainWindow) -> Script:
    """Typed into the popup of the legend; what a person decided stays."""
    document = shown(window)
    before, human = document.labels(), map_of(window).human != 0
    class_id = int(np.bincount(before[~human]).argmax())
    legend = window.legend
    legend.view.setFocus()
    legend.view.setCurrentIndex(legend.model.index(legend.model.row_of(class_id), 0))
    QTest.keyClick(legend.view, Qt.Key.Key_T)
    popup = legend.findChild(ClassThreshold)
    assert popup is not None
    number = popup.findChild(QDoubleSpinBox)
    assert number is not None
    yield number.isVisible
    number.setFocus()
    number.selectAll()
    QTest.keyClicks(number, "0.99")
    QTest.keyClick(number, Qt.Key.Key_Return)
    assert window.session.class_thresholds == {class_id: 0.99}
    popup.close()
    labels = document.labels()
    assert (labels[(before == class_id) & ~human] == 0).all()
    np.testing.assert_array_equal(labels[human], before[human])
    window.canvas.setFocus()


def paint_every_class(window: MainWindow) -> None:
    """Side by side, so that they all are there, whatever the network's answers covered or left."""
    key(window, Qt.Key.Key_F)
    take(window, "brush")
    for number, class_id in enumerate(PAINTED):
        choose(window, class_id)
        drag_over(window, (60 + 60 * number, 455), (70 + 60 * number, 455))


def screen_at_100_percent(window: MainWindow) -> U8:
    """The whole photo as it is painted, one screen pixel for each of its own, the labels fully opaque."""
    for _ in range(5):
        key(window, Qt.Key.Key_P, SHIFT)
    assert window.session.overlay.opacity == 1.0
    take(window, "pan")
    leave(window.canvas)
    key(window, Qt.Key.Key_1, CTRL)
    height, width = shown(window).labels().shape
    corner = at(window, 0, 0)
    assert min(corner.x(), corner.y()) >= 0
    painted = grabbed(window.canvas)[corner.y() : corner.y() + height, corner.x() : corner.x() + width]
    assert painted.shape == (height, width, 3)
    return painted


def test_every_tool_has_a_step() -> None:
    assert list(STEPS) == list(TOOLS)


def test_what_every_tool_corrects_is_what_is_seen_and_exported(play, sequence: list[Path], tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    out = tmp_path / "labels"

    def script(window: MainWindow) -> Script:
        window.resize(1440, 900)
        yield has_masks(window, sequence[0].name)
        correct_the_first(window)
        key(window, Qt.Key.Key_PageDown)
        yield has_masks(window, sequence[1].name)
        seen = {0: shown(window).labels()}
        keep_to_the_rule(window)
        yield from go_through_guesses(window)
        key(window, Qt.Key.Key_Z, CTRL)  # the sky stays a sky for the tools
        seen[count_steps(window)] = shown(window).labels()
        yield from use_each_tool(window)
        seen[count_steps(window)] = shown(window).labels()
        yield from walk_through_history(window, seen)
        yield from give_a_class_its_threshold(window)
        paint_every_class(window)

        labels = shown(window).labels()
        classes = np.unique(labels)
        assert {0, *PAINTED} <= set(classes.tolist())
        painted, photo = screen_at_100_percent(window), shown(window).photo
        np.testing.assert_array_equal(painted, np.where(labels[..., None] > 0, palette()[labels], photo))
        for class_id in classes[classes > 0].tolist():
            QTest.mouseMove(window.canvas, at(window, *innermost(labels == class_id)))
            window.say("")
            assert f"{class_id} {ade_class(class_id).name}" in window.status.text()
        yield from export_to(window, out)
        np.testing.assert_array_equal(labels_everywhere(out / f"{sequence[1].stem}.png"), labels)

    play(script, [str(path) for path in sequence])
