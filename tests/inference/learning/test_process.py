"""The process of a job gives way to the work of whoever started it, where that is asked for."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

import inference.learning.process
from inference.learning.events import Event, PaceTold, Stopped
from inference.learning.job import Job
from inference.learning.process import NICENESS, LearnProcess, measure_pace
from inference.learning.settings import LearnSettings
from inference.models import find_card
from tests.inference.learning.jobs import finished_pictures

CHILD = """
import os, sys
if "--pace" in sys.argv:
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    print('{"event": "pace", "head": %d.0, "all": null}' % nice, flush=True)
else:
    sys.stdin.readline()
    print('{"event": "stopped"}', flush=True)
"""


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """Its process waits until it is stopped, or tells its niceness in place of a pace."""
    (tmp_path / "nice_child.py").write_text(CHILD, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(inference.learning.process, "MODULE", "nice_child")
    card = find_card("starter")
    return Job.create(
        tmp_path / "job", parent=card, name="mine", settings=LearnSettings(), pictures=finished_pictures()
    )


@pytest.mark.skipif(sys.platform == "win32", reason="there is no niceness")
@pytest.mark.parametrize("gentle", [True, False])
def test_a_gentle_process_goes_after_others(job: Job, *, gentle: bool) -> None:
    told: list[Event] = []
    process = LearnProcess(job, told=told.append, gentle=gentle)
    process.start()
    assert process.pid is not None
    more = os.getpriority(os.PRIO_PROCESS, process.pid) - os.getpriority(os.PRIO_PROCESS, 0)
    process.stop()
    assert process.wait(20)
    assert told == [Stopped()]
    assert more == (NICENESS if gentle else 0)


@pytest.mark.parametrize(("processors", "threads"), [(1, 1), (2, 1), (3, 1), (8, 4)])
def test_a_process_takes_half_of_the_processors(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processors: int, threads: int
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(inference.learning.process, "usable_processors", lambda: processors)
    tells = """
import os
print('{"event": "pace", "head": %s, "all": null}' % os.environ["OMP_NUM_THREADS"], flush=True)
"""
    (tmp_path / "nice_child.py").write_text(tells, encoding="utf-8")
    assert measure_pace(job) == PaceTold(head=threads, all=None)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")  # whoever says so knows better
    assert measure_pace(job) == PaceTold(head=7, all=None)


def test_the_pace_is_asked_for_as_many_pictures_as_there_will_be(job: Job, tmp_path: Path) -> None:
    tells = """
import sys
print('{"event": "pace", "head": %s, "all": null}' % sys.argv[sys.argv.index("--pace") + 1], flush=True)
"""
    (tmp_path / "nice_child.py").write_text(tells, encoding="utf-8")
    assert measure_pace(job, pictures=9) == PaceTold(head=9, all=None)
    assert measure_pace(job) == PaceTold(head=len(job.pictures), all=None)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no niceness")
def test_its_pace_is_measured_as_it_will_run(job: Job) -> None:
    own = float(os.getpriority(os.PRIO_PROCESS, 0))
    assert measure_pace(job, gentle=True) == PaceTold(head=own + NICENESS, all=None)
    assert measure_pace(job) == PaceTold(head=own, all=None)
