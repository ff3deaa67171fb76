"""What the pixel decoder finds in the pictures of a job, kept in half precision: the head can then learn in minutes.

Each picture has one safetensors file, written at once and read by memory map. It holds some views of the picture: as
the network sees it, and smaller, both mirrored as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from inference.files import replace_file, shown
from inference.network.bisenetformer import BiSeNetFormer
from inference.network.paths import PixelFeatures
from inference.preprocess import MINIMUM_SIDE, prepare
from inference.training.data import DataError, Sample
from inference.training.points import Truth

U8 = NDArray[np.uint8]


class View(NamedTuple):
    """One way to look at a picture."""

    scale: float  # of the network's input size
    mirrored: bool


VIEWS = (View(1.0, False), View(1.0, True), View(0.75, False), View(0.75, True))
CLASSES = 150
_PARTS = ("mask_features", "p16", "p32")


@dataclass(frozen=True, eq=False)
class FoundView:
    """One view of one picture, as the query decoder takes it."""

    features: PixelFeatures  # float32, (1, d, ·, ·) each; res5 is empty, for only the auxiliary loss looks at it
    truth: Truth  # labels and weights (1, h, w) at the size at which the network saw the picture


def views_of(sample: Sample, *, input_size: int | None) -> Iterator[tuple[View, U8, U8, U8]]:
    """Each view with its photo (h, w, 3), labels and weights (h, w), as large as the network sees them."""
    short_side = min(sample.labels.shape) if input_size is None else input_size
    for view in VIEWS:
        size = input_size if view.scale == 1 else max(MINIMUM_SIDE, round(view.scale * short_side))
        photo = prepare(sample.photo, input_size=size)
        shape = (photo.shape[1], photo.shape[0])
        labels, weights = (
            cv2.resize(plane, shape, interpolation=cv2.INTER_NEAREST_EXACT).astype(np.uint8, copy=False)
            for plane in (sample.labels, sample.pixel_weights())
        )
        if view.mirrored:
            photo, labels, weights = photo[:, ::-1], labels[:, ::-1], weights[:, ::-1]
        yield view, np.ascontiguousarray(photo), np.ascontiguousarray(labels), np.ascontiguousarray(weights)


def keep_features(network: BiSeNetFormer, sample: Sample, path: Path, *, input_size: int | None) -> None:
    """Find the features of all views of a picture and write them. Raises `OSError`; half a file is never left."""
    device = network.pixel_mean.device
    tensors: dict[str, Tensor] = {}
    for number, (_, photo, labels, weights) in enumerate(views_of(sample, input_size=input_size)):
        pixels = torch.from_numpy(photo).to(device).permute(2, 0, 1)[None].float()
        with torch.inference_mode():
            features = network.pixel_decoder((pixels - network.pixel_mean) / network.pixel_std)
        for part in _PARTS:
            tensors[f"{number}.{part}"] = getattr(features, part)[0].half().cpu().contiguous()
        tensors[f"{number}.labels"], tensors[f"{number}.weights"] = torch.from_numpy(labels), torch.from_numpy(weights)
    replace_file(path, save(tensors))


class FeatureFiles:
    """The features of some pictures, by number of the picture and of the view; only what is asked for is read."""

    def __init__(self, paths: list[Path], *, device: str) -> None:
        """Raises `OSError` and `SafetensorError`."""
        self._device, self._paths = torch.device(device), paths
        self._files: list[Any] = [safe_open(path, framework="pt") for path in paths]

    def __len__(self) -> int:
        return len(self._files)

    def view(self, picture: int, number: int) -> FoundView:
        """Raises `DataError` for what is damaged on disk, which is removed and so found again the next time."""
        mask_features, p16, p32 = (self._read(picture, number, part)[None].float() for part in _PARTS)
        labels, weights = (self._read(picture, number, name)[None] for name in ("labels", "weights"))
        if int(labels.max()) > CLASSES or not all(bool(part.isfinite().all()) for part in (mask_features, p16, p32)):
            path = self._paths[picture]
            path.unlink(missing_ok=True)
            raise DataError(
                f"What was found in a picture is damaged on disk, in {shown(path)}; to go on finds it again."
            )
        features = PixelFeatures(mask_features, p16, p32, torch.empty(0, device=self._device))
        return FoundView(features, Truth(labels.long(), weights.float() / 255))

    def _read(self, picture: int, number: int, part: str) -> Tensor:
        tensor: Tensor = self._files[picture].get_tensor(f"{number}.{part}")
        return tensor.to(self._device)


def is_whole(path: Path) -> bool:
    """Whether the features of a picture were written and can be read."""
    try:
        with safe_open(path, framework="pt") as file:
            return f"{len(VIEWS) - 1}.weights" in file.keys()  # noqa: SIM118 # it is no dictionary
    except (OSError, SafetensorError):
        return False
