"""The pace is measured in a process that ends as soon as nobody wants to know."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

import inference.learning.process
from inference.cancelling import cancellable
from inference.errors import Cancelled
from inference.learning.job import Job
from inference.learning.process import measure_pace
from inference.learning.settings import LearnSettings
from inference.models import find_card
from tests.app import learn_child
from tests.inference.learning.jobs import finished_pictures


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
