"""Every kind of label file that people bring: recognised, told in one sentence, and converted exactly on request."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from app.core.ade_png import read_labels, write_labels
from app.core.document import DocumentSnapshot
from app.core.errors import LabelsError
from app.core.export import resolve
from app.core.human_layer import HumanLayer
from app.core.import_labels import (
    Conversion,
    Finding,
    Kind,
    PhotoFrame,
    human_values,
    inspect,
    labels_patch,
    photo_frame,
    read,
    settle,
)
from app.core.patches import rebuilt_map
from inference.errors import PhotoError
from inference.photo import read_photo
from inference.prediction import SegmentTable
from tests.core.import_labels.label_files import (
    FRAME,
    LABELS,
    any_labels,
    check_conversion,
    grey,
    ignored,
    in_one_folder,
    labels_with,
    one_sentence,
    with_alpha,
    zero_based,
)


@given(any_labels)
@in_one_folder
def test_ade_pngs_are_taken_as_they_are(tmp_path: Path, labels: np.ndarray) -> None:
    path = tmp_path / "a.png"
    grey(labels, path)
    for frame in (None, PhotoFrame(labels.shape)):
        finding = inspect(path, frame)
        assert finding.kinds == (Kind.ADE,)
        assert finding.sentence == "a.png holds ADE labels."
        assert finding.ready
        assert not finding.convertible
        assert np.array_equal(read(finding), labels)


@given(any_labels)
@in_one_folder
def test_what_is_brought_in_leaves_as_it_came(tmp_path: Path, labels: np.ndarray) -> None:
    """File, human layer, export and file again: every pixel of labels, and every byte of a file that we wrote."""
    path, again = tmp_path / "a.png", tmp_path / "b.png"
    write_labels(path, labels)
    patch = labels_patch(read(inspect(path)))
    assert patch.shape == labels.shape
    assert np.array_equal(rebuilt_map(patch).human, human_values(labels))
    snapshot = DocumentSnapshot(tmp_path / "a.jpg", corrections=HumanLayer.of_patch(patch))
    assert np.array_equal(resolve(snapshot).labels, labels)
    write_labels(again, resolve(snapshot).labels)
    assert np.array_equal(read_labels(again), labels)
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("shape", [(37, 53), (300, 521), (1, 1000)])
def test_what_is_brought_in_hides_what_the_network_said(tmp_path: Path, shape: tuple[int, int]) -> None:
    random = np.random.default_rng(1)
    labels = random.integers(0, 151, shape, dtype=np.uint8)
    Image.fromarray(labels).save(tmp_path / "a.png")
    snapshot = DocumentSnapshot(
        tmp_path / "a.jpg",
        layer=random.integers(0, 101, shape, dtype=np.uint8),
        table=SegmentTable(class_ids=random.integers(1, 151, 100, dtype=np.uint8), scores=np.ones(100, np.float32)),
        corrections=HumanLayer.of_patch(labels_patch(read(inspect(tmp_path / "a.png", PhotoFrame(shape))))),
    )
    write_labels(tmp_path / "b.png", resolve(snapshot).labels)
    with Image.open(tmp_path / "b.png") as written:
        assert np.array_equal(np.asarray(written), labels)


def test_every_label_is_a_decision() -> None:
    labels = np.arange(151, dtype=np.uint8).reshape(1, 151)
    assert human_values(labels).tolist() == [[251, *range(101, 251)]]


@given(labels_with(0, 3))
@in_one_folder
def test_classes_counted_from_0(tmp_path: Path, labels: np.ndarray) -> None:
    grey(zero_based(labels), tmp_path / "a.png")
    finding = check_conversion(tmp_path / "a.png", labels, [Kind.ZERO_BASED])
    other = read(finding, finding.choices[1])  # 255 may as well be what somebody ignored among classes from 1
    assert np.array_equal(other, np.where(labels == 0, 0, labels - 1))


@given(labels_with(150, 0))
@in_one_folder
def test_255_for_what_is_ignored(tmp_path: Path, labels: np.ndarray) -> None:
    grey(ignored(labels), tmp_path / "a.png")
    assert len(check_conversion(tmp_path / "a.png", labels, [Kind.IGNORED]).choices) == 1


@given(labels_with(0, 3), st.sampled_from([1, 257]))
@in_one_folder
def test_16_bits(tmp_path: Path, labels: np.ndarray, factor: int) -> None:
    grey(labels.astype(np.uint16) * factor, tmp_path / "a.png")
    check_conversion(tmp_path / "a.png", labels, [Kind.SIXTEEN_BIT])
    for ignore in (255, 65535):
        values = np.where(labels == 0, ignore, labels.astype(np.uint16) - 1).astype(np.uint16)
        grey(values, tmp_path / "b.png")
        check_conversion(tmp_path / "b.png", labels, [Kind.SIXTEEN_BIT, Kind.ZERO_BASED])


@given(any_labels)
@in_one_folder
def test_an_alpha_channel(tmp_path: Path, labels: np.ndarray) -> None:
    grey(with_alpha(labels), tmp_path / "a.png")
    check_conversion(tmp_path / "a.png", labels, [Kind.ALPHA])
    grey(with_alpha(labels, alpha=254), tmp_path / "a.png")
    assert inspect(tmp_path / "a.png").kinds == (Kind.SEE_THROUGH,)


@given(any_labels, st.integers(1, 8))
@in_one_folder
def test_labels_that_lie_as_the_photo_lies_in_its_file(tmp_path: Path, labels: np.ndarray, orientation: int) -> None:
    path = tmp_path / "a.png"
    grey(labels, path)
    photo = Image.fromarray(np.dstack([labels] * 3))
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo.save(tmp_path / "photo.png", exif=exif)
    upright = read_photo(tmp_path / "photo.png")[..., 0]
    frame = photo_frame(tmp_path / "photo.png")
    assert frame == PhotoFrame(upright.shape, orientation)
    finding = inspect(path, frame)
    if orientation == 1:
        assert finding.ready
        assert np.array_equal(read(finding), labels)
    elif upright.shape == labels.shape:
        assert finding.kinds == (Kind.UNSURE_TURN,)
        assert np.array_equal(read(finding, Conversion(turn=False)), labels)
        assert np.array_equal(read(finding, Conversion(turn=True)), upright)
    else:
        assert finding.kinds == (Kind.TURNED,)
        assert np.array_equal(read(finding, finding.choices[0]), upright)
    if upright.shape != labels.shape:  # labels of a photo that was shown upright already
        grey(upright, path)
        assert inspect(path, frame).ready


@given(any_labels, st.integers(2, 4))
@in_one_folder
def test_the_photos_proportions(tmp_path: Path, labels: np.ndarray, factor: int) -> None:
    grey(labels, tmp_path / "a.png")
    large = labels.repeat(factor, axis=0).repeat(factor, axis=1)
    finding = check_conversion_to(tmp_path / "a.png", large)
    assert f"where the photo has {large.shape[1]} x {large.shape[0]} pixels" in finding.sentence
    grey(large, tmp_path / "a.png")
    check_conversion_to(tmp_path / "a.png", labels)


def check_conversion_to(path: Path, labels: np.ndarray) -> Finding:
    return check_conversion(path, labels, [Kind.SCALED])


def test_sizes_that_were_rounded(tmp_path: Path) -> None:
    grey(np.zeros((683, 1024), np.uint8), tmp_path / "a.png")
    assert inspect(tmp_path / "a.png", PhotoFrame((4000, 6000))).kinds == (Kind.SCALED,)
    assert inspect(tmp_path / "a.png", PhotoFrame((6000, 4000))).kinds == (Kind.WRONG_SIZE,)
    turned = inspect(tmp_path / "a.png", PhotoFrame((6000, 4000), 6))
    assert turned.kinds == (Kind.TURNED, Kind.SCALED)
    assert read(turned, turned.choices[0]).shape == (6000, 4000)


def test_files_of_one_folder_are_weighed_together(tmp_path: Path) -> None:
    def found(name: str, *values: int) -> Finding:
        grey(np.array([values], np.uint8), tmp_path / name)
        return inspect(tmp_path / name)

    plain, nought, mask = found("plain.png", 0, 5, 149), found("nought.png", 3, 4, 255), found("mask.png", 0, 255)
    sure = found("sure.png", 0, 150)
    assert settle([plain, mask, sure]) == [plain, mask, sure]

    doubted, same, also = settle([plain, nought, mask])
    assert same == nought
    assert doubted.kinds == (Kind.UNSURE_NUMBERS,)
    assert one_sentence(doubted.sentence)
    assert not doubted.ready
    with pytest.raises(LabelsError, match="may count classes from 0 or from 1"):
        read(doubted)
    assert [read(doubted, choice).tolist() for choice in doubted.choices] == [[[1, 6, 150]], [[0, 5, 149]]]
    assert len({doubted.offer(choice) for choice in doubted.choices}) == 2
    assert also.kinds == (Kind.ZERO_BASED,)
    assert read(also, also.choices[0]).tolist() == [[1, 0]]

    doubted, less, _, kept = settle([plain, nought, mask, sure])
    assert kept == sure
    assert [read(doubted, choice).tolist() for choice in doubted.choices] == [[[0, 5, 149]], [[1, 6, 150]]]
    assert less.kinds == (Kind.UNSURE_NUMBERS,)
    assert [read(less, choice).tolist() for choice in less.choices] == [[[3, 4, 0]], [[4, 5, 0]]]


def test_the_frame_of_a_photo(tmp_path: Path, samples: Path) -> None:
    for kind in ("JPEG", "TIFF", "PNG", "WEBP"):
        for orientation in (1, 3, 6, 9):
            exif = Image.Exif()
            exif[0x0112] = orientation
            Image.fromarray(np.zeros((10, 20, 3), np.uint8)).save(tmp_path / "photo", kind, exif=exif)
            frame = photo_frame(tmp_path / "photo")
            assert frame.shape == read_photo(tmp_path / "photo").shape[:2]
            assert frame.orientation == (orientation if orientation < 9 else 1)
    (tmp_path / "photo").write_bytes(b"nothing")
    with pytest.raises(PhotoError, match=r"^photo is not a picture that can be read\.$"):
        photo_frame(tmp_path / "photo")
    with pytest.raises(PhotoError, match=r"^gone does not exist\.$"):
        photo_frame(tmp_path / "gone")
    with pytest.raises(PhotoError, match=r"cannot be read: "):
        photo_frame(tmp_path)


def test_colour_profiles_change_no_label(tmp_path: Path) -> None:
    info = PngImagePlugin.PngInfo()
    info.add(b"gAMA", struct.pack(">I", 100_000))
    Image.fromarray(LABELS).save(tmp_path / "a.png", pnginfo=info)
    assert np.array_equal(read(inspect(tmp_path / "a.png", FRAME)), LABELS)
