"""Stands for the training of a job: tells at once what a real one tells after a while, and listens as that does.

The environment says what becomes of it: LEARN_CHILD=better, worse or refused. With LEARN_CHILD_WAITS it holds in the
middle of the training until it is resumed or stopped, or until whoever started it has gone; with LEARN_CHILD_MEASURES
it measures its pace for as long.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from inference.learning.events import (
    Event,
    Finished,
    PaceTold,
    Paused,
    Refused,
    Resumed,
    Stage,
    StageTold,
    StepTold,
    Stopped,
    to_line,
)
from inference.learning.job import Job
from inference.learning.report import SEGMENTS, ClassChange, LearnReport, Score

Tell = Callable[[Event], None]
STEPS = 40
MIDDLE = 25
REFUSAL = "There is not enough memory to learn here."


def report_of(job: Job, *, better: bool) -> LearnReport:
    before = Score(pixel_accuracy=0.70, mean_iou=0.40, unlabelled=0.1)
    gain = 0.08 if better else -0.08
    after = replace(before, pixel_accuracy=0.70 + gain, mean_iou=0.40 + gain)
    changes = ((3, 5000, 0.8, 0.8 + gain), (5, 3000, 0.5, 0.45), (22, 900, None, 0.3), (61, 400, 0.1, 0.6))
    return LearnReport(
        parent=job.parent.name,
        name=job.name,
        trained=len(job.indices(held_back=False)),
        held_back=len(job.indices(held_back=True)),
        before={SEGMENTS: before},
        after={SEGMENTS: after},
        classes=tuple(ClassChange(class_id=number, pixels=p, before=b, after=a) for number, p, b, a in changes),
        decided_before=0.35,
        decided_after=0.35 + gain,
        seconds=132.0,
        settings=job.settings,
    )


def hold(job: Job, *, tell: Tell, commands: Iterable[str]) -> bool:
    """Wait until it may go on; False where it is to end."""
    for command in commands:
        if command == "pause":
            tell(Paused())
        elif command == "resume":
            tell(Resumed())
            return True
        elif command == "stop":
            break
    job.checkpoint.write_text("learned so far", encoding="utf-8")
    tell(Stopped())
    return False


def train(job: Job, *, tell: Tell, commands: Iterable[str]) -> bool:
    """Whether it came to its end."""
    first = MIDDLE if job.checkpoint.exists() else 0
    for step in range(first + 1, STEPS + 1):
        told = StepTold(step, STEPS, 10 - step / 10, seconds=step / 4, left=(STEPS - step) / 4)
        job.add_progress(told)
        tell(told)
        if step == MIDDLE and "LEARN_CHILD_WAITS" in os.environ and not hold(job, tell=tell, commands=commands):
            return False
    return True


def work(job: Job, *, tell: Tell, commands: Iterable[str]) -> None:
    """Run the job as it is; the last that is told is how it ended."""
    if os.environ.get("LEARN_CHILD") == "refused":
        tell(Refused(REFUSAL))
        return
    tell(StageTold(Stage.FEATURES, 1, 2))
    tell(StageTold(Stage.BEFORE, 1, 1, left=60.0))
    if not train(job, tell=tell, commands=commands):
        return
    tell(StageTold(Stage.WRITING, 0, 1, left=1.0))
    report = report_of(job, better=os.environ.get("LEARN_CHILD") != "worse")
    job.result.parent.mkdir(exist_ok=True)
    shutil.copyfile(str(job.parent.file), job.result)
    card = json.loads((job.folder / "parent.json").read_text(encoding="utf-8"))
    lineage = {"parent": job.parent.name, "pictures": report.trained, "held_back": report.held_back}
    own = {"name": job.name, "file": job.result.name, "sha256": job.parent.sha256, "lineage": lineage}
    job.result.with_suffix(".json").write_text(json.dumps(card | own), encoding="utf-8")
    job.report_file.write_text(json.dumps(report.to_json()), encoding="utf-8")
    tell(Finished(report))


class WithoutChild:
    """What `LearnProcess` is, in a thread instead of a process, which takes a second to start."""

    def __init__(self, job: Job, *, told: Tell, gentle: bool) -> None:
        assert gentle  # somebody works in the window
        self._commands: queue.SimpleQueue[str] = queue.SimpleQueue()
        commands = iter(self._commands.get, "")
        self._thread = threading.Thread(target=work, args=(job,), kwargs={"tell": told, "commands": commands})
        self.start = self._thread.start

    def pause(self) -> None:
        self._commands.put("pause")

    def resume(self) -> None:
        self._commands.put("resume")

    def stop(self) -> None:
        self._commands.put("stop")

    def wait(self, seconds: float | None = None) -> bool:
        self._thread.join(seconds)
        return not self._thread.is_alive()


def main(folder: str, *options: str) -> None:
    def tell(event: Event) -> None:
        sys.stdout.write(f"{to_line(event)}\n")
        sys.stdout.flush()

    job = Job.open(Path(folder))
    if options:
        if "LEARN_CHILD_MEASURES" in os.environ:
            sys.stdin.read()  # until whoever started it has gone
        tell(PaceTold(head=240.0, all=7200.0))
    else:
        work(job, tell=tell, commands=(line.strip() for line in sys.stdin))


if __name__ == "__main__":
    main(*sys.argv[1:])
