"""The pace is measured in a process that ends as soon as nobody wants to know."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from pytestqt.qtbot import QtBot

import inference.learning.process
from app.learning.gathering import Order
from app.learning.pace import LearnPace, _measured, _place
from app.workers.lane import CancelToken
from inference.cancelling import cancellable
from inference.engines.devices import CudaDevices
from inference.errors import Cancelled
from inference.learning.errors import JobError
from inference.learning.events import PaceTold
from inference.learning.job import MINIMUM_PICTURES, Job
from inference.learning.process import measure_pace
from inference.learning.settings import LearnSettings, Untouched
from inference.models import ModelCard, find_card
from tests.app import learn_child
from tests.app.learning.orders import order_of
from tests.core.learnable import decisions, finished
from tests.core.project.projects import opened
from tests.inference.learning.jobs import finished_pictures


class Measuring:
    """In place of the measurement: what was asked for, and a hold in the midst of it where a test wants one."""

    def __init__(self) -> None:
        self.pictures: list[int] = []
        self.begun, self.holds = threading.Event(), False

    def __call__(self, _order: Order, pictures: int, token: CancelToken) -> tuple[PaceTold, str]:
        self.pictures.append(pictures)
        self.begun.set()
        if self.holds:
            token.event.wait(30)
            token.check()
        return PaceTold(1.0, 2.0), ""


@pytest.fixture
def measuring(monkeypatch: pytest.MonkeyPatch) -> Measuring:
    measuring = Measuring()
    monkeypatch.setattr("app.learning.pace._measured", measuring)
    return measuring


@pytest.fixture
def pace(qtbot: QtBot) -> Iterator[LearnPace]:
    pace = LearnPace()
    yield pace
    pace.close()


def order(root: str = "photos", *, parent: ModelCard | None = None) -> Order:
    return SimpleNamespace(root=Path(root), parent=parent or find_card("starter"))  # type: ignore[return-value]


def test_a_picture_more_is_no_reason_to_measure_again(qtbot: QtBot, pace: LearnPace, measuring: Measuring) -> None:
    for pictures in (20, 21, 22, 18, 23, 20):
        pace.measure(order(), pictures=pictures)
        qtbot.waitUntil(pace.is_idle)
    assert measuring.pictures == [20, 23, 20]
    pace.forget()
    pace.measure(order(), pictures=20)
    qtbot.waitUntil(pace.is_idle)
    assert measuring.pictures == [20, 23, 20, 20]


def test_another_folder_and_another_model_are_measured_for_themselves(
    qtbot: QtBot, pace: LearnPace, measuring: Measuring
) -> None:
    starter = find_card("starter")
    changes = ({"name": "mine"}, {"name": "mine", "file": Path("mine.safetensors")})
    asked = [order(), order("others"), *(order("others", parent=replace(starter, **change)) for change in changes)]  # type: ignore[arg-type]
    for times, one in enumerate(asked, start=1):
        for _ in range(2):
            pace.measure(one, pictures=20)
            qtbot.waitUntil(pace.is_idle)
        assert len(measuring.pictures) == times


def test_what_was_given_up_is_measured_again_and_what_is_known_is_not(
    qtbot: QtBot, pace: LearnPace, measuring: Measuring
) -> None:
    measuring.holds = True
    pace.measure(order(), pictures=20)
    assert measuring.begun.wait(30)
    pace.cancel()
    measuring.holds = False
    for _ in range(2):
        pace.measure(order(), pictures=20)
        qtbot.waitUntil(pace.is_idle)
        pace.cancel()  # there is nothing to give up
    assert measuring.pictures == [20, 20]


def test_what_is_forgotten_is_not_measured_to_its_end(pace: LearnPace, measuring: Measuring) -> None:
    measuring.holds = True
    pace.measure(order(), pictures=20)
    assert measuring.begun.wait(30)
    pace.forget()
    assert pace.is_idle()


def test_some_of_the_pictures_tell_how_long_all_of_them_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside whoever works, and also where there is little in them to learn from."""
    asked: list[tuple[Job, dict[str, object]]] = []

    def measured(job: Job, **values: object) -> PaceTold:
        asked.append((job, values))
        return PaceTold(1.0, 2.0)

    monkeypatch.setattr("app.learning.pace.measure_pace", measured)
    settings = LearnSettings(untouched=Untouched.IGNORE, kept_score=0.9, steps=7, device="cpu")
    with closing(opened(tmp_path)) as store:
        for number in range(6):
            finished(store, f"{number}.png", corrections=decisions(), seed=number)
        store.path_of("0.png").unlink()
    wanted = order_of(tmp_path, settings)
    assert _measured(wanted, 40, CancelToken()) == (PaceTold(1.0, 2.0), " on this processor")
    [(job, values)] = asked
    assert values == {"pictures": 40, "gentle": True}
    assert len(job.pictures) == MINIMUM_PICTURES
    assert job.settings == replace(settings, untouched=Untouched.KEEP, kept_score=0.0)
    assert not job.folder.exists()  # nobody goes on with it
    assert wanted.left_out == []  # that is told by the job itself
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(JobError, match="There is no temporary folder to write to"):
        _measured(wanted, 40, CancelToken())


@pytest.mark.parametrize(
    ("device", "cards", "where"),
    [("auto", 0, "processor"), ("auto", 1, "graphics card"), ("cpu", 1, "processor"), ("cuda:0", 0, "graphics card")],
)
def test_where_it_was_measured_is_told(monkeypatch: pytest.MonkeyPatch, device: str, cards: int, where: str) -> None:
    monkeypatch.setattr("app.learning.pace.cuda_devices", lambda: CudaDevices(cards, ""))
    assert _place(device) == f" on this {where}"


def test_measuring_ends_when_nobody_waits_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference.learning.process, "MODULE", learn_child.__name__)
    monkeypatch.setenv("LEARN_CHILD_MEASURES", "yes")
    job = Job.create(
        tmp_path / "job",
        parent=find_card("starter"),
        name="mine",
        settings=LearnSettings(),
        pictures=finished_pictures(),
    )
    event = threading.Event()
    timer = threading.Timer(0.2, event.set)
    timer.start()
    began = time.monotonic()
    with cancellable(event), pytest.raises(Cancelled):
        measure_pace(job)
    assert time.monotonic() - began < 10
    timer.join()
    monkeypatch.delenv("LEARN_CHILD_MEASURES")
    assert measure_pace(job, pictures=9).head == 240.0
