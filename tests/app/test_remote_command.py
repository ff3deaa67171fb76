"""`predict --engine remote`: the same files as with any other engine, and what is said of photos that leave."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.cli import parse, run
from app.commands import ExitCode
from app.core.ade_png import png_origin, read_labels
from inference.remote_card import leaving
from tests.inference.remote_server import SECRET, Service, seen, service, status

__all__ = ["service"]  # a fixture

SKY, GRASS = 3, 10


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


def test_help_says_that_photos_leave(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["predict", "--help"])
    assert "they leave this machine" in " ".join(capsys.readouterr().out.split())
