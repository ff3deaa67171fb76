"""Every kind of label file that people bring: recognised, told in one sentence, and converted exactly on request."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, PngImagePlugin

from app.core.ade_png import read_labels, write_labels
from app.core.document import DocumentSnapshot
from app.core.errors import LabelsError
from app.core.export import final_labels
from app.core.human_layer import HumanLayer
from app.core.import_labels import (
    Conversion,
    Finding,
    Kind,
    Numbers,
    PhotoFrame,
    Reading,
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
from resources.classes import palette

in_one_folder = settings(
    max_examples=settings().max_examples // 2,  # each writes and reads files
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
shapes = st.tuples(st.integers(1, 12), st.integers(1, 12))
any_labels = arrays(np.uint8, shapes, elements=st.integers(0, 150))


def labels_with(*values: int) -> st.SearchStrategy[np.ndarray]:
    """Any labels, these among them."""
    return any_labels.map(lambda labels: np.vstack([labels, *(np.full_like(labels[:1], value) for value in values)]))


LABELS = np.random.default_rng(0).integers(0, 151, (37, 53), dtype=np.uint8)
FRAME = PhotoFrame((37, 53))

Writer = Callable[[np.ndarray, Path], None]


def grey(values: np.ndarray, path: Path) -> None:
    Image.fromarray(values).save(path, "PNG")


def indexed(values: np.ndarray, path: Path, colours: np.ndarray, **options: object) -> None:
    picture = Image.fromarray(values).convert("L")
    picture.putpalette(colours.astype(np.uint8).tobytes())
    picture.save(path, "PNG", **options)


def any_colours(seed: int) -> np.ndarray:
    """A palette that has nothing to do with ADE20K: no two colours alike, no greys."""
    colours = np.random.default_rng(seed).permutation(256)[:, None] * [1, 0, 0] + [0, 77, 33]
    return np.asarray(colours, np.uint8)


def zero_based(labels: np.ndarray) -> np.ndarray:
    return (labels - 1).astype(np.uint8)  # 0 becomes 255


def ignored(labels: np.ndarray) -> np.ndarray:
    return np.where(labels == 0, 255, labels).astype(np.uint8)


def as_colours(labels: np.ndarray) -> np.ndarray:
    return palette()[labels]


def with_alpha(pixels: np.ndarray, alpha: int = 255) -> np.ndarray:
    return np.dstack([pixels, np.full(pixels.shape[:2], alpha, np.uint8)])


def one_sentence(text: str) -> bool:
    return text.endswith(".") and re.search(r"[.] [A-Z]", text) is None and "\n" not in text


def check_conversion(path: Path, labels: np.ndarray, kinds: Iterable[Kind]) -> Finding:
    """The file is what it was made to be, is not taken as it is, and its likeliest conversion gives the labels."""
    finding = inspect(path, PhotoFrame(labels.shape))
    assert set(finding.kinds) == set(kinds)
    assert finding.convertible
    assert not finding.ready
    with pytest.raises(LabelsError) as refused:
        read(finding)
    assert str(refused.value) == finding.sentence
    assert one_sentence(finding.sentence)
    assert all(one_sentence(finding.offer(choice)) for choice in finding.choices)
    assert len(set(map(finding.offer, finding.choices))) == len(finding.choices)
    assert np.array_equal(read(finding, finding.choices[0]), labels)
    return finding


def check_refusal(path: Path, kind: Kind, words: str) -> None:
    finding = inspect(path, FRAME)
    assert finding.kinds == (kind,)
    assert not finding.ready
    assert not finding.convertible
    assert one_sentence(finding.sentence)
    assert re.search(words, finding.sentence), finding.sentence
    with pytest.raises(LabelsError) as refused:
        read(finding)
    assert str(refused.value) == finding.sentence
    with pytest.raises(ValueError, match="does not offer"):
        read(finding, Conversion())


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
    assert np.array_equal(final_labels(snapshot), labels)
    write_labels(again, final_labels(snapshot))
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
    write_labels(tmp_path / "b.png", final_labels(snapshot))
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


@given(any_labels, st.integers(0, 9), st.integers(0, 1))
@in_one_folder
def test_indices_of_a_palette(tmp_path: Path, labels: np.ndarray, seed: int, small: int) -> None:
    if small:
        labels = labels % 4
    indexed(labels, tmp_path / "a.png", any_colours(seed), **({"bits": 2} if small else {}))
    finding = check_conversion(tmp_path / "a.png", labels, [Kind.PALETTE])
    assert finding.choices == (Conversion(Reading.INDICES),)


@given(labels_with(0, 3))
@in_one_folder
def test_indices_of_the_ade_palette(tmp_path: Path, labels: np.ndarray) -> None:
    indexed(labels, tmp_path / "a.png", palette())
    finding = check_conversion(tmp_path / "a.png", labels, [Kind.PALETTE])
    assert len(finding.choices) == 1
    indexed(zero_based(labels), tmp_path / "b.png", np.roll(palette(), -1, axis=0))
    finding = check_conversion(tmp_path / "b.png", labels, [Kind.PALETTE, Kind.ZERO_BASED])
    assert finding.choices == (Conversion(Reading.INDICES, Numbers.ZERO_BASED),)
    indexed(ignored(labels), tmp_path / "c.png", palette())
    check_conversion(tmp_path / "c.png", labels, [Kind.PALETTE, Kind.IGNORED])


@given(any_labels, st.randoms(use_true_random=False))
@in_one_folder
def test_greys_of_a_palette(tmp_path: Path, labels: np.ndarray, random: object) -> None:
    """As programs store them that make files smaller: the palette holds the greys that occur, in any order."""
    assume(not np.isin(labels, (120, 140)).all(where=labels > 0))
    greys = np.unique(labels)
    random.shuffle(greys)  # type: ignore[attr-defined]
    codes = np.zeros(151, np.uint8)
    codes[greys] = np.arange(len(greys))
    indexed(codes[labels], tmp_path / "a.png", np.repeat(np.pad(greys, (0, 256 - len(greys)))[:, None], 3, axis=1))
    finding = check_conversion(tmp_path / "a.png", labels, [Kind.PALETTE])
    same = np.array_equal(codes[labels], labels)
    assert [choice.reading for choice in finding.choices] == [Reading.GREYS] + [Reading.INDICES] * (not same)


@given(any_labels)
@in_one_folder
def test_colours_of_a_palette_in_any_order(tmp_path: Path, labels: np.ndarray) -> None:
    labels = np.where(labels == 49, 7, labels)
    assume((labels > 0).any() and not np.isin(labels, (0, 1, 7, 9, 28)).all())
    names = np.unique(labels)[::-1]
    codes = np.zeros(151, np.uint8)
    codes[names] = 255 - np.arange(len(names))
    colours = np.zeros((256, 3), np.uint8)
    colours[codes[names]] = palette()[names]
    indexed(codes[labels], tmp_path / "a.png", colours)
    finding = check_conversion(tmp_path / "a.png", labels, [Kind.PALETTE])
    assert finding.choices[0].reading is Reading.COLOURS


@given(any_labels, st.integers(0, 1))
@in_one_folder
def test_colours_of_ade20k(tmp_path: Path, labels: np.ndarray, alpha: int) -> None:
    labels = np.where(labels == 7, 49, labels).astype(np.uint8)
    colours = as_colours(labels)
    grey(with_alpha(colours) if alpha else colours, tmp_path / "a.png")
    finding = inspect(tmp_path / "a.png", PhotoFrame(labels.shape))
    assert Kind.COLOUR in finding.kinds
    road = np.where(labels == 49, 7, labels)
    assert np.array_equal(read(finding, finding.choices[0]), road)
    if (labels == 49).any():
        assert finding.choices[0].shared == 7
        assert finding.choices[1].shared == 49
        assert "has the colour that road and skyscraper share" in finding.sentence
        assert np.array_equal(read(finding, finding.choices[1]), labels)
        assert "for skyscraper" in finding.offer(finding.choices[1])
    else:
        kinds = [Kind.COLOUR, Kind.ALPHA] if alpha else [Kind.COLOUR]
        check_conversion(tmp_path / "a.png", labels, kinds)


@given(any_labels, st.integers(0, 1))
@in_one_folder
def test_three_equal_channels(tmp_path: Path, labels: np.ndarray, alpha: int) -> None:
    assume(not np.isin(labels, (0, 120, 140)).all())
    channels = np.dstack([labels] * 3)
    grey(with_alpha(channels) if alpha else channels, tmp_path / "a.png")
    kinds = [Kind.THREE_CHANNELS, Kind.ALPHA] if alpha else [Kind.THREE_CHANNELS]
    check_conversion(tmp_path / "a.png", labels, kinds)


def test_greys_that_are_colours_of_ade20k_may_be_either(tmp_path: Path) -> None:
    labels = np.array([[0, 120, 120]], np.uint8)
    grey(np.dstack([labels] * 3), tmp_path / "a.png")
    finding = inspect(tmp_path / "a.png")
    found = {choice.reading: read(finding, choice).tolist() for choice in finding.choices}
    assert found == {Reading.COLOURS: [[0, 1, 1]], Reading.GREYS: [[0, 120, 120]]}


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


def test_another_size(tmp_path: Path) -> None:
    grey(LABELS.T.copy(), tmp_path / "a.png")
    check_refusal(tmp_path / "a.png", Kind.WRONG_SIZE, "37 x 53 pixels where the photo has 53 x 37 pixels, and other")


def test_a_size_is_told_without_decoding(tmp_path: Path) -> None:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 100_000, 200_000, 8, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"x") + chunk(b"IEND", b"")
    (tmp_path / "a.png").write_bytes(data)
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

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 53, 37, depth, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows.tobytes())) + chunk(b"IEND", b"")
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + body)
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

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    depth, colour_type = data.draw(st.sampled_from([1, 2, 4, 8, 16, 3])), data.draw(st.integers(0, 7))
    width, height = data.draw(st.integers(0, 6)), data.draw(st.integers(0, 6))
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, data.draw(st.integers(0, 1)))
    pixels = data.draw(st.binary(max_size=120))
    body = chunk(b"IHDR", header)
    if data.draw(st.booleans()):
        body += chunk(b"PLTE", data.draw(st.binary(max_size=30)))
    if data.draw(st.booleans()):
        body += chunk(b"tRNS", data.draw(st.binary(max_size=6)))
    body += chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + body)
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


def test_a_palette_that_names_classes_is_not_doubted(tmp_path: Path) -> None:
    indexed(np.array([[1, 2]], np.uint8), tmp_path / "a.png", palette())
    grey(np.array([[3, 255]], np.uint8), tmp_path / "b.png")
    sure, _ = settle([inspect(tmp_path / "a.png"), inspect(tmp_path / "b.png")])
    assert sure.kinds == (Kind.PALETTE,)


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
