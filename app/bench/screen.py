"""What a hand feels: from the event to the painted canvas, in the real canvas with the real tools, off screen."""

from __future__ import annotations

import os
from collections.abc import Iterator

from app.bench.figures import Figure

MEGAPIXELS = 24


def screen_figures(*, quick: bool) -> Iterator[Figure]:
    """Threshold, opacity, brush, undo, pan and zoom on a 24 MP photo in a 1500 x 1000 view."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"  # the same everywhere, and no window pops up
    from app.canvas.benchmark import Scene
    from app.window import make_application

    application = make_application()
    scene = Scene(megapixels=MEGAPIXELS)
    count = 20 if quick else 100
    try:
        yield Figure.of("threshold: one step of the slider", scene.threshold_frames(count))
        yield Figure.of("opacity: one step of the slider", scene.opacity_frames(count))
        for diameter in (100, 1000):
            yield Figure.of(f"brush of {diameter} px, whole photo in view", scene.dabs(diameter, count))
            yield Figure.of(f"brush of {diameter} px, at 100 %", scene.dabs(diameter, count, scale=1.0))
        yield Figure.of("undo of a stroke", scene.undo_frames(count))
        yield Figure.of("pan at 100 %", scene.pan_frames(count))
        yield Figure.of("zoom with the wheel", scene.zoom_frames(count))
    finally:
        scene.close()
        application.processEvents()
