"""ADE20K annotation files: 8-bit greyscale PNGs (colour type 0) that hold class ids, 0 = unlabelled, 1..150.

PNG structure after the PNG specification, third edition, section 5: a signature, then chunks of length, type, data and
CRC-32, from IHDR to IEND.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from app.core.arrays import U8
from app.core.errors import ExportError, LabelsError
from app.core.files import atomic_write, reason
from resources.classes import CLASS_COUNT

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHUNK = struct.Struct(">I4s")
_IHDR = struct.Struct(">IIBBBBB")  # width, height, bit depth, colour type, compression, filter, interlace
_KEYWORD = b"ade-mask-studio"  # of the text chunk (specification, 11.3.3) that says what labels were made of
_COLOUR_TYPES = {0: "greyscale", 2: "colour", 3: "palette", 4: "greyscale with alpha", 6: "colour with alpha"}
# Rows of a label map are mostly like the row above, and what this filter leaves are mostly runs of zeros: looking for
# runs alone takes a third of the usual time, for files that are as small within a tenth.
_OPTIONS = (
    *(cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP),
    *(cv2.IMWRITE_PNG_COMPRESSION, 6),
    *(cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE),  # last: OpenCV forgets it with each level
)


class PngHeader(NamedTuple):
    """What a PNG says of its pixels: sizes in pixels, bits per channel, colour type as in the specification."""

    width: int
    height: int
    depth: int
    colour_type: int


def write_labels(path: Path, labels: U8, *, origin: str = "") -> None:
    """Write labels (H, W) uint8 0..150 as an ADE PNG, atomically, then read the file back and compare every pixel.

    `origin`, plain ASCII, goes into the file as a text that no reader of pixels sees; `png_origin` finds it again.
    ExportError when it cannot be written or does not come back as it was; ValueError for what is no label map.
    """
    if labels.ndim != 2 or labels.dtype != np.uint8 or not labels.size or int(labels.max()) > CLASS_COUNT:
        raise ValueError(f"An array of {labels.shape} {labels.dtype} is not a label map of 0..{CLASS_COUNT}.")
    _write(path, labels, origin)


def write_values(path: Path, values: U8) -> None:
    """Write (H, W) uint8 as an 8-bit greyscale PNG as `write_labels` does, whatever the values stand for."""
    if values.ndim != 2 or values.dtype != np.uint8 or not values.size:
        raise ValueError(f"An array of {values.shape} {values.dtype} is no map of bytes.")
    _write(path, values, "")


def _write(path: Path, values: U8, origin: str) -> None:
    atomic_write(path, _encode(values, origin))
    try:
        same = np.array_equal(_read_values(path), values)
    except LabelsError as error:
        raise ExportError(f"{path.name} was written, but cannot be read back: {error}") from error
    if not same:
        raise ExportError(f"{path.name} was written, but does not read back as it was; the disk may be failing.")


def read_labels(path: Path) -> U8:
    """The labels (H, W) uint8 0..150 of an ADE PNG. LabelsError, one sentence, for anything that is not one."""
    labels = _read_values(path)
    highest = int(labels.max())
    if highest > CLASS_COUNT:
        raise LabelsError(f"{path.name} holds the value {highest}; ADE labels go from 0 to {CLASS_COUNT}.")
    return labels


def _read_values(path: Path) -> U8:
    """The bytes (H, W) of an 8-bit greyscale PNG. LabelsError as above."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise LabelsError(f"{path} does not exist.") from None
    except OSError as error:
        raise LabelsError(f"{path.name} cannot be read: {reason(error)}.") from error
    header = png_header(data, path.name)
    if header.colour_type != 0 or header.depth != 8:
        kind = f"{header.depth}-bit {_COLOUR_TYPES.get(header.colour_type, 'unknown')}"
        raise LabelsError(f"{path.name} holds {kind} pixels; ADE labels are 8-bit greyscale.")
    labels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if labels is None or labels.ndim != 2 or labels.dtype != np.uint8:
        raise LabelsError(f"{path.name} is damaged.")
    return np.asarray(labels, np.uint8)


def _encode(labels: U8, origin: str) -> bytes:
    done, encoded = cv2.imencode(".png", labels, _OPTIONS)
    if not done:
        raise ExportError(f"Labels of {labels.shape[1]} x {labels.shape[0]} pixels cannot be stored as PNG.")
    png = encoded.tobytes()
    if not origin:
        return png
    text = b"tEXt" + _KEYWORD + b"\0" + origin.encode("ascii")
    end = len(_SIGNATURE) + _CHUNK.size + _IHDR.size + 4  # of the header, which comes first
    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    return png[:end] + chunk + png[end:]


def png_header(data: bytes, name: str) -> PngHeader:
    """The header of a PNG, after every chunk has proved complete: decoders guess where a file is cut off.

    LabelsError, one sentence with the file's `name`, for what is no whole PNG.
    """
    content = [content for kind, content in _chunks(data, name) if kind == b"IHDR"]
    return PngHeader._make(_IHDR.unpack(content[0])[:4])


def png_origin(data: bytes, name: str) -> str | None:
    """The `origin` that labels were written with; None where there is none. LabelsError for what is no whole PNG."""
    start = _KEYWORD + b"\0"
    found = [
        bytes(content) for kind, content in _chunks(data, name) if kind == b"tEXt" and content[: len(start)] == start
    ]
    return found[0][len(start) :].decode("ascii", "replace") if found else None


def _chunks(data: bytes, name: str) -> Iterator[tuple[bytes, memoryview]]:
    """Kind and content of each chunk, the header first, as each has proved complete. LabelsError as above."""
    if not data:
        raise LabelsError(f"{name} is empty.")
    if not data.startswith(_SIGNATURE):
        raise LabelsError(f"{name} is not a PNG.")
    position, kind, is_first = len(_SIGNATURE), b"", True
    try:
        while kind != b"IEND":
            length, kind = _CHUNK.unpack_from(data, position)
            start = position + _CHUNK.size
            (checksum,) = struct.unpack_from(">I", data, start + length)
            if zlib.crc32(data[position + 4 : start + length]) != checksum:
                raise LabelsError(f"{name} is damaged.")
            if is_first and (kind != b"IHDR" or length != _IHDR.size):
                raise LabelsError(f"{name} is damaged.")
            yield kind, memoryview(data)[start : start + length]
            position, is_first = start + length + 4, False
    except struct.error:
        raise LabelsError(f"{name} is cut off.") from None
