"""ADE PNGs: what is written is what other programs read, and what is no ADE PNG is named."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from app.core import ade_png
from app.core.ade_png import read_labels, write_labels
from app.core.errors import ExportError, LabelsError

LABELS = np.random.default_rng(0).integers(0, 151, (37, 53), dtype=np.uint8)
in_one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def read_plainly(path: Path) -> np.ndarray:
    """Header fields and pixels by hand, for PNGs of 8-bit greyscale that are not interlaced."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert data[12:16] == b"IHDR"
    width, height, depth, colour_type, compression, filtering, interlace = struct.unpack(">IIBBBBB", data[16:29])
    assert (depth, colour_type, compression, filtering, interlace) == (8, 0, 0, 0, 0)
    position, packed, kinds = 8, b"", []
    while position < len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        kinds.append(kind)
        if kind == b"IDAT":
            packed += data[position + 8 : position + 8 + length]
        position += length + 12
    assert b"PLTE" not in kinds
    assert kinds[-1] == b"IEND"
    raw = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, width + 1).astype(int)
    rows = np.zeros((height + 1, width), int)
    for y, (kind, *line) in enumerate(raw.tolist()):
        assert kind in (0, 2)  # filters "none" and "up"
        rows[y + 1] = (np.array(line) + (rows[y] if kind == 2 else 0)) % 256
    return rows[1:]


@given(arrays(np.uint8, st.tuples(st.integers(1, 20), st.integers(1, 20)), elements=st.integers(0, 150)))
@in_one_folder
def test_everyone_reads_what_was_written(tmp_path: Path, labels: np.ndarray) -> None:
    path = tmp_path / "Ü 1.png"
    write_labels(path, labels)
    assert np.array_equal(read_labels(path), labels)
    assert np.array_equal(read_plainly(path), labels)
    assert np.array_equal(cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED), labels)
    assert np.array_equal(cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_GRAYSCALE), labels)
    with Image.open(path) as picture:
        assert picture.mode == "L"
        assert np.array_equal(np.asarray(picture), labels)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("shape", [(1, 1), (1, 30_000), (30_000, 1), (200, 3000)])
def test_odd_sizes(tmp_path: Path, shape: tuple[int, int]) -> None:
    labels = np.random.default_rng(2).integers(0, 151, shape, dtype=np.uint8)
    write_labels(tmp_path / "a.png", labels)
    assert np.array_equal(read_plainly(tmp_path / "a.png"), labels)


@pytest.mark.parametrize(
    "labels",
    [np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2), int), np.full((2, 2), 151, np.uint8), np.zeros((0, 2), np.uint8)],
    ids=["colour", "int64", "151", "empty"],
)
def test_only_labels_are_written(tmp_path: Path, labels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="not a label map"):
        write_labels(tmp_path / "a.png", labels)
    assert not list(tmp_path.iterdir())


def test_a_file_that_does_not_come_back_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_as_is = ade_png.atomic_write
    other = LABELS.copy()
    other[20, 20] ^= 1
    wrong = [cv2.imencode(".png", other)[1].tobytes(), b"nonsense"]
    monkeypatch.setattr(ade_png, "atomic_write", lambda path, _data: write_as_is(path, wrong.pop(0)))
    with pytest.raises(ExportError, match=r"a.png was written, but does not read back as it was"):
        write_labels(tmp_path / "a.png", LABELS)
    with pytest.raises(ExportError, match=r"a.png was written, but cannot be read back: a.png is not a PNG\.$"):
        write_labels(tmp_path / "a.png", LABELS)


def png_of(picture: Image.Image, path: Path, **options: object) -> Path:
    picture.save(path, "PNG", **options)
    return path


def test_what_is_no_ade_png_is_named(tmp_path: Path) -> None:
    grey = Image.fromarray(LABELS)
    path = tmp_path / "a.png"
    for wrong, sentence in (
        (grey.convert("P"), "holds 8-bit palette pixels; ADE labels are 8-bit greyscale"),
        (grey.convert("RGB"), "holds 8-bit colour pixels"),
        (grey.convert("RGBA"), "holds 8-bit colour with alpha pixels"),
        (grey.convert("LA"), "holds 8-bit greyscale with alpha pixels"),
        (grey.convert("1"), "holds 1-bit greyscale pixels"),
        (Image.fromarray(LABELS.astype(np.uint16)), "holds 16-bit greyscale pixels"),
    ):
        with pytest.raises(LabelsError, match=rf"^a.png {sentence}.*\.$"):
            read_labels(png_of(wrong, path))
    ignored = LABELS.copy()
    ignored[0, 0] = 255
    with pytest.raises(LabelsError, match=r"a.png holds the value 255; ADE labels go from 0 to 150\.$"):
        read_labels(png_of(Image.fromarray(ignored), path))
    grey.save(path, "BMP")
    with pytest.raises(LabelsError, match="is not a PNG"):
        read_labels(path)
    path.write_bytes(b"")
    with pytest.raises(LabelsError, match="is empty"):
        read_labels(path)
    with pytest.raises(LabelsError, match=r"gone.png does not exist\.$"):
        read_labels(tmp_path / "gone.png")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("written") / "a.png"
    write_labels(path, LABELS)
    return path.read_bytes()


@given(st.data())
@in_one_folder
def test_damage_is_never_read_as_labels(tmp_path: Path, written: bytes, data: st.DataObject) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(written[: data.draw(st.integers(0, len(written) - 1))])
    with pytest.raises(LabelsError, match=r"a.png is (cut off|empty|not a PNG)\.$"):
        read_labels(path)
    damaged = bytearray(written)
    damaged[data.draw(st.integers(0, len(written) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(damaged)
    with pytest.raises(LabelsError, match=r"a.png "):
        read_labels(path)


def test_right_checksums_around_nonsense(tmp_path: Path, written: bytes) -> None:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = written[16:29]
    path = tmp_path / "a.png"
    for chunks in (
        chunk(b"IHDR", header) + chunk(b"IDAT", b"not packed") + chunk(b"IEND", b""),
        chunk(b"IHDR", header) + chunk(b"IEND", b""),
        chunk(b"IDAT", b"") + chunk(b"IEND", b""),
        chunk(b"IEND", b""),
        chunk(b"IHDR", b"short") + chunk(b"IEND", b""),
    ):
        path.write_bytes(written[:8] + chunks)
        with pytest.raises(LabelsError, match=r"a.png is (damaged|cut off)\.$"):
            read_labels(path)


def test_labels_are_packed_by_runs_alone_which_costs_areas_as_they_are_in_photos_little(tmp_path: Path) -> None:
    write_labels(tmp_path / "a.png", np.tile(np.arange(1, 9, dtype=np.uint8), (1, 500)))
    assert (tmp_path / "a.png").stat().st_size > 1000  # no run in it: nothing else was looked for, which takes long
    noise = np.random.default_rng(3).normal(size=(400, 600)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 25)
    labels = np.digitize(smooth, np.quantile(smooth, np.linspace(0.1, 0.9, 9))).astype(np.uint8)
    write_labels(tmp_path / "b.png", labels)
    options = (cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP, cv2.IMWRITE_PNG_COMPRESSION, 6)
    usual = cv2.imencode(".png", labels, options)[1]
    assert (tmp_path / "b.png").stat().st_size < 1.1 * len(usual)
