"""The remote engine: the published models on the machines of those who publish them. Photos leave this machine.

It runs only where it was asked for by name (`engine="remote"`), with a key (`inference.remote_key`). What is sent is
the photo's pixels as a JPEG, and nothing else: no file name, and none of the notes that cameras write into a photo.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.remote_answer import queries_of
from inference.remote_card import REMOTE, leaving, remote_address, remote_card, remote_reference
from inference.remote_client import Patience, RemoteClient
from inference.remote_key import VARIABLE, Key, RemoteError, remote_key
from inference.segmenter import Segmenter

LONGEST_SIDE = 2048
"""Pixels. The network over there sees a short side of 640; more would only take longer to send, and answers of the
service carry masks of the size that was sent."""
QUALITY = 95  # of the JPEG, 0..100: what it loses, the network does not see
LEAST_SCORE = 0.01
"""What is asked for: all segments, so that the threshold stays a choice of this side. 0 is taken for 0.5 over there."""


@dataclass(frozen=True)
class RemoteEngine:
    """An `Engine` that asks the service; `device` is its host."""

    client: RemoteClient
    reference: str  # what the service calls the model
    name: str = REMOTE
    at_once: int = 1  # the service counts how often it is asked

    @property
    def device(self) -> str:
        return self.client.host

    @property
    def reason(self) -> str:
        return leaving(self.client.host)

    def run(self, image: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """A photo (h, w, 3) uint8 RGB as it is sent → `class_probs` (N, 150), `mask_probs` (N, h', w'), N ≤ 100.

        Raises `RemoteError`, and `Cancelled` once nobody wants the result (`inference.cancelling`).
        """
        answer = self.client.ask(self.reference, encoded(image), threshold=LEAST_SCORE)
        return queries_of(answer, size=(image.shape[0], image.shape[1]), host=self.client.host)


@dataclass(frozen=True)
class RemoteSegmenter(Segmenter):
    """A segmenter whose network sees a photo at its own size, up to what is sent at most."""

    def prepare(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A photo (H, W, 3) uint8 RGB → what is sent of it. Raises `ValueError` for an array that is no photo."""
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
            raise ValueError(f"A photo is (H, W, 3) uint8, not {image.shape} {image.dtype}.")
        height, width = image.shape[:2]
        scale = LONGEST_SIDE / max(height, width)
        if scale >= 1:
            return np.ascontiguousarray(image)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def load_remote(
    model: str | Path, *, device: str = "auto", key: Key | None = None, patience: Patience | None = None
) -> RemoteSegmenter:
    """A published model at the remote service. Nothing is sent before the first photo.

    `key`: None takes the one that `remote_key` finds. Raises `WeightsError` for an unknown model, `RemoteError` for one
    that the service does not have, and where there is no key.
    """
    if device != "auto":
        raise RemoteError(f"The remote engine runs on no device of this machine: {device} cannot be asked for.")
    card, address = remote_card(model), remote_address()
    if key is None:
        found = remote_key()
        if found is None:
            raise RemoteError(
                f"There is no key for the remote engine: set {VARIABLE} in the environment, or enter it in the window."
            )
        key, _ = found
    client = RemoteClient(address, key, patience or Patience())
    return RemoteSegmenter(card, RemoteEngine(client, remote_reference(model)), None)


def try_remote(model: str | Path) -> str:
    """Ask the service once, about a tiny picture that is nobody's photo: a sentence. Raises as `load_remote` does."""
    segmenter = load_remote(model)
    started = time.perf_counter()
    segmenter.predict(np.linspace(0, 255, 64 * 64 * 3).reshape(64, 64, 3).astype(np.uint8))
    return f"{segmenter.engine.device} answers, in {time.perf_counter() - started:.1f} s."


def encoded(image: NDArray[np.uint8]) -> bytes:
    """A photo (h, w, 3) uint8 RGB as a JPEG without notes of any kind."""
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    fine, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not fine:
        raise RemoteError("The photo cannot be written as a JPEG.")
    return data.tobytes()
