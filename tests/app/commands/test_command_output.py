"""Where the output of commands goes wrong: readers that leave, full disks, few characters, and errors as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app.cli import parse, run
from app.commands import ExitCode
from app.core.ade_png import write_labels
from inference.errors import WeightsError


def program(
    *words: str, stdout: int | None = subprocess.PIPE, encoding: str = "utf-8", unbuffered: str = ""
) -> subprocess.Popen[bytes]:
    """The program in a process of its own."""
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUNBUFFERED": unbuffered}
    command = [sys.executable, "-m", "app", *words]
    return subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE, env=environment)


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_leaves_ends_the_command_quietly(unbuffered: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = program("weights", "verify", "--json", stdout=writing, unbuffered=unbuffered)
    os.close(writing)
    _, said = process.communicate(timeout=60)
    assert process.returncode == ExitCode.UNREAD
    assert said == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_is_one_sentence(unbuffered: str) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    process = program("weights", "list", stdout=full, unbuffered=unbuffered)
    os.close(full)
    _, said = process.communicate(timeout=60)
    assert process.returncode == ExitCode.NO_RESULT
    assert said.decode().splitlines()[-1] == "The results cannot be written: No space left on device."
    assert b"Traceback" not in said


def test_an_error_of_a_file_is_not_taken_for_one_of_the_output(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> int:
        raise BrokenPipeError("a pipe inside the program")

    monkeypatch.setattr("app.commands.weights.run", broken)
    with pytest.raises(BrokenPipeError, match="inside"):
        run(parse(["weights", "list"]))


def test_help_is_printed_where_few_characters_are_known() -> None:
    process = program("predict", "--help", encoding="ascii")
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert b"--device auto|cpu" in said


def test_json_stays_json_where_few_characters_are_known(tmp_path: Path) -> None:
    write_labels(tmp_path / "a.png", np.ones((2, 2), np.uint8))
    name = "\u00e9\U0001f600.png"
    (tmp_path / name).write_text("no picture")
    process = program("validate", str(tmp_path), "--json", encoding="ascii")
    said, _ = process.communicate(timeout=60)
    assert process.returncode == ExitCode.REFUSED
    assert [Path(one["file"]).name for one in json.loads(said)["problems"]] == [name]


@pytest.mark.parametrize(
    "words",
    [
        ["validate", "none"],
        ["evaluate", "--pred", "none", "--truth", "none"],
        ["weights", "add", "none"],
        ["weights", "path", "none"],
        ["weights", "remove", "none"],
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_an_error_is_json_too(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    unknown_model = words[1] in ("path", "remove")
    assert run(parse([*words, "--json"])) == (ExitCode.USAGE if unknown_model else ExitCode.NO_RESULT)
    said = capsys.readouterr()
    assert json.loads(said.out) == {"error": said.err.strip()}
    assert "none" in said.err


def test_predict_prints_no_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def refused(_: object) -> int:
        raise WeightsError("There is no such model.")

    monkeypatch.setattr("app.commands.predict.run", refused)
    assert run(parse(["predict", "a.jpg", "-o", "labels", "--json"])) == ExitCode.NO_RESULT
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "There is no such model.\n"
