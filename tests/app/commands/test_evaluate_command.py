"""`ade-mask-studio evaluate` as a person types it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.cli import parse, run
from app.commands import ExitCode
from app.core.ade_png import write_labels


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    predicted, truth = tmp_path / "predicted", tmp_path / "truth"
    for folder, values in ((predicted, [1, 1, 2, 0]), (truth, [1, 1, 3, 3])):
        folder.mkdir()
        write_labels(folder / "a.png", np.array([values], np.uint8))
    return predicted, truth


def evaluate(folders: tuple[Path, Path], *more: str) -> int:
    return run(parse(["evaluate", "--pred", str(folders[0]), "--truth", str(folders[1]), *more]))


def test_the_figures_are_printed(folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(folders) == ExitCode.DONE
    lines = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    said = {line[0].strip(): line[-1].strip() for line in lines if line[0]}
    assert said["Pixel accuracy"] == "50.0 %"
    assert said["Mean IoU over the 3 classes that occur"] == "33.3 %"
    assert said["Mean IoU over 150 classes, absent ones as 0"] == "0.7 %"
    assert said["Left unlabelled"] == "25.0 %"


def test_json_says_the_same_as_plain_data(folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(folders, "--json") == ExitCode.DONE
    record = json.loads(capsys.readouterr().out)
    assert record["pixel_accuracy"] == 0.5
    assert record["mean_iou_present"] == pytest.approx(1 / 3)
    assert len(record["classes"]) == 150
    assert record["classes"][149]["iou"] is None
    assert [(one["truth"], one["predicted"]) for one in record["confusions"]] == [(3, 0), (3, 2)]


def test_what_is_refused_is_told_and_is_exit_code_1(
    folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    write_labels(folders[1] / "b.png", np.ones((2, 2), np.uint8))
    write_labels(folders[0] / "c.png", np.ones((2, 2), np.uint8))
    assert evaluate(folders) == ExitCode.REFUSED
    said = capsys.readouterr().err
    assert "There is no prediction for b.png." in said
    assert "Left alone: 1 prediction without a truth." in said


def test_nothing_to_compare_is_exit_code_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert evaluate((tmp_path / "a", tmp_path / "b")) == ExitCode.NO_RESULT
    assert "Nothing could be compared." in capsys.readouterr().err


def test_a_folder_that_is_missing_is_exit_code_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate((tmp_path, tmp_path / "none")) == ExitCode.NO_RESULT
    assert capsys.readouterr().err.endswith("none does not exist.\n")


@pytest.mark.parametrize(
    ("pred", "truth", "reason"),
    [
        ("none", "truth", "none does not exist."),
        ("empty", "truth", "There are no PNGs in {tmp}/empty."),
        ("predicted", "empty", "There are no PNGs in {tmp}/empty."),
        ("truth", "truth", "What is compared with itself says nothing; give predictions and truth of their own."),
    ],
)
def test_why_there_is_nothing_to_compare(
    pred: str, truth: str, reason: str, folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    write_labels(folders[1] / "b.png", np.ones((2, 2), np.uint8))
    assert evaluate((tmp_path / pred, tmp_path / truth), "--json") == ExitCode.NO_RESULT
    said = capsys.readouterr()
    expected = reason.format(tmp=tmp_path)
    assert "1 refused:\n" in said.err
    assert said.err.splitlines()[1].endswith(expected)
    record = json.loads(said.out)
    assert record["pictures"] == 0
    assert [one["reason"].endswith(expected) for one in record["refused"]] == [True]


def test_the_page_is_written(folders: tuple[Path, Path], tmp_path: Path) -> None:
    assert evaluate(folders, "--report", str(tmp_path / "new" / "report.html")) == ExitCode.DONE
    assert "50.0 %" in (tmp_path / "new" / "report.html").read_text(encoding="utf-8")


def test_the_page_has_the_photos(folders: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (4, 1)).save(tmp_path / "photos" / "a.jpg")
    report = tmp_path / "report.html"
    assert evaluate(folders, "--report", str(report), "--images", str(tmp_path / "photos")) == ExitCode.DONE
    assert "<span>photo</span>" in report.read_text(encoding="utf-8")


def test_figures_are_told_where_the_page_cannot_be_written(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(folders, "--report", str(tmp_path), "--json") == ExitCode.REFUSED
    said = capsys.readouterr()
    assert json.loads(said.out)["pixel_accuracy"] == 0.5
    assert "a folder of that name is in the way" in said.err


def test_photos_that_are_not_there_are_told_before_anything_is_compared(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.html"
    assert evaluate(folders, "--report", str(report), "--images", str(tmp_path / "none")) == ExitCode.NO_RESULT
    assert capsys.readouterr().err.endswith("none does not exist.\n")
    assert not report.exists()


def test_photos_are_for_the_page(folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(folders, "--images", "photos") == ExitCode.USAGE
    assert capsys.readouterr() == ("", "--images is for --report: photos are shown in that page.\n")


def test_as_many_threads_as_asked_for_compare(folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def pool(count: int, **more: str) -> ThreadPoolExecutor:
        asked.append(count)
        return ThreadPoolExecutor(count, **more)

    monkeypatch.setattr("app.core.evaluation.ThreadPoolExecutor", pool)
    assert evaluate(folders, "--jobs", "3") == ExitCode.DONE
    assert asked == [3]


def test_where_all_is_right_no_list_of_confusions_is_begun(
    folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    (folders[0] / "a.png").write_bytes((folders[1] / "a.png").read_bytes())
    assert evaluate(folders) == ExitCode.DONE
    assert "taken for" not in capsys.readouterr().out


@pytest.mark.parametrize("jobs", ["0", "-1", "two"])
def test_jobs_are_a_whole_number(jobs: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        parse(["evaluate", "--pred", "a", "--truth", "b", f"--jobs={jobs}"])
    assert stopped.value.code == ExitCode.USAGE
    assert "is not a whole number from 1" in capsys.readouterr().err
