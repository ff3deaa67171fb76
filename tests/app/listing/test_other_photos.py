"""A photo under the name of another: nothing that was said of the one is shown, counted or kept with the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from app.core.errors import ProjectError
from app.core.pictures import PictureStatus
from app.core.project.places import FILE_NAME
from app.core.project.records import identify
from app.core.project.store import ProjectStore
from app.keeping.projects import Projects
from inference.prediction import Prediction
from tests.app.working import SHAPE, Work, make_photo


@pytest.fixture
def projects() -> Iterator[Projects]:
    projects = Projects()
    yield projects
    projects.close()


def some_prediction() -> Prediction:
    return Prediction(np.full((100, 150), 0.005, np.float32), np.full((100, 8, 10), 0.5, np.float32), SHAPE)


def predict(projects: Projects, photo: Path) -> None:
    store, name = projects.store_of(photo)
    store.keep_prediction(name, some_prediction(), model="fake", identity=identify(photo))


def stored(photo: Path) -> tuple[list[str], int]:
    """Texts of the steps that are kept of a picture, and the revision where it stands."""
    with closing(ProjectStore.open(photo.parent, photo.parent / FILE_NAME, read_only=True)) as store:
        kept = store.load(photo.name, most_bytes=2**40)
    assert kept is not None
    return [step.text for step in kept.steps], kept.revision


def test_an_answer_holds_for_the_photo_that_the_network_saw(projects: Projects, photo: Path) -> None:
    predict(projects, photo)
    assert projects.look_up(photo, model="fake").prediction is not None
    assert projects.look_up(photo, model="other").prediction is None
    make_photo(photo, 77)
    assert projects.look_up(photo, model="fake").prediction is None
    assert projects.prediction(photo, model="fake") is None
    assert not projects.known(photo, model="fake").predicted
    photo.unlink()
    assert projects.look_up(photo, model="fake").prediction is None


def test_a_run_counts_no_corrections_of_another_photo(
    start: Callable[[], Work], projects: Projects, photo: Path
) -> None:
    work = start()
    work.open(photo)
    work.paint(1)
    work.close()
    assert projects.known(photo, model="fake").corrections is not None
    make_photo(photo, 77)
    assert projects.known(photo, model="fake").corrections is None


def test_corrections_without_a_step_are_asked_about_as_well(
    start: Callable[[], Work], photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old steps become what the picture began with: what they painted is work all the same."""
    work = start()
    work.open(photo)
    work.paint(1, steps=2)
    work.close()
    monkeypatch.setattr("app.keeping.projects.FOLD_BYTES", 0)
    work = start()
    work.open(photo)  # folds
    assert work.session.is_unexported(photo)
    work.close()
    assert stored(photo)[0] == []
    work = start()
    work.open(photo)
    assert work.session.is_unexported(photo), "no export has written what they painted"
    work.close()
    make_photo(photo, 77)
    work = start()
    work.open(photo)
    assert work.asked == [photo]
    assert work.keeper.refusal(photo)
    work.close()


@pytest.mark.parametrize("status", [PictureStatus.DONE, PictureStatus.SKIPPED])
def test_a_mark_without_a_stroke_goes_with_its_photo_too(
    projects: Projects, photo: Path, status: PictureStatus
) -> None:
    """Whoever looked at a picture and called it done does not have to look again."""
    predict(projects, photo)
    store, name = projects.store_of(photo)
    store.set_status(name, status)
    renamed = photo.rename(photo.with_name("renamed.png"))
    begun = projects.begin(renamed, model="fake")
    assert begun.stored is not None
    assert begun.stored.status is status
    assert begun.prediction is not None
    assert begun.said == f"renamed.png was {photo.name} before: what was done with it came with it."


def test_undo_and_redo_of_an_earlier_session_write_where_the_picture_stands_and_no_more(
    start: Callable[[], Work], photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A history goes to the file as a whole only where that has lost it."""
    work = start()
    work.open(photo)
    work.paint(1, steps=3)
    work.session.undo()
    work.session.undo()
    work.close()
    before, stands = stored(photo)
    rewritten: list[str] = []
    monkeypatch.setattr(ProjectStore, "replace_history", lambda _store, name, *_, **__: rewritten.append(name))
    work = start()
    work.open(photo)
    for act, moved in ((work.session.redo, 1), (work.session.redo, 2), (work.session.undo, 1), (work.session.undo, 0)):
        act()
        work.settle()
        assert stored(photo) == (before, stands + moved)
    work.close()
    assert not rewritten


def test_a_run_is_told_who_has_the_project_before_it_thinks_for_nothing(
    start: Callable[[], Work], projects: Projects, photo: Path
) -> None:
    work = start()
    work.open(photo)
    with pytest.raises(ProjectError, match="has this project open: it can be looked at here, not changed"):
        projects.known(photo, model="fake")
    with pytest.raises(ProjectError, match="has this project open"):
        projects.standing(photo)
    assert projects.look_up(photo, model="fake").problem == "", "looking is free"
    work.close()
