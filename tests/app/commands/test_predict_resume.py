"""`predict --resume`: what is done and unchanged is left alone, all else is made anew, whenever a run was killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pytest

from app.commands import ExitCode
from app.core.ade_png import png_origin, read_labels, write_labels
from tests.app.commands.test_predict_command import QuickSegmenter, command, photos, quick

__all__ = ["photos", "quick"]  # fixtures

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 60.0  # seconds
KILLS = 8
LONGEST_LIFE = 0.5  # seconds from the beginning of a run until it is killed


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def resumed(quick: QuickSegmenter, *arguments: object) -> int:
    """How many photos a resumed run looked at."""
    quick.seen.clear()
    assert command(*arguments, "--resume") == ExitCode.DONE
    return len(quick.seen)


def test_labels_say_what_they_were_made_of(photos: Path, tmp_path: Path, quick: QuickSegmenter) -> None:
    out = tmp_path / "out"
    assert command(photos, "-o", out, "--threshold", 0.7, "--json") == ExitCode.DONE
    text = png_origin((out / "a.png").read_bytes(), "a.png")
    assert text is not None
    told = json.loads(text)
    assert told["model"] == "starter"
    assert len(told["weights"]) == 64
    assert (told["mode"], told["threshold"]) == ("segments", 0.7)
    assert told["photo"]["size"] == (photos / "a.jpg").stat().st_size
    assert list(told["files"]) == [".json"]


@pytest.mark.parametrize("other", [("--threshold", 0.7), ("--mode", "semantic")])
def test_other_options_make_other_labels(
    photos: Path, tmp_path: Path, quick: QuickSegmenter, other: tuple[object, ...]
) -> None:
    out = tmp_path / "out"
    assert resumed(quick, photos, "-o", out) == 2
    assert resumed(quick, photos, "-o", out) == 0
    assert resumed(quick, photos, "-o", out, *other) == 2
    assert resumed(quick, photos, "-o", out, *other) == 0


def test_the_semantic_view_knows_no_threshold(photos: Path, tmp_path: Path, quick: QuickSegmenter) -> None:
    out = tmp_path / "out"
    assert resumed(quick, photos, "-o", out, "--mode", "semantic") == 2
    assert resumed(quick, photos, "-o", out, "--mode", "semantic", "--threshold", 0.9) == 0


def test_another_model_is_another_result(photos: Path, tmp_path: Path, quick: QuickSegmenter, samples: Path) -> None:
    out = tmp_path / "out"
    starter = ROOT / "resources" / "models"
    assert resumed(quick, photos, "-o", out) == 2
    for file in starter.glob("starter*"):
        shutil.copy(file, tmp_path / file.name)
    card = next(tmp_path.glob("starter*.json"))
    card.write_text(json.dumps({**json.loads(card.read_text()), "name": "mine"}))
    weights = next(path for path in tmp_path.glob("starter*") if path.suffix != ".json")
    assert resumed(quick, photos, "-o", out, "--model", weights) == 2
    assert resumed(quick, photos, "-o", out, "--model", weights) == 0


def test_a_photo_that_changed_is_done_again(photos: Path, tmp_path: Path, quick: QuickSegmenter) -> None:
    out = tmp_path / "out"
    assert resumed(quick, photos, "-o", out) == 2
    before = (photos / "a.jpg").stat()
    cv2.imwrite(str(photos / "a.jpg"), np.zeros((24, 40, 3), np.uint8))
    os.utime(photos / "a.jpg", ns=(before.st_atime_ns, before.st_mtime_ns))  # no clock tells
    assert resumed(quick, photos, "-o", out) == 1
    os.utime(photos / "a.jpg", (1, 1))
    assert resumed(quick, photos, "-o", out) == 1


@pytest.mark.parametrize("name", ["a.json", "a_overlay.jpg"])
def test_files_beside_the_labels_belong_to_them(photos: Path, tmp_path: Path, quick: QuickSegmenter, name: str) -> None:
    out, more = tmp_path / "out", ("--json", "--overlay")
    assert resumed(quick, photos, "-o", out, "--threshold", 0.7, *more) == 2
    assert resumed(quick, photos, "-o", out) == 2  # the labels alone: what lies beside them is of other ones now
    assert resumed(quick, photos, "-o", out, *more) == 2
    (out / name).write_bytes((out / name).read_bytes()[:-9])
    assert resumed(quick, photos, "-o", out) == 0  # not asked for
    quick.seen.clear()
    if name.endswith(".json"):  # what cannot be read as ours is somebody's
        assert command(photos, "-o", out, *more, "--resume") == ExitCode.REFUSED
        (out / name).unlink()
    assert resumed(quick, photos, "-o", out, *more) == 1
    assert resumed(quick, photos, "-o", out, *more) == 0


def test_labels_without_an_origin_are_left_alone_and_counted(
    photos: Path, tmp_path: Path, quick: QuickSegmenter, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exported from the window, say: they hold corrections."""
    out = tmp_path / "out"
    assert resumed(quick, photos, "-o", out) == 2
    corrected = np.full((24, 40), 7, np.uint8)
    write_labels(out / "a.png", corrected)
    capsys.readouterr()
    assert resumed(quick, photos, "-o", out, "--threshold", 0.7) == 1
    np.testing.assert_array_equal(read_labels(out / "a.png"), corrected)
    assert "Left alone: 1 photo with labels" in capsys.readouterr().out
    write_labels(out / "a.png", corrected[:9])  # of no such photo
    assert resumed(quick, photos, "-o", out, "--threshold", 0.7) == 1


def test_leftovers_of_a_killed_run_go(photos: Path, tmp_path: Path, quick: QuickSegmenter) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name in (".0123456789abcdef.part", ".fedcba9876543210.part", "mine.part"):
        (out / name).write_bytes(b"half")
    os.utime(out / ".0123456789abcdef.part", (1, 1))
    os.utime(out / "mine.part", (1, 1))
    assert command(photos, "-o", out) == ExitCode.DONE
    assert sorted(content(out)) == [".fedcba9876543210.part", "a.png", "b.png", "mine.part"]


@contextmanager
def runs(folder: Path) -> Iterator[Callable[..., int]]:
    """Runs of `predict` over a folder in processes of their own; each gives its exit code, killed or not."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.app.predict_child", str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )

    def one(out: Path, *, killed_after: float = PATIENCE) -> int:
        """Seconds are counted from the beginning of the run."""
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(f"{out}\n")
        child.stdin.flush()
        timer = threading.Timer(killed_after, kill, [int(child.stdout.readline())])
        timer.start()
        code = int(child.stdout.readline())
        timer.cancel()
        return code

    with child:
        yield one
        _, said = child.communicate()
        assert "Traceback" not in said


def kill(process: int) -> None:
    with suppress(ProcessLookupError):  # it has ended in this moment
        os.kill(process, signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system kills otherwise")
def test_killed_at_any_moment_it_goes_on_and_ends_as_if_it_never_was(tmp_path: Path) -> None:
    folder, straight, out = (tmp_path / name for name in ("photos", "straight", "out"))
    folder.mkdir()
    random = Random()
    noise = np.random.default_rng(0)
    for number in range(30):
        cv2.imwrite(str(folder / f"{number}.jpg"), noise.integers(0, 255, (300, 400, 3), dtype=np.uint8))
    with runs(folder) as run:
        assert run(straight) == ExitCode.DONE
        killed, known = 0, 0
        for _ in range(KILLS):
            killed += run(out, killed_after=random.uniform(0, LONGEST_LIFE)) == -signal.SIGKILL
            there = content(out) if out.exists() else {}
            for name, data in there.items():
                if not name.endswith(".part"):
                    assert data == (straight / name).read_bytes(), f"{name} is not whole"
            done = sum(name.endswith(".png") for name in there)
            assert done >= known
            known = done
        assert killed
        assert run(out) == ExitCode.DONE
        leftovers = [path for path in out.iterdir() if path.suffix == ".part"]
        for path in leftovers:
            os.utime(path, (1, 1))
        (out / "0.png").unlink()
        assert run(out) == ExitCode.DONE
    assert content(out) == content(straight)


@pytest.fixture
def nested(photos: Path) -> Path:
    """Photos in a folder and in those below it, two of them with one name."""
    for name in ("trip/a.jpg", "trip/day 2/a.jpg"):
        (photos / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(photos / "a.jpg", photos / name)
    return photos


def everything(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_results_of_sub_folders_lie_in_the_same_sub_folders_and_are_gone_on_with(
    nested: Path, tmp_path: Path, quick: QuickSegmenter
) -> None:
    out = tmp_path / "out"
    assert resumed(quick, nested, "-o", out) == 2
    assert everything(out) == ["a.png", "b.png"]
    assert resumed(quick, nested, "-o", out, "--recursive", "--json") == 4
    wanted = ["a.json", "a.png", "b.json", "b.png"]
    wanted += [f"trip/{name}" for name in ("a.json", "a.png", "day 2/a.json", "day 2/a.png")]
    assert everything(out) == wanted
    assert read_labels(out / "trip" / "day 2" / "a.png").shape == (24, 40)
    assert resumed(quick, nested, "-o", out, "--recursive", "--json") == 0
    (out / "trip" / "a.json").unlink()
    leftover = out / "trip" / f".{'0' * 16}.part"
    leftover.write_bytes(b"half")
    os.utime(leftover, (0, 0))
    assert resumed(quick, nested, "-o", out, "--recursive", "--json") == 1
    assert everything(out) == wanted


def test_results_below_the_photos_are_no_photos(nested: Path, quick: QuickSegmenter) -> None:
    out = nested / "labels"
    assert resumed(quick, nested, "-o", out, "--recursive", "--overlay") == 4
    assert resumed(quick, nested, "-o", out, "--recursive", "--overlay") == 0


def test_of_two_folders_the_same_name_below_is_refused(
    nested: Path, tmp_path: Path, quick: QuickSegmenter, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    shutil.copytree(nested / "trip", other / "trip")
    assert command(nested, other, "-o", tmp_path / "out", "--recursive") == ExitCode.REFUSED
    assert len(quick.seen) == 4
    assert "would get the same name trip/a.png" in capsys.readouterr().err
