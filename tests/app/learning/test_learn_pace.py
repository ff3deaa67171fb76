"""The pace is measured in a process that ends as soon as nobody wants to know."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from pytestqt.qtbot import QtBot

import inference.learning.process
from app.learning.gathering import Order
from app.learning.pace import LearnPace
from app.workers.lane import CancelToken
from inference.cancelling import cancellable
from inference.errors import Cancelled
from inference.learning.events import PaceTold
from inference.learning.job import Job
from inference.learning.process import measure_pace
from inference.learning.settings import LearnSettings
from inference.models import find_card
from tests.app import learn_child
from tests.inference.learning.jobs import finished_pictures


def test_a_picture_more_is_no_reason_to_measure_again(
    tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []

    def measured(_order: Order, pictures: int, _token: CancelToken) -> tuple[PaceTold, str]:
        told.append(pictures)
        return PaceTold(1.0, 2.0), ""

    monkeypatch.setattr("app.learning.pace._measured", measured)
    pace, order = LearnPace(), SimpleNamespace(root=tmp_path, parent=find_card("starter"))
    for pictures in (20, 21, 22, 18, 23, 20):
        pace.measure(order, pictures=pictures)  # type: ignore[arg-type]
        qtbot.waitUntil(pace.is_idle)
    assert told == [20, 23, 20]
    pace.forget()
    pace.measure(order, pictures=20)  # type: ignore[arg-type]
    qtbot.waitUntil(pace.is_idle)
    assert told == [20, 23, 20, 20]
    pace.close()


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
