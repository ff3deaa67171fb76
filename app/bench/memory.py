"""What painting takes beside the picture itself, each size in a fresh process: `python -m app.bench.memory MEGAPIXELS`.

The picture is the photo with its smaller copies, by which any zoom is drawn, and the two layers of its map. What the
program, the window and the network's answer took before the first stroke is left out. What is counted is everything
that painting adds at its peak: what is drawn on screen, the history, and whatever is worked out on the way.
"""

from __future__ import annotations

import ctypes
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from app.bench.figures import Figure
from app.bench.fresh import probe
from app.bench.probe import peak_megabytes

if TYPE_CHECKING:
    from app.bench.scene import Scene

MEGAPIXELS = (24, 100)
GOAL = 64  # MB beside photo and map
_STATUS, _PEAKS = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def memory_figures(*, quick: bool) -> Iterator[Figure]:
    """Peak of a round of painting, and of a fill that reaches over the whole photo, as photo + map + so many MB."""
    for megapixels in MEGAPIXELS[: 1 if quick else None]:
        with TemporaryDirectory() as own:
            what = "Measuring the memory of painting"
            taken = probe("app.bench.memory", str(megapixels), cache=Path(own), what=what)
        if not taken:
            yield Figure(name=f"{megapixels} MP", median=None, note="this system does not tell the peak of a part")
            continue
        beside = f"beside {taken['photo']:.0f} MB of photo and {taken['map']:.0f} MB of map"
        name = f"{megapixels} MP: strokes, polygon, lasso, wand, undo, zoom"
        yield Figure(name=name, median=taken["painting"], unit="MB", note=beside, goal=GOAL)
        name = f"{megapixels} MP: fill of the whole photo, connected"
        yield Figure(name=name, median=taken["fill"], unit="MB", note="for as long as it works")
        name = f"{megapixels} MP: the most that any work on the whole photo takes"
        yield Figure(name=name, median=taken["tools"], unit="MB", note="for as long as it works", goal=GOAL)


def _paint(scene: Scene) -> None:
    """A round of everything that a hand does."""
    from app.bench import gestures

    for diameter in (100, 1000, 2000):
        for scale in (None, 1.0):
            gestures.dab_frames(scene, 40, diameter=diameter, scale=scale)
        gestures.undo_frames(scene, 2, diameter=diameter)
    gestures.polygon_frames(scene, 1)
    gestures.lasso_frames(scene, 40)
    gestures.wand_frames(scene, 10)
    gestures.threshold_frames(scene, 10)
    gestures.zoom_frames(scene, 40)
    gestures.pan_frames(scene, 40)


def measure(megapixels: float) -> dict[str, float]:
    """MB of 2**20 bytes of "photo" and "map", and what "painting", a "fill" and other "tools" add; nothing where
    that is not known."""
    from app.bench import gestures
    from app.bench.scene import Scene
    from app.window import make_application

    application = make_application()
    scene = Scene(megapixels=megapixels)
    before = resident_megabytes()
    if before is None:
        scene.close()
        return {}
    scene.open()
    segment_map = scene.document.segment_map
    assert segment_map is not None
    human = segment_map.human.nbytes / 2**20  # the network layer was there already
    _forget_peak()
    _paint(scene)
    painting = (peak_megabytes() or 0) - before - human
    _forget_peak()
    resting = resident_megabytes() or 0
    scene.longest_block(gestures.whole_fill(scene))
    fill = (peak_megabytes() or 0) - resting
    tools = max(_growth(scene, begin) for begin in _works())
    photo = sum(level.nbytes for level in scene.pyramid) / 2**20
    scene.close()
    application.processEvents()
    return {"photo": photo, "map": 2 * human, "painting": painting, "fill": fill, "tools": tools}


def _works() -> tuple[Callable[[Scene], Callable[[], object]], ...]:
    """What looks through the whole photo, or changes all of it."""
    from app.bench import corrected, gestures

    return gestures.wand_release, corrected.all_over, corrected.snapshot, corrected.smooth, corrected.refine


def _growth(scene: Scene, begin: Callable[[Scene], Callable[[], object]]) -> float:
    """MB that it takes at its peak to get ready for a work and to do it."""
    scene.rest()
    resting = resident_megabytes() or 0
    _forget_peak()
    scene.longest_block(begin(scene))
    return (peak_megabytes() or 0) - resting


def resident_megabytes() -> float | None:
    """MB that are resident at the moment, without what was freed and only kept; None where that is not known."""
    if not _PEAKS.exists():
        return None
    ctypes.CDLL(None).malloc_trim(0)
    lines = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines() if ":" in line)
    return int(lines["VmRSS"].split()[0]) / 2**10


def _forget_peak() -> None:
    _PEAKS.write_text("5")  # proc(5): the peak begins anew with what is resident now


if __name__ == "__main__":
    print(json.dumps(measure(float(sys.argv[1]))))
