"""Each part of the benchmark measures what its rows say, here at sizes that take no time."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from app.bench import composition, corrected, data, folder, keeping, large, memory, scene, screen
from app.bench.figures import Figure

pytestmark = pytest.mark.usefixtures("qapp")  # the part on screen takes the application that is there


def names(figures: Iterable[Figure]) -> list[str]:
    rows = list(figures)
    assert all(row.median is not None and row.median > 0 for row in rows)
    return [row.name for row in rows]


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scene, "VIEW", (640, 480))
    monkeypatch.setattr(scene, "MOMENT", 0.01)
    monkeypatch.setattr(scene, "REST", 0.02)


def test_composition_is_compared_with_resizing_every_mask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composition, "MEGAPIXELS", (0.1,))
    assert len(names(composition.composition_figures(quick=False))) == 3


def test_a_quick_look_compares_small_photos_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composition, "MEGAPIXELS", (0.1, 0.2, 0.4))
    rows = list(composition.composition_figures(quick=True))
    assert [row.name for row in rows] == ["0.1 MP, ours", "0.1 MP, every mask resized by OpenCV", "0.2 MP, ours"]
    assert [row.note.split(" · ")[0] for row in rows] == ["5 times", "", "5 times"]


def test_the_screen_is_measured_from_the_event_to_the_painted_canvas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "MEGAPIXELS", 0.5)
    hurry(monkeypatch)
    measured = names(screen.screen_figures(quick=True))
    assert "threshold: one step of the slider" in measured
    assert sum(name.startswith("brush of") for name in measured) == 6


def test_a_large_photo_is_measured_by_its_longest_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "MEGAPIXELS", 0.5)
    hurry(monkeypatch)
    rows = list(large.large_figures(quick=True))
    assert {"its segments are shown", "fill of the whole photo", "redo of it"} <= {row.name for row in rows}
    assert [row.name for row in rows[-len(corrected.ROWS) :]] == [name for name, _ in corrected.ROWS]
    assert all(row.goal == large.GOAL and row.note.startswith("longest ") for row in rows)


def test_memory_is_told_beside_that_of_photo_and_map(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MEGAPIXELS", (3,))
    painting, fill, tools = memory.memory_figures(quick=True)
    if painting.median is None:
        pytest.skip("this system does not tell the peak")
    assert painting.note == "beside 11 MB of photo and 6 MB of map"
    assert 1 < painting.median < memory.GOAL
    assert fill.median is not None
    assert tools.median is not None
    assert 1 < tools.median < memory.GOAL


def test_the_data_alone_has_its_goals_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "SIZE", (200, 300))
    monkeypatch.setattr(data, "LARGE_SIZE", (300, 400))
    rows = list(data.data_figures(quick=True))
    assert len({row.name for row in rows}) == len(data.MEASURES) + len(data.LARGE_MEASURES) + 1
    assert all(row.goal is not None for row in rows)


def test_a_large_folder_is_opened_as_a_new_one_and_as_a_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "FEW", 30)
    rows = list(folder.folder_figures(quick=True))
    assert all(row.median is not None for row in rows)
    measured = {row.name for row in rows}
    for which in ("new", "known"):
        whiles = {f"longest block while {what}" for what in ("opening", *folder.AT_THE_LIST, *folder.ON_THE_DISK)}
        assert {
            f"{which} folder: {what}" for what in {"first photo on screen", "list can be used", *whiles}
        } <= measured


def test_keeping_is_measured_until_the_project_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "SIZE", (2100, 2200))
    monkeypatch.setattr(keeping, "STROKES", (2, 2))
    stroke, beside, back = keeping.keeping_figures(quick=True)
    assert stroke.goal == beside.goal == keeping.GOAL
    assert all(row.median is not None and row.median > 0 for row in (stroke, beside, back))
    assert back.name == "a picture with 4 such steps is back"
