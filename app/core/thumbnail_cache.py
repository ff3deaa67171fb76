"""Small versions of photos on the disk, so that a folder that was seen before shows them at once."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from app.core.arrays import U8
from app.core.project.records import FileIdentity

MOST_BYTES = 256 * 2**20
"""On the disk for all thumbnails, some 40,000 of them."""
_QUALITY = 88  # of JPEG: nobody sees the rest at this size
_KEPT_SHARE = 0.9  # after what was not used for longest has gone
_LOOK_AGAIN = 1_000  # thumbnails written before the folder is looked through again
_SUFFIX = ".jpg"


@dataclass
class ThumbnailCache:
    """Thumbnails by what their photos' files are known by; those not used for longest go when there are too many.

    What goes wrong with a cache is no trouble of anybody's: then there is no thumbnail in it.
    """

    folder: Path
    most_bytes: int = MOST_BYTES
    _written: int = field(default=_LOOK_AGAIN, init=False)  # so the first one looks

    def get(self, identity: FileIdentity, side: int) -> U8 | None:
        """The thumbnail of a photo, (h, w, 3) uint8 RGB, or None."""
        file = self._file(identity, side)
        try:
            data = np.frombuffer(file.read_bytes(), np.uint8)
            os.utime(file)  # used now: access times are not kept everywhere
        except OSError:
            return None
        image = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB) if data.size else None
        if image is None or max(image.shape[:2]) > side:
            return None
        return np.asarray(image, np.uint8)

    def put(self, identity: FileIdentity, side: int, thumbnail: U8) -> None:
        """Keep a thumbnail, (h, w, 3) uint8 RGB."""
        flipped = cv2.cvtColor(thumbnail, cv2.COLOR_RGB2BGR)
        done, data = cv2.imencode(_SUFFIX, flipped, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        if not done:
            return
        file = self._file(identity, side)
        part = file.with_suffix(f".{os.getpid()}.part")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(data.tobytes())  # not forced onto the disk: what a power cut takes is made again
            part.replace(file)
        except OSError:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            return
        self._written += 1
        if self._written >= _LOOK_AGAIN:
            self._written = 0
            self._bound()

    def _file(self, identity: FileIdentity, side: int) -> Path:
        text = f"{identity.size} {identity.mtime_ns} {identity.header.hex()} {side}"
        name = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
        return self.folder / name[:2] / f"{name}{_SUFFIX}"

    def _bound(self) -> None:
        """Remove what was not used for longest, where there is too much."""
        found: list[tuple[int, int, Path]] = []
        for file in self.folder.glob(f"??/*{_SUFFIX}"):
            try:
                stat = file.stat()
            except OSError:
                continue
            found.append((stat.st_mtime_ns, stat.st_size, file))
        total = sum(size for _, size, _ in found)
        if total <= self.most_bytes:
            return
        for _, size, file in sorted(found):
            if total <= self.most_bytes * _KEPT_SHARE:
                return
            try:
                file.unlink()
            except OSError:
                continue
            total -= size
