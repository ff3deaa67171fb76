"""Any photo people have → (H, W, 3) uint8 RGB, upright. The content of a file decides, never its suffix."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.errors import PhotoError
from inference.files import opened, shown

U8 = NDArray[np.uint8]

PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"})
"""What a folder is searched for, lower case with dot."""
MAXIMUM_PIXELS = 500_000_000

_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP")
_READABLE = "JPEG, PNG, WebP, TIFF or BMP"
# Pillow's own limit warns at 89 megapixels and fails at twice that; `_opened` checks ours, also before decoding.
Image.MAX_IMAGE_PIXELS = None

_FOREIGN = {
    b"GIF8": "a GIF",
    b"%PDF": "a PDF document",
    b"8BPS": "a Photoshop document",
    b"ftypavif": "an AVIF picture",
    b"ftypheic": "a HEIC picture",
    b"ftypheix": "a HEIC picture",
    b"ftypmif1": "a HEIF picture",
}
"""First bytes (or, for the `ftyp` family, bytes 4 to 12) of files that people take for readable photos."""

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""First bytes of both byte orders, plain and beyond 4 GiB."""

DAMAGE = (OSError, SyntaxError, ValueError, EOFError, LookupError, ArithmeticError, TypeError, struct.error, zlib.error)
"""What decoders raise on damaged files."""

AS_STORED = 1
_ORIENTATION_TAG = 0x0112  # EXIF 2.3, 4.6.4
_TURNS: dict[int, Callable[[U8], object]] = {
    2: lambda pixels: cv2.flip(pixels, 1),
    3: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_180),
    4: lambda pixels: cv2.flip(pixels, 0),
    5: cv2.transpose,
    6: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE),
    7: lambda pixels: cv2.flip(cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE), 0),
    8: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE),
}


def read_photo(path: Path) -> U8:
    """The photo as (H, W, 3) uint8 RGB with its EXIF orientation applied; the array may be read-only.

    8 and 16 bits per channel, grey, 1-bit, palette, alpha (over white) and CMYK; of several pages the first.
    Raises `PhotoError` with one sentence for whatever cannot be read, and for more than 500 megapixels before decoding.
    """
    with _opened(path) as image:
        return _upright_rgb(image, path)


def read_thumbnail(path: Path, side: int) -> U8:
    """The photo reduced to a long side of at most `side` pixels, (h, w, 3) uint8 RGB; never enlarged.

    A JPEG is decoded at 1/2, 1/4 or 1/8 of its size where that is enough. Raises `PhotoError` as `read_photo` does.
    """
    with _opened(path, reduced_to=side) as image:
        photo = _upright_rgb(image, path)
    height, width = photo.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return photo
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def orientation_of(image: Image.Image) -> int:
    """The orientation that a picture's file tells, 1..8; 1 where its notes tell none or are damaged.

    Of a TIFF, Pillow gives the upright size at once, and applies the orientation as it loads the pixels.
    """
    try:
        orientation = int(image.getexif().get(_ORIENTATION_TAG, AS_STORED))
    except DAMAGE:
        return AS_STORED  # the pixels are good; only the notes beside them are not
    return orientation if orientation in _TURNS else AS_STORED


def upright(pixels: U8, orientation: int) -> U8:
    """Pixels (h, w) or (h, w, 3) as they lie in a file of this orientation, turned; those of 1 are not copied."""
    turn = _TURNS.get(orientation)
    return pixels if turn is None else np.asarray(turn(pixels), dtype=np.uint8)


def upright_shape(shape: tuple[int, int], orientation: int) -> tuple[int, int]:
    """(h, w) of what `upright` makes of pixels (h, w)."""
    return (shape[1], shape[0]) if orientation >= 5 else shape


@contextmanager
def _opened(path: Path, *, reduced_to: int | None = None) -> Iterator[Image.Image]:
    """The file, decoded; what goes wrong in decoding is told as damage, and everywhere here a lack of memory as such.

    `reduced_to`: a JPEG may be decoded at a fraction of its size, with sides still at least that long.
    """
    name = shown(path)
    with opened(path, wanted="a picture", refusal=PhotoError) as file:
        try:
            start = file.read(16)
            file.seek(0)
            image = Image.open(file, formats=_FORMATS)
        except (*DAMAGE, MemoryError) as error:  # a damaged header may ask for any memory
            raise PhotoError(_why_unknown(name, start)) from error
        with image:
            if image.width * image.height > MAXIMUM_PIXELS:
                megapixels = f"{image.width * image.height / 1e6:,.0f}"
                raise PhotoError(f"{name} has {megapixels} megapixels; the limit is {MAXIMUM_PIXELS // 10**6}.")
            try:
                _decode(image, reduced_to, name)
                yield image
            except (MemoryError, cv2.error) as error:
                if isinstance(error, cv2.error) and error.code != cv2.Error.StsNoMem:
                    raise
                size = f"{image.width}×{image.height} pixels"
                raise PhotoError(f"{name} cannot be read: there is not enough memory for {size}.") from error


def _decode(image: Image.Image, reduced_to: int | None, name: str) -> None:
    try:
        if reduced_to is not None:
            image.draft(None, (reduced_to, reduced_to))
        image.load()
    except DAMAGE as error:
        raise PhotoError(f"{name} is damaged or cut off: it cannot be decoded to its end.") from error


def _why_unknown(name: str, start: bytes) -> str:
    if not start:
        return f"{name} is empty (0 bytes)."
    for magic, what in _FOREIGN.items():
        if start.startswith(magic) or start[4:12] == magic:
            return f"{name} is {what}, which cannot be read here; save it as {_READABLE}."
    if start[:4] in _TIFF:
        return f"{name} is a TIFF of a kind that cannot be read, or damaged; save it with 8 or 16 bits per channel."
    return f"{name} is not a picture that can be read: its content is not that of a {_READABLE} file."


def _upright_rgb(image: Image.Image, path: Path) -> U8:
    return upright(_rgb(image, path), orientation_of(image))


def _rgb(image: Image.Image, path: Path) -> U8:
    if image.mode.startswith("I;16"):
        grey = (np.asarray(image) >> 8).astype(np.uint8)
        return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), dtype=np.uint8)
    if image.mode in ("I", "F"):
        raise PhotoError(f"{shown(path)} has 32 bits per channel; save it with 8 or 16.")
    if image.mode == "LAB":
        raise PhotoError(f"{shown(path)} has CIELAB colours; save it as RGB.")
    if image.has_transparency_data:
        # RGBa and La carry premultiplied colours, which only convert back to their own kind.
        coloured = image.convert({"La": "LA"}.get(image.mode, "RGBA")).convert("RGBA")
        image = Image.new("RGB", image.size, "white")
        image.paste(coloured, mask=coloured.getchannel("A"))
    elif image.mode != "RGB":
        image = image.convert("RGB")
    return np.asarray(image)
