"""Many positions of the pointer in one turn of the event loop: a stroke keeps them all, and nothing falls behind."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.canvas.canvas import Canvas
from app.core.segment_map import human_value
from app.editing.session import Session
from app.settings import Settings
from app.tools import make_tool
from app.tools.base import Pointer
from app.tools.wand import Wand
from app.window import make_application
from tests.app.canvas.hand import LEFT, NONE, seen
from tests.app.canvas.scene import map_of, photo, predict, quarters, show_photo
from tests.conftest import ROOT

WIDTH, HEIGHT = 400, 300
TREE = human_value(5)
CIRCLE = [
    QPoint(round(200 + 90 * math.cos(math.tau * step / 200)), round(150 + 90 * math.sin(math.tau * step / 200)))
    for step in range(201)
]


class Paints(QObject):
    """Counts how often a widget is painted."""

    count = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.Paint
        return False


@pytest.fixture
def canvas(qtbot: QtBot) -> Iterator[Canvas]:
    session = Session(Settings(current_class=5, brush_size=5))
    canvas = Canvas(session)
    qtbot.addWidget(canvas)
    canvas.resize(WIDTH, HEIGHT)
    with qtbot.waitExposed(canvas):
        canvas.show()
    show_photo(session, photo(WIDTH, HEIGHT))
    predict(session, quarters(WIDTH, HEIGHT))
    canvas.zoom_to(1.0)
    yield canvas
    session.close_all()


def post(canvas: Canvas, kind: QEvent.Type, at: QPoint, *, held: bool = True) -> None:
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else LEFT
    buttons = LEFT if held else Qt.MouseButton.NoButton
    event = QMouseEvent(kind, QPointF(at), QPointF(canvas.mapToGlobal(at)), button, buttons, NONE)
    QCoreApplication.postEvent(canvas, event)


def post_stroke(canvas: Canvas, points: list[QPoint]) -> None:
    """As a window that was busy finds it: press, moves and release, all waiting."""
    post(canvas, QEvent.Type.MouseButtonPress, points[0])
    for point in points[1:]:
        post(canvas, QEvent.Type.MouseMove, point)
    post(canvas, QEvent.Type.MouseButtonRelease, points[-1], held=False)


def test_a_stroke_that_waited_as_a_whole_keeps_its_shape_and_is_painted_once(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.set_tool(make_tool("brush", canvas.session))
    QApplication.processEvents()
    paints = Paints()
    canvas.installEventFilter(paints)
    post_stroke(canvas, CIRCLE)
    QApplication.processEvents()
    painted = map_of(canvas.session).human == TREE
    for point in CIRCLE:
        x, y = seen(canvas, point)
        assert painted[int(y), int(x)], "the stroke goes through every position"
    ys, xs = np.nonzero(painted)
    middle = seen(canvas, QPoint(200, 150))
    far = np.hypot(xs + 0.5 - middle[0], ys + 0.5 - middle[1])
    assert far.min() > 85, "and takes no short cut"
    qtbot.waitUntil(lambda: paints.count > 0)
    assert paints.count <= 3, f"{len(CIRCLE)} moves are no reason to paint {paints.count} times"


def test_the_wand_works_out_the_first_and_the_newest_position(canvas: Canvas, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each move before it would cost a search of the picture, one after the other behind the hand."""
    moves: list[Pointer] = []
    move = Wand.move
    monkeypatch.setattr(Wand, "move", lambda tool, pointer: (moves.append(pointer), move(tool, pointer))[1])
    wand = make_tool("wand", canvas.session)
    canvas.set_tool(wand)
    wand.set_value("tolerance", 10)
    moves.clear()
    start = QPoint(100, 150)
    post_stroke(canvas, [start + QPoint(step, 0) for step in range(81)])
    QApplication.processEvents()
    assert len(moves) == 2
    assert wand.value("tolerance") == 30, "80 pixels, a quarter of a step for each"
    assert (map_of(canvas.session).human == TREE).any()


def test_what_follows_the_pointer_has_its_last_position_without_another_event(
    canvas: Canvas, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    moves: list[tuple[int, int]] = []
    superpixels = make_tool("superpixels", canvas.session)
    monkeypatch.setattr(superpixels, "move", lambda pointer: moves.append(pointer.pixel))
    canvas.set_tool(superpixels)
    moves.clear()
    for point in CIRCLE[:90]:
        post(canvas, QEvent.Type.MouseMove, point, held=False)
    qtbot.waitUntil(lambda: len(moves) > 1)
    x, y = seen(canvas, CIRCLE[89])
    assert len(moves) == 2
    assert moves[-1] == (int(x), int(y))


def test_the_application_leaves_no_position_out(qapp: QApplication) -> None:
    qapp.setAttribute(Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents, True)
    make_application()
    assert not qapp.testAttribute(Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents)


@pytest.mark.skipif(shutil.which("xvfb-run") is None, reason="needs an X server without a screen")
def test_nor_does_it_under_x11() -> None:
    """X11 turns the merging of positions on while the application is made."""
    script = (
        "from PySide6.QtCore import QCoreApplication, Qt; from app.window import make_application; "
        "made = make_application(); merged = Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents; "
        "print(made.platformName(), QCoreApplication.testAttribute(merged))"
    )
    environment = {name: value for name, value in os.environ.items() if name != "QT_QPA_PLATFORM"}
    ran = subprocess.run(
        ["xvfb-run", "-a", sys.executable, "-c", script],
        cwd=ROOT, env=environment | {"QT_QPA_PLATFORM": "xcb"}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    if "could not connect" in ran.stderr or "xcb" not in ran.stdout:
        pytest.skip(f"no X server: {ran.stderr[-200:]}")
    assert ran.stdout.split() == ["xcb", "False"]
