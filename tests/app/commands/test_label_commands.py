"""`ade-mask-studio validate` and `convert` as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.cli import parse, run
from app.commands import ExitCode
from app.core.ade_png import read_labels, write_labels, write_values

LABELS = np.resize(np.array([0, 1, 150], np.uint8), (4, 6))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One good file, and one with 255 for pixels to ignore."""
    (tmp_path / "labels").mkdir()
    write_labels(tmp_path / "labels" / "good.png", LABELS)
    write_values(tmp_path / "labels" / "ignored.png", np.where(LABELS == 0, 255, LABELS).astype(np.uint8))
    return tmp_path / "labels"


def type_in(*arguments: object) -> int:
    return run(parse([str(argument) for argument in arguments]))


def test_problems_are_printed_and_are_exit_code_1(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert type_in("validate", folder) == ExitCode.REFUSED
    said = capsys.readouterr().out
    assert f"{folder / 'ignored.png'}: ignored.png has 255 for pixels to ignore." in said
    assert "2 files looked at, 1 problem." in said
    assert "convert" in said


def test_no_problem_is_exit_code_0(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "ignored.png").unlink()
    assert type_in("validate", folder) == ExitCode.DONE
    assert capsys.readouterr().out == "1 file looked at, 0 problems.\n"


def test_nothing_to_look_at_is_exit_code_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert type_in("validate", tmp_path) == ExitCode.NO_RESULT
    assert "There are no PNGs" in capsys.readouterr().err
    assert type_in("validate", tmp_path / "none") == ExitCode.NO_RESULT


def test_photos_without_labels_are_problems_where_there_is_no_label_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (8, 6)).save(tmp_path / "photos" / "a.jpg")
    assert type_in("validate", tmp_path / "empty", "--images", tmp_path / "photos") == ExitCode.REFUSED
    said = capsys.readouterr().out
    assert "There are no labels for a.jpg." in said
    assert "0 files looked at, 1 problem." in said
    assert "`ade-mask-studio convert`" not in said  # which cannot help here


def test_problems_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    type_in("validate", folder, "--json")
    record = json.loads(capsys.readouterr().out)
    assert record["files"] == 2
    assert [problem["kind"] for problem in record["problems"]] == ["255 for pixels to ignore"]


def test_what_convert_makes_is_valid(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert type_in("convert", folder, "-o", tmp_path / "out") == ExitCode.DONE
    assert "2 files written" in capsys.readouterr().out
    assert type_in("validate", tmp_path / "out") == ExitCode.DONE
    assert np.array_equal(read_labels(tmp_path / "out" / "ignored.png"), LABELS)


def test_convert_tells_what_it_did_as_json(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "bad.png").write_bytes(b"")
    assert type_in("convert", folder, "-o", tmp_path / "out", "--json") == ExitCode.REFUSED
    record = json.loads(capsys.readouterr().out)
    assert {Path(one["file"]).name: one["conversion"] for one in record["written"]} == {
        "good.png": "ADE labels as they are",
        "ignored.png": "keeps each class and makes 255 unlabelled",
    }
    assert [Path(one["file"]).name for one in record["refused"]] == ["bad.png"]


def test_files_that_are_there_stay_unless_they_may_be_replaced(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("convert", folder / "ignored.png", "-o", tmp_path / "out")
    assert type_in(*words) == ExitCode.DONE
    assert type_in(*words) == ExitCode.NO_RESULT
    assert "is there already; --overwrite replaces it." in capsys.readouterr().err
    assert type_in(*words, "--overwrite") == ExitCode.DONE


def test_nothing_converted_is_exit_code_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert type_in("convert", tmp_path, "-o", tmp_path / "out") == ExitCode.NO_RESULT
    assert "Nothing was converted." in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_told_for_each_file(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").write_text("a file is in the way")
    assert type_in("convert", folder, "-o", tmp_path / "out") == ExitCode.NO_RESULT
    assert capsys.readouterr().err.count("cannot be made") == 2
