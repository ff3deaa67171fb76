"""What the backbone finds in the pictures of a job, kept in half precision: all the rest can then learn in minutes.

Each picture has one safetensors file, written at once. It holds some views of the picture: as the network sees it, and
smaller, both mirrored as well. Where the pictures are so many that their files would fill the disk, those of the first
are kept, and what is in the others is found again whenever it is needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from inference.files import replace_file
from inference.network.bisenetformer import BiSeNetFormer
from inference.preprocess import MINIMUM_SIDE, prepare
from inference.training.data import Sample
from inference.training.points import Truth

U8 = NDArray[np.uint8]


class View(NamedTuple):
    """One way to look at a picture."""

    scale: float  # of the network's input size
    mirrored: bool


VIEWS = (View(1.0, False), View(1.0, True), View(0.75, False), View(0.75, True))
CLASSES = 150
MOST_BYTES = 1_000_000_000
"""That the features of a job may take on disk: of some 600 pictures for the starter, of 35 for the largest model."""
_PARTS = ("res3", "res4", "res5")


@dataclass(frozen=True, eq=False)
class FoundView:
    """One view of one picture, as `PixelDecoder.fuse` takes it."""

    levels: tuple[Tensor, ...]  # res3, res4, res5: float32, (1, width, h/s, w/s) with s = 8, 16, 32
    truth: Truth  # labels and weights (1, h, w) at the size at which the network saw the picture


def seen(sample: Sample, view: View, *, input_size: int | None) -> tuple[U8, U8, U8]:
    """A view's photo (h, w, 3), labels and weights (h, w), as large as the network sees them."""
    short_side = min(sample.labels.shape) if input_size is None else input_size
    size = input_size if view.scale == 1 else max(MINIMUM_SIDE, round(view.scale * short_side))
    photo = prepare(sample.photo, input_size=size)
    shape = (photo.shape[1], photo.shape[0])
    labels, weights = (
        cv2.resize(plane, shape, interpolation=cv2.INTER_NEAREST_EXACT).astype(np.uint8, copy=False)
        for plane in (sample.labels, sample.pixel_weights())
    )
    if view.mirrored:
        photo, labels, weights = photo[:, ::-1], labels[:, ::-1], weights[:, ::-1]
    return np.ascontiguousarray(photo), np.ascontiguousarray(labels), np.ascontiguousarray(weights)


class Features:
    """The features of pictures, by number of the picture and of the view; what is not kept is found when it is needed.

    Both ways give the same numbers.
    """

    def __init__(
        self,
        network: BiSeNetFormer,
        samples: Sequence[Sample],
        paths: Sequence[Path],
        *,
        input_size: int | None,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """`paths`: where those of each picture are kept. Neither the weights nor the statistics of the network's
        backbone may change."""
        self._network, self._samples, self._paths = network, samples, list(paths)
        self._input_size, self._most_bytes = input_size, most_bytes

    def __len__(self) -> int:
        return len(self._paths)

    @property
    def room(self) -> int:
        """For how many pictures the files may be kept, the first ones: as far as can be told by the mean size of those
        that are there; all of them before the first."""
        sizes = list(takewhile(bool, map(_size, self._paths)))
        return self._room_after(len(sizes), taken=sum(sizes))

    def _room_after(self, count: int, *, taken: int) -> int:
        """The same, where it is known what so many pictures take."""
        return min(max(self._most_bytes * count // taken, 1), len(self)) if taken else len(self)

    def missing(self) -> Iterator[tuple[int, int]]:
        """The numbers of the pictures whose files are to be kept and are not there, or cut off; with each, for how many
        there is room.

        Each is to be kept before the next one is asked for, as it tells whether there is room for that: a panorama
        takes many times as much as a square.
        """
        taken = 0
        for number, path in enumerate(self._paths):
            room = self._room_after(number, taken=taken)
            if number >= room:
                return
            if not is_whole(path):
                yield number, room
            taken += _size(path)

    def keep(self, picture: int) -> None:
        """Find the features of all views and write them. Raises `OSError`; half a file is never left."""
        sample = self._samples[picture]
        tensors = {
            f"{number}.{part}": tensor.cpu().contiguous()
            for number in range(len(VIEWS))
            for part, tensor in self._find(sample, number).items()
        }
        replace_file(self._paths[picture], save(tensors))

    def view(self, picture: int, number: int) -> FoundView:
        """From the file, unless that is not there or makes no sense."""
        parts = self._read(picture, number) or self._find(self._samples[picture], number)
        device = self._network.pixel_mean.device
        levels = tuple(parts[part][None].to(device).float() for part in _PARTS)
        labels, weights = (parts[name][None].to(device) for name in ("labels", "weights"))
        return FoundView(levels, Truth(labels.long(), weights.float() / 255))

    def _find(self, sample: Sample, number: int) -> dict[str, Tensor]:
        photo, labels, weights = seen(sample, VIEWS[number], input_size=self._input_size)
        network = self._network
        pixels = torch.from_numpy(photo).to(network.pixel_mean.device).permute(2, 0, 1)[None].float()
        with torch.no_grad():
            _, *levels = network.pixel_decoder.backbone((pixels - network.pixel_mean) / network.pixel_std)
        found = {part: level[0].half() for part, level in zip(_PARTS, levels, strict=True)}
        return found | {"labels": torch.from_numpy(labels), "weights": torch.from_numpy(weights)}

    def _read(self, picture: int, number: int) -> dict[str, Tensor] | None:
        """None where there is nothing, or nothing that makes sense."""
        try:
            with safe_open(self._paths[picture], framework="pt") as file:
                parts = {name: file.get_tensor(f"{number}.{name}") for name in (*_PARTS, "labels", "weights")}
        except (OSError, SafetensorError):
            return None
        is_sound = int(parts["labels"].max()) <= CLASSES and all(bool(parts[part].isfinite().all()) for part in _PARTS)
        return parts if is_sound else None


def _size(path: Path) -> int:
    """Bytes of a file; 0 where it is not there."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def is_whole(path: Path) -> bool:
    """Whether the features of a picture were written and can be read."""
    try:
        with safe_open(path, framework="pt") as file:
            return f"{len(VIEWS) - 1}.weights" in file.keys()  # noqa: SIM118 # it is no dictionary
    except (OSError, SafetensorError):
        return False
