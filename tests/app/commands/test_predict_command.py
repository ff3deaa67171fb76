"""`predict` from the photos to the files and the exit code, with a network that answers at once."""

from __future__ import annotations

import base64
import json
import os
import shutil
import struct
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from app.cli import parse, run
from app.commands import ExitCode
from inference.prediction import Prediction

SKY, TREE = 3, 5
U8 = NDArray[np.uint8]


@dataclass
class QuickSegmenter:
    """Says sky (score 0.9) above the middle and tree (score 0.6) below, whatever it is shown."""

    seen: list[tuple[int, ...]] = field(default_factory=list)
    interrupt_at: int | None = None
    at_once: int = 1
    card: Any = field(default_factory=lambda: SimpleNamespace(name="quick"))
    engine: Any = field(default_factory=lambda: SimpleNamespace(name="torch", device="cpu", reason="a test"))

    def prepare(self, image: U8) -> U8:
        return image

    def run(self, picture: U8, *, size: tuple[int, int]) -> Prediction:
        if len(self.seen) == self.interrupt_at:
            raise KeyboardInterrupt
        self.seen.append(picture.shape)
        class_probs = np.zeros((100, 150), np.float32)
        class_probs[0, SKY - 1], class_probs[1, TREE - 1] = 0.9, 0.6
        mask_probs = np.zeros((100, 4, 4), np.float32)
        mask_probs[0, :2], mask_probs[1, 2:] = 1, 1
        return Prediction(class_probs, mask_probs, size=size)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> QuickSegmenter:
    segmenter = QuickSegmenter()
    monkeypatch.setattr("app.commands.predict_job.load_segmenter", lambda *_: segmenter)
    return segmenter


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with two photos, 40 × 24 and 30 × 50 pixels, and a text that is none."""
    folder = tmp_path / "photos"
    folder.mkdir()
    random = np.random.default_rng(1)
    Image.fromarray(random.integers(0, 255, (24, 40, 3), dtype=np.uint8)).save(folder / "a.jpg")
    Image.fromarray(random.integers(0, 255, (50, 30, 3), dtype=np.uint8)).save(folder / "b.png")
    (folder / "notes.txt").write_text("not a photo")
    return folder


def command(*arguments: object) -> int:
    return run(parse(["predict", *map(str, arguments)]))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def plain_header(path: Path) -> tuple[int, int, int, int]:
    """Width, height, bit depth and colour type, read as the PNG specification says (11.2.1)."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">IIBB", data[16:26])


@pytest.mark.usefixtures("quick")
def test_a_folder_becomes_ade_pngs_that_everyone_reads_as_labels(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"
    assert command(photos, "-o", out) == ExitCode.DONE
    assert names(out) == ["a.png", "b.png"]
    assert plain_header(out / "a.png") == (40, 24, 8, 0)
    by_opencv = cv2.imread(str(out / "a.png"), cv2.IMREAD_UNCHANGED)
    with Image.open(out / "a.png") as picture:
        assert picture.mode == "L"
        by_pillow = np.asarray(picture)
    assert by_opencv is not None
    np.testing.assert_array_equal(by_opencv, by_pillow)
    assert by_pillow.shape == (24, 40)
    assert (by_pillow[0] == SKY).all()
    assert (by_pillow[-1] == TREE).all()


@pytest.mark.usefixtures("quick")
def test_the_threshold_switches_segments_off_and_semantic_labels_every_pixel(photos: Path, tmp_path: Path) -> None:
    assert command(photos / "a.jpg", "-o", tmp_path / "high", "--threshold", 0.7) == ExitCode.DONE
    assert set(np.unique(np.asarray(Image.open(tmp_path / "high" / "a.png")))) == {0, SKY}
    assert command(photos / "a.jpg", "-o", tmp_path / "all", "--threshold", 0.7, "--mode", "semantic") == ExitCode.DONE
    assert set(np.unique(np.asarray(Image.open(tmp_path / "all" / "a.png")))) == {SKY, TREE}


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("mode", ["segments", "semantic"])
def test_detections_and_overlay_are_written_when_asked_for(photos: Path, tmp_path: Path, mode: str) -> None:
    out = tmp_path / "out"
    assert command(photos / "a.jpg", "-o", out, "--json", "--overlay", "--mode", mode) == ExitCode.DONE
    assert names(out) == ["a.json", "a.png", "a_overlay.jpg"]
    with Image.open(out / "a_overlay.jpg") as overlay:
        assert overlay.size == (40, 24)
    detections = json.loads((out / "a.json").read_text())["detections"]
    labels = np.asarray(Image.open(out / "a.png"))
    rebuilt = np.zeros_like(labels)
    for detection in detections:
        x1, y1, x2, y2 = detection["bbox"]
        mask = np.asarray(Image.open(BytesIO(base64.b64decode(detection["mask"]))))
        rebuilt[y1:y2, x1:x2][mask > 0] = detection["cls_id"]
    np.testing.assert_array_equal(rebuilt, labels)


def test_resume_does_only_what_is_missing_damaged_or_of_another_photo(
    photos: Path, tmp_path: Path, quick: QuickSegmenter, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    for index in range(5):
        shutil.copy(photos / "a.jpg", photos / f"{index}.jpg")
    assert command(photos, "-o", out) == ExitCode.DONE
    assert len(quick.seen) == 7
    (out / "0.png").unlink()
    (out / "1.png").write_bytes((out / "1.png").read_bytes()[:60])
    os.utime(out / "2.png", (1, 1))  # no matter: it says itself what it was made of
    shutil.copy(out / "b.png", out / "3.png")
    quick.seen.clear()
    capsys.readouterr()
    assert command(photos, "-o", out, "--resume") == ExitCode.DONE
    assert len(quick.seen) == 3
    assert "3 photos done" in capsys.readouterr().out
    assert plain_header(out / "3.png")[:2] == (40, 24)


def test_resume_wants_every_file_that_was_asked_for(photos: Path, tmp_path: Path, quick: QuickSegmenter) -> None:
    out = tmp_path / "out"
    assert command(photos, "-o", out) == ExitCode.DONE
    quick.seen.clear()
    assert command(photos, "-o", out, "--resume", "--json") == ExitCode.DONE
    assert len(quick.seen) == 2
    quick.seen.clear()
    assert command(photos, "-o", out, "--resume", "--json") == ExitCode.DONE
    assert quick.seen == []


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tiff"])
def test_resume_knows_that_a_photo_may_lie_on_its_side(tmp_path: Path, quick: QuickSegmenter, suffix: str) -> None:
    photo = Image.fromarray(np.zeros((24, 40, 3), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    photo.save(tmp_path / f"turned.{suffix}", exif=exif)
    arguments = (tmp_path / f"turned.{suffix}", "-o", tmp_path / "out", "--resume")
    assert command(*arguments) == ExitCode.DONE
    assert plain_header(tmp_path / "out" / "turned.png")[:2] == (24, 40)
    assert command(*arguments) == ExitCode.DONE
    assert len(quick.seen) == 1


@pytest.mark.usefixtures("quick")
def test_what_cannot_be_read_is_reported_at_the_end_and_the_rest_is_done(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "empty.jpg").touch()
    (photos / "torn.jpg").write_bytes((photos / "a.jpg").read_bytes()[:300])
    (photos / "disguised.png").write_text("Dear diary,")
    out = tmp_path / "out"
    assert command(photos, photos / "notes.txt", photos / "missing.jpg", "-o", out) == ExitCode.REFUSED
    assert names(out) == ["a.png", "b.png"]
    said = capsys.readouterr()
    assert "2 photos done" in said.out
    assert "5 photos refused:" in said.err
    for name in ("empty.jpg", "torn.jpg", "disguised.png", "notes.txt", "missing.jpg"):
        assert said.err.count(f"{photos / name} ") == 1
        assert said.err.count(name) == 1
    assert "Traceback" not in said.err


@pytest.mark.usefixtures("quick")
def test_the_wrong_suffix_does_not_matter_when_it_is_a_photo(photos: Path, tmp_path: Path) -> None:
    (photos / "a.jpg").rename(photos / "really-a-jpeg.tiff")
    assert command(photos / "really-a-jpeg.tiff", "-o", tmp_path / "out") == ExitCode.DONE


@pytest.mark.usefixtures("quick")
def test_the_smallest_and_the_longest_photo(tmp_path: Path) -> None:
    Image.new("RGB", (1, 1)).save(tmp_path / "dot.png")
    Image.new("L", (30_000, 200)).save(tmp_path / "strip.png")
    out = tmp_path / "out"
    assert command(tmp_path / "dot.png", tmp_path / "strip.png", "-o", out, "--overlay") == ExitCode.DONE
    assert plain_header(out / "dot.png")[:2] == (1, 1)
    assert plain_header(out / "strip.png")[:2] == (30_000, 200)


def test_nothing_to_show_for_it_is_exit_code_3(
    tmp_path: Path, quick: QuickSegmenter, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty.jpg").touch()
    assert command(tmp_path / "empty.jpg", "-o", tmp_path / "out") == ExitCode.NO_RESULT
    (tmp_path / "bare").mkdir()
    assert command(tmp_path / "bare", "-o", tmp_path / "out") == ExitCode.NO_RESULT
    assert "There are no pictures in this folder." in capsys.readouterr().err
    assert quick.seen == []


@pytest.mark.usefixtures("quick")
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="this user may read every folder")
def test_a_folder_without_permission_is_a_sentence(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(0)
    try:
        assert command(closed, photos, "-o", tmp_path / "out") == ExitCode.REFUSED
    finally:
        closed.chmod(0o700)
    assert f"{closed}: " in capsys.readouterr().err


@pytest.mark.usefixtures("quick")
def test_a_folder_that_the_system_will_not_list_is_a_sentence(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same for users whom no permission stops: the system's refusal is put in its place."""
    closed = tmp_path / "closed"
    closed.mkdir()
    with monkeypatch.context() as patch:
        for owner, name in ((Path, "iterdir"), (os, "scandir"), (os, "listdir")):
            original = getattr(owner, name)

            def refuse(path: Any = ".", *rest: Any, original: Any = original) -> Any:
                if Path(path) == closed:
                    raise PermissionError(13, "Permission denied", str(path))
                return original(path, *rest)

            patch.setattr(owner, name, refuse)
        assert command(closed, photos, "-o", tmp_path / "out") == ExitCode.REFUSED
    assert f"{closed}: " in capsys.readouterr().err


@pytest.mark.usefixtures("quick")
def test_two_photos_of_one_name_never_overwrite_each_other(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    Image.new("RGB", (7, 5)).save(other / "a.png")
    out = tmp_path / "out"
    assert command(photos / "a.jpg", other / "a.png", "-o", out) == ExitCode.REFUSED
    assert plain_header(out / "a.png")[:2] == (40, 24)
    assert "would get the same name a.png" in capsys.readouterr().err


def test_a_photo_named_twice_is_done_once(photos: Path, tmp_path: Path, quick: QuickSegmenter) -> None:
    assert command(photos / "a.jpg", photos, photos / ".." / "photos" / "a.jpg", "-o", tmp_path / "o") == ExitCode.DONE
    assert len(quick.seen) == 2


@pytest.mark.usefixtures("quick")
def test_results_never_overwrite_a_photo(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path.name: path.read_bytes() for path in photos.iterdir()}
    # b.png is a photo and would become b.png; a second photo a.png stands where a.jpg's labels would go.
    Image.new("RGB", (9, 9)).save(photos / "a.png")
    before["a.png"] = (photos / "a.png").read_bytes()
    assert command(photos / "b.png", photos / "a.jpg", "-o", photos) == ExitCode.NO_RESULT
    assert {path.name: path.read_bytes() for path in photos.iterdir()} == before
    assert capsys.readouterr().err.count("use another") == 2


@pytest.mark.usefixtures("quick")
def test_an_overlay_never_overwrites_a_photo(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(photos / "a.jpg", photos / "a_overlay.jpg")
    before = (photos / "a_overlay.jpg").read_bytes()
    assert command(photos / "a.jpg", photos / "a_overlay.jpg", "-o", photos, "--overlay") == ExitCode.REFUSED
    assert (photos / "a_overlay.jpg").read_bytes() == before
    assert "would overwrite a photo of that name" in capsys.readouterr().err


def test_control_c_keeps_what_is_done_and_leaves_no_half_file(
    photos: Path, tmp_path: Path, quick: QuickSegmenter, capsys: pytest.CaptureFixture[str]
) -> None:
    quick.interrupt_at = 1
    out = tmp_path / "out"
    assert command(photos, "-o", out) == ExitCode.INTERRUPTED
    assert names(out) == ["a.png"]
    assert "Stopped. 1 photo done; --resume goes on from there." in capsys.readouterr().err
    quick.interrupt_at = None
    assert command(photos, "-o", out, "--resume") == ExitCode.DONE
    assert names(out) == ["a.png", "b.png"]


@pytest.mark.usefixtures("quick")
def test_an_output_folder_that_is_a_file_is_a_sentence(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").write_text("mine")
    assert command(photos, "-o", tmp_path / "out") == ExitCode.NO_RESULT
    assert (tmp_path / "out").read_text() == "mine"
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.usefixtures("quick")
def test_a_photo_that_is_not_there_is_named_once(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command(photos, tmp_path / "nothere.jpg", "-o", tmp_path / "out")
    assert capsys.readouterr().err.endswith(f"1 photo refused:\n  {tmp_path / 'nothere.jpg'} does not exist.\n")
