"""`predict` writes beside what is there: files of others are spared, odd names and links are photos like any other."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.commands import ExitCode
from app.core.errors import ExportError
from tests.app.commands.test_predict_command import QuickSegmenter, command, photos, quick

__all__ = ["photos", "quick"]  # fixtures


@pytest.mark.usefixtures("quick")
def test_files_of_others_are_never_replaced(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    out.mkdir()
    others = {"a.json": b'{"shapes": []}', "b_overlay.jpg": (photos / "a.jpg").read_bytes()}
    for name, content in others.items():
        (out / name).write_bytes(content)
    grey = Image.fromarray(np.full((9, 9), 200, np.uint8))
    assert command(photos, "-o", out, "--json", "--overlay") == ExitCode.NO_RESULT
    assert capsys.readouterr().err.count("is a file of another kind") == 2
    assert {path.name: path.read_bytes() for path in out.iterdir()} == others
    other = tmp_path / "grey"
    other.mkdir()
    grey.save(other / "a.png")
    assert command(photos / "a.jpg", "-o", other) == ExitCode.NO_RESULT
    with Image.open(other / "a.png") as kept:
        assert kept.getextrema() == (200, 200)


@pytest.mark.usefixtures("quick")
def test_an_overlay_is_known_without_its_labels(photos: Path, tmp_path: Path) -> None:
    """The process may have been killed between the two."""
    out = tmp_path / "out"
    assert command(photos, "-o", out, "--overlay") == ExitCode.DONE
    (out / "a.png").unlink()
    assert command(photos, "-o", out, "--overlay") == ExitCode.DONE
    assert (out / "a.png").exists()


@pytest.mark.usefixtures("quick")
def test_own_results_are_replaced(photos: Path, tmp_path: Path) -> None:
    for _ in range(2):
        assert command(photos, "-o", tmp_path / "out", "--json", "--overlay") == ExitCode.DONE


def test_output_that_cannot_be_written_is_said_before_the_network_runs(
    photos: Path, tmp_path: Path, quick: QuickSegmenter, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").write_text("a file")
    assert command(photos, "-o", tmp_path / "out") == ExitCode.NO_RESULT
    assert quick.seen == []
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.usefixtures("quick")
def test_two_links_to_one_photo_are_two_photos(photos: Path, tmp_path: Path) -> None:
    folder = tmp_path / "links"
    folder.mkdir()
    for name in ("one.jpg", "two.jpg"):
        (folder / name).symlink_to(photos / "a.jpg")
    assert command(folder, "-o", tmp_path / "out") == ExitCode.DONE
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["one.png", "two.png"]


@pytest.mark.usefixtures("quick")
def test_name_that_is_no_text_stops_nothing(photos: Path, tmp_path: Path) -> None:
    shutil.copy(photos / "a.jpg", os.fsencode(photos) + b"/\xff.jpg")
    assert command(photos, "-o", tmp_path / "out", "--json") == ExitCode.DONE
    for record in (tmp_path / "out").glob("*.json"):
        json.loads(record.read_bytes())
    assert len(list((tmp_path / "out").glob("*.json"))) == 3


def test_a_folder_that_takes_nothing_is_told_before_the_network_runs(
    photos: Path, tmp_path: Path, quick: QuickSegmenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def atomic_write(path: Path, _content: bytes) -> None:
        raise ExportError(f"The disk of {path.parent} is full.")

    monkeypatch.setattr("app.commands.predict_job.atomic_write", atomic_write)
    assert command(photos, "-o", tmp_path / "out") == ExitCode.NO_RESULT
    assert quick.seen == []
