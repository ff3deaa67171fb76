"""Whether the scores mean something: of the segments with a score around 0.8, about 80 % should have the right class.

A segment is what the product shows as one: the pixels that a query owns. Its class is right where that is the label of
most of its known pixels. (Reliability diagrams: Guo et al., "On Calibration of Modern Neural Networks",
arXiv 1706.04599.)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

import numpy as np
import torch
from numpy.typing import NDArray

from inference.training.calibrate import Evidence

F64 = NDArray[np.float64]
LEAST_SHARE = 0.002  # of a picture's cells; of smaller segments a slip of the labels says as much as the network
LEAST_SCORE = 0.05  # what is scored lower is shown at no threshold that anybody uses


@dataclass(frozen=True)
class Segments:
    """All segments of some pictures, one entry each."""

    scores: F64  # (K,) 0..1
    right: F64  # (K,) 1 where the class is that of most known cells, else 0
    cells: F64  # (K,) how many known cells there are
    right_cells: F64  # (K,) how many of them have the segment's class


@dataclass(frozen=True)
class Bin:
    """The segments with scores from `low` to `high`; shares are NaN where there are none."""

    low: float
    high: float
    segments: int
    mean_score: float
    right: float  # share of the segments
    right_cells: float  # share of their cells


def segments_of(evidence: Iterable[Evidence]) -> Segments:
    """What the queries own at stride 8, and whether that is what they say."""
    found: list[tuple[float, float, float, float]] = []
    for item in evidence:
        scores, classes = item.class_logits.softmax(dim=1)[:, :-1].max(dim=1)
        owner = (scores[:, None] * item.mask_probs).argmax(dim=0)  # (L,)
        known = item.truth >= 0
        for query in np.unique(owner[known].numpy()).tolist():
            labels = item.truth[known & (owner == query)]
            if float(scores[query]) < LEAST_SCORE or len(labels) < LEAST_SHARE * len(owner):
                continue
            hits = int((labels == classes[query]).sum())
            most = int(torch.mode(labels).values) == int(classes[query])
            found.append((float(scores[query]), float(most), float(len(labels)), float(hits)))
    columns = np.array(found, np.float64).reshape(-1, 4).T
    return Segments(*columns)


def reliability(segments: Segments, *, bins: int = 10) -> tuple[Bin, ...]:
    """The diagram as a table: equal steps of the score, from 0 to 1."""
    place = np.minimum((segments.scores * bins).astype(np.int64), bins - 1)
    table = []
    for index in range(bins):
        here = place == index
        count = int(here.sum())
        mean_score = float(segments.scores[here].mean()) if count else float("nan")
        right = float(segments.right[here].mean()) if count else float("nan")
        cells = float(segments.cells[here].sum())
        right_cells = float(segments.right_cells[here].sum()) / cells if count else float("nan")
        table.append(Bin(index / bins, (index + 1) / bins, count, mean_score, right, right_cells))
    return tuple(table)


def calibration_error(table: Sequence[Bin]) -> float:
    """How far scores are from what they promise: the mean over the segments of |score - share right| of their bin."""
    total = sum(row.segments for row in table)
    return sum(row.segments * abs(row.mean_score - row.right) for row in table if row.segments) / max(total, 1)


def diagram(table: Sequence[Bin], *, title: str) -> str:
    """The table as a picture, an SVG: bars of the share right over the score, the diagonal where both agree, and how
    many segments each bar stands for. Readable on light and dark ground."""
    left, top, side = 56, 40, 320
    step = side / len(table)
    most = max((row.segments for row in table), default=0) or 1
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + side + 24} {top + side + 72}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text x="{left}" y="22" font-size="14" fill="#202020">{escape(title)}</text>',
    ]
    for tick in range(0, 11, 2):
        share = tick / 10
        x, y = left + side * share, top + side * (1 - share)
        parts.append(f'<path d="M{left} {y:.1f}h{side}" stroke="#e4e4e4"/>')
        parts.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end" fill="#505050">{tick * 10} %</text>')
        parts.append(f'<text x="{x:.1f}" y="{top + side + 18}" text-anchor="middle" fill="#505050">{share:.1f}</text>')
    for index, row in enumerate(table):
        if not row.segments:
            continue
        opacity = 0.35 + 0.65 * row.segments / most
        height = side * row.right
        parts.append(
            f'<rect x="{left + index * step + 2:.1f}" y="{top + side - height:.1f}" width="{step - 4:.1f}" '
            f'height="{height:.1f}" fill="#2f6db5" fill-opacity="{opacity:.2f}"/>'
        )
        above = min(top + side - height - 4, top + side - 6)
        middle = left + (index + 0.5) * step
        parts.append(
            f'<text x="{middle:.1f}" y="{above:.1f}" text-anchor="middle" fill="#202020">{row.segments}</text>'
        )
    parts.append(f'<path d="M{left} {top + side}L{left + side} {top}" stroke="#c0392b" stroke-dasharray="5 4"/>')
    for line, text in enumerate(
        ("bars: share of the segments with the right class", "over their score; numbers: how many segments")
    ):
        y = top + side + 42 + 16 * line
        parts.append(f'<text x="{left}" y="{y}" fill="#505050">{text}</text>')
    parts.append("</svg>")
    return "\n".join(parts) + "\n"
