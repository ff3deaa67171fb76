"""`ade-mask-studio finetune` as a person types it: what is learned from, and what is told of it."""

from __future__ import annotations

import hashlib
import io
import json
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from app.cli import completion, parse
from app.commands import ExitCode
from app.commands.finetune_job import _tell_pictures
from app.core.pictures import PictureStatus
from app.core.project.places import FILE_NAME, FOLDER_KEY
from app.core.project.store import ProjectStore
from app.settings import Settings, save_settings
from inference.engines.devices import CudaDevices
from inference.learning.events import Refused, Stage, StageTold
from inference.learning.generations import LEARNED_FROM, learned_from
from inference.learning.job import Job, is_held_back
from inference.learning.pictures import place_of
from inference.learning.report import LearnReport
from inference.learning.settings import LearnSettings, Scope, Untouched
from inference.models import find_card, read_card
from tests.app.commands.finetuning.finetune_scene import PICTURES, STEPS, Learning, asked, finetune
from tests.core.learnable import decisions
from tests.core.project.projects import opened
from tests.inference.learning.jobs import finished_picture, report, small_parent


def test_a_model_its_card_and_the_figures_before_and_after(
    learning: Learning, photos: Path, mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert finetune(photos, "-o", mine) == ExitCode.DONE
    said = capsys.readouterr()
    assert [line.split() for line in said.out.splitlines()[:2]] == [
        ["class", "true", "pixels", "IoU", "before", "after", "change"],
        ["sky", "100", "70.0", "%", "80.0", "%", "+10.0"],
    ]
    assert "on 2 pictures held back       before   after  change\n" in said.out
    assert "Pixels right, segments        80.0 %  90.0 %   +10.0\n" in said.out
    assert "Left unlabelled, segments      5.0 %   5.0 %    +0.0\n" in said.out
    assert "Mean IoU, semantic            40.0 %  40.0 %    +0.0\n" in said.out
    assert "Left unlabelled, semantic" not in said.out  # there nothing is
    assert "What you decided, as you did  60.0 %  90.0 %   +30.0\n" in said.out
    assert learning.report.verdict in said.out
    assert f"mine: {mine}, learned from 8 pictures in 2 min." in said.out
    assert f"ade-mask-studio weights add {mine}\n" in said.err
    assert mine.read_bytes() == b"the weights"
    assert read_card(mine.with_suffix(".json")).lineage == {"steps": 40}
    assert [path.name for path in sorted(mine.parent.iterdir())] == ["mine.json", "mine.safetensors"]


def test_a_loss_that_is_too_small_to_be_seen_is_none(
    learning: Learning, photos: Path, mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    learning.report = replace(learning.report, decided_before=0.9, decided_after=0.8999)
    finetune(photos, "-o", mine)
    assert "What you decided, as you did  90.0 %  90.0 %    +0.0\n" in capsys.readouterr().out


def test_where_nothing_was_decided_no_row_is_empty(
    learning: Learning, photos: Path, mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    learning.report = replace(learning.report, decided_before=None, decided_after=None)
    finetune(photos, "-o", mine)
    assert "What you decided" not in capsys.readouterr().out


def test_it_says_what_is_learned_from_and_how_long_it_will_take_before_it_begins(
    learning: Learning, photos: Path, mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert finetune(photos, "-o", mine, "--untouched", "ignore") == ExitCode.DONE
    said = capsys.readouterr().err
    decided = int((decisions() > 0).sum()) * PICTURES
    assert f"6 pictures of {photos} done, 1 of them held back; {decided:,} pixels that you decided.\n" in said
    assert "The decoder alone takes about 4 min here; the whole network would take 2 h 2 min.\n" in said
    mine.unlink()
    mine.with_suffix(".json").unlink()
    assert finetune(photos, "-o", mine, "--train", "all", "--kept-score", "0.2") == ExitCode.DONE
    said = capsys.readouterr().err
    kept = sum(picture.kept for picture in learning.jobs[-1].pictures)
    assert kept > 0
    assert f"{decided:,} pixels that you decided, and {kept:,} that the network was sure of.\n" in said
    assert "The whole network takes about 2 h 2 min here; the decoder alone would take 4 min.\n" in said


def test_what_is_asked_for_is_what_the_job_is(learning: Learning, photos: Path, mine: Path) -> None:
    options = ["--train", "all", "--untouched", "ignore", "--kept-score", "0.8", "--kept-weight", "0.1"]
    options += ["--held-back", "0.5", "--steps", "7", "--device", "cpu"]
    assert finetune(photos, "-o", mine, *options) == ExitCode.DONE
    (job,) = learning.jobs
    assert (job.name, job.parent.name) == ("mine", "starter")
    assert job.settings == LearnSettings(
        scope=Scope.ALL,
        untouched=Untouched.IGNORE,
        kept_score=0.8,
        kept_weight=0.1,
        held_back=0.5,
        steps=7,
        device="cpu",
    )
    assert {picture.name for picture in job.pictures} == {f"{number}.png" for number in range(PICTURES)}


def test_the_defaults_are_those_of_a_job() -> None:
    settings, words = LearnSettings(), asked()
    for name in ("kept_score", "kept_weight", "held_back", "steps", "device"):
        assert words[name] == getattr(settings, name)
    assert (words["untouched"], words["train"], words["model"]) == (settings.untouched, None, "starter")
    assert words["output"] == Path("mine.safetensors")


@pytest.mark.parametrize(
    ("device", "cards", "scope"),
    [("auto", 0, Scope.HEAD), ("auto", 1, Scope.ALL), ("cpu", 1, Scope.HEAD), ("cuda:0", 1, Scope.ALL)],
)
def test_all_of_it_is_trained_where_there_is_a_graphics_card(
    learning: Learning, photos: Path, mine: Path, monkeypatch: pytest.MonkeyPatch, device: str, cards: int, scope: Scope
) -> None:
    monkeypatch.setattr("inference.engines.devices.cuda_devices", lambda: CudaDevices(cards, ""))
    monkeypatch.setattr("inference.engines.devices.has_mps", lambda: False)
    assert finetune(photos, "-o", mine, "--device", device) == ExitCode.DONE
    assert learning.jobs[0].settings.scope is scope


def test_a_device_that_is_not_there_is_told_before_anything_is_read(
    learning: Learning, photos: Path, mine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("inference.engines.devices.cuda_devices", lambda: CudaDevices(0, "no NVIDIA driver was found"))
    assert finetune(photos, "-o", mine, "--device", "cuda") == ExitCode.NO_RESULT
    assert capsys.readouterr().err == "The device cuda cannot be used: no NVIDIA driver was found.\n"
    assert list(mine.parent.iterdir()) == []


NEVER, ALL = tuple((class_id, 1.0) for class_id in range(1, 151)), 60 * 90 - 300
"""Thresholds that no segment of a class exceeds; the pixels that nobody decided to be unlabelled."""


@pytest.mark.parametrize(
    ("settings", "pixels"),
    [
        (Settings(threshold=1.0), 600),  # what a person decided alone
        (Settings(threshold=0.0), ALL),
        (Settings(threshold=1.0, export_semantic_rest=True), ALL),
        (Settings(threshold=1.0, semantic=True), ALL),
        (Settings(threshold=0.0, class_thresholds=NEVER), 600),
        (Settings(threshold=1.0, threshold_for_all=False), ALL),
    ],
    ids=["high", "low", "rest", "semantic", "by class", "its own"],
)
def test_labels_are_those_that_the_window_exports(
    learning: Learning, photos: Path, mine: Path, settings: Settings, pixels: int
) -> None:
    save_settings(settings)
    learning.last = Refused("Enough.")
    with closing(opened(photos)) as store:
        store.set_threshold("0.png", 0.0)
    assert finetune(photos, "-o", mine) == ExitCode.NO_RESULT
    (job,) = learning.jobs
    (number,) = [index for index, picture in enumerate(job.pictures) if picture.name == "0.png"]
    assert (job.picture(number).labels > 0).sum() == pixels


@pytest.mark.parametrize("change", ["worse", "unknown"])
def test_a_model_that_got_worse_or_of_which_nobody_can_tell_is_not_recommended(
    learning: Learning, photos: Path, mine: Path, capsys: pytest.CaptureFixture[str], change: str
) -> None:
    worse = report(accuracy=(0.8, 0.7))
    learning.report = worse if change == "worse" else replace(worse, before={}, after={}, classes=(), held_back=0)
    assert finetune(photos, "-o", mine) == ExitCode.REFUSED
    said = capsys.readouterr()
    assert learning.report.verdict in said.out
    assert ("not recommended" in said.out) is (change == "worse")
    assert "To use it" not in said.err
    assert mine.exists()


def test_a_picture_that_cannot_be_learned_from_is_named_and_the_others_are_learned_from(
    learning: Learning, photos: Path, mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "2.png").unlink()
    assert finetune(photos, "-o", mine, "--json") == ExitCode.REFUSED
    said = capsys.readouterr()
    assert "1 refused:\n  2.png does not exist.\n" in said.err
    assert json.loads(said.out)["refused"] == [{"name": "2.png", "reason": "2.png does not exist."}]
    assert len(learning.jobs[0].pictures) == PICTURES - 1


def test_too_few_pictures_are_told_with_those_that_were_left_out(
    learning: Learning, photos: Path, mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(3):
        (photos / f"{number}.png").unlink()
    assert finetune(photos, "-o", mine) == ExitCode.NO_RESULT
    assert capsys.readouterr().err.splitlines() == [
        "3 refused:",
        *(f"  {number}.png does not exist." for number in range(3)),
        "It takes at least 4 finished pictures to learn from, not 3.",
    ]
    assert learning.jobs == []
    assert list(mine.parent.iterdir()) == []


def test_json_is_the_whole_report_and_nothing_else(
    learning: Learning, photos: Path, mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert finetune(photos, "-o", mine, "--json") == ExitCode.DONE
    record = json.loads(capsys.readouterr().out)
    assert record["model"] == str(mine)
    assert LearnReport.from_json(record) == learning.report
    assert record["recommended"] is True
    assert record["curve"] == [{"step": told.step, "loss": told.loss} for told in STEPS]
    assert record["refused"] == []


def test_an_error_is_json_too(learning: Learning, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert finetune(tmp_path, "-o", tmp_path / "mine", "--json") == ExitCode.NO_RESULT
    assert json.loads(capsys.readouterr().out)["error"].startswith(f"There is no project in {tmp_path}: open the")


def test_a_bar_shows_loss_and_remaining_time_where_somebody_watches(
    learning: Learning, photos: Path, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    learning.told.append(StageTold(Stage.TRAINING, 40, 40, 19.0))  # between two steps only the time is told
    assert finetune(photos, "-o", mine) == ExitCode.DONE
    shown = sys.stderr.getvalue()
    assert "Reading the pictures: 100%" in shown
    assert "6/6" in shown
    assert "Finding features: 100%" in shown
    assert "Learning: 100%" in shown
    assert "40/40, loss 0.075, 19 s left" in shown


def test_a_project_in_which_nothing_is_done_says_what_to_do(
    learning: Learning, photos: Path, mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(opened(photos)) as store:
        store.set_statuses([f"{number}.png" for number in range(PICTURES)], PictureStatus.IN_WORK)
    assert finetune(photos, "-o", mine) == ExitCode.NO_RESULT
    assert capsys.readouterr().err == (
        f"No picture of {photos} is marked done: finish some of them in the window, and mark them (F4).\n"
    )


def test_the_project_is_named_by_a_folder_in_it_or_by_its_file_and_left_as_it_is(
    learning: Learning, photos: Path, mine: Path
) -> None:
    file = photos / FILE_NAME
    before = hashlib.sha256(file.read_bytes()).digest()
    (photos / "sub").mkdir()
    assert finetune(photos / "sub", "-o", mine.with_name("one")) == ExitCode.DONE
    assert finetune(file, "-o", mine.with_name("two")) == ExitCode.DONE
    assert [len(job.pictures) for job in learning.jobs] == [PICTURES, PICTURES]
    assert hashlib.sha256(file.read_bytes()).digest() == before


def test_a_project_that_a_window_holds_is_read_beside_it(learning: Learning, photos: Path, mine: Path) -> None:
    with closing(opened(photos)) as window:
        window.set_note("0.png", "in the midst of work")
        assert finetune(photos, "-o", mine) == ExitCode.DONE
        window.set_note("0.png", "and on")


def test_a_project_that_lies_elsewhere_knows_its_folder(
    learning: Learning, photos: Path, mine: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "data" / "0123456789abcdef.sqlite"
    elsewhere.parent.mkdir()
    (photos / FILE_NAME).rename(elsewhere)
    with closing(ProjectStore.open(photos, elsewhere)) as store:
        assert store.value(FOLDER_KEY)["path"] == str(photos)
    assert finetune(elsewhere, "-o", mine) == ExitCode.DONE
    assert len(learning.jobs[0].pictures) == PICTURES


def test_what_is_no_project_is_told(
    learning: Learning, tmp_path: Path, mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other, damaged = tmp_path / "notes.txt", tmp_path / "damaged.sqlite"
    for file in (other, damaged):
        file.write_text("of a course")
    assert finetune(other, "-o", mine) == ExitCode.NO_RESULT
    said = f"{other} is no project: give the folder of photos that was opened in the window.\n"
    assert capsys.readouterr().err == said
    assert finetune(damaged, "-o", mine) == ExitCode.NO_RESULT
    assert "is not a project: it is damaged, or another file of that name." in capsys.readouterr().err
    assert finetune(tmp_path / "gone", "-o", mine) == ExitCode.NO_RESULT
    assert capsys.readouterr().err == f"{tmp_path / 'gone'} does not exist.\n"


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (["-o", "mine.onnx"], "a model is written as .safetensors, not as .onnx"),
        (["-o", "."], "'.' is a folder; say what the model in it is to be called"),
        (["-o", "models/"], "'models/' is a folder; say what the model in it is to be called"),
        (["-o", "mine", "--held-back", "0.95"], "'0.95' is not a number from 0 to 0.9"),
        (["-o", "mine", "--train", "tail"], "invalid choice: 'tail'"),
        (["-o", "mine", "--device", "mps"], "'mps' is not auto, cpu, cuda or cuda:n"),
        (["-o", "mine", "--steps", "0"], "'0' is not a whole number from 1"),
        ([], "required: -o/--output"),
    ],
)
def test_wrong_usage(wrong: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        parse(["finetune", "photos", *wrong])
    assert stopped.value.code == ExitCode.USAGE
    assert complaint in capsys.readouterr().err


def test_a_model_that_nobody_knows_is_wrong_usage(
    learning: Learning, photos: Path, mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert finetune(photos, "-o", mine, "--model", "resnet") == ExitCode.USAGE
    assert "There is no model called resnet" in capsys.readouterr().err


def test_a_name_that_no_model_can_have_is_told(
    learning: Learning, photos: Path, mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert finetune(photos, "-o", mine.with_name("who?")) == ExitCode.NO_RESULT
    assert "'who?' cannot be the name of a model" in capsys.readouterr().err


def test_completion_knows_project_model_and_choices() -> None:
    script = completion("bash").replace("_shtab_ade_mask_studio_", "")
    for place in ("pos_0", "__output", "_o"):
        assert f"finetune_{place}_COMPGEN=_shtab_compgen_files" in script
    assert "finetune___model_COMPGEN=_ade_mask_studio_model_or_file" in script
    assert "finetune___train_choices=(head all)" in script.replace("'", "").replace('"', "")


def test_pictures_that_the_model_has_learned_from_are_not_held_back_and_that_is_told(
    learning: Learning, photos: Path, mine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"{number}.png" for number in range(PICTURES)]
    known = max((name for name in names if is_held_back(name, 0.9)), key=place_of)
    parent = small_parent(tmp_path).file
    assert parent is not None
    card = json.loads(parent.with_suffix(".json").read_text(encoding="utf-8"))
    card["lineage"] = {LEARNED_FROM: learned_from({}, [known])}
    parent.with_suffix(".json").write_text(json.dumps(card), encoding="utf-8")
    assert finetune(photos, "-o", mine, "--model", parent, "--held-back", "0.9") == ExitCode.DONE
    assert "1 more would be held back, but tiny has learned from them already.\n" in capsys.readouterr().err
    assert known in {picture.name for picture in learning.jobs[0].pictures if not picture.held_back}


def job_of_eight(folder: Path, *, known: int) -> Job:
    """Their parent has learned from so many of them, the first by their names, which would be held back else."""
    names = sorted((f"{number}.png" for number in range(8)), key=place_of)
    parent = find_card("starter")
    return Job.create(
        folder,
        parent=replace(parent, lineage={LEARNED_FROM: learned_from({}, names[:known])}),
        name="mine",
        settings=LearnSettings(held_back=0.2),
        pictures=[finished_picture(name, held_back=is_held_back(name, 0.2)) for name in names],
    )


def test_where_others_are_held_back_in_its_place_nothing_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = job_of_eight(tmp_path / "job", known=1)
    assert len(job.indices(held_back=True)) == 2
    _tell_pictures(job, tmp_path)
    said = capsys.readouterr().err
    assert "2 of them held back" in said
    assert "more would be held back" not in said
    assert "has learned from all of them" not in said


def test_where_the_model_has_learned_from_all_of_them_that_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _tell_pictures(job_of_eight(tmp_path / "job", known=8), tmp_path)
    assert "starter has learned from all of them that are not held back" in capsys.readouterr().err
