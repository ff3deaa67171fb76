"""Predictions as bytes: half precision, split into planes of high and low bytes, compressed.

Half precision moves a boundary here and there by a pixel. So that a picture looks the same when it comes back from its
project, whoever composes, the window or the command line, composes from `rounded` values from the start.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

from app.core.arrays import F32, U8, U16, U32
from app.core.errors import ProjectError
from inference.prediction import Prediction

_MAGIC = b"ASPP"
_VERSION = 1
_HEADER = struct.Struct("<4sIII")  # magic, version, length and CRC-32 of the body
_BODY = struct.Struct("<6I")  # queries, classes, mask height and width, photo height and width
# Of zlib. Higher levels save a few per cent and take several times as long; looking for runs alone is quicker, and in
# masks, where most of a plane of bytes is one value, also saves more than looking for what was there before.
_LEVEL, _STRATEGY = 1, zlib.Z_RLE
# IEEE 754: a float has 23 bits of fraction and a bias of 127, a half 10 and 15. Halves below the least normal one are
# multiples of 2⁻²⁴, and so are floats from a half to one: adding a half leaves no other digits.
_LEAST_NORMAL, _HALF = np.float32(2**-14), np.float32(0.5)
_DROPPED, _BIASES = 13, 127 - 15
_DAMAGED = "A stored prediction is damaged and cannot be used."


def rounded(prediction: Prediction) -> Prediction:
    """The same with every probability rounded to half precision: what `unpack_prediction(pack_prediction(...))` is."""
    return Prediction(_round(prediction.class_probs), _round(prediction.mask_probs), prediction.size)


def pack_prediction(prediction: Prediction) -> bytes:
    """The prediction as bytes for a database, with version and checksum."""
    queries, height, width = prediction.mask_probs.shape
    sizes = _BODY.pack(queries, prediction.class_probs.shape[1], height, width, *prediction.size)
    halves = (
        _halves(probs).astype("<u2", copy=False).ravel() for probs in (prediction.class_probs, prediction.mask_probs)
    )
    planes: U8 = np.concatenate(list(halves)).view(np.uint8).reshape(-1, 2).T
    packer = zlib.compressobj(_LEVEL, strategy=_STRATEGY)
    body = sizes + packer.compress(planes.tobytes()) + packer.flush()
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
    """The nearest half of each value, ties to even: what `astype(np.float16)` gives, for values 0..1 in a fraction of
    the time, as few processors help it."""
    if not _are_probabilities(probs):
        return probs.astype(np.float16).astype(np.float32)
    nearest: F32 = (_carried(probs) & np.uint32(-(2**_DROPPED) & 0xFFFFFFFF)).view(np.float32)
    return np.where(probs < _LEAST_NORMAL, (probs + _HALF) - _HALF, nearest)


def _halves(probs: F32) -> U16:
    """The bits of those halves."""
    if not _are_probabilities(probs):
        return probs.astype(np.float16).view(np.uint16)
    nearest = (_carried(probs) >> _DROPPED) - (_BIASES << 10)
    small = (probs + _HALF).view(np.uint32) - _HALF.view(np.uint32)
    return np.where(probs < _LEAST_NORMAL, small, nearest).astype(np.uint16)


def _carried(probs: F32) -> U32:
    """The bits of floats, with what is dropped carried over as it has to be."""
    bits = np.ascontiguousarray(probs, np.float32).view(np.uint32)
    carried: U32 = bits + np.uint32(2 ** (_DROPPED - 1) - 1) + ((bits >> _DROPPED) & 1)
    return carried


def _are_probabilities(probs: F32) -> bool:
    return bool(probs.size and probs.min() >= 0 and probs.max() <= 1)
