"""A photo of 100 MP: for how long at most anything holds up the hand.

What takes longer than a moment runs in the background there; what counts is the longest time in one piece for which the
GUI thread could not have answered.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from app.bench.figures import Figure

if TYPE_CHECKING:
    from app.bench.scene import Scene

MEGAPIXELS = 100
GOAL = 100  # ms


def large_figures(*, quick: bool) -> Iterator[Figure]:
    """The longest block of the GUI thread for each gesture, and for what is worked out in the background."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from app.bench.scene import Scene
    from app.window import make_application

    application = make_application()
    scene = Scene(megapixels=MEGAPIXELS)
    try:
        for name, show in (("the photo is shown", scene.show_photo), ("its segments are shown", scene.show_segments)):
            yield _blocks(name, [scene.longest_block(show)[0]])
        yield from _gestures(scene, 5 if quick else 40, 1 if quick else 8)
        yield from _background(scene, 1 if quick else 4)
        yield from _corrected(scene)
    finally:
        scene.close()
        application.processEvents()


def _blocks(name: str, times: list[float], *, note: str = "") -> Figure:
    return Figure.of(name, times, goal=GOAL, note=" · ".join(filter(None, (f"longest {max(times):.0f} ms", note))))


def _gestures(scene: Scene, count: int, few: int) -> Iterator[Figure]:
    from app.bench import gestures

    yield _blocks("threshold: one step of the slider", gestures.threshold_frames(scene, count))
    for diameter in (100, 1000, 2000):
        yield _blocks(f"brush of {diameter} px", gestures.dab_frames(scene, count, diameter=diameter))
    yield _blocks("first touch of a brush of 2000 px, after a rest", gestures.press_frames(scene, few, diameter=2000))
    yield _blocks("end of a stroke of 2000 px", gestures.release_frames(scene, few, diameter=2000))
    yield _blocks("legend: areas of all classes after a stroke", gestures.area_times(scene, count))
    yield _blocks("legend and history painted after a stroke", gestures.after_stroke_times(scene, few))
    undone, redone = gestures.undo_frames(scene, few, diameter=2000)
    yield _blocks("undo of a stroke of 2000 px", undone)
    yield _blocks("redo of a stroke of 2000 px", redone)
    accepted, placed = gestures.polygon_frames(scene, max(1, few // 4))
    yield _blocks(f"polygon of {gestures.CORNERS} points: Return to painted", accepted)
    yield _blocks("polygon: another point", placed)
    yield _blocks("lasso: a piece of its line", gestures.lasso_frames(scene, count))
    yield _blocks("wand: one step of its tolerance", gestures.wand_frames(scene, count))
    yield _blocks("pointer over the photo, fill in hand", gestures.hover_times(scene, count))
    yield _blocks("pan at 100 %", gestures.pan_frames(scene, count))
    yield _blocks("zoom with the wheel", gestures.zoom_frames(scene, count))


def _background(scene: Scene, count: int) -> Iterator[Figure]:
    """Edits of the whole photo, and what undoes them."""
    from app.bench import gestures
    from app.chrome.actions import Act

    undone, redone = [], []
    whole: tuple[tuple[str, Callable[[Scene], Callable[[], object]]], ...] = (
        ("fill of the whole photo", gestures.whole_fill),
        ("relabel of the whole photo", gestures.whole_relabel),
        ("accept of the ask tool, the whole photo", gestures.whole_ask),
        ("fill of a connected quarter of the photo", gestures.quarter_fill),
        ("wand: release", gestures.wand_release),
    )
    for name, begin in whole:
        blocks, waits = [], []
        for _ in range(count):
            longest, wait = scene.longest_block(begin(scene))
            blocks.append(longest)
            waits.append(wait)
            if begin is gestures.whole_fill:
                undone.append(scene.longest_block(partial(scene.act, Act.UNDO))[0])
                redone.append(scene.longest_block(partial(scene.act, Act.REDO))[0])
            scene.act(Act.UNDO)
            scene.rest()
        yield _blocks(name, blocks, note=f"done after {max(waits):.1f} s")
    yield _blocks("undo of a fill of the whole photo", undone)
    yield _blocks("redo of it", redone)


def _corrected(scene: Scene) -> Iterator[Figure]:
    """The same picture with corrections all over; one after the other, each once."""
    from app.bench import corrected

    scene.session.set_threshold(0.5)
    for name, begin in corrected.ROWS:
        longest, wait = scene.longest_block(begin(scene))
        yield _blocks(name, [longest], note=f"done after {wait:.1f} s")
