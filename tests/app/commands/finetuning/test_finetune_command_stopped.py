"""`ade-mask-studio finetune` that was stopped, given up or refused: nothing is lost, and what to do is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.commands import ExitCode, finetune_job
from app.core.errors import ExportError
from app.core.project.places import FILE_NAME
from inference.learning.errors import JobError
from inference.learning.events import Event, PaceTold, Refused, StepTold, Stopped
from inference.learning.job import Job, JobState
from tests.app.commands.finetuning.finetune_scene import STEPS, Learning, Process, finetune


def stop_at_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C, when the first step is told."""

    def show(_bars: object, event: Event) -> None:
        if isinstance(event, StepTold):
            raise KeyboardInterrupt

    monkeypatch.setattr(finetune_job.StageBars, "show", show)


def stopped_after_ten(learning: Learning, photos: Path, mine: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ctrl-C after ten steps; the folder of the job."""
    learning.told, learning.last = [STEPS[0]], Stopped()
    with monkeypatch.context() as patch:
        stop_at_the_bar(patch)
        assert finetune(photos, "-o", mine) == ExitCode.INTERRUPTED
    return mine.with_suffix(".learning")


def test_control_c_keeps_the_job_and_says_how_to_go_on(
    learning: Learning, photos: Path, mine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = stopped_after_ten(learning, photos, mine, monkeypatch)
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"Stopped after 10 of 40 steps. What was learned so far is kept in {folder}: --resume goes on from there."
    )
    assert (learning.stopped, Job.open(folder).state) == (1, JobState.UNFINISHED)
    assert not mine.exists()

    assert finetune(photos, "-o", mine) == ExitCode.NO_RESULT  # by mistake: what was learned would be lost
    assert "holds a job that was stopped: --resume goes on with it" in capsys.readouterr().err

    learning.told, learning.last = STEPS[1:], None
    (photos / FILE_NAME).unlink()  # what was gathered is in the job
    assert finetune(photos, "-o", mine, "--resume", "--json") == ExitCode.DONE
    record = json.loads(capsys.readouterr().out)
    assert [point["step"] for point in record["curve"]] == [10, 20, 40]
    assert (len(learning.jobs), learning.jobs[1].pictures, learning.paces) == (2, learning.jobs[0].pictures, 1)
    assert mine.exists()
    assert not folder.exists()


def test_control_c_while_the_pictures_are_read_leaves_nothing(
    learning: Learning, photos: Path, mine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def gathering(_bars: object, done: int, _total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(finetune_job.StageBars, "gathering", gathering)
    assert finetune(photos, "-o", mine) == ExitCode.INTERRUPTED
    assert capsys.readouterr().err == "Stopped.\n"
    assert list(mine.parent.iterdir()) == []


def test_a_training_that_gives_up_says_why_and_can_be_gone_on_with(
    learning: Learning, photos: Path, mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    learning.told, learning.last = learning.told[:2], Refused("The graphics card has no memory left.")
    assert finetune(photos, "-o", mine) == ExitCode.NO_RESULT
    folder = mine.with_suffix(".learning")
    told = f"{learning.last.reason} --resume goes on with {folder}; remove that to begin anew."
    assert capsys.readouterr().err.splitlines()[-1] == told

    (folder / "features").mkdir()  # of hundreds of pictures that takes a quarter of an hour
    assert finetune(photos, "-o", mine) == ExitCode.NO_RESULT  # by mistake
    assert "holds a job that was stopped: --resume goes on with it" in capsys.readouterr().err
    learning.last = None
    assert finetune(photos, "-o", mine, "--resume") == ExitCode.DONE
    assert learning.paces == 1  # how long all of it takes was told, and part of it is done


def test_a_training_that_cannot_begin_is_one_sentence(
    learning: Learning, photos: Path, mine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: Process) -> None:
        raise JobError("The training could not be started: no such file.")

    monkeypatch.setattr(Process, "start", fail)
    assert finetune(photos, "-o", mine) == ExitCode.NO_RESULT
    assert capsys.readouterr().err.splitlines()[-1] == "The training could not be started: no such file."


def test_where_nobody_can_tell_how_long_it_takes_it_is_learned_all_the_same(
    learning: Learning, photos: Path, mine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: Job) -> PaceTold:
        raise JobError("The system ended the training.")

    monkeypatch.setattr(finetune_job, "measure_pace", fail)
    assert finetune(photos, "-o", mine) == ExitCode.DONE
    said = capsys.readouterr().err
    assert "How long it takes here could not be measured. The system ended the training.\n" in said


def test_of_what_cannot_be_run_here_no_time_is_told(
    learning: Learning, photos: Path, mine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The training says so itself."""
    monkeypatch.setattr(finetune_job, "measure_pace", lambda _: PaceTold(head=200.0, all=None))
    learning.last = Refused("There is not enough memory.")
    assert finetune(photos, "-o", mine, "--train", "all") == ExitCode.NO_RESULT
    assert "takes about" not in capsys.readouterr().err
    learning.last = None
    assert finetune(photos, "-o", mine.with_name("other")) == ExitCode.DONE
    assert "The decoder alone takes about 4 min here.\n" in capsys.readouterr().err


def test_a_model_that_cannot_be_written_is_kept_in_the_job(
    learning: Learning, photos: Path, mine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(path: Path, _data: bytes) -> None:
        raise ExportError(f"{path.name} cannot be written to {path.parent}: the disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(finetune_job, "atomic_write", full)
        assert finetune(photos, "-o", mine) == ExitCode.NO_RESULT
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"mine.safetensors cannot be written to {mine.parent}: the disk is full. "
        f"The new model is kept in {mine.with_suffix('.learning')}: --resume writes it."
    )
    assert finetune(photos, "-o", mine, "--resume") == ExitCode.DONE
    assert len(learning.jobs) == 1  # nothing is learned twice
    assert mine.exists()


@pytest.mark.parametrize("suffix", [".safetensors", ".json"])
def test_no_file_is_overwritten(
    learning: Learning, photos: Path, mine: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    mine.parent.mkdir()
    mine.with_suffix(suffix).write_text("mine", encoding="utf-8")
    assert finetune(photos, "-o", mine) == ExitCode.NO_RESULT
    assert f"mine{suffix} is there already: give the new model another name" in capsys.readouterr().err
    assert finetune(photos, "-o", mine, "--resume") == ExitCode.NO_RESULT
    assert f"mine{suffix} is there already, and there is no job left" in capsys.readouterr().err
    assert (learning.jobs, mine.with_suffix(suffix).read_text(encoding="utf-8")) == ([], "mine")


def test_a_folder_of_somebody_elses_is_left_alone(
    learning: Learning, photos: Path, mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = mine.with_suffix(".learning")
    folder.mkdir(parents=True)
    (folder / "notes.txt").write_text("of a course")
    assert finetune(photos, "-o", mine) == ExitCode.NO_RESULT
    assert "holds something other than a job of learning" in capsys.readouterr().err
    assert [file.name for file in folder.iterdir()] == ["notes.txt"]


def test_nothing_to_go_on_with(
    learning: Learning, photos: Path, mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert finetune(photos, "-o", mine, "--resume") == ExitCode.NO_RESULT
    assert capsys.readouterr().err == f"There is no job of learning in {mine.with_suffix('.learning')}.\n"


def test_where_the_model_is_another_by_now_it_says_how_to_begin_anew(
    learning: Learning, photos: Path, mine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = stopped_after_ten(learning, photos, mine, monkeypatch)
    card = json.loads((folder / "parent.json").read_text())
    (folder / "parent.json").write_text(json.dumps(card | {"sha256": "0" * 64}))
    capsys.readouterr()
    begun = len(learning.jobs)
    assert finetune(photos, "-o", mine, "--resume") == ExitCode.NO_RESULT
    assert capsys.readouterr().err == (
        f"It cannot go on: it began with {card['name']}, which is another model by now. "
        f"To begin anew, which loses no correction, remove {folder} and leave out --resume.\n"
    )
    assert len(learning.jobs) == begun
    assert Job.open(folder).state is JobState.UNFINISHED  # nothing is thrown away unasked
