"""Files that hold no labels, or damage: each is told in one sentence, and nothing is read from it."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from app.core.ade_png import write_labels
from app.core.errors import LabelsError
from app.core.import_labels import Kind, inspect, read
from tests.core.import_labels.label_files import (
    FRAME,
    LABELS,
    any_colours,
    any_labels,
    as_colours,
    check_refusal,
    chunk,
    grey,
    in_one_folder,
    indexed,
    one_sentence,
    png,
    shapes,
)


def test_another_size(tmp_path: Path) -> None:
    grey(LABELS.T.copy(), tmp_path / "a.png")
    check_refusal(tmp_path / "a.png", Kind.WRONG_SIZE, "37 x 53 pixels where the photo has 53 x 37 pixels, and other")


def test_a_size_is_told_without_decoding(tmp_path: Path) -> None:
    header = struct.pack(">IIBBBBB", 100_000, 200_000, 8, 0, 0, 0, 0)
    (tmp_path / "a.png").write_bytes(png(header, chunk(b"IDAT", b"x")))
    check_refusal(tmp_path / "a.png", Kind.WRONG_SIZE, "100000 x 200000 pixels")
    assert inspect(tmp_path / "a.png").kinds == (Kind.DAMAGED,)


@given(any_labels, st.integers(151, 254))
@in_one_folder
def test_values_over_150(tmp_path: Path, labels: np.ndarray, wrong: int) -> None:
    labels[0, 0] = wrong
    grey(labels, tmp_path / "a.png")
    finding = inspect(tmp_path / "a.png")
    assert finding.kinds == (Kind.OVER_150,)
    assert finding.sentence == f"a.png holds the value {wrong}; labels go from 0 to 150."
    grey(np.dstack([labels] * 3), tmp_path / "a.png")
    assert inspect(tmp_path / "a.png").sentence == finding.sentence
    indexed(labels, tmp_path / "a.png", any_colours(1))
    assert inspect(tmp_path / "a.png").sentence == finding.sentence
    grey(labels.astype(np.uint16) + 300, tmp_path / "a.png")
    assert inspect(tmp_path / "a.png").kinds == (Kind.OVER_150,)


def test_a_photo_in_grey(tmp_path: Path) -> None:
    grey(np.arange(37 * 53).reshape(37, 53).astype(np.uint8), tmp_path / "a.png")
    check_refusal(tmp_path / "a.png", Kind.OVER_150, "holds 105 values over 150, up to 255; labels go from 0 to 150")


@given(arrays(np.uint8, shapes, elements=st.sampled_from([0, 255])))
@in_one_folder
def test_masks(tmp_path: Path, mask: np.ndarray) -> None:
    grey(mask, tmp_path / "a.png")
    assert (inspect(tmp_path / "a.png").kind is Kind.MASK) == bool(mask.any())
    Image.fromarray(mask).convert("1").save(tmp_path / "b.png")
    finding = inspect(tmp_path / "b.png")
    assert finding.kind is Kind.MASK
    assert finding.sentence == "b.png has 1 bit per pixel: it is a mask of yes and no, not labels."


@pytest.mark.parametrize("depth", [2, 4])
def test_few_bits_of_grey(tmp_path: Path, depth: int) -> None:
    rows = np.zeros((37, -(-53 * depth // 8) + 1), np.uint8)
    header = struct.pack(">IIBBBBB", 53, 37, depth, 0, 0, 0, 0)
    (tmp_path / "a.png").write_bytes(png(header, chunk(b"IDAT", zlib.compress(rows.tobytes()))))
    check_refusal(tmp_path / "a.png", Kind.FEW_BITS, f"has {depth} bits of grey per pixel")


def test_colours_that_are_no_labels(tmp_path: Path) -> None:
    colours = as_colours(LABELS)
    colours[3, 4] = 1, 2, 3
    colours[3, 5] = 9, 2, 3
    grey(colours, tmp_path / "a.png")
    check_refusal(tmp_path / "a.png", Kind.OTHER_COLOURS, r"has 2 colours that stand for no class.*\(1, 2, 3\)")
    cv2.imwrite(str(tmp_path / "b.png"), colours.astype(np.uint16) * 3)
    check_refusal(tmp_path / "b.png", Kind.OTHER_COLOURS, "16 bits per channel")


@given(arrays(np.int64, shapes, elements=st.integers(1, 3688)), st.integers(1, 20))
@in_one_folder
def test_the_full_ade20k(tmp_path: Path, classes: np.ndarray, instance: int) -> None:
    colours = np.dstack([classes // 256 * 10, classes % 256, np.full(classes.shape, instance)])
    grey(colours.astype(np.uint8), tmp_path / "a_seg.png")
    finding = inspect(tmp_path / "a_seg.png")
    assert finding.kinds == (Kind.FULL_ADE,) or finding.kind in (Kind.THREE_CHANNELS, Kind.COLOUR)
    if (classes > 512).any():
        assert finding.kinds == (Kind.FULL_ADE,)
        assert one_sentence(finding.sentence)


@pytest.mark.parametrize("kind", ["JPEG", "BMP", "TIFF", "GIF", "WebP"])
def test_pictures_of_other_kinds(tmp_path: Path, kind: str) -> None:
    Image.fromarray(LABELS).save(tmp_path / "a.png", kind)
    check_refusal(tmp_path / "a.png", Kind.NOT_PNG, f"is a {kind} picture")


def test_what_is_no_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    check_refusal(path, Kind.UNREADABLE, r"^a.png does not exist\.$")
    (tmp_path / "folder.png").mkdir()
    check_refusal(tmp_path / "folder.png", Kind.UNREADABLE, "folder.png cannot be read: ")
    path.write_bytes(b"")
    check_refusal(path, Kind.DAMAGED, r"^a.png is empty\.$")
    path.write_text("1 2 3")
    check_refusal(path, Kind.NOT_A_PICTURE, r"^a.png is not a picture\.$")
    write_labels(path, LABELS)
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    check_refusal(path, Kind.DAMAGED, r"^a.png is cut off\.$")
    path.write_bytes(whole[:60] + bytes([whole[60] ^ 1]) + whole[61:])
    check_refusal(path, Kind.DAMAGED, r"^a.png is damaged\.$")


@given(st.binary(max_size=60), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"II*\0", b"BM"]))
@in_one_folder
def test_any_bytes_are_told_in_one_sentence(tmp_path: Path, data: bytes, magic: bytes) -> None:
    (tmp_path / "a.png").write_bytes(magic + data)
    finding = inspect(tmp_path / "a.png", FRAME)
    assert not finding.ready
    assert not finding.convertible
    assert one_sentence(finding.sentence)


@given(st.data())
@in_one_folder
def test_damage_behind_right_checksums(tmp_path: Path, data: st.DataObject) -> None:
    """Whatever is inside the chunks: a finding, and what it takes to be ready really reads."""
    depth, colour_type = data.draw(st.sampled_from([1, 2, 4, 8, 16, 3])), data.draw(st.integers(0, 7))
    width, height = data.draw(st.integers(0, 6)), data.draw(st.integers(0, 6))
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, data.draw(st.integers(0, 1)))
    pixels = data.draw(st.binary(max_size=120))
    chunks = [chunk(b"IDAT", zlib.compress(pixels))]
    for kind, size in ((b"tRNS", 6), (b"PLTE", 30)):
        if data.draw(st.booleans()):
            chunks.insert(0, chunk(kind, data.draw(st.binary(max_size=size))))
    (tmp_path / "a.png").write_bytes(png(header, *chunks))
    finding = inspect(tmp_path / "a.png")
    assert one_sentence(finding.sentence)
    for choice in (None,) if finding.ready else finding.choices:
        assert read(finding, choice).shape == (height, width)


def test_a_file_that_changes_between_looking_and_reading(tmp_path: Path) -> None:
    write_labels(tmp_path / "a.png", LABELS)
    finding = inspect(tmp_path / "a.png", FRAME)
    write_labels(tmp_path / "a.png", LABELS[:, ::-1] // 2)
    with pytest.raises(LabelsError, match=r"^a.png has changed since it was looked at\.$"):
        read(finding)
    (tmp_path / "a.png").unlink()
    with pytest.raises(LabelsError, match=r"^a.png does not exist\.$"):
        read(finding)
