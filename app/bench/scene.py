"""The real window on a made-up picture, and a hand that uses it: every figure is from an event to the painted window.

A `Scene` needs a QApplication; offscreen will do. What is measured is what the GUI thread has to do for one event, all
of the window included: canvas, legend, history, the row of options and the status bar.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from PySide6.QtCore import QEvent, QEventLoop, QObject, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QDockWidget

from app.bench.content import Content, made_up
from app.chrome.actions import Act
from app.core.arrays import U8
from app.core.document import Document, ViewMode
from app.core.pyramid import build_pyramid
from app.main_window import MainWindow
from app.panels.legend import REFRESH_MS
from app.settings import Settings

PATH = Path("benchmark.jpg")
VIEW = (1500, 1000)
NONE, LEFT = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton
_PLAIN = Qt.KeyboardModifier.NoModifier
_TICK_MS = 1
REST = 0.25  # s: by then all is over that follows an edit a little later
MOMENT = REFRESH_MS / 1000 + 0.05  # s: by then legend and history have followed it
_PATIENCE = 120.0  # s for work in the background


class _Painted(QObject):
    """Knows how often a widget was painted."""

    times = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.times += event.type() is QEvent.Type.Paint
        return super().eventFilter(watched, event)


class Scene:
    """A window whose canvas is `view` = (width, height) pixels, `VIEW` by default; `open` shows `content` in it."""

    def __init__(self, *, megapixels: float, view: tuple[int, int] | None = None) -> None:
        view = view or VIEW
        self.content = made_up(megapixels)
        self.pyramid: tuple[U8, ...] = build_pyramid(self.content.photo)
        self.window = MainWindow(Settings())
        self.session, self.canvas = self.window.session, self.window.canvas
        self._painted = _Painted(self.window)
        self.canvas.installEventFilter(self._painted)
        for dock in self.window.findChildren(QDockWidget):  # whatever was closed the last time it was used
            dock.setFloating(False)
            dock.show()
        self.window.show()
        self.settle()
        for _ in range(3):  # docks take their share of a new size at first
            self._resize(*view)

    def _resize(self, width: int, height: int) -> None:
        around = self.window.size() - self.canvas.size()
        self.window.resize(width + around.width(), height + around.height())
        self.settle()

    def close(self) -> None:
        """Take the window away. It is not closed by its own hand: that would keep its settings."""
        self.window.hide()
        self.session.close_all()
        self.window.desk.close()
        self.window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        self.settle()

    # --- the picture -----------------------------------------------------------------------------------------------

    def open(self) -> Scene:
        """Show the picture with its segments."""
        self.show_photo()
        self.show_segments()
        self.settle()
        return self

    def show_photo(self) -> None:
        """What happens when the decoded photo has arrived."""
        self.session.show(PATH)
        self.session.attach_photo(PATH, self.pyramid)

    def show_segments(self) -> None:
        """What happens when the network has answered and its segments were composed."""
        known: Content = self.content
        self.session.attach_prediction(
            PATH,
            known.prediction,
            layer=known.layer,
            counts=known.counts,
            table=known.table,
            mode=ViewMode.SEGMENTS,
        )

    @property
    def document(self) -> Document:
        """The picture that is open."""
        assert self.session.document is not None
        return self.session.document

    def next_class(self) -> None:
        """Another class in hand, so that what is painted next changes pixels."""
        self.session.set_current_class(1 + self.session.current_class % 150)

    # --- the hand --------------------------------------------------------------------------------------------------

    def use(self, tool: str, *, scale: float | None = None) -> None:
        """Take a tool in hand, at a zoom in screen pixels per image pixel; the whole photo is in view without one."""
        self.window.use_tool(tool)
        self.canvas.zoom_fit()
        if scale is not None:
            self.canvas.zoom_to(scale)
        self.settle()

    def place(self, x: float, y: float) -> QPointF:
        """A place of the canvas, in parts of its width and height."""
        return QPointF(self.canvas.width() * x, self.canvas.height() * y)

    def on_circle(self, index: int) -> QPointF:
        """Points along a circle around the middle, about 14 pixels apart: a quick hand."""
        radius = self.radius
        angle = index * 14 / radius
        return self.place(0.5, 0.5) + QPointF(radius * math.cos(angle), radius * math.sin(angle))

    @property
    def radius(self) -> float:
        """Of that circle, in screen pixels."""
        return min(self.canvas.width(), self.canvas.height()) / 4

    def move(self, at: QPointF, *, held: Qt.MouseButton = NONE) -> None:
        """The pointer goes to `at`."""
        self._send(QEvent.Type.MouseMove, at, button=NONE, held=held)

    def press(self, at: QPointF) -> None:
        """The left button goes down."""
        self._send(QEvent.Type.MouseButtonPress, at, button=LEFT, held=LEFT)

    def release(self, at: QPointF) -> None:
        """And up again."""
        self._send(QEvent.Type.MouseButtonRelease, at, button=LEFT, held=NONE)

    def click(self, at: QPointF) -> None:
        """Both, without moving."""
        self.press(at)
        self.release(at)

    def turn(self, notch: int) -> None:
        """The wheel, a little left of and above the middle."""
        at, phase, turned = self.place(0.4, 0.45), Qt.ScrollPhase.NoScrollPhase, QPoint(0, notch)
        event = QWheelEvent(at, self.canvas.mapToGlobal(at), QPoint(), turned, NONE, _PLAIN, phase, False)
        QApplication.sendEvent(self.canvas, event)

    def key(self, key: Qt.Key) -> None:
        """A key goes down and up."""
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            QApplication.sendEvent(self.canvas, QKeyEvent(kind, key, _PLAIN))

    def act(self, act: Act) -> None:
        """What a menu, a button or a shortcut does."""
        self.window.actions_by_id[act].trigger()

    def _send(self, kind: QEvent.Type, at: QPointF, *, button: Qt.MouseButton, held: Qt.MouseButton) -> None:
        event = QMouseEvent(kind, at, QPointF(self.canvas.mapToGlobal(at)), button, held, _PLAIN)
        QApplication.sendEvent(self.canvas, event)

    # --- the clock -------------------------------------------------------------------------------------------------

    def frame(self, act: Callable[[], object]) -> float:
        """Milliseconds from an event to the painted window. RuntimeError when that painted no canvas."""
        before = self._painted.times
        taken = self.blocked(act)
        if self._painted.times == before:
            raise RuntimeError("Nothing was painted: the frame that was to be measured did not happen.")
        return taken

    def blocked(self, act: Callable[[], object]) -> float:
        """Milliseconds for which an event and what it brings about at once hold the GUI thread."""
        start = perf_counter()
        act()
        self.settle()
        return (perf_counter() - start) * 1000

    def longest_block(self, act: Callable[[], object], *, rest: float | None = None) -> tuple[float, float]:
        """(longest, all): ms for which `act` and all it brings about, in the background or a little later, hold the
        GUI thread in one piece, and s until the last of it is done.

        A clock ticks in the GUI thread meanwhile; the longest time without a tick is the answer.
        """
        start = last = perf_counter()
        longest = 0.0

        def tick() -> None:
            nonlocal last, longest
            now = perf_counter()
            longest, last = max(longest, now - last - _TICK_MS / 1000), now

        timer = QTimer(timerType=Qt.TimerType.PreciseTimer, interval=_TICK_MS)
        timer.timeout.connect(tick)
        timer.start()
        act()
        done = perf_counter()
        while perf_counter() - done < (REST if rest is None else rest):
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
            if not self.window.desk.idle:
                done = perf_counter()
                if done - start > _PATIENCE:
                    raise RuntimeError("What was to be measured does not come to an end.")
        timer.stop()
        return longest * 1000, done - start

    def settle(self) -> None:
        """Let everything happen that is due now."""
        QApplication.processEvents()

    def rest(self) -> None:
        """Let also happen what the window does a moment after an edit, as a hand does between two of them."""
        self.longest_block(lambda: None, rest=MOMENT)
