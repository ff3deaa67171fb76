"""Painted by a person, learned from in the terminal with a break, then used: the same project, store and processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.cli import parse, run
from app.commands import ExitCode
from app.core.ade_png import read_labels
from app.core.geometry import Box
from app.core.pictures import PictureStatus
from app.core.segment_map import human_value
from inference.weights_store import STORE_VARIABLE
from tests.app.working import SHAPE, Work
from tests.inference.learning.jobs import small_parent

ROOT = Path(__file__).resolve().parents[2]
SKY, FLOOR = 3, 4
PHOTOS = 4
STEPS = 24


def make_photo(path: Path, number: int) -> np.ndarray:
    """A bright sky over a dark floor; the mask of the sky."""
    y, x = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    sky = y < SHAPE[0] / 3 + x / 4 + 10 * number
    cv2.imwrite(str(path), np.where(sky[..., None], np.uint8([250, 160, 90]), np.uint8([20, 60, 110])))
    return np.asarray(sky)


def paint(work: Work, path: Path, sky: np.ndarray) -> None:
    """All of it, in two strokes; then it is done."""
    work.open(path)
    for mask, class_id in ((sky, SKY), (~sky, FLOOR)):
        stroke = work.session.begin_edit("Brush")
        assert stroke is not None
        stroke.paint(Box.of_shape(SHAPE), mask, human_value(class_id))
        stroke.commit()
    done = PictureStatus.DONE
    work.keeper.write(lambda projects: projects.store(path.parent).set_status(path.name, done))


def stopped_at_the_bar(arguments: list[str]) -> tuple[int, str]:
    """A terminal, and Ctrl-C as soon as it shows that something is learned: the exit code, and all that it showed."""
    import termios  # POSIX alone has it

    reading, writing = os.openpty()
    termios.tcsetwinsize(writing, (24, 120))
    child = subprocess.Popen(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=writing,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    os.close(writing)
    shown, asked = b"", False
    try:
        while part := os.read(reading, 4096):
            shown += part
            if b"Learning:" in shown and not asked:
                asked = True
                child.send_signal(signal.SIGINT)
    except OSError:  # the terminal has nobody left who writes
        pass
    finally:
        os.close(reading)
        if not asked:
            child.kill()
    return child.wait(timeout=60), shown.decode()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of POSIX")
def test_painted_learned_and_used(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(STORE_VARIABLE, str(tmp_path / "store"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # so little work is not worth sharing
    photos, mine = tmp_path / "photos", tmp_path / "mine.safetensors"
    photos.mkdir()
    parent = small_parent(tmp_path).file
    work = Work(qtbot)
    for number in range(PHOTOS):
        paint(work, photos / f"{number}.png", make_photo(photos / f"{number}.png", number))
    work.settle()

    words = ["finetune", str(photos), "-o", str(mine), "--model", str(parent), "--steps", str(STEPS), "--device", "cpu"]
    code, shown = stopped_at_the_bar(words)  # while the window has the project open
    assert code == ExitCode.INTERRUPTED, shown
    assert f"{PHOTOS} pictures of {photos} done" in shown
    assert "The decoder alone takes about" in shown
    assert "--resume goes on from there." in shown
    work.close()

    code = run(parse([*words, "--resume", "--json"]))
    report = json.loads(capsys.readouterr().out)
    assert code == (ExitCode.DONE if report["recommended"] else ExitCode.REFUSED)
    assert (report["trained"], report["held_back"]) == (3, 1)
    assert report["curve"][-1]["step"] == STEPS
    assert {one["class_id"] for one in report["classes"] if one["pixels"]} == {SKY, FLOOR}
    assert not mine.with_suffix(".learning").exists()

    assert run(parse(["weights", "add", str(mine), "--json"])) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out)["name"] == "mine"
    assert run(parse(["weights", "list", "--json"])) == ExitCode.DONE
    listed = {model["name"]: model for model in json.loads(capsys.readouterr().out)["models"]}
    assert listed["starter"]["lineage"] == {}
    lineage = listed["mine"]["lineage"]
    assert (lineage["parent"], lineage["pictures"], lineage["held_back"], lineage["steps"]) == ("tiny", 3, 1, STEPS)
    assert lineage["decided_pixels"] == 3 * SHAPE[0] * SHAPE[1]

    words = ["predict", str(photos), "-o", str(tmp_path / "labels"), "--model", "mine", "--mode", "semantic", "--json"]
    assert run(parse([*words, "--engine", "torch", "--device", "cpu"])) == ExitCode.DONE
    for number in range(PHOTOS):
        labels = read_labels(tmp_path / "labels" / f"{number}.png")
        assert labels.shape == SHAPE
        assert json.loads((tmp_path / "labels" / f"{number}.json").read_text(encoding="utf-8"))["model"] == "mine"
