"""What a hand feels: from the event to the painted window, with the real tools in the real window, off screen."""

from __future__ import annotations

import os
from collections.abc import Iterator

from app.bench.figures import Figure

MEGAPIXELS = 24
FRAME = 16.7  # ms: 60 frames per second


def screen_figures(*, quick: bool) -> Iterator[Figure]:
    """Every gesture of the hand on a 24 MP photo in a 1500 x 1000 view, with its goal."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"  # the same everywhere, and no window pops up
    from app.bench import gestures
    from app.bench.scene import Scene
    from app.window import make_application

    application = make_application()
    count, few = (10, 2) if quick else (100, 20)
    scene = Scene(megapixels=MEGAPIXELS).open()
    try:
        yield Figure.of("threshold: one step of the slider", gestures.threshold_frames(scene, count), goal=16)
        yield Figure.of("opacity: one step of the slider", gestures.opacity_frames(scene, count), goal=16)
        for diameter, goal in ((100, 8), (1000, 16), (2000, None)):
            for scale, where in ((None, "whole photo in view"), (1.0, "at 100 %")):
                times = gestures.dab_frames(scene, count, diameter=diameter, scale=scale)
                yield Figure.of(f"brush of {diameter} px, {where}", times, goal=goal)
        touched = gestures.press_frames(scene, few, diameter=1000)
        yield Figure.of("first touch of a brush of 1000 px, after a rest", touched, goal=16)
        yield Figure.of("end of a stroke of 1000 px", gestures.release_frames(scene, few, diameter=1000))
        areas = gestures.area_times(scene, count)
        yield Figure.of("legend: areas of all classes after a stroke", areas, goal=2)
        followed = gestures.after_stroke_times(scene, few)
        yield Figure.of("legend and history painted after a stroke of 1000 px", followed, goal=FRAME)
        for diameter in (100, 1000):  # right across the photo
            undone, redone = gestures.undo_frames(scene, few, diameter=diameter)
            yield Figure.of(f"undo of a stroke of {diameter} px", undone, goal=8)
            yield Figure.of(f"redo of a stroke of {diameter} px", redone, goal=8)
        accepted, placed = gestures.polygon_frames(scene, max(1, few // 4))
        yield Figure.of(f"polygon of {gestures.CORNERS} points: Return to painted", accepted, goal=50)
        yield Figure.of("polygon: another point", placed, goal=FRAME)
        yield Figure.of("fill of a connected quarter of the photo", gestures.fill_frames(scene, few), goal=50)
        yield Figure.of("lasso: a piece of its line", gestures.lasso_frames(scene, count), goal=FRAME)
        yield Figure.of("wand: one step of its tolerance", gestures.wand_frames(scene, count), goal=FRAME)
        yield Figure.of("pointer over the photo, fill in hand", gestures.hover_times(scene, count), goal=FRAME)
        yield Figure.of("pan at 100 %", gestures.pan_frames(scene, count), goal=FRAME)
        yield Figure.of("zoom with the wheel", gestures.zoom_frames(scene, count), goal=FRAME)
    finally:
        scene.close()
        application.processEvents()
