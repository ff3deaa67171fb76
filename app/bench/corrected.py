"""A large picture with corrections all over: what looks through all of them, or brings as many at once.

Each function gets a `Scene` ready and returns what is to be measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt

from app.bench.scene import LEFT, PATH, Scene
from app.chrome.actions import Act
from app.core.document import ViewMode
from app.core.parts import Check, unhindered
from app.core.patches import human_snapshot
from app.core.segment_map import SegmentMap
from app.editing.gesture import Paint, draft_edit

Last = Callable[[], object]
_BEFORE = Path("before.jpg")
_LINE = 40  # moves of a line around something


def map_of(scene: Scene) -> SegmentMap:
    """The map of the picture that is open."""
    assert scene.document.segment_map is not None
    return scene.document.segment_map


def all_over(scene: Scene) -> Last:
    """A computed edit that gives every segment another class arrives."""
    segment_map, layer = map_of(scene), scene.content.layer

    def paints(_check: Check) -> Iterator[Paint]:
        for tile in segment_map.tiles(segment_map.box):
            yield tile, None, np.asarray(layer[tile.slices] % 7 + 101, np.uint8)

    patch = draft_edit(segment_map, None, paints, unhindered).patch
    assert patch is not None
    return partial(scene.session.take_draft, scene.document.path, segment_map, "Relabel", patch)


def undo(scene: Scene) -> Last:
    """The step that was done last is taken back."""
    scene.rest()
    return partial(scene.act, Act.UNDO)


def redo(scene: Scene) -> Last:
    """And done again."""
    scene.rest()
    return partial(scene.act, Act.REDO)


def snapshot(scene: Scene) -> Last:
    """An export takes what it will write."""
    return scene.document.snapshot


def other_view(scene: Scene) -> Last:
    """The semantic view is composed from the same answer of the network."""
    return partial(scene.session.set_mode, ViewMode.SEMANTIC)


def first_view(scene: Scene) -> Last:
    """And back to the segments."""
    return partial(scene.session.set_mode, ViewMode.SEGMENTS)


def other_model(scene: Scene) -> Last:
    """Another model replaces the one in use: its answer is composed, and counted under the corrections."""

    def change() -> None:
        scene.session.drop_predictions()
        desk = scene.window.desk
        desk.predictions.compose(PATH, scene.content.prediction, model=desk.model.name)

    return change


def come_back(scene: Scene) -> Last:
    """A picture that was left long ago is shown again: its photo arrives, its corrections are packed."""
    scene.window.desk.current = PATH
    scene.document.park(human_snapshot(map_of(scene)))
    return partial(scene.session.attach_photo, PATH, scene.pyramid)


def smooth(scene: Scene) -> Last:
    """Return accepts smoother boundaries in the whole picture, after a click has looked through it."""
    scene.session.set_tool_value("cleanup.what", "smooth")
    scene.session.set_tool_value("cleanup.radius", 3)
    scene.use("cleanup")
    scene.click(scene.place(0.5, 0.5))
    scene.rest()
    return partial(scene.key, Qt.Key.Key_Return)


def refine(scene: Scene) -> Last:
    """Return accepts finer edges inside a line around the middle of the picture."""
    scene.use("refine")
    draw_line(scene)
    scene.rest()
    return partial(scene.key, Qt.Key.Key_Return)


def copy(scene: Scene) -> Last:
    """Return accepts the corrections of the picture before this one, which are everywhere."""
    show_before(scene)
    all_over(scene)()
    scene.rest()
    scene.session.show(PATH)
    scene.session.previous_path = lambda: _BEFORE
    scene.use("copy")
    scene.click(scene.place(0.5, 0.5))
    scene.rest()
    return partial(scene.key, Qt.Key.Key_Return)


def show_before(scene: Scene) -> None:
    """Another picture of the same size."""
    scene.session.show(_BEFORE)
    scene.session.attach_photo(_BEFORE, scene.pyramid)


def draw_line(scene: Scene) -> None:
    """A closed line around what the middle of the view shows."""
    scene.press(scene.on_circle(0))
    turn = 2 * np.pi * scene.radius / 14 / _LINE
    for index in range(1, _LINE):
        scene.move(scene.on_circle(round(index * turn)), held=LEFT)
    scene.release(scene.on_circle(round(_LINE * turn) - 1))
    scene.settle()


ROWS: tuple[tuple[str, Callable[[Scene], Last]], ...] = (
    ("corrections of the whole photo arrive", all_over),
    ("undo of them", undo),
    ("redo of them", redo),
    ("an export takes its snapshot of them", snapshot),
    ("the semantic view under them", other_view),
    ("back to the segments", first_view),
    ("another model under them", other_model),
    ("coming back to the picture", come_back),
    ("clean-up of the whole photo: accept", smooth),
    ("refine inside a line: accept", refine),
    ("copy of a whole picture's corrections: accept", copy),
)
