"""Every kind of photo as upright RGB, and one sentence for what is none."""

from __future__ import annotations

import os
import struct
import warnings
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin, TiffImagePlugin

from inference.errors import PhotoError
from inference.photo import MAXIMUM_PIXELS, PHOTO_SUFFIXES, read_photo, read_thumbnail

U8 = NDArray[np.uint8]


def gradient(height: int = 40, width: int = 64) -> U8:
    """Smooth, and different in every corner and channel."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    channels = (255 * x / width, 255 * y / height, 127 + 60 * np.sin(x / 9) * np.cos(y / 7))
    return np.stack(channels, axis=-1).astype(np.uint8)


def worst(a: U8, b: U8) -> int:
    return int(np.abs(a.astype(int) - b.astype(int)).max())


def png_header(width: int, height: int) -> bytes:
    """A grey PNG that says how large it is and holds no pixels."""
    chunks = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0), b"IDAT"
    packed = [struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


@pytest.mark.parametrize(
    ("name", "options", "tolerance"),
    [
        ("a.png", {}, 0),
        ("a.bmp", {}, 0),
        ("a.tif", {}, 0),
        ("a.tiff", {"compression": "tiff_lzw"}, 0),
        ("a.webp", {"lossless": True}, 0),
        ("a.webp", {"quality": 95}, 24),
        ("a.jpg", {"quality": 97, "subsampling": 0}, 8),
        ("a.JPEG", {"quality": 97, "subsampling": 0, "progressive": True}, 8),
    ],
)
def test_every_format_of_the_contract(tmp_path: Path, name: str, options: dict[str, object], tolerance: int) -> None:
    path = tmp_path / name
    Image.fromarray(gradient()).save(path, **options)
    photo = read_photo(path)
    assert photo.shape == (40, 64, 3)
    assert photo.dtype == np.uint8
    assert photo.flags.c_contiguous
    assert worst(photo, gradient()) <= tolerance
    assert path.suffix.lower() in PHOTO_SUFFIXES


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("channels", [1, 3])
def test_sixteen_bits_are_scaled_not_clipped(tmp_path: Path, suffix: str, channels: int) -> None:
    wide = np.linspace(0, 65535, 48 * 64).reshape(48, 64).astype(np.uint16)
    stored = wide if channels == 1 else np.stack((wide, wide[::-1], wide[:, ::-1]), axis=-1)
    path = tmp_path / f"deep{suffix}"
    assert cv2.imwrite(str(path), stored)
    expected = stored[..., None].repeat(3, axis=-1) if channels == 1 else stored[..., ::-1]
    photo = read_photo(path)
    assert np.abs(photo - expected / 257).max() < 1
    assert photo.min() == 0
    assert photo.max() == 255


def test_grey_and_one_bit(tmp_path: Path) -> None:
    grey = gradient()[..., 0]
    Image.fromarray(grey).save(tmp_path / "grey.png")
    np.testing.assert_array_equal(read_photo(tmp_path / "grey.png"), np.stack([grey] * 3, axis=-1))
    Image.fromarray(grey > 100).save(tmp_path / "bits.png")
    np.testing.assert_array_equal(read_photo(tmp_path / "bits.png"), 255 * np.stack([grey > 100] * 3, axis=-1))


def test_alpha_is_laid_over_white(tmp_path: Path) -> None:
    alpha = np.zeros((40, 64), np.uint8)
    alpha[:, 20:40], alpha[:, 40:] = 128, 255
    Image.fromarray(np.dstack((gradient(), alpha))).save(tmp_path / "rgba.png")
    share = alpha[..., None] / 255
    expected = gradient() * share + 255 * (1 - share)
    photo = read_photo(tmp_path / "rgba.png")
    assert np.abs(photo - expected).max() <= 1
    grey = np.dstack((gradient()[..., 0], alpha))
    Image.fromarray(grey, "LA").save(tmp_path / "la.png")
    assert np.abs(read_photo(tmp_path / "la.png") - (grey[..., :1] * share + 255 * (1 - share))).max() <= 1


def test_a_palette_and_its_transparent_entry(tmp_path: Path) -> None:
    picture = Image.fromarray(np.tile(np.arange(4, dtype=np.uint8), (8, 2)), "P")
    picture.putpalette([0, 0, 0, 200, 10, 20, 10, 200, 30, 40, 50, 200])
    picture.save(tmp_path / "plain.png")
    picture.save(tmp_path / "holes.png", transparency=2)
    assert read_photo(tmp_path / "plain.png")[0, :4].tolist() == [
        [0, 0, 0],
        [200, 10, 20],
        [10, 200, 30],
        [40, 50, 200],
    ]
    assert read_photo(tmp_path / "holes.png")[0, 2].tolist() == [255, 255, 255]
    assert read_photo(tmp_path / "holes.png")[0, 3].tolist() == [40, 50, 200]


@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
def test_cmyk(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"print{suffix}"
    Image.fromarray(gradient()).convert("CMYK").save(path, **({"quality": 97} if suffix == ".jpg" else {}))
    with Image.open(path) as stored:
        assert stored.mode == "CMYK"
    assert worst(read_photo(path), gradient()) <= (12 if suffix == ".jpg" else 2)


# How the stored picture is made from the upright one, for each EXIF orientation: the inverse of showing it.
STORED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: a.transpose(1, 0, 2)[::-1],
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: a.transpose(1, 0, 2)[:, ::-1],
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_every_orientation_is_shown_upright(tmp_path: Path, orientation: int, suffix: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"turned{suffix}"
    options = {".jpg": {"quality": 97, "subsampling": 0}, ".webp": {"lossless": True}}.get(suffix, {})
    Image.fromarray(np.ascontiguousarray(STORED[orientation](gradient()))).save(path, exif=exif, **options)
    assert worst(read_photo(path), gradient()) <= (8 if suffix == ".jpg" else 0)
    thumbnail = read_thumbnail(path, 32)
    assert thumbnail.shape == (20, 32, 3)
    assert worst(thumbnail, cv2.resize(gradient(), (32, 20), interpolation=cv2.INTER_AREA)) <= 10


@pytest.mark.parametrize("orientation", [0, 9, 77])
def test_an_impossible_orientation_is_ignored(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(gradient()).save(tmp_path / "odd.png", exif=exif)
    np.testing.assert_array_equal(read_photo(tmp_path / "odd.png"), gradient())


def test_damaged_notes_do_not_hide_good_pixels(tmp_path: Path) -> None:
    Image.fromarray(gradient()).save(tmp_path / "odd.png", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns about them
        np.testing.assert_array_equal(read_photo(tmp_path / "odd.png"), gradient())


def test_the_first_page_of_several(tmp_path: Path) -> None:
    pages = [Image.fromarray(gradient()), Image.fromarray(255 - gradient())]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    np.testing.assert_array_equal(read_photo(tmp_path / "pages.tif"), gradient())


@pytest.mark.parametrize("size", [(1, 1), (200, 30_000), (30_000, 3)])
def test_extreme_sizes(tmp_path: Path, size: tuple[int, int]) -> None:
    cv2.imwrite(str(tmp_path / "extreme.png"), np.full((*size, 3), (3, 2, 1), np.uint8))
    assert read_photo(tmp_path / "extreme.png").shape == (*size, 3)
    thumbnail = read_thumbnail(tmp_path / "extreme.png", 160)
    assert max(thumbnail.shape[:2]) == min(160, max(size))
    assert (thumbnail == (1, 2, 3)).all()


def test_the_content_decides_not_the_suffix(tmp_path: Path) -> None:
    Image.fromarray(gradient()).save(tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / "a.jpg")
    np.testing.assert_array_equal(read_photo(tmp_path / "a.jpg"), gradient())


def test_names_in_any_script(tmp_path: Path) -> None:
    path = tmp_path / "фото — 写真 ä.png"
    Image.fromarray(gradient()).save(path)
    np.testing.assert_array_equal(read_photo(path), gradient())
    with pytest.raises(PhotoError, match=r"写真 ö\.png does not exist"):
        read_photo(tmp_path / "写真 ö.png")


def test_a_name_that_is_no_text_is_still_told(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff\xfe.png")
    with pytest.raises(PhotoError) as caught:
        read_photo(path)
    str(caught.value).encode()  # would fail on a lone surrogate


def test_a_thumbnail_is_never_larger_than_the_photo(tmp_path: Path) -> None:
    Image.fromarray(gradient()).save(tmp_path / "small.png")
    assert read_thumbnail(tmp_path / "small.png", 500).shape == (40, 64, 3)


# --- what cannot be read: one sentence that names the file -----------------------------------------------------------


def refusal(path: Path) -> str:
    """The sentence with which both readers refuse the file."""
    with pytest.raises(PhotoError) as photo:
        read_photo(path)
    with pytest.raises(PhotoError) as thumbnail:
        read_thumbnail(path, 100)
    said = str(photo.value)
    assert said == str(thumbnail.value)
    assert path.name in said
    assert said.endswith(".")
    assert "\n" not in said
    return said


def test_missing_and_folder(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "gone.jpg")
    (tmp_path / "folder.jpg").mkdir()
    assert "is a folder" in refusal(tmp_path / "folder.jpg")


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "locked.png"
    Image.fromarray(gradient()).save(path)

    def denied(self: Path, mode: str = "r") -> None:  # chmod would not stop an administrator
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", denied)
    assert "permission denied" in refusal(path)


def test_empty(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    assert "is empty (0 bytes)" in refusal(tmp_path / "empty.png")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"Dear diary, this is no picture.", "is not a picture"),
        (b"\x00" * 1000, "is not a picture"),
        (b"\xff\xd8\xff", "is not a picture"),
        (b"\x89PNG\r\n\x1a\n", "is not a picture"),
        (b"GIF89a" + b"\0" * 50, "is a GIF"),
        (b"%PDF-1.7\n", "is a PDF document"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 50, "is a HEIC picture"),
    ],
)
def test_other_content(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "photo.jpg").write_bytes(content)
    assert said in refusal(tmp_path / "photo.jpg")


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif", "b.tif", "a.bmp"])
def test_truncated(tmp_path: Path, name: str, share: float) -> None:
    path = tmp_path / name
    noise = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path, **({"compression": "tiff_deflate"} if name == "b.tif" else {}))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow also warns about a truncated TIFF directory
        assert refusal(path)


@pytest.mark.parametrize("where", ["load", "convert"])
def test_too_little_memory_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    Image.fromarray(gradient()).convert("L").save(tmp_path / "large.png")

    def exhausted(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(PngImagePlugin.PngImageFile if where == "load" else Image.Image, where, exhausted)
    assert "there is not enough memory for 64×40 pixels" in refusal(tmp_path / "large.png")


def test_a_mistake_of_the_program_is_not_told_as_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(gradient()).save(tmp_path / "good.png")

    def mistaken(*_: object) -> None:
        raise TypeError("a mistake")

    monkeypatch.setattr("inference.photo._rgb", mistaken)
    with pytest.raises(TypeError, match="a mistake"):
        read_photo(tmp_path / "good.png")


def test_too_many_pixels_are_refused_before_decoding(tmp_path: Path) -> None:
    (tmp_path / "bomb.png").write_bytes(png_header(40_000, 30_000))
    said = refusal(tmp_path / "bomb.png")
    assert "1,200 megapixels" in said
    assert str(MAXIMUM_PIXELS // 10**6) in said


def test_a_large_photo_under_the_limit_is_not_called_a_bomb(tmp_path: Path) -> None:
    (tmp_path / "large.png").write_bytes(png_header(20_000, 10_000))  # 200 MP; Pillow itself would refuse 179
    assert "is damaged or cut off" in refusal(tmp_path / "large.png")


def test_values_that_are_no_colours(tmp_path: Path) -> None:
    Image.fromarray(np.ones((8, 8), np.float32)).save(tmp_path / "depth.tif")
    assert "32 bits per channel" in refusal(tmp_path / "depth.tif")
    Image.fromarray(np.ones((8, 8), np.int32)).save(tmp_path / "counts.tif")
    assert "32 bits per channel" in refusal(tmp_path / "counts.tif")
    Image.new("LAB", (8, 8)).save(tmp_path / "lab.tif")
    assert "CIELAB" in refusal(tmp_path / "lab.tif")


def test_a_tiff_with_a_kind_of_pixel_nobody_knows(tmp_path: Path) -> None:
    info = TiffImagePlugin.ImageFileDirectory_v2()
    Image.fromarray(gradient()).save(tmp_path / "odd.tif", tiffinfo=info)
    content = bytearray((tmp_path / "odd.tif").read_bytes())
    start = content.find(struct.pack("<HHI", 262, 3, 1))  # PhotometricInterpretation
    content[start + 8 : start + 10] = struct.pack("<H", 32803)
    (tmp_path / "odd.tif").write_bytes(content)
    said = "is a TIFF of a kind that cannot be read, or damaged; save it with 8 or 16 bits per channel."
    assert said in refusal(tmp_path / "odd.tif")


@pytest.mark.parametrize("depth", [np.float32, np.float64])
def test_a_tiff_of_floating_point_colours_is_called_a_tiff(tmp_path: Path, depth: type[np.generic]) -> None:
    cv2.imwrite(str(tmp_path / "float.tif"), gradient().astype(depth))
    assert "is a TIFF of a kind that cannot be read" in refusal(tmp_path / "float.tif")


@pytest.mark.parametrize("start", [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"])
def test_both_byte_orders_are_known_as_tiff(tmp_path: Path, start: bytes) -> None:
    (tmp_path / "a.tif").write_bytes(start + b"\0" * 20)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow may warn about the empty directory
        assert "is a TIFF" in refusal(tmp_path / "a.tif")
