"""What a hand does with a `Scene`, as often as asked: one figure in milliseconds per event or per gesture."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from time import perf_counter

import numpy as np
from PySide6.QtCore import QPointF, Qt

from app.bench.scene import LEFT, Scene
from app.canvas.viewport import MAX_SCALE
from app.chrome.actions import Act
from app.core.targets import Scope
from app.panels.legend_order import Figures

CORNERS = 200  # of a polygon
_APART = 12.0  # screen pixels between corners: nearer ones would be taken for each other
_NOTCHES_IN = 20  # a hundredfold
_WAND_STEP = 8  # screen pixels: two of tolerance
_STROKE = 60  # moves of a stroke that is to be undone


def threshold_frames(scene: Scene, count: int) -> list[float]:
    """Dragging the threshold, a new value each."""
    values = np.linspace(0.1, 0.9, count)
    times = [scene.frame(partial(scene.session.set_threshold, float(value))) for value in values]
    scene.session.set_threshold(0.5)
    return times


def opacity_frames(scene: Scene, count: int) -> list[float]:
    """Dragging the opacity."""
    values = np.linspace(0.2, 0.9, count)
    return [scene.frame(partial(scene.session.set_overlay, opacity=float(value))) for value in values]


def dab_frames(scene: Scene, count: int, *, diameter: int, scale: float | None = None) -> list[float]:
    """Moves of a brush within one stroke. `scale` is the zoom; the whole photo is in view without it."""
    scene.session.set_brush_size(diameter)
    scene.next_class()
    return drag_frames(scene, count, tool="brush", scale=scale)


def press_frames(scene: Scene, count: int, *, diameter: int) -> list[float]:
    """The first touch of a brush, of which every pixel is new; what the last one left to be painted is over by then."""
    scene.use("brush")
    scene.session.set_brush_size(diameter)
    times = []
    for index in range(count):
        scene.next_class()
        at = scene.on_circle(3 * index)
        scene.move(at)
        scene.rest()
        times.append(scene.frame(partial(scene.press, at)))
        scene.release(at)
        scene.settle()
    return times


def release_frames(scene: Scene, count: int, *, diameter: int) -> list[float]:
    """The end of a stroke, which becomes a step of the history."""
    scene.use("brush")
    scene.session.set_brush_size(diameter)
    times = []
    for _ in range(count):
        scene.next_class()
        stroke(scene, release=False)
        scene.rest()
        times.append(scene.blocked(partial(scene.release, scene.on_circle(_STROKE))))
    return times


def after_stroke_times(scene: Scene, count: int) -> list[float]:
    """What follows a stroke a moment later, when the legend and the history show it: the longest block of it."""
    scene.use("brush")
    scene.session.set_brush_size(1000)
    times = []
    for _ in range(count):
        scene.next_class()
        stroke(scene, release=False)
        scene.rest()
        scene.release(scene.on_circle(_STROKE))
        times.append(scene.longest_block(scene.settle)[0])
    return times


def pan_frames(scene: Scene, count: int) -> list[float]:
    """Dragging the picture at 100 %, by some pixels each."""
    return drag_frames(scene, count, tool="pan", scale=1.0)


def lasso_frames(scene: Scene, count: int) -> list[float]:
    """Drawing a long line around something."""
    return drag_frames(scene, count, tool="lasso", undo=True)


def wand_frames(scene: Scene, count: int) -> list[float]:
    """Dragging the wand's tolerance, the preview of the whole photo included."""
    scene.use("wand")
    at = scene.place(0.5, 0.5)
    scene.press(at)
    scene.settle()
    times = []
    for index in range(count):
        turns = index % 100
        steps = 1 + (turns if turns < 50 else 100 - turns)  # out and back, so that the pointer stays in the window
        times.append(scene.frame(partial(scene.move, at + QPointF(_WAND_STEP * steps, 0), held=LEFT)))
    scene.canvas.cancel_gesture()
    scene.settle()
    return times


def hover_times(scene: Scene, count: int) -> list[float]:
    """Moving the pointer over the picture with a tool that says what a click would do."""
    scene.use("fill")
    return [scene.blocked(partial(scene.move, scene.on_circle(index))) for index in range(count)]


def drag_frames(scene: Scene, count: int, *, tool: str, scale: float | None = None, undo: bool = False) -> list[float]:
    """Moves along a circle with the button held, and what is painted for each; `undo` takes the result back."""
    scene.use(tool, scale=scale)
    scene.press(scene.on_circle(0))
    times = [scene.frame(partial(scene.move, scene.on_circle(index), held=LEFT)) for index in range(1, count + 1)]
    scene.release(scene.on_circle(count))
    scene.settle()
    if undo:
        scene.act(Act.UNDO)
        scene.settle()
    return times


def zoom_frames(scene: Scene, count: int) -> list[float]:
    """Turning the wheel from the whole photo towards single pixels and back, again and again."""
    scene.canvas.zoom_fit()
    scene.settle()
    octaves = math.log2(MAX_SCALE / scene.canvas.scale)  # three notches each; one less stays within the limits
    turns = max(1, min(_NOTCHES_IN, math.floor(3 * octaves) - 1))
    notches = [120 if index // turns % 2 == 0 else -120 for index in range(count)]
    return [scene.frame(partial(scene.turn, notch)) for notch in notches]


def stroke(scene: Scene, *, release: bool = True) -> None:
    """A stroke along the circle with the brush in hand."""
    scene.press(scene.on_circle(0))
    for index in range(1, _STROKE + 1):
        scene.move(scene.on_circle(index), held=LEFT)
    scene.settle()
    if release:
        scene.release(scene.on_circle(_STROKE))
        scene.settle()


def undo_frames(scene: Scene, count: int, *, diameter: int) -> tuple[list[float], list[float]]:
    """Taking a long stroke back, and doing it again: two lists of `count`."""
    scene.use("brush")
    scene.session.set_brush_size(diameter)
    scene.next_class()
    stroke(scene)
    return step_frames(scene, count)


def step_frames(scene: Scene, count: int) -> tuple[list[float], list[float]]:
    """Undo and redo of the last step, in turn."""
    undone, redone = [], []
    for _ in range(count):
        scene.rest()
        undone.append(scene.frame(partial(scene.act, Act.UNDO)))
        scene.rest()
        redone.append(scene.frame(partial(scene.act, Act.REDO)))
    return undone, redone


def polygon_frames(scene: Scene, count: int) -> tuple[list[float], list[float]]:
    """Closing a polygon of 200 corners, which paints it, and setting one of its corners: two lists."""
    accepted, placed = [], []
    corners = min(CORNERS, int(2 * math.pi * scene.radius / _APART))
    for _ in range(count):
        scene.use("polygon")
        scene.next_class()
        for index in range(corners):
            turn = 2 * math.pi * index / corners
            at = scene.place(0.5, 0.5) + QPointF(math.cos(turn), math.sin(turn)) * scene.radius
            scene.move(at)
            placed.append(scene.frame(partial(scene.click, at)))
        scene.rest()
        accepted.append(scene.frame(partial(scene.key, Qt.Key.Key_Return)))
        scene.rest()
    return accepted, placed


def fill_frames(scene: Scene, count: int) -> list[float]:
    """A click of the fill tool on a connected region of a quarter of the picture, in one where that is done at once."""
    return [scene.frame(quarter_fill(scene)) for _ in range(count)]


# --- what a large picture leaves to the background: each gets ready and returns the last touch ------------------------


def quarter_fill(scene: Scene) -> Callable[[], object]:
    """A click of the fill tool on a connected region of a quarter of the picture."""
    view = scene.canvas.viewport
    assert view is not None
    scene.use("rectangle")
    scene.next_class()
    box = view.photo_box()
    start, end = (QPointF(box.x0 + box.width * part, box.y0 + box.height * part) for part in (0.25, 0.75))
    scene.press(start)
    scene.move(end, held=LEFT)
    scene.release(end)
    scene.settle()
    scene.use("fill")
    scene.next_class()
    scene.rest()
    return partial(scene.click, scene.place(0.5, 0.5))


def whole_fill(scene: Scene) -> Callable[[], object]:
    """A click of the fill tool on a picture in which nothing counts: all of it is one connected region."""
    scene.session.set_threshold(1.0)
    scene.use("fill")
    return _ready(scene)


def whole_relabel(scene: Scene) -> Callable[[], object]:
    """A click of the relabel tool for all that is unlabelled, which is the whole picture."""
    scene.session.set_threshold(1.0)
    scene.session.set_tool_value("relabel.scope", Scope.CLASS.value)
    scene.use("relabel")
    return _ready(scene)


def whole_ask(scene: Scene) -> Callable[[], object]:
    """Taking an answer of the network that reaches over the whole picture."""
    scene.session.set_threshold(0.5)
    scene.use("ask")
    scene.click(scene.place(0.45, 0.45))  # well inside a segment: there are two answers here
    scene.act(Act.NEXT_BEST)
    scene.rest()
    return partial(scene.key, Qt.Key.Key_Return)


def wand_release(scene: Scene) -> Callable[[], object]:
    """The end of a drag of the wand at its largest tolerance, which reaches over the whole picture."""
    scene.session.set_tool_value("wand.tolerance", 255)
    scene.use("wand")
    scene.next_class()
    at = scene.place(0.5, 0.5)
    scene.press(at)
    scene.rest()
    return partial(scene.release, at)


def _ready(scene: Scene) -> Callable[[], object]:
    scene.next_class()
    scene.rest()
    return partial(scene.click, scene.place(0.5, 0.5))


def area_times(scene: Scene, count: int) -> list[float]:
    """The areas of all classes after a stroke, up to the rows of the legend."""
    scene.use("brush")
    scene.session.set_brush_size(100)
    model, times = scene.window.legend.model, []
    for index in range(count):
        scene.next_class()
        scene.click(scene.on_circle(3 * index))

        def follow() -> None:
            model.set_picture(Figures(scene.document.areas(), scene.document.best_scores()))

        times.append(_timed(follow))
        scene.settle()
    return times


def _timed(act: Callable[[], object]) -> float:
    start = perf_counter()
    act()
    return (perf_counter() - start) * 1000
