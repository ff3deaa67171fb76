"""The benchmark measures frames that really happened; it raises where nothing was painted."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from app.canvas.benchmark import Scene


def test_every_figure_comes_from_painted_frames(qtbot: QtBot) -> None:
    scene = Scene(megapixels=0.4, view=(300, 200))
    qtbot.addWidget(scene.canvas)
    series = {
        "threshold": scene.threshold_frames(5),
        "opacity": scene.opacity_frames(5),
        "dab": scene.dabs(100, 5),
        "close dab": scene.dabs(40, 5, scale=2.0),
        "undo": scene.undo_frames(4),
        "pan": scene.pan_frames(5),
        "zoom": scene.zoom_frames(50),
    }
    assert {name: len(times) for name, times in series.items()} == {
        "threshold": 5, "opacity": 5, "dab": 5, "close dab": 5, "undo": 4, "pan": 5, "zoom": 50,
    }  # fmt: skip
    assert all(0 < time < 60_000 for times in series.values() for time in times)
    scene.close()
