"""Label files as people bring them, and what has to be found in them."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from app.core.errors import LabelsError
from app.core.import_labels import Conversion, Finding, Kind, PhotoFrame, inspect, read
from resources.classes import palette

in_one_folder = settings(
    max_examples=settings().max_examples // 2,  # each writes and reads files
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
shapes = st.tuples(st.integers(1, 12), st.integers(1, 12))
any_labels = arrays(np.uint8, shapes, elements=st.integers(0, 150))


def labels_with(*values: int) -> st.SearchStrategy[np.ndarray]:
    """Any labels, these among them."""
    return any_labels.map(lambda labels: np.vstack([labels, *(np.full_like(labels[:1], value) for value in values)]))


LABELS = np.random.default_rng(0).integers(0, 151, (37, 53), dtype=np.uint8)
FRAME = PhotoFrame((37, 53))


def grey(values: np.ndarray, path: Path) -> None:
    Image.fromarray(values).save(path, "PNG")


def indexed(values: np.ndarray, path: Path, colours: np.ndarray, **options: object) -> None:
    picture = Image.fromarray(values).convert("L")
    picture.putpalette(colours.astype(np.uint8).tobytes())
    picture.save(path, "PNG", **options)


def any_colours(seed: int) -> np.ndarray:
    """A palette that has nothing to do with ADE20K: no two colours alike, no greys."""
    colours = np.random.default_rng(seed).permutation(256)[:, None] * [1, 0, 0] + [0, 77, 33]
    return np.asarray(colours, np.uint8)


def zero_based(labels: np.ndarray) -> np.ndarray:
    return (labels - 1).astype(np.uint8)  # 0 becomes 255


def ignored(labels: np.ndarray) -> np.ndarray:
    return np.where(labels == 0, 255, labels).astype(np.uint8)


def as_colours(labels: np.ndarray) -> np.ndarray:
    return palette()[labels]


def with_alpha(pixels: np.ndarray, alpha: int = 255) -> np.ndarray:
    return np.dstack([pixels, np.full(pixels.shape[:2], alpha, np.uint8)])


def one_sentence(text: str) -> bool:
    return text.endswith(".") and re.search(r"[.] [A-Z]", text) is None and "\n" not in text


def check_conversion(path: Path, labels: np.ndarray, kinds: Iterable[Kind]) -> Finding:
    """The file is what it was made to be, is not taken as it is, and its likeliest conversion gives the labels."""
    finding = inspect(path, PhotoFrame(labels.shape))
    assert set(finding.kinds) == set(kinds)
    assert finding.convertible
    assert not finding.ready
    with pytest.raises(LabelsError) as refused:
        read(finding)
    assert str(refused.value) == finding.sentence
    assert one_sentence(finding.sentence)
    assert all(one_sentence(finding.offer(choice)) for choice in finding.choices)
    assert len(set(map(finding.offer, finding.choices))) == len(finding.choices)
    assert np.array_equal(read(finding, finding.choices[0]), labels)
    return finding


def check_refusal(path: Path, kind: Kind, words: str) -> None:
    finding = inspect(path, FRAME)
    assert finding.kinds == (kind,)
    assert not finding.ready
    assert not finding.convertible
    assert one_sentence(finding.sentence)
    assert re.search(words, finding.sentence), finding.sentence
    with pytest.raises(LabelsError) as refused:
        read(finding)
    assert str(refused.value) == finding.sentence
    with pytest.raises(ValueError, match="does not offer"):
        read(finding, Conversion())


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(header: bytes, *chunks: bytes) -> bytes:
    """The bytes of a PNG with this header; whatever is in the chunks, their checksums are right."""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunks) + chunk(b"IEND", b"")
