"""The pictures that nobody has touched: those whose predictions a new model may replace."""

from __future__ import annotations

from app.core.pictures import PictureStatus
from app.core.project.store import ProjectStore
from tests.core.project.projects import Painter, identity


def test_pictures_with_anything_of_a_person_s_on_them_are_not_among_them(store: ProjectStore) -> None:
    names = ["new.jpg", "painted.jpg", "undone.jpg", "folded.jpg", "done.jpg", "skipped.jpg", "broken.jpg", "gone.jpg"]
    store.add_files([(name, identity(seed)) for seed, name in enumerate(names)])
    Painter(store, "painted.jpg").paint()
    undone = Painter(store, "undone.jpg")
    undone.paint(2)
    undone.stand_at(0)
    Painter(store, "folded.jpg").paint(2)
    assert store.fold("folded.jpg", 0) == 2  # no step is left, and still it is somebody's work
    store.set_status("done.jpg", PictureStatus.DONE)
    store.set_status("skipped.jpg", PictureStatus.SKIPPED)
    store.set_status("broken.jpg", PictureStatus.UNREADABLE)
    store.gone(["gone.jpg"])
    assert store.uncorrected() == ["new.jpg", "undone.jpg", "skipped.jpg"]
