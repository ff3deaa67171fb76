"""The benchmark measures frames that really happened, in the real window; it raises where nothing was painted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import perf_counter

import pytest
from pytestqt.qtbot import QtBot

from app.bench import gestures
from app.bench import scene as scene_module
from app.bench.scene import Scene
from app.chrome.actions import Act
from app.core.segment_map import Decider

VIEW = (700, 560)


@pytest.fixture
def scene(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setattr(scene_module, "REST", 0.02)
    monkeypatch.setattr(scene_module, "MOMENT", 0.01)
    made = Scene(megapixels=0.4, view=VIEW).open()
    yield made
    made.close()


def test_every_figure_comes_from_painted_frames(scene: Scene) -> None:
    series = {
        "threshold": gestures.threshold_frames(scene, 2),
        "opacity": gestures.opacity_frames(scene, 2),
        "dab": gestures.dab_frames(scene, 2, diameter=100),
        "close dab": gestures.dab_frames(scene, 2, diameter=40, scale=2.0),
        "press": gestures.press_frames(scene, 2, diameter=40),
        "release": gestures.release_frames(scene, 2, diameter=40),
        "after": gestures.after_stroke_times(scene, 2),
        "undo": gestures.undo_frames(scene, 2, diameter=40)[0],
        "redo": gestures.undo_frames(scene, 2, diameter=40)[1],
        "polygon": gestures.polygon_frames(scene, 2)[0],
        "fill": gestures.fill_frames(scene, 2),
        "areas": gestures.area_times(scene, 2),
        "lasso": gestures.lasso_frames(scene, 2),
        "wand": gestures.wand_frames(scene, 2),
        "hover": gestures.hover_times(scene, 2),
        "pan": gestures.pan_frames(scene, 2),
        "zoom": gestures.zoom_frames(scene, 2),
    }
    assert {name: len(times) for name, times in series.items()} == dict.fromkeys(series, 2)
    assert all(0 < time < 60_000 for times in series.values() for time in times)


def test_a_frame_without_paint_is_no_figure(scene: Scene) -> None:
    with pytest.raises(RuntimeError, match="Nothing was painted"):
        scene.frame(lambda: None)


def test_the_canvas_has_the_size_that_was_asked_for(scene: Scene) -> None:
    assert (scene.canvas.width(), scene.canvas.height()) == VIEW


@pytest.mark.parametrize(
    "begin", [gestures.whole_fill, gestures.whole_relabel, gestures.whole_ask, gestures.wand_release]
)
def test_edits_of_the_whole_picture_reach_all_of_it(
    scene: Scene, begin: Callable[[Scene], Callable[[], object]]
) -> None:
    longest, wait = scene.longest_block(begin(scene))
    assert longest > 0
    assert wait > 0
    areas = scene.document.decided_areas()
    assert areas[Decider.PERSON] == sum(areas.values())
    scene.act(Act.UNDO)
    assert scene.document.decided_areas()[Decider.PERSON] == 0


def test_the_longest_block_is_the_longest_piece_of_work_in_the_gui_thread(scene: Scene) -> None:
    def block() -> None:
        end = perf_counter() + 0.05
        while perf_counter() < end:
            pass

    longest, _ = scene.longest_block(block, rest=0.02)
    assert longest >= 49
