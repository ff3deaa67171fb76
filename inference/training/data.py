"""Labelled photos for training and evaluation: tars of `NAME.webp` (RGB) and `NAME.png` (labels, 0 = unknown)."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from resources.classes import CLASS_COUNT

U8 = NDArray[np.uint8]
F64 = NDArray[np.float64]
SATURATION_WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)  # of the grey value, BT.601


class DataError(Exception):
    """A training tar that cannot be used, in one sentence."""


@dataclass(frozen=True)
class Sample:
    """One photo (H, W, 3) uint8 RGB with its labels (H, W) uint8, and how much each pixel counts.

    `weights` (H, W) uint8 in 255ths; without them every pixel that has a label counts fully.
    """

    name: str
    photo: U8
    labels: U8
    weights: U8 | None = None

    def pixel_weights(self) -> U8:
        """(H, W), 0 where there is no label, whatever `weights` says there."""
        weights = np.uint8(255) if self.weights is None else self.weights
        return np.asarray(np.where(self.labels > 0, weights, 0), np.uint8)


class Samples(Sequence[Sample]):
    """The pictures of some tars, kept in memory as they are in the file and decoded when asked for.

    Decoded, a few thousand small photos are a gigabyte; decoding one takes milliseconds, a training step hundreds.
    """

    def __init__(self, tars: Iterable[Path]) -> None:
        self._files: dict[str, bytes] = {}
        for path in tars:
            try:
                files = _read_tar(path)
            except (OSError, tarfile.TarError) as error:
                raise DataError(f"{path} is not a readable tar of photos and labels: {error}.") from error
            if known := sorted(self._files.keys() & files.keys()):
                raise DataError(
                    f"{path} has a file {known[0]}, as another of the tars has; each name should be unique."
                )
            self._files.update(files)
        stems = sorted(name.removesuffix(".webp") for name in self._files if name.endswith(".webp"))
        self.names = tuple(stem for stem in stems if f"{stem}.png" in self._files)
        if not self.names:
            raise DataError("The training tars hold no photo (.webp) with labels (.png).")

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> Sample:  # type: ignore[override]  # slices are not needed
        name = self.names[index]
        photo = _decode(self._files[f"{name}.webp"], cv2.IMREAD_COLOR)
        labels = _decode(self._files[f"{name}.png"], cv2.IMREAD_UNCHANGED)
        if photo is None or labels is None or labels.shape != photo.shape[:2]:
            raise DataError(f"The training picture {name} is damaged or its labels have another size.")
        if labels.dtype != np.uint8 or labels.max() > CLASS_COUNT:
            raise DataError(f"The labels {name}.png hold something other than 8 bits with values up to {CLASS_COUNT}.")
        rgb = cv2.cvtColor(photo, cv2.COLOR_BGR2RGB)
        return Sample(name, rgb.astype(np.uint8, copy=False), labels.astype(np.uint8, copy=False))


def _read_tar(path: Path) -> dict[str, bytes]:
    files = {}
    with tarfile.open(path) as tar:
        for member in tar:
            content = tar.extractfile(member)
            if content is not None and Path(member.name).suffix in (".webp", ".png"):
                files[Path(member.name).name] = content.read()
    return files


def _decode(content: bytes, flags: int) -> NDArray[Any] | None:
    return cv2.imdecode(np.frombuffer(content, np.uint8), flags) if content else None


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """What a photo may look like in training: scale relative to the crop, mirrored, other light and colour."""

    smallest_scale: float = 0.9
    largest_scale: float = 2.0
    brightness: float = 0.25
    contrast: float = 0.25
    saturation: float = 0.35
    hue_degrees: float = 8.0


def augment(sample: Sample, *, crop: int, random: np.random.Generator, settings: Augmentation) -> tuple[U8, U8, U8]:
    """A random view: photo (crop, crop, 3), labels and weights (crop, crop), cut from the same place.

    The short side is scaled to between `smallest_scale` and `largest_scale` times the crop; where the view reaches
    beyond the photo, the photo is grey, the labels say unknown and weigh nothing.
    """
    photo, known = sample.photo, np.dstack([sample.labels, sample.pixel_weights()])
    if random.random() < 0.5:
        photo, known = photo[:, ::-1], known[:, ::-1]
    height, width = sample.labels.shape
    logs = np.log([settings.smallest_scale, settings.largest_scale])
    scale = crop * float(np.exp(random.uniform(*logs))) / min(height, width)

    side = crop / scale  # of the crop, in pixels of the photo
    left, top = (_place(length, side, random) for length in (width, height))
    matrix = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
    matrix[:, 2] += (scale - 1) / 2  # pixel centres, not pixel corners, are what warpAffine counts
    photo = _shrink_softly(np.ascontiguousarray(photo), matrix, scale, crop)
    cut = cv2.warpAffine(np.ascontiguousarray(known), matrix, (crop, crop), flags=cv2.INTER_NEAREST).astype(np.uint8)
    labels, weights = cut[..., 0], cut[..., 1]
    return jitter(photo, random=random, settings=settings), labels, weights


def _place(length: int, side: float, random: np.random.Generator) -> float:
    """Where the crop begins along an axis: anywhere inside, or centred when the photo is shorter than the crop."""
    room = length - side
    return float(random.uniform(0, room)) if room > 0 else room / 2


def _shrink_softly(photo: U8, matrix: NDArray[np.float64], scale: float, crop: int) -> U8:
    """Warp the photo; smooth it first when it shrinks a lot, or fine texture turns into noise."""
    if scale < 0.75:
        photo = cv2.GaussianBlur(photo, (0, 0), 0.4 / scale).astype(np.uint8)
    grey = (127, 127, 127)
    return cv2.warpAffine(photo, matrix, (crop, crop), flags=cv2.INTER_LINEAR, borderValue=grey).astype(np.uint8)


def jitter(photo: U8, *, random: np.random.Generator, settings: Augmentation) -> U8:
    """Another light: brightness, contrast, saturation and a small turn of the hue, all in one matrix product."""
    brightness, contrast, saturation = (
        1 + random.uniform(-spread, spread) for spread in (settings.brightness, settings.contrast, settings.saturation)
    )
    grey = np.tile(SATURATION_WEIGHTS, (3, 1))
    colour = grey + saturation * (_hue_turn(random.uniform(-1, 1) * settings.hue_degrees) - grey)
    gain = contrast * brightness
    offset = float(photo.mean()) * brightness * (1 - contrast)
    matrix = np.concatenate([gain * colour, np.full((3, 1), offset)], axis=1)
    return np.asarray(cv2.transform(photo, matrix), np.uint8)  # OpenCV saturates at 0 and 255


def _hue_turn(degrees: float) -> NDArray[np.float64]:
    """Rotation about the grey axis of the RGB cube (Rodrigues' formula with the axis (1, 1, 1) / √3)."""
    angle = np.deg2rad(degrees)
    cross = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / np.sqrt(3)
    return np.asarray(np.cos(angle) * np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) / 3)


def repeat_factors(samples: Sequence[Sample], *, rare: float, most: float = 4.0) -> F64:
    """How often each picture is seen in one pass over the data, (N,) from 1 to `most`.

    Classes found in less than the share `rare` of the pictures draw theirs more often, by the square root of what
    they are short of ("repeat factor sampling" of LVIS, arXiv 1908.03195). A class counts for a picture from 0.2 % of
    it: less is as likely a slip of the labels.
    """
    found = np.zeros((len(samples), CLASS_COUNT), bool)
    for index in range(len(samples)):
        labels = samples[index].labels * (samples[index].pixel_weights() > 0)
        found[index] = np.bincount(labels.ravel(), minlength=CLASS_COUNT + 1)[1:] > 0.002 * labels.size
    shares = found.mean(axis=0)
    per_class = np.sqrt(rare / np.maximum(shares, 1 / max(len(samples), 1)))
    return np.asarray(np.where(found, per_class, 1.0).max(axis=1, initial=1.0).clip(1.0, most), np.float64)


def sample_order(repeats: F64, *, seed: int, epoch: int) -> NDArray[np.int64]:
    """The order of one pass over the data, each picture as often as `repeats` says (a fraction: in that many passes).

    A function of its arguments, so that a resumed run repeats nothing; every pass has the same length.
    """
    random = np.random.default_rng([seed, epoch])
    length = round(float(repeats.sum()))
    edges = np.cumsum(repeats) * (length / repeats.sum())
    places = np.arange(length) + random.random()
    picked = np.minimum(np.searchsorted(edges, places, side="right"), len(repeats) - 1)
    return np.asarray(random.permutation(picked), np.int64)


def batch(
    samples: Sequence[Sample], *, repeats: F64, step: int, size: int, crop: int, seed: int, settings: Augmentation
) -> tuple[U8, U8, U8]:
    """Step number `step` of the training: photos (size, crop, crop, 3), labels and weights (size, crop, crop)."""
    random = np.random.default_rng([seed, step, crop])
    length = round(float(repeats.sum()))
    views = []
    for place in range(step * size, (step + 1) * size):
        epoch, index = divmod(place, length)
        order = sample_order(repeats, seed=seed, epoch=epoch)
        views.append(augment(samples[int(order[index])], crop=crop, random=random, settings=settings))
    photos, labels, weights = (np.stack(parts) for parts in zip(*views, strict=True))
    return photos, labels, weights
