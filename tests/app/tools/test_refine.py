"""Edge refine while its answer is on its way: nothing is accepted that nobody has seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.core.geometry import Box
from app.core.segment_map import human_value
from app.editing.session import Session
from app.tools import make_tool
from app.tools.refine import Refine
from tests.app.canvas.scene import HEIGHT, WIDTH, predict, show_photo
from tests.app.tools.later import Later
from tests.app.tools.test_tools import drag, human, said, steps

EDGE, DRAWN = 62, 56  # columns: where the photo's colours meet, and where the network said
AROUND = ((10.0, 5.0), (110.0, 5.0), (110.0, 75.0), (10.0, 75.0), (10.0, 6.0))
PATH = Path("/photos/halves.jpg")


@pytest.fixture
def tool(session: Session) -> Refine:
    picture = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    picture[:, :EDGE], picture[:, EDGE:] = (170, 70, 60), (60, 80, 180)
    noise = np.random.default_rng(7).integers(-6, 7, picture.shape)
    show_photo(session, (picture + noise).astype(np.uint8), PATH)
    layer = np.full((HEIGHT, WIDTH), 1, np.uint8)
    layer[:, DRAWN:] = 2
    predict(session, layer, PATH)
    made = make_tool("refine", session)
    assert isinstance(made, Refine)
    return made


@pytest.fixture
def later(session: Session) -> Later:
    session.runner = runner = Later()
    return runner


def test_return_waits_until_there_is_something_to_see(session: Session, tool: Refine, later: Later) -> None:
    sentences = said(session)
    drag(tool, *AROUND)
    assert tool.pending()
    assert not tool.acceptable()
    assert tool.note() == "Refining edges…"
    assert [job.text for job in later.jobs.values()] == ["Refining edges…"]
    tool.accept()
    assert sentences == ["The edges are still being refined."]
    assert tool.pending()
    assert not human(session).any()
    later.finish()
    assert tool.preview() is not None
    assert tool.acceptable()
    tool.accept()
    assert (human(session)[10:70, DRAWN:EDGE] == human_value(3)).all()
    assert steps(session).undoText() == "Refine edges"


def test_an_answer_that_the_labels_have_outrun_is_not_accepted(session: Session, tool: Refine, later: Later) -> None:
    drag(tool, *AROUND)
    later.finish()
    before = tool.preview()
    stroke = session.begin_edit("Stroke")
    assert stroke is not None
    stroke.paint(Box(DRAWN, 0, EDGE, 40), None, human_value(3))
    stroke.commit()
    tool.changed()
    assert tool.preview() is before, "it is shown until there is a better one"
    assert tool.note() == "Refining edges…"
    tool.accept()
    assert steps(session).count() == 1
    later.finish()
    preview = tool.preview()
    assert preview is not None
    assert preview.box.y0 > 30, "the upper half is right by now"
    tool.accept()
    assert steps(session).count() == 2
    assert (human(session)[10:70, DRAWN:EDGE] == human_value(3)).all()


def test_only_the_last_of_many_changes_is_worked_out(tool: Refine, later: Later) -> None:
    drag(tool, *AROUND)
    for band in (4, 8, 12):
        tool.set_value("band", band)
        tool.value_changed("band")
    assert len(later.jobs) == 1


def test_cancel_stops_the_work(session: Session, tool: Refine, later: Later) -> None:
    drag(tool, *AROUND)
    tool.cancel()
    assert not later.jobs
    assert not tool.pending()
    assert tool.sketch() is None
    assert not human(session).any()
