"""Predictions as bytes: half precision, split into planes of high and low bytes, compressed.

Half precision moves a boundary here and there by a pixel. So that a picture looks the same when it comes back from its
project, whoever composes, the window or the command line, composes from `rounded` values from the start.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

from app.core.arrays import F32, U8
from app.core.errors import ProjectError
from inference.prediction import Prediction

_MAGIC = b"ASPP"
_VERSION = 1
_HEADER = struct.Struct("<4sIII")  # magic, version, length and CRC-32 of the body
_BODY = struct.Struct("<6I")  # queries, classes, mask height and width, photo height and width
_LEVEL = 1  # of zlib: the higher ones save a few per cent and take several times as long
_DAMAGED = "A stored prediction is damaged and cannot be used."


def rounded(prediction: Prediction) -> Prediction:
    """The same with every probability rounded to half precision: what `unpack_prediction(pack_prediction(...))` is."""
    return Prediction(_round(prediction.class_probs), _round(prediction.mask_probs), prediction.size)


def pack_prediction(prediction: Prediction) -> bytes:
    """The prediction as bytes for a database, with version and checksum."""
    queries, height, width = prediction.mask_probs.shape
    sizes = _BODY.pack(queries, prediction.class_probs.shape[1], height, width, *prediction.size)
    halves = (array.astype("<f2").reshape(-1) for array in (prediction.class_probs, prediction.mask_probs))
    planes: U8 = np.concatenate(list(halves)).view(np.uint8).reshape(-1, 2).T
    body = sizes + zlib.compress(planes.tobytes(), _LEVEL)
    return _HEADER.pack(_MAGIC, _VERSION, len(body), zlib.crc32(body)) + body


def unpack_prediction(data: bytes) -> Prediction:
    """Read what `pack_prediction` wrote. ProjectError unless every byte is as it was written."""
    body = _checked(data)
    try:
        queries, classes, height, width, *size = _BODY.unpack_from(body)
    except struct.error:
        raise ProjectError(_DAMAGED) from None
    count = queries * (classes + height * width)
    stream = zlib.decompressobj()
    try:
        raw = stream.decompress(memoryview(body)[_BODY.size :], max(1, 2 * count))
    except (zlib.error, OverflowError, MemoryError):
        raise ProjectError(_DAMAGED) from None
    if len(raw) != 2 * count or not stream.eof or stream.unused_data:
        raise ProjectError(_DAMAGED)
    planes = np.frombuffer(raw, np.uint8).reshape(2, count)
    values: F32 = np.ascontiguousarray(planes.T).view("<f2").reshape(-1).astype(np.float32)
    split = queries * classes
    return Prediction(
        values[:split].reshape(queries, classes), values[split:].reshape(queries, height, width), (size[0], size[1])
    )


def is_sound_prediction(data: bytes) -> bool:
    """Whether `unpack_prediction` can read it, as far as version and checksum tell; much quicker."""
    try:
        _checked(data)
    except ProjectError:
        return False
    return True


def _checked(data: bytes) -> bytes:
    try:
        magic, version, length, checksum = _HEADER.unpack_from(data)
    except struct.error:
        raise ProjectError(_DAMAGED) from None
    body = data[_HEADER.size :]
    if magic != _MAGIC or length != len(body) or zlib.crc32(body) != checksum:
        raise ProjectError(_DAMAGED)
    if version != _VERSION:
        raise ProjectError(f"A stored prediction has version {version}; this program reads {_VERSION}.")
    return body


def _round(probs: F32) -> F32:
    return probs.astype(np.float16).astype(np.float32)
