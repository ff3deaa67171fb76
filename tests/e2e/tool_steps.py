"""One step for every tool: used with real mouse and keys, and checked against what it promises, pixel by pixel."""

from __future__ import annotations

import re
from collections.abc import Callable

import cv2
import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit

from app.chrome.actions import ACTIONS, TOOL_ACTIONS
from app.core.arrays import U8, Bool
from app.core.segment_map import SegmentMap
from app.core.soft_masks import ranked_queries, soft_mask
from app.main_window import MainWindow
from app.tools import TOOLS
from resources.classes import ade_class
from tests.app.canvas.hand import wheel
from tests.e2e.acts import at, key, shown
from tests.e2e.story import Script, drag

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
SKY, TREE, HOUSE, WATER, CAR, BOAT, PERSON, FLAG, BRIDGE = 3, 5, 26, 22, 21, 77, 13, 150, 62

Step = Callable[[MainWindow], Script | None]


# --- the hand ---------------------------------------------------------------------------------------------------------


def take(window: MainWindow, tool_id: str) -> None:
    """Take a tool in hand by its key."""
    QTest.keySequence(window.canvas, QKeySequence(ACTIONS[TOOL_ACTIONS[tool_id]].keys[0]))
    assert window.canvas.tool is not None
    assert window.canvas.tool.id == tool_id
    assert window.actions_by_id[TOOL_ACTIONS[tool_id]].isChecked()


def choose(window: MainWindow, class_id: int) -> None:
    """Paint with a class, found by its name in the class picker."""
    key(window, Qt.Key.Key_C)
    search = window.tool_options.picker.findChild(QLineEdit)
    assert search is not None
    QTest.keyClicks(search, ade_class(class_id).name)
    QTest.keyClick(search, Qt.Key.Key_Return)
    assert window.session.current_class == class_id
    window.activateWindow()  # as a window manager does when a popup closes
    QApplication.processEvents()
    assert window.isActiveWindow()


def click(window: MainWindow, x: int, y: int, button: Qt.MouseButton = LEFT) -> None:
    QTest.mouseClick(window.canvas, button, pos=at(window, x, y))


def drag_over(window: MainWindow, *points: tuple[float, float], button: Qt.MouseButton = LEFT) -> None:
    drag(window.canvas, [at(window, x, y) for x, y in points], button)


def circle(x: int, y: int, radius: int) -> list[tuple[float, float]]:
    angles = np.linspace(0, 2 * np.pi, 25)
    return [(x + radius * np.cos(angle), y + radius * np.sin(angle)) for angle in angles]


# --- what is seen and expected ----------------------------------------------------------------------------------------


def map_of(window: MainWindow) -> SegmentMap:
    segment_map = shown(window).segment_map
    assert segment_map is not None
    return segment_map


def count_steps(window: MainWindow) -> int:
    stack = window.session.undo_stack
    assert stack is not None
    return stack.index()


def innermost(mask: Bool) -> tuple[int, int]:
    """The pixel (x, y) of a mask that is farthest from its edge."""
    assert mask.any()
    distance = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    y, x = np.unravel_index(int(distance.argmax()), mask.shape)
    return int(x), int(y)


def connected(labels: U8, x: int, y: int) -> Bool:
    """The pixels of one label that hang together with (x, y) by their edges."""
    _, regions = cv2.connectedComponents((labels == labels[y, x]).astype(np.uint8), connectivity=4)
    return np.asarray(regions == regions[y, x])


def disc(shape: tuple[int, ...], x: float, y: float, rx: float, ry: float) -> Bool:
    ys, xs = np.ogrid[: shape[0], : shape[1]]
    return np.asarray(((xs - x) / rx) ** 2 + ((ys - y) / ry) ** 2 <= 1)


def expect_area(window: MainWindow, before: U8, certain: Bool, possible: Bool, class_id: int) -> None:
    """All that is `certain` has become the class, and nothing outside of what is `possible` is another than before."""
    labels = shown(window).labels()
    assert (labels[certain] == class_id).all()
    np.testing.assert_array_equal(labels[~possible], before[~possible])


def announced(window: MainWindow) -> int | None:
    """The number of pixels that the row above the picture says will change; None while it says nothing of the kind."""
    found = re.match(r"Changes ([\d\s]+) pixel", window.tool_options.hint.text())
    return None if found is None else int(re.sub(r"\s", "", found[1]))


# --- one step for each tool -------------------------------------------------------------------------------------------


def use_relabel(window: MainWindow) -> None:
    """The castle, one segment of the network, becomes a house."""
    choose(window, HOUSE)
    codes, (x, y) = map_of(window).shown(), (430, 200)
    click(window, x, y)
    assert (shown(window).labels()[codes == codes[y, x]] == HOUSE).all()


def stroke(window: MainWindow, *points: tuple[int, int], margin: int) -> Bool:
    """The pixels that a round brush touches on its way along straight lines, and `margin` around them."""
    inked, radius = np.zeros(shown(window).labels().shape, np.uint8), window.session.brush_size / 2 + margin
    cv2.polylines(inked, [np.array(points)], isClosed=False, color=255)
    return np.asarray(cv2.distanceTransform(255 - inked, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) <= radius)


def use_brush(window: MainWindow) -> None:
    choose(window, CAR)
    before, way = shown(window).labels(), ((300, 30), (340, 34), (400, 30))
    drag_over(window, *way)
    expect_area(window, before, stroke(window, *way, margin=-3), stroke(window, *way, margin=3), CAR)


def use_eraser(window: MainWindow) -> None:
    before, way = shown(window).labels(), ((300, 30), (320, 30))
    drag_over(window, *way)
    expect_area(window, before, stroke(window, *way, margin=-3), stroke(window, *way, margin=3), 0)


def use_restore(window: MainWindow) -> None:
    """The network's answer comes back where the brush was."""
    before, way = map_of(window).human.copy(), ((390, 30), (400, 30))
    drag_over(window, *way)
    human, possible = map_of(window).human, stroke(window, *way, margin=3)
    assert not human[stroke(window, *way, margin=-3)].any()
    np.testing.assert_array_equal(human[~possible], before[~possible])
    assert shown(window).labels()[30, 395] == SKY


def use_fill(window: MainWindow) -> None:
    choose(window, WATER)
    before, (x, y) = shown(window).labels(), (560, 440)
    click(window, x, y)
    region = connected(before, x, y)
    expect_area(window, before, region, region, WATER)


def use_polygon(window: MainWindow) -> None:
    """A corner too many goes with Backspace, Return closes."""
    choose(window, BOAT)
    before = shown(window).labels()
    for x, y in ((40, 400), (120, 400), (120, 440), (40, 440), (20, 420)):
        click(window, x, y)
    QTest.keyClick(window.canvas, Qt.Key.Key_Backspace)
    QTest.keyClick(window.canvas, Qt.Key.Key_Return)
    certain, possible = np.zeros_like(before, bool), np.zeros_like(before, bool)
    certain[401:440, 41:120], possible[399:442, 39:122] = True, True
    expect_area(window, before, certain, possible, BOAT)


def use_lasso(window: MainWindow) -> None:
    choose(window, PERSON)
    before = shown(window).labels()
    drag_over(window, *circle(200, 420, 25))
    shape = before.shape
    expect_area(window, before, disc(shape, 200, 420, 22, 22), disc(shape, 200, 420, 28, 28), PERSON)


def use_rectangle(window: MainWindow) -> None:
    choose(window, CAR)
    before = shown(window).labels()
    drag_over(window, (250, 400), (300, 430), (310, 440))
    certain, possible = np.zeros_like(before, bool), np.zeros_like(before, bool)
    certain[401:440, 251:310], possible[399:442, 249:312] = True, True
    expect_area(window, before, certain, possible, CAR)


def use_ellipse(window: MainWindow) -> None:
    choose(window, FLAG)
    before = shown(window).labels()
    drag_over(window, (340, 400), (400, 430), (420, 440))
    shape = before.shape
    expect_area(window, before, disc(shape, 380, 420, 38, 18), disc(shape, 380, 420, 42, 22), FLAG)


def use_wand(window: MainWindow) -> None:
    """A drag to the right takes more colours; what changed is no further from the colour under it than it says."""
    choose(window, BRIDGE)
    before, photo = shown(window).labels(), shown(window).photo
    assert photo is not None
    x, y = 560, 60
    drag(window.canvas, [at(window, x, y), at(window, x, y) + QPoint(40, 0)])
    tolerance = window.session.tool_value("wand.tolerance")
    assert tolerance == 34
    changed = shown(window).labels() != before
    assert changed[y, x]
    assert np.abs(photo[changed].astype(int) - photo[y, x]).max() <= tolerance
    assert (shown(window).labels()[changed] == BRIDGE).all()


def use_superpixels(window: MainWindow) -> Script:
    """What is shown under the pointer is what a click paints."""
    choose(window, CAR)
    tool, steps = window.canvas.tool, count_steps(window)
    assert tool is not None
    QTest.mouseMove(window.canvas, at(window, 330, 320))
    yield lambda: tool.preview()
    preview, before = tool.preview(), shown(window).labels()
    assert preview is not None
    click(window, 330, 320)
    yield lambda: count_steps(window) > steps
    piece = np.zeros_like(before, bool)
    piece[preview.box.slices] = preview.mask
    expect_area(window, before, piece, piece, CAR)


def use_refine(window: MainWindow) -> Script:
    """The boundary of house and sky moves, by as many pixels as the row above the picture says."""
    before = shown(window).labels()
    edge = np.zeros_like(before, bool)
    edge[:-1] = (before[:-1] == SKY) & (before[1:] == HOUSE)
    y, x = min(np.argwhere(edge).tolist(), key=lambda at: abs(at[1] - 450))
    drag_over(window, *circle(x, y, 40))
    yield lambda: announced(window)
    count = announced(window)
    QTest.keyClick(window.canvas, Qt.Key.Key_Return)
    changed = shown(window).labels() != before
    assert changed.sum() == count
    assert not changed[~disc(before.shape, x, y, 42, 42)].any()


def use_ask(window: MainWindow) -> None:
    """The second best answer at a point, a little larger than it is, as the current class."""
    choose(window, TREE)
    take_as = window.tool_options.rows["ask"].control("take")
    assert isinstance(take_as, QComboBox)
    QTest.keyClick(take_as, Qt.Key.Key_Down)
    assert window.session.tool_value("ask.take") == "current"
    x, y = 60, 330
    click(window, x, y)
    key(window, Qt.Key.Key_J)
    wheel(window.canvas, at(window, x, y), 1, CTRL)
    wheel(window.canvas, at(window, x, y), -1, CTRL)
    key(window, Qt.Key.Key_BracketRight)
    before, prediction = shown(window).labels(), shown(window).prediction
    assert prediction is not None
    second = ranked_queries(prediction, x, y)[1]
    assert window.canvas.choices() is not None
    QTest.keyClick(window.canvas, Qt.Key.Key_Return)
    box, mask = soft_mask(prediction, second.query, 1 - 0.55)
    answer = np.zeros_like(before, bool)
    answer[box.slices] = mask
    expect_area(window, before, answer, answer, TREE)


def use_cleanup(window: MainWindow) -> Script:
    """Gaps are filled: every unlabelled pixel gets a label, as many as were counted."""
    before, steps = shown(window).labels(), count_steps(window)
    click(window, 300, 300)
    yield lambda: announced(window)
    count = announced(window)
    QTest.keyClick(window.canvas, Qt.Key.Key_Return)
    yield lambda: count_steps(window) > steps
    labels = shown(window).labels()
    assert count == (before == 0).sum() == (labels != before).sum()
    assert (labels > 0).all()


def use_copy(window: MainWindow) -> Script:
    """What the picture before holds inside the line is here as well."""
    previous = window.session.previous_path()
    source = None if previous is None else window.session.find(previous)
    layer = None if source is None else source.human_layer()
    assert layer is not None
    before, steps = shown(window).labels(), count_steps(window)
    top, bottom, left, right = 425, 455, 490, 540
    drag_over(window, (left, top), (right, top), (right, bottom), (left, bottom), (left, top + 2))
    yield lambda: announced(window)
    QTest.keyClick(window.canvas, Qt.Key.Key_Return)
    yield lambda: count_steps(window) > steps
    human = layer.read(map_of(window).box)
    inside = np.zeros_like(human, bool)
    inside[top + 1 : bottom, left + 1 : right] = True
    np.testing.assert_array_equal(map_of(window).human[inside & (human > 0)], human[inside & (human > 0)])
    outside = ~cv2.dilate(inside.view(np.uint8), np.ones((5, 5), np.uint8)).view(bool)
    np.testing.assert_array_equal(shown(window).labels()[outside], before[outside])


def use_pick(window: MainWindow) -> None:
    labels = shown(window).labels()
    counts = np.bincount(labels.ravel(), minlength=151)
    counts[[0, window.session.current_class]] = 0
    wanted = int(counts.argmax())
    click(window, *innermost(labels == wanted))
    assert window.session.current_class == wanted


def use_pan(window: MainWindow) -> None:
    start = at(window, 320, 240)
    drag(window.canvas, [start, start + QPoint(40, 30)])
    assert at(window, 320, 240) == start + QPoint(40, 30)


def use_zoom(window: MainWindow) -> None:
    assert window.canvas.viewport is not None
    scale = window.canvas.viewport.scale
    click(window, 320, 240)
    assert window.canvas.viewport.scale == scale * 2
    click(window, 320, 240, RIGHT)
    assert window.canvas.viewport.scale == scale


STEPS: dict[str, Step] = {
    "relabel": use_relabel,
    "brush": use_brush,
    "eraser": use_eraser,
    "restore": use_restore,
    "fill": use_fill,
    "polygon": use_polygon,
    "lasso": use_lasso,
    "rectangle": use_rectangle,
    "ellipse": use_ellipse,
    "wand": use_wand,
    "superpixels": use_superpixels,
    "refine": use_refine,
    "ask": use_ask,
    "cleanup": use_cleanup,
    "copy": use_copy,
    "pick": use_pick,
    "pan": use_pan,
    "zoom": use_zoom,
}
LOOKING = {"pick", "pan", "zoom"}  # these change no label


def use_each_tool(window: MainWindow) -> Script:
    """Every tool of the registry once. Those that correct leave exactly one undo step, the others none."""
    for tool_id in TOOLS:
        take(window, tool_id)
        before, steps = shown(window).labels(), count_steps(window)
        script = STEPS[tool_id](window)
        if script is not None:
            yield from script
        changed = (shown(window).labels() != before).any()
        assert (count_steps(window) - steps, changed) == ((0, False) if tool_id in LOOKING else (1, True)), tool_id
        yield lambda: window.desk.idle
