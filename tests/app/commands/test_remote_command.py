"""`predict --engine remote`: the same files as with any other engine, and what is said of photos that leave."""

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

from app.cli import parse, run
from app.commands import ExitCode
from app.core.ade_png import png_origin, read_labels
from inference.remote_card import leaving
from tests.inference.remote_server import SECRET, Service, seen, service, silent, status

__all__ = ["service"]  # a fixture

SKY, GRASS = 3, 10
PATIENCE = 30  # seconds, half of those that the client waits for an answer


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(2):
        photo = np.full((48, 64 + number, 3), 220, np.uint8)
        photo[24:] = 30
        cv2.imwrite(str(folder / f"{number}.png"), photo)
    return folder


def command(photos: Path, out: Path, *more: str) -> int:
    words = ("predict", photos, "-o", out, "--engine", "remote", "--model", "fai-bf-m-ade", *more)
    return run(parse([str(word) for word in words]))


def test_a_folder_is_predicted_elsewhere(
    service: Service, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert command(photos, out, "--json", "--threshold", "0.7") == ExitCode.DONE
    labels = read_labels(out / "1.png")
    assert labels.shape == (48, 65)
    assert (labels[:24] == SKY).all()
    assert (labels[24:] == 0).all()  # its score is below the threshold
    (found,) = json.loads((out / "1.json").read_text())["detections"]
    assert (found["cls_id"], found["bbox"]) == (SKY, [0, 0, 65, 24])
    said = capsys.readouterr()
    assert leaving("127.0.0.1") in said.err
    assert "bisenetformer-m-ade (remote) on 127.0.0.1 (remote)" in said.out
    assert SECRET not in said.out + said.err
    assert not any(SECRET.encode() in file.read_bytes() for file in out.iterdir())


def test_what_is_there_is_not_sent_again(service: Service, photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert command(photos, out) == ExitCode.DONE
    text = png_origin((out / "0.png").read_bytes(), "0.png")
    assert text is not None
    assert json.loads(text)["model"] == "bisenetformer-m-ade (remote)"
    assert command(photos, out, "--resume") == ExitCode.DONE
    assert len(service.received) == 2
    assert command(photos, out, "--resume", "--threshold", "0.7") == ExitCode.DONE
    assert len(service.received) == 4


def test_photos_that_get_no_answer_are_named(
    service: Service, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service.replies = [seen, status(413)]
    assert command(photos, tmp_path / "out") == ExitCode.REFUSED
    assert "1.png: The photo is too large for 127.0.0.1 (HTTP 413)." in capsys.readouterr().err


def test_a_refused_key_ends_the_run_with_one_request(
    service: Service, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service.replies = [status(401)]
    assert command(photos, tmp_path / "out") == ExitCode.NO_RESULT
    assert len(service.received) == 1
    assert "does not accept the key" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="another kind of signal")
def test_control_c_does_not_wait_for_the_service(service: Service, photos: Path, tmp_path: Path) -> None:
    service.replies = [silent]
    words = ["predict", photos, "-o", tmp_path / "out", "--engine", "remote", "--model", "fai-bf-m-ade"]
    with subprocess.Popen(
        [sys.executable, "-m", "app", *map(str, words)],
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as child:
        assert service.asked.wait(PATIENCE)
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=PATIENCE)
    assert child.returncode == ExitCode.INTERRUPTED
    assert said.endswith("Stopped. 0 photos done; --resume goes on from there.\n")
    assert service.left.wait(PATIENCE)
    assert len(service.received) == 1


def test_help_says_that_photos_leave(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["predict", "--help"])
    assert "they leave this machine" in " ".join(capsys.readouterr().out.split())
